//! What `tools/bench/Batch.ps1` runs, one process per measurement.
//!
//! `batch_bench graph KIND PEOPLE TIES FILE` writes a graph of a kind (departments, geometric, scale-free) in the text format of METIS.
//! `batch_bench place FILE PLACES PERCENT` reads such a graph, or an edge list such as SNAP's, places everyone under a capacity of PERCENT % of an even
//! share, and prints one line of JSON: the weight of ties cut, seconds and seconds of all processors (without reading), peak memory (Linux). `batch_bench metis FILE TO` converts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::time::Instant;

use coexist_core::batch::graph::Graph;
use coexist_core::batch::partition;
use coexist_core::batch::placement::{Placement, Rule};
use coexist_core::watch::Unwatched;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["graph", kind, people, ties, file] => {
            let (people, ties) = (people.parse().unwrap(), ties.parse().unwrap());
            let graph = match kind {
                "departments" => departments(people, ties),
                "geometric" => geometric(people, ties),
                "scale-free" => scale_free(people, ties),
                other => panic!("no graph is of the kind '{other}'"),
            };
            std::fs::write(file, metis(&graph)).unwrap();
        }
        ["metis", file, to] => std::fs::write(to, metis(&read(file))).unwrap(),
        ["place", file, places, percent] => {
            let graph = read(file);
            let (places, percent): (usize, usize) = (places.parse().unwrap(), percent.parse().unwrap());
            let people = graph.len();
            let capacity = (people * percent / 100 / places).max(people.div_ceil(places)) as u64;
            let placement = Placement {
                graph: &graph,
                loads: &vec![1; people],
                dimensions: 1,
                capacities: &vec![capacity; places],
                rules: &[Rule { cost: vec![Some(0); places] }],
                rule: &vec![0; people],
                home: &[],
                leaving: 0,
            };
            let (start, processors) = (Instant::now(), processor_seconds());
            let place = partition::place(&placement, &Unwatched).expect("everyone fits");
            let seconds = start.elapsed().as_secs_f64();
            let processors = processor_seconds().zip(processors).map_or(seconds, |(end, start)| end - start);
            let mut held = vec![0; places];
            place.iter().for_each(|place| held[*place as usize] += 1);
            assert!(held.iter().all(|held| *held <= capacity), "a place holds too much");
            let (cut, ties) = (graph.cut(&place), graph.half_ties() / 2);
            println!(r#"{{"people":{people},"ties":{ties},"cut":{cut},"seconds":{seconds:.4},"processorSeconds":{processors:.4},"peakKiB":{}}}"#, peak_kib());
        }
        _ => panic!("see the head of rust/coexist-core/examples/batch_bench.rs"),
    }
}

/// The most memory this process ever held; 0 where the system does not say.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

/// What this process has used of all processors, threads that have ended too; nothing where the system does not say.
fn processor_seconds() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/stat").ok()?;
    // utime and stime, in hundredths: the 12th and 13th word after the name in parentheses.
    let words = status.rsplit(')').next()?.split_whitespace();
    Some(words.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0)
}

/// A graph file of METIS, or lines of two vertices each; comments begin with # or %.
fn read(file: &str) -> Graph {
    let text = std::fs::read_to_string(file).unwrap();
    let numbers = |line: &str| -> Vec<u32> { line.split_ascii_whitespace().map(|number| number.parse().unwrap()).collect() };
    let mut lines = text.lines().filter(|line| !line.starts_with(['#', '%']));
    if file.ends_with(".graph") {
        let head = numbers(lines.next().unwrap());
        let weighted = head.get(2) == Some(&1);
        let ties = lines.enumerate().flat_map(|(vertex, line)| {
            let row = numbers(line);
            let step = if weighted { 2 } else { 1 };
            let ties: Vec<_> = row.chunks_exact(step).map(|tie| (vertex as u32, tie[0] - 1, tie.get(1).copied().unwrap_or(1))).collect();
            ties.into_iter().filter(|(a, b, _)| a < b)
        });
        return Graph::new(head[0] as usize, ties);
    }
    // Either direction may be listed, or both.
    let mut ties: Vec<(u32, u32)> = lines.map(numbers).filter(|row| row.len() >= 2).map(|row| (row[0].min(row[1]), row[0].max(row[1]))).collect();
    ties.sort_unstable();
    ties.dedup();
    let count = ties.iter().map(|tie| tie.1 as usize + 1).max().unwrap_or(0);
    Graph::new(count, ties.into_iter().map(|(a, b)| (a, b, 1)))
}

fn metis(graph: &Graph) -> String {
    let mut text = format!("{} {} 001\n", graph.len(), graph.half_ties() / 2);
    for vertex in 0..graph.len() as u32 {
        for (other, weight) in graph.ties(vertex) {
            write!(text, "{} {weight} ", other + 1).unwrap();
        }
        text.push('\n');
    }
    text
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Everyone's name drawn by lot, so that numbers tell nothing.
    fn names(&mut self, count: usize) -> Vec<u32> {
        let mut names: Vec<u32> = (0..count as u32).collect();
        (1..count).rev().for_each(|at| names.swap(at, self.below(at + 1)));
        names
    }
}

/// A company: teams of a dozen in departments of 300 in divisions of 6,000, delegates within a team; a few people know very many.
fn departments(people: usize, ties: usize) -> Graph {
    let mut random = Random(5);
    let names = random.names(people);
    // A Pareto distribution in whole numbers: one in two knows twice as many, one in four four times, ….
    let fame: Vec<u32> = (0..people).map(|_| random.next().trailing_zeros().min(10)).collect();
    let mut seen = std::collections::HashSet::new();
    let mut list = Vec::new();
    while list.len() < ties {
        let one = random.below(people);
        let (within, weight) = match random.below(100) {
            0..45 => (12, 1 + random.below(4) as u32),
            45..80 => (300, 1),
            80..93 => (6_000, 1),
            _ => (people, 1),
        };
        let first = one / within * within;
        let size = within.min(people - first);
        let (a, b) = (first + random.below(size), first + random.below(size));
        let other = if fame[a] > fame[b] { a } else { b };
        if one != other && seen.insert((one.min(other), one.max(other))) {
            list.push((names[one], names[other], weight));
        }
    }
    Graph::new(people, list)
}

/// People on a map, tied to whom they are near.
fn geometric(people: usize, ties: usize) -> Graph {
    let mut random = Random(6);
    let names = random.names(people);
    let side = 1usize << 20;
    // A circle of this radius holds twice as many others as there are ties a person.
    let square = (2 * ties) as f64 / people as f64 / (people as f64 * std::f64::consts::PI) * (side as f64 * side as f64);
    let radius = square.sqrt();
    let cells = ((side as f64 / radius) as usize).max(1);
    let points: Vec<(usize, usize)> = (0..people).map(|_| (random.below(side), random.below(side))).collect();
    let cell = |point: (usize, usize)| (point.0 * cells / side, point.1 * cells / side);
    let mut grid = vec![Vec::new(); cells * cells];
    let mut list = Vec::new();
    for (at, &point) in points.iter().enumerate() {
        let (x, y) = cell(point);
        for near in (x.saturating_sub(1)..(x + 2).min(cells)).flat_map(|x| (y.saturating_sub(1)..(y + 2).min(cells)).map(move |y| x * cells + y)) {
            for &other in &grid[near] {
                let there: (usize, usize) = points[other];
                let (dx, dy) = (point.0.abs_diff(there.0) as f64, point.1.abs_diff(there.1) as f64);
                if dx * dx + dy * dy <= square {
                    list.push((names[at], names[other], 1));
                }
            }
        }
        grid[x * cells + y].push(at);
    }
    Graph::new(people, list)
}

/// Who comes later is tied to who has many ties already (Barabási and Albert).
fn scale_free(people: usize, ties: usize) -> Graph {
    let mut random = Random(7);
    let names = random.names(people);
    let each = (ties / people).max(1);
    let mut ends: Vec<usize> = vec![0];
    let mut list = Vec::new();
    for one in 1..people {
        for _ in 0..each.min(one) {
            let other = ends[random.below(ends.len())];
            if other != one {
                list.push((names[one], names[other], 1));
                ends.push(other);
                ends.push(one);
            }
        }
    }
    Graph::new(people, list)
}
