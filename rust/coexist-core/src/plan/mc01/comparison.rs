//! The address comparison of a whole snapshot pair: the same matching and the same look-ups as the plan, and nothing but the rows.

use super::matching::{subject, Matched, People};
use super::setup::Setup;
use crate::address::{compare, findings, rows, Row};
use crate::finding::Finding;
use crate::problem::Problem;
use crate::snapshot::Record;
use crate::watch::Watch;
use rayon::prelude::*;

/// What was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// People in scope.
    pub people: u64,
    /// Of them, those whose target object could not be told; the findings say why.
    pub blocked: u64,
    /// Rows.
    pub rows: u64,
}

/// Compares everybody in scope with their target object; `each` gets rows and findings in the order of the source snapshot.
pub fn compare_addresses(setup: &Setup, watch: &dyn Watch, mut each: impl FnMut(Vec<Row>, Vec<Finding>) -> Result<(), Problem>) -> Result<Compared, Problem> {
    const BLOCK: usize = 512;
    let people = People::find(setup);
    let mut total = Compared::default();
    each(Vec::new(), people.general.clone())?;
    let count = people.len();
    for start in (0..count).step_by(BLOCK) {
        if watch.cancelled() {
            return Err(Problem::cancelled());
        }
        watch.progress("Comparing addresses", "people", start as u64, Some(count as u64));
        let compared: Vec<(Vec<Row>, Vec<Finding>)> = (start..(start + BLOCK).min(count)).into_par_iter().map(|person| one(setup, &people, person)).collect();
        for (rows, findings) in compared {
            total.people += 1;
            total.blocked += u64::from(rows.is_empty());
            total.rows += rows.len() as u64;
            each(rows, findings)?;
        }
    }
    Ok(total)
}

fn one(setup: &Setup, people: &People, person: usize) -> (Vec<Row>, Vec<Finding>) {
    let row = people.row(person);
    let source = setup.mailboxes.get(row);
    let target = match people.matched(person) {
        Matched::Blocked(findings) => return (Vec::new(), findings.clone()),
        Matched::Found(id) => Some((*id, setup.recipients.get(*id))),
        Matched::Missing => None,
    };
    let record = target.as_ref().map(|(_, record)| record);
    let diff = compare(&source, record.unwrap_or(&Record::none()), target.is_some(), &setup.context(), &people.owners(setup, person));
    let found = findings(&diff, &source, record, &subject(&source), &setup.limits, &setup.delivery_domain);
    let found = found.into_iter().map(|(on_target, finding)| {
        let (file, line) = match target.as_ref().filter(|_| on_target) {
            Some((id, _)) => setup.recipients.origin(*id),
            None => (setup.mailboxes.file(), setup.mailboxes.line(row)),
        };
        finding.at(file, line)
    });
    let found = found.collect();
    (rows(&diff, &source, record).collect(), found)
}
