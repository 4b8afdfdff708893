//! Migration batches of Exchange: they go on with the lab's time, and each person fails for a reason of their own.

use super::object::{text, texts, Fields, KIND};
use super::parameters::Parameters;
use super::recipient::{shown, Addresses};
use super::refusal::{fault, Fault};
use super::visibility::{hash, mix, Via};
use super::{iso, licence, moment, Event, World};
use crate::address::{ProxyAddress, AddressType};
use crate::csv;
use crate::finding::Side;
use base64::Engine;
use serde_json::{json, Value};

const MINUTE: i64 = 60_000;

/// What a person goes through.
const WAITING: [&str; 3] = ["Queued", "Stopped", "Failed"];

pub(super) fn other(side: Side) -> Side {
    if side == Side::Source { Side::Target } else { Side::Source }
}

/// How long something of a person takes: between two bounds, drawn from who it is.
pub(super) fn drawn(who: &str, what: &str, from: i64, to: i64) -> i64 {
    from + (mix(hash(who) ^ hash(what)) % ((to - from).max(1) as u64)) as i64
}

fn find(world: &World, side: Side, reader: Option<Via>, identity: &str) -> Result<usize, Fault> {
    let wanted = [format!("batch:{}", identity.to_lowercase())];
    let found = match reader {
        Some(reader) => world.shown(side, reader, &wanted),
        None => world.all(side, &wanted),
    };
    found.first().copied().ok_or_else(|| fault("MigrationBatchNotFoundException", &[("identity", identity)]))
}

fn people(world: &World, side: Side, batch: &str) -> Vec<usize> {
    world.all(side, &[format!("of:{}", batch.to_lowercase())])
}

/// The addresses of a CSV, in the column EmailAddress.
fn addresses(parameters: &Parameters) -> Result<Vec<String>, Fault> {
    let invalid = |reason: &str| fault("MigrationCSVInvalid", &[("reason", reason)]);
    let bytes = parameters.value("CSVData").and_then(|data| data["bytes"].as_str());
    let bytes = bytes.and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok()).ok_or_else(|| invalid("it holds no data"))?;
    let text = String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8"))?;
    let mut reader = csv::Reader::new(&text);
    let column = reader.next().and_then(|header| header.find(&["EmailAddress"])).ok_or_else(|| invalid("it has no column EmailAddress"))?;
    let mut found = Vec::new();
    while let Some(row) = reader.next() {
        let address = row.get(column);
        if !address.is_empty() {
            found.push(address.to_string());
        }
    }
    if found.is_empty() { Err(invalid("it has no rows")) } else { Ok(found) }
}

pub(super) fn new(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let name = parameters.needed("Name")?.to_string();
    if find(world, side, None, &name).is_ok() {
        return Err(fault("MigrationBatchAlreadyExistsException", &[("identity", &name)]));
    }
    let (endpoint, domain) = (parameters.needed("SourceEndpoint")?.to_string(), parameters.needed("TargetDeliveryDomain")?.to_string());
    let people = addresses(parameters)?;
    let complete = parameters.text("CompleteAfter").and_then(moment);
    let Value::Object(fields) = json!({
        KIND: "migrationBatch", "Identity": name, "Status": "Created", "MigrationType": "ExchangeRemoteMove", "BatchDirection": "Onboarding",
        "SourceEndpoint": endpoint, "TargetDeliveryDomain": domain, "CompleteAfter": complete.map(iso), "CompleteAfterUTC": complete.map(iso),
        "TotalCount": people.len(), "ActiveCount": 0, "SyncedCount": 0, "FinalizedCount": 0, "FailedCount": 0, "$run": 0,
    }) else {
        return Ok(Vec::new());
    };
    let at = world.create(side, Via::Exchange, &name, fields);
    for address in people {
        add_person(world, side, &name, &address);
    }
    world.done(side, parameters, &name);
    if parameters.flag("AutoStart") {
        begin(world, side, at);
    }
    Ok(vec![shown(&world.at(side, at).truth)])
}

fn add_person(world: &mut World, side: Side, batch: &str, address: &str) {
    let guid = world.new_id(side, "migrationUser", &format!("{batch} {address}"));
    let Value::Object(fields) = json!({
        KIND: "migrationUser", "Identity": address, "Guid": guid, "BatchId": batch, "MailboxEmailAddress": address, "RecipientType": "MailboxOrMailUser",
        "Status": "Queued", "StatusSummary": "Active", "ErrorSummary": null, "SkippedItemCount": 0, "SyncedItemCount": 0,
    }) else {
        return;
    };
    world.create(side, Via::Exchange, &format!("{batch} {address}"), fields);
}

pub(super) fn get(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    if let Some(identity) = parameters.text("Identity") {
        let at = find(world, side, Some(Via::Exchange), identity)?;
        return Ok(vec![shown(&world.seen(side, at, Via::Exchange))]);
    }
    let status = parameters.text("Status");
    let fits = |fields: &Fields| text(fields, KIND) == "migrationBatch" && status.is_none_or(|status| status.eq_ignore_ascii_case(text(fields, "Status")));
    Ok(every(world, side, fits))
}

fn every(world: &World, side: Side, fits: impl Fn(&Fields) -> bool) -> Vec<Value> {
    let all = (0..world.tenant(side).objects.len()).map(|at| world.seen(side, at, Via::Exchange));
    all.filter(|fields| fits(fields)).map(|fields| shown(&fields)).collect()
}

pub(super) fn get_user(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let one = parameters.text("Identity").or_else(|| parameters.text("EmailAddress")).or_else(|| parameters.text("MailboxGuid"));
    let small = |name: &str| parameters.text(name).map(str::to_lowercase);
    let (batch, status) = (small("BatchId"), small("Status"));
    let fits = |fields: &Fields| {
        text(fields, KIND) == "migrationUser"
            && batch.as_ref().is_none_or(|batch| text(fields, "BatchId").to_lowercase() == *batch)
            && status.as_ref().is_none_or(|status| text(fields, "Status").to_lowercase() == *status)
    };
    let Some(one) = one else { return Ok(every(world, side, fits)) };
    let wanted = [format!("person:{}", one.to_lowercase()), format!("guid:{}", one.to_lowercase())];
    let found = world.shown(side, Via::Exchange, &wanted).into_iter().map(|at| world.seen(side, at, Via::Exchange)).filter(|fields| fits(fields));
    let found: Vec<Value> = found.map(|fields| shown(&fields)).collect();
    if found.is_empty() { Err(fault("MigrationUserNotFoundException", &[("identity", one)])) } else { Ok(found) }
}

pub(super) fn start(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let identity = parameters.needed("Identity")?.to_string();
    let at = find(world, side, None, &identity)?;
    let status = text(&world.at(side, at).truth, "Status");
    if matches!(status, "Removing" | "Stopping" | "Completed") {
        return Err(fault("MigrationBatchStateInvalid", &[("identity", &identity), ("act", "started"), ("status", status)]));
    }
    begin(world, side, at);
    world.done(side, parameters, &identity);
    Ok(Vec::new())
}

/// The batch begins, or goes on with whoever waits or has failed: Start-MigrationBatch also resumes and retries.
fn begin(world: &mut World, side: Side, at: usize) {
    let name = text(&world.at(side, at).truth, "Identity").to_string();
    let run = world.at(side, at).truth.get("$run").and_then(Value::as_u64).unwrap_or(0) + 1;
    world.write(side, at, Via::Exchange, |fields| {
        fields.insert("$run".into(), json!(run));
        fields.insert("Status".into(), json!("Syncing"));
    });
    let now = world.now;
    for person in people(world, side, &name) {
        let status = text(&world.at(side, person).truth, "Status").to_string();
        if WAITING.contains(&status.as_str()) {
            world.write(side, person, Via::Service, |fields| {
                fields.insert("Status".into(), json!("Validating"));
                fields.insert("ErrorSummary".into(), Value::Null);
            });
        }
        let who = text(&world.at(side, person).truth, "Identity").to_string();
        let from = if status == "Synced" { 0 } else { drawn(&who, "validation", 2 * MINUTE, 10 * MINUTE) };
        world.plan(now + from.max(1), Event::Person(side, person, run));
    }
}

pub(super) fn stop(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let identity = parameters.needed("Identity")?.to_string();
    let at = find(world, side, None, &identity)?;
    let status = text(&world.at(side, at).truth, "Status").to_string();
    if matches!(status.as_str(), "Completed" | "Removing") {
        return Err(fault("MigrationBatchStateInvalid", &[("identity", &identity), ("act", "stopped"), ("status", &status)]));
    }
    let run = world.at(side, at).truth.get("$run").and_then(Value::as_u64).unwrap_or(0) + 1;
    world.write(side, at, Via::Exchange, |fields| {
        fields.insert("$run".into(), json!(run));
        fields.insert("Status".into(), json!("Stopped"));
    });
    for person in people(world, side, &identity) {
        let status = text(&world.at(side, person).truth, "Status").to_string();
        if !matches!(status.as_str(), "Completed" | "Failed" | "Synced") {
            world.write(side, person, Via::Service, |fields| drop(fields.insert("Status".into(), json!("Stopped"))));
        }
    }
    world.done(side, parameters, &identity);
    Ok(Vec::new())
}

pub(super) fn set(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let identity = parameters.needed("Identity")?.to_string();
    let at = find(world, side, None, &identity)?;
    let new = if parameters.flag("AddUsers") { addresses(parameters)? } else { Vec::new() };
    let complete = parameters.text("CompleteAfter").and_then(moment);
    let run = world.at(side, at).truth.get("$run").and_then(Value::as_u64).unwrap_or(0);
    let known: Vec<String> = people(world, side, &identity).into_iter().map(|at| text(&world.at(side, at).truth, "Identity").to_lowercase()).collect();
    let new: Vec<String> = new.into_iter().filter(|address| !known.contains(&address.to_lowercase())).collect();
    world.write(side, at, Via::Exchange, |fields| {
        if let Some(complete) = complete {
            fields.insert("CompleteAfter".into(), json!(iso(complete)));
            fields.insert("CompleteAfterUTC".into(), json!(iso(complete)));
        }
        fields.insert("TotalCount".into(), json!(known.len() + new.len()));
    });
    for address in new {
        add_person(world, side, &identity, &address);
    }
    let now = world.now;
    if let Some(complete) = complete {
        for person in people(world, side, &identity) {
            world.plan(complete.max(now + 1), Event::Person(side, person, run));
        }
    }
    world.done(side, parameters, &identity);
    Ok(Vec::new())
}

pub(super) fn remove(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let identity = parameters.needed("Identity")?.to_string();
    let at = find(world, side, None, &identity)?;
    let status = text(&world.at(side, at).truth, "Status").to_string();
    // What runs has to be stopped first (https://learn.microsoft.com/powershell/module/exchangepowershell/remove-migrationbatch).
    if !matches!(status.as_str(), "Created" | "Stopped" | "Completed" | "CompletedWithErrors" | "Failed") && !parameters.flag("Force") {
        return Err(fault("MigrationBatchStateInvalid", &[("identity", &identity), ("act", "removed"), ("status", &status)]));
    }
    for person in people(world, side, &identity) {
        world.write(side, person, Via::Exchange, Fields::clear);
    }
    world.write(side, at, Via::Exchange, Fields::clear);
    world.done(side, parameters, &identity);
    Ok(Vec::new())
}

pub(super) fn remove_user(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let identity = parameters.needed("Identity")?.to_string();
    let wanted = [format!("person:{}", identity.to_lowercase()), format!("guid:{}", identity.to_lowercase())];
    let found = world.all(side, &wanted).first().copied();
    let person = found.ok_or_else(|| fault("MigrationUserNotFoundException", &[("identity", &identity)]))?;
    let batch = text(&world.at(side, person).truth, "BatchId").to_string();
    world.write(side, person, Via::Exchange, Fields::clear);
    if let Ok(at) = find(world, side, None, &batch) {
        count(world, side, at);
    }
    world.done(side, parameters, &identity);
    Ok(Vec::new())
}

/// As https://learn.microsoft.com/powershell/module/exchangepowershell/test-migrationserveravailability shows it.
pub(super) fn test_server(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let mut answer = json!({"Result": "Success", "Message": "", "SupportsCutover": false, "ErrorDetail": null});
    // The mailbox that is named is the target's object: https://github.com/microsoft/cross-tenant/issues/90
    if let Some(mailbox) = parameters.text("TestMailbox") {
        if let Err(fault) = pair(world, side, mailbox) {
            answer["Result"] = json!("Failed");
            answer["ErrorDetail"] = json!(fault.text());
        }
    }
    Ok(vec![answer])
}

/// The target object of an address or an id, and the source mailbox whose GUID it has.
pub(super) fn pair(world: &World, side: Side, identity: &str) -> Result<(usize, usize), Fault> {
    let named = [("identity", identity)];
    let target = super::recipient::find(world, side, None, identity, super::recipient::is_recipient);
    let target = target.map_err(|_| fault("MigrationRecipientNotFoundException", &named))?;
    let fields = &world.at(side, target).truth;
    match text(fields, KIND) {
        "mailUser" => {}
        "mailbox" => return Err(fault("TargetUserAlreadyHasPrimaryMailboxException", &named)),
        _ => return Err(fault("MigrationRecipientNotFoundException", &named)),
    }
    if licence::is_nil(fields, "ExchangeGuid") {
        return Err(fault("MissingExchangeGuidException", &named));
    }
    let guid = format!("x:{}", text(fields, "ExchangeGuid").to_lowercase());
    let source = world.all(other(side), &[guid]).into_iter().find(|at| text(&world.at(other(side), *at).truth, KIND) == "mailbox");
    Ok((target, source.ok_or_else(|| fault("SourceMailboxNotFound", &named))?))
}

/// What must hold before a mailbox is moved, and again before it is converted
/// (https://learn.microsoft.com/microsoft-365/enterprise/cross-tenant-mailbox-migration).
pub(super) fn check(world: &World, side: Side, identity: &str, delivery: &str, converting: bool) -> Result<(usize, usize), Fault> {
    let (target, source) = pair(world, side, identity)?;
    let named = [("identity", identity), ("domain", delivery)];
    let (from, to) = (&world.at(other(side), source).truth, &world.at(side, target).truth);
    let proxies = Addresses::of(to).0;
    let parsed = || proxies.iter().map(|address| ProxyAddress::parse(address));
    let x500 = format!("X500:{}", text(from, "LegacyExchangeDN"));
    if !parsed().any(|own| own.same_as(&ProxyAddress::parse(&x500))) {
        return Err(fault("LegacyExchangeDNMissing", &named));
    }
    if !parsed().any(|own| own.domain().is_some_and(|domain| domain.eq_ignore_ascii_case(delivery))) {
        return Err(fault("TargetDeliveryDomainMissing", &named));
    }
    // The licence may be on either side: PersistedCapabilities has ExchangeT2TMbxMove then. Only people need one.
    let has = |fields: &Fields| texts(fields, "PersistedCapabilities").iter().any(|capability| capability == "ExchangeT2TMbxMove");
    if text(from, "RecipientTypeDetails") == "UserMailbox" && !has(from) && !has(to) {
        return Err(fault("CrossTenantMigrationWithoutLicensePermanentException", &named));
    }
    // Addresses of other domains keep the mail user from becoming a mailbox.
    let tenant = world.tenant(side);
    let foreign = |own: &ProxyAddress| own.kind == AddressType::Smtp && own.domain().is_some_and(|domain| !tenant.domains.contains(domain));
    if converting && parsed().any(|own| foreign(&own)) {
        return Err(fault("NotAcceptedDomainException", &named));
    }
    Ok((target, source))
}

/// The mailbox has arrived: the mail user of the target becomes a mailbox, and the source's mailbox a mail user whose external address is the target's in the
/// delivery domain.
pub(super) fn convert(world: &mut World, side: Side, target: usize, source: usize, delivery: &str) {
    let addresses = Addresses::of(&world.at(side, target).truth).0;
    let mut own = addresses.iter().map(|address| ProxyAddress::parse(address)).filter(|own| own.domain().is_some_and(|domain| domain.eq_ignore_ascii_case(delivery)));
    let external = own.next().map(|own| format!("SMTP:{}", own.value)).unwrap_or_default();
    let details = text(&world.at(other(side), source).truth, "RecipientTypeDetails").to_string();
    world.write(side, target, Via::Service, |fields| {
        for (name, value) in [(KIND, json!("mailbox")), ("RecipientType", json!("UserMailbox")), ("RecipientTypeDetails", json!(details)), ("ExternalEmailAddress", Value::Null)] {
            fields.insert(name.into(), value);
        }
    });
    world.write(other(side), source, Via::Service, |fields| {
        for (name, value) in [(KIND, json!("mailUser")), ("RecipientType", json!("MailUser")), ("RecipientTypeDetails", json!("MailUser")), ("ExternalEmailAddress", json!(external))] {
            fields.insert(name.into(), value);
        }
    });
    // Its licences are still on: https://learn.microsoft.com/microsoft-365/enterprise/cross-tenant-mailbox-migration, known issues.
    licence::scrub(world, other(side), source);
}

/// A person of a batch goes on by one step.
pub(super) fn go_on(world: &mut World, side: Side, person: usize, run: u64) {
    let fields = &world.at(side, person).truth;
    let (who, batch) = (text(fields, "Identity").to_string(), text(fields, "BatchId").to_string());
    let Ok(at) = find(world, side, None, &batch) else { return };
    let of_batch = &world.at(side, at).truth;
    if of_batch.get("$run").and_then(Value::as_u64) != Some(run) {
        return;
    }
    let delivery = text(of_batch, "TargetDeliveryDomain").to_string();
    let complete = moment(text(of_batch, "CompleteAfterUTC"));
    let now = world.now;
    let is_due = complete.is_some_and(|complete| complete <= now);
    let step = match text(fields, "Status") {
        "Validating" => match duplicate(world, side, person, &who).map_or_else(|| check(world, side, &who, &delivery, false).map(|_| ()), Err) {
            Ok(()) => Ok(("Syncing", Some(now + drawn(&who, "sync", 30 * MINUTE, 480 * MINUTE)))),
            Err(fault) => Err(fault),
        },
        "Syncing" => Ok(("Synced", complete.map(|complete| complete.max(now + 1)))),
        "Synced" if is_due => Ok(("Completing", Some(now + drawn(&who, "completion", 10 * MINUTE, 60 * MINUTE)))),
        "Completing" => match check(world, side, &who, &delivery, true) {
            Ok((target, source)) => {
                convert(world, side, target, source, &delivery);
                Ok(("Completed", None))
            }
            Err(fault) => Err(fault),
        },
        _ => return,
    };
    let (status, error, next) = match step {
        Ok((status, next)) => (status, Value::Null, next),
        Err(fault) => ("Failed", json!(fault.text()), None),
    };
    world.write(side, person, Via::Service, |fields| {
        fields.insert("Status".into(), json!(status));
        fields.insert("StatusSummary".into(), json!(if status == "Validating" || status == "Syncing" || status == "Completing" { "Active" } else { status }));
        fields.insert("ErrorSummary".into(), error);
    });
    if let Some(next) = next {
        world.plan(next, Event::Person(side, person, run));
    }
    count(world, side, at);
}

/// Whether another batch that has not ended holds the person.
fn duplicate(world: &World, side: Side, person: usize, who: &str) -> Option<Fault> {
    let others = world.all(side, &[format!("person:{}", who.to_lowercase())]);
    let mut held = others.into_iter().filter(|at| *at != person).map(|at| &world.at(side, at).truth);
    let held = held.find(|fields| !matches!(text(fields, "Status"), "Completed" | "Failed" | "Stopped"))?;
    Some(fault("UserDuplicateInOtherBatchException", &[("identity", who), ("owner", text(held, "BatchId"))]))
}

/// The batch's own counts and status follow from those of its people.
fn count(world: &mut World, side: Side, at: usize) {
    let name = text(&world.at(side, at).truth, "Identity").to_string();
    let states: Vec<String> = people(world, side, &name).into_iter().map(|at| text(&world.at(side, at).truth, "Status").to_string()).collect();
    let of = |names: &[&str]| states.iter().filter(|state| names.contains(&state.as_str())).count();
    let (synced, completed, failed) = (of(&["Synced"]), of(&["Completed"]), of(&["Failed"]));
    let (completing, active) = (of(&["Completing"]), of(&["Validating", "Syncing", "Queued"]));
    let status = match () {
        () if active > 0 => "Syncing",
        () if completing > 0 => "Completing",
        () if synced > 0 && failed > 0 => "SyncedWithErrors",
        () if synced > 0 => "Synced",
        () if completed > 0 && failed > 0 => "CompletedWithErrors",
        () if completed > 0 => "Completed",
        () if failed > 0 => "Failed",
        () => "Stopped",
    };
    world.write(side, at, Via::Service, |fields| {
        for (name, value) in [
            ("Status", json!(status)), ("TotalCount", json!(states.len())), ("SyncedCount", json!(synced)), ("FinalizedCount", json!(completed)),
            ("FailedCount", json!(failed)), ("ActiveCount", json!(active + completing)),
        ] {
            fields.insert(name.into(), value);
        }
    });
}
