//! OneDrive: the moves that the source's administrator starts.

use super::batch::drawn;
use super::object::{text, Fields, KIND};
use super::parameters::Parameters;
use super::recipient::shown;
use super::refusal::{fault, Fault};
use super::visibility::Via;
use super::{iso, moment, Event, World};
use crate::finding::Side;
use serde_json::{json, Value};

const MINUTE: i64 = 60_000;

fn find(world: &World, side: Side, upn: &str) -> Option<usize> {
    world.all(side, &[format!("drive:{}", upn.to_lowercase())]).first().copied()
}

pub(super) fn start(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let (from, to) = (parameters.needed("SourceUserPrincipalName")?.to_string(), parameters.needed("TargetUserPrincipalName")?.to_string());
    let url = parameters.needed("TargetCrossTenantHostUrl")?.to_string();
    let there = find(world, side, &from);
    let running = |at: &usize| !matches!(text(&world.at(side, *at).truth, "MoveState"), "Failed" | "Success" | "Stopped");
    if there.as_ref().is_some_and(running) {
        return Err(fault("OneDriveMoveExists", &[("identity", &from)]));
    }
    if world.all(side, &[format!("u:{}", from.to_lowercase())]).is_empty() {
        return Err(fault("OneDriveUserNotFound", &[("identity", &from)]));
    }
    let begin = parameters.text("PreferredMoveBeginDate").and_then(moment).unwrap_or(world.now).max(world.now + 1);
    let Value::Object(fields) = json!({
        KIND: "oneDriveMove", "SourceUserPrincipalName": from, "TargetUserPrincipalName": to, "MoveState": "Scheduled", "MoveDirection": "MoveOut",
        "PartnerCrossTenantHostUrl": url, "PreferredMoveBeginDate": iso(begin),
    }) else {
        return Ok(Vec::new());
    };
    let at = match there {
        Some(at) => {
            world.write(side, at, Via::SharePoint, |own| *own = fields);
            at
        }
        None => world.create(side, Via::SharePoint, &from, fields),
    };
    world.plan(begin, Event::OneDrive(side, at));
    world.done(side, parameters, &from);
    Ok(Vec::new())
}

pub(super) fn stop(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let from = parameters.needed("SourceUserPrincipalName")?.to_string();
    let at = find(world, side, &from).ok_or_else(|| fault("OneDriveMoveNotFound", &[("identity", &from)]))?;
    let state = text(&world.at(side, at).truth, "MoveState");
    if matches!(state, "Success" | "Failed" | "Stopped") {
        return Err(fault("OneDriveMoveEnded", &[("identity", &from), ("status", state)]));
    }
    world.write(side, at, Via::SharePoint, Fields::clear);
    world.done(side, parameters, &from);
    Ok(Vec::new())
}

/// The state names are those of the parameter MoveState in the reference.
pub(super) fn get_state(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let is_move = |fields: &Fields| text(fields, KIND) == "oneDriveMove";
    if let Some(upn) = parameters.text("SourceUserPrincipalName") {
        let found = world.shown(side, Via::SharePoint, &[format!("drive:{}", upn.to_lowercase())]).first().copied();
        let at = found.ok_or_else(|| fault("OneDriveMoveNotFound", &[("identity", upn)]))?;
        return Ok(vec![shown(&world.seen(side, at, Via::SharePoint))]);
    }
    let all = (0..world.tenant(side).objects.len()).map(|at| world.seen(side, at, Via::SharePoint));
    Ok(all.filter(|fields| is_move(fields)).map(|fields| shown(&fields)).collect())
}

pub(super) fn go_on(world: &mut World, side: Side, at: usize) {
    let fields = &world.at(side, at).truth;
    let who = text(fields, "SourceUserPrincipalName").to_string();
    let now = world.now;
    let (state, next) = match text(fields, "MoveState") {
        "Scheduled" => {
            let begin = moment(text(fields, "PreferredMoveBeginDate")).unwrap_or(now);
            // One that was stopped and started again has another moment.
            if begin > now {
                return;
            }
            ("InProgress", Some(now + drawn(&who, "drive", 20 * MINUTE, 240 * MINUTE)))
        }
        "InProgress" => ("Success", None),
        _ => return,
    };
    world.write(side, at, Via::Service, |fields| drop(fields.insert("MoveState".into(), json!(state))));
    if let Some(next) = next {
        world.plan(next, Event::OneDrive(side, at));
    }
}
