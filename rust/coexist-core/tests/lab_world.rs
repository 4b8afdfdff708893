//! The lab's world takes the plans that the planner makes, and agrees with the small model that the planner's own tests rely on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod model;
mod world;

use coexist_core::finding::Side;
use coexist_core::identity::guid::Guid;
use coexist_core::lab::world::{TenantInfo, World as Lab};
use coexist_core::snapshot::Kind;
use serde_json::{json, Value};
use world::{written_out, World};

const HOUR: i64 = 3_600_000;

fn lab_of(world: &World) -> Lab {
    let info = |name: &str, id: &str, domains: &[&str]| TenantInfo {
        id: id.into(),
        name: name.into(),
        initial_domain: name.into(),
        domains: domains.iter().map(|domain| domain.to_string()).collect(),
    };
    let accepted: Vec<&str> = world.specification["target"]["acceptedDomains"].as_array().into_iter().flatten().map(|domain| domain.as_str().unwrap()).collect();
    let mut lab = Lab::new(info("contoso.onmicrosoft.com", "c0de", &["contoso.com", "contoso.net"]), info("fabrikam.onmicrosoft.com", "fab0", &accepted));
    for (side, tables) in [(Side::Source, &world.source), (Side::Target, &world.target)] {
        for (kind, records) in tables {
            records.iter().for_each(|record| lab.add(side, *kind, record.clone()));
        }
    }
    lab
}

/// Carries out one operation, or what takes it back; and goes on until AD's changes have arrived.
fn act(lab: &mut Lab, holder: &Value) -> Result<(), String> {
    if let Some(request) = holder.get("request") {
        let path = format!("/{}{}", request["version"].as_str().unwrap(), request["path"].as_str().unwrap());
        let reply = lab.request(Side::Target, request["method"].as_str().unwrap(), &path, request.get("body"));
        return if reply.status < 300 { Ok(()) } else { Err(format!("{}: {}", reply.status, reply.body)) };
    }
    let command = &holder["command"];
    let mut parameters = command["parameters"].clone();
    for secret in holder["secrets"].as_array().into_iter().flatten() {
        parameters[secret["parameter"].as_str().unwrap()] = json!({"secret": true});
    }
    lab.command(Side::Target, command["name"].as_str().unwrap(), &parameters).map(|_| ()).map_err(|refusal| format!("{refusal:?}"))?;
    if command["name"] == "Set-ADUser" {
        lab.advance_to(lab.now() + HOUR);
    }
    Ok(())
}

/// The small model's world with the objects of the lab's, so that its picture can be drawn of both.
fn as_model(lab: &Lab, like: &World) -> World {
    let mut world = World { specification: like.specification.clone(), source: Vec::new(), target: Vec::new(), map: Vec::new() };
    for kind in [Kind::MailUsers, Kind::Users, Kind::AdUsers] {
        *world.target(kind) = lab.objects(Side::Target, kind);
    }
    for user in world.target(Kind::Users).iter_mut() {
        *user = json!({"Id": user["id"], "AssignedLicenses": user["assignedLicenses"]});
    }
    world
}

/// Octets as the model writes them: GUIDs as texts.
fn as_texts(world: &mut World) {
    for user in world.target(Kind::AdUsers).iter_mut() {
        for name in ["msExchMailboxGuid", "msExchArchiveGUID"] {
            if let Some(bytes) = user[name].as_array() {
                let bytes: Vec<u8> = bytes.iter().map(|byte| byte.as_u64().unwrap() as u8).collect();
                user[name] = json!(Guid::from_bytes(bytes.try_into().unwrap()).to_string());
            }
        }
    }
}

/// Without the ids that either has made up for itself: what was created goes by its user principal name.
fn picture(world: &mut World, old: &[Value]) -> Vec<String> {
    as_texts(world);
    let names: Vec<(String, String)> = world
        .target(Kind::MailUsers)
        .iter()
        .filter(|user| !old.contains(&user["ExternalDirectoryObjectId"]))
        .map(|user| (user["ExternalDirectoryObjectId"].as_str().unwrap().to_lowercase(), user["UserPrincipalName"].as_str().unwrap().to_string()))
        .collect();
    let mut lines: Vec<String> = model::picture(world)
        .into_iter()
        .map(|line| names.iter().fold(line, |line, (id, name)| line.replace(id.as_str(), name)))
        .collect();
    lines.sort();
    lines
}

#[test]
fn a_plan_of_a_lab_does_the_same_in_the_lab_s_world_as_in_the_small_model() {
    for (people, seed) in [(60, 1), (400, 7)] {
        let mut small = world::lab::world(people, seed);
        // Whoever is created has no usage location, which the lab leaves out on purpose.
        small.specification["items"]["MC-01"]["licence"]["usageLocation"] = json!("FR");
        let outcome = small.plan();
        assert!(outcome.operations.len() > people as usize, "a small plan: {}", outcome.operations.len());
        let mut lab = lab_of(&small);
        let old: Vec<Value> = small.target(Kind::MailUsers).iter().map(|user| user["ExternalDirectoryObjectId"].clone()).collect();
        assert_eq!(picture(&mut as_model(&lab, &small), &old), picture(&mut copy(&small), &old), "before anything is done");
        let before = lab.truth(Side::Target);

        model::apply(&mut small, &outcome.operations).unwrap();
        let mut order: Vec<Value> = outcome.operations.iter().map(written_out).collect();
        order.sort_by_key(model::stage);
        for operation in &order {
            lab.advance_to(lab.now() + HOUR);
            act(&mut lab, operation).unwrap_or_else(|what| panic!("{}: {what}", operation["id"]));
        }
        let (own, theirs) = (picture(&mut as_model(&lab, &small), &old), picture(&mut small, &old));
        for line in &own {
            assert!(theirs.contains(line), "only the lab's world has\n{line}");
        }
        assert_eq!(own, theirs);
        assert_eq!(lab.writes(), order.len() as u64);
        assert!(lab.effects().values().all(|count| *count == 1), "{:?}", lab.effects().iter().find(|(_, count)| **count != 1));

        for operation in order.iter().rev() {
            let undo = &operation["undo"];
            if undo.get("command").is_some() || undo.get("request").is_some() {
                lab.advance_to(lab.now() + HOUR);
                act(&mut lab, undo).unwrap_or_else(|what| panic!("{} taken back: {what}", operation["id"]));
            }
        }
        model::undo(&mut small, &outcome.operations).unwrap();
        assert_eq!(picture(&mut as_model(&lab, &small), &old), picture(&mut small, &old), "after everything was taken back");
        assert_eq!(lab.truth(Side::Target).len(), before.len());
    }
}

fn copy(world: &World) -> World {
    World { specification: world.specification.clone(), source: world.source.clone(), target: world.target.clone(), map: Vec::new() }
}
