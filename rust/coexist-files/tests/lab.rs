//! The lab, written to disk and read back as any snapshot is: what cannot be used is what was planted, and so is what is found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use coexist_core::lab::{self, Options};
use coexist_core::plan::mc01;
use coexist_core::problem::Problem;
use coexist_core::snapshot::{Kind, Snapshot};
use coexist_core::specification::Specification;
use coexist_core::watch::Unwatched;
use coexist_files::read::read_table;
use std::fs::{create_dir_all, read_to_string, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Code, file below the lab's folder, and line of what could not be used.
type Places = Vec<(String, String, u64)>;

fn read(folder: &Path, side: &str, problems: &mut Places) -> Snapshot {
    let mut snapshot = Snapshot { tenant: serde_json::from_str(&read_to_string(folder.join(side).join("tenant.json")).unwrap()).unwrap(), ..Snapshot::default() };
    for kind in Kind::ALL {
        let name = format!("{side}/{kind}.jsonl");
        let path = folder.join(side).join(format!("{kind}.jsonl"));
        if path.exists() {
            let read = read_table(&path, kind, &Unwatched).unwrap();
            problems.extend(read.problems.iter().map(|problem| (problem.code.to_string(), name.clone(), problem.line.unwrap_or_default())));
            snapshot.tables.insert(kind, read.table);
        }
    }
    snapshot
}

#[test]
fn a_lab_on_disk_is_read_and_planned_as_it_was_planted() {
    for (people, seed, bad_records) in [(1, 1, 0), (40, 2, 16), (600, 3, 8)] {
        let folder = tempfile::tempdir().unwrap();
        let mut sink = |path: &str, bytes: &[u8]| {
            let path = folder.path().join(path);
            create_dir_all(path.parent().unwrap())?;
            OpenOptions::new().create(true).append(true).open(path)?.write_all(bytes)
        };
        let planted = lab::write(people, seed, &Options { bad_records, ..Options::default() }, &mut sink, &Unwatched).unwrap();

        let mut problems = Places::new();
        let (source, target) = (read(folder.path(), "source", &mut problems), read(folder.path(), "target", &mut problems));
        let mut wanted: Places = planted.problems.iter().map(|problem| (problem.code.to_string(), problem.file.clone(), problem.line)).collect();
        problems.sort();
        wanted.sort();
        assert_eq!(problems, wanted, "{people} people, seed {seed}");

        for (name, findings) in [("coexist.json", &planted.findings), ("pilot.json", &planted.pilot)] {
            let specification = Specification::parse(&read_to_string(folder.path().join(name)).unwrap()).unwrap();
            let map = specification.matching.map_file.as_ref().map(|map| mc01::parse_map(&read_to_string(folder.path().join(map)).unwrap()).unwrap()).unwrap_or_default();
            let setup = mc01::Setup::new(&mc01::Inputs { specification: &specification, source: &source, target: &target, map: &map }).unwrap();
            let summary = mc01::run(&setup, true, &Unwatched, |_| Ok(())).unwrap();
            assert_eq!(&summary.findings, findings, "{name} of {people} people, seed {seed}");
            // Whoever cannot take a block is asked for no other, and it ends while others are being made.
            let mut given = 0;
            let full = mc01::run(&setup, true, &Unwatched, |_| {
                given += 1;
                if given == 2 { Err(Problem::cancelled()) } else { Ok(()) }
            });
            assert_eq!((full.is_err(), given), (given == 2, given.min(2)), "{name} of {people} people, seed {seed}");
        }
    }
}
