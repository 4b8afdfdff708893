//! Findings: observed facts that matter; what each says, why, what to do and who says so is data (`data/findings.json`).

use crate::snapshot::Kind;
use hashbrown::HashMap;
use once_cell::sync::Lazy;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Good to know.
    Information,
    /// Look at it before the move.
    Warning,
    /// The move of that person would fail or do harm.
    Error,
}

/// What is known of one finding code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    /// Stable.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// Whether the person that it is about is left out of the plan.
    pub blocks: bool,
    /// The sentence, with `{…}` for what the evidence fills in.
    pub message: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub remedy: String,
    /// Who says so.
    pub source: String,
    /// When they said so.
    pub date: String,
}

#[derive(Deserialize)]
struct File {
    findings: Vec<Rule>,
}

static RULES: Lazy<Vec<Rule>> = Lazy::new(|| {
    let file: File = crate::data::parse("findings.json", include_str!("../../../data/findings.json"));
    file.findings
});
static BY_CODE: Lazy<HashMap<&'static str, &'static Rule>> = Lazy::new(|| RULES.iter().map(|rule| (rule.code.as_str(), rule)).collect());

/// Every finding code that there is.
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// What is known of a code of the table.
pub fn rule(code: &str) -> &'static Rule {
    // A code that is not in the table is a defect of the caller; the scan test below meets it, a user sees the first rule at worst.
    BY_CODE.get(code).copied().unwrap_or(&RULES[0])
}

/// Which tenant an object is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Hash)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// The tenant that people move out of.
    Source,
    /// The tenant that people move into.
    Target,
}

impl Side {
    /// As it is written in plans.
    pub fn name(self) -> &'static str {
        match self {
            Side::Source => "source",
            Side::Target => "target",
        }
    }
}

/// The object that a finding or an operation is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Its tenant.
    pub tenant: Side,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The identity that Exchange takes: ExternalDirectoryObjectId, else the next best.
    pub id: String,
    /// What a person calls it: the primary SMTP address, else the next best.
    pub name: String,
}

/// One observed fact that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The row of the table.
    pub code: &'static str,
    /// Whom it is about.
    pub subject: Subject,
    /// What was seen, by name, in the order of the message.
    pub evidence: Vec<(&'static str, String)>,
    /// The file and line that it was seen in.
    pub place: Option<(String, u64)>,
    /// The severity where the specification changes it (`holds: warn`).
    pub severity: Severity,
    /// Whether it keeps the person out of the plan.
    pub blocks: bool,
}

impl Finding {
    /// A finding as the table has it.
    pub fn new(code: &'static str, subject: Subject) -> Self {
        let rule = rule(code);
        Finding { code, subject, evidence: Vec::new(), place: None, severity: rule.severity, blocks: rule.blocks }
    }

    /// Adds evidence.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.evidence.push((name, value.into()));
        self
    }

    /// Says in which file and line it was seen.
    pub fn at(mut self, file: &str, line: u64) -> Self {
        self.place = Some((file.to_string(), line));
        self
    }

    /// Does not keep the person out of the plan: the administrator decided so in the specification.
    pub fn only_warns(mut self) -> Self {
        self.blocks = false;
        self.severity = self.severity.min(Severity::Warning);
        self
    }

    /// The sentence of the table, filled in.
    pub fn message(&self) -> String {
        let template = &rule(self.code).message;
        let mut message = String::with_capacity(template.len() + 64);
        let mut rest = template.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            message.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                message.push('{');
                rest = after;
                continue;
            };
            match self.evidence.iter().find(|(evidence, _)| *evidence == name) {
                Some((_, value)) => message.push_str(value),
                None if name == "name" => message.push_str(&self.subject.name),
                None => message.push('?'),
            }
            rest = after;
        }
        message.push_str(rest);
        message
    }
}

struct Evidence<'a>(&'a [(&'static str, String)]);

impl Serialize for Evidence<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// As an administrator sees it: flat, with PowerShell's names.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rule = rule(self.code);
        let place = self.place.as_ref();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Code", self.code)?;
        map.serialize_entry("Severity", &self.severity)?;
        map.serialize_entry("Blocks", &self.blocks)?;
        map.serialize_entry("Name", &self.subject.name)?;
        map.serialize_entry("Identity", &self.subject.id)?;
        map.serialize_entry("Tenant", &self.subject.tenant)?;
        map.serialize_entry("Kind", &self.subject.kind)?;
        map.serialize_entry("Message", &self.message())?;
        map.serialize_entry("Why", &rule.why)?;
        map.serialize_entry("Remedy", &rule.remedy)?;
        map.serialize_entry("Evidence", &Evidence(&self.evidence))?;
        map.serialize_entry("Source", &rule.source)?;
        map.serialize_entry("Date", &rule.date)?;
        map.serialize_entry("File", &place.map(|(file, _)| file))?;
        map.serialize_entry("Line", &place.map(|(_, line)| line))?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_filled_in_from_the_evidence() {
        let subject = Subject { tenant: Side::Source, kind: Some(Kind::Mailboxes), id: "1".into(), name: "zoë@contoso.com".into() };
        let finding = Finding::new("AddressInUse", subject).with("address", "x@{y").with("other", "b@fabrikam.com");
        assert_eq!(finding.message(), "x@{y, which zoë@contoso.com needs, belongs to b@fabrikam.com in the target tenant.");
        assert!(finding.blocks);
        assert!(!finding.only_warns().blocks);
    }

    #[test]
    fn codes_are_unique_and_rows_are_whole() {
        let mut codes: Vec<&str> = rules().iter().map(|rule| rule.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), rules().len());
        for rule in rules() {
            for text in [&rule.message, &rule.why, &rule.remedy, &rule.source, &rule.date] {
                assert!(!text.is_empty(), "{}", rule.code);
            }
            assert_eq!(rule.blocks, rule.blocks && rule.severity == Severity::Error, "{}", rule.code);
        }
    }
}
