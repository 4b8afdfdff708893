//! MC-01 on objects that are mastered on-premises: Exchange Online refuses to change them, so AD is changed and Entra Connect carries it up.

use super::cloud::{id, late, licence, operation};
use super::setup::Setup;
use super::wanted::{Replace, Wanted};
use crate::identity::guid::Guid;
use crate::identity::immutable_id;
use crate::plan::{Command, Condition, Operation, Parameter, SubjectRef, Surface, Test, Undo};
use crate::snapshot::{Property, Record};
use std::borrow::Cow;

type Entries<'a> = Vec<(&'static str, Parameter<'a>)>;

fn set_ad_user<'a>(identity: &str, parameters: Entries<'a>) -> Command<'a> {
    let mut all = vec![("Identity", Parameter::Text(Cow::Owned(identity.to_string())))];
    all.extend(parameters);
    Command { name: "Set-ADUser", parameters: all }
}

fn text<'a>(value: impl Into<Cow<'a, str>>) -> Parameter<'a> {
    Parameter::Text(value.into())
}

/// The operations that give a person what their target's AD user lacks. What only the cloud has (licence) follows after it is synchronized.
pub(super) fn operations<'a>(setup: &'a Setup, subject: &SubjectRef<'a>, ad_user: &Record<'a>, wanted: &'a Wanted<'a>) -> Vec<Operation<'a>> {
    let mut made: Vec<Operation> = Vec::with_capacity(6);
    // AD takes the objectGUID, in text, as an identity that no rename changes.
    let identity = ad_user
        .text(Property::ObjectGuid)
        .value()
        .and_then(|guid| immutable_id::read(guid).ok())
        .map(|reading| reading.guid.to_string())
        .or_else(|| ad_user.first_text(&[Property::DistinguishedName, Property::SamAccountName]).map(String::from))
        .unwrap_or_default();
    let step = |name: &str, what: &'static str, why: &'static str| Operation { surface: Surface::ActiveDirectory, read: "adUser", ..operation(subject, name, what, why) };

    let stamps: Vec<(&'static str, Guid)> =
        [("msExchMailboxGuid", wanted.exchange_guid), ("msExchArchiveGUID", wanted.archive_guid)].into_iter().filter_map(|(name, guid)| Some((name, guid?))).collect();
    if !stamps.is_empty() {
        let values = stamps.iter().map(|(name, guid)| (*name, Parameter::Bytes(guid.to_bytes()))).collect();
        let names = stamps.iter().map(|(name, _)| Cow::Borrowed(*name)).collect();
        made.push(Operation {
            command: Some(set_ad_user(&identity, vec![("Replace", Parameter::Table(values))])),
            expect: stamps.iter().map(|(name, _)| Condition::new(name, Test::Empty(true))).collect(),
            verify: stamps.iter().map(|(name, guid)| Condition::new(name, Test::Equals(Cow::Owned(guid.to_string())))).collect(),
            undo: Undo::Command(set_ad_user(&identity, vec![("Clear", Parameter::List(names))])),
            ..step("stamp", "Stamp the GUIDs of the source mailbox and archive in AD", "MissingExchangeGuid")
        });
    }
    // The primary is the one address written in capitals: moving it is removing two spellings and adding two.
    let (mut add, mut remove): (Vec<Cow<str>>, Vec<Cow<str>>) = (wanted.add.iter().map(|address| Cow::Borrowed(&**address)).collect(), Vec::new());
    if let Some(Replace { new, old }) = wanted.primary.as_ref().filter(|primary| primary.old.as_ref().is_none_or(|old| !old.eq_ignore_ascii_case(&primary.new))) {
        let plain = format!("smtp:{new}");
        if let Some(at) = add.iter().position(|address| address.eq_ignore_ascii_case(&plain)) {
            add.remove(at);
        } else {
            remove.push(Cow::Owned(plain));
        }
        add.push(Cow::Owned(format!("SMTP:{new}")));
        if let Some(old) = old {
            remove.push(Cow::Owned(format!("SMTP:{old}")));
            add.push(Cow::Owned(format!("smtp:{old}")));
        }
    }
    if !add.is_empty() {
        let change = |remove: &[Cow<'a, str>], add: &[Cow<'a, str>]| {
            let mut parameters: Entries<'a> = Vec::new();
            for (name, list) in [("Remove", remove), ("Add", add)] {
                if !list.is_empty() {
                    parameters.push((name, Parameter::Table(vec![("proxyAddresses", Parameter::List(list.to_vec()))])));
                }
            }
            set_ad_user(&identity, parameters)
        };
        made.push(Operation {
            command: Some(change(&remove, &add)),
            verify: vec![Condition::new("proxyAddresses", Test::Contains(add.clone()))],
            undo: Undo::Command(change(&add, &remove)),
            ..step("addAddresses", "Add the X500 addresses and the addresses in the target's domains in AD", "AddressesMissing")
        });
    }
    if let Some(Replace { new, old }) = &wanted.external {
        let back = match old {
            Some(old) => vec![("Replace", Parameter::Table(vec![("targetAddress", text(&**old))]))],
            None => vec![("Clear", Parameter::List(vec![Cow::Borrowed("targetAddress")]))],
        };
        made.push(Operation {
            command: Some(set_ad_user(&identity, vec![("Replace", Parameter::Table(vec![("targetAddress", text(&**new))]))])),
            verify: vec![Condition::new("targetAddress", Test::Equals(Cow::Borrowed(&**new)))],
            undo: Undo::Command(set_ad_user(&identity, back)),
            ..step("setExternalAddress", "Point the AD user at the source mailbox", "ExternalAddressNotSource")
        });
    }
    if let Some(Replace { new, old }) = &wanted.upn {
        let undo = match old {
            Some(old) => Undo::Command(set_ad_user(&identity, vec![("UserPrincipalName", text(&**old))])),
            None => Undo::Irreversible("Its earlier user principal name is not known."),
        };
        made.push(Operation {
            command: Some(set_ad_user(&identity, vec![("UserPrincipalName", text(&**new))])),
            verify: vec![Condition::new("userPrincipalName", Test::Equals(Cow::Borrowed(&**new)))],
            undo,
            ..step("setUpn", "Give the AD account its final user principal name", "UpnNotFinal")
        });
    }
    licence(setup, subject, wanted, &mut made);
    if !wanted.remove.is_empty() {
        // By then the former primary is an ordinary address in AD.
        let leaving: Vec<Cow<str>> = wanted
            .remove
            .iter()
            .map(|address| match address.strip_prefix("SMTP:") {
                Some(value) => Cow::Owned(format!("smtp:{value}")),
                None => Cow::Borrowed(&**address),
            })
            .collect();
        let change = |verb: &'static str| set_ad_user(&identity, vec![(verb, Parameter::Table(vec![("proxyAddresses", Parameter::List(leaving.clone()))]))]);
        let depends_on = ["stamp", "addAddresses"].iter().map(|step| id(subject, step)).filter(|id| made.iter().any(|operation| operation.id == *id)).collect();
        let (stage, gates) = late(setup, wanted);
        made.push(Operation {
            stage,
            gates,
            command: Some(change("Remove")),
            depends_on,
            verify: vec![Condition::new("proxyAddresses", Test::Lacks(leaving.clone()))],
            undo: Undo::Command(change("Add")),
            ..step(
                "removeAddresses",
                "Remove the addresses of domains that the target has not accepted in AD; from here until cutover the person's mail is not attributed",
                "AddressNotAccepted",
            )
        });
    }
    made
}
