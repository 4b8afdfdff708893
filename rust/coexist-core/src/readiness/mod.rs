//! Whether a source mailbox can move at all: holds, archives, Recoverable Items.

mod holds;
mod quantity;

pub use holds::{findings as hold_findings, organization_wide as organization_wide_holds};
pub use quantity::bytes;

use crate::finding::{Finding, Subject};
use crate::known::Known;
use crate::limits::Limits;
use crate::snapshot::{Property, Record};

/// The findings about a mailbox's archives.
pub fn archive_findings(mailbox: &Record, subject: &Subject, limits: &Limits, findings: &mut Vec<Finding>) {
    let limit = limits.value("auxiliaryArchives");
    match mailbox.list(Property::MailboxLocations) {
        Known::Value(locations) => {
            // "1;<guid>;AuxArchive;<server>;<database>": the third field is the kind of the location.
            let count = locations.filter(|location| location.split(';').any(|field| field.trim().eq_ignore_ascii_case("AuxArchive"))).count() as u64;
            if count > limit {
                findings.push(
                    Finding::new("TooManyArchives", subject.clone()).with("count", count.to_string()).with("limit", limit.to_string()),
                );
            }
        }
        Known::Empty => {}
        Known::NotExported | Known::Flattened => {
            // Without an archive there are no auxiliary ones.
            let archive = mailbox.text(Property::ArchiveGuid).value();
            if archive.is_some_and(|guid| guid.bytes().any(|byte| byte.is_ascii_hexdigit() && byte != b'0')) {
                findings.push(Finding::new("ArchivesUnknown", subject.clone()).with("limit", limit.to_string()));
            }
        }
    }
}

/// The findings about what the mailbox holds in Recoverable Items against what its target takes; `statistics` is its Get-MailboxStatistics, `quota` the
/// bytes that the target takes. Returns true where the target's quota must be raised and that is enough.
pub fn recoverable_items_findings(
    statistics: Option<&Record>,
    quota: Known<u64>,
    may_raise: bool,
    subject: &Subject,
    limits: &Limits,
    findings: &mut Vec<Finding>,
) -> bool {
    let unknown = |property: Property| Finding::new("RecoverableItemsUnknown", subject.clone()).with("property", property.name());
    let Some(held) = statistics.and_then(|statistics| statistics.text(Property::TotalDeletedItemSize).value()).and_then(bytes) else {
        findings.push(unknown(Property::TotalDeletedItemSize));
        return false;
    };
    let Some(quota) = quota.value() else {
        findings.push(unknown(Property::RecoverableItemsQuota));
        return false;
    };
    if held <= quota {
        return false;
    }
    let raised = limits.value("recoverableItemsQuotaOnHold");
    if may_raise && held <= raised {
        return true;
    }
    let limit = if may_raise { raised } else { quota };
    findings.push(Finding::new("RecoverableItemsTooLarge", subject.clone()).with("count", held.to_string()).with("limit", limit.to_string()));
    false
}
