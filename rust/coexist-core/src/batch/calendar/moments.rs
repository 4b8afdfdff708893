//! What happens when around the completion of a batch.

use super::{text, Calendar, Window};
use crate::limits::Limits;
use crate::problem::{Category, Problem};
use jiff::Timestamp;
use serde::Serialize;

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// How long before others things are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leads {
    /// From submission to completion.
    pub pre_stage_days: u64,
    /// How long the result of a validation is good for.
    pub validation_days: u64,
    /// From the last change of a scope group to whatever asks for it.
    pub scope_minutes: u64,
    /// From the removal of the addresses that the target has not accepted to completion: long enough to be seen, for it opens the attribution gap.
    pub address_minutes: u64,
}

impl Leads {
    /// What the calendar and the limits say; a removal made in AD has a directory synchronization before it.
    pub fn new(calendar: &Calendar, limits: &Limits, directory_synced: bool) -> Self {
        let synchronization = if directory_synced { limits.value("directorySyncMinutes") } else { 0 };
        Leads {
            pre_stage_days: calendar.pre_stage_days.map_or(limits.value("preStageDays"), u64::from),
            validation_days: limits.value("validationDays"),
            scope_minutes: limits.value("scopePropagationMinutes"),
            address_minutes: limits.value("settleMinutes").saturating_add(synchronization),
        }
    }
}

/// The moments of a batch, in their order. Those named `…_by` are the latest, those named `…_from` the earliest of their kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moments {
    /// The latest moment to put the people into the scope group (MailboxMovePublishedScopes): validation and submission would not see a later change.
    #[serde(with = "text::instant")]
    pub scope_by: Timestamp,
    /// The earliest moment to validate: the result of an earlier validation would have expired at submission. Validation ends before `submit`.
    #[serde(with = "text::instant")]
    pub validate_from: Timestamp,
    /// The batch is submitted; the initial synchronization begins.
    #[serde(with = "text::instant")]
    pub submit: Timestamp,
    /// From here on a check of readiness still holds at completion; what was checked for submission no longer does where they lie further apart.
    #[serde(with = "text::instant")]
    pub check_again_from: Timestamp,
    /// The addresses that the target has not accepted are removed: as late as is safe.
    #[serde(with = "text::instant")]
    pub remove_addresses: Timestamp,
    /// CompleteAfter.
    #[serde(with = "text::instant")]
    pub complete: Timestamp,
    /// The night ends in the first of the batch's zones: by now people must be done, or they are not on their night.
    #[serde(with = "text::instant")]
    pub end: Timestamp,
    /// The batch is submitted later than `pre_stage_days` before its completion, because the plan was made too late for that.
    pub short_pre_stage: bool,
}

impl Moments {
    /// When the addresses are removed where that is to be done before submission: as long before it as otherwise before completion.
    pub fn remove_before_submission(&self) -> Timestamp {
        let lead = self.complete.as_second().saturating_sub(self.remove_addresses.as_second());
        Timestamp::from_second(self.submit.as_second().saturating_sub(lead)).unwrap_or(self.submit)
    }
}

/// The moments of a batch that is completed at the start of a window (see [`super::clusters::Cluster::windows`]).
///
/// With `now`, nothing is dated before it: the batch is submitted when a scope group changed now can be seen, and where its completion would not be later than
/// that, the night is too soon (`NightTooSoon`).
pub fn moments(window: Window, leads: &Leads, now: Option<Timestamp>) -> Result<Moments, Problem> {
    let complete = window.start;
    let pre_stage = before(complete, leads.pre_stage_days, DAY);
    let now = now.map(whole_second);
    let possible = now.map(|now| after(now, leads.scope_minutes, MINUTE));
    let submit = possible.map_or(pre_stage, |possible| possible.max(pre_stage));
    if submit > complete || (submit == complete && pre_stage < complete) {
        let message = format!(
            "A batch cannot be completed at {}: submitted at {} at the earliest, it would have no time to synchronize. Take a later night.",
            text::iso(complete),
            text::iso(submit)
        );
        return Err(Problem::new("NightTooSoon", Category::InvalidArgument, message).about(text::iso(complete)));
    }
    let not_before_now = |moment: Timestamp| now.map_or(moment, |now| moment.max(now));
    Ok(Moments {
        scope_by: before(submit, leads.scope_minutes, MINUTE),
        validate_from: not_before_now(before(submit, leads.validation_days, DAY)),
        submit,
        check_again_from: before(complete, leads.validation_days, DAY).max(submit),
        remove_addresses: before(complete, leads.address_minutes, MINUTE).max(submit),
        complete,
        end: window.end,
        short_pre_stage: submit > pre_stage,
    })
}

/// The next whole second, so that a moment that is written without its fraction is not before it.
fn whole_second(instant: Timestamp) -> Timestamp {
    let second = instant.as_second().saturating_add(i64::from(instant.subsec_nanosecond() > 0));
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

fn before(instant: Timestamp, count: u64, unit: i64) -> Timestamp {
    let seconds = i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(unit);
    Timestamp::from_second(instant.as_second().saturating_sub(seconds)).unwrap_or(Timestamp::MIN)
}

fn after(instant: Timestamp, count: u64, unit: i64) -> Timestamp {
    let seconds = i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(unit);
    Timestamp::from_second(instant.as_second().saturating_add(seconds)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn leads() -> Leads {
        Leads { pre_stage_days: 14, validation_days: 7, scope_minutes: 60, address_minutes: 30 }
    }

    fn window() -> Window {
        Window { start: at("2027-03-28T20:00:00Z"), end: at("2027-03-29T03:00:00Z") }
    }

    fn texts(moments: Moments) -> Vec<String> {
        let json = serde_json::to_value(moments).unwrap();
        let names = ["scopeBy", "validateFrom", "submit", "checkAgainFrom", "removeAddresses", "complete", "end"];
        names.map(|name| json[name].as_str().unwrap().to_string()).to_vec()
    }

    #[test]
    fn the_moments_of_a_batch_planned_in_time() {
        let moments = moments(window(), &leads(), Some(at("2027-01-04T08:00:00Z"))).unwrap();
        let expected = ["2027-03-14T19:00:00Z", "2027-03-07T20:00:00Z", "2027-03-14T20:00:00Z", "2027-03-21T20:00:00Z", "2027-03-28T19:30:00Z",
            "2027-03-28T20:00:00Z", "2027-03-29T03:00:00Z"];
        assert_eq!(texts(moments), expected);
        assert!(!moments.short_pre_stage);
        assert_eq!(super::moments(window(), &leads(), None).unwrap(), moments);
    }

    #[test]
    fn a_plan_made_late_submits_as_soon_as_the_scope_group_is_seen_and_says_so() {
        let moments = moments(window(), &leads(), Some(at("2027-03-24T08:00:00.5Z"))).unwrap();
        let expected = ["2027-03-24T08:00:01Z", "2027-03-24T08:00:01Z", "2027-03-24T09:00:01Z", "2027-03-24T09:00:01Z", "2027-03-28T19:30:00Z",
            "2027-03-28T20:00:00Z", "2027-03-29T03:00:00Z"];
        assert_eq!(texts(moments), expected);
        assert!(moments.short_pre_stage);
    }

    #[test]
    fn a_night_that_cannot_be_reached_any_more_is_told() {
        assert!(moments(window(), &leads(), Some(at("2027-03-28T18:59:59Z"))).is_ok());
        for now in ["2027-03-28T19:00:00Z", "2027-03-28T19:00:01Z", "2027-03-28T20:00:00Z", "2030-01-01T00:00:00Z"] {
            let problem = moments(window(), &leads(), Some(at(now))).unwrap_err();
            assert_eq!((problem.code, problem.target.as_deref()), ("NightTooSoon", Some("2027-03-28T20:00:00Z")), "{now}");
        }
        // Without a pre-stage it is submitted at the moment of its completion, if that is what the calendar says.
        assert_eq!(moments(window(), &Leads { pre_stage_days: 0, ..leads() }, None).unwrap().submit, window().start);
    }

    #[test]
    fn no_lead_leads_out_of_time() {
        let endless = Leads { pre_stage_days: u64::MAX, validation_days: u64::MAX, scope_minutes: u64::MAX, address_minutes: u64::MAX };
        let moments = moments(window(), &endless, None).unwrap();
        assert_eq!((moments.submit, moments.remove_addresses), (Timestamp::MIN, Timestamp::MIN));
        assert_eq!(super::moments(window(), &endless, Some(at("2027-01-01T00:00:00Z"))).unwrap_err().code, "NightTooSoon");
    }

    #[test]
    fn leads_are_those_of_the_calendar_and_the_limits() {
        let calendar: Calendar = serde_json::from_str(r#"{"nights": ["2027-03-28"]}"#).unwrap();
        let limits = Limits::default();
        assert_eq!(Leads::new(&calendar, &limits, false), leads());
        let calendar = Calendar { pre_stage_days: Some(21), ..calendar };
        assert_eq!(Leads::new(&calendar, &limits, true), Leads { pre_stage_days: 21, address_minutes: 210, ..leads() });
    }
}
