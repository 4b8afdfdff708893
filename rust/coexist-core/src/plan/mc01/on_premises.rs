//! MC-01 on objects that are mastered on-premises: Exchange Online refuses to change them, so AD is changed and Entra Connect carries it up.

use super::cloud::{after, clear_previous, equals, late, licence, operation, text, Parameters};
use super::setup::Setup;
use super::shape::Shape;
use super::steps::*;
use super::wanted::{Replace, Wanted};
use crate::identity::immutable_id;
use crate::plan::{value, Command, Condition, Listed, Operation, Parameter, Step, Surface, Test, Undo};
use crate::snapshot::{Property, Record};
use std::borrow::Cow;

fn set_ad_user(mut parameters: Parameters) -> Command {
    parameters.insert(0, ("Identity", text(value!("object"))));
    Command { name: "Set-ADUser", parameters }
}

/// AD takes the objectGUID, in text, as an identity that no rename changes.
pub(super) fn identity(ad_user: &Record) -> String {
    let guid = ad_user.text(Property::ObjectGuid).value().and_then(|guid| immutable_id::read(guid).ok()).map(|reading| reading.guid.to_string());
    guid.or_else(|| ad_user.first_text(&[Property::DistinguishedName, Property::SamAccountName]).map(String::from)).unwrap_or_default()
}

/// The operations that give people what their targets' AD users lack. What only the cloud has (licence) follows after it is synchronized.
pub(super) fn operations<'a>(setup: &'a Setup, shape: &Shape) -> Vec<Operation<'a>> {
    let mut made: Vec<Operation> = Vec::with_capacity(4);
    let step = |step: &'static Step| Operation { surface: Surface::ActiveDirectory, read: "adUser", ..operation(step) };

    made.extend(clear_previous(shape));
    if let Some((command, undo, expect, verify)) = stamp(shape) {
        made.push(Operation { command: Some(command), depends_on: after(&made, &[&CLEAR_PREVIOUS]), undo, expect, verify, ..step(&STAMP) });
    }
    if let Some(old) = shape.upn {
        let set = |upn| set_ad_user(vec![("UserPrincipalName", text(upn))]);
        made.push(Operation {
            command: Some(set(value!("upn"))),
            verify: vec![equals("userPrincipalName", value!("upn"))],
            undo: if old { Undo::Command(set(value!("oldUpn"))) } else { Undo::Irreversible("Its earlier user principal name is not known.") },
            ..step(&SET_UPN)
        });
    }
    licence(setup, shape, "directorySyncMinutes", &mut made);
    if shape.remove {
        let change = |verb: &'static str, list: Parameter<'a>| set_ad_user(vec![(verb, proxies(list))]);
        let (stage, gates) = late(setup, shape);
        made.push(Operation {
            stage,
            gates,
            command: Some(change("Remove", text(value!("remove")))),
            depends_on: after(&made, &[&STAMP]),
            verify: vec![Condition::new("proxyAddresses", Test::Lacks(Parameter::Same(Listed::Removed)))],
            undo: Undo::Command(change("Add", Parameter::Same(Listed::Removed))),
            ..step(&REMOVE_ADDRESSES)
        });
    }
    made
}

fn proxies(list: Parameter) -> Parameter {
    Parameter::Table(vec![("proxyAddresses", list)])
}

type Stamp<'a> = (Command<'a>, Undo<'a>, Vec<Condition<'a>>, Vec<Condition<'a>>);

/// GUIDs, addresses, primary and target address in one Set-ADUser, which applies Remove, Add, Replace and Clear in this order.
fn stamp<'a>(shape: &Shape) -> Option<Stamp<'a>> {
    let (mut replace, mut replace_back, mut clear) = (Parameters::new(), Parameters::new(), Vec::new());
    let (mut expect, mut verify) = (Vec::new(), Vec::new());
    let guids = [
        ("msExchMailboxGuid", value!("exchangeGuid"), value!("exchangeGuidBytes"), shape.exchange_guid),
        ("msExchArchiveGUID", value!("archiveGuid"), value!("archiveGuidBytes"), shape.archive_guid),
    ];
    for (name, guid, bytes, _) in guids.into_iter().filter(|(.., wanted)| *wanted) {
        replace.push((name, Parameter::Bytes(bytes.into())));
        clear.push(Cow::Borrowed(name));
        expect.push(Condition::new(name, Test::Empty(true)));
        verify.push(equals(name, guid));
    }
    if let Some(old) = shape.external {
        replace.push(("targetAddress", text(value!("external"))));
        if old {
            replace_back.push(("targetAddress", text(value!("oldExternal"))));
        } else {
            clear.push(Cow::Borrowed("targetAddress"));
        }
        verify.push(equals("targetAddress", value!("external")));
    }
    let mut parameters = Parameters::new();
    let mut back = Parameters::new();
    if shape.add_proxies {
        verify.push(Condition::new("proxyAddresses", Test::Contains(Parameter::Same(Listed::Added))));
        back.push(("Remove", proxies(Parameter::Same(Listed::Added))));
    }
    if shape.remove_proxies {
        parameters.push(("Remove", proxies(text(value!("removeProxies")))));
        back.push(("Add", proxies(Parameter::Same(Listed::Removed))));
    }
    if shape.add_proxies {
        parameters.push(("Add", proxies(text(value!("addProxies")))));
    }
    for (name, entries, to) in [("Replace", replace, &mut parameters), ("Replace", replace_back, &mut back)] {
        if !entries.is_empty() {
            to.push((name, Parameter::Table(entries)));
        }
    }
    if !clear.is_empty() {
        back.push(("Clear", Parameter::List(clear)));
    }
    (!parameters.is_empty()).then(|| (set_ad_user(parameters), Undo::Command(set_ad_user(back)), expect, verify))
}

/// What is added and removed: the primary is the one address written in capitals, so moving it changes two spellings.
pub(super) fn addresses<'a>(wanted: &'a Wanted<'a>) -> (Vec<Cow<'a, str>>, Vec<Cow<'a, str>>) {
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
