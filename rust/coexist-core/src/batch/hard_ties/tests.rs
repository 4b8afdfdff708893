use super::*;
use proptest::prelude::*;

type Tie = (u32, u32, u32);
/// Members, ties, loads, cap.
type Knot = (Vec<u32>, Vec<Tie>, Vec<u64>, Vec<u64>);

fn parts(members: &[u32], ties: &[Tie], without: &[usize]) -> Vec<Vec<u32>> {
    let position = |person: u32| members.iter().position(|m| *m == person).map(|at| at as u32);
    let kept: Vec<(u32, u32)> =
        ties.iter().enumerate().filter(|(at, _)| !without.contains(at)).filter_map(|(_, (a, b, _))| Some((position(*a)?, position(*b)?))).collect();
    let groups = groups(members.len(), &kept);
    (0..groups.len() as u32).map(|group| groups.members(group).iter().map(|at| members[*at as usize]).collect()).collect()
}

fn fits(members: &[u32], parts: &[Vec<u32>], loads: &[u64], cap: &[u64]) -> bool {
    let load = |person: &u32, d: usize| loads[members.iter().position(|m| m == person).unwrap() * cap.len() + d];
    parts.iter().all(|part| cap.iter().enumerate().all(|(d, cap)| part.iter().map(|person| load(person, d)).sum::<u64>() <= *cap))
}

/// The lightest release by trying every set of ties.
fn lightest(members: &[u32], ties: &[Tie], loads: &[u64], cap: &[u64]) -> u64 {
    (0u32..1 << ties.len())
        .filter_map(|set| {
            let released: Vec<usize> = (0..ties.len()).filter(|at| set >> at & 1 == 1).collect();
            let weight = released.iter().map(|at| u64::from(ties[*at].2)).sum::<u64>();
            fits(members, &parts(members, ties, &released), loads, cap).then_some(weight)
        })
        .min()
        .unwrap()
}

fn hold(members: &[u32], ties: &[Tie], loads: &[u64], cap: &[u64], cut: &FreeingCut, every: usize) {
    assert_eq!(cut.parts, parts(members, ties, &cut.ties));
    assert!(fits(members, &cut.parts, loads, cap));
    assert_eq!(cut.weight, cut.ties.iter().map(|at| u64::from(ties[*at].2)).sum::<u64>());
    for back in cut.ties.iter().step_by(every) {
        let others: Vec<usize> = cut.ties.iter().copied().filter(|at| at != back).collect();
        // A parallel tie that stays released makes no difference: the two parts are joined by the one that is put back.
        assert!(!fits(members, &parts(members, ties, &others), loads, cap), "tie {back} was released in vain");
    }
}

fn knot() -> impl Strategy<Value = Knot> {
    (2usize..8, 1usize..3).prop_flat_map(|(people, dimensions)| {
        let ends = 0..people as u32;
        (
            Just((0..people as u32).map(|m| m * 3 + 1).collect::<Vec<_>>()),
            prop::collection::vec((ends.clone(), ends, 0u32..6), 0..11)
                .prop_map(|ties| ties.into_iter().map(|(a, b, w)| (a * 3 + 1, b * 3 + 1, w)).collect::<Vec<_>>()),
            prop::collection::vec(1u64..4, people * dimensions),
            prop::collection::vec(3u64..9, dimensions),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_small_knot_is_freed_by_the_lightest_cut((members, ties, loads, cap) in knot()) {
        let cut = freeing_cut(&members, &ties, &loads, &cap).unwrap();
        hold(&members, &ties, &loads, &cap, &cut, 1);
        prop_assert!(cut.least);
        prop_assert_eq!(cut.weight, lightest(&members, &ties, &loads, &cap));
    }

    #[test]
    fn groups_are_what_hangs_together(people in 1usize..30, ties in prop::collection::vec((0u32..32, 0u32..32), 0..30)) {
        let groups = groups(people, &ties);
        let known: Vec<(u32, u32)> = ties.into_iter().filter(|(a, b)| (*a as usize) < people && (*b as usize) < people).collect();
        let mut firsts = Vec::new();
        let mut seen = 0;
        for group in 0..groups.len() as u32 {
            let members = groups.members(group);
            prop_assert!(members.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(members.iter().all(|m| groups.of()[*m as usize] == group));
            firsts.push(members[0]);
            seen += members.len();
            for member in members {
                // A chain exists inside a group, and every link of it is a tie.
                let chain = path(&known, members[0], *member).unwrap();
                prop_assert_eq!((chain[0], *chain.last().unwrap()), (members[0], *member));
                prop_assert!(chain.windows(2).all(|link| known.contains(&(link[0], link[1])) || known.contains(&(link[1], link[0]))));
            }
        }
        prop_assert_eq!(seen, people);
        prop_assert!(firsts.windows(2).all(|pair| pair[0] < pair[1]));
        for (a, b) in known {
            prop_assert_eq!(groups.of()[a as usize], groups.of()[b as usize]);
        }
    }
}

#[test]
fn the_shortest_chain_is_told() {
    let ties = [(1, 2), (2, 3), (3, 4), (4, 5), (1, 9), (9, 5), (7, 8)];
    assert_eq!(path(&ties, 1, 5), Some(vec![1, 9, 5]));
    assert_eq!(path(&ties, 4, 4), Some(vec![4]));
    assert_eq!(path(&ties, 1, 7), None);
}

#[test]
fn whoever_alone_exceeds_the_cap_is_told() {
    let heavy = freeing_cut(&[4, 7, 9], &[(4, 7, 1), (7, 9, 1)], &[1, 5, 1, 50, 1, 5], &[3, 40]).unwrap_err();
    assert_eq!(heavy.members, [(7, 1)]);
}

/// Large knots of the kinds that tenants have: (what, members, ties, cap, a weight that must not be exceeded).
fn large() -> Vec<(&'static str, usize, Vec<Tie>, u64, u64)> {
    let chain: Vec<Tie> = (0..4999).map(|a| (a, a + 1, 1)).collect();
    let star: Vec<Tie> = (1..5000).map(|spoke| (0, spoke, 1 + spoke % 7)).collect();
    // The cap leaves room for 1,999 spokes; the heaviest stay.
    let mut weights: Vec<u64> = star.iter().map(|(_, _, w)| u64::from(*w)).collect();
    weights.sort_unstable();
    let clique: Vec<Tie> = (0..120).flat_map(|a| (a + 1..120).map(move |b| (a, b, 1))).collect();
    // Twenty teams of 100, each with two assistants tied to everybody of it, the teams in a ring of single ties.
    let mut teams: Vec<Tie> = (0..2000u32).filter(|p| p % 100 > 1).flat_map(|p| [(p, p - p % 100, 5), (p, p - p % 100 + 1, 5)]).collect();
    teams.extend((0..20).map(|team| (team * 100 + 7, (team * 100 + 105) % 2000, 1)));
    let grid: Vec<Tie> =
        (0..2500u32).flat_map(|p| [(p % 50 < 49, p, p + 1), (p / 50 < 49, p, p + 50)]).filter(|(inside, _, _)| *inside).map(|(_, a, b)| (a, b, 1)).collect();
    vec![
        ("chain", 5000, chain, 100, 49),
        ("star", 5000, star, 2000, weights[..3000].iter().sum()),
        // Six full parts of 20.
        ("clique", 120, clique, 20, 15 * 400),
        // Ten parts of two teams each, at best.
        ("teams", 2000, teams, 200, 10),
        // Squares of ten by ten would cut 400.
        ("grid", 2500, grid, 100, 440),
    ]
}

#[test]
fn large_knots_are_freed_well() {
    for (what, size, ties, cap, most) in large() {
        let members: Vec<u32> = (0..size as u32).collect();
        let cut = freeing_cut(&members, &ties, &vec![1; size], &[cap]).unwrap();
        println!("{what}: weight {} (at most {most}), {} parts", cut.weight, cut.parts.len());
        assert!(cut.weight <= most, "{what}: {} > {most}", cut.weight);
        // Minimality by the parts: no two that a released tie joins may fit together.
        let groups = groups(size, &ties.iter().enumerate().filter(|(at, _)| cut.ties.binary_search(at).is_err()).map(|(_, t)| (t.0, t.1)).collect::<Vec<_>>());
        assert_eq!(groups.len(), cut.parts.len());
        for part in &cut.parts {
            assert!(part.len() as u64 <= cap, "{what}");
        }
        for at in &cut.ties {
            let (a, b, _) = ties[*at];
            let (a, b) = (groups.of()[a as usize], groups.of()[b as usize]);
            assert!(a != b && groups.members(a).len() + groups.members(b).len() > cap as usize, "{what}: tie {at} was released in vain");
        }
    }
}

#[test]
#[ignore = "a measurement: cargo test --release -- --ignored --nocapture speed_of_hard_ties"]
fn speed_of_hard_ties() {
    let mut state = 1u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) % below) as u32
    };
    let ties: Vec<(u32, u32)> = (0..5_000_000).map(|_| (draw(500_000), draw(500_000))).collect();
    let start = std::time::Instant::now();
    let groups = groups(500_000, &ties);
    println!("groups: {:?} for 500,000 people and 5,000,000 ties, {} groups", start.elapsed(), groups.len());
    let ties: Vec<Tie> = (0..200_000).map(|_| (draw(20_000), draw(20_000), 1 + draw(9))).collect();
    let members: Vec<u32> = (0..20_000).collect();
    let start = std::time::Instant::now();
    let cut = freeing_cut(&members, &ties, &vec![1; 20_000], &[2000]).unwrap();
    println!("freeing cut: {:?} for 20,000 people and 200,000 ties; weight {} in {} parts", start.elapsed(), cut.weight, cut.parts.len());
    for (what, size, ties, cap, _) in large() {
        let members: Vec<u32> = (0..size as u32).collect();
        let start = std::time::Instant::now();
        let cut = freeing_cut(&members, &ties, &vec![1; size], &[cap]).unwrap();
        println!("{what}: {:?}, weight {}", start.elapsed(), cut.weight);
    }
}
