//! The plan file: one JSON document, one operation and one finding a line, in canonical order, without the time of its making.

use super::form::Form;
use super::operation::Step;
use crate::finding::{rule, Finding, Subject};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version of the plan format.
pub const VERSION: u32 = 1;

/// A tenant as the plan names it: what a session is held against before anything is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantRef {
    /// The administrator's name for it.
    pub name: String,
    /// Its GUID, where known.
    pub tenant_id: Option<String>,
}

/// A file that the plan was made from.
#[derive(Debug, Clone, Serialize)]
pub struct Input {
    /// Its path, relative to the specification where it lies below it.
    pub path: String,
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// What stands before the operations.
#[derive(Debug, Clone)]
pub struct Header {
    /// The backlog items.
    pub items: Vec<&'static str>,
    /// The tenant that people move out of.
    pub source: TenantRef,
    /// The tenant that people move into.
    pub target: TenantRef,
    /// What the plan was made from.
    pub inputs: Vec<Input>,
}

/// How objects are read to see whether an operation is due or done: by name, so that operations stay short.
const READS: &str = r#"{"adUser":{"surface":"activeDirectory","command":"Get-ADUser","properties":["mS-DS-ConsistencyGuid","msExchArchiveGUID","msExchMailboxGuid","proxyAddresses","targetAddress","userPrincipalName"]},"exchangeUser":{"surface":"exchange","command":"Get-User"},"mailUser":{"surface":"exchange","command":"Get-MailUser"},"migrationUser":{"surface":"exchange","command":"Get-MigrationUser"},"user":{"surface":"graph","request":{"method":"GET","version":"v1.0","path":"/users/{id}?$select=id,userPrincipalName,usageLocation,assignedLicenses"}}}"#;

/// What the plan says about itself at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// People in scope.
    pub people: u64,
    /// Of them, those with nothing left to do.
    pub ready: u64,
    /// Of them, those that a finding keeps out.
    pub blocked: u64,
    /// Operations.
    pub operations: u64,
    /// Operations, by step.
    pub steps: BTreeMap<String, u64>,
    /// Findings, by code.
    pub findings: BTreeMap<String, u64>,
    /// The forms of the operations, by step and name; they stand beside the summary.
    #[serde(skip)]
    pub forms: BTreeMap<(&'static str, String), Arc<str>>,
}

impl Summary {
    /// Adds what another part counted.
    pub fn add(&mut self, other: &Summary) {
        self.people += other.people;
        self.ready += other.ready;
        self.blocked += other.blocked;
        self.operations += other.operations;
        for (step, count) in &other.steps {
            *self.steps.entry(step.clone()).or_default() += count;
        }
        for (code, count) in &other.findings {
            *self.findings.entry(code.clone()).or_default() += count;
        }
        for (name, text) in &other.forms {
            if !self.forms.contains_key(name) {
                self.forms.insert(name.clone(), text.clone());
            }
        }
    }

    /// Counts operations of a form.
    pub fn count(&mut self, form: &Form, operations: u64) {
        self.operations += operations;
        *self.steps.entry(form.step.to_string()).or_default() += operations;
        self.forms.insert((form.step, form.name.clone()), form.text.clone());
    }
}

impl Header {
    /// The text up to the first operation.
    pub fn text(&self) -> String {
        let mut inputs: Vec<&Input> = self.inputs.iter().collect();
        inputs.sort_by(|a, b| a.path.cmp(&b.path));
        format!(
            "{{\"$schema\":\"./plan.schema.json\",\n\"version\":{VERSION},\n\"items\":{},\n\"source\":{},\n\"target\":{},\n\"inputs\":{},\n\"reads\":{READS},\n\"operations\":[",
            json(&self.items),
            json(&self.source),
            json(&self.target),
            json(&inputs),
        )
    }
}

fn json(value: &impl Serialize) -> String {
    // Text, numbers and lists cannot fail to serialize.
    serde_json::to_string(value).unwrap_or_default()
}

/// The lines of one section, as they are made.
#[derive(Default)]
pub struct Body {
    /// JSON values, each preceded by a line feed, separated by commas.
    pub text: Vec<u8>,
    empty: bool,
}

impl Body {
    /// A body without lines.
    pub fn new() -> Self {
        Body { text: Vec::new(), empty: true }
    }

    /// A body without lines, with room for this many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Body { text: Vec::with_capacity(bytes), empty: true }
    }

    /// Begins a line; what is pushed to the text from here is in it.
    pub fn begin(&mut self) -> &mut Vec<u8> {
        self.text.extend_from_slice(if self.empty { b"\n" } else { b",\n" });
        self.empty = false;
        &mut self.text
    }

    /// Adds one line.
    pub fn push(&mut self, value: &impl Serialize) {
        // Writing text and numbers into memory cannot fail.
        let _ = serde_json::to_writer(self.begin(), value);
    }

    /// True without lines.
    pub fn is_empty(&self) -> bool {
        self.empty
    }
}

/// Appends a text as JSON. Hardly any has something to escape, and to see that all at once takes a fraction of looking at each character.
pub fn push_text(out: &mut Vec<u8>, text: &str) {
    if text.bytes().fold(false, |found, byte| found | (byte < b' ') | (byte == b'"') | (byte == b'\\')) {
        let _ = serde_json::to_writer(out, text);
    } else {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}

/// A finding as it stands in a plan: what is the same for every finding of its code stands once, at the end.
pub struct PlanFinding<'f>(pub &'f Finding);

impl Serialize for PlanFinding<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Line<'f> {
            code: &'static str,
            severity: crate::finding::Severity,
            blocks: bool,
            subject: &'f Subject,
            message: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            file: Option<&'f str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            line: Option<u64>,
        }
        let finding = self.0;
        Line {
            code: finding.code,
            severity: finding.severity,
            blocks: finding.blocks,
            subject: &finding.subject,
            message: finding.message(),
            file: finding.place.as_ref().map(|(file, _)| file.as_str()),
            line: finding.place.as_ref().map(|(_, line)| *line),
        }
        .serialize(serializer)
    }
}

/// The text between the operations and the findings.
pub const BETWEEN: &str = "\n],\n\"findings\":[";

/// The text after the findings: the rules behind them, the steps with the forms of their operations, and the summary.
pub fn footer(summary: &Summary) -> String {
    #[derive(Serialize)]
    struct RuleLine<'r> {
        why: &'r str,
        remedy: &'r str,
        source: &'r str,
        date: &'r str,
    }
    let rules: BTreeMap<&str, RuleLine> = summary
        .findings
        .keys()
        .map(|code| {
            let rule = rule(code);
            (code.as_str(), RuleLine { why: &rule.why, remedy: &rule.remedy, source: &rule.source, date: &rule.date })
        })
        .collect();
    format!("\n],\n\"rules\":{},\n\"steps\":{},\n\"summary\":{}\n}}\n", json(&rules), steps(summary), json(summary))
}

/// The steps that the plan has, one form a line.
fn steps(summary: &Summary) -> String {
    let mut text = String::from("{");
    let mut steps: Vec<&Step> = super::mc01::STEPS.iter().copied().filter(|step| summary.steps.contains_key(step.name)).collect();
    steps.sort_by_key(|step| step.name);
    for (at, step) in steps.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        text += &format!("{comma}\n\"{}\":{{\"what\":{},\"why\":{},\"forms\":{{", step.name, json(&step.what), json(&step.why));
        let forms = summary.forms.iter().filter(|((of, _), _)| *of == step.name);
        for (at, ((_, name), form)) in forms.enumerate() {
            text += &format!("{}\n\"{name}\":{form}", if at == 0 { "" } else { "," });
        }
        text += "}}";
    }
    text + "}"
}
