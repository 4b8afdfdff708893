//! Service plans of the Exchange family (`data/exchange-plans.json`): which of them make a mailbox, and which are in nearly every licence.

use hashbrown::HashMap;
use once_cell::sync::Lazy;
use serde::Deserialize;

/// One service plan.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExchangePlan {
    pub name: String,
    service_plan_id: String,
    /// It makes a mailbox for a mail user without ExchangeGuid.
    pub mailbox: bool,
    /// Documented, but in nearly every licence.
    pub verify: bool,
}

#[derive(Deserialize)]
struct File {
    plans: Vec<ExchangePlan>,
}

static PLANS: Lazy<HashMap<String, ExchangePlan>> = Lazy::new(|| {
    let file: File = crate::data::parse("exchange-plans.json", include_str!("../../../data/exchange-plans.json"));
    file.plans.into_iter().map(|plan| (plan.service_plan_id.to_ascii_lowercase(), plan)).collect()
});

/// The plan of a GUID, if it is of the family.
pub(crate) fn find(service_plan_id: &str) -> Option<&'static ExchangePlan> {
    PLANS.get(&service_plan_id.to_ascii_lowercase())
}
