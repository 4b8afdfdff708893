//! A comparison as an administrator sees it: one row per address, and the findings.

use super::diff::{Action, Change, Diff, Field, Reason};
use crate::directory::display_identity;
use crate::finding::{Finding, Subject};
use crate::limits::Limits;
use crate::snapshot::{Property, Record};
use serde::Serialize;

/// One address of one pair, with the property names of Compare-CoexistAddress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Row {
    /// The source recipient.
    pub identity: String,
    /// The target object; empty where there is none yet.
    pub target: String,
    /// What happens to the address.
    pub action: Action,
    /// The address with its prefix.
    pub address: String,
    /// SMTP, X500, …
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// The property of the target object that holds it.
    pub property: Field,
    /// Why: a stable code.
    pub reason: Reason,
    /// Who has it, for a conflict.
    pub owner: Option<String>,
    /// Who says so.
    pub source: &'static str,
}

/// The rows of one pair.
pub fn rows<'d>(diff: &'d Diff, source: &Record, target: Option<&Record>) -> impl Iterator<Item = Row> + 'd {
    let identity = display_identity(source).to_string();
    let target = target.map(|target| display_identity(target).to_string()).unwrap_or_default();
    diff.changes.iter().map(move |change: &Change| Row {
        identity: identity.clone(),
        target: target.clone(),
        action: change.action,
        address: change.address.to_string(),
        kind: change.kind.name(),
        property: change.field,
        reason: change.reason,
        owner: change.owner.clone(),
        source: change.reason.source(),
    })
}

/// What a comparison found, each with whether it was seen on the target object.
pub fn findings(diff: &Diff, source: &Record, target: Option<&Record>, subject: &Subject, limits: &Limits, delivery_domain: &str) -> Vec<(bool, Finding)> {
    let finding = |code| Finding::new(code, subject.clone());
    let mut found = Vec::new();
    for (of_source, property, flattened) in &diff.unknown {
        let unknown = finding(if *flattened { "PropertyFlattened" } else { "PropertyNotExported" }).with("property", property.name());
        found.push(match target.filter(|_| !of_source) {
            Some(target) => (true, unknown.with("name", format!("{} (target of {})", display_identity(target), subject.name))),
            None => (false, unknown),
        });
    }
    if !found.is_empty() {
        return found;
    }
    let legacy_dn = source.text(Property::LegacyExchangeDN).value();
    for change in diff.changes.iter().filter(|change| change.action == Action::Conflict) {
        let code = match change.reason {
            Reason::AddressInUse => "AddressInUse",
            Reason::AddressClaimedTwice => "AddressClaimedTwice",
            // A malformed LegacyExchangeDN has a code of its own.
            _ => match legacy_dn.filter(|dn| change.address.strip_prefix("X500:") == Some(dn)) {
                Some(dn) => {
                    found.push((false, finding("SourceLegacyExchangeDnInvalid").with("value", dn)));
                    continue;
                }
                None => "AddressMalformed",
            },
        };
        found.push((false, finding(code).with("address", change.address.to_string()).with("other", change.owner.clone().unwrap_or_default())));
    }
    if diff.delivery_missing {
        found.push((false, finding("DeliveryAddressMissing").with("value", delivery_domain)));
    }
    if diff.primary.is_none() {
        found.push((false, finding("PrimaryAddressMissing")));
    }
    let count = diff.count as u64;
    let (exceeded, near) = (limits.value("proxyAddressesError"), limits.value("proxyAddressesWarn"));
    if let Some((code, limit)) = [("AddressLimitExceeded", exceeded), ("AddressLimitNear", near)].into_iter().find(|(_, limit)| count > *limit) {
        // A warning names the limit that is near, not the margin before it.
        let limit = if code == "AddressLimitNear" { exceeded } else { limit };
        found.push((false, finding(code).with("count", count.to_string()).with("limit", limit.to_string())));
    }
    if let Some(target) = target {
        let leaving: Vec<&str> =
            diff.changes.iter().filter(|change| change.action == Action::Remove && change.field == Field::EmailAddresses).map(|change| &*change.address).collect();
        if !leaving.is_empty() {
            let finding = finding("AddressNotAccepted").with("target", display_identity(target));
            found.push((true, finding.with("count", leaving.len().to_string()).with("addresses", leaving.join(", "))));
        }
    }
    found
}
