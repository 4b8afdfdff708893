//! One person: why this night, which ties were cut, which rule decided.

use super::outcome::{BatchPlan, NONE};
use super::planner::Input;
use super::verdict::Exclusion;
use serde::Serialize;

/// One tie of the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TieTold {
    /// The other person.
    pub identity: String,
    /// Its kind.
    pub kind: String,
    /// Its weight.
    pub weight: u32,
    /// Whether it may never be cut.
    pub hard: bool,
    /// The other's batch; `None` where they are in none.
    pub batch: Option<String>,
    /// The other's night, or batch where there is no calendar.
    pub night: Option<String>,
    /// Whether it leads to another night.
    pub cut: bool,
}

/// One night, as it looks for the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NightTold {
    /// Its name.
    pub night: String,
    /// The person's own night.
    pub chosen: bool,
    /// What keeps the person, or somebody hard-tied to them, from it; empty where nothing does.
    pub ruled_out_by: Vec<String>,
    /// How many more people it would take.
    pub room: u64,
    /// The weight of the ties of the person's group that lead there.
    pub weight: u64,
}

/// Everything about one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Explanation {
    /// The person.
    pub identity: String,
    /// The batch; `None` where in none.
    pub batch: Option<String>,
    /// The night.
    pub night: Option<String>,
    /// What decided, in sentences.
    pub because: Vec<String>,
    /// The people who are held together with this one by hard ties or a common batch.
    pub together_with: Vec<String>,
    /// The weight of ties that lead to other nights.
    pub cut_weight: u64,
    /// The person's ties, the heaviest first.
    pub ties: Vec<TieTold>,
    /// The nights that were possible, or were not.
    pub nights: Vec<NightTold>,
}

/// Explains where a person is.
pub fn explain(input: &Input, plan: &BatchPlan, person: u32) -> Explanation {
    let people = &input.people.list;
    let name_of_night = |night: u32| night_name(plan, night);
    let batch_name = |person: u32| match plan.batch_of[person as usize] {
        NONE => None,
        batch => Some(plan.batches[batch as usize].name.clone()),
    };
    let own = plan.night_of(person);
    let group: Vec<u32> = (0..people.len() as u32).filter(|other| plan.group_of[*other as usize] == plan.group_of[person as usize]).collect();
    let in_group = |other: u32| plan.group_of[other as usize] == plan.group_of[person as usize];

    let mut weights = vec![0u64; plan.nights.len()];
    let mut ties = Vec::new();
    let mut cut_weight = 0;
    for tie in input.ties {
        for (from, to) in [(tie.from, tie.to), (tie.to, tie.from)] {
            if in_group(from) && !in_group(to) && plan.night_of(to) != NONE {
                weights[plan.night_of(to) as usize] += u64::from(tie.weight);
            }
            if from == person {
                let cut = own != NONE && plan.night_of(to) != NONE && plan.night_of(to) != own;
                cut_weight += if cut { u64::from(tie.weight) } else { 0 };
                ties.push(TieTold {
                    identity: people[to as usize].identity.clone(),
                    kind: input.kinds.get(tie.kind).name.clone(),
                    weight: tie.weight,
                    hard: tie.hard,
                    batch: batch_name(to),
                    night: name_of_night(plan.night_of(to)),
                    cut,
                });
            }
        }
    }
    ties.sort_by(|a, b| (!a.hard, std::cmp::Reverse(a.weight), &a.identity, &a.kind).cmp(&(!b.hard, std::cmp::Reverse(b.weight), &b.identity, &b.kind)));

    let nights: Vec<NightTold> = plan
        .nights
        .iter()
        .enumerate()
        .map(|(at, night)| {
            let mut ruled_out_by: Vec<String> = group
                .iter()
                .flat_map(|member| plan.rules_of[*member as usize].iter().map(move |number| (*member, *number)))
                .filter(|(_, number)| plan.rule_forbids(*number, at))
                .map(|(member, number)| sentence(input, person, member, &plan.rules.get(number).0.to_string()))
                .collect();
            ruled_out_by.sort_unstable();
            ruled_out_by.dedup();
            NightTold {
                night: name_of_night(at as u32).unwrap_or_default(),
                chosen: at as u32 == own,
                ruled_out_by,
                room: night.capacity.saturating_sub(night.people),
                weight: weights[at],
            }
        })
        .collect();

    Explanation {
        identity: people[person as usize].identity.clone(),
        batch: batch_name(person),
        night: name_of_night(own),
        because: because(input, plan, person, &nights, group.len()),
        together_with: group.iter().filter(|other| **other != person).map(|other| people[*other as usize].identity.clone()).collect(),
        cut_weight,
        ties,
        nights,
    }
}

/// What a night is called: its date, or its batch where there is no calendar.
pub fn night_name(plan: &BatchPlan, night: u32) -> Option<String> {
    let night = plan.nights.get(night as usize)?;
    match night.date {
        Some(date) => Some(date.to_string()),
        None => plan.batches.get(night.batches.start as usize).map(|batch| batch.name.clone()),
    }
}

fn sentence(input: &Input, person: u32, member: u32, what: &str) -> String {
    if member == person {
        what.to_string()
    } else {
        format!("{}, who stays together with them, is {what}", input.people.list[member as usize].identity)
    }
}

fn because(input: &Input, plan: &BatchPlan, person: u32, nights: &[NightTold], group: usize) -> Vec<String> {
    let people = &input.people.list;
    let mut because: Vec<String> = plan.verdicts.excluded[person as usize].iter().map(|why| exclusion(input, why)).collect();
    if !because.is_empty() {
        return because;
    }
    let open: Vec<&NightTold> = nights.iter().filter(|night| night.ruled_out_by.is_empty()).collect();
    let Some(own) = nights.iter().find(|night| night.chosen) else { return because };
    if people[person as usize].submitted {
        because.push("The batch has been submitted, so its people stay.".to_string());
        return because;
    }
    if open.len() == 1 && nights.len() > 1 {
        because.push(format!("The rules leave no other night than {}.", own.night));
    } else if open.len() < nights.len() {
        because.push(format!("The rules leave {} of {} nights.", open.len(), nights.len()));
    }
    if let Some(previous) = input.previous {
        match previous.batch_of[person as usize].as_deref() {
            Some(batch) if previous.night(batch).map(|date| date.to_string()).as_deref() == Some(&own.night) => {
                because.push("The previous plan had this night, and nothing asked for another.".to_string());
            }
            Some(batch) => because.push(format!("The previous plan had the batch {batch}, which could not be kept.")),
            None => {}
        }
    }
    let best = open.iter().max_by_key(|night| night.weight).map_or(0, |night| night.weight);
    if open.len() > 1 {
        because.push(if best == 0 {
            "No soft tie leads to anybody else, so this night is as good as any that has room.".to_string()
        } else if own.weight == best {
            format!("More tie weight leads to this night than to any other that is possible ({}).", own.weight)
        } else {
            format!("Ties weighing {} lead to this night, up to {best} to another; there was no room there, or somebody else's ties weighed more.", own.weight)
        });
    }
    if group > 1 {
        because.push(format!("{} people are held together by hard ties or a common batch and go as one.", group));
    }
    because
}

/// Why somebody is in no batch, as a sentence.
pub fn exclusion(input: &Input, why: &Exclusion) -> String {
    match why {
        Exclusion::Finding(code) => format!("{code}: {}", crate::finding::rule(code).why),
        Exclusion::TiedTo(other) => format!("A hard tie leads to {}, who is in no batch.", input.people.list[*other as usize].identity),
        Exclusion::TooLarge(people) => format!("{people} people who may not be parted are more than any night takes; see the finding."),
        Exclusion::RulesConflict => "No night satisfies all that is asked of those who may not be parted; see the finding.".to_string(),
    }
}
