//! What must hold of making a snapshot.

use super::*;
use crate::read::{describe, read_lines, read_snapshot};
use coexist_core::problem::Problem;
use coexist_core::snapshot::{Kind, Property};
use coexist_core::watch::{Unwatched, Watch};
use proptest::prelude::*;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

fn request<'a>(folder: &'a Path, spool: &'a str) -> Commit<'a> {
    Commit { folder, spool, name: Some("contoso"), id: Some("11111111-2222-3333-4444-555555555555"), source: None, replace_kinds: false, force: false, pages: None }
}

/// Pipes objects in pieces and commits them.
fn export(folder: &Path, pieces: &[String]) -> Committed {
    let mut spool: Option<String> = None;
    for piece in pieces {
        let spooled = append(folder, spool.as_deref(), None, piece).unwrap();
        assert_eq!(spooled.problems, []);
        spool = Some(spooled.spool);
    }
    commit(&request(folder, &spool.unwrap()), &Unwatched).unwrap()
}

/// Everything in a folder, hidden files too.
fn contents(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap_or_default()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_kind_of_which_there_is_nothing_is_exported_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let spooled = append(folder.path(), None, Some(Kind::MailContacts), "").unwrap();
    let committed = commit(&request(folder.path(), &spooled.spool), &Unwatched).unwrap();
    assert_eq!(committed.kinds[&Kind::MailContacts].counts.objects, 0);
    let read = read_snapshot(folder.path(), &Unwatched).unwrap();
    assert_eq!(read.problems, []);
    assert!(read.snapshot.table(Kind::MailContacts).is_some_and(|table| table.is_empty()));
    assert!(read.snapshot.table(Kind::Groups).is_none());
}

fn mailbox(id: usize, name: &str) -> String {
    format!(r#"{{ "RecipientTypeDetails":"UserMailbox", "ExternalDirectoryObjectId":"ID{id}", "DisplayName":"{name}", "Quota":12345678901234567890123, "Rate":1.10 }}"#)
}

#[test]
fn objects_of_many_kinds_become_one_file_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source");
    let domain = |name: &str, initial: bool| format!(r#"{{"DomainName":"{name}","DomainType":"Authoritative","InitialDomain":{initial}}}"#);
    let pieces = [
        [mailbox(2, "b"), domain("Contoso.com", false)].join("\n"),
        [r#"{"id":"u1","userPrincipalName":"a@contoso.com"}"#.to_string(), mailbox(1, "a"), domain("contoso.onmicrosoft.com", true)].join("\r\n"),
    ];
    let committed = export(&path, &pieces);
    let expected = [
        (
            "acceptedDomains.jsonl",
            "{\"DomainName\":\"Contoso.com\",\"DomainType\":\"Authoritative\",\"InitialDomain\":false}\n{\"DomainName\":\"contoso.onmicrosoft.com\",\"DomainType\":\"Authoritative\",\"InitialDomain\":true}\n",
        ),
        (
            "mailboxes.jsonl",
            "{\"DisplayName\":\"a\",\"ExternalDirectoryObjectId\":\"ID1\",\"Quota\":12345678901234567890123,\"Rate\":1.10,\"RecipientTypeDetails\":\"UserMailbox\"}\n{\"DisplayName\":\"b\",\"ExternalDirectoryObjectId\":\"ID2\",\"Quota\":12345678901234567890123,\"Rate\":1.10,\"RecipientTypeDetails\":\"UserMailbox\"}\n",
        ),
        (
            "tenant.json",
            "{\n  \"domains\": [\n    \"contoso.com\",\n    \"contoso.onmicrosoft.com\"\n  ],\n  \"id\": \"11111111-2222-3333-4444-555555555555\",\n  \"initialDomain\": \"contoso.onmicrosoft.com\",\n  \"name\": \"contoso\",\n  \"sources\": {\n    \"acceptedDomains\": \"Get-AcceptedDomain\",\n    \"mailboxes\": \"Get-Mailbox\",\n    \"users\": \"Get-MgUser\"\n  }\n}\n",
        ),
        ("users.jsonl", "{\"id\":\"u1\",\"userPrincipalName\":\"a@contoso.com\"}\n"),
    ];
    assert_eq!(contents(&path), expected.map(|(name, text)| (name.to_string(), text.to_string())));
    assert_eq!(committed.kinds[&Kind::Mailboxes].counts, super::merge::Counts { objects: 2, added: 2, replaced: 0, removed: 0 });
    let read = read_snapshot(&path, &Unwatched).unwrap();
    assert_eq!(read.problems, []);
    assert_eq!(read.snapshot.tenant, committed.tenant);
}

#[test]
fn a_later_export_replaces_by_key_and_keeps_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), &[mailbox(1, "old"), mailbox(2, "old")]);
    // By hand: another order, an object without a key, white space, a byte order mark, a property in another case.
    let file = folder.path().join("mailboxes.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let mut lines: Vec<&str> = text.lines().rev().collect();
    lines.push(r#" { "DisplayName" : "no key" } "#);
    fs::write(&file, format!("\u{feff}{}\r\n\r\nnot json\n", lines.join("\r\n"))).unwrap();
    fs::rename(&file, folder.path().join("Mailboxes.jsonl")).unwrap();

    let committed = export(folder.path(), &[mailbox(3, "new"), mailbox(1, "new").replace("ID1", "id1")]);
    assert_eq!(committed.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["RecordNotJson"]);
    assert_eq!(committed.problems[0].line, Some(5));
    assert_eq!(committed.kinds[&Kind::Mailboxes], KindCommitted { file: "Mailboxes.jsonl".into(), counts: super::merge::Counts { objects: 4, added: 1, replaced: 1, removed: 0 } });
    let read = read_snapshot(folder.path(), &Unwatched).unwrap();
    let mut names: Vec<_> = read.snapshot.tables[&Kind::Mailboxes].iter().map(|record| record.text(Property::DisplayName).value().unwrap().to_string()).collect();
    names.sort();
    assert_eq!(names, ["new", "new", "no key", "old"]);

    let spool = append(folder.path(), None, None, &mailbox(9, "only")).unwrap().spool;
    let replaced = commit(&Commit { replace_kinds: true, ..request(folder.path(), &spool) }, &Unwatched).unwrap();
    assert_eq!(replaced.kinds[&Kind::Mailboxes].counts, super::merge::Counts { objects: 1, added: 1, replaced: 0, removed: 0 });
}

#[test]
fn what_is_piped_twice_is_told_where_it_differs() {
    let folder = tempfile::tempdir().unwrap();
    let committed = export(folder.path(), &[mailbox(1, "a"), mailbox(1, "a"), mailbox(2, "b"), mailbox(2, "c")]);
    assert_eq!(committed.problems.iter().map(|problem| (problem.code, problem.target.as_deref())).collect::<Vec<_>>(), [("DuplicateRecord", Some("id2"))]);
    assert_eq!(committed.kinds[&Kind::Mailboxes].counts.objects, 2);
}

#[test]
fn objects_that_cannot_be_kept_are_told_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let deep = format!(r#"{{"RecipientTypeDetails":"UserMailbox","x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let long = format!(r#"{{"RecipientTypeDetails":"UserMailbox","x":"{}"}}"#, "x".repeat(5 << 20));
    let lines = [&mailbox(1, "a"), r#"{"DisplayName":"Zoë"}"#, "[1]", "{", &deep, &long, ""].join("\n");
    let spooled = append(folder.path(), None, None, &lines).unwrap();
    let codes = ["KindNotRecognized", "RecordNotJson", "RecordNotJson", "NestedTooDeep", "RecordTooLong"];
    assert_eq!(spooled.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), codes);
    assert_eq!(spooled.problems[0].target.as_deref(), Some("Zoë"));
    assert!(spooled.problems.iter().all(|problem| problem.message.len() < 500));

    let with_kind = append(folder.path(), Some(&spooled.spool), Some(Kind::Members), "{\"Group\":\"g\",\"RecipientTypeDetails\":\"UserMailbox\"}\n").unwrap();
    assert_eq!(with_kind.problems, []);
    let wrong = append(folder.path(), Some(&spooled.spool), Some(Kind::Users), &mailbox(2, "b")).unwrap();
    assert_eq!(wrong.problems[0].code, "RecordWrongKind");
    let committed = commit(&request(folder.path(), &spooled.spool), &Unwatched).unwrap();
    let counts: Vec<_> = committed.kinds.iter().map(|(kind, written)| (*kind, written.counts.objects)).collect();
    assert_eq!(counts, [(Kind::Mailboxes, 1), (Kind::Members, 1)]);
}

#[test]
fn two_tenants_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), &[mailbox(1, "a")]);
    let tenant = folder.path().join("tenant.json");
    fs::write(&tenant, fs::read_to_string(&tenant).unwrap().replace("{\n  \"dom", "{\n  \"exported\": \"2026-11-22\",\n  \"dom")).unwrap();
    let before = contents(folder.path());
    let spool = append(folder.path(), None, None, &mailbox(2, "b")).unwrap().spool;
    let with = |name, id, force| commit(&Commit { name, id, force, ..request(folder.path(), &spool) }, &Unwatched);
    for (name, id) in [(Some("contoso"), Some("other")), (Some("fabrikam"), None), (None, Some("other"))] {
        assert_eq!(with(name, id, false).unwrap_err().code, "TenantConflict", "{name:?} {id:?}");
    }
    let unchanged = |(name, _): &(String, String)| !name.starts_with('.');
    assert_eq!(contents(folder.path()).into_iter().filter(unchanged).collect::<Vec<_>>(), before);
    // The same id under another name is the same tenant.
    with(Some("Contoso Ltd"), Some("11111111-2222-3333-4444-555555555555"), false).unwrap();
    assert!(fs::read_to_string(&tenant).unwrap().contains("\"exported\": \"2026-11-22\""));
    let spool = append(folder.path(), None, None, &mailbox(3, "c")).unwrap().spool;
    let forced = commit(&Commit { name: Some("fabrikam"), id: Some("other"), force: true, ..request(folder.path(), &spool) }, &Unwatched).unwrap();
    assert_eq!((forced.tenant.name.as_str(), forced.tenant.id.as_deref()), ("fabrikam", Some("other")));
}

#[test]
fn what_tells_more_is_not_replaced_by_what_tells_less() {
    let folder = tempfile::tempdir().unwrap();
    let checked = |kinds: &[Kind], name, replace_kinds| {
        let request = Commit { source: Some("Microsoft Graph"), name: Some(name), id: None, replace_kinds, ..request(folder.path(), "") };
        check(&request, kinds).map_err(|problem| problem.code)
    };
    assert_eq!(checked(&[Kind::Groups], "contoso", false), Ok(()));
    let group = r#"{"RecipientTypeDetails":"MailUniversalDistributionGroup","ExternalDirectoryObjectId":"g","LegacyExchangeDN":"/o=a/cn=g"}"#;
    export(folder.path(), &[group.to_string(), r#"{"id":"u","userPrincipalName":"a@b.c"}"#.to_string()]);
    assert_eq!(checked(&[Kind::Users, Kind::Members, Kind::Policy], "contoso", false), Ok(()));
    assert_eq!(checked(&[Kind::Users, Kind::Groups], "contoso", false), Err("KindOfAnotherSource"));
    assert_eq!(checked(&[Kind::Users, Kind::Groups], "contoso", true), Ok(()));
    assert_eq!(checked(&[Kind::Users], "fabrikam", true), Err("TenantConflict"));
    let spool = append(folder.path(), None, Some(Kind::Groups), r#"{"ExternalDirectoryObjectId":"h"}"#).unwrap().spool;
    commit(&Commit { source: Some("Microsoft Graph"), replace_kinds: true, ..request(folder.path(), &spool) }, &Unwatched).unwrap();
    assert_eq!(checked(&[Kind::Groups], "contoso", false), Ok(()));
}

#[test]
fn a_kind_in_another_form_is_not_doubled() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mailboxes.csv"), "Alias\na\n").unwrap();
    let spool = append(folder.path(), None, None, &mailbox(1, "a")).unwrap().spool;
    assert_eq!(commit(&request(folder.path(), &spool), &Unwatched).unwrap_err().code, "KindInOtherFormat");
    fs::remove_file(folder.path().join("mailboxes.csv")).unwrap();
    let utf16: Vec<u8> = "\u{feff}{}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(folder.path().join("mailboxes.jsonl"), utf16).unwrap();
    assert_eq!(commit(&request(folder.path(), &spool), &Unwatched).unwrap_err().code, "FileNotUtf8");
    commit(&Commit { replace_kinds: true, ..request(folder.path(), &spool) }, &Unwatched).unwrap();
    assert_eq!(commit(&request(folder.path(), &spool), &Unwatched).unwrap_err().code, "SpoolNotFound");
}

/// Wants to stop after being asked some times.
struct Stops(AtomicI64);

impl Watch for Stops {
    fn progress(&self, _: &str, _: &str, _: u64, _: Option<u64>) {}
    fn cancelled(&self) -> bool {
        self.0.fetch_sub(1, Ordering::Relaxed) <= 0
    }
}

#[test]
fn a_commit_that_is_stopped_leaves_everything_as_it_was_and_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), &[mailbox(1, "before")]);
    let lines: Vec<String> = (0..10_000).map(|id| mailbox(id, "after")).collect();
    let spool = append(folder.path(), None, None, &lines.join("\n")).unwrap().spool;
    let before = contents(folder.path());
    let mut times = 0;
    let committed = loop {
        match commit(&request(folder.path(), &spool), &Stops(AtomicI64::new(times))) {
            Ok(committed) => break committed,
            Err(problem) => assert_eq!(problem.code, "Cancelled"),
        }
        assert_eq!(contents(folder.path()), before, "{times}");
        times += 1;
    };
    assert!(times >= 4, "{times}");
    assert_eq!(committed.kinds[&Kind::Mailboxes].counts, super::merge::Counts { objects: 10_000, added: 9_999, replaced: 1, removed: 0 });
}

#[test]
fn a_disk_that_fills_up_is_told() {
    /// Takes so many bytes and no more.
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            if taken == 0 {
                Err(std::io::ErrorKind::StorageFull.into())
            } else {
                Ok(taken)
            }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (0..100).map(|id| mailbox(id, "a")).collect();
    let spool = append(folder.path(), None, None, &lines.join("\n")).unwrap().spool;
    let piped = super::spool::kinds(&super::spool::path(folder.path(), &spool).unwrap()).remove(0).1;
    for room in [0, 1, 1000] {
        let (merge, _) = super::merge::Merge::open(Kind::Mailboxes, &piped, None, &Unwatched).unwrap();
        let problem = merge.write(&piped, &mut Full(room), None, &mut Default::default(), 10, &Unwatched, |_| {}).unwrap_err();
        assert_eq!(problem.code, "FileNotWritten");
        assert!(problem.message.contains("full"), "{}", problem.message);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let problem = append(&file.join("snapshot"), None, None, &mailbox(1, "a")).unwrap_err();
    assert_eq!(problem.code, "FileNotWritten");
    // Even root may not make a folder there.
    #[cfg(target_os = "linux")]
    assert_eq!(append(Path::new("/proc/coexist"), None, None, &mailbox(1, "a")).unwrap_err().code, "FileNotWritten");
}

#[test]
fn half_of_a_piece_is_never_in_a_spool() {
    let folder = tempfile::tempdir().unwrap();
    let spool = append(folder.path(), None, None, &mailbox(1, "a")).unwrap().spool;
    let path = super::spool::path(folder.path(), &spool).unwrap();
    // The second kind of the piece cannot be written.
    fs::create_dir(path.join("users.jsonl")).unwrap();
    let piece = [mailbox(2, "b"), r#"{"id":"u1","userPrincipalName":"a@b.c"}"#.to_string()].join("\n");
    assert_eq!(append(folder.path(), Some(&spool), None, &piece).unwrap_err().code, "FileNotWritten");
    assert_eq!(fs::read_to_string(path.join("mailboxes.jsonl")).unwrap().lines().count(), 1);
    discard(folder.path(), &spool).unwrap();
    assert_eq!(contents(folder.path()), []);
    assert_eq!(discard(folder.path(), &spool).unwrap_err().code, "SpoolNotFound");
}

#[test]
fn a_snapshot_is_described_and_its_lines_are_given_whatever_their_form() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), &[mailbox(1, "a"), mailbox(2, "b")]);
    fs::write(folder.path().join("users.csv"), "Id;UserPrincipalName;Note;ID\r\n1;a@b.c;\"x \"\"y\"\"\";z\r\n2;too few\r\n").unwrap();
    fs::write(folder.path().join("groups.json"), r#"{"value":[{"Name":"g","Alias":null},{"Name":}]}"#).unwrap();
    let described = describe(folder.path(), &Unwatched).unwrap();
    let value = serde_json::to_value(&described).unwrap();
    assert_eq!(value["tenant"]["name"], "contoso");
    assert_eq!((&value["kinds"]["mailboxes"]["objects"], &value["kinds"]["mailboxes"]["source"]), (&2.into(), &"Get-Mailbox".into()));
    let unknown = value["kinds"]["mailboxes"]["unknown"].as_array().unwrap();
    assert!(unknown.contains(&serde_json::json!({"property":"LegacyExchangeDN","notExported":2,"flattened":0})), "{unknown:?}");
    assert_eq!(described.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["RecordNotJson", "ColumnDuplicate", "RecordNotCsv"]);

    let lines = |kind| {
        let mut text = String::new();
        let problems = read_lines(folder.path(), kind, &Unwatched, |piece| {
            text += piece;
            Ok(())
        });
        (text, problems.unwrap().len())
    };
    assert_eq!(lines(Kind::Mailboxes).0, fs::read_to_string(folder.path().join("mailboxes.jsonl")).unwrap());
    assert_eq!(lines(Kind::Groups), ("{\"Alias\":null,\"Name\":\"g\"}\n".to_string(), 1));
    assert_eq!(lines(Kind::Users), ("{\"Id\":\"1\",\"Note\":\"x \\\"y\\\"\",\"UserPrincipalName\":\"a@b.c\"}\n".to_string(), 1));
    let none = read_lines(folder.path(), Kind::MailUsers, &Unwatched, |_| Ok(()));
    assert_eq!(none.unwrap_err().code, "KindNotFound");
    let stopped = read_lines(folder.path(), Kind::Users, &Unwatched, |_| Err(Problem::cancelled()));
    assert_eq!(stopped.unwrap_err().code, "Cancelled");
}

/// Objects of some kinds, a few of them with the same key.
fn piped() -> impl Strategy<Value = Vec<String>> {
    let object = (0..4usize, 0..12usize, "[a-zé\"\\\\]{0,4}", any::<u64>(), proptest::option::of(-1e3..1e3f64)).prop_map(|(kind, id, text, number, float)| {
        let more = serde_json::json!({ "Text": text, "Number": number, "Float": float, "Nested": { "b": [text, null], "a": {} } });
        let mut object = more.as_object().unwrap().clone();
        let members = match kind {
            0 => serde_json::json!({ "RecipientTypeDetails": "UserMailbox", "Guid": format!("G{id}") }),
            1 => serde_json::json!({ "RecipientTypeDetails": "MailUser", "Alias": "no key" }),
            2 => serde_json::json!({ "id": format!("{id}"), "userPrincipalName": "a@b.c" }),
            _ => serde_json::json!({ "Identity": format!("{id}"), "User": "u", "AccessRights": ["FullAccess"] }),
        };
        object.extend(members.as_object().unwrap().clone());
        serde_json::Value::Object(object).to_string()
    });
    proptest::collection::vec(object, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_same_objects_give_the_same_bytes_in_whatever_order_and_pieces_they_come(
        objects in piped(),
        swaps in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..40),
        sizes in proptest::collection::vec(1..7usize, 1..6),
        before in piped(),
    ) {
        let mut other = objects.clone();
        for (left, right) in swaps {
            let (left, right) = (left.index(other.len()), right.index(other.len()));
            other.swap(left, right);
        }
        let mut pieces = Vec::new();
        let mut rest = other.as_slice();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece.join("\n"));
            rest = more;
        }
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in [&one, &two] {
            export(folder.path(), &before);
        }
        export(one.path(), &[objects.join("\r\n")]);
        export(two.path(), &pieces);
        prop_assert_eq!(contents(one.path()), contents(two.path()));
        // Doing it again changes nothing.
        let once = contents(one.path());
        export(one.path(), &objects);
        prop_assert_eq!(contents(one.path()), once);
        let read = read_snapshot(one.path(), &Unwatched).unwrap();
        prop_assert_eq!(read.problems, []);
    }
}
