//! One night divided into batches.

use super::graph::Graph;
use super::partition;
use super::placement::{Placement, Rule, NOWHERE};
use crate::problem::Problem;
use crate::watch::Watch;
use std::collections::BTreeMap;

/// Somebody who is cut over in the night, as dividing it sees them.
#[derive(Debug, Clone, Copy)]
pub struct Guest<'a> {
    /// The person.
    pub person: u32,
    /// The group that hard ties make.
    pub group: u32,
    /// The cluster of time zones; people of one batch share the moment of their cutover.
    pub cluster: u16,
    /// The batch that they are pinned to.
    pub pinned: Option<&'a str>,
    /// That batch has been submitted.
    pub submitted: bool,
    /// The batch that they were in.
    pub previous: Option<&'a str>,
}

/// A batch without its final name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The name, where one is given.
    pub name: Option<String>,
    /// The cluster of time zones.
    pub cluster: u16,
    /// It has been submitted.
    pub submitted: bool,
    /// Its people, ascending.
    pub people: Vec<u32>,
}

/// Divides a night. `ties` are those of one person, by person. No batch gets more than `size` people, unless it has been submitted larger.
///
/// Groups stay whole where they fit into a batch: nobody feels a tie between two batches of one night, but one batch is what an administrator watches.
pub fn divide<'g>(guests: &[Guest], size: u64, ties: impl Fn(u32) -> &'g [(u32, u32)], watch: &dyn Watch) -> Result<Vec<Draft>, Problem> {
    let mut drafts = Vec::new();
    let mut named: BTreeMap<(&str, bool), Vec<Guest>> = BTreeMap::new();
    let mut free: BTreeMap<u16, Vec<Guest>> = BTreeMap::new();
    for guest in guests {
        match guest.pinned {
            Some(name) => named.entry((name, guest.submitted)).or_default().push(*guest),
            None => free.entry(guest.cluster).or_default().push(*guest),
        }
    }
    for ((name, submitted), people) in named {
        let cluster = most_common(people.iter().map(|guest| guest.cluster));
        let parts = if submitted { vec![people.iter().map(|guest| guest.person).collect()] } else { parts(&people, size, &ties, watch)? };
        for (at, people) in parts.into_iter().enumerate() {
            let name = if at == 0 { name.to_string() } else { format!("{name}-{}", at + 1) };
            drafts.push(Draft { name: Some(name), cluster, submitted, people });
        }
    }
    for (cluster, people) in free {
        let previous: BTreeMap<u32, &str> = people.iter().filter_map(|guest| Some((guest.person, guest.previous?))).collect();
        for members in parts(&people, size, &ties, watch)? {
            // A batch that is mostly an earlier one keeps its name.
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            members.iter().filter_map(|person| previous.get(person)).for_each(|name| *counts.entry(name).or_default() += 1);
            let name = counts.into_iter().max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name))).filter(|(_, count)| count * 2 > members.len());
            drafts.push(Draft { name: name.map(|(name, _)| name.to_string()), cluster, submitted: false, people: members });
        }
    }
    Ok(drafts)
}

fn most_common(clusters: impl Iterator<Item = u16>) -> u16 {
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    clusters.for_each(|cluster| *counts.entry(cluster).or_default() += 1);
    counts.into_iter().max_by_key(|(cluster, count)| (*count, std::cmp::Reverse(*cluster))).map_or(0, |(cluster, _)| cluster)
}

/// People in as few parts as hold them.
fn parts<'g>(people: &[Guest], size: u64, ties: &impl Fn(u32) -> &'g [(u32, u32)], watch: &dyn Watch) -> Result<Vec<Vec<u32>>, Problem> {
    let count = people.len() as u64;
    if count <= size {
        let mut members: Vec<u32> = people.iter().map(|guest| guest.person).collect();
        members.sort_unstable();
        return Ok(vec![members]);
    }
    // What is too large for a batch is taken person by person; so is everything, where groups do not fit otherwise.
    let fewest = count.div_ceil(size) as usize;
    for whole_groups in [true, false] {
        let mut sizes: BTreeMap<u32, u64> = BTreeMap::new();
        people.iter().for_each(|guest| *sizes.entry(guest.group).or_default() += 1);
        let whole = |guest: &Guest| whole_groups && sizes[&guest.group] <= size;
        let mut numbers: BTreeMap<(bool, u32), u32> = BTreeMap::new();
        let mut unit_of: BTreeMap<u32, u32> = BTreeMap::new();
        for guest in people {
            let key = if whole(guest) { (true, guest.group) } else { (false, guest.person) };
            let next = numbers.len() as u32;
            unit_of.insert(guest.person, *numbers.entry(key).or_insert(next));
        }
        let mut loads = vec![0u64; numbers.len()];
        people.iter().for_each(|guest| loads[unit_of[&guest.person] as usize] += 1);
        let inner = people.iter().flat_map(|guest| {
            let (from, unit_of) = (unit_of[&guest.person], &unit_of);
            ties(guest.person).iter().filter(move |(other, _)| *other > guest.person).filter_map(move |(other, weight)| Some((from, *unit_of.get(other)?, *weight)))
        });
        let graph = Graph::new(numbers.len(), inner);
        // The earlier batches, by their names, are the first places.
        let names: Vec<&str> = people.iter().filter_map(|guest| guest.previous).collect::<std::collections::BTreeSet<_>>().into_iter().take(fewest).collect();
        let mut home = vec![NOWHERE; numbers.len()];
        for guest in people {
            if let Some(place) = guest.previous.and_then(|previous| names.iter().position(|name| *name == previous)) {
                home[unit_of[&guest.person] as usize] = place as u32;
            }
        }
        let rules = [Rule { cost: vec![Some(0); fewest] }];
        let placement = Placement {
            graph: &graph,
            loads: &loads,
            dimensions: 1,
            capacities: &vec![size; fewest],
            rules: &rules,
            rule: &vec![0; numbers.len()],
            home: if names.is_empty() { &[] } else { &home },
            leaving: super::planner::LEAVING,
        };
        if let Ok(places) = partition::place(&placement, watch) {
            let mut parts = vec![Vec::new(); fewest];
            people.iter().for_each(|guest| parts[places[unit_of[&guest.person] as usize] as usize].push(guest.person));
            parts.iter_mut().for_each(|part| part.sort_unstable());
            parts.retain(|part| !part.is_empty());
            return Ok(parts);
        }
    }
    // Single people always fit into enough parts.
    let mut members: Vec<u32> = people.iter().map(|guest| guest.person).collect();
    members.sort_unstable();
    Ok(members.chunks(size as usize).map(<[u32]>::to_vec).collect())
}
