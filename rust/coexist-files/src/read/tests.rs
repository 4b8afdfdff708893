//! What must hold of reading, whatever the file.

use super::source::Format;
use super::table::{read_stream, TableRead};
use super::{read_snapshot, read_table, Sizes, SIZES};
use coexist_core::known::Known;
use coexist_core::problem::Problem;
use coexist_core::snapshot::{Kind, Property, Table};
use coexist_core::watch::{Unwatched, Watch};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Every property of every record, with its state.
type Rows = Vec<Vec<(Property, Known<Vec<String>>)>>;

fn rows(table: &Table) -> Rows {
    let row = |record: coexist_core::snapshot::Record| {
        let lists = Property::ALL.iter().map(|property| (*property, record.list(*property).and_then(|list| Some(list.map(str::to_string).collect()))));
        lists.filter(|(_, list)| *list != Known::NotExported).collect()
    };
    table.iter().map(row).collect()
}

const LIMIT: usize = 4096;
const SMALL: Sizes = Sizes { block: 16, batch: 3 };

fn read_with(bytes: &[u8], format: Format, sizes: Sizes) -> TableRead {
    // The header of a CSV file must be in the first bytes; the rest is cut small.
    let head = if format == Format::Csv { LIMIT } else { 1 };
    read_stream(bytes, Some(format), Kind::Mailboxes, sizes, head, LIMIT, &Unwatched).unwrap()
}

fn read(bytes: &[u8], format: Format) -> TableRead {
    let small = read_with(bytes, format, SMALL);
    let large = read_with(bytes, format, SIZES);
    assert_eq!(small.problems, large.problems, "the size of the blocks must not matter");
    assert_eq!(rows(&small.table), rows(&large.table));
    let fingerprint = super::text::hexadecimal(&Sha256::digest(bytes));
    for read in [&small, &large] {
        assert_eq!((&read.fingerprint, read.bytes), (&fingerprint, bytes.len() as u64));
    }
    large
}

fn places(problems: &[Problem]) -> Vec<(&str, u64)> {
    problems.iter().map(|problem| (problem.code, problem.line.unwrap_or(0))).collect()
}

fn aliases(read: &TableRead) -> Vec<String> {
    read.table.iter().map(|record| record.text(Property::Alias).value().unwrap_or("").to_string()).collect()
}

fn utf16(text: &str, to: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    mark.encode_utf16().chain(text.encode_utf16()).flat_map(to).collect()
}

#[test]
fn bad_records_are_told_one_by_one_and_the_rest_goes_on() {
    let long = "x".repeat(2 * LIMIT);
    let bomb = "[".repeat(200);
    let lines = [
        r#"{"Alias":"a","Guid":"1"}"#.as_bytes(),
        br#"{"Alias":"b""#,
        b"",
        b"null",
        b"{\"Alias\":\"Zo\xeb\"}",
        format!(r#"{{"Alias":"{long}"}}"#).as_bytes(),
        format!(r#"{{"x":{bomb}}}"#).as_bytes(),
        br#"{"Alias":"c","RecipientTypeDetails":"MailUser"}"#,
        br#"{"Size":3}"#,
        b"{\0\"\0A\0",
        br#"{"Alias":"d","guid":"1"}"#,
        b"\xef\xbb\xbf{\"Alias\":\"e\",\"Guid\":\"2\"}\r",
    ]
    .join(&b'\n');
    let read = read(&lines, Format::JsonLines);
    let expected = [
        ("RecordNotJson", 2),
        ("RecordNotJson", 4),
        ("InvalidEncoding", 5),
        ("RecordTooLong", 6),
        ("NestedTooDeep", 7),
        ("RecordWrongKind", 8),
        ("RecordWrongKind", 9),
        ("MixedEncoding", 10),
        ("DuplicateRecord", 11),
    ];
    assert_eq!(places(&read.problems), expected);
    assert_eq!(aliases(&read), ["a", "e"]);
    assert_eq!((0..2).map(|index| read.table.line(index)).collect::<Vec<_>>(), [1, 12]);
    assert_eq!(read.problems[8].target.as_deref(), Some("1"));
    for problem in &read.problems {
        assert!(problem.message.len() > 60 && problem.file.is_some(), "{problem:?}");
    }
}

#[test]
fn json_is_read_in_every_form_that_powershell_and_graph_write() {
    let objects = r#"{"Alias":"a"},{"Alias":"b","EmailAddresses":["smtp:a@b.c"],"x":{"value":[1,{"value":[2]}]}}"#;
    let pretty = "[\r\n    {\r\n        \"Alias\":  \"a\"\r\n    },\r\n    {\r\n        \"Alias\":  \"b\",\r\n        \"EmailAddresses\":  [\r\n            \"smtp:a@b.c\"\r\n        ],\r\n        \"x\": {}\r\n    }\r\n]\r\n";
    let forms = [
        format!("[{objects}]"),
        format!(" [ {} ] ", objects.replace("},{", "} ,\n {")),
        pretty.to_string(),
        format!(r#"{{"@odata.context":"value","value":[{objects}],"Count":2}}"#),
        format!(r#"{{ "Value" : [{objects}] , "@odata.nextLink":"[{{" }}"#),
        objects.replace("},{", "}\n{"),
        objects.replace("},{", "}{"),
    ];
    for form in forms {
        let read = read(form.as_bytes(), Format::Json);
        assert_eq!(places(&read.problems), [], "{form}");
        assert_eq!(aliases(&read), ["a", "b"], "{form}");
        let addresses = read.table.get(1).list(Property::EmailAddresses).value().unwrap().collect::<Vec<_>>();
        assert_eq!(addresses, ["smtp:a@b.c"]);
    }
    let one = read(br#"{"Alias":"a"}"#, Format::Json);
    assert_eq!((aliases(&one), one.problems.len()), (vec!["a".to_string()], 0));
    for nothing in ["[]", "[ ]\n", r#"{"value":[]}"#] {
        let read = read(nothing.as_bytes(), Format::Json);
        assert_eq!((read.table.len(), places(&read.problems)), (0, vec![]), "{nothing}");
    }
}

#[test]
fn bad_elements_of_an_array_cost_only_themselves() {
    let long = "x".repeat(2 * LIMIT);
    let text = format!("[{{\"Alias\":\"a\"}},\n7, \"t\",\n{{\"Alias\":x}},\n{{\"Alias\":\"{long}\"}},\n{{\"Alias\":\"b\"}}]");
    let read = read(text.as_bytes(), Format::Json);
    assert_eq!(places(&read.problems), [("RecordNotJson", 2), ("RecordNotJson", 2), ("RecordNotJson", 3), ("RecordTooLong", 4)]);
    assert_eq!(aliases(&read), ["a", "b"]);
}

#[test]
fn a_text_that_is_not_closed_costs_one_indented_object() {
    let text = "[\n  {\n    \"Alias\": \"a\n  },\n  {\n    \"Alias\": \"b\"\n  }\n]\n";
    let read = read(text.as_bytes(), Format::Json);
    assert_eq!((places(&read.problems), aliases(&read)), (vec![("RecordNotJson", 2)], vec!["b".to_string()]));
}

#[test]
fn json_lines_under_another_form_are_read_all_the_same() {
    for text in ["[{\"Alias\":\"a\"},{\"Alias\":\"b\"}]", "{\n  \"Alias\": \"a\"\n}\n{\n  \"Alias\": \"b\"\n}\n"] {
        let read = read_with(text.as_bytes(), Format::JsonLines, SIZES);
        // With a head of one byte an indented object cannot be told from a bad line; a real head is long enough.
        let real = read_stream(text.as_bytes(), Some(Format::JsonLines), Kind::Mailboxes, SIZES, 64, LIMIT, &Unwatched).unwrap();
        assert_eq!((aliases(&real), real.problems.len()), (vec!["a".to_string(), "b".to_string()], 0), "{text}");
        assert!(read.table.len() <= 2);
    }
}

#[test]
fn csv_is_read_with_its_quotes_lines_and_delimiters() {
    let text = "#TYPE Selected.Mailbox\r\n\"alias\";\"DisplayName\";\"EmailAddresses\";\"Alias\";\"Other\"\r\n\
        \"a\";\"Zoë \"\"Z\"\";\r\nLtd\";\"SMTP:a@b.c;smtp:d@e.f\";\"z\";\"\"\r\n\
        \r\n\
        \"b\";;\"System.Collections.ArrayList\";\"z\";\"x\"\r\n\
        \"c\";\"too few\"\r\n\
        \"d\";\"a \"stray\" quote\";\"\";\"\";\"\"\r\n\
        \"e\";\"\";\"\";\"\";\"\"";
    let read = read(text.as_bytes(), Format::Csv);
    assert_eq!(places(&read.problems), [("ColumnDuplicate", 2), ("RecordNotCsv", 7), ("RecordNotCsv", 8)]);
    assert_eq!(aliases(&read), ["a", "b", "e"]);
    let record = read.table.get(0);
    assert_eq!(record.text(Property::DisplayName), Known::Value("Zoë \"Z\";\r\nLtd"));
    assert_eq!(record.list(Property::EmailAddresses).value().unwrap().count(), 2);
    assert_eq!(record.text(Property::Guid), Known::NotExported);
    assert!(matches!(read.table.get(1).list(Property::EmailAddresses), Known::Flattened));
    assert_eq!(read.table.get(1).text(Property::DisplayName), Known::Empty);
    let addresses = read.unknown.iter().find(|unknown| unknown.property == Property::EmailAddresses).unwrap();
    assert_eq!((addresses.not_exported, addresses.flattened), (0, 1));
    let guid = read.unknown.iter().find(|unknown| unknown.property == Property::Guid).unwrap();
    assert_eq!((guid.not_exported, guid.flattened), (3, 0));
}

#[test]
fn a_quote_inside_a_field_is_a_character() {
    let read = read(b"Alias,Name\na,5\" disk\nb,x\n", Format::Csv);
    assert_eq!((places(&read.problems), aliases(&read)), (vec![], vec!["a".to_string(), "b".to_string()]));
    assert_eq!(read.table.get(0).text(Property::Name), Known::Value("5\" disk"));
}

#[test]
fn a_csv_file_without_a_known_column_is_one_problem() {
    let read = read(b"Vorname,Nachname\nA,B\nC,D\n", Format::Csv);
    assert_eq!((places(&read.problems), read.table.len()), (vec![("ColumnsUnknown", 1)], 0));
    assert!(read.problems[0].message.contains("Vorname"));
    let header_only = super::tests::read(b"Alias,Name\r\n", Format::Csv);
    assert_eq!((places(&header_only.problems), header_only.table.len()), (vec![], 0));
}

#[test]
fn empty_files_and_unread_encodings_are_one_problem() {
    for format in [Format::JsonLines, Format::Json, Format::Csv] {
        for bytes in [&b""[..], b"\xef\xbb\xbf", b"\xff\xfe"] {
            if bytes.is_empty() && format == Format::JsonLines {
                // What Export-CoexistSnapshot writes of a kind of which the tenant has nothing.
                assert!(read_with(bytes, format, SIZES).problems.is_empty());
                continue;
            }
            assert_eq!(places(&read_with(bytes, format, SIZES).problems), [("FileEmpty", 1)], "{format:?} {bytes:?}");
        }
        let utf32: Vec<u8> = "\u{feff}{\"Alias\":\"a\"}\n".chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
        let read = read_with(&utf32, format, SIZES);
        assert_eq!((places(&read.problems), read.table.len()), (vec![("InvalidEncoding", 1)], 0), "{format:?}");
    }
}

#[test]
fn utf_16_gives_what_utf_8_gives() {
    let texts = [
        (Format::JsonLines, "{\"Alias\":\"Zoë 😀\",\"Guid\":\"1\"}\r\n{\"Alias\":\"ß\"}\r\n"),
        (Format::Json, "[{\"Alias\":\"Zoë 😀\",\"Guid\":\"1\"},\r\n{\"Alias\":\"ß\"}]"),
        (Format::Csv, "\"Alias\",\"Guid\"\r\n\"Zoë 😀\",\"1\"\r\n\"ß\",\"\"\r\n"),
    ];
    for (format, text) in texts {
        let expected = rows(&read(text.as_bytes(), format).table);
        for bytes in [utf16(text, u16::to_le_bytes, true), utf16(text, u16::to_be_bytes, true), utf16(text, u16::to_le_bytes, false), utf16(text, u16::to_be_bytes, false)] {
            let read = read(&bytes, format);
            assert_eq!(places(&read.problems), [], "{format:?}");
            assert_eq!(rows(&read.table), expected, "{format:?}");
        }
    }
}

#[test]
fn where_a_file_changes_its_encoding_only_that_part_is_lost() {
    let line = "{\"Alias\":\"a\"}\r\n";
    let appended_utf16 = [line.as_bytes(), &utf16("{\"Alias\":\"b\"}\r\n", u16::to_le_bytes, false)].concat();
    let first = read(&appended_utf16, Format::JsonLines);
    assert_eq!(aliases(&first), ["a"]);
    assert!(first.problems.iter().all(|problem| problem.code == "MixedEncoding") && !first.problems.is_empty(), "{:?}", first.problems);

    let appended_utf8 = [utf16(line, u16::to_le_bytes, true), b"{\"Alias\":\"b\"}\r\n{\"Alias\":\"c\"}\r\n".to_vec()].concat();
    let second = read(&appended_utf8, Format::JsonLines);
    assert_eq!((places(&second.problems), aliases(&second)), (vec![("MixedEncoding", 2)], vec!["a".to_string()]));

    let csv = ["Alias,Name\r\na,b\r\n".as_bytes(), &utf16("c,d\r\n", u16::to_le_bytes, false)].concat();
    let third = read(&csv, Format::Csv);
    assert_eq!(aliases(&third), ["a"]);
    assert!(third.problems.iter().all(|problem| problem.code == "MixedEncoding") && !third.problems.is_empty(), "{:?}", third.problems);
}

#[test]
fn a_code_page_is_never_guessed() {
    let read = read(b"Alias,Name\r\na,Zo\xeb\r\nb,Zoe\r\n", Format::Csv);
    assert_eq!((places(&read.problems), aliases(&read)), (vec![("InvalidEncoding", 2)], vec!["b".to_string()]));
    assert!(read.problems[0].message.contains("Export-Csv -Encoding UTF8"));
}

#[test]
fn the_first_of_two_with_one_key_stands_wherever_they_are() {
    let line = |index: usize, key: usize| format!("{{\"Alias\":\"{index}\",\"Guid\":\"{key}\"}}\n");
    let text: String = (0..300).map(|index| line(index, (index * 7) % 100)).collect();
    let read = read(text.as_bytes(), Format::JsonLines);
    assert_eq!(aliases(&read), (0..100).map(|index| index.to_string()).collect::<Vec<_>>());
    assert_eq!(read.problem_count, 200);
    assert_eq!(read.problems[0].line, Some(101));
    assert!(read.problems[0].message.contains("line 1)"), "{}", read.problems[0].message);
    assert_eq!(read.unknown.iter().find(|unknown| unknown.property == Property::Name).unwrap().not_exported, 100);
}

#[test]
fn no_more_problems_are_kept_than_the_limit_says() {
    let text = "x\n".repeat(5000);
    let read = read(text.as_bytes(), Format::JsonLines);
    assert_eq!((read.problem_count, read.problems.len()), (5000, 1001));
    assert_eq!(read.problems[1000].code, "ProblemsOmitted");
    assert!(read.problems[1000].message.contains("5000"));
}

/// As long as it is asked for, the same byte again and again, and no memory.
struct Endless(u8, u64);

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = out.len().min(self.1 as usize);
        out[..length].fill(self.0);
        self.1 -= length as u64;
        Ok(length)
    }
}

#[test]
fn endless_lines_do_not_fill_the_memory() {
    for format in [Format::JsonLines, Format::Json, Format::Csv] {
        for byte in [b'x', b'[', b'{', b'"', b' ', 0, 0xff, b','] {
            let head = "{\"Alias\":\"a\"}\n".as_bytes();
            let file = head.chain(Endless(byte, 10 << 20)).chain(&b"\n{\"Alias\":\"b\"}\n"[..]);
            let read = read_stream(file, Some(format), Kind::Mailboxes, SIZES, 64, 4 << 20, &Unwatched).unwrap();
            assert!(read.problem_count <= 3 && read.bytes > 10 << 20, "{format:?} {byte}: {:?}", read.problems);
            if format == Format::JsonLines {
                assert_eq!(aliases(&read).len(), 2, "{byte}");
            }
        }
    }
}

/// Fails after some bytes.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(io::Error::other("the disk is gone")),
            length => Ok(length),
        }
    }
}

#[test]
fn a_disk_that_fails_is_an_error_and_not_the_end_of_the_file() {
    assert!(read_stream(Failing(b"{\"Alias\":\"a\"}\n"), Some(Format::JsonLines), Kind::Mailboxes, SIZES, 4, LIMIT, &Unwatched).is_err());
    assert!(read_stream(Failing(b"{\"Alias\":\"a\"}\n"), Some(Format::JsonLines), Kind::Mailboxes, SIZES, 64, LIMIT, &Unwatched).is_err());
}

struct StopsAfter(AtomicUsize);

impl Watch for StopsAfter {
    fn progress(&self, _: &str, _: &str, done: u64, total: Option<u64>) {
        assert!(total.is_none_or(|total| done <= total));
    }
    fn cancelled(&self) -> bool {
        self.0.fetch_sub(1, Ordering::Relaxed) == 0
    }
}

#[test]
fn reading_stops_when_the_host_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mailboxes.jsonl");
    fs::write(&path, "{\"Alias\":\"a\"}\n".repeat(2_000_000)).unwrap();
    let problem = read_table(&path, Kind::Mailboxes, &StopsAfter(AtomicUsize::new(1))).err().unwrap();
    assert_eq!(problem.code, "Cancelled");
    assert_eq!(read_table(&folder.path().join("none.jsonl"), Kind::Mailboxes, &Unwatched).err().unwrap().code, "FileNotFound");
    assert_eq!(read_table(folder.path(), Kind::Mailboxes, &Unwatched).err().unwrap().code, "FileUnreadable");
}

#[test]
fn a_folder_is_read_by_the_names_of_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    assert_eq!(read_snapshot(&folder.path().join("none"), &Unwatched).err().unwrap().code, "SnapshotNotFound");
    assert_eq!(read_snapshot(folder.path(), &Unwatched).err().unwrap().code, "SnapshotEmpty");

    write("Mailboxes.JSONL", "{\"Alias\":\"a\"}\n");
    write("mailboxes.csv", "Alias\na\n");
    write("USERS.csv", "Id,UserPrincipalName\n1,a@b.c\n");
    write("acceptedDomains.json", r#"[{"DomainName":"Contoso.com"},{"DomainName":"contoso.mail.onmicrosoft.com"},{"DomainName":"contoso.onmicrosoft.com"}]"#);
    write("mailbox.jsonl", "{}\n");
    write("plan.json", "{}");
    write("notes.txt", "");
    let read = read_snapshot(folder.path(), &Unwatched).unwrap();
    let mut codes: Vec<&str> = read.problems.iter().map(|problem| problem.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["KindTwice", "KindUnknown", "TenantMissing"]);
    assert_eq!(read.fingerprints.keys().collect::<Vec<_>>(), ["Mailboxes.JSONL", "USERS.csv", "acceptedDomains.json"]);
    assert_eq!(read.snapshot.tables.keys().copied().collect::<Vec<_>>(), [Kind::AcceptedDomains, Kind::Mailboxes, Kind::Users]);
    let tenant = &read.snapshot.tenant;
    assert_eq!(tenant.domains, ["contoso.com", "contoso.mail.onmicrosoft.com", "contoso.onmicrosoft.com"]);
    assert_eq!(tenant.initial_domain.as_deref(), Some("contoso.onmicrosoft.com"));
    assert_eq!(Some(tenant.name.as_str()), folder.path().file_name().and_then(|name| name.to_str()));

    write("tenant.json", r#"{"id":"1","name":"contoso","domains":["x.com"],"initialDomain":"y.onmicrosoft.com","more":1}"#);
    let tenant = read_snapshot(folder.path(), &Unwatched).unwrap().snapshot.tenant;
    assert_eq!((tenant.id.as_deref(), tenant.name.as_str(), tenant.domains), (Some("1"), "contoso", vec!["x.com".to_string()]));
    assert_eq!(tenant.initial_domain.as_deref(), Some("y.onmicrosoft.com"));

    write("tenant.json", "{");
    let read = read_snapshot(folder.path(), &Unwatched).unwrap();
    assert!(read.problems.iter().any(|problem| problem.code == "TenantUnreadable"));
}

/// Objects as both JSON and CSV can hold them.
fn objects() -> impl Strategy<Value = Vec<(String, String, Vec<String>, bool)>> {
    let text = prop_oneof!["[a-zA-Z0-9 ,;\"']{0,12}", "[\\PC]{0,8}", "[a-z\r\n\"]{0,6}"].prop_map(|text| text.trim().to_string());
    let address = "(smtp|SMTP):[a-z0-9.+]{1,8}@[a-z]{1,6}\\.(com|net)";
    proptest::collection::vec((text.clone(), text, proptest::collection::vec(address, 0..4), any::<bool>()), 1..12)
}

fn as_json(objects: &[(String, String, Vec<String>, bool)], between: &str) -> String {
    let values = objects.iter().enumerate().map(|(index, (alias, name, addresses, synced))| {
        serde_json::json!({ "Guid": index.to_string(), "Alias": alias, "DisplayName": name, "EmailAddresses": addresses, "IsDirSynced": synced }).to_string()
    });
    values.collect::<Vec<_>>().join(between)
}

fn as_csv(objects: &[(String, String, Vec<String>, bool)], delimiter: char) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut text = ["Guid", "ALIAS", "DisplayName", "emailaddresses", "IsDirSynced"].map(quoted).join(&delimiter.to_string());
    for (index, (alias, name, addresses, synced)) in objects.iter().enumerate() {
        let synced = if *synced { "True" } else { "False" };
        let fields = [&index.to_string(), alias, name, &addresses.join(";"), synced].map(quoted);
        text += "\r\n";
        text += &fields.join(&delimiter.to_string());
    }
    text + "\r\n"
}

fn texts(objects: &[(String, String, Vec<String>, bool)]) -> [(Format, String); 3] {
    [
        (Format::JsonLines, as_json(objects, "\n") + "\n"),
        (Format::Json, format!("[{}]", as_json(objects, ",\n"))),
        (Format::Csv, as_csv(objects, ',')),
    ]
}

/// Of a file that ends too early, every record that stands whole before its end is read, nothing else is, and the end is told.
fn check_cut(objects: &[(String, String, Vec<String>, bool)], format: Format, text: &str, cut: usize) {
    let whole = rows(&read(text.as_bytes(), format).table);
    let part = read(&text.as_bytes()[..cut], format);
    let rows = rows(&part.table);
    let ends = |index: usize| match format {
        Format::JsonLines => as_json(&objects[..=index], "\n").len(),
        Format::Json => 1 + as_json(&objects[..=index], ",\n").len(),
        Format::Csv => as_csv(&objects[..=index], ',').len() - 2,
    };
    let complete = (0..objects.len()).take_while(|index| ends(*index) <= cut).count();
    let told = &text[..text.floor_char_boundary_before(cut)];
    assert!(rows.len() >= complete, "{format:?}: {} of {complete} in {told}", rows.len());
    assert_eq!(rows[..complete], whole[..complete], "{format:?}: {told}");
    assert!(rows.len() == complete, "{format:?}: {} of {complete} in {told}", rows.len());
    if cut > 0 && format == Format::Json {
        assert!(places(&part.problems).iter().any(|(code, _)| *code == "TruncatedFile"), "{told}: {:?}", part.problems);
    }
}

trait FloorCharBoundary {
    fn floor_char_boundary_before(&self, at: usize) -> usize;
}

impl FloorCharBoundary for str {
    fn floor_char_boundary_before(&self, at: usize) -> usize {
        (0..=at).rev().find(|at| self.is_char_boundary(*at)).unwrap_or(0)
    }
}

#[test]
fn a_file_may_end_at_every_byte() {
    let object = |alias: &str, name: &str, synced| (alias.to_string(), name.to_string(), vec!["SMTP:a@b.c".to_string()], synced);
    let objects = [object("a", "Zoë \"Z\", Ltd", true), object("b", "{[\\", false), object("c", "x\r\ny", true)];
    for (format, text) in texts(&objects) {
        for cut in 0..text.len() {
            check_cut(&objects, format, &text, cut);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_format_and_encoding_holds_the_same_objects(objects in objects(), delimiter in prop_oneof![Just(','), Just(';'), Just('\t')]) {
        let lines = as_json(&objects, "\n") + "\n";
        let expected = read(lines.as_bytes(), Format::JsonLines);
        prop_assert_eq!(&places(&expected.problems), &[]);
        let array = format!("[{}]", as_json(&objects, ",\r\n"));
        let csv = as_csv(&objects, delimiter);
        for (format, text) in [(Format::Json, &array), (Format::Csv, &csv)] {
            for bytes in [text.clone().into_bytes(), utf16(text, u16::to_le_bytes, true)] {
                let read = read(&bytes, format);
                prop_assert_eq!(&places(&read.problems), &[], "{}", text);
                prop_assert_eq!(rows(&read.table), rows(&expected.table), "{}", text);
            }
        }
    }

    #[test]
    fn whatever_is_cut_off_what_stands_before_it_is_read(objects in objects(), at in any::<prop::sample::Index>()) {
        for (format, text) in texts(&objects) {
            check_cut(&objects, format, &text, at.index(text.len()));
        }
    }

    #[test]
    fn damage_never_panics_and_costs_little(objects in objects(), damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        for (format, text) in texts(&objects) {
            let mut bytes = text.into_bytes();
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let read = read(&bytes, format);
            if format == Format::JsonLines {
                // The first byte decides about the encoding of all, and a line break makes two records of one.
                prop_assume!(bytes[..4.min(bytes.len())].iter().all(|byte| (1..0x80).contains(byte)) && bytes[0] != b'[' && bytes[0] != b'+');
                prop_assert!(read.table.len() + 2 * damage.len() >= objects.len());
            }
        }
    }

    #[test]
    fn noise_never_panics(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(b"{}[]\",:;\\\n\r valueAlias\0".to_vec())], 0..300)) {
        for format in [Format::JsonLines, Format::Json, Format::Csv] {
            read(&bytes, format);
        }
    }
}
