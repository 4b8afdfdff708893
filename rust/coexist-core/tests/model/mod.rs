//! A small model of the target tenant and its forest: what the operations of a plan do to the objects that a snapshot would show.
//!
//! It knows what the services do, not what the planner thinks: names and addresses are unique, changing ExternalEmailAddress alone moves the primary and
//! drops the old external address, AD's changes reach the cloud by synchronization.

use crate::world::{guid, written_out, World};
use coexist_core::snapshot::Kind;
use serde_json::{json, Value};

const NIL: &str = "00000000-0000-0000-0000-000000000000";
const QUOTA: &str = "30 GB (32,212,254,720 bytes)";
const QUOTA_ON_HOLD: &str = "100 GB (107,374,182,400 bytes)";
const STAGES: [&str; 5] = ["prepare", "preStage", "cutover", "settle", "cleanUp"];

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// `prefix:value` with every letter small: what makes two addresses one.
fn key(address: &str) -> String {
    address.to_lowercase()
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_string()).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn is_nil(value: &Value) -> bool {
    matches!(value, Value::Null) || text(value).is_empty() || text(value) == NIL
}

/// The stage of an operation as a number.
pub fn stage(operation: &Value) -> usize {
    STAGES.iter().position(|stage| *stage == text(&operation["stage"])).unwrap()
}

fn in_order(operations: &[Value]) -> Vec<Value> {
    let mut order: Vec<Value> = operations.iter().map(written_out).collect();
    order.sort_by_key(stage);
    order
}

/// Runs every operation, stage by stage in the plan's order; whatever the services or the operation's own conditions refuse is an error.
pub fn apply(world: &mut World, operations: &[Value]) -> Result<(), String> {
    let order = in_order(operations);
    let mut done: Vec<&str> = Vec::new();
    for operation in &order {
        let id = text(&operation["id"]);
        let wrong = |what: String| format!("{id}: {what}");
        for dependency in operation["dependsOn"].as_array().unwrap() {
            if !done.contains(&text(dependency)) {
                return Err(wrong(format!("{dependency} is not done")));
            }
        }
        for gate in operation["gates"].as_array().into_iter().flatten() {
            open(world, gate).map_err(wrong)?;
        }
        hold(world, operation, &operation["expect"]).map_err(|what| wrong(format!("expect: {what}")))?;
        act(world, operation).map_err(wrong)?;
        hold(world, operation, &operation["verify"]).map_err(|what| wrong(format!("verify: {what}")))?;
        done.push(id);
    }
    Ok(())
}

/// Takes back every operation, the last first.
pub fn undo(world: &mut World, operations: &[Value]) -> Result<(), String> {
    for operation in in_order(operations).into_iter().rev() {
        let undo = &operation["undo"];
        if undo.get("command").is_some() || undo.get("request").is_some() {
            act(world, undo).map_err(|what| format!("{} undone: {what}", operation["id"]))?;
        }
    }
    Ok(())
}

fn open(world: &mut World, gate: &Value) -> Result<(), String> {
    let identity = text(&gate["identity"]);
    match text(&gate["waitFor"]) {
        "objectVisible" => user(world, identity).map(|_| ()),
        "propertyVisible" => {
            let object = mail_user(world, identity)?.clone();
            gate["conditions"].as_array().unwrap().iter().try_for_each(|condition| holds(&object, condition))
        }
        // Migration users are listed by the target's primary address.
        "mailboxSynced" => {
            let listed = world.target(Kind::MailUsers).iter().any(|user| strings(&user["EmailAddresses"]).contains(&format!("SMTP:{identity}")));
            if listed { Ok(()) } else { Err(format!("no migration user {identity}")) }
        }
        other => Err(format!("gate {other}")),
    }
}

/// The conditions, on the object that the operation's command or request names.
fn hold(world: &mut World, operation: &Value, conditions: &Value) -> Result<(), String> {
    let conditions = conditions.as_array().unwrap();
    if conditions.is_empty() {
        return Ok(());
    }
    let named = operation.get("command").map(|command| text(&command["parameters"]["Identity"])).filter(|identity| !identity.is_empty());
    let target = named.unwrap_or(text(&operation["subject"]["target"]));
    let object = match text(&operation["read"]) {
        "mailUser" => mail_user(world, target)?.clone(),
        "exchangeUser" => find(world, Kind::ExchangeUsers, "ExternalDirectoryObjectId", target)?.clone(),
        "adUser" => find(world, Kind::AdUsers, "ObjectGUID", target)?.clone(),
        "user" => user(world, target)?.clone(),
        other => return Err(format!("read {other}")),
    };
    conditions.iter().try_for_each(|condition| holds(&object, condition))
}

fn holds(object: &Value, condition: &Value) -> Result<(), String> {
    let property = text(&condition["property"]);
    // Names compare without case, as in PowerShell; Graph's begin small.
    let value = object.as_object().unwrap().iter().find(|(name, _)| same(name, property)).map_or(&Value::Null, |(_, value)| value);
    let flat = match value {
        Value::Bool(flag) => json!(if *flag { "True" } else { "False" }),
        Value::Array(items) => items.iter().map(|item| item.get("skuId").unwrap_or(item).clone()).collect(),
        other => other.clone(),
    };
    let listed = |wanted: &Value| strings(&flat).iter().any(|item| same(item, text(wanted)));
    let good = if let Some(equals) = condition.get("equals") {
        same(text(&flat), text(equals))
    } else if let Some(contains) = condition.get("contains") {
        contains.as_array().unwrap().iter().all(listed)
    } else if let Some(lacks) = condition.get("lacks") {
        !lacks.as_array().unwrap().iter().any(listed)
    } else {
        condition["empty"] == json!(is_nil(&flat))
    };
    if good { Ok(()) } else { Err(format!("{condition}, but it is {value}")) }
}

fn act(world: &mut World, holder: &Value) -> Result<(), String> {
    if let Some(request) = holder.get("request") {
        return send(world, request);
    }
    let (name, parameters) = (text(&holder["command"]["name"]), &holder["command"]["parameters"]);
    match name {
        "New-MailUser" => new_mail_user(world, parameters),
        "Remove-MailUser" => {
            let id = mail_user(world, text(&parameters["Identity"]))?["ExternalDirectoryObjectId"].clone();
            world.target(Kind::MailUsers).retain(|user| user["ExternalDirectoryObjectId"] != id);
            world.target(Kind::Users).retain(|user| user["Id"] != id);
            Ok(())
        }
        "Set-MailUser" => set_mail_user(world, parameters),
        "Set-User" if parameters["PermanentlyClearPreviousMailboxInfo"] == true => {
            find(world, Kind::ExchangeUsers, "ExternalDirectoryObjectId", text(&parameters["Identity"]))?["PreviousRecipientTypeDetails"] = json!("None");
            Ok(())
        }
        "Set-ADUser" => set_ad_user(world, parameters),
        other => Err(format!("the model has no {other}")),
    }
}

fn find<'w>(world: &'w mut World, kind: Kind, property: &str, value: &str) -> Result<&'w mut Value, String> {
    let mut found: Vec<&mut Value> = world.target(kind).iter_mut().filter(|object| same(text(&object[property]), value)).collect();
    match found.len() {
        1 => Ok(found.remove(0)),
        count => Err(format!("{count} {kind} with {property} '{value}'")),
    }
}

fn mail_user<'w>(world: &'w mut World, identity: &str) -> Result<&'w mut Value, String> {
    let property = if identity.contains('@') { "UserPrincipalName" } else { "ExternalDirectoryObjectId" };
    find(world, Kind::MailUsers, property, identity)
}

fn user<'w>(world: &'w mut World, identity: &str) -> Result<&'w mut Value, String> {
    // Every mail user has a user in Entra ID, whether or not a snapshot was taken of it.
    let mail = mail_user(world, identity)?.clone();
    let id = mail["ExternalDirectoryObjectId"].clone();
    let users = world.target(Kind::Users);
    if !users.iter().any(|user| user["Id"] == id) {
        users.push(json!({"Id": id, "AssignedLicenses": [], "AssignedPlans": [], "UsageLocation": null}));
    }
    let found = find(world, Kind::Users, "Id", text(&id))?;
    found["UserPrincipalName"] = mail["UserPrincipalName"].clone();
    Ok(found)
}

fn owner(world: &mut World, address: &str, but: &str) -> Option<String> {
    for kind in [Kind::MailUsers, Kind::MailContacts, Kind::Groups, Kind::Mailboxes] {
        for object in world.target(kind).iter() {
            if text(&object["ExternalDirectoryObjectId"]) != but && strings(&object["EmailAddresses"]).iter().any(|own| key(own) == key(address)) {
                return Some(object["PrimarySmtpAddress"].to_string());
            }
        }
    }
    None
}

fn new_mail_user(world: &mut World, parameters: &Value) -> Result<(), String> {
    let external = text(&parameters["ExternalEmailAddress"]).to_string();
    if let Some(owner) = owner(world, &external, "") {
        return Err(format!("{external} belongs to {owner}"));
    }
    let users = world.target(Kind::MailUsers);
    for (parameter, property) in [("Name", "Name"), ("Alias", "Alias"), ("MicrosoftOnlineServicesID", "UserPrincipalName")] {
        if users.iter().any(|user| same(text(&user[property]), text(&parameters[parameter]))) {
            return Err(format!("the {parameter} {} is already being used", parameters[parameter]));
        }
    }
    let number = 0x9000 + users.len() as u32;
    users.push(json!({
        "ExternalDirectoryObjectId": guid(number), "ExchangeGuid": NIL, "ArchiveGuid": NIL, "Name": parameters["Name"], "Alias": parameters["Alias"],
        "UserPrincipalName": parameters["MicrosoftOnlineServicesID"], "PrimarySmtpAddress": external.split_once(':').unwrap().1,
        "ExternalEmailAddress": external, "EmailAddresses": [external], "RecipientTypeDetails": "MailUser", "IsDirSynced": false, "RecoverableItemsQuota": QUOTA
    }));
    Ok(())
}

/// Makes one address the primary; what was so before stays as an ordinary one.
fn make_primary(addresses: &mut Vec<String>, value: &str) {
    for address in addresses.iter_mut() {
        if let Some(old) = address.strip_prefix("SMTP:") {
            *address = format!("smtp:{old}");
        }
    }
    addresses.retain(|address| key(address) != key(&format!("smtp:{value}")));
    addresses.insert(0, format!("SMTP:{value}"));
}

fn set_mail_user(world: &mut World, parameters: &Value) -> Result<(), String> {
    let identity = text(&parameters["Identity"]);
    let object = mail_user(world, identity)?.clone();
    if object["IsDirSynced"] == true {
        return Err("the object is synchronized from on-premises".into());
    }
    let id = text(&object["ExternalDirectoryObjectId"]).to_string();
    let mut addresses = strings(&object["EmailAddresses"]);
    for address in strings(&parameters["EmailAddresses"]["Remove"]) {
        if addresses.iter().any(|own| own.starts_with("SMTP:") && key(own) == key(&address)) {
            return Err(format!("{address} is the primary and cannot be removed"));
        }
        addresses.retain(|own| key(own) != key(&address));
    }
    for address in strings(&parameters["EmailAddresses"]["Add"]) {
        if let Some(owner) = owner(world, &address, &id) {
            return Err(format!("{address} belongs to {owner}"));
        }
        if address.starts_with("SMTP:") {
            return Err(format!("{address} would move the primary"));
        }
        if !addresses.iter().any(|own| key(own) == key(&address)) {
            addresses.push(address);
        }
    }
    let mut object = object;
    if let Some(external) = parameters.get("ExternalEmailAddress") {
        let old = text(&object["ExternalEmailAddress"]).to_string();
        addresses.retain(|own| key(own) != key(&old));
        if parameters.get("WindowsEmailAddress").is_none() {
            make_primary(&mut addresses, text(external).split_once(':').unwrap().1);
        }
        object["ExternalEmailAddress"] = external.clone();
    }
    if let Some(primary) = parameters.get("WindowsEmailAddress") {
        if let Some(owner) = owner(world, &format!("smtp:{}", text(primary)), &id) {
            return Err(format!("{primary} belongs to {owner}"));
        }
        make_primary(&mut addresses, text(primary));
    }
    for property in ["ExchangeGuid", "ArchiveGuid"] {
        if let Some(value) = parameters.get(property) {
            object[property] = value.clone();
        }
    }
    if parameters["EnableLitigationHoldForMigration"] == true {
        object["LitigationHoldEnabled"] = json!(true);
        object["RecoverableItemsQuota"] = json!(QUOTA_ON_HOLD);
    }
    if parameters["RemoveLitigationHoldEnabled"] == true {
        object["LitigationHoldEnabled"] = json!(false);
        object["RecoverableItemsQuota"] = json!(QUOTA);
    }
    let primary = addresses.iter().find_map(|address| address.strip_prefix("SMTP:")).unwrap_or_default().to_string();
    object["PrimarySmtpAddress"] = json!(primary);
    object["EmailAddresses"] = json!(addresses);
    *mail_user(world, identity)? = object;
    Ok(())
}

/// The order is the one that the reference of Set-ADUser gives: Remove, Add, Replace, Clear.
fn set_ad_user(world: &mut World, parameters: &Value) -> Result<(), String> {
    let ad_user = find(world, Kind::AdUsers, "ObjectGUID", text(&parameters["Identity"]))?;
    let table = |name: &str| parameters[name].as_object().cloned().unwrap_or_default();
    for (attribute, values) in table("Remove") {
        let mut list = strings(&ad_user[&attribute]);
        strings(&values).iter().for_each(|value| list.retain(|own| key(own) != key(value)));
        ad_user[&attribute] = json!(list);
    }
    for (attribute, values) in table("Add") {
        let mut list = strings(&ad_user[&attribute]);
        for value in strings(&values) {
            // AD's values are a set without case: what is there already keeps its spelling.
            if !list.iter().any(|own| key(own) == key(&value)) {
                list.push(value);
            }
        }
        ad_user[&attribute] = json!(list);
    }
    for (attribute, value) in table("Replace") {
        ad_user[&attribute] = value.get("bytes").map_or(value.clone(), |bytes| json!(guid_of(text(bytes))));
    }
    for attribute in strings(&parameters["Clear"]) {
        ad_user[&attribute] = Value::Null;
    }
    if let Some(upn) = parameters.get("UserPrincipalName") {
        ad_user["UserPrincipalName"] = upn.clone();
    }
    let ad_user = ad_user.clone();
    synchronize(world, &ad_user)
}

fn guid_of(base64: &str) -> String {
    coexist_core::identity::immutable_id::decode(base64).unwrap().to_string()
}

fn synchronize(world: &mut World, ad_user: &Value) -> Result<(), String> {
    let bytes: Vec<u8> = ad_user["mS-DS-ConsistencyGuid"].as_array().into_iter().flatten().map(|byte| byte.as_u64().unwrap() as u8).collect();
    let anchor = match bytes.try_into() {
        Ok(bytes) => coexist_core::identity::guid::Guid::from_bytes(bytes),
        Err(_) => coexist_core::identity::guid::Guid::parse(text(&ad_user["ObjectGUID"])).unwrap(),
    };
    let users = world.target(Kind::Users);
    let user = users.iter_mut().find(|user| coexist_core::identity::immutable_id::decode(text(&user["OnPremisesImmutableId"])).ok() == Some(anchor));
    let user = user.ok_or("no user has the AD user's anchor")?;
    user["UserPrincipalName"] = ad_user["UserPrincipalName"].clone();
    let id = text(&user["Id"]).to_string();
    let mail_user = mail_user(world, &id)?;
    mail_user["UserPrincipalName"] = ad_user["UserPrincipalName"].clone();
    // An address in the initial domain is the cloud's own: AD need not know it.
    let mut addresses = strings(&ad_user["proxyAddresses"]);
    let own = strings(&mail_user["EmailAddresses"]).into_iter().filter(|address| key(address).ends_with(".onmicrosoft.com"));
    let own: Vec<String> = own.filter(|address| !addresses.iter().any(|other| key(other) == key(address))).collect();
    addresses.extend(own);
    mail_user["EmailAddresses"] = json!(addresses);
    mail_user["ExternalEmailAddress"] = ad_user["targetAddress"].clone();
    let primary = strings(&ad_user["proxyAddresses"]).iter().find_map(|address| address.strip_prefix("SMTP:").map(String::from));
    mail_user["PrimarySmtpAddress"] = json!(primary);
    for (attribute, property) in [("msExchMailboxGuid", "ExchangeGuid"), ("msExchArchiveGUID", "ArchiveGuid")] {
        mail_user[property] = if ad_user[attribute].is_null() { json!(NIL) } else { ad_user[attribute].clone() };
    }
    Ok(())
}

fn send(world: &mut World, request: &Value) -> Result<(), String> {
    let path = text(&request["path"]).replace("%27", "'").replace("%23", "#");
    let rest = path.strip_prefix("/users/").ok_or("no user")?;
    let (identity, action) = rest.split_once('/').unwrap_or((rest, ""));
    let body = request["body"].clone();
    let user = user(world, identity)?;
    match (text(&request["method"]), action) {
        ("PATCH", "") => {
            if let Some(location) = body.get("usageLocation") {
                user["UsageLocation"] = location.clone();
            }
            if let Some(upn) = body.get("userPrincipalName") {
                user["UserPrincipalName"] = upn.clone();
                let taken = world.target(Kind::MailUsers).iter().any(|other| same(text(&other["UserPrincipalName"]), text(upn)));
                if taken {
                    return Err(format!("{upn} is taken"));
                }
                mail_user(world, identity)?["UserPrincipalName"] = upn.clone();
            }
            Ok(())
        }
        ("POST", "assignLicense") => {
            if !body["addLicenses"].as_array().unwrap().is_empty() && user["UsageLocation"].is_null() {
                return Err("a licence needs a usage location".into());
            }
            let mut licences = user["AssignedLicenses"].as_array().cloned().unwrap_or_default();
            licences.retain(|licence| !body["removeLicenses"].as_array().unwrap().contains(&licence["skuId"]));
            licences.extend(body["addLicenses"].as_array().unwrap().iter().cloned());
            let licensed = !licences.is_empty();
            user["AssignedLicenses"] = json!(licences);
            let object = mail_user(world, identity)?;
            if licensed && is_nil(&object["ExchangeGuid"]) {
                return Err("a licence on a mail user without ExchangeGuid makes a mailbox".into());
            }
            Ok(())
        }
        (method, action) => Err(format!("the model has no {method} {action}")),
    }
}

/// Everything that a person's objects hold, in a form that compares: lists sorted, letters small, the primary told apart.
pub fn picture(world: &mut World) -> Vec<String> {
    let mut lines = Vec::new();
    for user in world.target(Kind::MailUsers).iter() {
        let listed = strings(&user["EmailAddresses"]);
        let primary = listed.iter().find(|address| address.starts_with("SMTP:")).map(|address| key(address));
        let addresses: std::collections::BTreeSet<String> = listed.iter().map(|address| key(address)).collect();
        let property = |name: &str| text(&user[name]).to_lowercase();
        let guid = |name: &str| if is_nil(&user[name]) { NIL.to_string() } else { property(name) };
        lines.push(format!(
            "{} {} {} {} {} {} {primary:?} {addresses:?}",
            property("ExternalDirectoryObjectId"), guid("ExchangeGuid"), guid("ArchiveGuid"), property("UserPrincipalName"),
            property("ExternalEmailAddress"), property("RecoverableItemsQuota")
        ));
    }
    let ids: Vec<Value> = world.target(Kind::MailUsers).iter().map(|user| user["ExternalDirectoryObjectId"].clone()).collect();
    for user in world.target(Kind::Users).iter().filter(|user| ids.contains(&user["Id"])) {
        let licences: Vec<&Value> = user["AssignedLicenses"].as_array().into_iter().flatten().map(|licence| &licence["skuId"]).collect();
        if !licences.is_empty() {
            lines.push(format!("{} {licences:?}", user["Id"]));
        }
    }
    for user in world.target(Kind::AdUsers).iter() {
        let listed = strings(&user["proxyAddresses"]);
        let primary = listed.iter().find(|address| address.starts_with("SMTP:")).map(|address| key(address));
        let addresses: std::collections::BTreeSet<String> = listed.iter().map(|address| key(address)).collect();
        let own = |name: &str| user[name].to_string().to_lowercase();
        lines.push(format!(
            "{} {} {} {} {} {primary:?} {addresses:?}",
            own("ObjectGUID"), own("msExchMailboxGuid"), own("msExchArchiveGUID"), own("targetAddress"), own("UserPrincipalName")
        ));
    }
    lines
}
