//! Teams: who the tenant is, and whom it federates with.

use super::object::{Object, KIND};
use super::parameters::Parameters;
use super::refusal::Fault;
use super::visibility::Via;
use super::World;
use crate::finding::Side;
use serde_json::{json, Value};

pub(super) fn get_tenant(world: &mut World, side: Side, _: &Parameters) -> Result<Vec<Value>, Fault> {
    let info = &world.tenant(side).info;
    Ok(vec![json!({"TenantId": info.id, "DisplayName": info.name, "Domains": world.tenant(side).domains.iter().collect::<Vec<_>>()})])
}

/// As it is where nobody has changed it: https://learn.microsoft.com/powershell/module/microsoftteams/get-cstenantfederationconfiguration
pub(super) fn federation() -> Object {
    let fields = json!({
        KIND: "federation", "Identity": "Global", "AllowedDomains": "AllowAllKnownDomains", "BlockedDomains": [], "AllowFederatedUsers": true,
        "AllowTeamsConsumer": true, "AllowTeamsConsumerInbound": true, "TreatDiscoveredPartnersAsUnverified": false, "SharedSipAddressSpace": false,
        "RestrictTeamsConsumerToExternalUserProfiles": false,
    });
    Object::old(fields.as_object().cloned().unwrap_or_default(), 1)
}

/// There is one in every tenant.
fn find(world: &World, side: Side) -> Result<usize, Fault> {
    world.all(side, &["federation:global".into()]).first().copied().ok_or_else(|| super::recipient::not_found("Global"))
}

pub(super) fn get_federation(world: &mut World, side: Side, _: &Parameters) -> Result<Vec<Value>, Fault> {
    let at = find(world, side)?;
    Ok(vec![super::recipient::shown(&world.seen(side, at, Via::Teams))])
}

pub(super) fn set_federation(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let at = find(world, side)?;
    let mut fields = world.at(side, at).truth.clone();
    for (name, value) in parameters.all().filter(|(name, _)| *name != "Identity") {
        match name.as_str() {
            // A list, or a table with Add, Remove or Replace of it.
            "AllowedDomainsAsAList" | "BlockedDomains" => {
                let property = if name == "BlockedDomains" { "BlockedDomains" } else { "AllowedDomains" };
                let changed = domains(super::object::texts(&fields, property), parameters, name);
                fields.insert(property.into(), json!(changed));
            }
            _ => drop(fields.insert(name.clone(), value.clone())),
        }
    }
    world.write(side, at, Via::Teams, |own| *own = fields);
    world.done(side, parameters, "Global");
    Ok(Vec::new())
}

fn domains(own: Vec<String>, parameters: &Parameters, name: &str) -> Vec<String> {
    // "AllowAllKnownDomains" is no domain.
    let mut own: Vec<String> = own.into_iter().filter(|domain| domain.contains('.')).collect();
    let table = |key: &str| parameters.entry(name, key);
    let whole = parameters.value(name).filter(|value| !value.is_object()).map(super::object::list);
    if let Some(anew) = whole.or_else(|| Some(table("Replace")).filter(|list| !list.is_empty())) {
        own = anew;
    }
    own.retain(|domain| !table("Remove").iter().any(|gone| gone.eq_ignore_ascii_case(domain)));
    for new in table("Add") {
        if !own.iter().any(|domain| domain.eq_ignore_ascii_case(&new)) {
            own.push(new);
        }
    }
    own
}
