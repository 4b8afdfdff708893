//! MC-01 on objects that are mastered in the cloud: Exchange Online cmdlets and Graph requests.

use super::setup::Setup;
use super::shape::Shape;
use super::steps::*;
use crate::finding::Side;
use crate::plan::{value, Command, Condition, Gate, Listed, Operation, Parameter, Request, Secret, Stage, Step, SubjectRef, Surface, Test, Undo, WaitFor};
use crate::specification::LateStage;
use std::borrow::Cow;

const NIL: &str = "00000000-0000-0000-0000-000000000000";
const TARGET: &str = value!("target");

pub(super) type Parameters<'a> = Vec<(&'static str, Parameter<'a>)>;

pub(super) fn text<'a>(value: &'static str) -> Parameter<'a> {
    Parameter::Text(value.into())
}

pub(super) fn equals<'a>(property: &'static str, value: &'static str) -> Condition<'a> {
    Condition::new(property, Test::Equals(value.into()))
}

/// An operation on the target tenant with nothing in it yet.
pub(super) fn operation<'a>(step: &'static Step) -> Operation<'a> {
    Operation {
        step,
        stage: Stage::Prepare,
        surface: Surface::Exchange,
        tenant: Side::Target,
        subject: SubjectRef { target: TARGET.into(), name: value!("name").into() },
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

fn set_mail_user(mut parameters: Parameters) -> Command {
    parameters.insert(0, ("Identity", text(TARGET)));
    Command { name: "Set-MailUser", parameters }
}

fn change_addresses<'a>(verb: &'static str, list: Parameter<'a>) -> (&'static str, Parameter<'a>) {
    ("EmailAddresses", Parameter::Table(vec![(verb, list)]))
}

/// The operations that give people what their target objects lack, in the order in which they depend on each other.
pub(super) fn operations<'a>(setup: &'a Setup, shape: &Shape) -> Vec<Operation<'a>> {
    let mut made: Vec<Operation> = Vec::with_capacity(5);
    // What was done to a mail user that the plan created goes when the mail user goes.
    let or_with_creation = |undo: Undo<'a>| if shape.create { Undo::With(CREATE.name) } else { undo };

    if shape.create {
        let mut parameters = vec![
            ("Name", text(value!("newName"))),
            ("Alias", text(value!("alias"))),
            ("MicrosoftOnlineServicesID", text(TARGET)),
            ("ExternalEmailAddress", text(value!("external"))),
        ];
        if shape.display_name {
            parameters.push(("DisplayName", text(value!("displayName"))));
        }
        made.push(Operation {
            command: Some(Command { name: "New-MailUser", parameters }),
            secrets: &[Secret { parameter: "Password", kind: "generatedPassword" }],
            verify: vec![equals("UserPrincipalName", TARGET)],
            undo: Undo::Command(Command { name: "Remove-MailUser", parameters: vec![("Identity", text(TARGET))] }),
            ..operation(&CREATE)
        });
    }
    made.extend(clear_previous(shape));
    if let Some(old) = shape.external {
        // Taken back alone it would make the old external address the primary, as on the way there: the old primary goes with it.
        let undo = if old {
            let mut parameters = vec![("ExternalEmailAddress", text(value!("oldExternal")))];
            if shape.primary == Some(true) {
                parameters.push(("WindowsEmailAddress", text(value!("oldPrimary"))));
            }
            Undo::Command(set_mail_user(parameters))
        } else {
            Undo::Irreversible("A mail user cannot be without an external address; it had none to go back to.")
        };
        made.push(Operation {
            command: Some(set_mail_user(vec![("ExternalEmailAddress", text(value!("external")))])),
            depends_on: after(&made, &[]),
            expect: vec![if old { equals("ExternalEmailAddress", value!("oldExternal")) } else { Condition::new("ExternalEmailAddress", Test::Empty(true)) }],
            verify: vec![equals("ExternalEmailAddress", value!("external"))],
            undo: or_with_creation(undo),
            ..operation(&SET_EXTERNAL)
        });
    }
    if let Some(stamp) = stamp(shape) {
        made.push(Operation { depends_on: after(&made, &[&CLEAR_PREVIOUS, &SET_EXTERNAL]), undo: or_with_creation(stamp.undo), ..stamp });
    }
    if let Some(old) = shape.primary {
        let undo = if old {
            Undo::Command(set_mail_user(vec![("WindowsEmailAddress", text(value!("oldPrimary")))]))
        } else {
            Undo::Irreversible("It had no primary address to go back to.")
        };
        made.push(Operation {
            command: Some(set_mail_user(vec![("WindowsEmailAddress", text(value!("primary")))])),
            depends_on: after(&made, &[&STAMP, &SET_EXTERNAL]),
            verify: vec![equals("PrimarySmtpAddress", value!("primary"))],
            undo: or_with_creation(undo),
            ..operation(&SET_PRIMARY)
        });
    }
    if shape.raise_quota {
        made.push(Operation {
            command: Some(set_mail_user(vec![("EnableLitigationHoldForMigration", Parameter::Switch)])),
            depends_on: after(&made, &[&STAMP]),
            verify: vec![equals("LitigationHoldEnabled", "True")],
            undo: or_with_creation(Undo::Command(set_mail_user(vec![("RemoveLitigationHoldEnabled", Parameter::Switch)]))),
            ..operation(&RAISE_QUOTA)
        });
    }
    if let Some(old) = shape.upn {
        let patch = |upn| patch_user("userPrincipalName", upn);
        made.push(Operation {
            surface: Surface::Graph,
            request: Some(patch(value!("upn"))),
            read: "user",
            expect: if old { vec![equals("userPrincipalName", value!("oldUpn"))] } else { Vec::new() },
            verify: vec![equals("userPrincipalName", value!("upn"))],
            undo: if old { Undo::Request(patch(value!("oldUpn"))) } else { Undo::Irreversible("Its earlier user principal name is not known.") },
            ..operation(&SET_UPN)
        });
    }
    licence(setup, shape, "settleMinutes", &mut made);
    if shape.remove {
        let (stage, gates) = late(setup, shape);
        made.push(Operation {
            stage,
            gates,
            command: Some(set_mail_user(vec![change_addresses("Remove", text(value!("remove")))])),
            depends_on: after(&made, &[&STAMP, &SET_PRIMARY]),
            verify: vec![Condition::new("EmailAddresses", Test::Lacks(Parameter::Same(Listed::Removed)))],
            undo: or_with_creation(Undo::Command(set_mail_user(vec![change_addresses("Add", Parameter::Same(Listed::Removed))]))),
            ..operation(&REMOVE_ADDRESSES)
        });
    }
    made
}

/// What Exchange Online remembers of a previous mailbox is its own, also of an object that AD masters: the same on both.
pub(super) fn clear_previous<'a>(shape: &Shape) -> Option<Operation<'a>> {
    let parameters = vec![("Identity", text(TARGET)), ("PermanentlyClearPreviousMailboxInfo", Parameter::Switch)];
    shape.clear_previous.then(|| Operation {
        command: Some(Command { name: "Set-User", parameters }),
        read: "exchangeUser",
        expect: vec![equals("PreviousRecipientTypeDetails", value!("previousType"))],
        verify: vec![equals("PreviousRecipientTypeDetails", "None")],
        undo: Undo::Irreversible("Exchange destroys the soft-deleted mailbox and what it remembered of it."),
        ..operation(&CLEAR_PREVIOUS)
    })
}

/// GUIDs and addresses in one call, as in Microsoft's own sample: half the calls, half the night.
fn stamp<'a>(shape: &Shape) -> Option<Operation<'a>> {
    let (mut parameters, mut back): (Parameters, Parameters) = (Vec::new(), Vec::new());
    let (mut expect, mut verify) = (Vec::new(), Vec::new());
    let guids = [("ExchangeGuid", value!("exchangeGuid"), shape.exchange_guid), ("ArchiveGuid", value!("archiveGuid"), shape.archive_guid)];
    for (property, guid, _) in guids.into_iter().filter(|(.., wanted)| *wanted) {
        parameters.push((property, text(guid)));
        back.push((property, text(NIL)));
        expect.push(Condition::new(property, Test::Empty(true)));
        verify.push(equals(property, guid));
    }
    if shape.add || shape.add_again {
        parameters.push(change_addresses("Add", text(value!("add"))));
        // What was there before stays there on the way back.
        match (shape.add, shape.add_again) {
            (_, false) => back.push(change_addresses("Remove", Parameter::Same(Listed::Added))),
            (true, true) => back.push(change_addresses("Remove", text(value!("addedAnew")))),
            (false, true) => {}
        }
        verify.push(Condition::new("EmailAddresses", Test::Contains(Parameter::Same(Listed::Added))));
    }
    (!parameters.is_empty()).then(|| Operation {
        command: Some(set_mail_user(parameters)),
        expect,
        verify,
        undo: if back.is_empty() { Undo::With(SET_EXTERNAL.name) } else { Undo::Command(set_mail_user(back)) },
        ..operation(&STAMP)
    })
}

fn patch_user<'a>(property: &'static str, value: &'static str) -> Request<'a> {
    Request { method: "PATCH", path: concat!("/users/", value!("target")).into(), version: "v1.0", body: vec![(property, text(value))] }
}

/// The stage and the gates of what opens a person's attribution gap.
pub(super) fn late<'a>(setup: &Setup, shape: &Shape) -> (Stage, Vec<Gate<'a>>) {
    match setup.specification.items.mc01.unaccepted_addresses {
        LateStage::PreStage => (Stage::PreStage, Vec::new()),
        LateStage::Cutover => {
            // A migration user goes by the primary address of the target object.
            let gate = shape.final_primary.then(|| Gate {
                wait_for: WaitFor::MailboxSynced,
                read: "migrationUser",
                identity: value!("finalPrimary").into(),
                conditions: Vec::new(),
                deadline_minutes: setup.limits.value("mailboxSyncedHours") * 60,
            });
            (Stage::Cutover, gate.into_iter().collect())
        }
    }
}

/// Usage location and licence, after the stamp is verified: a licence on a mail user without ExchangeGuid makes a mailbox of its own. `stamp_limit` names
/// the limit within which Exchange Online shows the stamp.
pub(super) fn licence<'a>(setup: &'a Setup, shape: &Shape, stamp_limit: &str, made: &mut Vec<Operation<'a>>) {
    let Some(licence) = setup.specification.items.mc01.licence.as_ref().filter(|_| shape.licence) else { return };
    // A mail user that Exchange has just made reaches Entra ID later; a stamp that AD was given reaches Exchange later.
    let visible = shape.create.then(|| Gate {
        wait_for: WaitFor::ObjectVisible,
        read: "user",
        identity: TARGET.into(),
        conditions: Vec::new(),
        deadline_minutes: setup.limits.value("objectVisibleMinutes"),
    });
    let stamped = shape.exchange_guid.then(|| Gate {
        wait_for: WaitFor::PropertyVisible,
        read: "mailUser",
        identity: TARGET.into(),
        conditions: vec![equals("ExchangeGuid", value!("exchangeGuid"))],
        deadline_minutes: setup.limits.value(stamp_limit),
    });
    if shape.usage_location {
        made.push(Operation {
            surface: Surface::Graph,
            request: Some(patch_user("usageLocation", value!("usageLocation"))),
            depends_on: after(made, &[&CREATE]),
            gates: visible.iter().cloned().collect(),
            read: "user",
            expect: vec![Condition::new("usageLocation", Test::Empty(true))],
            // Any location will do: one that somebody has set meanwhile stays.
            verify: vec![Condition::new("usageLocation", Test::Empty(false))],
            undo: match shape.create {
                true => Undo::With(CREATE.name),
                false => Undo::Irreversible("Entra ID does not go back to no usage location; a licence needs one anyway."),
            },
            ..operation(&SET_LOCATION)
        });
    }
    let sku = || Cow::Borrowed(licence.sku_id.as_str());
    let assign = |add: Vec<Parameter<'a>>, remove: Vec<Cow<'a, str>>| Request {
        method: "POST",
        path: concat!("/users/", value!("target"), "/assignLicense").into(),
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
        ..operation(&ASSIGN_LICENCE)
    });
}
