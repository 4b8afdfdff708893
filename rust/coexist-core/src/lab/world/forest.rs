//! The forest: AD's users, and Entra Connect, which carries what has changed there into the cloud.

use super::filter::Filter;
use super::object::{flag, list, text, texts, Fields, KIND};
use super::parameters::Parameters;
use super::recipient::{Addresses, NIL};
use super::refusal::{fault, Fault};
use super::visibility::{cycle, Via};
use super::{mail_user, Event, World, BEGINNING};
use crate::address::ProxyAddress;
use crate::finding::Side;
use crate::identity::guid::Guid;
use crate::identity::immutable_id;
use base64::Engine;
use serde_json::{json, Value};

/// What Get-ADUser shows without -Properties (https://learn.microsoft.com/powershell/module/activedirectory/get-aduser).
const DEFAULT: [&str; 10] =
    ["DistinguishedName", "Enabled", "GivenName", "Name", "ObjectClass", "ObjectGUID", "SamAccountName", "SID", "Surname", "UserPrincipalName"];

/// Set-ADUser's parameters that are attributes under another name.
const ATTRIBUTES: [(&str, &str); 4] = [("EmailAddress", "mail"), ("SamAccountName", "SamAccountName"), ("UserPrincipalName", "UserPrincipalName"), ("DisplayName", "DisplayName")];

pub(super) fn shown(fields: &Fields) -> Value {
    Value::Object(fields.iter().filter(|(name, _)| !name.starts_with('$')).map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// The forest's root, as its users' names have it.
fn root(world: &World, side: Side) -> String {
    let users = world.tenant(side).objects.iter().map(|object| text(&object.truth, "DistinguishedName")).find(|name| !name.is_empty());
    let name = users.unwrap_or_default();
    let parts: Vec<&str> = name.split(',').filter(|part| part.trim().to_ascii_uppercase().starts_with("DC=")).collect();
    if parts.is_empty() { "DC=lab,DC=example".into() } else { parts.join(",") }
}

fn find(world: &World, side: Side, reader: Option<Via>, identity: &str) -> Result<usize, Fault> {
    let small = identity.trim().to_lowercase();
    let wanted = [format!("g:{small}"), format!("d:{small}"), format!("s:{small}")];
    let found = match reader {
        Some(reader) => world.shown(side, reader, &wanted),
        None => world.all(side, &wanted),
    };
    found.first().copied().ok_or_else(|| fault("ADIdentityNotFoundException", &[("identity", identity), ("root", &root(world, side))]))
}

pub(super) fn get_user(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let more: Vec<String> = parameters.value("Properties").map(list).unwrap_or_default();
    let all = more.iter().any(|name| name == "*");
    let wanted = |name: &str| all || DEFAULT.contains(&name) || more.iter().any(|own| own.eq_ignore_ascii_case(name));
    let show = |fields: &Fields| {
        let mut object = fields.iter().filter(|(name, _)| !name.starts_with('$') && wanted(name)).map(|(name, value)| (name.clone(), value.clone())).collect::<Fields>();
        object.entry("Enabled").or_insert(json!(true));
        // A property that was asked for and is not there shows as null.
        for name in more.iter().filter(|name| *name != "*") {
            if !object.keys().any(|own| own.eq_ignore_ascii_case(name)) {
                object.insert(name.clone(), Value::Null);
            }
        }
        Value::Object(object)
    };
    if let Some(identity) = parameters.text("Identity") {
        let at = find(world, side, Some(Via::ActiveDirectory), identity)?;
        return Ok(vec![show(&world.seen(side, at, Via::ActiveDirectory))]);
    }
    // Of LDAP's own language the world knows nothing.
    let filter = Filter::read(parameters.text("Filter").or_else(|| parameters.text("LDAPFilter")))?;
    let all = (0..world.tenant(side).objects.len()).map(|at| world.seen(side, at, Via::ActiveDirectory));
    Ok(all.filter(|fields| text(fields, KIND) == "adUser" && filter.holds(fields)).map(|fields| show(&fields)).collect())
}

pub(super) fn get_domain(world: &mut World, side: Side, _: &Parameters) -> Result<Vec<Value>, Fault> {
    let root = root(world, side);
    let dns = root.split(',').filter_map(|part| part.split_once('=')).map(|(_, label)| label.trim()).collect::<Vec<_>>().join(".");
    let id = world.tenant(side).info.id.clone();
    Ok(vec![json!({
        "DistinguishedName": root, "DNSRoot": dns, "Forest": dns, "Name": dns.split('.').next(), "NetBIOSName": dns.split('.').next().map(str::to_uppercase),
        "ObjectGUID": id, "ObjectClass": "domainDNS", "PDCEmulator": format!("dc01.{dns}"),
    })])
}

/// A value as AD keeps it: bytes are octets.
fn octets(value: &Value) -> Value {
    let bytes = value.get("bytes").and_then(Value::as_str).and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
    bytes.map_or_else(|| value.clone(), |bytes| json!(bytes))
}

/// The name under which an object has an attribute.
fn own_name(fields: &Fields, name: &str) -> String {
    fields.keys().find(|own| own.eq_ignore_ascii_case(name)).cloned().unwrap_or_else(|| name.to_string())
}

/// The order is the one that the reference gives: Remove, Add, Replace, Clear.
pub(super) fn set_user(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let at = find(world, side, None, parameters.needed("Identity")?)?;
    let mut fields = world.at(side, at).truth.clone();
    let id = text(&fields, "ObjectGUID").to_string();
    let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    for (attribute, values) in parameters.table("Remove") {
        let name = own_name(&fields, attribute);
        let mut own = texts(&fields, &name);
        list(values).iter().for_each(|value| own.retain(|own| !same(own, value)));
        fields.insert(name, json!(own));
    }
    for (attribute, values) in parameters.table("Add") {
        let name = own_name(&fields, attribute);
        let mut own = texts(&fields, &name);
        for value in list(values) {
            // AD's values are a set without case: what is there already keeps its spelling.
            if !own.iter().any(|own| same(own, &value)) {
                own.push(value);
            }
        }
        fields.insert(name, json!(own));
    }
    for (attribute, value) in parameters.table("Replace") {
        fields.insert(own_name(&fields, attribute), octets(value));
    }
    for attribute in parameters.value("Clear").map(list).unwrap_or_default() {
        fields.insert(own_name(&fields, &attribute), Value::Null);
    }
    for (parameter, attribute) in ATTRIBUTES {
        if let Some(value) = parameters.value(parameter) {
            fields.insert(attribute.into(), value.clone());
        }
    }
    // A domain controller refuses a user principal name that another account of the forest has.
    let upn = text(&fields, "UserPrincipalName").to_lowercase();
    if parameters.value("UserPrincipalName").is_some() && world.is_taken(side, format!("v:{upn}"), Some(at)) {
        return Err(fault("ADUserPrincipalNameNotUnique", &[("identity", &upn)]));
    }
    fields.insert("$changed".into(), json!(true));
    world.write(side, at, Via::ActiveDirectory, |own| *own = fields);
    world.done(side, parameters, &id);
    let next = BEGINNING + ((world.now - BEGINNING) / cycle() + 1) * cycle();
    if !world.events.values().any(|event| matches!(event, Event::Synchronization(planned) if *planned == side)) {
        world.plan(next, Event::Synchronization(side));
    }
    Ok(Vec::new())
}

/// The anchor: mS-DS-ConsistencyGuid where there is one, else objectGUID (https://learn.microsoft.com/entra/identity/hybrid/connect/plan-connect-design-concepts).
fn anchor(fields: &Fields) -> Option<Guid> {
    guid_of(fields.get("mS-DS-ConsistencyGuid")).or_else(|| Guid::parse(text(fields, "ObjectGUID")).ok())
}

fn guid_of(value: Option<&Value>) -> Option<Guid> {
    match value? {
        Value::Array(bytes) => {
            let bytes: Option<Vec<u8>> = bytes.iter().map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect();
            bytes?.try_into().ok().map(Guid::from_bytes)
        }
        Value::String(text) => immutable_id::read(text).ok().map(|reading| reading.guid),
        _ => None,
    }
}

/// A run of Entra Connect: what has changed goes into the cloud.
pub(super) fn synchronize(world: &mut World, side: Side) {
    let changed: Vec<usize> =
        (0..world.tenant(side).objects.len()).filter(|at| flag(&world.at(side, *at).truth, "$changed")).collect();
    for at in changed {
        world.write(side, at, Via::ActiveDirectory, |fields| drop(fields.remove("$changed")));
        let source = world.at(side, at).truth.clone();
        let Some(anchor) = anchor(&source) else { continue };
        let Some(user) = world.all(side, &[format!("m:{anchor}")]).first().copied() else { continue };
        let tenant = world.tenant(side);
        let upn = text(&source, "UserPrincipalName");
        // What is not verified becomes a name in the initial domain: https://learn.microsoft.com/entra/identity/hybrid/connect/plan-connect-userprincipalname
        let verified = upn.rsplit_once('@').is_some_and(|(_, domain)| tenant.domains.contains(domain));
        let upn = match upn.rsplit_once('@') {
            Some((local, _)) if !verified => format!("{local}@{}", tenant.info.initial_domain),
            _ => upn.to_string(),
        };
        // What another object has is held back and the rest goes: https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-syncservice-duplicate-attribute-resiliency
        let taken = world.is_taken(side, format!("u:{}", upn.to_lowercase()), Some(user));
        let upn = if taken { text(&world.at(side, user).truth, "userPrincipalName").to_string() } else { upn };
        let free = texts(&source, "proxyAddresses").into_iter().filter(|address| world.owner(side, address, Some(user)).is_none()).collect();
        world.write(side, user, Via::Synchronization, |fields| carry(&source, Addresses(free), &upn, fields));
        super::licence::scrub(world, side, user);
    }
}

fn carry(source: &Fields, mut addresses: Addresses, upn: &str, fields: &mut Fields) {
    mail_user::set_upn(fields, upn);
    if !matches!(text(fields, KIND), "mailUser" | "mailbox") {
        return;
    }
    // An address in the initial domain is the cloud's own: AD need not know it.
    for own in Addresses::of(fields).0 {
        let parsed = ProxyAddress::parse(&own);
        let is_own = parsed.domain().is_some_and(|domain| domain.to_lowercase().ends_with(".onmicrosoft.com"));
        if is_own && !addresses.0.iter().any(|other| ProxyAddress::parse(other).same_as(&parsed)) {
            addresses.0.push(own);
        }
    }
    if addresses.primary().is_none() {
        let first = addresses.0.iter().find_map(|address| address.strip_prefix("smtp:")).map(String::from);
        addresses.make_primary(first.as_deref().unwrap_or(upn));
    }
    addresses.set(fields);
    if text(fields, KIND) == "mailUser" {
        fields.insert("ExternalEmailAddress".into(), source.get("targetAddress").cloned().unwrap_or(Value::Null));
        for (attribute, property) in [("msExchMailboxGuid", "ExchangeGuid"), ("msExchArchiveGUID", "ArchiveGuid")] {
            let guid = guid_of(source.get(attribute)).map_or_else(|| NIL.to_string(), |guid| guid.to_string());
            fields.insert(property.into(), json!(guid));
        }
    }
}
