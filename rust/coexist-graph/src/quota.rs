//! Keeping within what the service allows: the table, and when the next request may go.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use crate::call::Call;
use crate::transport::{bare, Method};

/// One row of `data/graph-quotas.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Quota {
    /// Its name.
    pub name: String,
    /// How much in one window; the further ones are those of smaller tenants.
    pub limits: Vec<u64>,
    /// The window.
    pub seconds: u64,
    methods: Vec<Method>,
    paths: Vec<String>,
    counts: Counts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Counts {
    Requests,
    Units,
}

#[derive(Debug, Clone, Deserialize)]
struct Cost {
    method: Method,
    path: String,
    units: u64,
}

#[derive(Debug, Clone, Deserialize)]
struct Costs {
    rows: Vec<Cost>,
}

#[derive(Debug, Clone, Deserialize)]
struct Size {
    name: String,
    value: u64,
}

/// What the service allows. By default `data/graph-quotas.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Quotas {
    /// In the order in which a refusal is attributed.
    pub quotas: Vec<Quota>,
    costs: Costs,
    sizes: Vec<Size>,
}

impl Default for Quotas {
    fn default() -> Self {
        crate::data::parse("graph-quotas.json", include_str!("../../../data/graph-quotas.json"))
    }
}

/// What a request takes: of which quota (by its place in the table), how much.
pub type Charges = Vec<(usize, u64)>;

impl Quotas {
    /// None at all, for measuring what else holds up.
    pub fn unlimited() -> Self {
        Self { quotas: Vec::new(), ..Self::default() }
    }

    /// A number of the table's sizes; 1 for a name that it does not hold, which the tests exclude.
    pub fn size(&self, name: &str) -> usize {
        self.sizes.iter().find(|size| size.name == name).map_or(1, |size| size.value as usize)
    }

    /// What a call takes.
    pub fn charges(&self, call: &Call) -> Charges {
        let path = relative(&call.path);
        let units = self.units(call.method, path);
        let applies = |quota: &Quota| quota.methods.contains(&call.method) && quota.paths.iter().any(|prefix| is_below(bare(path), prefix));
        let rows = self.quotas.iter().enumerate().filter(|(_, quota)| applies(quota));
        rows.map(|(place, quota)| (place, if quota.counts == Counts::Units { units } else { 1 })).collect()
    }

    fn units(&self, method: Method, path: &str) -> u64 {
        let row = self.costs.rows.iter().find(|row| row.method == method && is_template(bare(path), &row.path));
        let mut units = row.map_or(1, |row| row.units as i64);
        for option in path.split_once('?').map_or("", |(_, query)| query).split('&') {
            match option.split_once('=') {
                Some(("$select", _)) => units -= 1,
                Some(("$expand", _)) => units += 1,
                Some(("$top", top)) if top.parse::<u64>().is_ok_and(|top| top < 20) => units -= 1,
                _ => {}
            }
        }
        units.max(1) as u64
    }
}

/// An address without service and version: `https://graph.microsoft.com/v1.0/users` is `/users`.
pub(crate) fn relative(path: &str) -> &str {
    let path = match path.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => path,
    };
    ["/v1.0", "/beta"].iter().find_map(|version| path.strip_prefix(version)).unwrap_or(path)
}

fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '(']))
}

fn is_template(path: &str, template: &str) -> bool {
    let (mut path, mut template) = (path.split('/'), template.split('/'));
    loop {
        match (path.next(), template.next()) {
            (None, None) => return true,
            (Some(part), Some(pattern)) if pattern.starts_with('{') && !part.starts_with('$') || part == pattern => {}
            _ => return false,
        }
    }
}

/// A window is kept a little longer than it is: requests arrive a little earlier or later than they were sent.
const MARGIN: f64 = 1.03;

#[derive(Debug)]
struct Window {
    limits: Vec<u64>,
    /// Which of the limits is believed.
    size: usize,
    length: Duration,
    /// What was allowed to go when; no later than `length` ago.
    sent: VecDeque<(Instant, u64)>,
    total: u64,
    /// The service said so.
    closed_until: Option<Instant>,
}

impl Window {
    fn limit(&self) -> u64 {
        self.limits.get(self.size).copied().unwrap_or(u64::MAX)
    }

    fn forget(&mut self, now: Instant) {
        while let Some((at, units)) = self.sent.front().copied() {
            if at + self.length > now {
                break;
            }
            self.total -= units;
            self.sent.pop_front();
        }
    }

    /// The first moment, not before `now`, at which there is room for so much.
    fn room(&mut self, units: u64, now: Instant) -> Instant {
        self.forget(now);
        let limit = self.limit().max(units);
        let (mut total, mut at) = (self.total, now.max(self.sent.back().map_or(now, |(at, _)| *at)));
        for (sent, taken) in &self.sent {
            if total + units <= limit {
                break;
            }
            total -= taken;
            at = at.max(*sent + self.length);
        }
        at
    }

    fn take(&mut self, units: u64, at: Instant) {
        self.total += units;
        self.sent.push_back((at, units));
    }
}

/// Says when requests may go. What a window allows goes at once; beyond it, requests wait in the order in which they came.
#[derive(Debug)]
pub(crate) struct Pacer {
    windows: Vec<Window>,
}

impl Pacer {
    /// `second` is how long a second of the service lasts.
    pub fn new(quotas: &Quotas, second: Duration) -> Self {
        let window = |quota: &Quota| Window {
            limits: quota.limits.clone(),
            size: 0,
            length: second.mul_f64(quota.seconds as f64 * MARGIN),
            sent: VecDeque::new(),
            total: 0,
            closed_until: None,
        };
        Self { windows: quotas.quotas.iter().map(window).collect() }
    }

    /// Takes the charges, and says when the request may go.
    pub fn reserve(&mut self, charges: &Charges, now: Instant) -> Instant {
        let mut at = now;
        // A later moment in one window may be no moment in another: until they agree.
        loop {
            let rooms = charges.iter().map(|(place, units)| self.windows[*place].room(*units, at));
            let latest = rooms.max().map_or(at, |room| room.max(at));
            if latest == at {
                break;
            }
            at = latest;
        }
        charges.iter().for_each(|(place, units)| self.windows[*place].take(*units, at));
        at
    }

    /// Until when the service wants nothing of this kind.
    pub fn closed_until(&self, charges: &Charges) -> Option<Instant> {
        charges.iter().filter_map(|(place, _)| self.windows[*place].closed_until).max()
    }

    /// The service refused: nothing of the first quota goes before `until`, and a tenant of that size was too much to believe.
    pub fn refused(&mut self, charges: &Charges, until: Instant, now: Instant) {
        let Some(window) = charges.first().map(|(place, _)| &mut self.windows[*place]) else { return };
        // Refusals come in swarms; one of them is one lesson.
        if window.closed_until.is_none_or(|closed| closed <= now) && window.size + 1 < window.limits.len() {
            window.size += 1;
        }
        window.closed_until = window.closed_until.max(Some(until));
    }

    /// How many of these charges one batch may hold.
    pub fn fits(&self, total: &Charges) -> bool {
        total.iter().all(|(place, units)| *units <= self.windows[*place].limit())
    }
}

/// Adds charges up.
pub(crate) fn add(total: &mut Charges, more: &Charges) {
    for (place, units) in more {
        match total.iter_mut().find(|(known, _)| known == place) {
            Some((_, sum)) => *sum += units,
            None => total.push((*place, *units)),
        }
    }
    total.sort_unstable();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(quotas: &Quotas, call: &Call) -> Vec<(String, u64)> {
        quotas.charges(call).into_iter().map(|(place, units)| (quotas.quotas[place].name.clone(), units)).collect()
    }

    #[test]
    fn requests_cost_what_the_table_says() {
        let quotas = Quotas::default();
        for (method, path, expected) in [
            (Method::Get, "/users?$select=id&$top=999", vec![("directory", 1)]),
            (Method::Get, "/users", vec![("directory", 2)]),
            (Method::Get, "https://graph.microsoft.com/v1.0/users?$skiptoken=x&$select=id", vec![("directory", 1)]),
            (Method::Get, "/users/1", vec![("directory", 1)]),
            (Method::Get, "/usersAndMore", vec![]),
            (Method::Get, "/groups/1/members?$top=5", vec![("directory", 2)]),
            (Method::Get, "/groups/1/transitiveMembers?$expand=x", vec![("directory", 6)]),
            (Method::Patch, "/users/1", vec![("writes", 1), ("directory", 1)]),
            (Method::Get, "/auditLogs/signIns?$top=10", vec![("reports", 1)]),
            (Method::Get, "/identity/conditionalAccess/policies", vec![("conditionalAccess", 1)]),
            (Method::Get, "/policies/crossTenantAccessPolicy", vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(name, units)| (name.to_owned(), units)).collect();
            assert_eq!(names(&quotas, &Call::new(method, path)), expected, "{path}");
        }
    }

    #[test]
    fn the_table_says_who_says_so() {
        let file: serde_json::Value = serde_json::from_str(include_str!("../../../data/graph-quotas.json")).unwrap();
        let rows = file["quotas"].as_array().unwrap().iter().chain(file["sizes"].as_array().unwrap()).chain([&file["costs"]]);
        for row in rows {
            for said in ["rule", "source", "date"] {
                assert!(row[said].as_str().is_some_and(|text| !text.is_empty()), "{row}");
            }
        }
        let quotas = Quotas::default();
        assert_eq!((quotas.size("batch"), quotas.size("page"), quotas.size("pageWithSignInActivity")), (20, 999, 500));
        assert!(quotas.quotas.iter().all(|quota| quota.limits.is_sorted_by(|a, b| a > b) && quota.seconds > 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_closes_one_quota_and_steps_down_once() {
        let quotas = Quotas::default();
        let mut pacer = Pacer::new(&quotas, Duration::from_secs(1));
        let (users, reports) = (quotas.charges(&Call::get("/users/1")), quotas.charges(&Call::get("/auditLogs/signIns")));
        let now = Instant::now();
        for _ in 0..20 {
            pacer.refused(&users, now + Duration::from_secs(7), now);
        }
        assert_eq!(pacer.closed_until(&users), Some(now + Duration::from_secs(7)));
        assert_eq!(pacer.closed_until(&reports), None);
        let directory = users[0].0;
        assert_eq!(pacer.windows[directory].limit(), 5000);
        assert!(pacer.fits(&vec![(directory, 5000)]) && !pacer.fits(&vec![(directory, 5001)]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_window_anywhere_holds_more_than_it_allows(requests in proptest::collection::vec((0..3usize, 1..6u64, 0..900u64), 1..300)) {
            let start = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async { Instant::now() });
            let quotas = Quotas::default();
            let mut pacer = Pacer::new(&quotas, Duration::from_secs(1));
            pacer.windows[2].limits = vec![40];
            pacer.windows[3].limits = vec![15];
            let (mut now, mut sent) = (start, Vec::new());
            for (kind, units, pause) in requests {
                now += Duration::from_millis(pause);
                let charges = [vec![(0, 1)], vec![(2, units)], vec![(2, 1), (3, units)]][kind].clone();
                let at = pacer.reserve(&charges, now);
                prop_assert!(at >= now);
                sent.extend(charges.into_iter().map(|(place, units)| (place, at, units)));
            }
            for place in 0..4 {
                let window = &pacer.windows[place];
                for (_, begin, _) in sent.iter().filter(|entry| entry.0 == place) {
                    let within: u64 = sent.iter().filter(|(other, at, _)| *other == place && *at >= *begin && *at < *begin + window.length).map(|entry| entry.2).sum();
                    prop_assert!(within <= window.limit(), "{} of {} in {}", within, window.limit(), quotas.quotas[place].name);
                }
            }
        }
    }
}
