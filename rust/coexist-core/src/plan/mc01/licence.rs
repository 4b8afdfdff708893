//! The Exchange licence: only after the stamp is verified, and a warning where it came before.

use super::judge::Target;
use super::setup::Setup;
use super::wanted::Wanted;
use crate::directory::display_identity;
use crate::exchange_plans;
use crate::finding::{Finding, Subject};
use crate::snapshot::Property;

/// What licences say about a person, and which one is still to be assigned.
pub(super) fn judge<'a>(setup: &'a Setup<'a>, subject: &Subject, target: Option<&Target>, wanted: &mut Wanted<'a>, findings: &mut Vec<Finding>) {
    if let Some(target) = target.filter(|_| wanted.exchange_guid.is_some()) {
        let plans = target.user.and_then(|user| user.list(Property::AssignedPlans).value());
        if let Some(plan) = plans.into_iter().flatten().filter_map(exchange_plans::find).find(|plan| plan.mailbox) {
            let (file, line) = setup.recipients.origin(target.id);
            let finding = Finding::new("TargetPreLicensed", subject.clone()).at(file, line);
            findings.push(finding.with("target", display_identity(&target.record)).with("plan", plan.name.as_str()));
        }
    }
    let Some(licence) = &setup.specification.items.mc01.licence else { return };
    let user = target.and_then(|target| target.user);
    let has = user.and_then(|user| user.list(Property::AssignedLicenses).value()).into_iter().flatten().any(|sku| sku.eq_ignore_ascii_case(&licence.sku_id));
    if has {
        return;
    }
    wanted.licence = true;
    let located = user.is_some_and(|user| user.text(Property::UsageLocation).value().is_some());
    if !located {
        match (&licence.usage_location, target) {
            (Some(location), _) => wanted.usage_location = Some(location),
            (None, target) => {
                let name = target.map_or(subject.name.as_str(), |target| display_identity(&target.record)).to_string();
                findings.push(Finding::new("UsageLocationMissing", subject.clone()).with("target", name));
            }
        }
    }
}
