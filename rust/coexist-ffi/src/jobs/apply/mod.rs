//! Carries a plan out, or takes it back, through the host's sessions and Graph.

mod audience;
mod clock;
mod connections;
mod machine;
mod tenants;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use coexist_core::apply::host::Host;
use coexist_core::apply::journal::{Act, Run};
use coexist_core::apply::{Options, Plan, Runner, Selection, StopOn, Summary};
use coexist_core::finding::Side;
use coexist_core::limits::Limits;
use coexist_core::plan::Surface;
use coexist_files::applying::{read_plan, Journals};
use coexist_graph::Cancel;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::audience::Told;
pub(super) use self::clock::clock;
pub(super) use self::connections::{Connections, Given};
pub(super) use self::tenants::Sessions;
use super::host::emit;
use crate::error::Failure;
use crate::job::{Context, Work};
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    plan: PathBuf,
    act: Act,
    #[serde(default)]
    what_if: bool,
    #[serde(default)]
    no_wait: bool,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    irreversible: bool,
    #[serde(default)]
    select: Select,
    #[serde(default)]
    max_operations: Option<u64>,
    #[serde(default)]
    stop_on: Option<StopOn>,
    #[serde(default)]
    passed: Vec<String>,
    #[serde(default)]
    limits: BTreeMap<String, u64>,
    connections: Vec<Given>,
}

/// Which operations are meant, and the file that says who is in which batch.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Select {
    #[serde(flatten)]
    selection: Part,
    batch_plan: Option<PathBuf>,
}

/// What a selection may hold; each list may be missing or null.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Part {
    stages: Option<Vec<coexist_core::plan::Stage>>,
    items: Option<Vec<String>>,
    batches: Option<Vec<String>>,
    subjects: Option<Vec<String>>,
    surfaces: Option<Vec<Surface>>,
}

impl Select {
    /// For each operation of the plan, whether it is meant.
    pub fn of(self, plan: &Plan) -> Result<Vec<bool>, Failure> {
        let Part { stages, items, batches, subjects, surfaces } = self.selection;
        let selection = Selection {
            stages: stages.unwrap_or_default(),
            items: items.unwrap_or_default(),
            batches: batches.unwrap_or_default(),
            subjects: subjects.unwrap_or_default(),
            surfaces: surfaces.unwrap_or_default(),
        };
        let members = match &self.batch_plan {
            Some(path) => read_plan(path)?.batches,
            None => Default::default(),
        };
        Ok(selection.of(plan, &members)?)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Applied<'a> {
    plan: &'a Path,
    journal: &'a Path,
    run: &'a str,
    #[serde(flatten)]
    summary: Summary,
}

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    let limits = Limits::with(&request.limits)?;
    Ok(Box::new(move |context| run(context, request, limits)))
}

fn run(context: &Context, request: Request, limits: Limits) -> Result<Vec<u8>, Failure> {
    let plan = read_plan(&request.plan)?;
    let selected = request.select.of(&plan)?;
    let cancel = Cancel::new();
    let connections = Connections::of(&plan, request.connections)?;
    let surfaces = connections.used(&plan, &selected, request.act == Act::Apply && !request.passed.is_empty())?;
    let labs = connections.labs(context)?;
    let clock = clock(context, &labs);
    let started = coexist_core::apply::time_text(clock.now());
    let run = Run {
        run: machine::run_id(clock.now()),
        at: started,
        host: machine::host(),
        pid: std::process::id(),
        user: machine::user(),
        plan: plan.sha256.clone(),
        tenant_id: None,
        version: env!("CARGO_PKG_VERSION").into(),
        torn: None,
    };
    let id = run.run.clone();
    let mut told = Told { context, activity: if request.act == Act::Apply { "Applying the plan" } else { "Taking the plan back" } };
    // Whoever only looks takes no lock and writes nothing.
    let taken: &[(Side, Surface)] = if request.what_if { &[] } else { &surfaces };
    let mut journals = Journals::open(&request.plan, taken, run, connections.tenants(), request.force, {
        let clock = clock.clone();
        Box::new(move || coexist_core::apply::time_text(clock.now()))
    })?;
    emit(context, "notices", &std::mem::take(&mut journals.notices))?;
    let worked = (|| {
        let mut ledger = journals.ledger(request.act == Act::Undo)?;
        let options = Options {
            act: request.act,
            what_if: request.what_if,
            no_wait: request.no_wait,
            for_good: request.irreversible,
            max_operations: request.max_operations,
            stop_on: request.stop_on.unwrap_or_default(),
            passed: request.passed,
            limits,
        };
        let mut sessions = Sessions::new(context, &connections, &labs, &cancel)?;
        let host = Host { tenants: &mut sessions, log: &mut journals, clock: &*clock, audience: &mut told };
        let summary = Runner::new(&plan, &mut ledger, &selected, options, host).run();
        // What the session said is more than that the work stopped.
        summary.map_err(Failure::from)
    })();
    let folder = journals.folder().to_path_buf();
    let closed = journals.close();
    let summary = worked?;
    closed?;
    encode(&Applied { plan: &request.plan, journal: &folder, run: &id, summary })
}
