use super::*;
use crate::plan::mc01;
use crate::snapshot::{key, key_hash, push_json, Chunk, Keys, Property, RecordBuilder, Snapshot, Table};
use crate::specification::Specification;
use crate::watch::Unwatched;
use proptest::prelude::*;
use std::collections::BTreeSet;

type Files = BTreeMap<String, Vec<u8>>;

fn lab(people: u64, seed: u64, options: &Options) -> (Files, Planted) {
    let mut files = Files::new();
    let mut sink = |path: &str, bytes: &[u8]| {
        files.entry(path.to_string()).or_default().extend_from_slice(bytes);
        Ok(())
    };
    let planted = write(people, seed, options, &mut sink, &Unwatched).unwrap();
    (files, planted)
}

/// Every line of a file that can be read, with its number from 1.
fn lines(text: &[u8]) -> impl Iterator<Item = (u64, serde_json::Value)> + '_ {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let lines = text.split(|byte| *byte == b'\n').zip(1..);
    lines.filter_map(|(line, number)| Some((number, serde_json::from_slice(line).ok().filter(serde_json::Value::is_object)?)))
}

/// The snapshot in a folder, and which lines of it could not be used.
fn snapshot(files: &Files, side: &str) -> (Snapshot, Vec<(String, u64)>) {
    let mut snapshot = Snapshot { tenant: serde_json::from_slice(&files[&format!("{side}/tenant.json")]).unwrap(), ..Snapshot::default() };
    let mut bad = Vec::new();
    for kind in Kind::ALL {
        let name = path(side, kind);
        let Some(text) = files.get(&name) else { continue };
        let mut table = Table::new(kind, name.clone());
        let mut keys = Keys::default();
        for (line, number) in text.strip_suffix(b"\n").into_iter().flat_map(|text| text.split(|byte| *byte == b'\n')).zip(1..) {
            let mut builder = RecordBuilder::default();
            let is_whole = std::str::from_utf8(line).is_ok_and(|line| push_json(&mut builder, line).is_ok());
            let record = builder.last();
            let hash = key(kind, &record).map(key_hash);
            let has_key = !kind.key().is_empty();
            if !is_whole || record.text(Property::RecipientTypeDetails).value().is_some_and(|text| kind.contradicts(text)) {
                bad.push((name.clone(), number));
                continue;
            }
            table.push(Chunk::new(builder, vec![number as u32]));
            if has_key && keys.note(&table, table.len() - 1, hash.unwrap()).is_some() {
                table.retain_last(|_| false);
                bad.push((name.clone(), number));
            }
        }
        snapshot.tables.insert(kind, table);
    }
    (snapshot, bad)
}

struct Found {
    counts: BTreeMap<String, u64>,
    /// Code, id and name.
    subjects: BTreeSet<(String, String, String)>,
    summary: crate::plan::Summary,
}

fn plan(files: &Files, specification: &str) -> Found {
    let specification = Specification::parse(std::str::from_utf8(&files[specification]).unwrap()).unwrap();
    let map = specification.matching.map_file.as_ref().map(|path| mc01::parse_map(std::str::from_utf8(&files[path]).unwrap()).unwrap()).unwrap_or_default();
    let ((source, _), (target, _)) = (snapshot(files, "source"), snapshot(files, "target"));
    let setup = mc01::Setup::new(&mc01::Inputs { specification: &specification, source: &source, target: &target, map: &map }).unwrap();
    assert!(setup.warnings.is_empty(), "{:?}", setup.warnings);
    let mut subjects = BTreeSet::new();
    let summary = mc01::run(&setup, true, &Unwatched, |block| {
        subjects.extend(block.findings.iter().map(|finding| (finding.code.to_string(), finding.subject.id.clone(), finding.subject.name.clone())));
        Ok(())
    })
    .unwrap();
    Found { counts: summary.findings.clone(), subjects, summary }
}

/// Code, id and name of everybody in `planted.json`.
fn planted_subjects(files: &Files) -> BTreeSet<(String, String, String)> {
    let planted: serde_json::Value = serde_json::from_slice(&files["planted.json"]).unwrap();
    let mut subjects = BTreeSet::new();
    for finding in planted["findings"].as_array().unwrap() {
        let people = finding["people"].as_array().unwrap();
        assert_eq!(finding["count"].as_u64().unwrap(), people.len() as u64, "{}", finding["code"]);
        for person in people {
            let text = |name: &str| person[name].as_str().unwrap().to_string();
            subjects.insert((finding["code"].as_str().unwrap().to_string(), text("id"), text("name")));
        }
    }
    subjects
}

#[test]
fn lab_found_equals_planted() {
    for (people, seed) in [(1, 1), (30, 2), (200, 3), (500, 4), (2000, 1), (1200, u64::MAX)] {
        let (files, planted) = lab(people, seed, &Options::default());
        let found = plan(&files, "coexist.json");
        assert_eq!(found.counts, planted.findings, "{people} people, seed {seed}");
        let subjects = planted_subjects(&files);
        let (missing, more): (Vec<_>, Vec<_>) = (subjects.difference(&found.subjects).collect(), found.subjects.difference(&subjects).collect());
        assert!(missing.is_empty() && more.is_empty(), "{people} people, seed {seed}: planted only {missing:?}; found only {more:?}");
        let ready = ["stamped", "syncedStamped"].iter().filter_map(|state| planted.states.get(*state)).sum::<u64>();
        assert_eq!(found.summary.ready, ready, "{people} people, seed {seed}");
        assert_eq!(plan(&files, "pilot.json").counts, planted.pilot, "{people} people, seed {seed}");
    }
}

#[test]
fn a_lab_is_the_same_bytes_everywhere() {
    use sha2::{Digest, Sha256};
    let digest = |people, seed, options: &Options| {
        let mut hash = Sha256::new();
        for (path, bytes) in &lab(people, seed, options).0 {
            hash.update(path);
            hash.update(bytes);
        }
        hex::encode(hash.finalize())
    };
    // A change of these is a change of what everybody's seed means: say so in the changelog.
    assert_eq!(digest(250, 1, &Options::default()), "21b4413cfc56fee132938cdf1100b52b08fe66cd0c78d6ce6f529cfd7fb9774c");
    assert_eq!(digest(250, 1, &Options::bench()), "832a52a2b9b237c6ea5327ae4e0d65db1720f18bf488a53ce7eff175ce98fc26");
    assert_ne!(digest(20, 1, &Options::default()), digest(20, 2, &Options::default()));
    // The threads that make it do not show.
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(alone.install(|| digest(3000, 1, &Options::bench())), digest(3000, 1, &Options::bench()));
}

/// Run it as a release build with --nocapture.
#[test]
#[ignore = "prints times, which mean something in a release build only"]
fn cost_of_a_bench() {
    let started = std::time::Instant::now();
    let planted = write(500_000, 1, &Options::bench(), &mut |_, _| Ok(()), &Unwatched).unwrap();
    println!("{:?}, {:#?}, {} MB", started.elapsed(), planted.files, planted.files.values().sum::<u64>() / 1_000_000);
}

#[test]
fn every_trouble_is_there_from_200_people_on() {
    let (_, planted) = lab(200, 9, &Options::default());
    for row in trouble::rows() {
        assert!(planted.findings.get(&row.code).is_some_and(|count| *count >= 1), "{}", row.code);
    }
    let (_, planted) = lab(2000, 9, &Options::default());
    assert_eq!(planted.findings["HoldLitigation"], 4);
    assert_eq!(planted.findings["TargetClaimedTwice"], 8);
}

#[test]
fn a_lab_without_troubles_has_none() {
    let (files, planted) = lab(800, 6, &Options { troubles_per_10_000: 0, bad_records: 0, ..Options::default() });
    assert_eq!(planted.findings.keys().collect::<Vec<_>>(), ["AddressNotAccepted", "UsageLocationMissing"]);
    assert!(planted.problems.is_empty());
    assert_eq!(plan(&files, "coexist.json").counts, planted.findings);
}

#[test]
fn the_bench_is_mostly_matched_and_unstamped() {
    let (files, planted) = lab(3000, 6, &Options::bench());
    let unstamped: u64 = ["external", "prepared", "synced", "syncedExternal"].iter().filter_map(|state| planted.states.get(*state)).sum();
    assert!(unstamped * 10 >= planted.people * 9, "{planted:?}");
    assert_eq!(plan(&files, "coexist.json").counts, planted.findings);
}

/// Every address of a file that can be used.
fn addresses(files: &Files, planted: &Planted, path: &str) -> Vec<String> {
    let is_good = |line: &u64| !planted.problems.iter().any(|problem| problem.file == path && problem.line == *line);
    let objects = lines(&files[path]).filter(|(line, _)| is_good(line)).map(|(_, object)| object);
    let key = |address: &serde_json::Value| address.as_str().map(|address| crate::address::ProxyAddress::parse(address).key());
    objects.flat_map(|object| object["EmailAddresses"].as_array().into_iter().flatten().filter_map(key).collect::<Vec<_>>()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn any_lab_is_whole(people in 1u64..400, seed: u64, bad_records in 0u32..9, bench: bool) {
        let options = Options { bench, bad_records, ..Options::default() };
        let (files, planted) = lab(people, seed, &options);
        prop_assert_eq!(files.iter().map(|(path, bytes)| (path.clone(), bytes.len() as u64)).collect::<BTreeMap<_, _>>(), planted.files.clone());

        // What cannot be read is what was planted, where it was planted.
        let mut bad: Vec<(String, u64)> = ["source", "target"].iter().flat_map(|side| snapshot(&files, side).1).collect();
        let mut wanted: Vec<(String, u64)> = planted.problems.iter().map(|problem| (problem.file.clone(), problem.line)).collect();
        bad.sort();
        wanted.sort();
        prop_assert_eq!(bad, wanted);
        prop_assert!(planted.problems.len() <= bad_records as usize && (people < 10 || planted.problems.len() == bad_records as usize));

        for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".jsonl")) {
            prop_assert!(!text.contains(&b'\r') && text.last().is_none_or(|byte| *byte == b'\n'));
            let key = ["MailboxGuid", "DomainName", "ObjectGUID", "ExternalDirectoryObjectId", "id", "Guid", "Identity"];
            let kind = Kind::parse(path.split(['/', '.']).nth(1).unwrap()).unwrap();
            let mut last = String::new();
            let planted_here: BTreeSet<u64> = planted.problems.iter().filter(|problem| problem.file == *path).map(|problem| problem.line).collect();
            let written: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
            for (number, object) in lines(text) {
                if planted_here.contains(&number) {
                    continue;
                }
                let object = object.as_object().unwrap();
                // Every property is one that Coexist reads, every template is filled in.
                for name in object.keys() {
                    prop_assert!(["Name", "service", "DisplayName", "FolderName"].contains(&name.as_str()) || Property::parse(name).is_some(), "{} in {}", name, path);
                }
                let line = written[number as usize - 1];
                prop_assert!(!line.windows(2).any(|pair| pair == b"{o" || pair == b"{m"), "{}", String::from_utf8_lossy(line));
                if kind.key().is_empty() {
                    continue;
                }
                let id = key.iter().find_map(|key| object.get(*key)).and_then(|id| id.as_str()).unwrap();
                prop_assert!(*id > *last, "{} {} {}", path, last, id);
                last = id.to_string();
            }
        }

        // No two recipients of one tenant have one address.
        for kinds in [vec![path("source", Kind::Mailboxes)], TARGET_FILES[..4].iter().map(|file| path("target", file.kind)).collect()] {
            let mut seen = BTreeSet::new();
            for key in kinds.iter().flat_map(|path| addresses(&files, &planted, path)) {
                prop_assert!(seen.insert(key.clone()), "{} twice", key);
            }
        }
        planted_listed(&files, bench)?;
        prop_assert_eq!(ties(&files), planted_ties(people, seed, &options));
    }
}

/// Kind, and the ids of the two, of every tie that reading the lab finds; and how many it misses.
fn ties(files: &Files) -> (BTreeSet<(String, String, String)>, u64) {
    use crate::batch::tie::{from_csv, from_snapshot, tests::resolver, Kinds};
    let (source, _) = snapshot(files, "source");
    let (kinds, limits) = (Kinds::default(), crate::limits::Limits::default());
    let table = source.table(Kind::Mailboxes).unwrap();
    let resolve = resolver(table);
    let mut found = from_snapshot(&source, &kinds, &limits, &resolve);
    let whole = files.contains_key("source/flows.jsonl");
    assert!(found.problems.iter().all(|problem| problem.code == "TiesNotExported" && !whole || problem.target.as_deref() == Some("GrantSendOnBehalfTo")), "{:?}", found.problems);
    found.merge(from_csv(std::str::from_utf8(&files["ties.csv"]).unwrap(), "ties.csv", &kinds, &limits, &resolve).unwrap());
    let id = |person: u32| table.get(person as usize).text(Property::ExternalDirectoryObjectId).value().unwrap().to_string();
    let missed = found.missed.values().map(|missed| missed.nobody + missed.several + missed.too_large).sum();
    (found.ties.iter().map(|tie| (kinds.get(tie.kind).name.clone(), id(tie.from), id(tie.to))).collect(), missed)
}

/// The same, as it was planted.
fn planted_ties(people: u64, seed: u64, options: &Options) -> (BTreeSet<(String, String, String)>, u64) {
    let world = World::new(people, seed, options);
    let id = |person| Draw::new(seed, person).ranked_guid(Field::SourceId, person, people).to_string();
    let ties = world.departments().flat_map(|department| department.ties()).map(|(kind, from, to)| (kind.to_string(), id(from), id(to))).collect();
    (ties, world.departments().map(|department| department.gone()).sum())
}

#[test]
fn ties_found_are_ties_planted() {
    for (people, seed) in [(1, 1), (30, 2), (500, 4), (3000, 1)] {
        let (files, planted) = lab(people, seed, &Options::default());
        let (found, missed) = ties(&files);
        let wanted = planted_ties(people, seed, &Options::default());
        let (more, less): (Vec<_>, Vec<_>) = (found.difference(&wanted.0).take(3).collect(), wanted.0.difference(&found).take(3).collect());
        assert!(more.is_empty() && less.is_empty(), "{people} people, seed {seed}: found only {more:?}; planted only {less:?}");
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        found.into_iter().for_each(|(kind, ..)| *counts.entry(kind).or_default() += 1);
        assert_eq!((counts, missed), (planted.ties, planted.ties_missed), "{people} people, seed {seed}");
    }
    // Every kind is there in a lab of some size, and every file has its lines.
    let (files, planted) = lab(3000, 1, &Options::default());
    assert_eq!(planted.ties.keys().collect::<BTreeSet<_>>(), crate::batch::tie::Kinds::default().all().map(|kind| &kind.name).collect());
    assert!(TIE_FILES.iter().all(|file| files.contains_key(&path("source", file.kind))));
}

#[test]
fn sizes_and_time_zones_are_those_of_a_real_tenant() {
    let (files, _) = lab(3000, 1, &Options::default());
    let (mut primary, mut archives, mut total) = (0, 0, 0);
    for (_, object) in lines(&files["source/mailboxStatistics.jsonl"]) {
        let bytes = crate::readiness::bytes(object["TotalItemSize"].as_str().unwrap()).unwrap();
        assert!(bytes < 100 << 30 && object["ItemCount"].as_u64().unwrap() <= bytes / 40_000, "{object}");
        match object["IsArchiveMailbox"].as_bool().unwrap() {
            true => archives += 1,
            false => (primary, total) = (primary + 1, total + bytes),
        }
    }
    assert!(primary > 2900 && (450..750).contains(&archives), "{primary} {archives}");
    assert!((6 << 30..14 << 30).contains(&(total / primary)), "{total}");
    let mut zones: BTreeMap<Option<String>, u64> = BTreeMap::new();
    for (_, object) in lines(&files["source/regionalConfigurations.jsonl"]) {
        *zones.entry(object["TimeZone"].as_str().map(str::to_string)).or_default() += 1;
    }
    assert!(zones.len() >= 10 && (60..220).contains(&zones[&None]), "{zones:?}");
}

fn planted_listed(files: &Files, bench: bool) -> Result<(), TestCaseError> {
    let planted: serde_json::Value = serde_json::from_slice(&files["planted.json"]).unwrap();
    let ids: BTreeSet<String> = lines(&files["source/mailboxes.jsonl"]).map(|(_, mailbox)| mailbox["ExternalDirectoryObjectId"].as_str().unwrap().to_string()).collect();
    for finding in planted["findings"].as_array().unwrap() {
        let people = finding["people"].as_array().unwrap();
        prop_assert!(bench || finding["count"].as_u64().unwrap() == people.len() as u64);
        for person in people {
            prop_assert!(finding["code"] == "MapSourceNotFound" || ids.contains(person["id"].as_str().unwrap()));
        }
    }
    Ok(())
}

#[test]
fn addresses_are_five_to_eight() {
    let (files, _) = lab(300, 1, &Options { troubles_per_10_000: 0, bad_records: 0, ..Options::default() });
    for path in ["source/mailboxes.jsonl", "target/mailUsers.jsonl"] {
        // The target's own mail users have fewer.
        let outside = |object: &serde_json::Value| object["ExternalEmailAddress"].as_str().is_some_and(|address| address.ends_with(&TENANTS.target.outside_domain));
        for (_, object) in lines(&files[path]).filter(|(_, object)| !outside(object)) {
            let count = object["EmailAddresses"].as_array().unwrap().len();
            assert!((5..=9).contains(&count), "{object}");
        }
    }
}

#[test]
fn states_have_one_name() {
    for share in &POPULATION.states {
        assert_eq!(serde_json::to_value(share.state).unwrap(), share.state.name());
    }
}

#[test]
fn sizes_out_of_range_and_failing_sinks_are_told() {
    let mut nowhere = |_: &str, _: &[u8]| Err(io::Error::other("the disk is full"));
    for people in [0, MOST_PEOPLE + 1] {
        assert_eq!(write(people, 1, &Options::default(), &mut nowhere, &Unwatched).unwrap_err().code, "LabSizeInvalid");
    }
    let problem = write(10, 1, &Options::default(), &mut nowhere, &Unwatched).unwrap_err();
    assert_eq!(problem.code, "LabNotWritten");
    assert!(problem.message.contains("the disk is full"));
}

#[test]
fn a_lab_stops_when_it_is_told() {
    struct Stop;
    impl Watch for Stop {
        fn progress(&self, _: &str, _: &str, _: u64, _: Option<u64>) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    assert_eq!(write(10, 1, &Options::default(), &mut |_, _| Ok(()), &Stop).unwrap_err().code, "Cancelled");
}
