//! Invitations: an address becomes a guest, or an internal user an external one.

use super::object::{flag, text, Fields, USER};
use super::refusal::{fault, Fault, Reply};
use super::visibility::Via;
use super::{as_user, graph, World};
use crate::finding::Side;
use serde_json::{json, Value};

/// POST /invitations (https://learn.microsoft.com/graph/api/invitation-post).
pub(super) fn invite(world: &mut World, side: Side, body: &Value) -> Result<Reply, Fault> {
    let needed = |name: &'static str| body[name].as_str().filter(|text| !text.is_empty()).map(String::from).ok_or_else(|| fault("Request_BadRequest", &[("property", name)]));
    let (address, redirect) = (needed("invitedUserEmailAddress")?, needed("inviteRedirectUrl")?);
    if !address.contains('@') {
        return Err(fault("Request_BadRequest", &[("property", "invitedUserEmailAddress")]));
    }
    let at = match body["invitedUser"]["id"].as_str() {
        Some(id) => convert(world, side, id, &address)?,
        None => new_guest(world, side, &address, body)?,
    };
    let shown = graph::user(&world.at(side, at).truth);
    let user = json!({"id": shown["id"]});
    world.effect(side, "POST invitations()", &address.to_lowercase());
    Ok(Reply::with(201, json!({
        "id": shown["id"], "invitedUserEmailAddress": address, "inviteRedirectUrl": redirect, "invitedUserDisplayName": shown["displayName"],
        "invitedUserType": shown["userType"], "sendInvitationMessage": body["sendInvitationMessage"].as_bool().unwrap_or(false), "resetRedemption": false,
        "status": "PendingAcceptance", "invitedUser": user,
    })))
}

/// An internal user becomes an external one: one way, and not where onPremisesUserPrincipalName is present
/// (https://learn.microsoft.com/entra/external-id/invite-internal-users).
fn convert(world: &mut World, side: Side, id: &str, address: &str) -> Result<usize, Fault> {
    let at = graph::find_user(world, side, id)?;
    let fields = &world.at(side, at).truth;
    if !text(fields, "onPremisesUserPrincipalName").is_empty() {
        return Err(fault("InvitationOnPremisesUserPrincipalName", &[("identity", id)]));
    }
    let shown = graph::user(fields);
    let mail = shown["mail"].as_str().unwrap_or_default();
    let others = shown["otherMails"].as_array().into_iter().flatten().filter_map(Value::as_str).any(|other| other.eq_ignore_ascii_case(address));
    if !mail.eq_ignore_ascii_case(address) && !others {
        return Err(fault("InvitationMailDiffers", &[("address", address)]));
    }
    world.write(side, at, Via::Graph, |fields| drop(fields.insert("externalUserState".into(), json!("PendingAcceptance"))));
    Ok(at)
}

fn new_guest(world: &mut World, side: Side, address: &str, body: &Value) -> Result<usize, Fault> {
    let initial = world.tenant(side).info.initial_domain.clone();
    let upn = format!("{}#EXT#@{initial}", address.replace('@', "_"));
    // Invited again: the guest that is there is taken.
    if let Some(at) = world.all(side, &[format!("u:{}", upn.to_lowercase())]).first().copied() {
        return Ok(at);
    }
    let owner = world.all(side, &[format!("a:smtp:{}", address.to_lowercase())]).first().copied();
    if owner.is_some_and(|at| flag(&world.at(side, at).truth, USER)) {
        return Err(fault("InvitedUserIsMember", &[("identity", address)]));
    }
    let id = world.new_id(side, "guest", address);
    let name = body["invitedUserDisplayName"].as_str().unwrap_or_else(|| address.split('@').next().unwrap_or_default());
    let kind = body["invitedUserType"].as_str().unwrap_or("Guest");
    let mut fields = Fields::new();
    // A contact that owns the address keeps it: the guest comes without mail and proxyAddresses, and has it among otherMails
    // (https://github.com/MicrosoftDocs/azure-docs/pull/74908, by design).
    let free = owner.is_none();
    for (property, value) in [
        ("id", json!(id)), ("ExternalDirectoryObjectId", json!(id)), ("userPrincipalName", json!(upn)), ("displayName", json!(name)),
        ("mail", if free { json!(address) } else { Value::Null }), ("proxyAddresses", if free { json!([format!("SMTP:{address}")]) } else { json!([]) }),
        ("otherMails", json!([address])), ("userType", json!(kind)), ("externalUserState", json!("PendingAcceptance")), ("creationType", json!("Invitation")),
    ] {
        fields.insert(property.into(), value);
    }
    // Exchange shows a guest as a mail user of its own kind.
    if free {
        let guest = super::recipient::new_fields(world, side, "mailUser", "GuestMailUser", &upn.replace('@', "_"), &upn);
        for (property, value) in guest.into_iter().filter(|(property, _)| property != "ExternalDirectoryObjectId") {
            fields.insert(property, value);
        }
        fields.insert("Identity".into(), json!(id));
        fields.insert("RecipientType".into(), json!("MailUser"));
        fields.insert("DisplayName".into(), json!(name));
        fields.insert("Alias".into(), json!(super::recipient::alias_of(&upn)));
        fields.insert("ExternalEmailAddress".into(), json!(format!("SMTP:{address}")));
        fields.insert("EmailAddresses".into(), json!([format!("SMTP:{address}")]));
        fields.insert("PrimarySmtpAddress".into(), json!(address));
    }
    as_user(&mut fields);
    Ok(world.create(side, Via::Graph, &upn, fields))
}
