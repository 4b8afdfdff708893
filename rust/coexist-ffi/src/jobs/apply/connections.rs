//! Which of the host's connections reach the tenants of a plan, and on which surfaces.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use coexist_core::apply::Plan;
use coexist_core::finding::Side;
use coexist_core::plan::Surface;
use coexist_core::problem::{Category, Problem};
use serde::Deserialize;
use serde_json::Value;

use crate::error::Failure;
use crate::job::Context;
use crate::lab::Lab;

/// A connection as the host has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct Given {
    pub tenant: String,
    pub tenant_id: Option<String>,
    pub surface: Surface,
    /// How Graph is reached: as in the other jobs.
    #[serde(default)]
    pub connection: Value,
    /// The lab that the tenant is in; its Graph answers in this process.
    #[serde(default)]
    pub lab: Option<PathBuf>,
}

/// The connections to the tenants of one plan.
pub(in super::super) struct Connections(pub BTreeMap<(Side, Surface), Given>);

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

impl Connections {
    /// Those of the given ones that are of the plan's tenants.
    pub fn of(plan: &Plan, given: Vec<Given>) -> Result<Self, Failure> {
        let mut connections = BTreeMap::new();
        for connection in given {
            for side in [Side::Source, Side::Target] {
                let tenant = plan.tenant(side);
                let named = same(&tenant.name, &connection.tenant);
                let alike = match (&tenant.tenant_id, &connection.tenant_id) {
                    (Some(planned), Some(real)) if same(planned, real) => true,
                    (Some(planned), Some(real)) if named => {
                        let message = format!(
                            "The plan is for {} with the id {planned}, and the session on the surface {} belongs to the tenant {real}: nothing was done. Connect to the plan's tenant, or use the plan of this one.",
                            tenant.name,
                            connection.surface.name()
                        );
                        return Err(Problem::new("TenantMismatch", Category::OperationStopped, message).about(&tenant.name).into());
                    }
                    (Some(_), Some(_)) => false,
                    _ => named,
                };
                if alike {
                    connections.insert((side, connection.surface), connection);
                    break;
                }
            }
        }
        Ok(Connections(connections))
    }

    /// The surfaces on which there is something to do.
    pub fn used(&self, plan: &Plan, selected: &[bool], by_hand: bool) -> Result<Vec<(Side, Surface)>, Failure> {
        let wanted: BTreeSet<(Side, Surface)> =
            plan.entries.iter().zip(selected).filter(|(_, selected)| **selected).map(|(entry, _)| (entry.common.tenant, entry.common.surface)).collect();
        let used: Vec<_> = wanted.iter().filter(|key| self.0.contains_key(*key)).copied().collect();
        if used.is_empty() && !by_hand && !wanted.is_empty() {
            let text = |(side, surface): &(Side, Surface)| format!("{} ({})", plan.tenant(*side).name, surface.name());
            let wanted: Vec<String> = wanted.iter().filter(|(_, surface)| *surface != Surface::Manual).map(text).collect();
            let message = format!("This process is connected to no tenant that the selected operations need: {}. Run Connect-CoexistTenant first.", wanted.join(", "));
            return Err(Problem::new("TenantNotConnected", Category::OperationStopped, message).into());
        }
        Ok(used)
    }

    /// The id of each tenant as its sessions say it.
    pub fn tenants(&self) -> BTreeMap<Side, Option<String>> {
        self.0.iter().map(|((side, _), given)| (*side, given.tenant_id.clone())).collect()
    }

    /// The lab behind the connections, where they are of one.
    pub fn labs(&self, context: &Context) -> Result<Option<Arc<Lab>>, Failure> {
        self.0.values().find_map(|given| given.lab.as_ref()).map(|folder| context.labs.open(folder, context)).transpose().map_err(Failure::from)
    }
}
