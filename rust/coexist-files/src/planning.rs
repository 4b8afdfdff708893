//! From a specification on disk to a plan on disk, or to the findings alone.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use coexist_core::batch::handover::Handover;
use coexist_core::plan::mc01::{self, Inputs, MapRow, Setup};
use coexist_core::plan::{footer, Header, Input, PlanFinding, Summary, TenantRef, BETWEEN};
use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::Snapshot;
use coexist_core::specification::Specification;
use serde::Serialize;

use crate::host::Host;
use crate::read::{read_snapshot, read_text, SnapshotRead};
use crate::write::write_atomically;

/// The backlog items that can be planned.
pub const ITEMS: [&str; 1] = ["MC-01"];

/// What a plan became.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    /// Where the plan was written; `None` where only findings were wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What it holds.
    #[serde(flatten)]
    pub summary: Summary,
    /// Bad records and uncertainties on the way.
    pub problems: u64,
}

/// A specification with everything that it names, read.
pub struct Loaded {
    specification: Specification,
    source: Snapshot,
    target: Snapshot,
    map: Vec<MapRow>,
    inputs: Vec<Input>,
    problems: u64,
}

impl Loaded {
    /// Reads a specification, its snapshots and its map file; paths in it are relative to its folder.
    pub fn read(specification: &Path, host: &dyn Host) -> Result<Self, Problem> {
        let folder = specification.parent().unwrap_or(Path::new(""));
        let (text, sha256) = read_text(specification)?;
        let name = specification.display().to_string();
        let parsed = Specification::parse(&text).map_err(|problem| problem.about(&name))?;
        let mut inputs = vec![Input { path: file_name(specification), sha256 }];
        let mut problems = 0;
        let mut snapshot = |path: &str| -> Result<Snapshot, Problem> {
            let read: SnapshotRead = read_snapshot(&folder.join(path), host)?;
            problems += read.problems.len() as u64;
            host.problems(&read.problems)?;
            inputs.extend(read.fingerprints.into_iter().map(|(file, sha256)| Input { path: format!("{}/{file}", path.trim_end_matches('/')), sha256 }));
            Ok(read.snapshot)
        };
        let source = snapshot(&parsed.source.snapshot)?;
        let target = snapshot(&parsed.target.snapshot)?;
        let map = match &parsed.matching.map_file {
            Some(path) => {
                let (text, sha256) = read_text(&folder.join(path))?;
                inputs.push(Input { path: path.clone(), sha256 });
                mc01::parse_map(&text).map_err(|problem| problem.about(path))?
            }
            None => Vec::new(),
        };
        Ok(Loaded { specification: parsed, source, target, map, inputs, problems })
    }

    /// A specification that was not read from a file, over two snapshot folders.
    pub fn from_snapshots(specification: Specification, source: &Path, target: &Path, host: &dyn Host) -> Result<Self, Problem> {
        let mut problems = 0;
        let mut snapshot = |path: &Path| -> Result<Snapshot, Problem> {
            let read = read_snapshot(path, host)?;
            problems += read.problems.len() as u64;
            host.problems(&read.problems)?;
            Ok(read.snapshot)
        };
        let (source, target) = (snapshot(source)?, snapshot(target)?);
        Ok(Loaded { specification, source, target, map: Vec::new(), inputs: Vec::new(), problems })
    }

    /// The look-ups over what was read; uncertainties are told to the host.
    pub fn setup(&mut self, host: &dyn Host) -> Result<Setup<'_>, Problem> {
        host.progress("Planning", "building look-ups", 0, None);
        let setup = Setup::new(&Inputs { specification: &self.specification, source: &self.source, target: &self.target, map: &self.map })?;
        self.problems += setup.warnings.len() as u64;
        host.problems(&setup.warnings)?;
        Ok(setup)
    }

    /// The specification.
    pub fn specification(&self) -> &Specification {
        &self.specification
    }

    /// The files that were read, with their fingerprints.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// What jobs of the service are told of both tenants.
    pub fn handover(&self) -> Handover {
        let (source, target) = self.tenants();
        Handover {
            source,
            target,
            delivery_domain: self.specification.target.delivery_domain.clone().or_else(|| self.target.tenant.initial_domain.clone()),
        }
    }

    /// The source tenant alone; the target's memory is given back.
    pub fn into_source(self) -> Snapshot {
        self.source
    }

    /// How many bad records and uncertainties there were.
    pub fn problems(&self) -> u64 {
        self.problems
    }

    fn header(&self, items: Vec<&'static str>) -> Header {
        let (source, target) = self.tenants();
        Header { items, source, target, inputs: self.inputs.clone() }
    }

    /// Both tenants, the source first.
    fn tenants(&self) -> (TenantRef, TenantRef) {
        let (source, target) = (&self.specification.source, &self.specification.target);
        // The specification's id is the administrator's word; the snapshot's is what the session said.
        let tenant = |name: &str, id: &Option<String>, snapshot: &Snapshot| TenantRef { name: name.into(), tenant_id: id.clone().or_else(|| snapshot.tenant.id.clone()) };
        (tenant(&source.name, &source.tenant_id, &self.source), tenant(&target.name, &target.tenant_id, &self.target))
    }
}

/// The items by their names, in the order of the backlog.
pub fn items(names: &[String]) -> Result<Vec<&'static str>, Problem> {
    if let Some(unknown) = names.iter().find(|name| !ITEMS.iter().any(|item| item.eq_ignore_ascii_case(name))) {
        let message = format!("'{unknown}' is not a backlog item that can be planned; nothing was planned. Items: {}.", ITEMS.join(", "));
        return Err(Problem::new("ItemUnknown", Category::InvalidArgument, message).about(unknown));
    }
    Ok(ITEMS.into_iter().filter(|item| names.is_empty() || names.iter().any(|name| item.eq_ignore_ascii_case(name))).collect())
}

/// The findings about everybody in scope, told to the host as they are made.
pub fn judge(specification: &Path, item_names: &[String], host: &dyn Host) -> Result<Planned, Problem> {
    items(item_names)?;
    let mut loaded = Loaded::read(specification, host)?;
    let setup = loaded.setup(host)?;
    let summary = mc01::run(&setup, false, host, |block| host.findings(&block.findings))?;
    drop(setup);
    Ok(Planned { path: None, summary, problems: loaded.problems })
}

/// Plans, and writes the plan with the schema beside it. Nothing is left behind where it fails or is stopped.
pub fn plan(specification: &Path, item_names: &[String], path: &Path, host: &dyn Host) -> Result<Planned, Problem> {
    let items = items(item_names)?;
    if path.exists() && !host.may_replace(&path.display().to_string())? {
        let message = format!("'{}' exists and was not replaced. Use -Force, or another -Path.", path.display());
        return Err(Problem::new("PlanExists", Category::ResourceExists, message).about(path.display().to_string()));
    }
    let mut loaded = Loaded::read(specification, host)?;
    let header = loaded.header(items);
    let setup = loaded.setup(host)?;
    let mut summary = Summary::default();
    write_atomically(path, |file| {
        let mut file = BufWriter::with_capacity(1 << 20, file);
        // Findings come after the operations: they wait in a file of their own, so that memory stays flat.
        let mut waiting = BufWriter::with_capacity(1 << 20, tempfile::tempfile().map_err(|cause| io(path, &cause))?);
        file.write_all(header.text().as_bytes()).map_err(|cause| io(path, &cause))?;
        let (mut first_operation, mut first_finding) = (true, true);
        let mut findings = Vec::new();
        summary = mc01::run(&setup, true, host, |block| {
            if !block.operations.is_empty() {
                if !std::mem::take(&mut first_operation) {
                    file.write_all(b",").map_err(|cause| io(path, &cause))?;
                }
                file.write_all(&block.operations.text).map_err(|cause| io(path, &cause))?;
            }
            findings.clear();
            for finding in &block.findings {
                findings.extend_from_slice(if std::mem::take(&mut first_finding) { b"\n" } else { b",\n" });
                serde_json::to_writer(&mut findings, &PlanFinding(finding)).map_err(|cause| io(path, &cause.into()))?;
            }
            waiting.write_all(&findings).map_err(|cause| io(path, &cause))?;
            host.findings(&block.findings)
        })?;
        // Until the disk has all of it, the plan does not get its name: on a slow disk that takes longer than the planning.
        host.progress("Planning", "writing to the disk", 0, None);
        let rest = || -> std::io::Result<()> {
            file.write_all(BETWEEN.as_bytes())?;
            let mut waiting = waiting.into_inner().map_err(|error| error.into_error())?;
            waiting.rewind()?;
            copy(waiting, &mut file)?;
            file.write_all(footer(&summary).as_bytes())?;
            file.flush()
        };
        rest().map_err(|cause| io(path, &cause))
    })?;
    drop(setup);
    Ok(Planned { path: Some(path.display().to_string()), summary, problems: loaded.problems })
}

fn copy(from: File, to: &mut impl Write) -> std::io::Result<()> {
    std::io::copy(&mut BufReader::with_capacity(1 << 20, from).by_ref(), to).map(drop)
}

fn io(path: &Path, cause: &std::io::Error) -> Problem {
    crate::write::failed(path, cause)
}

fn file_name(path: &Path) -> String {
    PathBuf::from(path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
