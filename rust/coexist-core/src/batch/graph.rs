//! Ties as a graph: an adjacency list in one run of memory.

/// An undirected graph with weighted edges: no loops, no parallel edges, every edge stored from both ends, neighbours in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    starts: Vec<usize>,
    edges: Vec<(u32, u32)>,
}

impl Graph {
    /// A graph of this many vertices from ties (one end, other end, weight). Parallel ties add up (saturating), ties from a vertex to itself are dropped.
    pub fn new(vertices: usize, ties: impl IntoIterator<Item = (u32, u32, u32)>) -> Self {
        let mut half: Vec<(u32, u32, u32)> = ties.into_iter().filter(|(a, b, _)| a != b).map(|(a, b, w)| (a.min(b), a.max(b), w)).collect();
        half.sort_unstable_by_key(|&(a, b, _)| (a, b));
        half.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            if same {
                kept.2 = kept.2.saturating_add(next.2);
            }
            same
        });
        let mut starts = vec![0usize; vertices + 1];
        for &(a, b, _) in &half {
            starts[a as usize + 1] += 1;
            starts[b as usize + 1] += 1;
        }
        for at in 0..vertices {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut edges = vec![(0, 0); half.len() * 2];
        // Lower ends come in order, so a vertex meets its smaller neighbours first and its greater ones after them, each ascending.
        for &(a, b, w) in &half {
            edges[next[b as usize]] = (a, w);
            next[b as usize] += 1;
        }
        for &(a, b, w) in &half {
            edges[next[a as usize]] = (b, w);
            next[a as usize] += 1;
        }
        Graph { starts, edges }
    }

    /// How many vertices.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// True without vertices.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The neighbours of a vertex with the weight of the tie, ascending.
    pub fn ties(&self, vertex: u32) -> &[(u32, u32)] {
        &self.edges[self.starts[vertex as usize]..self.starts[vertex as usize + 1]]
    }

    /// Where the neighbours of each vertex start (and the last end), and all neighbours.
    pub(super) fn parts(&self) -> (&[usize], &[(u32, u32)]) {
        (&self.starts, &self.edges)
    }

    /// Twice the number of ties.
    pub fn half_ties(&self) -> usize {
        self.edges.len()
    }

    /// The weight of ties whose ends lie in different parts.
    pub fn cut(&self, part: &[u32]) -> u64 {
        let mut twice = 0;
        for vertex in 0..self.len() {
            twice += self.ties(vertex as u32).iter().filter(|(other, _)| part[*other as usize] != part[vertex]).map(|(_, w)| u64::from(*w)).sum::<u64>();
        }
        twice / 2
    }
}
