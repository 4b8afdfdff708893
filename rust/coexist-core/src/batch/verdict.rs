//! Can they: what findings do to people, and whom they take along.

use super::options::{Consequence, Options};
use super::people::People;
use crate::finding;

/// A finding about one of the people, from whoever judged them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Concern {
    /// The person.
    pub person: u32,
    /// Its code.
    pub code: &'static str,
    /// Whether it keeps the person from being planned by itself.
    pub blocks: bool,
}

/// Why somebody is in no batch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exclusion {
    /// This finding excludes.
    Finding(&'static str),
    /// A hard tie leads to this person, who is excluded.
    TiedTo(u32),
    /// This many people who may not be parted are more than any night takes.
    TooLarge(u64),
    /// What is asked of those who are hard-tied to each other cannot all be had.
    RulesConflict,
}

/// What the findings come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdicts {
    /// Why each person is excluded; empty for those who move.
    pub excluded: Vec<Vec<Exclusion>>,
    /// By how many days each person is delayed, and by which finding.
    pub delayed: Vec<Option<(u32, &'static str)>>,
    /// What is only told about each.
    pub warned: Vec<Vec<&'static str>>,
}

impl Verdicts {
    /// What the specification makes of the findings.
    pub fn new(people: &People, concerns: &[Concern], options: &Options) -> Self {
        let mut verdicts = Verdicts { excluded: vec![Vec::new(); people.len()], delayed: vec![None; people.len()], warned: vec![Vec::new(); people.len()] };
        for concern in concerns {
            verdicts.add(concern.person as usize, concern.code, concern.blocks, options);
        }
        for (person, row) in people.list.iter().enumerate() {
            row.concerns.iter().for_each(|code| verdicts.add(person, code, finding::rule(code).blocks, options));
        }
        for person in 0..people.len() {
            // Who is with the service already stays there: to take them out of the plan would not take them out of the batch.
            if people.list[person].submitted {
                let stays = std::mem::take(&mut verdicts.excluded[person]);
                verdicts.warned[person].extend(stays.iter().filter_map(|why| if let Exclusion::Finding(code) = why { Some(*code) } else { None }));
            }
            verdicts.warned[person].sort_unstable();
            verdicts.warned[person].dedup();
            verdicts.excluded[person].sort_unstable();
            verdicts.excluded[person].dedup();
        }
        verdicts
    }

    fn add(&mut self, person: usize, code: &'static str, blocks: bool, options: &Options) {
        match options.consequence(code, blocks) {
            Consequence::Exclude => self.excluded[person].push(Exclusion::Finding(code)),
            // A finding that only informs is no reason to look at the person again.
            Consequence::Warn if finding::rule(code).severity == finding::Severity::Information && !options.readiness.contains_key(code) => {}
            Consequence::Warn => self.warned[person].push(code),
            Consequence::DelayDays(days) => {
                if self.delayed[person].is_none_or(|(longest, _)| days > longest) {
                    self.delayed[person] = Some((days, code));
                }
            }
        }
    }

    /// Lets everybody who is hard-tied to an excluded person go with them: `hard` are pairs of people. Whom the pairs lead to is named, nearest first.
    pub fn take_along(&mut self, hard: &[(u32, u32)], submitted: impl Fn(u32) -> bool) {
        let count = self.excluded.len();
        let mut starts = vec![0u32; count + 1];
        for (a, b) in hard {
            starts[*a as usize + 1] += 1;
            starts[*b as usize + 1] += 1;
        }
        for at in 0..count {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut tied = vec![0u32; hard.len() * 2];
        for (a, b) in hard {
            tied[next[*a as usize] as usize] = *b;
            next[*a as usize] += 1;
            tied[next[*b as usize] as usize] = *a;
            next[*b as usize] += 1;
        }
        let mut queue: Vec<u32> = (0..count as u32).filter(|person| !self.excluded[*person as usize].is_empty()).collect();
        let mut at = 0;
        while let Some(&person) = queue.get(at) {
            at += 1;
            for &other in &tied[starts[person as usize] as usize..starts[person as usize + 1] as usize] {
                if self.excluded[other as usize].is_empty() && !submitted(other) {
                    self.excluded[other as usize].push(Exclusion::TiedTo(person));
                    queue.push(other);
                }
            }
        }
    }

    /// Whether the person moves.
    pub fn moves(&self, person: u32) -> bool {
        self.excluded[person as usize].is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::people::Person;

    fn people(count: usize) -> People {
        People::new((0..count).map(|number| Person { identity: format!("p{number}"), ..Person::default() }).collect()).0
    }

    #[test]
    fn the_specification_decides_what_a_finding_does() {
        let mut options = Options::default();
        options.readiness.insert("HoldDelay".into(), Consequence::DelayDays(30));
        options.readiness.insert("HoldLitigation".into(), Consequence::Warn);
        let concern = |person, code, blocks| Concern { person, code, blocks };
        let concerns = [concern(0, "HoldLitigation", true), concern(1, "HoldDelay", true), concern(2, "TargetIsMailbox", true), concern(3, "NameShortened", false), concern(3, "SourceExcluded", false)];
        let verdicts = Verdicts::new(&people(4), &concerns, &options);
        assert_eq!((0..4).map(|person| verdicts.moves(person)).collect::<Vec<_>>(), [true, true, false, true]);
        assert_eq!(verdicts.warned, [vec!["HoldLitigation"], vec![], vec![], vec!["NameShortened"]]);
        assert_eq!(verdicts.delayed[1], Some((30, "HoldDelay")));
    }

    #[test]
    fn hard_ties_go_along_and_name_who_takes_them() {
        let mut verdicts = Verdicts::new(&people(5), &[Concern { person: 3, code: "TargetIsMailbox", blocks: true }], &Options::default());
        verdicts.take_along(&[(0, 1), (1, 3), (2, 4)], |_| false);
        assert_eq!(verdicts.excluded[1], [Exclusion::TiedTo(3)]);
        assert_eq!(verdicts.excluded[0], [Exclusion::TiedTo(1)]);
        assert!(verdicts.moves(2) && verdicts.moves(4));
    }
}
