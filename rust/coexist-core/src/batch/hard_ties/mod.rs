//! Hard ties: who may never be parted, and what would have to be released where so many hang together that no place can hold them.

mod cut;
#[cfg(test)]
mod tests;

pub use cut::{freeing_cut, FreeingCut, TooHeavy};

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// People in groups that hard ties hold together, numbered by their first person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    of: Vec<u32>,
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Groups {
    /// How many groups.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// True without people.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The group of each person.
    pub fn of(&self) -> &[u32] {
        &self.of
    }

    /// The people of a group, ascending.
    pub fn members(&self, group: u32) -> &[u32] {
        &self.members[self.starts[group as usize] as usize..self.starts[group as usize + 1] as usize]
    }
}

/// The groups of this many people under these hard ties; a tie that names somebody beyond them is passed over.
pub fn groups(people: usize, hard: &[(u32, u32)]) -> Groups {
    let mut forest = Forest::new(people);
    for &(a, b) in hard.iter().filter(|(a, b)| (*a as usize) < people && (*b as usize) < people) {
        forest.join(a, b);
    }
    let mut of = vec![0u32; people];
    let mut starts = Vec::new();
    // The root of a tree is its lowest person, so it comes before everybody else of the tree and has its number by then.
    for person in 0..people as u32 {
        let root = forest.root(person);
        if root == person {
            of[person as usize] = starts.len() as u32;
            starts.push(0u32);
        } else {
            of[person as usize] = of[root as usize];
        }
        starts[of[person as usize] as usize] += 1;
    }
    let mut before = 0;
    for start in &mut starts {
        before += std::mem::replace(start, before);
    }
    starts.push(before);
    let mut next = starts.clone();
    let mut members = vec![0u32; people];
    for (person, group) in of.iter().enumerate() {
        members[next[*group as usize] as usize] = person as u32;
        next[*group as usize] += 1;
    }
    Groups { of, starts, members }
}

/// A shortest chain of ties from one person to another, both included; of several the one with the lowest numbers from the far end. `None` if there is none.
///
/// It is asked for single findings: give it the ties of one group, for it looks at all of them.
pub fn path(ties: &[(u32, u32)], from: u32, to: u32) -> Option<Vec<u32>> {
    if from == to {
        return Some(vec![from]);
    }
    let mut half: Vec<(u32, u32)> = ties.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect();
    half.sort_unstable();
    half.dedup();
    let neighbours = |person: u32| {
        let start = half.partition_point(|(a, _)| *a < person);
        half[start..].iter().take_while(move |(a, _)| *a == person).map(|(_, b)| *b)
    };
    // From the far end, so that the way back is already in order.
    let mut towards: HashMap<u32, u32, FxBuildHasher> = HashMap::default();
    towards.insert(to, to);
    let mut front = vec![to];
    while !front.is_empty() && !towards.contains_key(&from) {
        let mut next = Vec::new();
        for &person in &front {
            for other in neighbours(person) {
                towards.entry(other).or_insert_with(|| {
                    next.push(other);
                    person
                });
            }
        }
        front = next;
    }
    let mut chain = vec![from];
    let mut at = from;
    while at != to {
        at = *towards.get(&at)?;
        chain.push(at);
    }
    Some(chain)
}

/// Disjoint sets whose root is their lowest member.
#[derive(Clone)]
struct Forest(Vec<u32>);

impl Forest {
    fn new(size: usize) -> Self {
        Forest((0..size as u32).collect())
    }

    fn root(&mut self, mut at: u32) -> u32 {
        while self.0[at as usize] != at {
            let above = self.0[self.0[at as usize] as usize];
            self.0[at as usize] = above;
            at = above;
        }
        at
    }

    /// The root that stays and the one that goes, if they were apart.
    fn join(&mut self, a: u32, b: u32) -> Option<(u32, u32)> {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return None;
        }
        let (stays, goes) = (a.min(b), a.max(b));
        self.0[goes as usize] = stays;
        Some((stays, goes))
    }
}
