//! Compares the addresses of two snapshots, person by person.

use std::collections::BTreeMap;
use std::path::PathBuf;

use coexist_core::plan::mc01::compare_addresses;
use coexist_core::specification::{Items, Matching, Scope, SourceTenant, Specification, TargetTenant, Trust, UpnRule, VERSION};
use coexist_files::planning::Loaded;
use serde::Deserialize;
use serde_json::Value;

use super::host::{emit, JobHost, Replace, ITEMS};
use crate::error::Failure;
use crate::job::Work;
use crate::operation::{decode, encode};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    source: PathBuf,
    target: PathBuf,
    #[serde(default)]
    accepted_domains: Option<Vec<String>>,
    #[serde(default)]
    delivery_domain: Option<String>,
    #[serde(default)]
    domain_map: BTreeMap<String, String>,
    #[serde(default)]
    limits: BTreeMap<String, u64>,
}

impl Request {
    /// The specification that the parameters stand for.
    fn specification(&self) -> Specification {
        let name = |path: &PathBuf| path.display().to_string();
        Specification {
            schema: String::new(),
            version: VERSION,
            source: SourceTenant { name: name(&self.source), tenant_id: None, snapshot: name(&self.source) },
            target: TargetTenant {
                name: name(&self.target),
                tenant_id: None,
                snapshot: name(&self.target),
                delivery_domain: self.delivery_domain.clone(),
                accepted_domains: self.accepted_domains.clone(),
            },
            trust: Trust::default(),
            domain_map: self.domain_map.clone(),
            user_principal_name: UpnRule::default(),
            matching: Matching::default(),
            scope: Scope::default(),
            items: Items::default(),
            batches: Default::default(),
            limits: self.limits.clone(),
        }
    }
}

pub(super) fn prepare(request: Value) -> Result<Work, Failure> {
    let request: Request = decode(request)?;
    Ok(Box::new(move |context| {
        let host = JobHost { context, replace: Replace::No, tells_findings: true };
        let mut loaded = Loaded::from_snapshots(request.specification(), &request.source, &request.target, &host)?;
        let setup = loaded.setup(&host)?;
        // Gathered into events of some hundred: one event for each person would cost more than the comparison.
        let (mut rows, mut findings) = (Vec::new(), Vec::new());
        let compared = compare_addresses(&setup, &host, |mut more_rows, mut more_findings| {
            rows.append(&mut more_rows);
            findings.append(&mut more_findings);
            if rows.len() + findings.len() >= ITEMS {
                emit(context, "findings", &std::mem::take(&mut findings))?;
                emit(context, "rows", &std::mem::take(&mut rows))?;
            }
            Ok(())
        })?;
        emit(context, "findings", &findings)?;
        emit(context, "rows", &rows)?;
        encode(&compared)
    }))
}
