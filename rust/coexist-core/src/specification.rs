//! The wanted end state and the rules of the move, as the administrator writes them (`coexist.json`).

use crate::problem::{Category, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the format that this engine reads and writes.
pub const VERSION: u32 = 1;

/// One `coexist.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Specification {
    /// Where editors find the schema.
    #[serde(rename = "$schema", default = "schema_name")]
    pub schema: String,
    /// [`VERSION`].
    pub version: u32,
    /// The tenant that people move out of.
    pub source: SourceTenant,
    /// The tenant that people move into.
    pub target: TargetTenant,
    /// How far the tenants trust each other.
    #[serde(default)]
    pub trust: Trust,
    /// Under which target domain each source domain is carried on; what is not here is not carried.
    #[serde(default)]
    pub domain_map: BTreeMap<String, String>,
    /// What the final user principal name is made of.
    #[serde(default)]
    pub user_principal_name: UpnRule,
    /// How people are matched to target objects.
    #[serde(default, rename = "match")]
    pub matching: Matching,
    /// Who is planned.
    #[serde(default)]
    pub scope: Scope,
    /// The backlog items with their options, by id.
    #[serde(default)]
    pub items: Items,
    /// How people are put into batches; left out where nothing is said about it.
    #[serde(default, skip_serializing_if = "crate::batch::options::Options::says_nothing")]
    pub batches: crate::batch::options::Options,
    /// Limits that differ from the table, by name.
    #[serde(default)]
    pub limits: BTreeMap<String, u64>,
}

fn schema_name() -> String {
    "./coexist.schema.json".to_string()
}

/// The source tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceTenant {
    /// What the administrator calls it, usually its initial domain.
    pub name: String,
    /// Its GUID, where known: the guard against writing to the wrong tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The snapshot folder, relative to the specification.
    pub snapshot: String,
}

/// The target tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetTenant {
    /// What the administrator calls it, usually its initial domain.
    pub name: String,
    /// Its GUID, where known: the guard against writing to the wrong tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The snapshot folder, relative to the specification.
    pub snapshot: String,
    /// TargetDeliveryDomain of the migration; where absent, the target's initial domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_domain: Option<String>,
    /// The accepted domains, where the snapshot does not hold them or they will differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_domains: Option<Vec<String>>,
}

/// How far the tenants trust each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trust {
    /// Guests, segmented.
    Low,
    /// External members.
    #[default]
    High,
}

/// What the final user principal name is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UpnRule {
    /// The source's user principal name, its domain replaced by the domain map.
    #[default]
    DomainMap,
    /// The primary SMTP address that the target object will have.
    PrimarySmtpAddress,
    /// The target object keeps what it has; a created one gets its primary SMTP address.
    Keep,
}

/// One way to find the target object of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MatchRule {
    /// The target object carries the source's ExchangeGuid: it was stamped before.
    ExchangeGuid,
    /// The attribute named in `attribute` holds the source's ExternalDirectoryObjectId.
    ExternalDirectoryObjectId,
    /// The target's user principal name is the one that the rule gives.
    UserPrincipalName,
    /// The target's primary, external or other address is the source's primary, as it is or under the mapped domain.
    PrimarySmtpAddress,
}

/// How people are matched to target objects. A map file is asked first; of the rules, all that find something must agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Matching {
    /// A CSV with a source and a target column, relative to the specification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_file: Option<String>,
    /// The target attribute that holds the source's ExternalDirectoryObjectId (a CustomAttribute1 to 15).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// Which rules are asked.
    pub rules: Vec<MatchRule>,
}

impl Default for Matching {
    fn default() -> Self {
        use MatchRule::*;
        Matching { map_file: None, attribute: None, rules: vec![ExchangeGuid, ExternalDirectoryObjectId, UserPrincipalName, PrimarySmtpAddress] }
    }
}

/// Who is planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Scope {
    /// The RecipientTypeDetails that move.
    pub types: Vec<String>,
    /// Only these people, by any of their identities; `null` for all.
    pub include: Option<Vec<String>>,
    /// Not these people, by any of their identities.
    pub exclude: Vec<String>,
}

impl Default for Scope {
    fn default() -> Self {
        let types = ["UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"];
        Scope { types: types.map(String::from).to_vec(), include: None, exclude: Vec::new() }
    }
}

/// The backlog items.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    /// Stamping the target mail users (Cross-Tenant Identity Mapping).
    #[serde(rename = "MC-01", default)]
    pub mc01: Mc01,
}

/// Options of MC-01.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Mc01 {
    /// Create a mail user for a person without a target object.
    pub create_missing: bool,
    /// Plan Set-User -PermanentlyClearPreviousMailboxInfo where a previous mailbox is in the way. Irreversible.
    pub clear_previous_mailbox: bool,
    /// Plan Set-MailUser -EnableLitigationHoldForMigration where the Recoverable Items do not fit.
    pub raise_recoverable_items_quota: bool,
    /// What a hold does to the person.
    pub holds: HoldRule,
    /// In which stage addresses of domains that the target has not accepted are removed.
    pub unaccepted_addresses: LateStage,
    /// The licence to assign once the stamp is verified; `null` for none.
    pub licence: Option<Licence>,
}

impl Default for Mc01 {
    fn default() -> Self {
        Mc01 {
            create_missing: true,
            clear_previous_mailbox: false,
            raise_recoverable_items_quota: false,
            holds: HoldRule::Block,
            unaccepted_addresses: LateStage::Cutover,
            licence: None,
        }
    }
}

/// What a hold does to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HoldRule {
    /// Leaves the person out of the plan.
    Block,
    /// Is only told: Microsoft has enabled moves of held mailboxes for these tenants.
    Warn,
}

/// Where the removal of addresses may stand: never in prepare, since each removal opens the person's attribution gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LateStage {
    /// Before the batch is submitted.
    PreStage,
    /// When the mailbox is synced and about to be cut over.
    Cutover,
}

/// A licence to assign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Licence {
    /// The SKU's GUID.
    pub sku_id: String,
    /// Service plans of the SKU to leave off, as GUIDs.
    #[serde(default)]
    pub disabled_plans: Vec<String>,
    /// The usage location (ISO 3166-1 alpha-2) for people who have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_location: Option<String>,
}

impl Specification {
    /// Reads a specification; anything that is not in the schema is a problem (`SpecificationInvalid`), so that a typing error never changes a plan silently.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let invalid = |message: String| Problem::new("SpecificationInvalid", Category::InvalidData, message);
        let specification: Specification = serde_json::from_str(text)
            .map_err(|error| invalid(format!("The specification cannot be read, so nothing was planned: {error}. Compare it with its schema.")))?;
        if specification.version != VERSION {
            return Err(invalid(format!(
                "The specification is of version {}; this Coexist reads version {VERSION}. Write a new one with New-CoexistSpecification.",
                specification.version
            )));
        }
        if let Some(attribute) = &specification.matching.attribute {
            if specification.matching_attribute().is_none() {
                return Err(invalid(format!("match.attribute is '{attribute}'; it must be one of CustomAttribute1 to CustomAttribute15.")));
            }
        }
        specification.batches.check()?;
        if let Some(licence) = &specification.items.mc01.licence {
            for guid in std::iter::once(&licence.sku_id).chain(&licence.disabled_plans) {
                if !is_guid(guid) {
                    return Err(invalid(format!("'{guid}' in items.MC-01.licence is not a GUID; Graph takes SKUs and service plans by GUID.")));
                }
            }
            if let Some(location) = licence.usage_location.as_deref().filter(|l| l.len() != 2 || !l.bytes().all(|b| b.is_ascii_uppercase())) {
                return Err(invalid(format!("'{location}' is not a usage location; Graph takes two capital letters (ISO 3166-1), as in DE.")));
            }
        }
        Ok(specification)
    }

    /// The property that holds the source's ExternalDirectoryObjectId, where the specification names one.
    pub fn matching_attribute(&self) -> Option<crate::snapshot::Property> {
        let name = self.matching.attribute.as_deref()?;
        crate::snapshot::Property::parse(name).filter(|property| property.name().starts_with("CustomAttribute"))
    }

    /// The canonical text: two spaces, a final line feed.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"version":1,"source":{"name":"contoso.onmicrosoft.com","snapshot":"source"},
        "target":{"name":"fabrikam.onmicrosoft.com","snapshot":"target"}}"#;

    #[test]
    fn a_small_specification_gets_the_defaults_and_round_trips() {
        let specification = Specification::parse(SMALL).unwrap();
        assert_eq!(specification.items.mc01.unaccepted_addresses, LateStage::Cutover);
        assert_eq!(Specification::parse(&specification.to_text()).unwrap(), specification);
        assert_eq!(Specification::parse(&format!("\u{feff}{SMALL}")).unwrap(), specification);
    }

    #[test]
    fn what_the_schema_does_not_know_is_told() {
        for (from, to) in [
            ("\"version\":1", "\"version\":2"),
            ("\"version\":1", "\"version\":1,\"domainmap\":{}"),
            ("\"version\":1", "\"version\":1,\"match\":{\"attribute\":\"Alias\"}"),
            ("\"version\":1", "\"version\":1,\"items\":{\"MC-01\":{\"unacceptedAddresses\":\"prepare\"}}"),
            ("\"version\":1", "\"version\":1,\"items\":{\"MC-01\":{\"licence\":{\"skuId\":\"E5\"}}}"),
        ] {
            let text = SMALL.replacen(from, to, 1);
            assert_eq!(Specification::parse(&text).unwrap_err().code, "SpecificationInvalid", "{to}");
        }
    }
}
