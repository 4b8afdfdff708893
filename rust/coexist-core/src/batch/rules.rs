//! Which nights will do for whom: every wish and every rule as a set of nights, with its reason.

use super::people::People;
use super::verdict::Verdicts;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// A set of places.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Places(pub Vec<bool>);

impl Places {
    /// Every place for which the question is answered with yes.
    pub fn of(count: usize, question: impl Fn(usize) -> bool) -> Self {
        Places((0..count).map(question).collect())
    }

    /// Whether a place is in it.
    pub fn has(&self, place: usize) -> bool {
        self.0[place]
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        !self.0.contains(&true)
    }
}

/// Why only some nights will do for somebody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Their batch has been submitted.
    Submitted(String),
    /// Pinned to a night.
    Night(Date),
    /// Not before a date.
    NotBefore(Date),
    /// Not after a date.
    NotAfter(Date),
    /// A finding delays them until this date.
    Delayed(&'static str, Date),
    /// Goes first.
    Pilot,
    /// The first nights are the pilots'.
    NotPilot,
    /// Does not go on the first night.
    Vip,
    /// A blackout of their time zone.
    Blackout(String),
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Why::Submitted(batch) => write!(f, "in the submitted batch {batch}"),
            Why::Night(date) => write!(f, "pinned to {date}"),
            Why::NotBefore(date) => write!(f, "not before {date}"),
            Why::NotAfter(date) => write!(f, "not after {date}"),
            Why::Delayed(code, date) => write!(f, "delayed by {code} until {date}"),
            Why::Pilot => f.write_str("a pilot, who goes first"),
            Why::NotPilot => f.write_str("no pilot, and the first nights are the pilots'"),
            Why::Vip => f.write_str("a VIP, who does not go on the first night"),
            Why::Blackout(zone) => write!(f, "in {zone}, which has blackouts"),
        }
    }
}

/// Rules in force, each once, with the places that it allows.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    all: Vec<(Why, Places)>,
    numbers: BTreeMap<Why, u16>,
}

impl Rules {
    /// The number of a rule; `allowed` makes its places where it is new.
    pub fn number(&mut self, why: Why, allowed: impl FnOnce() -> Places) -> u16 {
        if let Some(number) = self.numbers.get(&why) {
            return *number;
        }
        let number = self.all.len() as u16;
        self.all.push((why.clone(), allowed()));
        self.numbers.insert(why, number);
        number
    }

    /// A rule.
    pub fn get(&self, number: u16) -> &(Why, Places) {
        &self.all[number as usize]
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The places that all of these allow.
    pub fn allowed(&self, numbers: &[u16], places: usize) -> Places {
        Places::of(places, |place| numbers.iter().all(|number| self.get(*number).1.has(place)))
    }

    /// Of rules that together allow nothing, some from which none can be left out.
    pub fn conflict(&self, numbers: &[u16], places: usize) -> Vec<u16> {
        let mut needed = numbers.to_vec();
        let mut at = 0;
        while at < needed.len() {
            let without: Vec<u16> = needed.iter().copied().filter(|number| *number != needed[at]).collect();
            if self.allowed(&without, places).is_empty() {
                needed = without;
            } else {
                at += 1;
            }
        }
        needed
    }
}

/// The nights that rules are about.
pub struct Calendar<'a> {
    /// Their dates, in order; empty where there is no calendar.
    pub dates: &'a [Date],
    /// How many of the first are the pilots'.
    pub pilots: usize,
    /// The number of places: nights, or numbered batches.
    pub places: usize,
    /// Whether a night is closed to a person by a blackout of their zone.
    pub closed: &'a dyn Fn(usize, usize) -> bool,
    /// The name of a person's zone.
    pub zone: &'a dyn Fn(usize) -> &'a str,
    /// Where submitted batches are.
    pub submitted: &'a dyn Fn(&str) -> Option<usize>,
}

impl Calendar<'_> {
    /// The rules that one person brings, in ascending order.
    pub fn rules_of(&self, people: &People, verdicts: &Verdicts, number: usize, rules: &mut Rules) -> Vec<u16> {
        let person = &people.list[number];
        let mut found = Vec::new();
        if person.submitted {
            if let Some((batch, place)) = person.batch.as_ref().and_then(|batch| Some((batch, (self.submitted)(batch)?))) {
                found.push(rules.number(Why::Submitted(batch.clone()), || Places::of(self.places, |at| at == place)));
                return found;
            }
        }
        let dates = self.dates;
        if !dates.is_empty() {
            let mut dated = |why: Why, good: &dyn Fn(Date) -> bool| found.push(rules.number(why, || Places::of(self.places, |at| good(dates[at]))));
            if let Some(date) = person.night {
                dated(Why::Night(date), &|night| night == date);
            }
            if let Some(date) = person.not_before {
                dated(Why::NotBefore(date), &|night| night >= date);
            }
            if let Some(date) = person.not_after {
                dated(Why::NotAfter(date), &|night| night <= date);
            }
            if let Some((days, code)) = verdicts.delayed[number] {
                let date = dates[0].saturating_add(jiff::Span::new().days(i64::from(days)));
                dated(Why::Delayed(code, date), &|night| night >= date);
            }
            if (0..self.places).any(|at| (self.closed)(number, at)) {
                found.push(rules.number(Why::Blackout((self.zone)(number).to_string()), || Places::of(self.places, |at| !(self.closed)(number, at))));
            }
        }
        if person.pilot {
            found.push(rules.number(Why::Pilot, || Places::of(self.places, |at| at < self.pilots)));
        } else if person.vip && self.places > 1 {
            found.push(rules.number(Why::Vip, || Places::of(self.places, |at| at > 0)));
        }
        found.sort_unstable();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_conflict_names_only_what_is_needed_for_it() {
        let mut rules = Rules::default();
        let a = rules.number(Why::NotBefore(date(2027, 1, 10)), || Places::of(4, |at| at >= 2));
        let b = rules.number(Why::Vip, || Places::of(4, |at| at > 0));
        let c = rules.number(Why::NotAfter(date(2027, 1, 5)), || Places::of(4, |at| at <= 1));
        assert_eq!(rules.number(Why::Vip, || unreachable!()), b);
        assert_eq!(rules.allowed(&[b, c], 4), Places(vec![false, true, false, false]));
        assert_eq!(rules.conflict(&[a, b, c], 4), [a, c]);
    }
}
