//! MC-01 on objects that are mastered in the cloud: Exchange Online cmdlets and Graph requests.

use super::setup::Setup;
use super::wanted::{Replace, Wanted};
use crate::finding::Side;
use crate::plan::{Command, Condition, Gate, Operation, Parameter, Request, Secret, Stage, SubjectRef, Surface, Test, Undo, WaitFor};
use crate::specification::LateStage;
use std::borrow::Cow;

const ITEM: &str = "MC-01";
const NIL: &str = "00000000-0000-0000-0000-000000000000";

pub(super) fn id(subject: &SubjectRef, step: &str) -> String {
    format!("{ITEM}/{}/{step}", subject.source)
}

fn text<'a>(value: impl Into<Cow<'a, str>>) -> Parameter<'a> {
    Parameter::Text(value.into())
}

fn equals<'a>(property: &'static str, value: impl Into<Cow<'a, str>>) -> Condition<'a> {
    Condition::new(property, Test::Equals(value.into()))
}

/// An operation on the target tenant with nothing in it yet.
pub(super) fn operation<'a>(subject: &SubjectRef<'a>, step: &str, what: &'static str, why: &'static str) -> Operation<'a> {
    Operation {
        id: id(subject, step),
        item: ITEM,
        stage: Stage::Prepare,
        surface: Surface::Exchange,
        tenant: Side::Target,
        subject: subject.clone(),
        what,
        why,
        command: None,
        request: None,
        secrets: &[],
        depends_on: Vec::new(),
        gates: Vec::new(),
        not_before: None,
        not_after: None,
        read: "mailUser",
        expect: Vec::new(),
        verify: Vec::new(),
        undo: Undo::Irreversible(""),
    }
}

fn set_mail_user<'a>(subject: &SubjectRef<'a>, parameters: Vec<(&'static str, Parameter<'a>)>) -> Command<'a> {
    let mut all = vec![("Identity", text(subject.target.clone()))];
    all.extend(parameters);
    Command { name: "Set-MailUser", parameters: all }
}

/// The operations that give a person what their target object lacks, in the order in which they depend on each other.
pub(super) fn operations<'a>(setup: &'a Setup, subject: &SubjectRef<'a>, wanted: &'a Wanted<'a>) -> Vec<Operation<'a>> {
    let mut made: Vec<Operation> = Vec::with_capacity(6);
    let created = wanted.create.is_some();
    let create_id = created.then(|| id(subject, "create"));
    let undone_with_creation = |undo: Undo<'a>| match &create_id {
        Some(id) => Undo::With(id.clone()),
        None => undo,
    };
    // What an operation stands on: the given steps where they are planned, else the creation.
    let after = |made: &[Operation], steps: &[&str]| -> Vec<String> {
        let planned: Vec<String> = steps.iter().map(|step| id(subject, step)).filter(|id| made.iter().any(|operation| operation.id == *id)).collect();
        if planned.is_empty() {
            create_id.iter().cloned().collect()
        } else {
            planned
        }
    };

    if let Some(create) = &wanted.create {
        let mut parameters = vec![
            ("Name", text(&*create.name)),
            ("Alias", text(&*create.alias)),
            ("MicrosoftOnlineServicesID", text(create.upn.as_str())),
            ("ExternalEmailAddress", text(&*create.external)),
        ];
        if !create.display_name.is_empty() {
            parameters.push(("DisplayName", text(create.display_name)));
        }
        made.push(Operation {
            command: Some(Command { name: "New-MailUser", parameters }),
            secrets: &[Secret { parameter: "Password", kind: "generatedPassword" }],
            verify: vec![equals("UserPrincipalName", create.upn.as_str())],
            undo: Undo::Command(Command { name: "Remove-MailUser", parameters: vec![("Identity", text(create.upn.as_str()))] }),
            ..operation(subject, "create", "Create the mail user that the mailbox will move to", "TargetMissing")
        });
    }
    if let Some(previous) = wanted.clear_previous {
        made.push(Operation {
            command: Some(Command {
                name: "Set-User",
                parameters: vec![("Identity", text(subject.target.clone())), ("PermanentlyClearPreviousMailboxInfo", Parameter::Switch)],
            }),
            read: "exchangeUser",
            expect: vec![equals("PreviousRecipientTypeDetails", previous)],
            verify: vec![equals("PreviousRecipientTypeDetails", "None")],
            undo: Undo::Irreversible("Exchange destroys the soft-deleted mailbox and what it remembered of it."),
            ..operation(subject, "clearPreviousMailbox", "Clear what Exchange remembers of a previous mailbox", "PreviousMailboxPresent")
        });
    }
    if wanted.exchange_guid.is_some() || wanted.archive_guid.is_some() {
        let (mut parameters, mut back, mut expect, mut verify) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (property, guid) in [("ExchangeGuid", wanted.exchange_guid), ("ArchiveGuid", wanted.archive_guid)] {
            if let Some(guid) = guid {
                parameters.push((property, text(guid.to_string())));
                back.push((property, text(NIL)));
                expect.push(Condition::new(property, Test::Empty(true)));
                verify.push(equals(property, guid.to_string()));
            }
        }
        made.push(Operation {
            command: Some(set_mail_user(subject, parameters)),
            depends_on: after(&made, &["clearPreviousMailbox"]),
            expect,
            verify,
            undo: undone_with_creation(Undo::Command(set_mail_user(subject, back))),
            ..operation(subject, "stamp", "Stamp the GUIDs of the source mailbox and archive", "MissingExchangeGuid")
        });
    }
    if !wanted.add.is_empty() {
        let list: Vec<Cow<str>> = wanted.add.iter().map(|address| Cow::Borrowed(&**address)).collect();
        let change = |verb: &'static str| set_mail_user(subject, vec![("EmailAddresses", Parameter::Table(vec![(verb, Parameter::List(list.clone()))]))]);
        made.push(Operation {
            command: Some(change("Add")),
            depends_on: after(&made, &[]),
            expect: if created { Vec::new() } else { vec![Condition::new("EmailAddresses", Test::Lacks(list.clone()))] },
            verify: vec![Condition::new("EmailAddresses", Test::Contains(list.clone()))],
            undo: undone_with_creation(Undo::Command(change("Remove"))),
            ..operation(subject, "addAddresses", "Add the X500 addresses and the addresses in the target's domains", "AddressesMissing")
        });
    }
    if let Some(Replace { new, old }) = &wanted.external {
        let undo = match old {
            Some(old) => Undo::Command(set_mail_user(subject, vec![("ExternalEmailAddress", text(&**old))])),
            None => Undo::Irreversible("A mail user cannot be without an external address; it had none to go back to."),
        };
        made.push(Operation {
            command: Some(set_mail_user(subject, vec![("ExternalEmailAddress", text(&**new))])),
            depends_on: after(&made, &["addAddresses"]),
            expect: vec![match old {
                Some(old) => equals("ExternalEmailAddress", &**old),
                None => Condition::new("ExternalEmailAddress", Test::Empty(true)),
            }],
            verify: vec![equals("ExternalEmailAddress", &**new)],
            undo: undone_with_creation(undo),
            ..operation(subject, "setExternalAddress", "Point the mail user at the source mailbox", "ExternalAddressNotSource")
        });
    }
    if let Some(Replace { new, old }) = &wanted.primary {
        let undo = match old {
            Some(old) => Undo::Command(set_mail_user(subject, vec![("WindowsEmailAddress", text(&**old))])),
            None => Undo::Irreversible("It had no primary address to go back to."),
        };
        made.push(Operation {
            command: Some(set_mail_user(subject, vec![("WindowsEmailAddress", text(&**new))])),
            depends_on: after(&made, &["addAddresses", "setExternalAddress"]),
            verify: vec![equals("PrimarySmtpAddress", &**new)],
            undo: undone_with_creation(undo),
            ..operation(subject, "setPrimary", "Make the address in the target's domain the primary", "PrimaryNotAccepted")
        });
    }
    if wanted.raise_quota {
        made.push(Operation {
            command: Some(set_mail_user(subject, vec![("EnableLitigationHoldForMigration", Parameter::Switch)])),
            depends_on: after(&made, &["stamp"]),
            verify: vec![equals("LitigationHoldEnabled", "True")],
            undo: undone_with_creation(Undo::Command(set_mail_user(subject, vec![("RemoveLitigationHoldEnabled", Parameter::Switch)]))),
            ..operation(subject, "raiseQuota", "Raise the Recoverable Items quota of the mail user", "RecoverableItemsTooLarge")
        });
    }
    if let Some(Replace { new, old }) = &wanted.upn {
        let path = format!("/users/{}", subject.target);
        let patch = |upn: &'a str| Request { method: "PATCH", path: path.clone(), version: "v1.0", body: vec![("userPrincipalName", text(upn))] };
        let undo = match old {
            Some(old) => Undo::Request(patch(old)),
            None => Undo::Irreversible("Its earlier user principal name is not known."),
        };
        made.push(Operation {
            surface: Surface::Graph,
            request: Some(patch(new)),
            read: "user",
            expect: old.iter().map(|old| equals("userPrincipalName", &**old)).collect(),
            verify: vec![equals("userPrincipalName", &**new)],
            undo,
            ..operation(subject, "setUpn", "Give the account its final user principal name", "UpnNotFinal")
        });
    }
    licence(setup, subject, wanted, &mut made);
    if !wanted.remove.is_empty() {
        let dependencies = after(&made, &["stamp", "addAddresses", "setPrimary"]);
        made.push(removal(setup, subject, wanted, dependencies, created));
    }
    made
}

/// The stage and the gates of what opens a person's attribution gap.
pub(super) fn late<'a>(setup: &Setup, wanted: &'a Wanted<'a>) -> (Stage, Vec<Gate<'a>>) {
    match setup.specification.items.mc01.unaccepted_addresses {
        LateStage::PreStage => (Stage::PreStage, Vec::new()),
        LateStage::Cutover => {
            // Migration users go by the address that the target object has by then; without one there is nothing to wait for.
            let gate = wanted.primary.as_ref().map(|primary| Gate {
                wait_for: WaitFor::MailboxSynced,
                read: "migrationUser",
                identity: Cow::Borrowed(&*primary.new),
                conditions: Vec::new(),
                deadline_minutes: setup.limits.value("mailboxSyncedHours") * 60,
            });
            (Stage::Cutover, gate.into_iter().collect())
        }
    }
}

fn removal<'a>(setup: &Setup, subject: &SubjectRef<'a>, wanted: &'a Wanted<'a>, depends_on: Vec<String>, created: bool) -> Operation<'a> {
    let list: Vec<Cow<str>> = wanted.remove.iter().map(|address| Cow::Borrowed(&**address)).collect();
    let change = |verb: &'static str, list: Vec<Cow<'a, str>>| set_mail_user(subject, vec![("EmailAddresses", Parameter::Table(vec![(verb, Parameter::List(list))]))]);
    // A former primary comes back as an ordinary address: the primary is restored by its own operation.
    let back = list.iter().map(|address| match address.strip_prefix("SMTP:") {
        Some(value) => Cow::Owned(format!("smtp:{value}")),
        None => address.clone(),
    });
    let (stage, gates) = late(setup, wanted);
    Operation {
        stage,
        gates,
        undo: if created { Undo::With(id(subject, "create")) } else { Undo::Command(change("Add", back.collect())) },
        command: Some(change("Remove", list.clone())),
        depends_on,
        verify: vec![Condition::new("EmailAddresses", Test::Lacks(list))],
        ..operation(
            subject,
            "removeAddresses",
            "Remove the addresses of domains that the target has not accepted; from here until cutover the person's mail is not attributed",
            "AddressNotAccepted",
        )
    }
}

/// Usage location and licence, after the stamp is verified: a licence on a mail user without ExchangeGuid makes a mailbox of its own.
pub(super) fn licence<'a>(setup: &'a Setup, subject: &SubjectRef<'a>, wanted: &'a Wanted<'a>, made: &mut Vec<Operation<'a>>) {
    let Some(licence) = setup.specification.items.mc01.licence.as_ref().filter(|_| wanted.licence) else { return };
    let user = &subject.target;
    let mut depends_on: Vec<String> =
        made.iter().map(|operation| &operation.id).filter(|id| id.ends_with("/stamp") || id.ends_with("/create")).cloned().collect();
    // A mail user that Exchange has just made reaches Entra ID later; a stamp that AD was given reaches Exchange later.
    let mut gates = Vec::new();
    if wanted.create.is_some() {
        gates.push(Gate {
            wait_for: WaitFor::ObjectVisible,
            read: "user",
            identity: user.clone(),
            conditions: Vec::new(),
            deadline_minutes: setup.limits.value("objectVisibleMinutes"),
        });
    }
    if let Some(guid) = wanted.exchange_guid {
        gates.push(Gate {
            wait_for: WaitFor::PropertyVisible,
            read: "mailUser",
            identity: user.clone(),
            conditions: vec![equals("ExchangeGuid", guid.to_string())],
            deadline_minutes: setup.limits.value("settleMinutes"),
        });
    }
    if let Some(location) = wanted.usage_location {
        let patch = |value: &'a str| Request { method: "PATCH", path: format!("/users/{user}"), version: "v1.0", body: vec![("usageLocation", text(value))] };
        let create = depends_on.iter().filter(|id| id.ends_with("/create")).cloned().collect();
        made.push(Operation {
            surface: Surface::Graph,
            request: Some(patch(location)),
            depends_on: create,
            gates: gates.iter().filter(|gate| gate.wait_for == WaitFor::ObjectVisible).cloned().collect(),
            read: "user",
            expect: vec![Condition::new("usageLocation", Test::Empty(true))],
            verify: vec![equals("usageLocation", location)],
            undo: Undo::Irreversible("Entra ID does not go back to no usage location; a licence needs one anyway."),
            ..operation(subject, "setUsageLocation", "Set the usage location that a licence needs", "UsageLocationMissing")
        });
        depends_on.push(id(subject, "setUsageLocation"));
    }
    let sku = licence.sku_id.as_str();
    let assign = |add: Vec<Parameter<'a>>, remove: Vec<Cow<'a, str>>| Request {
        method: "POST",
        path: format!("/users/{user}/assignLicense"),
        version: "v1.0",
        body: vec![("addLicenses", Parameter::Objects(add)), ("removeLicenses", Parameter::List(remove))],
    };
    let disabled = licence.disabled_plans.iter().map(|plan| Cow::Borrowed(plan.as_str())).collect();
    made.push(Operation {
        stage: Stage::PreStage,
        surface: Surface::Graph,
        request: Some(assign(vec![Parameter::Table(vec![("disabledPlans", Parameter::List(disabled)), ("skuId", text(sku))])], Vec::new())),
        depends_on,
        gates,
        read: "user",
        expect: vec![Condition::new("assignedLicenses", Test::Lacks(vec![Cow::Borrowed(sku)]))],
        verify: vec![Condition::new("assignedLicenses", Test::Contains(vec![Cow::Borrowed(sku)]))],
        undo: Undo::Request(assign(Vec::new(), vec![Cow::Borrowed(sku)])),
        ..operation(subject, "assignLicence", "Assign the licence, now that the ExchangeGuid is stamped", "LicenceMissing")
    });
}
