//! What is done when for every batch: operations that carry themselves out, and places between them, where the operations of other items stand.
//!
//! Everything is dated by the batch's [`Moments`]; what the batch waits for stands before it in `dependsOn`. Operations have the shape of those in a plan.
//! A place is passed when whatever stands in it is done, its check is good and its gates hold; it is there so that the work on identities, and what only an
//! administrator can do, has its moment and its order.

use super::calendar::moments::Moments;
use super::calendar::text::iso;
use super::handover::{csv_file, job, source, Handover};
use super::options::{Mode, Options, Workload};
use super::outcome::{Batch, BatchPlan};
use super::planner::Input;
use crate::finding::Side;
use crate::plan::{Stage, Surface};
use crate::specification::LateStage;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{json, Map, Value};

/// Below the version.
const JOBS: &str = "/solutions/migrations/crossTenantMigrationJobs";

/// The states of a job that has not begun to migrate, or will not.
const NOT_MIGRATING: [&str; 11] = [
    "submitted", "validateSubmitted", "validateProcessing", "validateInProgress", "validatePassed", "validateFailed", "failed", "cancelled", "pendingCancel",
    "pendingDelete", "deleted",
];

/// The states of a batch that has not been started, or was stopped or broken (Get-MigrationBatch -Status).
const NOT_RUNNING: [&str; 6] = ["Created", "Stopped", "Stopping", "Failed", "Corrupted", "Removing"];

/// The states in which a job takes no other validation.
const VALIDATING: [&str; 3] = ["validateSubmitted", "validateProcessing", "validateInProgress"];

/// A kind of step: what it does and why stands in the file once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The last part of the id.
    #[serde(skip)]
    pub name: &'static str,
    /// What is done.
    pub what: &'static str,
    /// Why.
    pub why: &'static str,
}

const fn step(name: &'static str, what: &'static str, why: &'static str) -> Step {
    Step { name, what, why }
}

/// Every step, in the order of a batch.
pub const STEPS: [Step; 16] = [
    step("scope", "Put the people into a group of MailboxMovePublishedScopes in the source.", "A mailbox outside of the published scopes is not moved; a change of the groups is seen late."),
    step("create", "Create the orchestrator's job.", "A job defines the batch; nothing moves yet."),
    step("validate", "Validate the batch.", "The result expires, so it is made shortly before submission; whoever fails can still be mended."),
    step("submit", "Create the batch (New-MigrationBatch). The CSV is the one that -ExportPath writes.", "A batch holds people and moment together; nothing moves yet."),
    step("start", "Start the batch.", "The initial synchronization takes days to weeks."),
    step("migrate", "Start the job's migration. Where the validation has expired, validate again before.", "The initial synchronization takes days to weeks."),
    step("reschedule", "Give the batch that was submitted the moment of completion that is planned.", "It was submitted by an earlier plan, or by hand."),
    step("checkAgain", "Check the people again (a new snapshot, Test-CoexistReadiness).", "What was checked for submission may have changed since."),
    step("synced", "Wait until the batch is synced.", "Only what is synced is cut over in its night."),
    step("removeAddresses", "Remove the addresses that the target has not accepted (MC-01).", "One such address keeps the mailbox from arriving; from here on the attribution gap is open."),
    step("convert", "Convert the target accounts from external to internal members.", "The mailbox needs an account that signs in to the target."),
    step("license", "Give the target accounts their licences, where MC-01 has not.", "The mailbox needs a licence of the target when it arrives."),
    step("moveOneDrive", "Move OneDrive.", "In standalone mode OneDrive moves by a tool of its own, in the night of the mailbox."),
    step("complete", "The service completes the batch by itself at the moment that it was given: wait for it.", "People feel the night, not the weeks before."),
    step("verify", "Look at each person of the batch; who has not arrived goes with a later one.", "A batch is completed with errors when single people fail."),
    step("invite", "Invite the source accounts to the target accounts (B2B).", "Whoever has moved reaches back into the source with the new account."),
];

/// Whom an operation is about: a batch by its name, or one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// The identity in the target.
    pub target: String,
    /// What a person calls it.
    pub name: String,
}

/// A condition that is polled.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gate {
    /// `batchSynced`, `batchCompleted`, or `propertyVisible`: the conditions hold on the read.
    pub wait_for: &'static str,
    /// A name in `reads`.
    pub read: &'static str,
    /// The batch.
    pub identity: String,
    /// What must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Value>,
    /// How long it may take from the moment that its holder is due.
    pub deadline_minutes: u64,
}

/// One change, in the shape of a plan's operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Operation {
    pub id: String,
    pub stage: Stage,
    pub surface: Surface,
    pub tenant: Side,
    pub subject: Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Value>,
    pub depends_on: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Gate>,
    pub not_before: String,
    pub not_after: String,
    pub read: &'static str,
    pub expect: Vec<Value>,
    pub verify: Vec<Value>,
    pub undo: Value,
    /// People of the batch whose target is not known, so that they are not in it.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A place in the order, with its time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// `batch/<batch>/<step>`.
    pub id: String,
    /// When in the life of the move.
    pub stage: Stage,
    /// The steps of the same batch before it.
    pub depends_on: Vec<String>,
    /// What is waited for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Gate>,
    /// Not before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Not after this moment.
    pub not_after: String,
    /// What is run and read to see whether it can be passed; it changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Value>,
    /// Why no operation stands here: what the specification or the people lack.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<&'static str>,
    /// How many people it lacks that of.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

/// One or the other.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, clippy::large_enum_variant)]
pub enum Item {
    Operation(Operation),
    Place(Place),
}

/// How objects are read, by name: of the services that this plan uses.
pub fn reads(options: &Options) -> Value {
    let version = options.graph_version.name();
    let mut reads = Map::new();
    match options.mode {
        Mode::Orchestrated => {
            let path = format!("{JOBS}(displayName='{{id}}')?$select=id,displayName,status,completeAfterDateTime");
            reads.insert("migrationJob".into(), json!({"surface": "graph", "request": {"method": "GET", "version": version, "path": path}}));
            let path = format!("{JOBS}/{{id}}/users");
            let request = json!({"method": "GET", "version": version, "path": path});
            reads.insert("migrationTasks".into(), json!({"surface": "graph", "request": request, "idFrom": "migrationJob"}));
        }
        Mode::Standalone => {
            if options.workloads.has(Workload::Mailbox) {
                reads.insert("migrationBatch".into(), json!({"surface": "exchange", "command": "Get-MigrationBatch"}));
            }
            if let (true, Some(url)) = (options.workloads.has(Workload::OneDrive), &options.one_drive_host_url) {
                let read = json!({
                    "surface": "sharePoint", "command": "Get-SPOCrossTenantUserContentMoveState", "identity": "SourceUserPrincipalName",
                    "parameters": {"PartnerCrossTenantHostUrl": url},
                });
                reads.insert("oneDriveMove".into(), read);
            }
        }
    }
    Value::Object(reads)
}

/// The steps of every batch that has its moments, in order.
pub fn steps(input: &Input, plan: &BatchPlan, handover: Option<&Handover>, emit: &mut dyn FnMut(Item)) {
    for batch in &plan.batches {
        if let Some(moments) = &batch.moments {
            Steps { input, batch, moments, handover, before: Vec::new(), emit }.run();
        }
    }
}

/// The steps of one batch, as they are made.
struct Steps<'a> {
    input: &'a Input<'a>,
    batch: &'a Batch,
    moments: &'a Moments,
    handover: Option<&'a Handover>,
    /// What the next step waits for.
    before: Vec<String>,
    emit: &'a mut dyn FnMut(Item),
}

impl Steps<'_> {
    fn run(mut self) {
        let (moments, options) = (*self.moments, self.input.options);
        let orchestrated = options.mode == Mode::Orchestrated;
        let batched = orchestrated || options.workloads.has(Workload::Mailbox);
        if batched && !self.batch.submitted {
            // Validation must see the group, too.
            let seen_after = moments.submit.as_second().saturating_sub(moments.scope_by.as_second());
            let scope_by = Timestamp::from_second(self.validate_at().as_second().saturating_sub(seen_after)).unwrap_or(moments.scope_by);
            self.place("scope", Stage::Prepare, None, scope_by.min(moments.scope_by));
            if orchestrated { self.submit_job() } else { self.submit_batch() }
        } else if batched {
            self.reschedule();
        }
        self.place("checkAgain", Stage::PreStage, Some(moments.check_again_from), moments.complete);
        if batched {
            let read = if orchestrated { "migrationTasks" } else { "migrationBatch" };
            let gate = self.gate("batchSynced", read, Vec::new(), moments.submit, moments.remove_addresses);
            self.gated("synced", Stage::PreStage, moments.submit, moments.remove_addresses, gate);
            if self.input.removal != Some(LateStage::PreStage) {
                self.place("removeAddresses", Stage::Cutover, Some(moments.remove_addresses), moments.complete);
            }
        }
        self.place("convert", Stage::Cutover, Some(moments.remove_addresses), moments.complete);
        self.place("license", Stage::Cutover, Some(moments.remove_addresses), moments.complete);
        if !orchestrated && options.workloads.has(Workload::OneDrive) {
            self.one_drives();
        }
        if batched {
            let read = if orchestrated { "migrationJob" } else { "migrationBatch" };
            let gate = self.gate("batchCompleted", read, Vec::new(), moments.complete, moments.end);
            self.gated("complete", Stage::Cutover, moments.complete, moments.end, gate);
        }
        let check = if orchestrated {
            Some(json!({"surface": "graph", "tenant": "target", "read": "migrationTasks", "identity": self.batch.name}))
        } else {
            batched.then(|| exchange_check("Get-MigrationUser", json!({"BatchId": self.batch.name})))
        };
        let verify = Place { check, ..self.new_place("verify", Stage::Settle, Some(moments.complete), moments.end) };
        self.push_place("verify", verify);
        self.place("invite", Stage::Settle, Some(moments.complete), moments.end);
    }

    /// The batch of New-MigrationBatch.
    fn submit_batch(&mut self) {
        let (moments, name) = (*self.moments, self.batch.name.clone());
        let endpoint = self.input.options.source_endpoint.as_deref();
        let domain = self.handover.and_then(|handover| handover.delivery_domain.as_deref());
        let test = |endpoint| exchange_check("Test-MigrationServerAvailability", json!({"Endpoint": endpoint}));
        let validate = Place { check: endpoint.map(test), ..self.new_place("validate", Stage::PreStage, Some(self.validate_at()), moments.submit) };
        self.push_place("validate", validate);
        self.remove_early();
        let (Some(endpoint), Some(domain)) = (endpoint, domain) else {
            let mut missing = Vec::new();
            endpoint.is_none().then(|| missing.push("batches.sourceEndpoint"));
            domain.is_none().then(|| missing.push("target.deliveryDomain"));
            let place = Place { missing, ..self.new_place("submit", Stage::PreStage, Some(moments.submit), moments.complete) };
            self.push_place("submit", place);
            return;
        };
        let parameters = json!({
            "Name": name, "SourceEndpoint": endpoint, "TargetDeliveryDomain": domain, "CSVData": {"file": csv_file(&name)},
            "CompleteAfter": iso(moments.complete),
        });
        let left_out = self.left_out(|person| self.input.people.list[person as usize].target_address.is_none());
        let operation = Operation {
            command: Some(json!({"name": "New-MigrationBatch", "parameters": parameters})),
            undo: json!({"command": {"name": "Remove-MigrationBatch", "parameters": {"Identity": name}}}),
            verify: vec![json!({"property": "Identity", "equals": name})],
            left_out,
            ..self.operation("submit", Surface::Exchange, moments.submit, moments.complete)
        };
        self.push("submit", operation);
        // A batch that is created and started at once could not be taken back: only one that is stopped can be removed.
        let identity = json!({"Identity": name});
        let operation = Operation {
            command: Some(json!({"name": "Start-MigrationBatch", "parameters": identity})),
            undo: json!({"command": {"name": "Stop-MigrationBatch", "parameters": identity}}),
            verify: vec![json!({"property": "Status", "lacks": NOT_RUNNING})],
            ..self.operation("start", Surface::Exchange, moments.submit, moments.complete)
        };
        self.push("start", operation);
    }

    /// The orchestrator's job.
    fn submit_job(&mut self) {
        let (moments, name) = (*self.moments, self.batch.name.clone());
        let list = &self.input.people.list;
        match source(self.input.options, self.handover).map(|source| job(self.input, self.batch, &source)) {
            Ok(job) => {
                let left_out = self.left_out(|person| list[person as usize].target_id.is_none());
                let operation = Operation {
                    // Text and lists cannot fail to serialize.
                    request: Some(self.request("POST", JOBS.to_string(), serde_json::to_value(job).ok())),
                    undo: json!({"request": self.request("DELETE", key(&name), None)}),
                    verify: vec![json!({"property": "displayName", "equals": name})],
                    left_out,
                    ..self.operation("create", Surface::Graph, moments.validate_from, moments.submit)
                };
                self.push("create", operation);
            }
            Err(missing) => {
                let place = Place { missing, ..self.new_place("create", Stage::PreStage, Some(moments.validate_from), moments.submit) };
                self.push_place("create", place);
            }
        }
        // A job may begin to validate by itself when it is created: pages differ, so its state decides.
        let idle = self.gate("propertyVisible", "migrationJob", vec![json!({"property": "status", "lacks": VALIDATING})], self.validate_at(), moments.submit);
        let passed = json!({"property": "status", "equals": "validatePassed"});
        let validate = Operation {
            request: Some(self.request("POST", key(&name) + "/validate", None)),
            gates: vec![idle],
            undo: json!({"with": "create"}),
            verify: vec![passed.clone()],
            ..self.operation("validate", Surface::Graph, self.validate_at(), moments.submit)
        };
        // Without an operation that creates the job there is none to take the validation along.
        let undone = source(self.input.options, self.handover).is_ok();
        let irreversible = json!({"irreversible": "A validation changes nothing that could be taken back."});
        let validate = if undone { validate } else { Operation { undo: irreversible, ..validate } };
        self.push("validate", validate);
        self.remove_early();
        let gate = self.gate("propertyVisible", "migrationJob", vec![passed], moments.submit, moments.complete);
        let migrate = Operation {
            request: Some(self.request("POST", key(&name) + "/migrate", None)),
            gates: vec![gate],
            undo: json!({"request": self.request("POST", key(&name) + "/cancel", None)}),
            verify: vec![json!({"property": "status", "lacks": NOT_MIGRATING})],
            ..self.operation("migrate", Surface::Graph, moments.submit, moments.complete)
        };
        self.push("migrate", migrate);
    }

    /// Where addresses are removed before submission, it is as shortly before as it otherwise is before completion.
    fn remove_early(&mut self) {
        if self.input.removal == Some(LateStage::PreStage) {
            self.place("removeAddresses", Stage::PreStage, Some(self.moments.remove_before_submission()), self.moments.submit);
        }
    }

    /// A batch that has been submitted gets the moment that is planned.
    fn reschedule(&mut self) {
        let (moments, name) = (*self.moments, self.batch.name.clone());
        let at = iso(moments.complete);
        let undo = json!({"irreversible": "The moment that it had before is not known to the plan. Set it again as it was."});
        let operation = if self.input.options.mode == Mode::Orchestrated {
            Operation {
                request: Some(self.request("PATCH", key(&name), Some(json!({"completeAfterDateTime": at})))),
                verify: vec![json!({"property": "completeAfterDateTime", "equals": at})],
                undo,
                ..self.operation("reschedule", Surface::Graph, moments.submit, moments.complete)
            }
        } else {
            Operation {
                command: Some(json!({"name": "Set-MigrationBatch", "parameters": {"Identity": name, "CompleteAfter": at}})),
                verify: vec![json!({"property": "CompleteAfterUTC", "equals": at})],
                undo,
                ..self.operation("reschedule", Surface::Exchange, moments.submit, moments.complete)
            }
        };
        self.push("reschedule", operation);
    }

    /// OneDrive of each person, which the source's administrator moves.
    fn one_drives(&mut self) {
        let (moments, list) = (*self.moments, &self.input.people.list);
        let url = self.input.options.one_drive_host_url.as_deref();
        let owners = || self.batch.people.iter().map(|person| &list[*person as usize]).filter(|person| person.has_one_drive());
        let (mut left_out, mut total) = (0, 0);
        for person in owners() {
            total += 1;
            let (Some(url), Some(from), Some(to)) = (url, &person.user_principal_name, &person.target_user_principal_name) else {
                left_out += 1;
                continue;
            };
            let parameters = json!({
                "SourceUserPrincipalName": from, "TargetUserPrincipalName": to, "TargetCrossTenantHostUrl": url,
                "PreferredMoveBeginDate": iso(moments.complete), "PreferredMoveEndDate": iso(moments.end),
            });
            let operation = Operation {
                id: format!("oneDrive/{}/moveOneDrive", person.identity),
                tenant: Side::Source,
                stage: Stage::Cutover,
                subject: Subject { target: from.clone(), name: person.identity.clone() },
                depends_on: self.before.iter().map(|step| self.id(step)).collect(),
                command: Some(json!({"name": "Start-SPOCrossTenantUserContentMove", "parameters": parameters})),
                undo: json!({"command": {"name": "Stop-SPOCrossTenantUserContentMove", "parameters": {"SourceUserPrincipalName": from}}}),
                read: "oneDriveMove",
                // A move that failed before is no move.
                verify: vec![json!({"property": "MoveState", "empty": false}), json!({"property": "MoveState", "lacks": ["Failed"]})],
                ..self.operation("moveOneDrive", Surface::SharePoint, moments.complete, moments.end)
            };
            (self.emit)(Item::Operation(operation));
        }
        if total > 0 {
            let mut missing = Vec::new();
            url.is_none().then(|| missing.push("batches.oneDriveHostUrl"));
            let lacks = owners().any(|person| person.user_principal_name.is_none());
            lacks.then(|| missing.push("UserPrincipalName"));
            let lacks = owners().any(|person| person.target_user_principal_name.is_none());
            lacks.then(|| missing.push("TargetUserPrincipalName"));
            let place = Place { missing, left_out, ..self.new_place("moveOneDrive", Stage::Cutover, Some(moments.complete), moments.end) };
            self.push_place("moveOneDrive", place);
        }
    }

    /// Between the earliest validation and submission: a result lasts well beyond a submission that is late, and there is time to mend what it finds.
    fn validate_at(&self) -> Timestamp {
        let (from, to) = (self.moments.validate_from.as_second(), self.moments.submit.as_second());
        Timestamp::from_second(from.saturating_add(to.saturating_sub(from) / 2)).unwrap_or(self.moments.submit)
    }

    fn left_out(&self, lacks: impl Fn(u32) -> bool) -> u64 {
        self.batch.people.iter().filter(|person| lacks(**person)).count() as u64
    }

    fn id(&self, step: &str) -> String {
        format!("batch/{}/{step}", self.batch.name)
    }

    fn operation(&self, step: &str, surface: Surface, from: Timestamp, to: Timestamp) -> Operation {
        Operation {
            id: self.id(step),
            stage: Stage::PreStage,
            surface,
            tenant: Side::Target,
            subject: Subject { target: self.batch.name.clone(), name: self.batch.name.clone() },
            command: None,
            request: None,
            depends_on: self.before.clone(),
            gates: Vec::new(),
            not_before: iso(from),
            not_after: iso(to),
            read: if surface == Surface::Graph { "migrationJob" } else { "migrationBatch" },
            expect: Vec::new(),
            verify: Vec::new(),
            undo: Value::Null,
            left_out: 0,
        }
    }

    fn request(&self, method: &str, path: String, body: Option<Value>) -> Value {
        let mut request = json!({"method": method, "version": self.input.options.graph_version.name(), "path": path});
        if let Some(body) = body {
            request["body"] = body;
        }
        request
    }

    fn gate(&self, wait_for: &'static str, read: &'static str, conditions: Vec<Value>, from: Timestamp, to: Timestamp) -> Gate {
        let minutes = u64::try_from(to.as_second().saturating_sub(from.as_second()) / 60).unwrap_or(0);
        Gate { wait_for, read, identity: self.batch.name.clone(), conditions, deadline_minutes: minutes.max(1) }
    }

    fn new_place(&self, step: &str, stage: Stage, from: Option<Timestamp>, to: Timestamp) -> Place {
        Place {
            id: self.id(step),
            stage,
            depends_on: self.before.clone(),
            gates: Vec::new(),
            not_before: from.map(iso),
            not_after: iso(to),
            check: None,
            missing: Vec::new(),
            left_out: 0,
        }
    }

    fn place(&mut self, step: &str, stage: Stage, from: Option<Timestamp>, to: Timestamp) {
        let place = self.new_place(step, stage, from, to);
        self.push_place(step, place);
    }

    fn gated(&mut self, step: &str, stage: Stage, from: Timestamp, to: Timestamp, gate: Gate) {
        let place = Place { gates: vec![gate], ..self.new_place(step, stage, Some(from), to) };
        self.push_place(step, place);
    }

    fn push(&mut self, step: &str, operation: Operation) {
        (self.emit)(Item::Operation(operation));
        self.before = vec![step.to_string()];
    }

    fn push_place(&mut self, step: &str, place: Place) {
        (self.emit)(Item::Place(place));
        self.before = vec![step.to_string()];
    }
}

/// A cmdlet that only looks.
fn exchange_check(name: &str, parameters: Value) -> Value {
    json!({"surface": "exchange", "tenant": "target", "command": {"name": name, "parameters": parameters}})
}

/// The path of a job by its name, which is unique in a tenant: its id is known only once it is there.
fn key(name: &str) -> String {
    let mut path = format!("{JOBS}(displayName='");
    // In a text of OData an apostrophe is written twice; in a path everything but these is escaped (RFC 3986).
    for byte in name.replace('\'', "''").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path + "')"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_found_by_a_name_of_any_characters() {
        assert_eq!(key("Wave-1"), format!("{JOBS}(displayName='Wave-1')"));
        assert_eq!(key("O'Brien/ü #1"), format!("{JOBS}(displayName='O%27%27Brien%2F%C3%BC%20%231')"));
    }
}
