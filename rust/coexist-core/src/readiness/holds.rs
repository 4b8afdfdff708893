//! Which holds a mailbox is on, each by its kind; how they are told apart is data (`data/holds.json`).

use crate::finding::{Finding, Subject};
use crate::known::Known;
use crate::snapshot::{Property, Record};
use once_cell::sync::Lazy;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    prefixes: Vec<PrefixRow>,
    organization_wide: Vec<String>,
    bare_guid: String,
    otherwise: String,
    flags: Vec<FlagRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrefixRow {
    prefix: String,
    code: String,
    #[serde(default)]
    code_by_suffix: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct FlagRow {
    property: String,
    code: String,
}

struct Flag {
    property: Property,
    code: &'static str,
}

static HOLDS: Lazy<File> = Lazy::new(|| crate::data::parse("holds.json", include_str!("../../../../data/holds.json")));
static FLAGS: Lazy<Vec<Flag>> = Lazy::new(|| {
    let flag = |row: &'static FlagRow| Property::parse(&row.property).map(|property| Flag { property, code: &row.code });
    HOLDS.flags.iter().filter_map(flag).collect()
});

/// The finding code of one entry of InPlaceHolds.
fn classify(entry: &str) -> &'static str {
    let file: &'static File = &HOLDS;
    for row in &file.prefixes {
        let fits = entry.get(..row.prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(&row.prefix));
        if fits {
            let suffix = entry.rsplit_once(':').map(|(_, suffix)| suffix.trim());
            return suffix.and_then(|suffix| row.code_by_suffix.get(suffix)).unwrap_or(&row.code);
        }
    }
    let hex = entry.chars().filter(|c| *c != '-').all(|c| c.is_ascii_hexdigit()) && entry.chars().filter(char::is_ascii_hexdigit).count() == 32;
    if hex {
        &file.bare_guid
    } else {
        &file.otherwise
    }
}

/// The retention policies among the organization's InPlaceHolds that are on every mailbox: Exchange lists them nowhere else.
pub fn organization_wide<'a>(configuration: &Record<'a>) -> Vec<&'a str> {
    let on_mailboxes = |entry: &&str| HOLDS.organization_wide.iter().any(|prefix| entry.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)));
    configuration.list(Property::InPlaceHolds).value().into_iter().flatten().filter(on_mailboxes).collect()
}

/// Whether an entry of a mailbox's InPlaceHolds excludes it from an organization-wide policy: a dash, and the policy up to its suffix.
fn excludes(entry: &str, policy: &str) -> bool {
    fn id(text: &str) -> &str {
        text.split_once(':').map_or(text, |(id, _)| id)
    }
    entry.strip_prefix('-').is_some_and(|entry| id(entry).eq_ignore_ascii_case(id(policy)))
}

/// One finding for each hold of a mailbox, and one where the export does not tell of every kind (Get-EXOMailbox leaves some out unless they are named).
/// `organization` are the [`organization_wide`] holds.
pub fn findings(mailbox: &Record, organization: &[&str], subject: &Subject, findings: &mut Vec<Finding>) {
    let mut unknown: Vec<&str> = Vec::new();
    for flag in FLAGS.iter() {
        match mailbox.flag(flag.property) {
            Known::Value(true) => findings.push(Finding::new(flag.code, subject.clone())),
            Known::Value(false) | Known::Empty => {}
            Known::NotExported | Known::Flattened => unknown.push(flag.property.name()),
        }
    }
    let entries = mailbox.list(Property::InPlaceHolds);
    if entries.is_unknown() {
        unknown.push(Property::InPlaceHolds.name());
    } else {
        let entries = || entries.value().into_iter().flatten();
        findings.extend(entries().map(|entry| Finding::new(classify(entry), subject.clone()).with("value", entry)));
        for policy in organization.iter().filter(|policy| !entries().any(|entry| excludes(entry, policy))) {
            findings.push(Finding::new(classify(policy), subject.clone()).with("value", format!("{policy}, organization-wide")));
        }
    }
    if !unknown.is_empty() {
        findings.push(Finding::new("HoldsUnknown", subject.clone()).with("property", unknown.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_are_told_apart() {
        for (entry, code) in [
            ("UniH1a2b3c", "HoldEDiscovery"),
            ("unih1a2b3c", "HoldEDiscovery"),
            ("mbxcdbbb86c:2", "HoldRetentionPolicy"),
            ("mbxcdbbb86c:3", "HoldRetentionPolicy"),
            ("mbxcdbbb86c:1", "HoldDeleteOnly"),
            ("skpabc:1", "HoldDeleteOnly"),
            ("-mbxcdbbb86c", "HoldExcluded"),
            ("cld0123", "HoldInPlace"),
            ("0123456789abcdef0123456789ABCDEF", "HoldInPlace"),
            ("c0ba3ce8-11d2-4b40-9f3a-0123456789ab", "HoldInPlace"),
            ("xyz", "HoldUnrecognized"),
            ("é", "HoldUnrecognized"),
        ] {
            assert_eq!(classify(entry), code, "{entry}");
        }
    }

    #[test]
    fn every_code_is_a_finding() {
        let codes = HOLDS.prefixes.iter().flat_map(|row| std::iter::once(&row.code).chain(row.code_by_suffix.values()));
        for code in codes.chain([&HOLDS.bare_guid, &HOLDS.otherwise]).chain(HOLDS.flags.iter().map(|flag| &flag.code)) {
            assert_eq!(&crate::finding::rule(code).code, code);
        }
        assert_eq!(FLAGS.len(), HOLDS.flags.len());
    }
}
