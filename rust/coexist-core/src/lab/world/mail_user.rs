//! Mail users: what New-, Set- and Remove-MailUser do, and Set-User.

use super::licence;
use super::object::{list, text, Fields};
use super::parameters::Parameters;
use super::recipient::{
    alias_of, check_address, check_count, check_names, external, is_mail_user, is_user, new_fields, refuse_synced, shown, to_change, Addresses, NIL,
};
use super::refusal::{fault, Fault};
use super::visibility::Via;
use super::{as_user, World};
use crate::address::ProxyAddress;
use crate::finding::Side;
use crate::limits::Limits;
use serde_json::{json, Value};

/// As Exchange writes sizes.
fn quota(limit: &str) -> String {
    let bytes = Limits::default().value(limit);
    let digits = bytes.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{} GB ({grouped} bytes)", bytes >> 30)
}

/// The domain of a user principal name must be the tenant's, and the name nobody else's.
pub(super) fn check_upn(world: &World, side: Side, upn: &str, but: Option<usize>) -> Result<(), Fault> {
    let domain = upn.rsplit_once('@').map(|(_, domain)| domain);
    if !domain.is_some_and(|domain| world.tenant(side).domains.contains(domain)) {
        return Err(fault("NotAcceptedDomainException", &[]));
    }
    if world.is_taken(side, format!("u:{}", upn.to_lowercase()), but) {
        return Err(fault("MemberNameExists", &[("identity", upn)]));
    }
    Ok(())
}

pub(super) fn set_upn(fields: &mut Fields, upn: &str) {
    fields.insert("UserPrincipalName".into(), json!(upn));
    fields.insert("userPrincipalName".into(), json!(upn));
}

pub(super) fn new(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let name = parameters.needed("Name")?.to_string();
    let upn = parameters.needed("MicrosoftOnlineServicesID")?.to_string();
    // Microsoft's own page of the orchestrator makes one without a password, so none is asked for here either.
    let most = Limits::default().value("nameLength");
    let alias = parameters.text("Alias").map_or_else(|| alias_of(&upn), String::from);
    for value in [&name, &alias] {
        if value.chars().count() as u64 > most {
            return Err(fault("NameTooLong", &[("name", value), ("maximum", &most.to_string())]));
        }
    }
    check_upn(world, side, &upn, None)?;
    check_names(world, side, Some(&name), Some(&alias), None)?;
    let address = parameters.text("ExternalEmailAddress").map_or_else(|| format!("SMTP:{upn}"), external);
    check_address(world, side, &address, None)?;
    let mut fields = new_fields(world, side, "mailUser", "MailUser", &name, &upn);
    let display = parameters.text("DisplayName").unwrap_or(&name).to_string();
    for (property, value) in [
        ("Alias", json!(alias)), ("DisplayName", json!(display)), ("ExternalEmailAddress", json!(address)), ("ExchangeGuid", json!(NIL)),
        ("ArchiveGuid", json!(NIL)), ("UserPrincipalName", json!(upn)), ("RecoverableItemsQuota", json!(quota("recoverableItemsQuota"))),
        ("LitigationHoldEnabled", json!(false)), ("PreviousRecipientTypeDetails", json!("None")), ("HiddenFromAddressListsEnabled", json!(false)),
    ] {
        fields.insert(property.into(), value);
    }
    Addresses(vec![address]).set(&mut fields);
    as_user(&mut fields);
    let at = world.create(side, Via::Exchange, &upn, fields);
    world.done(side, parameters, &upn);
    Ok(vec![shown(&world.at(side, at).truth)])
}

pub(super) fn remove(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let at = to_change(world, side, parameters.needed("Identity")?, is_mail_user)?;
    refuse_synced(&world.at(side, at).truth, parameters)?;
    let upn = text(&world.at(side, at).truth, "UserPrincipalName").to_string();
    world.write(side, at, Via::Exchange, Fields::clear);
    world.done(side, parameters, &upn);
    Ok(Vec::new())
}

/// What Set-MailUser does not simply set as a property of the same name.
const HANDLED: [&str; 8] = [
    "EmailAddresses", "EnableLitigationHoldForMigration", "ExternalEmailAddress", "Identity", "MicrosoftOnlineServicesID", "Password",
    "RemoveLitigationHoldEnabled", "WindowsEmailAddress",
];

pub(super) fn set(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let at = to_change(world, side, parameters.needed("Identity")?, is_mail_user)?;
    let object = &world.at(side, at).truth;
    refuse_synced(object, parameters)?;
    let mut addresses = Addresses::of(object);
    let check = |address: &str| check_address(world, side, address, Some(at));
    change_addresses(object, &mut addresses, parameters, &check)?;
    let new_external = parameters.text("ExternalEmailAddress").map(external);
    let new_primary = parameters.text("WindowsEmailAddress").map(|address| ProxyAddress::parse(address).value.to_string());
    if let Some(new) = &new_external {
        check(new)?;
        // The old one is not kept, whatever it was (https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailuser).
        let old = text(object, "ExternalEmailAddress").to_string();
        addresses.remove_even_primary(&old);
        // Set alone, it becomes the primary: https://github.com/MicrosoftDocs/microsoft-365-docs (cross-tenant-mailbox-migration), field report.
        if new_primary.is_none() {
            addresses.make_primary(ProxyAddress::parse(new).value);
        }
    }
    if let Some(new) = &new_primary {
        check(&format!("smtp:{new}"))?;
        addresses.make_primary(new);
    }
    check_count(&addresses)?;
    check_names(world, side, parameters.text("Name"), parameters.text("Alias"), Some(at))?;
    let upn = parameters.text("MicrosoftOnlineServicesID").map(String::from);
    if let Some(upn) = &upn {
        check_upn(world, side, upn, Some(at))?;
    }
    let id = text(object, "ExternalDirectoryObjectId").to_string();
    world.write(side, at, Via::Exchange, |fields| {
        if let Some(new) = new_external {
            fields.insert("ExternalEmailAddress".into(), json!(new));
        }
        if let Some(upn) = &upn {
            set_upn(fields, upn);
        }
        for (name, value) in parameters.all().filter(|(name, _)| !HANDLED.contains(&name.as_str())) {
            fields.insert(name.clone(), value.clone());
        }
        // Raises the quota to 100 GB: https://learn.microsoft.com/microsoft-365/enterprise/cross-tenant-mailbox-migration
        if parameters.flag("EnableLitigationHoldForMigration") {
            fields.insert("LitigationHoldEnabled".into(), json!(true));
            fields.insert("RecoverableItemsQuota".into(), json!(quota("recoverableItemsQuotaOnHold")));
        }
        if parameters.flag("RemoveLitigationHoldEnabled") {
            fields.insert("LitigationHoldEnabled".into(), json!(false));
            fields.insert("RecoverableItemsQuota".into(), json!(quota("recoverableItemsQuota")));
        }
        addresses.set(fields);
    });
    licence::scrub(world, side, at);
    world.done(side, parameters, &id);
    Ok(Vec::new())
}

/// EmailAddresses: a table with Remove and Add, in this order, or the whole list anew.
fn change_addresses(object: &Fields, addresses: &mut Addresses, parameters: &Parameters, check: &dyn Fn(&str) -> Result<(), Fault>) -> Result<(), Fault> {
    match parameters.value("EmailAddresses") {
        None => Ok(()),
        Some(Value::Object(_)) => {
            let name = text(object, "Name");
            for address in parameters.entry("EmailAddresses", "Remove") {
                if !addresses.remove(&address) {
                    return Err(fault("PrimaryAddressRemoved", &[("address", &address), ("identity", name)]));
                }
            }
            for address in parameters.entry("EmailAddresses", "Add") {
                check(&address)?;
                addresses.add(&address);
            }
            Ok(())
        }
        Some(whole) => {
            let mut anew = Addresses(Vec::new());
            for address in list(whole) {
                check(&address)?;
                anew.add(&address);
            }
            // Where none is in capitals, the first becomes the primary.
            if anew.primary().is_none() {
                let first = anew.0.iter().find_map(|address| address.strip_prefix("smtp:")).map(String::from);
                match first {
                    Some(first) => anew.make_primary(&first),
                    None => return Err(fault("PrimaryAddressRemoved", &[("address", addresses.primary().unwrap_or_default()), ("identity", text(object, "Name"))])),
                }
            }
            *addresses = anew;
            Ok(())
        }
    }
}

pub(super) fn set_user(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let at = to_change(world, side, parameters.needed("Identity")?, is_user)?;
    let object = &world.at(side, at).truth;
    let id = text(object, "ExternalDirectoryObjectId").to_string();
    let clears = parameters.flag("PermanentlyClearPreviousMailboxInfo");
    // What Exchange Online remembers of a previous mailbox is its own; everything else of a synchronized object is AD's.
    if !clears {
        refuse_synced(object, parameters)?;
    }
    world.write(side, at, Via::Exchange, |fields| {
        for (name, value) in parameters.all() {
            match name.as_str() {
                "Identity" => {}
                "PermanentlyClearPreviousMailboxInfo" => drop(fields.insert("PreviousRecipientTypeDetails".into(), json!("None"))),
                _ => drop(fields.insert(name.clone(), value.clone())),
            }
        }
    });
    world.done(side, parameters, &id);
    Ok(Vec::new())
}
