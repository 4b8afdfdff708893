//! Who is in scope and which target object each is, for whoever plans something else about the same people.

use super::matching::{Matched, People};
use super::setup::Setup;
use crate::snapshot::{Record, Snapshot};

/// One person in scope.
pub struct Surveyed<'a> {
    /// The row of the source mailbox.
    pub row: usize,
    /// The target object, where there is exactly one.
    pub target: Option<Record<'a>>,
}

/// Everybody in scope, in the order of the source snapshot.
pub fn survey<'a>(setup: &'a Setup<'a>) -> Vec<Surveyed<'a>> {
    let people = People::find(setup);
    let target = |number| match people.matched(number) {
        Matched::Found(id) => Some(setup.recipients.get(*id)),
        _ => None,
    };
    (0..people.len()).map(|number| Surveyed { row: people.row(number), target: target(number) }).collect()
}

impl Setup<'_> {
    /// Whether the target has accepted the domain of an address.
    pub fn accepts(&self, address: &str) -> bool {
        address.rsplit_once('@').is_some_and(|(_, domain)| self.accepted.contains(domain))
    }

    /// The source tenant's snapshot.
    pub fn source(&self) -> &Snapshot {
        self.source
    }

    /// The target tenant's snapshot.
    pub fn target(&self) -> &Snapshot {
        self.target
    }

    /// The delivery domain of the move.
    pub fn delivery_domain(&self) -> &str {
        &self.delivery_domain
    }
}
