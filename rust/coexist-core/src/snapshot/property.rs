//! The properties that Coexist reads, under the names that the source cmdlets emit.

use hashbrown::HashMap;
use once_cell::sync::Lazy;

macro_rules! properties {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// A property that Coexist reads. Names compare without case: Graph's JSON writes `userPrincipalName`, Exchange `UserPrincipalName`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum Property { $($variant),+ }

        impl Property {
            /// Every property, in the order of their numbers.
            pub const ALL: &'static [Property] = &[$(Property::$variant),+];
            const NAMES: &'static [&'static str] = &[$($name),+];
        }
    };
}

properties! {
    AcceptMessagesOnlyFromSendersOrMembers = "AcceptMessagesOnlyFromSendersOrMembers",
    AccessControlType = "AccessControlType",
    AccessRights = "AccessRights",
    AccountEnabled = "AccountEnabled",
    Alias = "Alias",
    ArchiveGuid = "ArchiveGuid",
    ArchiveState = "ArchiveState",
    ArchiveStatus = "ArchiveStatus",
    AssignedLicenses = "AssignedLicenses",
    AssignedPlans = "AssignedPlans",
    AssistantName = "AssistantName",
    ComplianceTagHoldApplied = "ComplianceTagHoldApplied",
    CustomAttribute1 = "CustomAttribute1",
    CustomAttribute10 = "CustomAttribute10",
    CustomAttribute11 = "CustomAttribute11",
    CustomAttribute12 = "CustomAttribute12",
    CustomAttribute13 = "CustomAttribute13",
    CustomAttribute14 = "CustomAttribute14",
    CustomAttribute15 = "CustomAttribute15",
    CustomAttribute2 = "CustomAttribute2",
    CustomAttribute3 = "CustomAttribute3",
    CustomAttribute4 = "CustomAttribute4",
    CustomAttribute5 = "CustomAttribute5",
    CustomAttribute6 = "CustomAttribute6",
    CustomAttribute7 = "CustomAttribute7",
    CustomAttribute8 = "CustomAttribute8",
    CustomAttribute9 = "CustomAttribute9",
    Default = "Default",
    DelayHoldApplied = "DelayHoldApplied",
    DelayReleaseHoldApplied = "DelayReleaseHoldApplied",
    Deny = "Deny",
    DisplayName = "DisplayName",
    DistinguishedName = "DistinguishedName",
    DomainName = "DomainName",
    DomainType = "DomainType",
    EmailAddresses = "EmailAddresses",
    ExchangeGuid = "ExchangeGuid",
    ExternalDirectoryObjectId = "ExternalDirectoryObjectId",
    ExternalEmailAddress = "ExternalEmailAddress",
    ExternalUserState = "ExternalUserState",
    FlowName = "FlowName",
    GrantSendOnBehalfTo = "GrantSendOnBehalfTo",
    Group = "Group",
    Guid = "Guid",
    Id = "Id",
    Identity = "Identity",
    InPlaceHolds = "InPlaceHolds",
    InitialDomain = "InitialDomain",
    IsArchiveMailbox = "IsArchiveMailbox",
    IsDirSynced = "IsDirSynced",
    IsInherited = "IsInherited",
    ItemCount = "ItemCount",
    Language = "Language",
    LegacyExchangeDN = "LegacyExchangeDN",
    LinkType = "LinkType",
    LitigationHoldEnabled = "LitigationHoldEnabled",
    Mail = "Mail",
    Mailbox = "Mailbox",
    MailboxGuid = "MailboxGuid",
    MailboxLocations = "MailboxLocations",
    ManagedBy = "ManagedBy",
    Manager = "Manager",
    MsDsConsistencyGuid = "mS-DS-ConsistencyGuid",
    MsExchArchiveGuid = "msExchArchiveGUID",
    MsExchMailboxGuid = "msExchMailboxGuid",
    MsExchRemoteRecipientType = "msExchRemoteRecipientType",
    Name = "Name",
    ObjectClass = "ObjectClass",
    ObjectGuid = "ObjectGUID",
    OnPremisesImmutableId = "OnPremisesImmutableId",
    OnPremisesSyncEnabled = "OnPremisesSyncEnabled",
    Owner = "Owner",
    PersistedCapabilities = "PersistedCapabilities",
    PreviousRecipientTypeDetails = "PreviousRecipientTypeDetails",
    PrimarySmtpAddress = "PrimarySmtpAddress",
    PrincipalObjectId = "PrincipalObjectId",
    PrincipalType = "PrincipalType",
    ProxyAddresses = "ProxyAddresses",
    RecipientType = "RecipientType",
    RecipientTypeDetails = "RecipientTypeDetails",
    RecoverableItemsQuota = "RecoverableItemsQuota",
    RoleType = "RoleType",
    SamAccountName = "SamAccountName",
    SharingPermissionFlags = "SharingPermissionFlags",
    TargetAddress = "targetAddress",
    TimeZone = "TimeZone",
    TotalDeletedItemSize = "TotalDeletedItemSize",
    TotalItemSize = "TotalItemSize",
    Trustee = "Trustee",
    UsageLocation = "UsageLocation",
    User = "User",
    UserPrincipalName = "UserPrincipalName",
    UserType = "UserType",
    Users = "Users",
}

/// How many properties there are.
pub const COUNT: usize = Property::ALL.len();

static BY_NAME: Lazy<HashMap<&'static str, Property>> =
    Lazy::new(|| Property::ALL.iter().map(|property| (property.name(), *property)).collect());
static BY_LOWER_NAME: Lazy<HashMap<String, Property>> =
    Lazy::new(|| Property::ALL.iter().map(|property| (property.name().to_ascii_lowercase(), *property)).collect());

impl Property {
    /// The name as the source cmdlet emits it.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The property of that name, whatever its case; `None` for one that Coexist does not read.
    pub fn parse(name: &str) -> Option<Property> {
        // Files that Coexist wrote hit at once; the second look-up is for Graph's spelling and for what is not read at all.
        if let Some(property) = BY_NAME.get(name) {
            return Some(*property);
        }
        const LONGEST: usize = 40;
        let bytes = name.as_bytes();
        if bytes.len() > LONGEST {
            return None;
        }
        let mut lower = [0u8; LONGEST];
        for (to, from) in lower.iter_mut().zip(bytes) {
            *to = from.to_ascii_lowercase();
        }
        std::str::from_utf8(&lower[..bytes.len()]).ok().and_then(|lower| BY_LOWER_NAME.get(lower).copied())
    }

    /// True where Exchange, Graph or AD hold several values.
    pub fn is_list(self) -> bool {
        use Property::*;
        matches!(
            self,
            AcceptMessagesOnlyFromSendersOrMembers
                | AccessRights
                | AssignedLicenses
                | AssignedPlans
                | EmailAddresses
                | GrantSendOnBehalfTo
                | InPlaceHolds
                | MailboxLocations
                | ManagedBy
                | PersistedCapabilities
                | ProxyAddresses
                | Users
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_fit_the_buffer() {
        for property in Property::ALL {
            assert!(property.name().len() <= 40, "{property:?}");
            for name in [property.name().to_string(), property.name().to_ascii_lowercase(), property.name().to_ascii_uppercase()] {
                assert_eq!(Property::parse(&name), Some(*property));
            }
        }
        assert_eq!(Property::parse("WhenCreatedUTC"), None);
        assert_eq!(Property::parse(&"x".repeat(100)), None);
    }
}
