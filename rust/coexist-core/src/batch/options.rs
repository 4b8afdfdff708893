//! The `batches` section of a specification: what may be decided about batches.

use super::calendar::Calendar;
use super::forecast::capacity::Throughput;
use super::tie::Override;
use crate::finding;
use crate::problem::{Category, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How people are put into batches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Options {
    /// Which service moves them: it decides which limit a batch has.
    pub mode: Mode,
    /// What is moved of everybody.
    pub workloads: Workloads,
    /// What every batch's name begins with; the night and a number follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// People in one batch at most; where absent, the limit of the mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u64>,
    /// Batches without a calendar: at most this many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_count: Option<u64>,
    /// Batches that are completed in one night at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batches_per_night: Option<u64>,
    /// People who are cut over in one night at most; where absent, one batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people_per_night: Option<u64>,
    /// Gigabytes (2^30 bytes), mailbox and archive, that are cut over in one night at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gigabytes_per_night: Option<u64>,
    /// Items that are cut over in one night at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items_per_night: Option<u64>,
    /// How long the cutover of one mailbox takes, as measured; where absent, the endpoint's concurrent moves bound nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes_per_cutover: Option<u64>,
    /// How fast one move is, as measured; where absent, the time between two nights bounds nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Throughput>,
    /// The nights. Without them batches are numbered, and each is a night of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// Weights of ties that differ from the table, by kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ties: BTreeMap<String, Override>,
    /// What a finding does to its person, by code; where absent, a finding that blocks excludes, and others warn.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub readiness: BTreeMap<String, Consequence>,
    /// Who goes first, by any identity: on the first nights, and nobody else with them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pilots: Vec<String>,
    /// Who does not go on the first night, by any identity.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vips: Vec<String>,
    /// The night (`2027-01-12`) or the batch (any other name) of single people, by any identity.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub pins: BTreeMap<String, String>,
    /// The batches that have been submitted: their people stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub submitted: Vec<String>,
    /// The migration endpoint that batches name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_endpoint: Option<String>,
    /// TargetCrossTenantHostUrl, as Get-SPOCrossTenantHostUrl shows it in the target: where OneDrive moves to in standalone mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_drive_host_url: Option<String>,
    /// The version of Graph that the orchestrator's jobs are made in.
    #[serde(skip_serializing_if = "GraphVersion::is_default")]
    pub graph_version: GraphVersion,
}

/// A version of Graph. The orchestrator is in both; the SDK of 2026-07 marks its beta requests as deprecated, to be removed 2026-07-09.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum GraphVersion {
    /// `beta`.
    #[serde(rename = "beta")]
    Beta,
    /// `v1.0`.
    #[default]
    #[serde(rename = "v1.0")]
    V1,
}

impl GraphVersion {
    /// As it stands in an address.
    pub fn name(self) -> &'static str {
        match self {
            GraphVersion::Beta => "beta",
            GraphVersion::V1 => "v1.0",
        }
    }

    fn is_default(&self) -> bool {
        *self == GraphVersion::default()
    }
}

/// Which service moves people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// `New-MigrationBatch`, and one tool for each further workload.
    #[default]
    Standalone,
    /// The Migration Orchestrator's jobs.
    Orchestrated,
}

/// One kind of data that moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Workload {
    /// The mailbox with its archive.
    Mailbox,
    /// OneDrive.
    OneDrive,
    /// Teams chats.
    TeamsChat,
    /// Meetings, which are made anew in the moved mailbox.
    Meetings,
}

/// The workloads, in the order of the enumeration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workloads(pub Vec<Workload>);

impl Default for Workloads {
    fn default() -> Self {
        Workloads(vec![Workload::Mailbox])
    }
}

impl Workloads {
    /// Whether this is moved.
    pub fn has(&self, workload: Workload) -> bool {
        self.0.contains(&workload)
    }
}

/// What a finding does to its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Consequence {
    /// The person is left out, and hard ties with them.
    Exclude,
    /// It is only told.
    Warn,
    /// The person goes this many days after the first night at the earliest: time to mend it.
    DelayDays(u32),
}

impl Options {
    /// Whether everything is as where nobody has said anything.
    pub fn says_nothing(&self) -> bool {
        *self == Options::default()
    }

    /// Checks what a schema cannot say.
    ///
    /// # Errors
    /// `SpecificationInvalid`.
    pub fn check(&self) -> Result<(), Problem> {
        let invalid = |message: String| Err(Problem::new("SpecificationInvalid", Category::InvalidData, message));
        for (name, value) in [
            ("batchSize", self.batch_size),
            ("batchCount", self.batch_count),
            ("batchesPerNight", self.batches_per_night),
            ("peoplePerNight", self.people_per_night),
            ("gigabytesPerNight", self.gigabytes_per_night),
            ("itemsPerNight", self.items_per_night),
            ("minutesPerCutover", self.minutes_per_cutover),
        ] {
            if value == Some(0) {
                return invalid(format!("batches.{name} is 0, so nobody could move. Leave it out for the service's own limit."));
            }
        }
        if self.workloads.0.is_empty() {
            return invalid("batches.workloads is empty, so there is nothing to move.".into());
        }
        if self.workloads.has(Workload::Meetings) && !self.workloads.has(Workload::Mailbox) {
            return invalid("batches.workloads has meetings without mailbox; meetings are made in the moved mailbox, so their mailbox must move, too.".into());
        }
        if self.mode == Mode::Standalone {
            if let Some(workload) = [Workload::TeamsChat, Workload::Meetings].into_iter().find(|workload| self.workloads.has(*workload)) {
                let name = if workload == Workload::TeamsChat { "teamsChat" } else { "meetings" };
                return invalid(format!("batches.workloads has {name}, which only the Migration Orchestrator moves. Set batches.mode to orchestrated."));
            }
        }
        if let Some(throughput) = &self.throughput {
            throughput.check().map_err(|problem| Problem { code: "SpecificationInvalid", ..problem })?;
        }
        if let Some(code) = self.readiness.keys().find(|code| !finding::rules().iter().any(|rule| rule.code == **code)) {
            return invalid(format!("batches.readiness names '{code}', which is no finding code, so it would have no effect. Test-CoexistReadiness shows codes."));
        }
        Ok(())
    }

    /// What a finding does to its person.
    pub fn consequence(&self, code: &str, blocks: bool) -> Consequence {
        let fallback = if blocks { Consequence::Exclude } else { Consequence::Warn };
        self.readiness.get(code).copied().unwrap_or(fallback)
    }
}
