//! Reads kinds of a tenant through Graph into its snapshot.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::Kind;
use coexist_core::watch::Watch;
use coexist_files::export::{check, commit, Anew as Why, Commit, FromPages, Members, Pages};
use coexist_graph::read::{complete, read, Position, Reading, Round, Sink};
use coexist_graph::Cancel;
use serde::Deserialize;
use serde_json::Value;

use super::commit_snapshot::{outcome, Anew};
use super::graph::{block_on, of_read, Connection};
use super::host::emit;
use crate::error::Failure;
use crate::job::{Context, Work};
use crate::operation::decode;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    path: PathBuf,
    connection: Connection,
    tenant: Tenant,
    kinds: Vec<String>,
    #[serde(default)]
    properties: Vec<String>,
    /// Everything anew; also where the folder has a kind from cmdlets that tell more.
    #[serde(default)]
    replace_kinds: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tenant {
    name: String,
    id: String,
}

/// What the snapshot says about where these objects come from.
const SOURCE: &str = "Microsoft Graph";

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    let reading = Reading::new(&request.kinds, &request.properties).map_err(of_read)?;
    Ok(Box::new(move |context| {
        let Request { path, connection, tenant, replace_kinds, .. } = &request;
        let kinds = reading.kinds().iter().map(|name| kind(name)).collect::<Result<Vec<_>, _>>()?;
        let mut whole = Commit { folder: path, spool: "", name: Some(&tenant.name), id: Some(&tenant.id), source: Some(SOURCE), replace_kinds: *replace_kinds, force: false, pages: None };
        check(&whole, &kinds)?;
        let cancel = Cancel::new();
        let engine = connection.engine(context, &cancel)?;
        let all = if *replace_kinds { " anew" } else { "" };
        let fingerprint = format!("{SOURCE} {}{all}\n{}", tenant.id.to_ascii_lowercase(), reading.fingerprint());
        let mut keep = Keep { pages: Pages::open(path, &fingerprint)?, context, activity: format!("Reading {}", tenant.name) };
        let resumed = keep.pages.resumed();
        let mut anew = Vec::new();
        let mut unset = BTreeMap::new();
        for (kind, name) in kinds.iter().zip(reading.kinds()) {
            let Some(properties) = reading.tracked(name) else { continue };
            unset.insert(*kind, reading.unset(name));
            anew.extend(keep.pages.track(path, *kind, &properties, *replace_kinds)?.map(|why| explain(why, name)));
        }
        let notes = block_on(context, &cancel, async { read(&engine, &reading, &mut keep).await.map_err(of_read) })?;
        // What was read is all there is of its kinds, or what changed of it.
        whole.replace_kinds = true;
        let whole_again = |kind: Kind, members: &mut Members, is_new| complete(kind.name(), members, unset.get(&kind).map_or(&[], Vec::as_slice), is_new);
        whole.pages = Some(FromPages { pages: &keep.pages, complete: &whole_again });
        whole.spool = keep.pages.spool();
        let committed = commit(&whole, context)?;
        let expired = notes.iter().filter(|note| note.code == "DeltaExpired");
        anew.extend(expired.map(|note| Anew { code: note.code, kind: note.target.clone(), message: note.message.clone() }));
        // That a list was begun anew harms nobody.
        let unknown = notes.iter().filter(|note| !["ListRestarted", "DeltaExpired"].contains(&note.code));
        let unknown: Vec<Problem> = unknown.map(|note| Problem::new(note.code, Category::ReadError, note.message.clone()).about(&note.target)).collect();
        emit(context, "problems", &unknown)?;
        emit(context, "problems", &committed.problems)?;
        outcome(path, &committed, resumed, &anew)
    }))
}

fn explain(why: Why, kind: &str) -> Anew {
    let (code, message) = match why {
        Why::OtherProperties => ("DeltaOtherProperties", format!("The snapshot's {kind} were read with other properties than are asked for now, so all were read anew.")),
        Why::FileChanged => ("DeltaFileChanged", format!("The snapshot's {kind} were changed since they were read through Graph, so all were read anew.")),
    };
    Anew { code, kind: kind.to_owned(), message }
}

fn kind(name: &str) -> Result<Kind, Failure> {
    Kind::parse(name).ok_or_else(|| Failure::internal(format!("{name} is read and not kept")))
}

/// The spool of the snapshot as what keeps the pages.
struct Keep<'c> {
    pages: Pages,
    context: &'c Context,
    activity: String,
}

/// The readable kinds are kinds of a snapshot: a test holds them together.
fn known(name: &str) -> Result<Kind, Problem> {
    Kind::parse(name).ok_or_else(|| Problem::new("KindUnknown", Category::InvalidArgument, format!("'{name}' is not a kind of objects.")))
}

impl Sink for Keep<'_> {
    type Error = Problem;

    fn position(&self, name: &str) -> Position {
        match known(name).ok().and_then(|kind| self.pages.mark(kind)) {
            None => Position::Begin,
            Some(mark) if mark.done => Position::Done,
            Some(mark) => mark.next.clone().map_or(Position::Begin, Position::At),
        }
    }

    fn add(&mut self, name: &str, objects: &[Cow<'_, str>]) -> Result<(), Problem> {
        self.pages.add(known(name)?, objects)
    }

    fn mark(&mut self, name: &str, position: Position) -> Result<(), Problem> {
        match position {
            Position::At(next) => self.pages.put_mark(known(name)?, Some(&next)),
            Position::Done | Position::Begin => self.pages.put_mark(known(name)?, None),
        }
    }

    fn restart(&mut self, name: &str) -> Result<(), Problem> {
        self.pages.restart(known(name)?)
    }

    fn delta(&self, name: &str) -> Option<String> {
        known(name).ok().and_then(|kind| self.pages.delta(kind)).map(str::to_owned)
    }

    fn round(&self, name: &str) -> Round {
        let (changes, link) = known(name).map_or((false, None), |kind| self.pages.round(kind));
        Round { changes, link: link.map(str::to_owned) }
    }

    fn set_round(&mut self, name: &str, round: Round) {
        if let Ok(kind) = known(name) {
            self.pages.set_round(kind, round.changes, round.link);
        }
    }

    fn progress(&self, name: &str, total: Option<u64>) {
        let objects = known(name).map_or(0, |kind| self.pages.objects(kind));
        self.context.progress(&self.activity, &format!("{name}: {objects}"), objects, total.map(|total| total.max(objects)));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_kind_that_is_read_is_one_that_a_snapshot_keeps() {
        assert!(coexist_graph::read::kinds().iter().all(|name| super::Kind::parse(name).is_some()));
    }
}
