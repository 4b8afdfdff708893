//! MC-01 on objects that are mastered on-premises: Exchange Online refuses to change them, so AD is changed and Entra Connect carries it up.

use super::cloud::{after, borrowed, clear_previous, equals, late, licence, operation, text, Parameters};
use super::setup::Setup;
use super::steps::*;
use super::wanted::{Replace, Wanted};
use crate::identity::guid::Guid;
use crate::identity::immutable_id;
use crate::plan::{Command, Condition, Listed, Operation, Parameter, Step, SubjectRef, Surface, Test, Undo};
use crate::snapshot::{Property, Record};
use std::borrow::Cow;

fn set_ad_user<'a>(identity: &str, mut parameters: Parameters<'a>) -> Command<'a> {
    parameters.insert(0, ("Identity", Parameter::Text(Cow::Owned(identity.to_string()))));
    Command { name: "Set-ADUser", parameters }
}

/// The operations that give a person what their target's AD user lacks. What only the cloud has (licence) follows after it is synchronized.
pub(super) fn operations<'a>(setup: &'a Setup, subject: &SubjectRef<'a>, ad_user: &Record<'a>, wanted: &'a Wanted<'a>) -> Vec<Operation<'a>> {
    let mut made: Vec<Operation> = Vec::with_capacity(4);
    // AD takes the objectGUID, in text, as an identity that no rename changes.
    let identity = ad_user
        .text(Property::ObjectGuid)
        .value()
        .and_then(|guid| immutable_id::read(guid).ok())
        .map(|reading| reading.guid.to_string())
        .or_else(|| ad_user.first_text(&[Property::DistinguishedName, Property::SamAccountName]).map(String::from))
        .unwrap_or_default();
    let step = |step: &'static Step| Operation { surface: Surface::ActiveDirectory, read: "adUser", ..operation(subject, step) };

    made.extend(clear_previous(subject, wanted));
    if let Some((command, undo, expect, verify)) = stamp(&identity, wanted) {
        made.push(Operation { command: Some(command), depends_on: after(&made, &[&CLEAR_PREVIOUS]), undo, expect, verify, ..step(&STAMP) });
    }
    if let Some(Replace { new, old }) = &wanted.upn {
        made.push(Operation {
            command: Some(set_ad_user(&identity, vec![("UserPrincipalName", text(&**new))])),
            verify: vec![equals("userPrincipalName", &**new)],
            undo: match old {
                Some(old) => Undo::Command(set_ad_user(&identity, vec![("UserPrincipalName", text(&**old))])),
                None => Undo::Irreversible("Its earlier user principal name is not known."),
            },
            ..step(&SET_UPN)
        });
    }
    licence(setup, subject, wanted, "directorySyncMinutes", &mut made);
    if !wanted.remove.is_empty() {
        let change = |verb: &'static str, list: Parameter<'a>| set_ad_user(&identity, vec![(verb, Parameter::Table(vec![("proxyAddresses", list)]))]);
        let (stage, gates) = late(setup, wanted);
        made.push(Operation {
            stage,
            gates,
            command: Some(change("Remove", borrowed(&wanted.remove))),
            depends_on: after(&made, &[&STAMP]),
            verify: vec![Condition::new("proxyAddresses", Test::Lacks(Parameter::Same(Listed::Removed)))],
            undo: Undo::Command(change("Add", Parameter::Same(Listed::Removed))),
            ..step(&REMOVE_ADDRESSES)
        });
    }
    made
}

type Stamp<'a> = (Command<'a>, Undo<'a>, Vec<Condition<'a>>, Vec<Condition<'a>>);

/// GUIDs, addresses, primary and target address in one Set-ADUser, which applies Remove, Add, Replace and Clear in this order.
fn stamp<'a>(identity: &str, wanted: &'a Wanted<'a>) -> Option<Stamp<'a>> {
    let (mut replace, mut replace_back, mut clear) = (Parameters::new(), Parameters::new(), Vec::new());
    let (mut expect, mut verify) = (Vec::new(), Vec::new());
    let guids: [(&'static str, Option<Guid>); 2] = [("msExchMailboxGuid", wanted.exchange_guid), ("msExchArchiveGUID", wanted.archive_guid)];
    for (name, guid) in guids.into_iter().filter_map(|(name, guid)| Some((name, guid?))) {
        replace.push((name, Parameter::Bytes(guid.to_bytes())));
        clear.push(Cow::Borrowed(name));
        expect.push(Condition::new(name, Test::Empty(true)));
        verify.push(equals(name, guid.to_string()));
    }
    if let Some(Replace { new, old }) = &wanted.external {
        replace.push(("targetAddress", text(&**new)));
        match old {
            Some(old) => replace_back.push(("targetAddress", text(&**old))),
            None => clear.push(Cow::Borrowed("targetAddress")),
        }
        verify.push(equals("targetAddress", &**new));
    }
    let (add, remove) = addresses(wanted);
    let mut parameters = Parameters::new();
    let mut back = Parameters::new();
    let proxies = |list| Parameter::Table(vec![("proxyAddresses", list)]);
    if !add.is_empty() {
        verify.push(Condition::new("proxyAddresses", Test::Contains(Parameter::Same(Listed::Added))));
        back.push(("Remove", proxies(Parameter::Same(Listed::Added))));
    }
    if !remove.is_empty() {
        parameters.push(("Remove", proxies(Parameter::List(remove))));
        back.push(("Add", proxies(Parameter::Same(Listed::Removed))));
    }
    if !add.is_empty() {
        parameters.push(("Add", proxies(Parameter::List(add))));
    }
    for (name, entries, to) in [("Replace", replace, &mut parameters), ("Replace", replace_back, &mut back)] {
        if !entries.is_empty() {
            to.push((name, Parameter::Table(entries)));
        }
    }
    if !clear.is_empty() {
        back.push(("Clear", Parameter::List(clear)));
    }
    (!parameters.is_empty()).then(|| (set_ad_user(identity, parameters), Undo::Command(set_ad_user(identity, back)), expect, verify))
}

/// What is added and removed: the primary is the one address written in capitals, so moving it changes two spellings.
fn addresses<'a>(wanted: &'a Wanted<'a>) -> (Vec<Cow<'a, str>>, Vec<Cow<'a, str>>) {
    let (mut add, mut remove): (Vec<Cow<str>>, Vec<Cow<str>>) = (wanted.add.iter().map(|address| Cow::Borrowed(&**address)).collect(), Vec::new());
    if let Some(Replace { new, old }) = wanted.primary.as_ref().filter(|primary| primary.old.as_ref().is_none_or(|old| !old.eq_ignore_ascii_case(&primary.new))) {
        let plain = format!("smtp:{new}");
        match add.iter().position(|address| address.eq_ignore_ascii_case(&plain)) {
            Some(at) => drop(add.remove(at)),
            None => remove.push(Cow::Owned(plain)),
        }
        add.push(Cow::Owned(format!("SMTP:{new}")));
        if let Some(old) = old {
            remove.push(Cow::Owned(format!("SMTP:{old}")));
            add.push(Cow::Owned(format!("smtp:{old}")));
        }
    }
    (add, remove)
}
