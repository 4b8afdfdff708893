//! The kinds of objects that a snapshot holds, one JSON Lines file each.

use super::property::Property::{self, *};
use once_cell::sync::Lazy;
use serde::{Deserialize, Serialize};

/// A kind of objects; its name is the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Kind {
    AcceptedDomains,
    AdUsers,
    CalendarPermissions,
    Configuration,
    ExchangeUsers,
    Flows,
    Groups,
    Guests,
    Licences,
    MailContacts,
    MailUsers,
    MailboxStatistics,
    Mailboxes,
    Members,
    OrgContacts,
    Permissions,
    Policy,
    RecipientPermissions,
    RegionalConfigurations,
    UnifiedGroupLinks,
    Users,
}

/// What is fixed about one kind.
struct Facts {
    kind: Kind,
    name: &'static str,
    source: &'static str,
    /// Owns addresses in Exchange.
    recipient: bool,
    /// What tells two objects apart, best first: the first that an object has is its key. A GUID that never changes comes before a name that may.
    key: &'static [Property],
    /// What Coexist reads of it.
    read: &'static [Property],
    /// What Export-CoexistSnapshot keeps beside it, for people and later readers.
    kept: &'static [&'static str],
}

const RECIPIENT_KEY: &[Property] = &[ExternalDirectoryObjectId, Guid, LegacyExchangeDN, DistinguishedName, PrimarySmtpAddress];

macro_rules! recipient {
    ($($more:ident),* $(,)?) => {
        &[
            AcceptMessagesOnlyFromSendersOrMembers, Alias, CustomAttribute1, CustomAttribute2, CustomAttribute3, CustomAttribute4, CustomAttribute5,
            CustomAttribute6, CustomAttribute7, CustomAttribute8, CustomAttribute9, CustomAttribute10, CustomAttribute11, CustomAttribute12,
            CustomAttribute13, CustomAttribute14, CustomAttribute15, DisplayName, DistinguishedName, EmailAddresses, ExternalDirectoryObjectId, Guid, IsDirSynced, LegacyExchangeDN, Name,
            PrimarySmtpAddress, RecipientTypeDetails, $($more),*
        ]
    };
}

/// In the order of the enumeration.
const FACTS: [Facts; 21] = [
    Facts {
        kind: Kind::AcceptedDomains,
        name: "acceptedDomains",
        source: "Get-AcceptedDomain",
        recipient: false,
        key: &[DomainName, Name],
        read: &[Default, DomainName, DomainType, InitialDomain, Name],
        kept: &["MatchSubDomains"],
    },
    Facts {
        kind: Kind::AdUsers,
        name: "adUsers",
        source: "Get-ADUser",
        recipient: false,
        key: &[ObjectGuid, DistinguishedName],
        read: &[
            DisplayName, DistinguishedName, LegacyExchangeDN, Mail, Manager, MsDsConsistencyGuid, MsExchArchiveGuid, MsExchMailboxGuid, MsExchRemoteRecipientType,
            Name, ObjectClass, ObjectGuid, ProxyAddresses, SamAccountName, TargetAddress, UserPrincipalName,
        ],
        kept: &["Enabled", "msExchRecipientTypeDetails"],
    },
    // The cmdlet's Identity is the user's, not the mailbox's: whoever exports adds the mailbox.
    Facts {
        kind: Kind::CalendarPermissions,
        name: "calendarPermissions",
        source: "Get-MailboxFolderPermission",
        recipient: false,
        key: &[],
        read: &[AccessRights, Identity, Mailbox, SharingPermissionFlags, User],
        kept: &["FolderName"],
    },
    Facts {
        kind: Kind::Configuration,
        name: "configuration",
        source: "Get-OrganizationConfig",
        recipient: false,
        key: &[Guid, Name, Identity],
        read: &[Guid, Identity, InPlaceHolds, Name],
        kept: &["IsDehydrated"],
    },
    Facts {
        kind: Kind::ExchangeUsers,
        name: "exchangeUsers",
        source: "Get-User",
        recipient: false,
        key: &[ExternalDirectoryObjectId, Guid, DistinguishedName, UserPrincipalName],
        read: &[
            AssistantName, DisplayName, DistinguishedName, ExternalDirectoryObjectId, Guid, IsDirSynced, Manager, Name, PreviousRecipientTypeDetails,
            RecipientTypeDetails, UserPrincipalName,
        ],
        kept: &[],
    },
    // A row for each principal of a flow; Owner and Users are for those who list flows by hand.
    Facts {
        kind: Kind::Flows,
        name: "flows",
        source: "Get-AdminFlowOwnerRole",
        recipient: false,
        key: &[],
        read: &[FlowName, Owner, PrincipalObjectId, PrincipalType, RoleType, Users],
        kept: &["EnvironmentName", "PrincipalDisplayName", "PrincipalEmail"],
    },
    Facts {
        kind: Kind::Groups,
        name: "groups",
        source: "Get-DistributionGroup",
        recipient: true,
        key: RECIPIENT_KEY,
        read: recipient!(ManagedBy),
        kept: &["GroupType", "HiddenFromAddressListsEnabled", "MemberJoinRestriction"],
    },
    // Beside the users, because the sign-in activity of guests is read with them alone.
    Facts {
        kind: Kind::Guests,
        name: "guests",
        source: "Microsoft Graph /users",
        recipient: false,
        key: &[Id, UserPrincipalName],
        read: &[AccountEnabled, DisplayName, ExternalUserState, Id, Mail, OnPremisesSyncEnabled, ProxyAddresses, UserPrincipalName, UserType],
        kept: &[
            "CompanyName", "CreatedDateTime", "CreationType", "ExternalUserStateChangeDateTime", "Identities", "OtherMails", "SignInActivity",
        ],
    },
    Facts {
        kind: Kind::Licences,
        name: "licences",
        source: "Get-MgSubscribedSku",
        recipient: false,
        key: &[Id],
        read: &[Id],
        kept: &["CapabilityStatus", "ConsumedUnits", "PrepaidUnits", "ServicePlans", "SkuId", "SkuPartNumber"],
    },
    Facts {
        kind: Kind::MailContacts,
        name: "mailContacts",
        source: "Get-MailContact",
        recipient: true,
        key: RECIPIENT_KEY,
        read: recipient!(ExternalEmailAddress),
        kept: &["HiddenFromAddressListsEnabled"],
    },
    Facts {
        kind: Kind::MailUsers,
        name: "mailUsers",
        source: "Get-MailUser",
        recipient: true,
        key: RECIPIENT_KEY,
        read: recipient!(
            ArchiveGuid,
            ArchiveStatus,
            ExchangeGuid,
            ExternalEmailAddress,
            InPlaceHolds,
            LitigationHoldEnabled,
            PersistedCapabilities,
            RecoverableItemsQuota,
            UsageLocation,
            UserPrincipalName
        ),
        kept: &["HiddenFromAddressListsEnabled"],
    },
    Facts {
        kind: Kind::MailboxStatistics,
        name: "mailboxStatistics",
        source: "Get-MailboxStatistics",
        recipient: false,
        key: &[MailboxGuid],
        read: &[DisplayName, IsArchiveMailbox, ItemCount, MailboxGuid, TotalDeletedItemSize, TotalItemSize],
        kept: &[],
    },
    Facts {
        kind: Kind::Mailboxes,
        name: "mailboxes",
        source: "Get-Mailbox",
        recipient: true,
        key: &[ExternalDirectoryObjectId, ExchangeGuid, Guid, LegacyExchangeDN, DistinguishedName, PrimarySmtpAddress],
        read: recipient!(
            ArchiveGuid,
            ArchiveState,
            ArchiveStatus,
            ComplianceTagHoldApplied,
            DelayHoldApplied,
            DelayReleaseHoldApplied,
            ExchangeGuid,
            GrantSendOnBehalfTo,
            InPlaceHolds,
            LitigationHoldEnabled,
            MailboxLocations,
            PersistedCapabilities,
            RecoverableItemsQuota,
            UsageLocation,
            UserPrincipalName
        ),
        kept: &["ForwardingAddress", "ForwardingSmtpAddress", "HiddenFromAddressListsEnabled", "IsInactiveMailbox"],
    },
    // What tells two members, links or permissions apart is the whole object. The cmdlets do not emit the group: whoever exports adds it.
    Facts {
        kind: Kind::Members,
        name: "members",
        source: "Get-DistributionGroupMember",
        recipient: false,
        key: &[],
        read: &[ExternalDirectoryObjectId, Group, Guid, Identity, Name, PrimarySmtpAddress, RecipientTypeDetails],
        kept: &[],
    },
    Facts {
        kind: Kind::OrgContacts,
        name: "orgContacts",
        source: "Get-MgContact",
        recipient: false,
        key: &[Id],
        read: &[DisplayName, Id, Mail, OnPremisesSyncEnabled, ProxyAddresses],
        kept: &["CompanyName", "MailNickname"],
    },
    Facts {
        kind: Kind::Permissions,
        name: "permissions",
        source: "Get-MailboxPermission",
        recipient: false,
        key: &[],
        read: &[AccessControlType, AccessRights, Deny, Identity, IsInherited, Trustee, User],
        kept: &["InheritanceType"],
    },
    // The cross-tenant access policy: itself, its default, one object for each partner.
    Facts {
        kind: Kind::Policy,
        name: "policy",
        source: "Microsoft Graph /policies/crossTenantAccessPolicy",
        recipient: false,
        key: &[Identity],
        read: &[Identity],
        kept: &[
            "AutomaticUserConsentSettings", "B2bCollaborationInbound", "B2bCollaborationOutbound", "B2bDirectConnectInbound", "B2bDirectConnectOutbound",
            "IdentitySynchronization", "InboundTrust", "IsInMultiTenantOrganization", "IsServiceDefault", "IsServiceProvider", "TenantId", "TenantRestrictions",
        ],
    },
    Facts {
        kind: Kind::RecipientPermissions,
        name: "recipientPermissions",
        source: "Get-RecipientPermission",
        recipient: false,
        key: &[],
        read: &[AccessControlType, AccessRights, Identity, IsInherited, Trustee],
        kept: &["InheritanceType"],
    },
    Facts {
        kind: Kind::RegionalConfigurations,
        name: "regionalConfigurations",
        source: "Get-MailboxRegionalConfiguration",
        recipient: false,
        key: &[Mailbox, Identity],
        read: &[Identity, Language, Mailbox, TimeZone],
        kept: &["DateFormat", "TimeFormat"],
    },
    Facts {
        kind: Kind::UnifiedGroupLinks,
        name: "unifiedGroupLinks",
        source: "Get-UnifiedGroupLinks",
        recipient: false,
        key: &[],
        read: &[ExternalDirectoryObjectId, Group, Guid, Identity, LinkType, Name, PrimarySmtpAddress, RecipientTypeDetails],
        kept: &[],
    },
    Facts {
        kind: Kind::Users,
        name: "users",
        source: "Get-MgUser",
        recipient: false,
        key: &[Id, UserPrincipalName],
        read: &[
            AccountEnabled, AssignedLicenses, AssignedPlans, DisplayName, ExternalUserState, Id, Mail, OnPremisesImmutableId, OnPremisesSyncEnabled,
            ProxyAddresses, UsageLocation, UserPrincipalName, UserType,
        ],
        kept: &["CreatedDateTime", "OnPremisesUserPrincipalName", "OtherMails"],
    },
];

impl Kind {
    /// Every kind, in the order of their names.
    pub const ALL: [Kind; 21] = {
        let mut all = [Kind::AcceptedDomains; 21];
        let mut index = 0;
        while index < all.len() {
            all[index] = FACTS[index].kind;
            index += 1;
        }
        all
    };

    fn facts(self) -> &'static Facts {
        &FACTS[self as usize]
    }

    /// The name in files and messages; the file is `<name>.jsonl`.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The cmdlet whose output the kind holds, for messages.
    pub fn source(self) -> &'static str {
        self.facts().source
    }

    /// True for what owns addresses in Exchange: no address may be owned twice among them.
    pub fn is_recipient(self) -> bool {
        self.facts().recipient
    }

    /// The properties that may be the key of an object, best first; none where the whole object is its key.
    pub fn key(self) -> &'static [Property] {
        self.facts().key
    }

    /// What Coexist reads of an object of this kind.
    pub fn properties(self) -> &'static [Property] {
        self.facts().read
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

/// One row of the call `table snapshot`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindSchema {
    /// The kind.
    pub kind: Kind,
    /// Its file in a snapshot folder.
    pub file: String,
    /// The cmdlet whose output it holds.
    pub source: &'static str,
    /// What tells two objects apart, best first.
    pub key: Vec<&'static str>,
    /// What Export-CoexistSnapshot takes from a piped object unless it is told otherwise, sorted.
    pub properties: Vec<&'static str>,
    /// Those of them that Coexist itself reads, sorted.
    pub read: Vec<&'static str>,
}

/// The kinds of a snapshot with their files and properties.
pub fn schema() -> Vec<KindSchema> {
    let names = |properties: &[Property]| -> Vec<&'static str> { properties.iter().map(|property| property.name()).collect() };
    FACTS
        .iter()
        .map(|facts| {
            let mut read = names(facts.read);
            let mut properties = [&read, facts.kept].concat();
            read.sort_unstable();
            properties.sort_unstable();
            KindSchema { kind: facts.kind, file: format!("{}.jsonl", facts.name), source: facts.source, key: names(facts.key), properties, read }
        })
        .collect()
}

/// One value of RecipientTypeDetails.
#[derive(Deserialize)]
struct RecipientType {
    value: String,
    kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct RecipientTypes {
    types: Vec<RecipientType>,
}

static RECIPIENT_TYPES: Lazy<Vec<RecipientType>> = Lazy::new(|| {
    let file: RecipientTypes = crate::data::parse("recipient-types.json", include_str!("../../../../data/recipient-types.json"));
    file.types
});

/// The kinds that may hold a recipient with this value of RecipientTypeDetails, the usual one first; none for a value that is not in the table.
pub fn kinds_of_type(value: &str) -> &'static [Kind] {
    RECIPIENT_TYPES.iter().find(|row| row.value.eq_ignore_ascii_case(value)).map_or(&[], |row| &row.kinds)
}

impl Kind {
    /// True where RecipientTypeDetails says that the object is of another kind.
    pub fn contradicts(self, recipient_type: &str) -> bool {
        // Rows about recipients, and the organization, carry the type of something else or nothing.
        let has_any = self.key().is_empty() || matches!(self, Kind::Configuration | Kind::RegionalConfigurations);
        let kinds = kinds_of_type(recipient_type);
        !has_any && !kinds.is_empty() && !kinds.contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_agree_with_the_enumeration() {
        for (index, facts) in FACTS.iter().enumerate() {
            assert_eq!(facts.kind as usize, index);
            assert_eq!(Kind::parse(&facts.name.to_uppercase()), Some(facts.kind));
            assert_eq!(serde_json::to_value(facts.kind).unwrap(), facts.name);
            assert!(facts.key.iter().all(|property| facts.read.contains(property)), "{}", facts.name);
            for kept in facts.kept {
                assert_eq!(Property::parse(kept), None, "{kept} is read, so it belongs into the other list");
            }
            let mut read = facts.read.to_vec();
            read.sort_unstable();
            read.dedup();
            assert_eq!(read.len(), facts.read.len(), "{} names a property twice", facts.name);
        }
        assert!(Kind::ALL.windows(2).all(|pair| pair[0].name() < pair[1].name()));
    }

    #[test]
    fn every_property_belongs_to_a_kind() {
        for property in Property::ALL {
            assert!(*property == RecipientType || FACTS.iter().any(|facts| facts.read.contains(property)), "{property:?}");
        }
    }

    #[test]
    fn recipient_types_know_their_kinds() {
        for row in RECIPIENT_TYPES.iter() {
            assert!(!row.kinds.is_empty(), "{}", row.value);
            assert!(row.kinds.iter().all(|kind| !kind.contradicts(&row.value)));
        }
        assert_eq!(kinds_of_type("usermailbox")[0], Kind::Mailboxes);
        assert!(Kind::MailUsers.contradicts("UserMailbox"));
        assert!(Kind::Users.contradicts("MailUser"));
        assert!(!Kind::Mailboxes.contradicts("SomethingNew"));
        assert!(!Kind::Members.contradicts("UserMailbox"));
    }
}
