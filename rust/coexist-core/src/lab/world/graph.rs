//! Graph: users, licences, invitations, the organization, and the jobs of the migration orchestrator.

use super::object::{flag, text, Fields, KIND, USER};
use super::refusal::{fault, Fault, Reply};
use super::visibility::Via;
use super::{invitation, job, licence, mail_user, World};
use crate::finding::Side;
use serde_json::{json, Value};

/// What PATCH takes of a user here, with the property of Exchange that shows the same.
const WRITABLE: [(&str, Option<&str>); 24] = [
    ("accountEnabled", None), ("businessPhones", None), ("city", None), ("companyName", None), ("country", None), ("department", None),
    ("displayName", Some("DisplayName")), ("employeeId", None), ("givenName", None), ("jobTitle", None), ("mail", None), ("mailNickname", Some("Alias")),
    ("mobilePhone", None), ("officeLocation", None), ("otherMails", None), ("passwordPolicies", None), ("passwordProfile", None), ("postalCode", None),
    ("preferredLanguage", None), ("state", None), ("surname", None), ("usageLocation", None), ("userPrincipalName", None), ("userType", None),
];

/// What is the cloud's own of an object that AD masters: https://learn.microsoft.com/graph/api/user-update
const CLOUDS_OWN: [&str; 1] = ["usageLocation"];

/// What a user shows without $select: https://learn.microsoft.com/graph/api/resources/user
const DEFAULT: [&str; 11] = [
    "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname", "userPrincipalName",
];

/// A path in its parts: unescaped segments, and the query.
pub(super) struct Path {
    pub version: String,
    pub segments: Vec<String>,
    pub query: Vec<(String, String)>,
}

impl Path {
    fn parse(path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(unescape).collect();
        let version = if segments.is_empty() { String::new() } else { segments.remove(0) };
        let query = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (unescape(name), unescape(&value.replace('+', " ")))).collect();
        Path { version, segments, query }
    }

    pub fn select(&self) -> Option<Vec<&str>> {
        let (_, names) = self.query.iter().find(|(name, _)| name.eq_ignore_ascii_case("$select"))?;
        Some(names.split(',').map(str::trim).collect())
    }
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped.filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The members of an object that were asked for.
pub(super) fn selected(object: Value, select: Option<Vec<&str>>) -> Value {
    match (object, select) {
        (Value::Object(all), Some(select)) => select.into_iter().map(|name| (name.to_string(), all.get(name).cloned().unwrap_or(Value::Null))).collect(),
        (object, _) => object,
    }
}

/// As Entra ID shows it.
pub(super) fn user(fields: &Fields) -> Value {
    let mut own: Fields = fields.iter().filter(|(name, _)| name.starts_with(|first: char| first.is_lowercase())).map(|(name, value)| (name.clone(), value.clone())).collect();
    if matches!(text(fields, KIND), "mailUser" | "mailbox") {
        own.insert("mail".into(), fields.get("PrimarySmtpAddress").cloned().unwrap_or(Value::Null));
        own.insert("proxyAddresses".into(), fields.get("EmailAddresses").cloned().unwrap_or_else(|| json!([])));
    }
    Value::Object(own)
}

/// The user of an id or a user principal name, as Graph shows them now.
pub(super) fn find_user(world: &World, side: Side, identity: &str) -> Result<usize, Fault> {
    let small = identity.to_lowercase();
    let is_user = |at: &usize| flag(&world.seen(side, *at, Via::Graph), USER);
    for wanted in [format!("i:{small}"), format!("u:{small}")] {
        if let Some(at) = world.shown(side, Via::Graph, &[wanted]).into_iter().find(is_user) {
            return Ok(at);
        }
    }
    Err(fault("Request_ResourceNotFound", &[("identity", identity)]))
}

/// The user that a write names: Graph knows its own writes at once, those of others once it shows them.
fn user_to_change(world: &World, side: Side, identity: &str) -> Result<usize, Fault> {
    let small = identity.to_lowercase();
    for wanted in [format!("i:{small}"), format!("u:{small}")] {
        let there = |at: &usize| flag(&world.at(side, *at).truth, USER) && flag(&world.seen(side, *at, Via::Graph), USER);
        if let Some(at) = world.all(side, &[wanted]).into_iter().find(there) {
            return Ok(at);
        }
    }
    Err(fault("Request_ResourceNotFound", &[("identity", identity)]))
}

pub(super) fn answer(world: &mut World, side: Side, method: &str, path: &str, body: &Value) -> Reply {
    let path = Path::parse(path);
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    let method = method.to_ascii_uppercase();
    let known = path.version == "v1.0" || path.version == "beta";
    match (method.as_str(), &segments[..]) {
        _ if !known => unknown(&path),
        ("GET", ["organization"]) => organization(world, side, &path),
        ("GET", ["users"]) => all_users(world, side, &path),
        ("GET", ["users", identity]) => match find_user(world, side, identity) {
            Ok(at) => {
                let shown = user(&world.seen(side, at, Via::Graph));
                Reply::ok(selected(shown, Some(path.select().unwrap_or_else(|| DEFAULT.to_vec()))))
            }
            Err(fault) => fault.reply(),
        },
        ("PATCH", ["users", identity]) => user_to_change(world, side, identity).and_then(|at| patch(world, side, at, body)).unwrap_or_else(Fault::reply),
        ("DELETE", ["users", identity]) => user_to_change(world, side, identity).and_then(|at| delete(world, side, at)).unwrap_or_else(Fault::reply),
        ("POST", ["users", identity, "assignLicense"]) => match user_to_change(world, side, identity) {
            Ok(at) => licence::assign(world, side, at, body),
            Err(fault) => fault.reply(),
        },
        ("POST", ["invitations"]) => invitation::invite(world, side, body).unwrap_or_else(Fault::reply),
        (method, ["solutions", "migrations", rest @ ..]) => job::answer(world, side, method, rest, &path, body),
        _ => unknown(&path),
    }
}

fn unknown(path: &Path) -> Reply {
    fault("UnknownSegment", &[("segment", path.segments.first().map_or("", String::as_str))]).reply()
}

fn organization(world: &World, side: Side, path: &Path) -> Reply {
    let info = &world.tenant(side).info;
    let domains = world.tenant(side).domains.iter().map(|name| {
        let initial = name.eq_ignore_ascii_case(&info.initial_domain);
        json!({"name": name, "isInitial": initial, "isDefault": false, "type": "Managed", "capabilities": "Email, OfficeCommunicationsOnline"})
    });
    let object = json!({"id": info.id, "displayName": info.name, "verifiedDomains": domains.collect::<Vec<_>>(), "tenantType": "AAD"});
    Reply::ok(json!({"value": [selected(object, path.select())]}))
}

fn all_users(world: &World, side: Side, path: &Path) -> Reply {
    let users = (0..world.tenant(side).objects.len()).map(|at| world.seen(side, at, Via::Graph)).filter(|fields| flag(fields, USER));
    let shown: Vec<Value> = users.map(|fields| selected(user(&fields), Some(path.select().unwrap_or_else(|| DEFAULT.to_vec())))).collect();
    Reply::ok(json!({"value": shown}))
}

fn patch(world: &mut World, side: Side, at: usize, body: &Value) -> Result<Reply, Fault> {
    let Some(body) = body.as_object().filter(|body| !body.is_empty()) else { return Err(fault("Request_BadRequest", &[("property", "body")])) };
    let fields = &world.at(side, at).truth;
    if let Some(name) = body.keys().find(|name| !WRITABLE.iter().any(|(own, _)| own == name)) {
        return Err(fault("Request_BadRequest", &[("property", name)]));
    }
    let synced = flag(fields, "onPremisesSyncEnabled") || flag(fields, "IsDirSynced");
    if synced && body.keys().any(|name| !CLOUDS_OWN.contains(&name.as_str())) {
        return Err(fault("OnPremisesMasteredObject", &[]));
    }
    if let Some(upn) = body.get("userPrincipalName").and_then(Value::as_str) {
        let domain = upn.rsplit_once('@').map(|(_, domain)| domain);
        if !domain.is_some_and(|domain| world.tenant(side).domains.contains(domain)) {
            return Err(fault("UserPrincipalNameDomainInvalid", &[]));
        }
        if world.is_taken(side, format!("u:{}", upn.to_lowercase()), Some(at)) {
            return Err(fault("AnotherObjectWithTheSameValue", &[("property", "userPrincipalName")]));
        }
    }
    if let Some(location) = body.get("usageLocation").filter(|location| !location.is_null()) {
        let good = location.as_str().is_some_and(|text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()));
        if !good {
            return Err(fault("Request_BadRequest", &[("property", "usageLocation")]));
        }
    }
    let (id, names) = (text(fields, "id").to_string(), body.keys().cloned().collect::<Vec<_>>().join(","));
    world.write(side, at, Via::Graph, |fields| {
        for (name, value) in body.iter().filter(|(name, _)| *name != "passwordProfile") {
            if name == "userPrincipalName" {
                mail_user::set_upn(fields, value.as_str().unwrap_or_default());
                continue;
            }
            fields.insert(name.clone(), value.clone());
            if let Some((_, Some(property))) = WRITABLE.iter().find(|(own, _)| own == name) {
                fields.insert((*property).into(), value.clone());
            }
        }
    });
    world.effect(side, &format!("PATCH user({names})"), &id);
    Ok(Reply::none())
}

fn delete(world: &mut World, side: Side, at: usize) -> Result<Reply, Fault> {
    let fields = &world.at(side, at).truth;
    if flag(fields, "onPremisesSyncEnabled") {
        return Err(fault("OnPremisesMasteredObject", &[]));
    }
    let id = text(fields, "id").to_string();
    world.write(side, at, Via::Graph, Fields::clear);
    world.effect(side, "DELETE user()", &id);
    Ok(Reply::none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_apart() {
        let path = Path::parse("/v1.0/users/o%27b_x.com%23EXT%23@fabrikam.com?$select=id,usageLocation&x=a%20b");
        assert_eq!((path.version.as_str(), path.segments.as_slice()), ("v1.0", &["users".to_string(), "o'b_x.com#EXT#@fabrikam.com".to_string()][..]));
        assert_eq!(path.select().unwrap(), ["id", "usageLocation"]);
        assert_eq!(unescape("a%2"), "a%2");
        assert_eq!(unescape("%ü%41"), "%üA");
    }
}
