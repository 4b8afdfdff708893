//! Coarsening: clusters by label propagation, never heavier than a bound, become the vertices of the next level.
//!
//! Ties between people are not a mesh: a few know thousands, most know a few. A matching stops at such hubs (only one neighbour of a hub can be matched with
//! it); label propagation under a bound (Meyerhenke, Sanders, Schulz 2014) takes a whole team at once. What still stays alone (leaves of a hub whose
//! cluster is full, people without ties) is joined with others that wished for the same cluster.

use std::borrow::Cow;

use super::level::Level;
use super::random::Random;

/// The cluster of each vertex, numbered from 0 without gaps, and how many there are.
pub(super) struct Clusters {
    pub of: Vec<u32>,
    pub count: usize,
}

/// Vertices of one cluster have the same rule, home and label, and no dimension of it exceeds the bound (vertices that do by themselves stay alone).
pub(super) fn cluster(level: &Level, bound: &[u64], labels: Option<&[u32]>, rounds: usize, random: &mut Random) -> Clusters {
    let count = level.len();
    let mut of: Vec<u32> = (0..count as u32).collect();
    let mut loads = level.loads.to_vec();
    let mut members = vec![1u32; count];
    let dimensions = level.dimensions;
    let same = |of: &[u32]| of.windows(2).all(|pair| pair[0] == pair[1]);
    let uniform = same(&level.rule) && same(&level.home);
    let alike = |a: u32, b: u32| {
        let (a, b) = (a as usize, b as usize);
        labels.is_none_or(|labels| labels[a] == labels[b]) && (uniform || (level.rule[a] == level.rule[b] && level.home[a] == level.home[b]))
    };
    let fits = |loads: &[u64], cluster: u32, vertex: u32| {
        let row = &loads[cluster as usize * dimensions..][..dimensions];
        row.iter().zip(level.load(vertex)).zip(bound).all(|((sum, load), bound)| sum.saturating_add(*load) <= *bound)
    };
    let order = by_degree(level, random);
    let mut rating = vec![0u64; count];
    let mut touched: Vec<u32> = Vec::new();
    // The cluster that a vertex would have joined, had there been room.
    let mut wish: Vec<u32> = (0..count as u32).collect();
    for round in 0..rounds {
        let mut moved = 0;
        for &vertex in &order {
            let ties = level.ties(vertex);
            if ties.is_empty() {
                continue;
            }
            touched.clear();
            for &(other, weight) in ties {
                if !alike(vertex, other) {
                    continue;
                }
                let cluster = of[other as usize];
                if rating[cluster as usize] == 0 {
                    touched.push(cluster);
                }
                rating[cluster as usize] += u64::from(weight);
            }
            let own = of[vertex as usize];
            let (mut best, mut best_rating, mut equals) = (own, rating[own as usize], 1u64);
            let (mut wished, mut wished_rating) = (vertex, 0);
            for &cluster in &touched {
                let value = rating[cluster as usize];
                rating[cluster as usize] = 0;
                if value > wished_rating {
                    (wished, wished_rating) = (cluster, value);
                }
                if cluster == own || value < best_rating || !fits(&loads, cluster, vertex) {
                    continue;
                }
                equals = if value > best_rating { 1 } else { equals + 1 };
                if equals == 1 || random.next() % equals == 0 {
                    (best, best_rating) = (cluster, value);
                }
            }
            wish[vertex as usize] = wished;
            if best != own {
                for (at, load) in level.load(vertex).iter().enumerate() {
                    loads[own as usize * dimensions + at] -= load;
                    loads[best as usize * dimensions + at] += load;
                }
                members[own as usize] -= 1;
                members[best as usize] += 1;
                of[vertex as usize] = best;
                moved += 1;
            }
        }
        if moved * 50 < count || (round + 1 < rounds && moved == 0) {
            break;
        }
    }
    join_the_lonely(level, bound, labels, &mut of, &mut loads, &members, &wish);
    renumber(of)
}

/// Vertices in bands of about the same degree, small degrees first, without a pattern inside a band.
fn by_degree(level: &Level, random: &mut Random) -> Vec<u32> {
    let band = |vertex: u32| (usize::BITS - level.degree(vertex).leading_zeros()) as usize;
    let mut starts = [0usize; 66];
    for vertex in 0..level.len() as u32 {
        starts[band(vertex) + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut next = starts;
    let mut order = vec![0u32; level.len()];
    for vertex in 0..level.len() as u32 {
        let place = &mut next[band(vertex)];
        order[*place] = vertex;
        *place += 1;
    }
    for at in 1..starts.len() {
        random.shuffle(&mut order[starts[at - 1]..starts[at]]);
    }
    order
}

/// Joins vertices that are still alone with others that wished for the same cluster (or with others without ties).
fn join_the_lonely(level: &Level, bound: &[u64], labels: Option<&[u32]>, of: &mut [u32], loads: &mut [u64], members: &[u32], wish: &[u32]) {
    let dimensions = level.dimensions;
    let wished = |vertex: u32| if wish[vertex as usize] == vertex { u32::MAX } else { of[wish[vertex as usize] as usize] };
    let key = |vertex: u32| {
        let at = vertex as usize;
        (wished(vertex), level.rule[at], level.home[at], labels.map_or(0, |labels| labels[at]))
    };
    let mut lonely: Vec<u32> = (0..level.len() as u32).filter(|vertex| of[*vertex as usize] == *vertex && members[*vertex as usize] == 1).collect();
    lonely.sort_by_cached_key(|vertex| (key(*vertex), *vertex));
    let keys: Vec<_> = lonely.iter().map(|vertex| key(*vertex)).collect();
    let mut into: Option<usize> = None;
    for at in 0..lonely.len() {
        let vertex = lonely[at] as usize;
        if let Some(first) = into.filter(|first| keys[*first] == keys[at]) {
            let cluster = lonely[first] as usize;
            let fits = (0..dimensions).all(|d| loads[cluster * dimensions + d].saturating_add(loads[vertex * dimensions + d]) <= bound[d]);
            if fits {
                for d in 0..dimensions {
                    loads[cluster * dimensions + d] += loads[vertex * dimensions + d];
                }
                of[vertex] = cluster as u32;
                continue;
            }
        }
        into = Some(at);
    }
}

fn renumber(mut of: Vec<u32>) -> Clusters {
    let mut number = vec![u32::MAX; of.len()];
    let mut count = 0;
    for cluster in &mut of {
        let number = &mut number[*cluster as usize];
        if *number == u32::MAX {
            *number = count;
            count += 1;
        }
        *cluster = *number;
    }
    Clusters { of, count: count as usize }
}

/// The level whose vertices are the clusters.
pub(super) fn contract(level: &Level, clusters: &Clusters) -> Level<'static> {
    let dimensions = level.dimensions;
    let mut starts = vec![0usize; clusters.count + 1];
    for cluster in &clusters.of {
        starts[*cluster as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut next = starts.clone();
    let mut members = vec![0u32; level.len()];
    for (vertex, cluster) in clusters.of.iter().enumerate() {
        members[next[*cluster as usize]] = vertex as u32;
        next[*cluster as usize] += 1;
    }
    let mut loads = vec![0u64; clusters.count * dimensions];
    let (mut rule, mut home) = (Vec::with_capacity(clusters.count), Vec::with_capacity(clusters.count));
    let mut offsets = Vec::with_capacity(clusters.count + 1);
    offsets.push(0);
    let mut edges: Vec<(u32, u32)> = Vec::new();
    // Where the tie to a cluster stands in `edges`, if that is at or after the start of the present cluster.
    let mut slot = vec![usize::MAX; clusters.count];
    for cluster in 0..clusters.count {
        let first = edges.len();
        let inside = &members[starts[cluster]..starts[cluster + 1]];
        for &vertex in inside {
            for (d, load) in level.load(vertex).iter().enumerate() {
                loads[cluster * dimensions + d] += load;
            }
            for &(other, weight) in level.ties(vertex) {
                let target = clusters.of[other as usize];
                if target as usize == cluster {
                    continue;
                }
                let at = slot[target as usize];
                if at != usize::MAX && at >= first {
                    edges[at].1 = edges[at].1.saturating_add(weight);
                } else {
                    slot[target as usize] = edges.len();
                    edges.push((target, weight));
                }
            }
        }
        rule.push(level.rule[inside[0] as usize]);
        home.push(level.home[inside[0] as usize]);
        offsets.push(edges.len());
    }
    edges.shrink_to_fit();
    Level {
        starts: Cow::Owned(offsets),
        edges: Cow::Owned(edges),
        loads: Cow::Owned(loads),
        dimensions,
        rule: Cow::Owned(rule),
        home: Cow::Owned(home),
    }
}
