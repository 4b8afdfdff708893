//! Early look.
#![allow(clippy::unwrap_used)]
use coexist_core::batch::{graph::Graph, partition, placement::{Placement, Rule}};
use coexist_core::watch::Unwatched;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let mut lines = text.lines();
    let n: usize = lines.next().unwrap().split(' ').next().unwrap().parse().unwrap();
    let mut ties = Vec::new();
    for (a, line) in lines.enumerate() {
        for b in line.split_ascii_whitespace() {
            let b: u32 = b.parse::<u32>().unwrap() - 1;
            if (a as u32) < b { ties.push((a as u32, b, 1)); }
        }
    }
    let graph = Graph::new(n, ties);
    let loads = vec![1u64; n];
    for k in &args[2..] {
        let k: usize = k.parse().unwrap();
        let slack: f64 = std::env::var("SLACK").ok().and_then(|c| c.parse().ok()).unwrap_or(1.03);
        let capacities = vec![((n as f64 * slack / k as f64) as u64).max(n.div_ceil(k) as u64); k];
        let rules = [Rule { cost: vec![Some(0); k] }];
        let rule = vec![0; n];
        let p = Placement { graph: &graph, loads: &loads, dimensions: 1, capacities: &capacities, rules: &rules, rule: &rule, home: &[], leaving: 0 };
        let t = std::time::Instant::now();
        let r = partition::place(&p, &Unwatched).unwrap();
        println!("k {k} cut {} time {:?}", graph.cut(&r), t.elapsed());
    }
}
