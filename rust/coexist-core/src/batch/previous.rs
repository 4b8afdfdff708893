//! A plan of batches that was made before.

use super::people::People;
use super::tie::Resolved;
use super::report::VERSION;
use crate::problem::{Category, Problem};
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Where people were.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Previous {
    /// The batches with their nights, and the nights' numbers from 1.
    pub batches: BTreeMap<String, (Option<Date>, u32)>,
    /// The batch of each of the present people, where they were in one.
    pub batch_of: Vec<Option<String>>,
}

#[derive(Deserialize)]
struct File {
    version: u32,
    batches: Vec<Batch>,
    people: Vec<Person>,
}

#[derive(Deserialize)]
struct Batch {
    name: String,
    night: Option<String>,
    number: u32,
}

#[derive(Deserialize)]
struct Person {
    identity: String,
    batch: String,
}

impl Previous {
    /// The night of a batch.
    pub fn night(&self, batch: &str) -> Option<Date> {
        self.batches.get(batch)?.0
    }

    /// Reads the file of a plan. People who are gone are passed over.
    ///
    /// # Errors
    /// `BatchPlanInvalid`.
    pub fn parse(text: &str, people: &People) -> Result<Self, Problem> {
        let invalid = |what: String| Problem::new("BatchPlanInvalid", Category::InvalidData, format!("The previous plan of batches cannot be read: {what}. Give a file that New-CoexistBatchPlan -Path wrote."));
        let file: File = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(|error| invalid(error.to_string()))?;
        if file.version != VERSION {
            return Err(invalid(format!("it is of version {}, and this Coexist reads version {VERSION}", file.version)));
        }
        let mut batches = BTreeMap::new();
        for batch in file.batches {
            let night = batch.night.map(|night| night.parse().map_err(|_| invalid(format!("'{night}', the night of {}, is not a date", batch.name)))).transpose()?;
            batches.insert(batch.name, (night, batch.number));
        }
        let mut batch_of = vec![None; people.len()];
        for person in file.people {
            if !batches.contains_key(&person.batch) {
                return Err(invalid(format!("{} is in the batch {}, which it does not hold", person.identity, person.batch)));
            }
            if let Resolved::One(number) = people.resolve(&person.identity) {
                batch_of[number as usize] = Some(person.batch);
            }
        }
        Ok(Previous { batches, batch_of })
    }
}
