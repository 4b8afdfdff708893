//! MC-01 on objects that are mastered in the cloud: Exchange Online cmdlets and Graph requests.

use super::setup::Setup;
use super::steps::*;
use super::wanted::{Replace, Wanted};
use crate::finding::Side;
use crate::plan::{Command, Condition, Gate, Listed, Operation, Parameter, Request, Secret, Stage, Step, SubjectRef, Surface, Test, Undo, WaitFor};
use crate::specification::LateStage;
use std::borrow::Cow;

const ITEM: &str = "MC-01";
const NIL: &str = "00000000-0000-0000-0000-000000000000";

pub(super) type Parameters<'a> = Vec<(&'static str, Parameter<'a>)>;

pub(super) fn text<'a>(value: impl Into<Cow<'a, str>>) -> Parameter<'a> {
    Parameter::Text(value.into())
}

pub(super) fn equals<'a>(property: &'static str, value: impl Into<Cow<'a, str>>) -> Condition<'a> {
    Condition::new(property, Test::Equals(value.into()))
}

/// An operation on the target tenant with nothing in it yet.
pub(super) fn operation<'a>(subject: &SubjectRef<'a>, step: &'static Step) -> Operation<'a> {
    Operation {
        id: [ITEM, "/", subject.source, "/", step.name].concat(),
        step,
        stage: Stage::Prepare,
        surface: Surface::Exchange,
        tenant: Side::Target,
        subject: subject.clone(),
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

/// Those of the steps that are planned; where none is, the creation, if it is.
pub(super) fn after(made: &[Operation], steps: &[&'static Step]) -> Vec<&'static str> {
    let planned = |step: &Step| made.iter().any(|operation| operation.step == step);
    let names: Vec<&'static str> = steps.iter().filter(|step| planned(step)).map(|step| step.name).collect();
    if names.is_empty() && planned(&CREATE) {
        vec![CREATE.name]
    } else {
        names
    }
}

/// The path of a user in Graph. A user principal name may hold `#` (every invited guest's does) and `'`, which would end the path or the key.
fn user_path(subject: &SubjectRef) -> String {
    let mut path = String::with_capacity("/users//assignLicense".len() + subject.target.len());
    path.push_str("/users/");
    for byte in subject.target.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

fn set_mail_user<'a>(subject: &SubjectRef<'a>, mut parameters: Parameters<'a>) -> Command<'a> {
    parameters.insert(0, ("Identity", text(subject.target.clone())));
    Command { name: "Set-MailUser", parameters }
}

fn change_addresses<'a>(verb: &'static str, list: Parameter<'a>) -> (&'static str, Parameter<'a>) {
    ("EmailAddresses", Parameter::Table(vec![(verb, list)]))
}

/// The operations that give a person what their target object lacks, in the order in which they depend on each other.
pub(super) fn operations<'a>(setup: &'a Setup, subject: &SubjectRef<'a>, wanted: &'a Wanted<'a>) -> Vec<Operation<'a>> {
    let mut made: Vec<Operation> = Vec::with_capacity(5);
    let created = wanted.create.is_some();
    // What was done to a mail user that the plan created goes when the mail user goes.
    let or_with_creation = |undo: Undo<'a>| if created { Undo::With(CREATE.name) } else { undo };

    if let Some(create) = &wanted.create {
        let mut parameters = vec![
            ("Name", text(create.name.as_str())),
            ("Alias", text(create.alias.as_str())),
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
            ..operation(subject, &CREATE)
        });
    }
    made.extend(clear_previous(subject, wanted));
    if let Some(Replace { new, old }) = &wanted.external {
        // Taken back alone it would make the old external address the primary, as on the way there: the old primary goes with it.
        let old_primary = wanted.primary.as_ref().and_then(|primary| primary.old.as_ref());
        let undo = match old {
            Some(old) => {
                let mut parameters = vec![("ExternalEmailAddress", text(&**old))];
                parameters.extend(old_primary.map(|primary| ("WindowsEmailAddress", text(&**primary))));
                Undo::Command(set_mail_user(subject, parameters))
            }
            None => Undo::Irreversible("A mail user cannot be without an external address; it had none to go back to."),
        };
        made.push(Operation {
            command: Some(set_mail_user(subject, vec![("ExternalEmailAddress", text(&**new))])),
            depends_on: after(&made, &[]),
            expect: vec![match old {
                Some(old) => equals("ExternalEmailAddress", &**old),
                None => Condition::new("ExternalEmailAddress", Test::Empty(true)),
            }],
            verify: vec![equals("ExternalEmailAddress", &**new)],
            undo: or_with_creation(undo),
            ..operation(subject, &SET_EXTERNAL)
        });
    }
    if let Some(stamp) = stamp(subject, wanted) {
        made.push(Operation { depends_on: after(&made, &[&CLEAR_PREVIOUS, &SET_EXTERNAL]), undo: or_with_creation(stamp.undo), ..stamp });
    }
    if let Some(Replace { new, old }) = &wanted.primary {
        let undo = match old {
            Some(old) => Undo::Command(set_mail_user(subject, vec![("WindowsEmailAddress", text(&**old))])),
            None => Undo::Irreversible("It had no primary address to go back to."),
        };
        made.push(Operation {
            command: Some(set_mail_user(subject, vec![("WindowsEmailAddress", text(&**new))])),
            depends_on: after(&made, &[&STAMP, &SET_EXTERNAL]),
            verify: vec![equals("PrimarySmtpAddress", &**new)],
            undo: or_with_creation(undo),
            ..operation(subject, &SET_PRIMARY)
        });
    }
    if wanted.raise_quota {
        made.push(Operation {
            command: Some(set_mail_user(subject, vec![("EnableLitigationHoldForMigration", Parameter::Switch)])),
            depends_on: after(&made, &[&STAMP]),
            verify: vec![equals("LitigationHoldEnabled", "True")],
            undo: or_with_creation(Undo::Command(set_mail_user(subject, vec![("RemoveLitigationHoldEnabled", Parameter::Switch)]))),
            ..operation(subject, &RAISE_QUOTA)
        });
    }
    if let Some(Replace { new, old }) = &wanted.upn {
        let patch = |upn: &'a str| patch_user(subject, "userPrincipalName", upn);
        made.push(Operation {
            surface: Surface::Graph,
            request: Some(patch(new)),
            read: "user",
            expect: old.iter().map(|old| equals("userPrincipalName", &**old)).collect(),
            verify: vec![equals("userPrincipalName", &**new)],
            undo: match old {
                Some(old) => Undo::Request(patch(old)),
                None => Undo::Irreversible("Its earlier user principal name is not known."),
            },
            ..operation(subject, &SET_UPN)
        });
    }
    licence(setup, subject, wanted, "settleMinutes", &mut made);
    if !wanted.remove.is_empty() {
        let (stage, gates) = late(setup, wanted);
        let list = borrowed(&wanted.remove);
        made.push(Operation {
            stage,
            gates,
            command: Some(set_mail_user(subject, vec![change_addresses("Remove", list)])),
            depends_on: after(&made, &[&STAMP, &SET_PRIMARY]),
            verify: vec![Condition::new("EmailAddresses", Test::Lacks(Parameter::Same(Listed::Removed)))],
            undo: or_with_creation(Undo::Command(set_mail_user(subject, vec![change_addresses("Add", Parameter::Same(Listed::Removed))]))),
            ..operation(subject, &REMOVE_ADDRESSES)
        });
    }
    made
}

/// A list as a parameter, without copying its texts.
pub(super) fn borrowed<'a>(list: &'a [Cow<'a, str>]) -> Parameter<'a> {
    Parameter::List(list.iter().map(|text| Cow::Borrowed(&**text)).collect())
}

/// What Exchange Online remembers of a previous mailbox is its own, also of an object that AD masters: the same on both.
pub(super) fn clear_previous<'a>(subject: &SubjectRef<'a>, wanted: &'a Wanted<'a>) -> Option<Operation<'a>> {
    let previous = wanted.clear_previous?;
    let parameters = vec![("Identity", text(subject.target.clone())), ("PermanentlyClearPreviousMailboxInfo", Parameter::Switch)];
    Some(Operation {
        command: Some(Command { name: "Set-User", parameters }),
        read: "exchangeUser",
        expect: vec![equals("PreviousRecipientTypeDetails", previous)],
        verify: vec![equals("PreviousRecipientTypeDetails", "None")],
        undo: Undo::Irreversible("Exchange destroys the soft-deleted mailbox and what it remembered of it."),
        ..operation(subject, &CLEAR_PREVIOUS)
    })
}

/// GUIDs and addresses in one call, as in Microsoft's own sample: half the calls, half the night.
fn stamp<'a>(subject: &SubjectRef<'a>, wanted: &'a Wanted<'a>) -> Option<Operation<'a>> {
    let (mut parameters, mut back): (Parameters, Parameters) = (Vec::new(), Vec::new());
    let (mut expect, mut verify) = (Vec::new(), Vec::new());
    for (property, guid) in [("ExchangeGuid", wanted.exchange_guid), ("ArchiveGuid", wanted.archive_guid)] {
        if let Some(guid) = guid {
            parameters.push((property, text(guid.to_string())));
            back.push((property, text(NIL)));
            expect.push(Condition::new(property, Test::Empty(true)));
            verify.push(equals(property, guid.to_string()));
        }
    }
    if !wanted.add.is_empty() || wanted.add_again.is_some() {
        let list = wanted.add.iter().chain(&wanted.add_again).map(|address| Cow::Borrowed(&**address)).collect();
        parameters.push(change_addresses("Add", Parameter::List(list)));
        // What was there before stays there on the way back.
        match wanted.add_again {
            None => back.push(change_addresses("Remove", Parameter::Same(Listed::Added))),
            Some(_) if !wanted.add.is_empty() => back.push(change_addresses("Remove", borrowed(&wanted.add))),
            Some(_) => {}
        }
        verify.push(Condition::new("EmailAddresses", Test::Contains(Parameter::Same(Listed::Added))));
    }
    (!parameters.is_empty()).then(|| Operation {
        command: Some(set_mail_user(subject, parameters)),
        expect,
        verify,
        undo: if back.is_empty() { Undo::With(SET_EXTERNAL.name) } else { Undo::Command(set_mail_user(subject, back)) },
        ..operation(subject, &STAMP)
    })
}

fn patch_user<'a>(subject: &SubjectRef, property: &'static str, value: &'a str) -> Request<'a> {
    Request { method: "PATCH", path: user_path(subject), version: "v1.0", body: vec![(property, text(value))] }
}

/// The stage and the gates of what opens a person's attribution gap.
pub(super) fn late<'a>(setup: &Setup, wanted: &'a Wanted<'a>) -> (Stage, Vec<Gate<'a>>) {
    match setup.specification.items.mc01.unaccepted_addresses {
        LateStage::PreStage => (Stage::PreStage, Vec::new()),
        LateStage::Cutover => {
            // A migration user goes by the primary address of the target object.
            let gate = wanted.final_primary.as_deref().map(|primary| Gate {
                wait_for: WaitFor::MailboxSynced,
                read: "migrationUser",
                identity: Cow::Borrowed(primary),
                conditions: Vec::new(),
                deadline_minutes: setup.limits.value("mailboxSyncedHours") * 60,
            });
            (Stage::Cutover, gate.into_iter().collect())
        }
    }
}

/// Usage location and licence, after the stamp is verified: a licence on a mail user without ExchangeGuid makes a mailbox of its own. `stamp_limit` names
/// the limit within which Exchange Online shows the stamp.
pub(super) fn licence<'a>(setup: &'a Setup, subject: &SubjectRef<'a>, wanted: &'a Wanted<'a>, stamp_limit: &str, made: &mut Vec<Operation<'a>>) {
    let Some(licence) = setup.specification.items.mc01.licence.as_ref().filter(|_| wanted.licence) else { return };
    let user = &subject.target;
    // A mail user that Exchange has just made reaches Entra ID later; a stamp that AD was given reaches Exchange later.
    let visible = wanted.create.is_some().then(|| Gate {
        wait_for: WaitFor::ObjectVisible,
        read: "user",
        identity: user.clone(),
        conditions: Vec::new(),
        deadline_minutes: setup.limits.value("objectVisibleMinutes"),
    });
    let stamped = wanted.exchange_guid.map(|guid| Gate {
        wait_for: WaitFor::PropertyVisible,
        read: "mailUser",
        identity: user.clone(),
        conditions: vec![equals("ExchangeGuid", guid.to_string())],
        deadline_minutes: setup.limits.value(stamp_limit),
    });
    if let Some(location) = wanted.usage_location {
        made.push(Operation {
            surface: Surface::Graph,
            request: Some(patch_user(subject, "usageLocation", location)),
            depends_on: after(made, &[&CREATE]),
            gates: visible.iter().cloned().collect(),
            read: "user",
            expect: vec![Condition::new("usageLocation", Test::Empty(true))],
            // Any location will do: one that somebody has set meanwhile stays.
            verify: vec![Condition::new("usageLocation", Test::Empty(false))],
            undo: Undo::Irreversible("Entra ID does not go back to no usage location; a licence needs one anyway."),
            ..operation(subject, &SET_LOCATION)
        });
    }
    let sku = || Cow::Borrowed(licence.sku_id.as_str());
    let assign = |add: Vec<Parameter<'a>>, remove: Vec<Cow<'a, str>>| Request {
        method: "POST",
        path: user_path(subject) + "/assignLicense",
        version: "v1.0",
        body: vec![("addLicenses", Parameter::Objects(add)), ("removeLicenses", Parameter::List(remove))],
    };
    let disabled = licence.disabled_plans.iter().map(|plan| Cow::Borrowed(plan.as_str())).collect();
    let added = Parameter::Table(vec![("disabledPlans", Parameter::List(disabled)), ("skuId", Parameter::Text(sku()))]);
    made.push(Operation {
        stage: Stage::PreStage,
        surface: Surface::Graph,
        request: Some(assign(vec![added], Vec::new())),
        depends_on: after(made, &[&CREATE, &STAMP, &SET_LOCATION]),
        gates: visible.into_iter().chain(stamped).collect(),
        read: "user",
        expect: vec![Condition::new("assignedLicenses", Test::Lacks(Parameter::List(vec![sku()])))],
        verify: vec![Condition::new("assignedLicenses", Test::Contains(Parameter::List(vec![sku()])))],
        undo: Undo::Request(assign(Vec::new(), vec![sku()])),
        ..operation(subject, &ASSIGN_LICENCE)
    });
}
