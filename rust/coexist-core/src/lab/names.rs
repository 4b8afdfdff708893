//! Names and domains of the lab; data in `data/lab-names.json`, `data/lab-tenants.json` and `data/lab-population.json`.

use super::random::{Field, Shuffle};
use super::state::State;
use once_cell::sync::Lazy;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Names {
    given: Vec<(String, String)>,
    family: Vec<(String, String)>,
}

static NAMES: Lazy<Names> = Lazy::new(|| crate::data::parse("lab-names.json", include_str!("../../../../data/lab-names.json")));

/// Gives every number another name; names come twice only when all have been given out, and then the address carries a number, as it does everywhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct NameGiver(Shuffle);

/// A name as the person writes it and as the mail address does.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub given: &'static str,
    pub family: &'static str,
    /// Of the mail address, without the `@`; unique among all numbers.
    pub local: String,
    /// How many had the same name before.
    pub earlier: u64,
}

impl NameGiver {
    pub fn new(seed: u64) -> Self {
        NameGiver(Shuffle::new(seed, Field::Names, (NAMES.given.len() * NAMES.family.len()) as u64))
    }

    pub fn name(&self, number: u64) -> Name {
        let pairs = (NAMES.given.len() * NAMES.family.len()) as u64;
        let pair = self.0.place(number % pairs) as usize;
        let (given, family) = (&NAMES.given[pair / NAMES.family.len()], &NAMES.family[pair % NAMES.family.len()]);
        let local = match number / pairs {
            0 => format!("{}.{}", given.1, family.1),
            round => format!("{}.{}{}", given.1, family.1, round + 1),
        };
        Name { given: &given.0, family: &family.0, local, earlier: number / pairs }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tenants {
    pub source: SourceTenant,
    pub target: TargetTenant,
    pub domain_map: BTreeMap<String, String>,
    pub licence: Licence,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SourceTenant {
    pub id: String,
    pub name: String,
    pub initial_domain: String,
    pub hybrid_domain: String,
    /// Accepted, but not mapped: addresses in it are left behind.
    pub retired_domain: String,
    pub people: Vec<HomeDomain>,
}

/// A domain in which people have their primary addresses.
#[derive(Deserialize)]
pub(super) struct HomeDomain {
    pub domain: String,
    /// How exports write it.
    pub written: Vec<String>,
    pub ascii: String,
    pub weight: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TargetTenant {
    pub id: String,
    pub name: String,
    pub initial_domain: String,
    pub hybrid_domain: String,
    pub default_domain: String,
    pub other_domains: Vec<String>,
    /// Of neither tenant: where the target's own contacts are.
    pub outside_domain: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Licence {
    pub sku_id: String,
    pub exchange_plan: String,
    pub foundation_plan: String,
    pub other_plans: Vec<Plan>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Plan {
    pub service: String,
    pub service_plan_id: String,
}

/// The two tenants.
pub(super) static TENANTS: Lazy<Tenants> = Lazy::new(|| crate::data::parse("lab-tenants.json", include_str!("../../../../data/lab-tenants.json")));

/// How people work: who works with whom, where, and how much they keep.
#[derive(Deserialize)]
pub(super) struct Habits {
    pub departments: Departments,
    pub percent: BTreeMap<String, u64>,
    pub regions: Vec<Region>,
    pub sizes: Vec<Size>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Departments {
    pub people: u64,
    pub project: u64,
    pub bench: u64,
    pub elsewhere_percent: u64,
    pub no_time_zone_percent: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub language: String,
    pub time_zone: String,
    pub calendar: String,
    pub weight: u64,
}

/// So many of a hundred mailboxes have between so many megabytes.
#[derive(Deserialize)]
pub(super) struct Size {
    pub percent: u64,
    pub from: u64,
    pub to: u64,
}

/// How the lab's people work.
pub(super) static HABITS: Lazy<Habits> = Lazy::new(|| crate::data::parse("lab-habits.json", include_str!("../../../../data/lab-habits.json")));

#[derive(Deserialize)]
pub(super) struct Population {
    pub states: Vec<StateShare>,
    pub types: Vec<TypeShare>,
}

#[derive(Deserialize)]
pub(super) struct StateShare {
    pub state: State,
    pub project: u64,
    pub bench: u64,
}

#[derive(Deserialize)]
pub(super) struct TypeShare {
    #[serde(rename = "type")]
    pub name: String,
    pub weight: u64,
}

/// Who is in which state.
pub(super) static POPULATION: Lazy<Population> =
    Lazy::new(|| crate::data::parse("lab-population.json", include_str!("../../../../data/lab-population.json")));

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_numbers_have_one_local_part() {
        for part in [&NAMES.given, &NAMES.family] {
            for (_, ascii) in part {
                assert!(ascii.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'\''), "{ascii}");
            }
            assert_eq!(part.iter().map(|(_, ascii)| ascii).collect::<BTreeSet<_>>().len(), part.len());
        }
        let names = NameGiver::new(3);
        let locals: BTreeSet<String> = (0..40_000).map(|number| names.name(number).local).collect();
        assert_eq!(locals.len(), 40_000);
    }
}
