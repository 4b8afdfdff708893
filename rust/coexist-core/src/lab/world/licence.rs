//! Licences and what they bring with them: a mailbox, or the loss of addresses.

use super::object::{list, text, Fields, KIND};
use super::recipient::{Addresses, NIL};
use super::refusal::{fault, Fault, Reply};
use super::visibility::Via;
use super::{graph, World};
use crate::address::ProxyAddress;
use crate::exchange_plans;
use crate::finding::Side;
use serde_json::{json, Value};

/// What a subscription holds, where nobody in the tenant has it yet: Exchange Online (plan 2), the family's LOCKBOX_ENTERPRISE and, of another service, Teams.
/// The plan ids are those of Microsoft's licensing service plan reference.
const CONTENT: [(&str, &str); 3] =
    [("efb87545-963c-4e0d-99df-69c6916d9eb0", "exchange"), ("9f431833-0334-42de-a7dc-70aa40db46db", "exchange"), ("57ff2da0-773e-42df-b2af-ffb7a2317929", "TeamspaceAPI")];

/// POST /users/{id}/assignLicense.
pub(super) fn assign(world: &mut World, side: Side, at: usize, body: &Value) -> Reply {
    match change(world, side, at, body) {
        Ok(()) => Reply::ok(graph::user(&world.at(side, at).truth)),
        Err(fault) => fault.reply(),
    }
}

fn change(world: &mut World, side: Side, at: usize, body: &Value) -> Result<(), Fault> {
    let (Some(add), Some(remove)) = (body["addLicenses"].as_array(), body["removeLicenses"].as_array()) else {
        return Err(fault("Request_BadRequest", &[("property", "addLicenses")]));
    };
    let fields = &world.at(side, at).truth;
    if !add.is_empty() && text(fields, "usageLocation").is_empty() {
        return Err(fault("UsageLocationMissing", &[]));
    }
    let sku = |licence: &Value| licence["skuId"].as_str().unwrap_or_default().to_lowercase();
    let mut licences = fields.get("assignedLicenses").and_then(Value::as_array).cloned().unwrap_or_default();
    for gone in remove.iter().filter_map(Value::as_str) {
        let had = licences.len();
        licences.retain(|licence| !sku(licence).eq_ignore_ascii_case(gone));
        if licences.len() == had {
            return Err(fault("LicenceNotAssigned", &[("identity", gone)]));
        }
    }
    for new in add {
        if crate::identity::guid::Guid::parse(&sku(new)).is_err() {
            return Err(fault("LicenceUnknown", &[("identity", &sku(new))]));
        }
        licences.retain(|licence| sku(licence) != sku(new));
        let disabled = new.get("disabledPlans").cloned().unwrap_or_else(|| json!([]));
        licences.push(json!({"disabledPlans": disabled, "skuId": new["skuId"]}));
    }
    let id = text(fields, "id").to_string();
    let skus: Vec<String> = add.iter().map(|licence| format!("+{}", sku(licence))).chain(remove.iter().filter_map(Value::as_str).map(|sku| format!("-{sku}"))).collect();
    world.write(side, at, Via::Graph, |fields| {
        set_plans(fields, &licences);
        fields.insert("assignedLicenses".into(), json!(licences));
    });
    world.effect(side, &format!("POST assignLicense({})", skus.join(",")), &id);
    provision(world, side, at);
    scrub(world, side, at);
    Ok(())
}

/// Plans that licences have given since the lab began; what was there before stands on other legs, such as a group.
const GIVEN: &str = "$givenPlans";

/// Sets the service plans that licences give; what they gave and no longer give is shown as deleted.
fn set_plans(fields: &mut Fields, licences: &[Value]) {
    let mut plans: Vec<Value> = fields.get("assignedPlans").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut given: Vec<String> = fields.get(GIVEN).map(list).unwrap_or_default();
    let enabled = |id: &str| licences.iter().any(|licence| !list(&licence["disabledPlans"]).iter().any(|disabled| disabled.eq_ignore_ascii_case(id)));
    for (id, service) in CONTENT {
        let known = plans.iter_mut().find(|plan| plan["servicePlanId"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(id)));
        match (known, enabled(id)) {
            (Some(plan), true) if plan["capabilityStatus"] != "Enabled" => {
                plan["capabilityStatus"] = json!("Enabled");
                given.push(id.to_string());
            }
            (Some(plan), false) if given.iter().any(|own| own == id) => {
                plan["capabilityStatus"] = json!("Deleted");
                given.retain(|own| own != id);
            }
            (None, true) => {
                plans.push(json!({"capabilityStatus": "Enabled", "service": service, "servicePlanId": id}));
                given.push(id.to_string());
            }
            _ => {}
        }
    }
    fields.insert("assignedPlans".into(), json!(plans));
    fields.insert(GIVEN.into(), json!(given));
}

/// The plans of the Exchange family that an object has, and whether each makes a mailbox.
fn family(fields: &Fields) -> impl Iterator<Item = bool> + '_ {
    let plans = fields.get("assignedPlans").and_then(Value::as_array).into_iter().flatten();
    let enabled = plans.filter(|plan| plan["capabilityStatus"].as_str().is_some_and(|status| status.eq_ignore_ascii_case("Enabled")));
    // Those that are in nearly every licence do neither.
    enabled.filter_map(|plan| exchange_plans::find(plan["servicePlanId"].as_str().unwrap_or_default())).filter(|plan| !plan.verify).map(|plan| plan.mailbox)
}

pub(super) fn is_nil(fields: &Fields, property: &str) -> bool {
    matches!(text(fields, property), "" | NIL)
}

/// A licence with a mailbox gives whoever has no ExchangeGuid a new one: "you should not assign a license prior to stamping the ExchangeGuid"
/// (https://learn.microsoft.com/microsoft-365/enterprise/cross-tenant-mailbox-migration). Without it, a mailbox that a licence made goes again, and Exchange
/// remembers it (https://techcommunity.microsoft.com/t5/exchange-team-blog/permanently-clear-previous-mailbox-info/ba-p/607619).
fn provision(world: &mut World, side: Side, at: usize) {
    let fields = &world.at(side, at).truth;
    let (kind, has_plan) = (text(fields, KIND).to_string(), family(fields).any(|mailbox| mailbox));
    let is_guest = text(fields, "userType").eq_ignore_ascii_case("Guest");
    let upn = text(fields, "UserPrincipalName").to_string();
    if has_plan && !is_guest && (kind.is_empty() || (kind == "mailUser" && is_nil(fields, "ExchangeGuid"))) {
        let (guid, own) = (world.new_id(side, "mailbox", &upn), world.new_id(side, "guid of mailbox", &upn));
        world.write(side, at, Via::Service, |fields| {
            let mut addresses = Addresses::of(fields);
            if addresses.0.is_empty() {
                addresses.make_primary(&upn);
            }
            addresses.set(fields);
            for (name, value) in [
                (KIND, json!("mailbox")), ("RecipientType", json!("UserMailbox")), ("RecipientTypeDetails", json!("UserMailbox")), ("ExchangeGuid", json!(guid)),
                ("$provisioned", json!(true)),
            ] {
                fields.insert(name.into(), value);
            }
            let name = text(fields, "DisplayName").to_string();
            for (property, value) in [("Name", json!(name)), ("Alias", json!(super::recipient::alias_of(&upn))), ("Guid", json!(own)), ("IsDirSynced", json!(false)), ("ArchiveGuid", json!(NIL))] {
                fields.entry(property).or_insert(value);
            }
        });
    } else if !has_plan && kind == "mailbox" && super::object::flag(fields, "$provisioned") {
        let was_mail_user = !text(fields, "ExternalEmailAddress").is_empty();
        world.write(side, at, Via::Service, |fields| {
            let details = if was_mail_user { "MailUser" } else { "User" };
            fields.insert(KIND.into(), json!(if was_mail_user { "mailUser" } else { "" }));
            fields.remove("$provisioned");
            for (name, value) in [("RecipientType", details), ("RecipientTypeDetails", details), ("PreviousRecipientTypeDetails", "UserMailbox"), ("ExchangeGuid", NIL)] {
                fields.insert(name.into(), json!(value));
            }
        });
    }
}

/// A plan of the Exchange family on an external mail user of the source takes the addresses of domains that are not the tenant's, and gives it a primary that
/// is (https://learn.microsoft.com/microsoft-365/enterprise/cross-tenant-mailbox-migration, "proxy scrubbing").
pub(super) fn scrub(world: &mut World, side: Side, at: usize) {
    let fields = &world.at(side, at).truth;
    if side != Side::Source || text(fields, KIND) != "mailUser" || family(fields).next().is_none() {
        return;
    }
    let tenant = world.tenant(side);
    let is_own = |address: &String| ProxyAddress::parse(address).domain().is_none_or(|domain| tenant.domains.contains(domain));
    let mut addresses = Addresses(Addresses::of(fields).0.into_iter().filter(is_own).collect());
    if addresses.primary().is_none() {
        let first = addresses.0.iter().find_map(|address| address.strip_prefix("smtp:")).map(String::from);
        let local = super::recipient::alias_of(text(fields, "UserPrincipalName"));
        addresses.make_primary(&first.unwrap_or_else(|| format!("{local}@{}", tenant.info.initial_domain)));
    }
    if addresses.0 != Addresses::of(fields).0 {
        world.write(side, at, Via::Service, |fields| addresses.set(fields));
    }
}
