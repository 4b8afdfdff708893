//! The kinds of objects that a snapshot holds, one JSON Lines file each.

use serde::{Deserialize, Serialize};

/// A kind of objects; its name is the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Kind {
    AcceptedDomains,
    AdUsers,
    Configuration,
    ExchangeUsers,
    Groups,
    Licences,
    MailContacts,
    MailUsers,
    MailboxStatistics,
    Mailboxes,
    Members,
    OrgContacts,
    Permissions,
    Users,
}

impl Kind {
    /// Every kind, in the order of their names.
    pub const ALL: [Kind; 14] = [
        Kind::AcceptedDomains,
        Kind::AdUsers,
        Kind::Configuration,
        Kind::ExchangeUsers,
        Kind::Groups,
        Kind::Licences,
        Kind::MailContacts,
        Kind::MailUsers,
        Kind::MailboxStatistics,
        Kind::Mailboxes,
        Kind::Members,
        Kind::OrgContacts,
        Kind::Permissions,
        Kind::Users,
    ];

    /// The name in files and messages; the file is `<name>.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::AcceptedDomains => "acceptedDomains",
            Kind::AdUsers => "adUsers",
            Kind::Configuration => "configuration",
            Kind::ExchangeUsers => "exchangeUsers",
            Kind::Groups => "groups",
            Kind::Licences => "licences",
            Kind::MailContacts => "mailContacts",
            Kind::MailUsers => "mailUsers",
            Kind::MailboxStatistics => "mailboxStatistics",
            Kind::Mailboxes => "mailboxes",
            Kind::Members => "members",
            Kind::OrgContacts => "orgContacts",
            Kind::Permissions => "permissions",
            Kind::Users => "users",
        }
    }

    /// The cmdlet whose output the kind holds, for messages.
    pub fn source(self) -> &'static str {
        match self {
            Kind::AcceptedDomains => "Get-AcceptedDomain",
            Kind::AdUsers => "Get-ADUser",
            Kind::Configuration => "Get-OrganizationConfig",
            Kind::ExchangeUsers => "Get-User",
            Kind::Groups => "Get-DistributionGroup",
            Kind::Licences => "Get-MgSubscribedSku",
            Kind::MailContacts => "Get-MailContact",
            Kind::MailUsers => "Get-MailUser",
            Kind::MailboxStatistics => "Get-MailboxStatistics",
            Kind::Mailboxes => "Get-Mailbox",
            Kind::Members => "Get-DistributionGroupMember",
            Kind::OrgContacts => "Get-MgContact",
            Kind::Permissions => "Get-MailboxPermission",
            Kind::Users => "Get-MgUser",
        }
    }

    /// True for what owns addresses in Exchange: no address may be owned twice among them.
    pub fn is_recipient(self) -> bool {
        matches!(self, Kind::Mailboxes | Kind::MailUsers | Kind::MailContacts | Kind::Groups)
    }

    /// The kind of that name, whatever its case.
    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
