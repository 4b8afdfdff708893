//! Whether what is wanted fits into what there is, if it may be divided at will: a greatest flow, and the cut that proves there is no greater.

use super::places::Places;

/// What a flow found.
pub(super) enum Flow {
    /// All of it fits: how much of each demand goes where (demand, place, amount).
    Fits(Vec<(u32, u32, u64)>),
    /// These places hold less than what may go nowhere else.
    Short(Places),
}

#[derive(Clone, Copy)]
struct Edge {
    to: u32,
    room: u128,
}

/// Dinic's algorithm over source, demands, places, sink.
struct Network {
    edges: Vec<Edge>,
    from: Vec<Vec<u32>>,
    level: Vec<u32>,
    next: Vec<usize>,
}

const FAR: u32 = u32::MAX;

impl Network {
    fn new(vertices: usize) -> Self {
        Network { edges: Vec::new(), from: vec![Vec::new(); vertices], level: Vec::new(), next: Vec::new() }
    }

    fn edge(&mut self, from: usize, to: usize, room: u128) {
        for (end, to, room) in [(from, to, room), (to, from, 0)] {
            self.from[end].push(self.edges.len() as u32);
            self.edges.push(Edge { to: to as u32, room });
        }
    }

    /// Distances from the source over what has room; whether the sink is reached.
    fn levels(&mut self, source: usize, sink: usize) -> bool {
        self.level = vec![FAR; self.from.len()];
        self.level[source] = 0;
        let mut queue = vec![source];
        let mut at = 0;
        while at < queue.len() {
            let vertex = queue[at];
            at += 1;
            for edge in &self.from[vertex] {
                let Edge { to, room } = self.edges[*edge as usize];
                if room > 0 && self.level[to as usize] == FAR {
                    self.level[to as usize] = self.level[vertex] + 1;
                    queue.push(to as usize);
                }
            }
        }
        self.level[sink] != FAR
    }

    /// One more way from the source to the sink, and what went over it.
    fn push(&mut self, source: usize, sink: usize) -> Option<u128> {
        let mut way: Vec<u32> = Vec::new();
        let mut at = source;
        while at != sink {
            let step = self.from[at][self.next[at]..].iter().position(|edge| {
                let Edge { to, room } = self.edges[*edge as usize];
                room > 0 && self.level[to as usize] == self.level[at] + 1
            });
            match step {
                Some(ahead) => {
                    self.next[at] += ahead;
                    let edge = self.from[at][self.next[at]];
                    way.push(edge);
                    at = self.edges[edge as usize].to as usize;
                }
                None => {
                    self.next[at] = self.from[at].len();
                    let edge = way.pop()?;
                    at = self.edges[edge as usize ^ 1].to as usize;
                    self.next[at] += 1;
                }
            }
        }
        let amount = way.iter().map(|edge| self.edges[*edge as usize].room).min()?;
        for edge in way {
            self.edges[edge as usize].room -= amount;
            self.edges[edge as usize ^ 1].room += amount;
        }
        Some(amount)
    }
}

/// Whether these demands (where they may go, how much) fit into places with this room (`None`: unbounded).
pub(super) fn flow(demands: &[(&Places, u64)], room: &[Option<u64>]) -> Flow {
    let (source, places, sink) = (0, 1 + demands.len(), 1 + demands.len() + room.len());
    let total: u128 = demands.iter().map(|(_, amount)| u128::from(*amount)).sum();
    let mut network = Network::new(sink + 1);
    for (at, (allowed, amount)) in demands.iter().enumerate() {
        network.edge(source, 1 + at, u128::from(*amount));
        for place in allowed.iter() {
            network.edge(1 + at, places + place as usize, u128::from(*amount));
        }
    }
    for (place, room) in room.iter().enumerate() {
        network.edge(places + place, sink, room.map_or(total, u128::from));
    }
    let mut sent = 0;
    while sent < total && network.levels(source, sink) {
        network.next = vec![0; network.from.len()];
        while let Some(amount) = network.push(source, sink) {
            sent += amount;
        }
    }
    if sent < total {
        return Flow::Short(Places::of(room.len(), |place| network.level[places + place as usize] != FAR));
    }
    let mut shares = Vec::new();
    for (at, _) in demands.iter().enumerate() {
        for edge in &network.from[1 + at] {
            let Edge { to, .. } = network.edges[*edge as usize];
            // What flowed stands on the way back; an amount never exceeds its demand, which is a u64.
            if to as usize >= places {
                let back = network.edges[*edge as usize ^ 1].room as u64;
                if back > 0 {
                    shares.push((at as u32, (to as usize - places) as u32, back));
                }
            }
        }
    }
    Flow::Fits(shares)
}
