//! The address comparison of one pair of recipients.

use std::collections::BTreeMap;

use coexist_core::address::{compare, findings, rows, Context, DomainMap, DomainSet, NoOwners, Row};
use coexist_core::directory::{display_identity, stable_identity};
use coexist_core::finding::{Finding, Side, Subject};
use coexist_core::limits::Limits;
use coexist_core::problem::{Category, Problem};
use coexist_core::snapshot::{push_json, Chunk, Kind, Record, RecordBuilder, Table};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::Engine;
use crate::error::Failure;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    source: Value,
    target: Option<Value>,
    accepted_domains: Vec<String>,
    delivery_domain: Option<String>,
    #[serde(default)]
    domain_map: BTreeMap<String, String>,
    #[serde(default)]
    limits: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Compared {
    rows: Vec<Row>,
    findings: Vec<Finding>,
}

pub(super) fn run(_engine: &Engine, request: Value) -> Result<Vec<u8>, Failure> {
    let request: Request = decode(request)?;
    let limits = Limits::with(&request.limits)?;
    let accepted = DomainSet::new(&request.accepted_domains);
    if accepted.is_empty() {
        let message = "No accepted domain of the target is known, so no address could be judged. Pass -AcceptedDomain, or a target snapshot that holds Get-AcceptedDomain.";
        return Err(Problem::new("AcceptedDomainsUnknown", Category::InvalidArgument, message).into());
    }
    let domain_map = DomainMap::new(&request.domain_map, &accepted)?;
    let table = recipients(std::iter::once(&request.source).chain(&request.target))?;
    let source = table.get(0);
    let target = request.target.is_some().then(|| table.get(1));

    let context = Context { accepted: &accepted, delivery_domain: request.delivery_domain.as_deref(), domain_map: &domain_map, limits: &limits };
    let diff = compare(&source, target.as_ref().unwrap_or(&Record::none()), target.is_some(), &context, &NoOwners);
    let subject = Subject { tenant: Side::Source, kind: None, id: stable_identity(&source).into(), name: display_identity(&source).into() };
    let delivery = request.delivery_domain.as_deref().unwrap_or_default();
    let found = findings(&diff, &source, target.as_ref(), &subject, &limits, delivery).into_iter().map(|(_, finding)| finding);
    encode(&Compared { findings: found.collect(), rows: rows(&diff, &source, target.as_ref()).collect() })
}

fn recipients<'a>(objects: impl Iterator<Item = &'a Value>) -> Result<Table, Failure> {
    let mut builder = RecordBuilder::default();
    let mut lines = Vec::new();
    for object in objects {
        push_json(&mut builder, &object.to_string()).map_err(|cause| Failure::from(not_a_recipient(&cause.to_string())))?;
        lines.push(0);
    }
    let mut table = Table::new(Kind::Mailboxes, "");
    table.push(Chunk::new(builder, lines));
    Ok(table)
}

fn not_a_recipient(cause: &str) -> Problem {
    Problem::new("RecipientNotRecognized", Category::InvalidData, format!("This is not a recipient: {cause}. Pipe what Get-Mailbox, Get-MailUser or Get-Recipient emit."))
}
