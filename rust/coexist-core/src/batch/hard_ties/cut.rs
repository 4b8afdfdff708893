//! Which hard ties to release so that what is left fits, none of them in vain.
//!
//! A set of released ties from which none can be left out is the same as a division into connected parts of which no two neighbours fit together. So every
//! way to divide ends in merging neighbours while they fit; small knots are searched in full, large ones divided in several ways, the lightest cut is taken.

use super::Forest;
use crate::batch::graph::Graph;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// The work that the full search may do, in steps.
const SEARCH: u64 = 2_000_000;
/// More people than this are not searched in full.
const SEARCHED: usize = 32;
/// How often a division is bettered and tidied.
const ROUNDS: usize = 4;

/// Hard ties whose release lets the rest fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeingCut {
    /// The ties to release, by their place in the list; put back any one of them and some part exceeds the cap again.
    pub ties: Vec<usize>,
    /// What they weigh together.
    pub weight: u64,
    /// Who then hangs together, each part ascending, parts by their first member.
    pub parts: Vec<Vec<u32>>,
    /// No lighter cut exists: every one was looked at.
    pub least: bool,
}

/// People who alone exceed the cap; no release helps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooHeavy {
    /// Each of them with the dimension in which they do.
    pub members: Vec<(u32, usize)>,
}

/// Hard ties of little weight whose release parts these members so that each part keeps to `cap`, one number per dimension; `loads` has such a row for each
/// member. Ties that name others are passed over.
pub fn freeing_cut(members: &[u32], ties: &[(u32, u32, u32)], loads: &[u64], cap: &[u64]) -> Result<FreeingCut, TooHeavy> {
    let dimensions = cap.len();
    let heavy: Vec<(u32, usize)> = members
        .iter()
        .enumerate()
        .filter_map(|(at, member)| (0..dimensions).find(|d| loads[at * dimensions + d] > cap[*d]).map(|d| (*member, d)))
        .collect();
    if !heavy.is_empty() {
        return Err(TooHeavy { members: heavy });
    }
    let position: HashMap<u32, u32, FxBuildHasher> = members.iter().enumerate().map(|(at, member)| (*member, at as u32)).collect();
    let local: Vec<Option<(u32, u32, u32)>> = ties.iter().map(|(a, b, w)| Some((*position.get(a)?, *position.get(b)?, *w))).collect();
    let graph = Graph::new(members.len(), local.iter().flatten().copied());
    let knot = Knot { graph: &graph, loads, cap };
    let (part, least) = knot.divide();

    let mut released = Vec::new();
    let mut weight = 0;
    for (at, tie) in local.iter().enumerate() {
        if let Some((a, b, w)) = tie {
            if part[*a as usize] != part[*b as usize] {
                released.push(at);
                weight += u64::from(*w);
            }
        }
    }
    let mut parts: Vec<Vec<u32>> = Vec::new();
    let mut number: HashMap<u32, usize, FxBuildHasher> = HashMap::default();
    for (at, member) in members.iter().enumerate() {
        let index = *number.entry(part[at]).or_insert_with(|| {
            parts.push(Vec::new());
            parts.len() - 1
        });
        parts[index].push(*member);
    }
    for part in &mut parts {
        part.sort_unstable();
    }
    parts.sort_unstable();
    Ok(FreeingCut { ties: released, weight, parts, least })
}

/// Where a part begins to grow.
#[derive(Clone, Copy)]
enum Seed {
    /// With who is tied least.
    Loose,
    /// With who is tied most.
    Tight,
    /// Beside the part before.
    Beside,
}

/// Whom a part takes next.
#[derive(Clone, Copy)]
enum Next {
    /// Who is tied to it most.
    Tied,
    /// Who, taken in, makes its border lightest.
    Border,
}

struct Knot<'a> {
    graph: &'a Graph,
    loads: &'a [u64],
    cap: &'a [u64],
}

impl Knot<'_> {
    fn size(&self) -> usize {
        self.graph.len()
    }

    fn load(&self, vertex: u32) -> &[u64] {
        &self.loads[vertex as usize * self.cap.len()..][..self.cap.len()]
    }

    fn fits(&self, one: &[u64], other: &[u64]) -> bool {
        self.cap.iter().zip(one.iter().zip(other)).all(|(cap, (a, b))| a.checked_add(*b).is_some_and(|sum| sum <= *cap))
    }

    /// The loads of the parts of a division whose labels are vertices.
    fn part_loads(&self, part: &[u32]) -> Vec<u64> {
        let dimensions = self.cap.len();
        let mut sums = vec![0u64; self.loads.len()];
        for vertex in 0..self.size() as u32 {
            for (d, load) in self.load(vertex).iter().enumerate() {
                let sum = &mut sums[part[vertex as usize] as usize * dimensions + d];
                *sum = sum.saturating_add(*load);
            }
        }
        sums
    }

    /// The best division found, and whether it is known that none is better.
    fn divide(&self) -> (Vec<u32>, bool) {
        let mut best = self.tidy(&self.spanning());
        let mut weight = self.graph.cut(&best);
        let alone: Vec<u32> = (0..self.size() as u32).collect();
        let mut candidates = vec![best.clone(), self.tidy(&alone)];
        for seed in [Seed::Loose, Seed::Tight, Seed::Beside] {
            candidates.extend([Next::Tied, Next::Border].map(|next| self.grow(seed, next)));
        }
        for candidate in candidates {
            if weight == 0 {
                break;
            }
            let (division, cut) = self.better(candidate);
            if cut < weight {
                (best, weight) = (division, cut);
            }
        }
        if weight == 0 {
            return (best, true);
        }
        match self.search(weight) {
            Some(Some(division)) => (self.tidy(&division), true),
            Some(None) => (best, true),
            None => (best, false),
        }
    }

    /// Betters and tidies a division until that helps no more.
    fn better(&self, start: Vec<u32>) -> (Vec<u32>, u64) {
        let mut best = self.tidy(&start);
        let mut weight = self.graph.cut(&best);
        for _ in 0..ROUNDS {
            let mut moved = best.clone();
            if !self.shift(&mut moved) {
                break;
            }
            let tidied = self.tidy(&moved);
            let cut = self.graph.cut(&tidied);
            if cut >= weight {
                break;
            }
            (best, weight) = (tidied, cut);
        }
        (best, weight)
    }

    /// Keeps ties in descending weight while what they join fits.
    fn spanning(&self) -> Vec<u32> {
        let mut ties: Vec<(Reverse<u32>, u32, u32)> = (0..self.size() as u32)
            .flat_map(|a| self.graph.ties(a).iter().filter(move |(b, _)| a < *b).map(move |(b, w)| (Reverse(*w), a, *b)))
            .collect();
        ties.sort_unstable();
        let dimensions = self.cap.len();
        let mut forest = Forest::new(self.size());
        let mut sums = self.loads.to_vec();
        for (_, a, b) in ties {
            let (a, b) = (forest.root(a) as usize, forest.root(b) as usize);
            if a != b && self.fits(&sums[a * dimensions..][..dimensions], &sums[b * dimensions..][..dimensions]) {
                if let Some((stays, goes)) = forest.join(a as u32, b as u32) {
                    for d in 0..dimensions {
                        sums[stays as usize * dimensions + d] += sums[goes as usize * dimensions + d];
                    }
                }
            }
        }
        (0..self.size() as u32).map(|vertex| forest.root(vertex)).collect()
    }

    /// Parts made connected, then neighbours merged, most tied first, until no two fit together. Labels are the lowest vertex of each part.
    fn tidy(&self, part: &[u32]) -> Vec<u32> {
        let dimensions = self.cap.len();
        let mut forest = Forest::new(self.size());
        for a in 0..self.size() as u32 {
            for (b, _) in self.graph.ties(a).iter().filter(|(b, _)| part[*b as usize] == part[a as usize]) {
                forest.join(a, *b);
            }
        }
        let label: Vec<u32> = (0..self.size() as u32).map(|vertex| forest.root(vertex)).collect();
        let mut sums = self.part_loads(&label);
        let mut between: Vec<BTreeMap<u32, u64>> = vec![BTreeMap::new(); self.size()];
        for a in 0..self.size() as u32 {
            for (b, w) in self.graph.ties(a).iter().filter(|(b, _)| label[*b as usize] != label[a as usize]) {
                *between[label[a as usize] as usize].entry(label[*b as usize]).or_default() += u64::from(*w);
            }
        }
        let mut heap: BinaryHeap<(u64, Reverse<u32>, Reverse<u32>)> = BinaryHeap::new();
        for (a, others) in between.iter().enumerate() {
            heap.extend(others.range(a as u32 + 1..).map(|(b, w)| (*w, Reverse(a as u32), Reverse(*b))));
        }
        while let Some((weight, Reverse(a), Reverse(b))) = heap.pop() {
            // An entry is stale when one of the two has gone or more has come between them; a fresher one follows.
            if between[a as usize].get(&b) != Some(&weight) {
                continue;
            }
            if !self.fits(&sums[a as usize * dimensions..][..dimensions], &sums[b as usize * dimensions..][..dimensions]) {
                continue;
            }
            let (stays, goes) = if between[a as usize].len() >= between[b as usize].len() { (a, b) } else { (b, a) };
            for d in 0..dimensions {
                sums[stays as usize * dimensions + d] += sums[goes as usize * dimensions + d];
            }
            forest.join(stays, goes);
            for (other, weight) in std::mem::take(&mut between[goes as usize]) {
                between[other as usize].remove(&goes);
                if other != stays {
                    let sum = between[stays as usize].entry(other).or_default();
                    *sum += weight;
                    heap.push((*sum, Reverse(stays.min(other)), Reverse(stays.max(other))));
                    let sum = *sum;
                    between[other as usize].insert(stays, sum);
                }
            }
        }
        (0..self.size() as u32).map(|vertex| forest.root(vertex)).collect()
    }

    /// Peels off one part after another: each grows to the cap and is then cut back to where its border was lightest for its size.
    fn grow(&self, seed: Seed, next: Next) -> Vec<u32> {
        const NONE: u32 = u32::MAX;
        let size = self.size();
        let degree: Vec<u64> = (0..size as u32).map(|v| self.graph.ties(v).iter().map(|(_, w)| u64::from(*w)).sum()).collect();
        let mut order: Vec<u32> = (0..size as u32).collect();
        match seed {
            Seed::Loose | Seed::Beside => order.sort_by_key(|v| degree[*v as usize]),
            Seed::Tight => order.sort_by_key(|v| Reverse(degree[*v as usize])),
        }
        let mut part = vec![NONE; size];
        // What ties a vertex to those not yet in any part, and to the part that grows: the round of that, the weight, and when it was first met (of equals, the
        // one met first goes first, so that parts grow round).
        let mut open = degree;
        let mut inside = vec![(NONE, 0u64, 0usize); size];
        let mut rank = vec![0usize; size];
        for (at, vertex) in order.iter().enumerate() {
            rank[*vertex as usize] = at;
        }
        let mut ordered = 0;
        let mut beside: Option<u32> = None;
        let mut round = 0;
        loop {
            let start = match beside.take().filter(|v| part[*v as usize] == NONE) {
                Some(vertex) => vertex,
                None => {
                    while order.get(ordered).is_some_and(|v| part[*v as usize] != NONE) {
                        ordered += 1;
                    }
                    match order.get(ordered) {
                        Some(vertex) => *vertex,
                        None => break,
                    }
                }
            };
            let mut heap = BinaryHeap::from([(0i128, Reverse(0usize), start)]);
            let mut load = vec![0u64; self.cap.len()];
            let mut border = 0u64;
            let mut taken: Vec<u32> = Vec::new();
            let mut cut_back = (f64::INFINITY, 0usize);
            inside[start as usize] = (round, 0, 0);
            let worth = |vertex: u32, inside: u64, open: &[u64]| match next {
                Next::Tied => i128::from(inside),
                Next::Border => 2 * i128::from(inside) - i128::from(open[vertex as usize]),
            };
            while let Some((value, Reverse(_), vertex)) = heap.pop() {
                let tied = inside[vertex as usize].1;
                let stale = vertex != start && value != worth(vertex, tied, &open);
                if stale || part[vertex as usize] != NONE || !self.fits(&load, self.load(vertex)) {
                    continue;
                }
                part[vertex as usize] = round;
                taken.push(vertex);
                for (sum, more) in load.iter_mut().zip(self.load(vertex)) {
                    *sum += more;
                }
                border = border - tied + (open[vertex as usize] - tied);
                let filled = load.iter().zip(self.cap).map(|(load, cap)| *load as f64 / (*cap).max(1) as f64).fold(0.0, f64::max);
                if filled >= 0.5 || border == 0 {
                    let price = border as f64 / filled.max(f64::MIN_POSITIVE);
                    if price <= cut_back.0 {
                        cut_back = (price, taken.len());
                    }
                }
                for (other, weight) in self.graph.ties(vertex).iter().filter(|(other, _)| part[*other as usize] == NONE) {
                    let (when, sum, met) = &mut inside[*other as usize];
                    if *when != round {
                        (*when, *sum, *met) = (round, 0, taken.len());
                    }
                    *sum += u64::from(*weight);
                    heap.push((worth(*other, *sum, &open), Reverse(*met), *other));
                }
            }
            let keep = if cut_back.1 == 0 { taken.len() } else { cut_back.1 };
            for vertex in &taken[keep..] {
                part[*vertex as usize] = NONE;
                ordered = ordered.min(rank[*vertex as usize]);
            }
            let mut most = 0;
            for vertex in &taken[..keep] {
                for (other, weight) in self.graph.ties(*vertex) {
                    open[*other as usize] -= u64::from(*weight);
                    if matches!(seed, Seed::Beside) && part[*other as usize] == NONE && u64::from(*weight) > most {
                        most = u64::from(*weight);
                        beside = Some(*other);
                    }
                }
            }
            round += 1;
        }
        part
    }

    /// Moves single vertices to the neighbouring part to which they are tied more, while it has room. True if any moved.
    fn shift(&self, part: &mut [u32]) -> bool {
        let dimensions = self.cap.len();
        let mut sums = self.part_loads(part);
        let mut any = false;
        let mut tied: Vec<(u32, u64)> = Vec::new();
        for _ in 0..ROUNDS {
            let mut moved = false;
            for vertex in 0..self.size() as u32 {
                let home = part[vertex as usize];
                tied.clear();
                tied.extend(self.graph.ties(vertex).iter().map(|(other, w)| (part[*other as usize], u64::from(*w))));
                if tied.iter().all(|(part, _)| *part == home) {
                    continue;
                }
                tied.sort_unstable_by_key(|(part, _)| *part);
                tied.dedup_by(|next, kept| {
                    let same = next.0 == kept.0;
                    if same {
                        kept.1 += next.1;
                    }
                    same
                });
                let stay = tied.iter().find(|(part, _)| *part == home).map_or(0, |(_, w)| *w);
                let load = self.load(vertex);
                let best = tied
                    .iter()
                    .filter(|(to, w)| *to != home && *w > stay && self.fits(&sums[*to as usize * dimensions..][..dimensions], load))
                    .max_by_key(|(to, w)| (*w, Reverse(*to)));
                if let Some((to, _)) = best {
                    for (d, load) in load.iter().enumerate() {
                        sums[home as usize * dimensions + d] -= load;
                        sums[*to as usize * dimensions + d] += load;
                    }
                    part[vertex as usize] = *to;
                    moved = true;
                }
            }
            any |= moved;
            if !moved {
                break;
            }
        }
        any
    }

    /// Looks at every division lighter than `weight`: the lightest if there is one, `None` if that would take too long.
    fn search(&self, weight: u64) -> Option<Option<Vec<u32>>> {
        if self.size() > SEARCHED {
            return None;
        }
        let mut ties: Vec<(Reverse<u32>, u32, u32)> = (0..self.size() as u32)
            .flat_map(|a| self.graph.ties(a).iter().filter(move |(b, _)| a < *b).map(move |(b, w)| (Reverse(*w), a, *b)))
            .collect();
        ties.sort_unstable();
        let ties: Vec<(u32, u32, u32)> = ties.into_iter().map(|(w, a, b)| (a, b, w.0)).collect();
        let part: Vec<u32> = (0..self.size() as u32).collect();
        let mut search = Search { knot: self, ties: &ties, best: None, bound: weight, steps: 0 };
        search.from(0, &part, 0)?;
        Some(search.best)
    }
}

struct Search<'a> {
    knot: &'a Knot<'a>,
    ties: &'a [(u32, u32, u32)],
    best: Option<Vec<u32>>,
    bound: u64,
    steps: u64,
}

impl Search<'_> {
    /// Keeps or releases the ties from `at` on; `None` when the steps have run out.
    fn from(&mut self, mut at: usize, part: &[u32], cut: u64) -> Option<()> {
        while self.ties.get(at).is_some_and(|(a, b, _)| part[*a as usize] == part[*b as usize]) {
            at += 1;
        }
        if cut >= self.bound {
            return Some(());
        }
        let Some(&(a, b, weight)) = self.ties.get(at) else {
            self.bound = cut;
            self.best = Some(part.to_vec());
            return Some(());
        };
        self.steps += part.len() as u64;
        if self.steps > SEARCH {
            return None;
        }
        let (stays, goes) = (part[a as usize], part[b as usize]);
        let dimensions = self.knot.cap.len();
        let joined: Vec<u32> = part.iter().map(|label| if *label == goes { stays } else { *label }).collect();
        let sums = self.knot.part_loads(&joined);
        let sum = &sums[stays as usize * dimensions..][..dimensions];
        if sum.iter().zip(self.knot.cap).all(|(sum, cap)| sum <= cap) {
            self.from(at + 1, &joined, cut)?;
        }
        self.from(at + 1, part, cut + u64::from(weight))
    }
}
