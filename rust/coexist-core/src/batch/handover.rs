//! What a batch needs outside of Coexist: the CSV of New-MigrationBatch, the body of an orchestrator job, the list of people to notify.

use super::calendar::text::iso;
use super::explain::night_name;
use super::options::{Mode, Options, Workload};
use super::outcome::{Batch, BatchPlan};
use super::planner::Input;
use crate::plan::TenantRef;
use crate::problem::{Category, Problem};
use serde::Serialize;

/// What the specification knows of the tenants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handover {
    /// The tenant that people move out of.
    pub source: TenantRef,
    /// The tenant that people move into.
    pub target: TenantRef,
    /// TargetDeliveryDomain.
    pub delivery_domain: Option<String>,
}

/// Files by name, and what is missing in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// Name and text, in the order of the batches, then of the nights.
    pub files: Vec<(String, String)>,
    /// People whose target is not known.
    pub problems: Vec<Problem>,
}

/// The body of `POST /solutions/migrations/crossTenantMigrationJobs`, which is called on the target.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job<'a> {
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    complete_after_date_time: Option<String>,
    source_tenant_id: &'a str,
    exchange_settings: ExchangeSettings<'a>,
    resources: Vec<&'a str>,
    resource_type: &'static str,
    workloads: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExchangeSettings<'a> {
    source_endpoint: &'a str,
    target_delivery_domain: &'a str,
}

/// Where a job's people come from and go to.
pub(super) struct Source<'a> {
    tenant_id: &'a str,
    delivery_domain: &'a str,
    endpoint: &'a str,
}

/// What every job needs of the specification, or the members that are missing in it.
pub(super) fn source<'a>(options: &'a Options, handover: Option<&'a Handover>) -> Result<Source<'a>, Vec<&'static str>> {
    let tenant_id = handover.and_then(|handover| handover.source.tenant_id.as_deref());
    let delivery_domain = handover.and_then(|handover| handover.delivery_domain.as_deref());
    let endpoint = options.source_endpoint.as_deref();
    match (tenant_id, delivery_domain, endpoint) {
        (Some(tenant_id), Some(delivery_domain), Some(endpoint)) => Ok(Source { tenant_id, delivery_domain, endpoint }),
        _ => {
            let all = [("source.tenantId", tenant_id), ("target.deliveryDomain", delivery_domain), ("batches.sourceEndpoint", endpoint)];
            Err(all.into_iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect())
        }
    }
}

/// Makes the files of a plan.
pub fn files(input: &Input, plan: &BatchPlan, handover: Option<&Handover>) -> Files {
    let mut made = Files::default();
    for batch in plan.batches.iter().filter(|batch| !batch.submitted) {
        match input.options.mode {
            Mode::Standalone => migration_csv(input, batch, &mut made),
            Mode::Orchestrated => job_file(input, batch, handover, &mut made),
        }
    }
    for (number, night) in plan.nights.iter().enumerate().filter(|(_, night)| night.people > 0) {
        let mut text = String::from("Identity,Batch,Night,CompleteAfter\r\n");
        for batch in night.batches.clone().map(|batch| &plan.batches[batch as usize]) {
            let date = night.date.map(|date| date.to_string()).unwrap_or_default();
            let complete = batch.moments.as_ref().map(|moments| iso(moments.complete)).unwrap_or_default();
            for person in &batch.people {
                let fields = [input.people.list[*person as usize].identity.as_str(), &batch.name, &date, &complete];
                text.push_str(&fields.map(field).join(","));
                text.push_str("\r\n");
            }
        }
        made.files.push((format!("{}.notify.csv", file_name(&night_name(plan, number as u32).unwrap_or_default())), text));
    }
    made
}

/// The CSV takes the address of the target object, and no column that New-MigrationBatch does not know.
fn migration_csv(input: &Input, batch: &Batch, made: &mut Files) {
    if !input.options.workloads.has(Workload::Mailbox) {
        return;
    }
    let mut text = String::from("EmailAddress\r\n");
    for person in &batch.people {
        let row = &input.people.list[*person as usize];
        match &row.target_address {
            Some(address) => {
                text.push_str(&field(address));
                text.push_str("\r\n");
            }
            None => made.problems.push(unknown_target(&row.identity, &batch.name, "address")),
        }
    }
    made.files.push((csv_file(&batch.name), text));
}

/// The file of a batch for New-MigrationBatch.
pub(super) fn csv_file(batch: &str) -> String {
    format!("{}.csv", file_name(batch))
}

/// The job of a batch, with those of its people whose target is known.
pub(super) fn job<'a>(input: &'a Input, batch: &'a Batch, source: &Source<'a>) -> Job<'a> {
    let name = |workload: &Workload| match workload {
        Workload::Mailbox => "Exchange",
        Workload::OneDrive => "ODSP",
        Workload::TeamsChat => "Teams",
        Workload::Meetings => "Meeting",
    };
    Job {
        display_name: &batch.name,
        complete_after_date_time: batch.moments.as_ref().map(|moments| iso(moments.complete)),
        source_tenant_id: source.tenant_id,
        exchange_settings: ExchangeSettings { source_endpoint: source.endpoint, target_delivery_domain: source.delivery_domain },
        resources: batch.people.iter().filter_map(|person| input.people.list[*person as usize].target_id.as_deref()).collect(),
        resource_type: "Users",
        workloads: input.options.workloads.0.iter().map(name).collect(),
    }
}

fn job_file(input: &Input, batch: &Batch, handover: Option<&Handover>, made: &mut Files) {
    let source = match source(input.options, handover) {
        Ok(source) => source,
        Err(missing) => {
            let message = format!("The job of {} was not written: {} must be in the specification.", batch.name, missing.join(", "));
            made.problems.push(Problem::new("JobIncomplete", Category::InvalidData, message).about(batch.name.clone()));
            return;
        }
    };
    let rows = batch.people.iter().map(|person| &input.people.list[*person as usize]);
    made.problems.extend(rows.filter(|row| row.target_id.is_none()).map(|row| unknown_target(&row.identity, &batch.name, "id")));
    // Text and lists cannot fail to serialize.
    let text = serde_json::to_string_pretty(&job(input, batch, &source)).unwrap_or_default() + "\n";
    made.files.push((format!("{}.job.json", file_name(&batch.name)), text));
}

fn unknown_target(identity: &str, batch: &str, what: &str) -> Problem {
    let message = format!(
        "The {what} of {identity}'s target object is not known, so they are missing from the file of {batch}. Apply MC-01 and take a new snapshot of the target, or give TargetAddress and TargetId."
    );
    Problem::new("TargetUnknown", Category::ObjectNotFound, message).about(identity)
}

/// A field of a CSV. What a spreadsheet would take for a formula is quoted like everything that needs it; the services read it as it is.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n', ';', ' ']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}

/// A batch's name as the name of a file on every platform.
fn file_name(name: &str) -> String {
    let safe: String = name.chars().map(|char| if char.is_control() || "<>:\"/\\|?*".contains(char) { '_' } else { char }).collect();
    let safe = safe.trim_matches([' ', '.']);
    if safe.is_empty() { "_".to_string() } else { safe.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_fields_survive_every_platform() {
        assert_eq!(file_name("Wave 1: A/B?."), "Wave 1_ A_B_");
        assert_eq!(file_name(".."), "_");
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(field("zoë@contoso.com"), "zoë@contoso.com");
    }
}
