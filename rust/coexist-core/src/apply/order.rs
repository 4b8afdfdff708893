//! What waits for what: dependencies, and the stages of one subject.

use super::plan::Entry;
use crate::problem::{Category, Problem};
use hashbrown::HashMap;

/// How many stages there are.
const STAGES: usize = 5;

/// For every operation, what it waits for and what waits for it.
pub struct Order {
    /// Dependencies of all operations one after another, and where those of each begin.
    depends_on: (Vec<u32>, Vec<u32>),
    /// The same the other way round.
    dependants: (Vec<u32>, Vec<u32>),
    /// The operations of all subjects one after another, and where those of each begin.
    subjects: (Vec<u32>, Vec<u32>),
}

impl Order {
    /// Resolves the names in `dependsOn`.
    ///
    /// # Errors
    /// `PlanInvalid`: a name that stands for nothing, or a circle.
    pub fn new(entries: &[Entry], by_id: &HashMap<Box<str>, u32>, subjects: usize, batches: &HashMap<Box<str>, Box<str>>) -> Result<Self, Problem> {
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            for name in &entry.common.depends_on {
                let whole = if name.contains('/') { name.clone() } else { [entry.id.rsplit_once('/').map_or("", |(subject, _)| subject), name].join("/") };
                let Some(other) = by_id.get(whole.as_str()) else {
                    let message = format!("The plan cannot be used: '{}' depends on '{whole}', which is not in it. Make it again.", entry.id);
                    return Err(Problem::new("PlanInvalid", Category::InvalidData, message).about(&*entry.id));
                };
                pairs.push((number as u32, *other));
            }
            // The place where a batch's OneDrives move is passed when they have.
            if entry.item() == "oneDrive" {
                let place = batches.get(entry.source()).and_then(|batch| by_id.get(format!("batch/{batch}/{}", entry.step()).as_str()));
                pairs.extend(place.map(|place| (*place, number as u32)));
            }
        }
        let members = entries.iter().enumerate().map(|(number, entry)| (entry.subject, number as u32)).collect();
        let order = Order {
            dependants: grouped(pairs.iter().map(|(from, to)| (*to, *from)).collect(), entries.len()),
            depends_on: grouped(pairs, entries.len()),
            subjects: grouped(members, subjects),
        };
        order.without_circle(entries).map(|()| order)
    }

    fn without_circle(&self, entries: &[Entry]) -> Result<(), Problem> {
        let stage = |number: u32| entries[number as usize].common.stage as usize;
        let subject = |number: u32| entries[number as usize].subject as usize;
        // A stage of a subject waits for those before it, too: how many operations each has left, and which stage is open.
        let mut stages = vec![([0_u32; STAGES], 0_usize); self.subjects.1.len() - 1];
        (0..entries.len() as u32).for_each(|number| stages[subject(number)].0[stage(number)] += 1);
        let reopen = |(left, at): &mut ([u32; STAGES], usize)| while *at < STAGES - 1 && left[*at] == 0 { *at += 1 };
        stages.iter_mut().for_each(reopen);
        let mut open: Vec<u32> = (0..entries.len() as u32).map(|number| self.depends_on(number).len() as u32).collect();
        let mut free: Vec<u32> = (0..entries.len() as u32).filter(|number| open[*number as usize] == 0 && stage(*number) <= stages[subject(*number)].1).collect();
        let mut left = entries.len();
        while let Some(number) = free.pop() {
            left -= 1;
            for dependant in self.dependants(number) {
                open[*dependant as usize] -= 1;
                if open[*dependant as usize] == 0 && stage(*dependant) <= stages[subject(*dependant)].1 {
                    free.push(*dependant);
                }
            }
            let own = &mut stages[subject(number)];
            own.0[stage(number)] -= 1;
            let before = own.1;
            reopen(own);
            let now = own.1;
            if now > before {
                let opened = |other: &&u32| open[**other as usize] == 0 && (before + 1..=now).contains(&stage(**other));
                free.extend(self.of_subject(subject(number) as u32).iter().filter(opened));
            }
        }
        if left == 0 {
            return Ok(());
        }
        let stuck = entries.iter().zip(&open).find(|(_, open)| **open > 0).map_or("", |(entry, _)| &entry.id);
        let message = format!("The plan cannot be used: '{stuck}' waits, by way of others, for itself. Make it again.");
        Err(Problem::new("PlanInvalid", Category::InvalidData, message).about(stuck))
    }

    /// What an operation waits for by name.
    pub fn depends_on(&self, number: u32) -> &[u32] {
        of(&self.depends_on, number)
    }

    /// What waits for an operation by name.
    pub fn dependants(&self, number: u32) -> &[u32] {
        of(&self.dependants, number)
    }

    /// The operations of a subject, in the plan's order.
    pub fn of_subject(&self, subject: u32) -> &[u32] {
        of(&self.subjects, subject)
    }
}

fn of((items, starts): &(Vec<u32>, Vec<u32>), group: u32) -> &[u32] {
    &items[starts[group as usize] as usize..starts[group as usize + 1] as usize]
}

/// Pairs of (group, item) as one list of items and where each group begins in it; items of a group stay in order.
fn grouped(pairs: Vec<(u32, u32)>, groups: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; groups + 1];
    pairs.iter().for_each(|(group, _)| starts[*group as usize + 1] += 1);
    for group in 0..groups {
        starts[group + 1] += starts[group];
    }
    let mut next = starts.clone();
    let mut items = vec![0; pairs.len()];
    for (group, item) in pairs {
        items[next[group as usize] as usize] = item;
        next[group as usize] += 1;
    }
    (items, starts)
}
