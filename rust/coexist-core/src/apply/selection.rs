//! Which operations of a plan are meant.

use super::plan::{Entry, Plan};
use crate::plan::{Stage, Surface};
use crate::problem::{Category, Problem};
use hashbrown::HashMap;
use serde::Deserialize;

/// What must be true of an operation; an empty list says nothing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Selection {
    /// It is in one of these stages.
    pub stages: Vec<Stage>,
    /// It belongs to one of these items; of the file of batches `batch` and `oneDrive`.
    pub items: Vec<String>,
    /// It is of one of these batches, or of a person in one.
    pub batches: Vec<String>,
    /// Its subject is like one of these: identity in either tenant or name, `*` and `?` standing for anything.
    pub subjects: Vec<String>,
    /// It runs on one of these surfaces.
    pub surfaces: Vec<Surface>,
}

impl Selection {
    /// For each operation of a plan, whether it is meant. `members` says who is in which batch, where the plan does not say so itself.
    ///
    /// # Errors
    /// `BatchUnknown`: there is no such batch. `PlanLineInvalid`.
    pub fn of(&self, plan: &Plan, members: &HashMap<Box<str>, Box<str>>) -> Result<Vec<bool>, Problem> {
        let known: HashMap<String, &str> = plan.batches.iter().chain(members).map(|(person, batch)| (person.to_lowercase(), &**batch)).collect();
        for batch in &self.batches {
            let named = known.values().any(|name| name.eq_ignore_ascii_case(batch));
            if !named && !plan.entries.iter().any(|entry| entry.item() == "batch" && entry.source().eq_ignore_ascii_case(batch)) {
                let message = format!(
                    "There is no batch '{batch}' in this plan, so nothing would be selected. A plan of MC-01 does not know who is in which batch: name the file of batches, too (-BatchPlan)."
                );
                return Err(Problem::new("BatchUnknown", Category::ObjectNotFound, message).about(batch));
            }
        }
        let selected = (0..plan.entries.len() as u32).map(|number| self.has(plan, number, &known)).collect::<Result<Vec<bool>, Problem>>()?;
        // A batch that exists, and of which nobody is found here: the two files name people otherwise, or are of two times.
        if !self.batches.is_empty() && !selected.contains(&true) {
            let anybody = |number: u32| Selection { batches: self.batches.clone(), ..Selection::default() }.has(plan, number, &known).unwrap_or_default();
            if !(0..plan.entries.len() as u32).any(anybody) {
                let message = format!(
                    "Nobody of the batch '{}' has anything in this plan, so nothing would be done. Where that is not so, the file of batches names people otherwise than the plan, which knows their identity, their name and their name in the target: make both from the same snapshot.",
                    self.batches.join("', '")
                );
                return Err(Problem::new("BatchEmpty", Category::ObjectNotFound, message).about(&*self.batches[0]));
            }
        }
        Ok(selected)
    }

    fn has(&self, plan: &Plan, number: u32, batches: &HashMap<String, &str>) -> Result<bool, Problem> {
        let entry = plan.entry(number);
        let common = &entry.common;
        let one_of = |list: &[String], text: &str| list.is_empty() || list.iter().any(|one| one.eq_ignore_ascii_case(text));
        let here = (self.stages.is_empty() || self.stages.contains(&common.stage))
            && (self.surfaces.is_empty() || self.surfaces.contains(&common.surface))
            && one_of(&self.items, entry.item());
        if !here {
            return Ok(false);
        }
        if self.batches.is_empty() && self.subjects.is_empty() {
            return Ok(true);
        }
        // Names stand in the text of the operation alone.
        let subject = plan.subject(number);
        let names = [entry.source(), &subject.target, &subject.name];
        let in_batch = || in_batch(entry, &names, batches).is_some_and(|batch| one_of(&self.batches, batch));
        let like = || self.subjects.iter().any(|pattern| names.iter().any(|name| is_like(pattern, name)));
        Ok((self.batches.is_empty() || in_batch()) && (self.subjects.is_empty() || like()))
    }
}

fn in_batch<'e>(entry: &'e Entry, names: &[&str], batches: &HashMap<String, &'e str>) -> Option<&'e str> {
    if entry.item() == "batch" {
        return Some(entry.source());
    }
    names.iter().find_map(|name| batches.get(&name.to_lowercase()).copied())
}

/// Whether a text is like a pattern of `*` and `?`, without case.
pub fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.to_lowercase().chars().collect(), text.to_lowercase().chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(one) if *one == '?' || *one == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|one| *one == '*')
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn patterns_are_those_of_powershell_without_brackets() {
        for (pattern, text, like) in [
            ("*", "", true), ("", "", true), ("", "a", false), ("anna*", "Anna.Müller@contoso.com", true), ("*MÜLLER*", "Anna.Müller@contoso.com", true),
            ("a?c", "abc", true), ("a?c", "ac", false), ("*a*b*c", "xxaybzzc", true), ("*a*b*c", "xxaybzz", false), ("anna", "anna2", false),
        ] {
            assert_eq!(is_like(pattern, text), like, "{pattern} {text}");
        }
    }
}
