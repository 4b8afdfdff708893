//! Two small tenants written as JSON, for tests of planning.
#![allow(dead_code)]

pub mod lab;
pub mod scenes;

use coexist_core::finding::Finding;
use coexist_core::plan::mc01::{run, Inputs, MapRow, Setup};
use coexist_core::plan::{expand, footer, Body, Header, PlanFinding, Summary, TenantRef, BETWEEN};
use coexist_core::problem::Problem;
use coexist_core::snapshot::{push_json, Chunk, Kind, RecordBuilder, Snapshot, Table, Tenant};
use coexist_core::specification::Specification;
use coexist_core::watch::Unwatched;
use serde_json::{json, Value};

pub struct World {
    pub specification: Value,
    pub source: Vec<(Kind, Vec<Value>)>,
    pub target: Vec<(Kind, Vec<Value>)>,
    pub map: Vec<MapRow>,
}

pub struct Outcome {
    /// The operations, complete.
    pub operations: Vec<Value>,
    pub findings: Vec<Finding>,
    pub summary: Summary,
    pub text: Vec<u8>,
    /// The plan as it stands in a file.
    pub document: String,
}

/// Of whom an operation is: its id without item and step.
pub fn person_of(operation: &Value) -> &str {
    let id = operation["id"].as_str().unwrap();
    let (rest, _) = id.rsplit_once('/').unwrap();
    rest.split_once('/').unwrap().1
}

/// An operation with everything written out that a plan only refers to: steps as ids, `$added` and `$removed` as the lists of its command.
pub fn written_out(operation: &Value) -> Value {
    let mut whole = operation.clone();
    let person = operation["id"].as_str().unwrap().rsplit_once('/').unwrap().0;
    let id = |step: &Value| {
        let step = step.as_str().unwrap();
        if step.contains('/') { json!(step) } else { json!(format!("{person}/{step}")) }
    };
    whole["dependsOn"] = operation["dependsOn"].as_array().unwrap().iter().map(id).collect();
    if let Some(step) = operation["undo"].get("with") {
        whole["undo"]["with"] = id(step);
    }
    let list = |verb: &str| {
        let parameters = &operation["command"]["parameters"];
        parameters["EmailAddresses"].get(verb).or_else(|| parameters[verb].get("proxyAddresses")).cloned()
    };
    let lists = [("$added", list("Add")), ("$removed", list("Remove"))];
    for part in ["verify", "undo"] {
        write_out(&mut whole[part], &lists);
    }
    whole
}

fn write_out(value: &mut Value, lists: &[(&str, Option<Value>)]) {
    match value {
        Value::String(text) => {
            if let Some((_, Some(list))) = lists.iter().find(|(name, _)| name == text) {
                *value = list.clone();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| write_out(item, lists)),
        Value::Object(entries) => entries.values_mut().for_each(|entry| write_out(entry, lists)),
        _ => {}
    }
}

pub fn guid(number: u32) -> String {
    format!("{number:08x}-1111-4222-8333-444455556666")
}

/// A healthy source mailbox.
pub fn mailbox(number: u32, alias: &str) -> Value {
    json!({
        "ExternalDirectoryObjectId": guid(number), "ExchangeGuid": guid(number + 0x1000), "ArchiveGuid": "00000000-0000-0000-0000-000000000000",
        "Alias": alias, "DisplayName": format!("{alias} of Contoso"), "UserPrincipalName": format!("{alias}@contoso.com"),
        "PrimarySmtpAddress": format!("{alias}@contoso.com"), "LegacyExchangeDN": format!("/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={number:08x}-{alias}"),
        "EmailAddresses": [format!("SMTP:{alias}@contoso.com"), format!("smtp:{alias}@contoso.onmicrosoft.com"), format!("x500:/o=Old/cn={alias}"), "SPO:SPO_1@SPO_2"],
        "RecipientTypeDetails": "UserMailbox", "LitigationHoldEnabled": false, "ComplianceTagHoldApplied": false, "DelayHoldApplied": false,
        "DelayReleaseHoldApplied": false, "InPlaceHolds": [], "RecoverableItemsQuota": "30 GB (32,212,254,720 bytes)", "MailboxLocations": []
    })
}

/// The external member that cross-tenant synchronization made of it: nothing stamped, its old address the primary.
pub fn mail_user(number: u32, alias: &str) -> Value {
    json!({
        "ExternalDirectoryObjectId": guid(number + 0x2000), "ExchangeGuid": "00000000-0000-0000-0000-000000000000", "ArchiveGuid": "00000000-0000-0000-0000-000000000000",
        "Alias": alias, "UserPrincipalName": format!("{alias}@fabrikam.com"), "PrimarySmtpAddress": format!("{alias}@contoso.com"),
        "ExternalEmailAddress": format!("SMTP:{alias}@contoso.com"), "RecipientTypeDetails": "MailUser", "IsDirSynced": false,
        "EmailAddresses": [format!("SMTP:{alias}@contoso.com"), format!("smtp:{alias}@fabrikam.onmicrosoft.com")],
        "RecoverableItemsQuota": "30 GB (32,212,254,720 bytes)"
    })
}

/// A plan as it stands in a file, with complete operations.
pub fn complete(document: &str) -> Value {
    let mut plan: Value = serde_json::from_str(document).unwrap();
    let steps = plan["steps"].clone();
    plan["operations"].as_array_mut().unwrap().iter_mut().for_each(|line| *line = expand(&steps, line).unwrap());
    plan
}

impl World {
    /// One tenant pair without people.
    pub fn new() -> Self {
        World {
            specification: json!({
                "version": 1, "source": {"name": "contoso.onmicrosoft.com", "snapshot": "source"},
                "target": {"name": "fabrikam.onmicrosoft.com", "snapshot": "target", "deliveryDomain": "fabrikam.onmicrosoft.com",
                           "acceptedDomains": ["fabrikam.com", "fabrikam.onmicrosoft.com"]},
                "domainMap": {"contoso.com": "fabrikam.com"}
            }),
            source: vec![(Kind::Mailboxes, vec![])],
            target: vec![(Kind::MailUsers, vec![]), (Kind::MailContacts, vec![]), (Kind::Groups, vec![]), (Kind::Mailboxes, vec![])],
            map: Vec::new(),
        }
    }

    pub fn with_person(mut self, number: u32, alias: &str) -> Self {
        self.source(Kind::Mailboxes).push(mailbox(number, alias));
        self.target(Kind::MailUsers).push(mail_user(number, alias));
        self
    }

    pub fn source(&mut self, kind: Kind) -> &mut Vec<Value> {
        table(&mut self.source, kind)
    }

    pub fn target(&mut self, kind: Kind) -> &mut Vec<Value> {
        table(&mut self.target, kind)
    }

    pub fn try_plan(&self) -> Result<Outcome, Problem> {
        let specification = Specification::parse(&self.specification.to_string())?;
        let (source, target) = (snapshot(&self.source, "source"), snapshot(&self.target, "target"));
        let setup = Setup::new(&Inputs { specification: &specification, source: &source, target: &target, map: &self.map })?;
        let (mut findings, mut text) = (Vec::new(), Vec::new());
        let mut found = Body::new();
        let summary = run(&setup, true, &Unwatched, |block| {
            if !block.operations.is_empty() {
                if !text.is_empty() {
                    text.push(b',');
                }
                text.extend_from_slice(&block.operations.text);
            }
            block.findings.iter().for_each(|finding| found.push(&PlanFinding(finding)));
            findings.extend(block.findings);
            Ok(())
        })?;
        let lines = String::from_utf8(text.clone()).unwrap();
        let tenant = |name: &str| TenantRef { name: name.into(), tenant_id: None };
        let header = Header { items: vec!["MC-01"], source: tenant("contoso.onmicrosoft.com"), target: tenant("fabrikam.onmicrosoft.com"), inputs: Vec::new() };
        let document = format!("{}{lines}{BETWEEN}{}{}", header.text(), String::from_utf8(found.text).unwrap(), footer(&summary));
        let operations = complete(&document)["operations"].as_array().unwrap().clone();
        Ok(Outcome { operations, findings, summary, text, document })
    }

    pub fn plan(&self) -> Outcome {
        self.try_plan().unwrap()
    }
}

impl Outcome {
    /// The operations as they stand in the file.
    pub fn lines(&self) -> Vec<Value> {
        serde_json::from_str(&format!("[{}]", String::from_utf8(self.text.clone()).unwrap())).unwrap()
    }

    pub fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<_> = self.findings.iter().map(|finding| finding.code).collect();
        codes.sort_unstable();
        codes
    }

    pub fn steps(&self) -> Vec<String> {
        self.operations.iter().map(|operation| operation["id"].as_str().unwrap().rsplit('/').next().unwrap().to_string()).collect()
    }

    pub fn step(&self, name: &str) -> &Value {
        let at = self.steps().iter().position(|step| step == name).unwrap_or_else(|| panic!("no step {name} among {:?}", self.steps()));
        &self.operations[at]
    }
}

fn table(tables: &mut Vec<(Kind, Vec<Value>)>, kind: Kind) -> &mut Vec<Value> {
    let at = match tables.iter().position(|(found, _)| *found == kind) {
        Some(at) => at,
        None => {
            tables.push((kind, Vec::new()));
            tables.len() - 1
        }
    };
    &mut tables[at].1
}

pub fn snapshot(tables: &[(Kind, Vec<Value>)], name: &str) -> Snapshot {
    let mut snapshot = Snapshot { tenant: Tenant { name: name.to_string(), ..Tenant::default() }, ..Snapshot::default() };
    for (kind, objects) in tables {
        let mut builder = RecordBuilder::default();
        for object in objects {
            push_json(&mut builder, &object.to_string()).unwrap();
        }
        let lines = (1..=objects.len() as u32).collect();
        let mut table = Table::new(*kind, format!("{name}/{kind}.jsonl"));
        table.push(Chunk::new(builder, lines));
        snapshot.tables.insert(*kind, table);
    }
    snapshot
}
