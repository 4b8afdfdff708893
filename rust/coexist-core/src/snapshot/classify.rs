//! Which kind a piped object is of.

use super::kind::{kinds_of_type, Kind};
use super::scan::{Bad, Scanner};
use super::{Property, Record};

/// What the output of a cmdlet has and nothing else that is piped here has.
struct Rule {
    kind: Kind,
    has: &'static [&'static str],
    lacks: &'static [&'static str],
}

/// The first that fits decides. Members of groups have no rule: they look like the recipients that they are, and only -Kind tells them apart.
/// Names compare without case: Graph's JSON and its PowerShell objects differ in it.
const RULES: [Rule; 14] = [
    // Get-User emits the RecipientTypeDetails of the mailbox or mail user that the person also is.
    Rule { kind: Kind::ExchangeUsers, has: &["PreviousRecipientTypeDetails"], lacks: &["EmailAddresses"] },
    Rule { kind: Kind::MailboxStatistics, has: &["MailboxGuid", "TotalDeletedItemSize"], lacks: &[TYPE] },
    Rule { kind: Kind::AcceptedDomains, has: &["DomainName", "DomainType"], lacks: &[TYPE] },
    Rule { kind: Kind::AdUsers, has: &["ObjectClass", "ObjectGUID", "DistinguishedName"], lacks: &[TYPE] },
    Rule { kind: Kind::Users, has: &["UserPrincipalName", "Id"], lacks: &[TYPE, "DistinguishedName"] },
    Rule { kind: Kind::Licences, has: &["SkuId", "SkuPartNumber"], lacks: &[TYPE] },
    Rule { kind: Kind::OrgContacts, has: &["Id", "ProxyAddresses", "Phones"], lacks: &[TYPE, "UserPrincipalName"] },
    Rule { kind: Kind::CalendarPermissions, has: &["FolderName", "AccessRights", "User"], lacks: &[TYPE] },
    Rule { kind: Kind::Permissions, has: &["Identity", "AccessRights", "User"], lacks: &[TYPE] },
    Rule { kind: Kind::RecipientPermissions, has: &["Identity", "AccessRights", "Trustee"], lacks: &[TYPE] },
    Rule { kind: Kind::RegionalConfigurations, has: &["Identity", "Language", "TimeZone"], lacks: &[TYPE] },
    Rule { kind: Kind::Flows, has: &["FlowName", "PrincipalObjectId"], lacks: &[TYPE] },
    // Owners and members of Microsoft 365 groups, to whom the export added the group and the link.
    Rule { kind: Kind::UnifiedGroupLinks, has: &["Group", "LinkType"], lacks: &[] },
    Rule { kind: Kind::Configuration, has: &["IsDehydrated", "Guid"], lacks: &[TYPE] },
];

const TYPE: &str = "RecipientTypeDetails";

/// The classes of AD objects that are users; the most specific class of an object comes last.
const USER_CLASSES: [&str; 2] = ["user", "inetOrgPerson"];

/// The kind that an object is of: by what only one cmdlet emits, else by its RecipientTypeDetails. None where neither says anything; then the administrator
/// must. `text` is the object, `record` what was read of it.
pub fn classify(text: &str, record: &Record) -> Option<Kind> {
    let names = Names::of(text);
    let rule = RULES.iter().find(|rule| rule.has.iter().all(|name| names.has(name)) && !rule.lacks.iter().any(|name| names.has(name)));
    match rule.map(|rule| rule.kind) {
        Some(Kind::AdUsers) => {
            let class = record.list(Property::ObjectClass).value().and_then(Iterator::last)?;
            USER_CLASSES.iter().any(|user| user.eq_ignore_ascii_case(class)).then_some(Kind::AdUsers)
        }
        Some(kind) => Some(kind),
        None => kinds_of_type(record.text(Property::RecipientTypeDetails).value()?).first().copied(),
    }
}

/// Which of [`NAMES`] an object has, one bit each.
struct Names(u32);

impl Names {
    fn of(text: &str) -> Names {
        let mut found = 0;
        // An object that is no JSON was refused before.
        let _ = Scanner::new(text).object(|scanner, name| {
            found |= bit(&name);
            scanner.skip(1)?;
            Ok::<(), Bad>(())
        });
        Names(found)
    }

    fn has(&self, name: &str) -> bool {
        self.0 & bit(name) != 0
    }
}

/// The bit of a name, none of a name that no rule has.
fn bit(name: &str) -> u32 {
    NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)).map_or(0, |index| 1 << index)
}

const _: () = assert!(NAMES.len() <= u32::BITS as usize);

/// Every name that a rule has.
const NAMES: [&str; 29] = [
    TYPE,
    "PreviousRecipientTypeDetails",
    "EmailAddresses",
    "MailboxGuid",
    "TotalDeletedItemSize",
    "DomainName",
    "DomainType",
    "ObjectClass",
    "ObjectGUID",
    "DistinguishedName",
    "UserPrincipalName",
    "Id",
    "SkuId",
    "SkuPartNumber",
    "ProxyAddresses",
    "Phones",
    "Identity",
    "AccessRights",
    "User",
    "Trustee",
    "FolderName",
    "Language",
    "TimeZone",
    "FlowName",
    "PrincipalObjectId",
    "Group",
    "LinkType",
    "IsDehydrated",
    "Guid",
];

#[cfg(test)]
mod tests {
    use super::super::{push_json, RecordBuilder};
    use super::*;

    fn kind(text: &str) -> Option<Kind> {
        let mut builder = RecordBuilder::default();
        push_json(&mut builder, text).unwrap();
        classify(text, &builder.last())
    }

    #[test]
    fn each_cmdlet_is_told_by_what_it_emits() {
        let cases = [
            (r#"{"RecipientTypeDetails":"UserMailbox","EmailAddresses":[],"Id":"x","UserPrincipalName":"a@b.c"}"#, Some(Kind::Mailboxes)),
            (r#"{"RecipientTypeDetails":"UserMailbox","PreviousRecipientTypeDetails":"None","UserPrincipalName":"a@b.c","Id":"x"}"#, Some(Kind::ExchangeUsers)),
            (r#"{"RecipientTypeDetails":"GuestMailUser"}"#, Some(Kind::MailUsers)),
            (r#"{"RecipientTypeDetails":"mailcontact"}"#, Some(Kind::MailContacts)),
            (r#"{"RecipientTypeDetails":"MailUniversalSecurityGroup"}"#, Some(Kind::Groups)),
            (r#"{"RecipientTypeDetails":"GroupMailbox"}"#, Some(Kind::Groups)),
            (r#"{"RecipientTypeDetails":"PublicFolder"}"#, None),
            (r#"{"MailboxGuid":"g","TotalDeletedItemSize":"1 KB (1,024 bytes)"}"#, Some(Kind::MailboxStatistics)),
            (r#"{"DomainName":"a.b","DomainType":"Authoritative","Name":"a.b"}"#, Some(Kind::AcceptedDomains)),
            (r#"{"id":"1","userPrincipalName":"a@b.c"}"#, Some(Kind::Users)),
            (r#"{"ObjectClass":"user","ObjectGUID":"g","DistinguishedName":"CN=a"}"#, Some(Kind::AdUsers)),
            (r#"{"objectClass":["top","person","user"],"ObjectGUID":"g","DistinguishedName":"CN=a","UserPrincipalName":"u"}"#, Some(Kind::AdUsers)),
            (r#"{"ObjectClass":["top","user","computer"],"ObjectGUID":"g","DistinguishedName":"CN=a"}"#, None),
            (r#"{"ObjectClass":"group","ObjectGUID":"g","DistinguishedName":"CN=a"}"#, None),
            (r#"{"Id":"1","SkuId":"s","SkuPartNumber":"E5"}"#, Some(Kind::Licences)),
            (r#"{"Id":"1","ProxyAddresses":[],"Phones":[]}"#, Some(Kind::OrgContacts)),
            (r#"{"Identity":"a","User":"b","AccessRights":["FullAccess"]}"#, Some(Kind::Permissions)),
            (r#"{"Identity":"a","Trustee":"b","AccessRights":["SendAs"],"AccessControlType":"Allow"}"#, Some(Kind::RecipientPermissions)),
            (r#"{"FolderName":"Kalender","User":"b","AccessRights":["Editor"],"Identity":"b","Mailbox":"a"}"#, Some(Kind::CalendarPermissions)),
            (r#"{"Identity":"a","Language":"de-DE","TimeZone":"W. Europe Standard Time"}"#, Some(Kind::RegionalConfigurations)),
            (r#"{"FlowName":"f","PrincipalObjectId":"a","PrincipalType":"User","RoleType":"Owner"}"#, Some(Kind::Flows)),
            (r#"{"Group":"g","LinkType":"Owners","RecipientTypeDetails":"UserMailbox","PrimarySmtpAddress":"a@b.c"}"#, Some(Kind::UnifiedGroupLinks)),
            (r#"{"IsDehydrated":false,"Guid":"g","InPlaceHolds":[]}"#, Some(Kind::Configuration)),
            (r#"{"Name":"a"}"#, None),
            ("{}", None),
        ];
        for (text, expected) in cases {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn every_name_of_a_rule_can_be_found() {
        for rule in &RULES {
            for name in rule.has.iter().chain(rule.lacks) {
                assert!(NAMES.contains(name), "{name}");
            }
        }
    }
}
