//! Recipients: how they are found and shown, their addresses, contacts, and who one is connected to.

use super::filter::Filter;
use super::object::{flag, list, text, texts, Fields, KIND, USER};
use super::parameters::Parameters;
use super::refusal::{fault, Fault};
use super::visibility::Via;
use super::{kind_of, World};
use crate::address::{AddressType, ProxyAddress};
use crate::finding::Side;
use crate::limits::Limits;
use serde_json::{json, Value};

/// The directory server that answers; the services name one in every text.
const SERVER: &str = "LAB01DC001.LAB01A001.PROD.OUTLOOK.COM";

pub(super) const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// As Exchange shows it: without what only Entra ID or the world knows.
pub(super) fn shown(fields: &Fields) -> Value {
    let own = fields.iter().filter(|(name, _)| name.starts_with(|first: char| first.is_uppercase()));
    Value::Object(own.map(|(name, value)| (name.clone(), value.clone())).collect())
}

pub(super) fn not_found(identity: &str) -> Fault {
    fault("ManagementObjectNotFoundException", &[("identity", identity), ("server", SERVER)])
}

/// By what Exchange looks for an identity, the surest first.
pub(super) fn ways(identity: &str) -> [Vec<String>; 5] {
    let small = identity.trim().to_lowercase();
    let address = format!("a:{}", ProxyAddress::parse(identity.trim()).key());
    [vec![format!("i:{small}")], vec![format!("u:{small}"), address], vec![format!("d:{small}")], vec![format!("l:{small}")], vec![format!("n:{small}")]]
}

/// The one object of an identity that `fits`: among those that are there (`reader` none), or as a surface shows them.
pub(super) fn find(world: &World, side: Side, reader: Option<Via>, identity: &str, fits: fn(&Fields) -> bool) -> Result<usize, Fault> {
    for way in ways(identity) {
        let found = match reader {
            Some(reader) => world.shown(side, reader, &way).into_iter().filter(|at| fits(&world.seen(side, *at, reader))).collect::<Vec<_>>(),
            None => world.all(side, &way).into_iter().filter(|at| fits(&world.at(side, *at).truth)).collect(),
        };
        match found[..] {
            [] => {}
            [at] => return Ok(at),
            _ => return Err(fault("AmbiguousIdentity", &[("identity", identity)])),
        }
    }
    Err(not_found(identity))
}

/// The object that a command of Exchange changes: it must be there, and be of its kind; whether reads show it yet is another matter, unless it was made
/// elsewhere.
pub(super) fn to_change(world: &World, side: Side, identity: &str, fits: fn(&Fields) -> bool) -> Result<usize, Fault> {
    find(world, side, None, identity, fits)
}

pub(super) fn is_mail_user(fields: &Fields) -> bool {
    text(fields, KIND) == "mailUser"
}

fn is_mailbox(fields: &Fields) -> bool {
    text(fields, KIND) == "mailbox"
}

fn is_contact(fields: &Fields) -> bool {
    text(fields, KIND) == "mailContact"
}

pub(super) fn is_user(fields: &Fields) -> bool {
    flag(fields, USER)
}

pub(super) fn is_recipient(fields: &Fields) -> bool {
    kind_of(fields).is_some_and(|kind| kind.is_recipient())
}

/// Those of an identity, or all.
fn get(world: &mut World, side: Side, parameters: &Parameters, fits: fn(&Fields) -> bool) -> Result<Vec<Value>, Fault> {
    if let Some(identity) = parameters.text("Identity") {
        let at = find(world, side, Some(Via::Exchange), identity, fits)?;
        return Ok(vec![shown(&world.seen(side, at, Via::Exchange))]);
    }
    let filter = Filter::read(parameters.text("Filter"))?;
    let types: Vec<String> = ["RecipientTypeDetails", "RecipientType"].iter().filter_map(|name| parameters.value(name)).flat_map(list).collect();
    let anr = parameters.text("Anr").map(str::to_lowercase);
    let wanted = |fields: &Fields| {
        let is_type = types.is_empty() || types.iter().any(|wanted| ["RecipientTypeDetails", "RecipientType"].iter().any(|name| text(fields, name).eq_ignore_ascii_case(wanted)));
        // https://learn.microsoft.com/powershell/module/exchangepowershell/get-recipient: ambiguous name resolution looks at these.
        let named = |anr: &String| ["Name", "DisplayName", "Alias", "PrimarySmtpAddress"].iter().any(|name| text(fields, name).to_lowercase().starts_with(anr.as_str()));
        fits(fields) && is_type && filter.holds(fields) && anr.as_ref().is_none_or(named)
    };
    let all = (0..world.tenant(side).objects.len()).map(|at| world.seen(side, at, Via::Exchange)).filter(|fields| wanted(fields)).map(|fields| shown(&fields));
    let most = match parameters.value("ResultSize") {
        Some(Value::String(text)) if text.eq_ignore_ascii_case("unlimited") => usize::MAX,
        Some(Value::String(text)) => text.parse().unwrap_or(1000),
        Some(Value::Number(number)) => number.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(1000),
        // https://learn.microsoft.com/powershell/module/exchangepowershell/get-recipient: 1,000 where nothing is said.
        _ => 1000,
    };
    Ok(all.take(most).collect())
}

pub(super) fn get_mail_user(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    get(world, side, parameters, is_mail_user)
}

pub(super) fn get_mailbox(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    get(world, side, parameters, is_mailbox)
}

pub(super) fn get_mail_contact(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    get(world, side, parameters, is_contact)
}

pub(super) fn get_recipient(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    get(world, side, parameters, is_recipient)
}

pub(super) fn get_user(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    get(world, side, parameters, is_user)
}

pub(super) fn get_accepted_domain(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let wanted = parameters.text("Identity");
    let fits = |fields: &Fields| text(fields, KIND) == "acceptedDomain" && wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(text(fields, "DomainName")));
    let found: Vec<Value> = world.tenant(side).objects.iter().filter(|object| fits(&object.truth)).map(|object| shown(&object.truth)).collect();
    match wanted {
        Some(wanted) if found.is_empty() => Err(not_found(wanted)),
        _ => Ok(found),
    }
}

/// As https://learn.microsoft.com/powershell/module/exchangepowershell/get-connectioninformation shows a session.
pub(super) fn get_connection_information(world: &mut World, side: Side, _: &Parameters) -> Result<Vec<Value>, Fault> {
    let info = &world.tenant(side).info;
    Ok(vec![json!({
        "ConnectionId": NIL, "State": "Connected", "Id": 1, "Name": "ExchangeOnline_1", "UserPrincipalName": format!("admin@{}", info.initial_domain),
        "ConnectionUri": "https://outlook.office365.com", "TenantID": info.id, "Organization": info.initial_domain, "TokenStatus": "Active", "ModulePrefix": "",
        "IsEopSession": false,
    })])
}

/// The texts of what makes an object one that AD masters.
pub(super) fn refuse_synced(fields: &Fields, parameters: &Parameters) -> Result<(), Fault> {
    if !flag(fields, "IsDirSynced") {
        return Ok(());
    }
    let property = parameters.all().map(|(name, _)| name.as_str()).find(|name| *name != "Identity").unwrap_or_default();
    let name = ["Name", "DisplayName", "ExternalDirectoryObjectId"].iter().map(|name| text(fields, name)).find(|name| !name.is_empty()).unwrap_or_default();
    Err(fault("OnPremisesMasteredWriteScope", &[("identity", name), ("command", parameters.command), ("property", property)]))
}

/// Proxy addresses as a cmdlet changes them.
pub(super) struct Addresses(pub Vec<String>);

impl Addresses {
    pub fn of(fields: &Fields) -> Self {
        Addresses(texts(fields, "EmailAddresses"))
    }

    fn position(&self, address: &str) -> Option<usize> {
        let wanted = ProxyAddress::parse(address);
        self.0.iter().position(|own| ProxyAddress::parse(own).same_as(&wanted))
    }

    pub fn primary(&self) -> Option<&str> {
        self.0.iter().find_map(|address| address.strip_prefix("SMTP:"))
    }

    /// Makes one address the primary; what was so before stays as an ordinary one.
    pub fn make_primary(&mut self, value: &str) {
        for address in &mut self.0 {
            if let Some(old) = address.strip_prefix("SMTP:") {
                *address = format!("smtp:{old}");
            }
        }
        if let Some(at) = self.position(&format!("smtp:{value}")) {
            self.0.remove(at);
        }
        self.0.insert(0, format!("SMTP:{value}"));
    }

    pub fn add(&mut self, address: &str) {
        let address = ProxyAddress::parse(address).with_prefix().into_owned();
        if let Some(primary) = address.strip_prefix("SMTP:") {
            self.make_primary(primary);
        } else if self.position(&address).is_none() {
            self.0.push(address);
        }
    }

    /// False where it is the primary, which cannot be removed.
    pub fn remove(&mut self, address: &str) -> bool {
        match self.position(address) {
            Some(at) if self.0[at].starts_with("SMTP:") => false,
            Some(at) => {
                self.0.remove(at);
                true
            }
            None => true,
        }
    }

    pub fn remove_even_primary(&mut self, address: &str) {
        if let Some(at) = self.position(address) {
            self.0.remove(at);
        }
    }

    /// Puts them into an object.
    pub fn set(self, fields: &mut Fields) {
        let primary = self.primary().map_or(Value::Null, |primary| json!(primary));
        fields.insert("PrimarySmtpAddress".into(), primary);
        fields.insert("EmailAddresses".into(), json!(self.0));
    }
}

/// Whether an address can be given to an object: it is one, and nobody else has it.
pub(super) fn check_address(world: &World, side: Side, address: &str, but: Option<usize>) -> Result<(), Fault> {
    let parsed = ProxyAddress::parse(address);
    if !parsed.is_well_formed() || (parsed.kind == AddressType::Other && parsed.prefix.is_empty()) {
        return Err(fault("EmailAddressInvalid", &[("address", address)]));
    }
    match world.owner(side, address, but) {
        Some(owner) => Err(fault("ProxyAddressExistsException", &[("address", &parsed.with_prefix()), ("owner", &owner)])),
        None => Ok(()),
    }
}

/// Entra ID holds so many addresses of an object.
pub(super) fn check_count(addresses: &Addresses) -> Result<(), Fault> {
    let most = Limits::default().value("proxyAddressesError");
    if addresses.0.len() as u64 <= most {
        return Ok(());
    }
    Err(fault("TooManyProxyAddresses", &[("count", &addresses.0.len().to_string()), ("maximum", &most.to_string())]))
}

/// The external address as Exchange keeps it: `SMTP:` before it.
pub(super) fn external(text: &str) -> String {
    let parsed = ProxyAddress::parse(text);
    match parsed.kind {
        AddressType::Smtp => format!("SMTP:{}", parsed.value),
        _ => text.to_string(),
    }
}

/// What every new recipient has beside its own. No moment and no chance in it: the same recipient is the same whenever it was made.
pub(super) fn new_fields(world: &mut World, side: Side, kind: &str, details: &str, name: &str, key: &str) -> Fields {
    let (id, guid) = (world.new_id(side, kind, key), world.new_id(side, "guid", key));
    let Value::Object(fields) = json!({
        "ExternalDirectoryObjectId": id, "Identity": id, "Guid": guid, "Name": name, "RecipientType": details, "RecipientTypeDetails": details, "IsDirSynced": false,
        "LegacyExchangeDN": format!("/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={}", guid.replace('-', "")), KIND: kind,
    }) else {
        return Fields::new();
    };
    fields
}

/// Names and aliases are one each in a tenant.
pub(super) fn check_names(world: &World, side: Side, name: Option<&str>, alias: Option<&str>, but: Option<usize>) -> Result<(), Fault> {
    for (letter, value) in [("n", name), ("l", alias)] {
        if let Some(value) = value.filter(|value| world.is_taken(side, format!("{letter}:{}", value.to_lowercase()), but)) {
            return Err(fault("NameNotAvailable", &[("name", value)]));
        }
    }
    Ok(())
}

/// An alias of an address or a name: what Exchange makes of it where none is given.
pub(super) fn alias_of(text: &str) -> String {
    let local = text.rsplit_once('@').map_or(text, |(local, _)| local);
    local.chars().filter(|character| character.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(*character)).collect()
}

pub(super) fn new_mail_contact(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let (name, address) = (parameters.needed("Name")?.to_string(), external(parameters.needed("ExternalEmailAddress")?));
    let alias = parameters.text("Alias").map_or_else(|| alias_of(&name), String::from);
    check_names(world, side, Some(&name), Some(&alias), None)?;
    check_address(world, side, &address, None)?;
    let mut fields = new_fields(world, side, "mailContact", "MailContact", &name, &address);
    fields.insert("Alias".into(), json!(alias));
    fields.insert("DisplayName".into(), json!(parameters.text("DisplayName").unwrap_or(&name)));
    fields.insert("ExternalEmailAddress".into(), json!(address));
    Addresses(vec![address.clone()]).set(&mut fields);
    let at = world.create(side, Via::Exchange, &address, fields);
    world.done(side, parameters, &address);
    Ok(vec![shown(&world.at(side, at).truth)])
}

pub(super) fn remove_mail_contact(world: &mut World, side: Side, parameters: &Parameters) -> Result<Vec<Value>, Fault> {
    let at = to_change(world, side, parameters.needed("Identity")?, is_contact)?;
    refuse_synced(&world.at(side, at).truth, parameters)?;
    let id = text(&world.at(side, at).truth, "ExternalDirectoryObjectId").to_string();
    world.write(side, at, Via::Exchange, Fields::clear);
    world.done(side, parameters, &id);
    Ok(Vec::new())
}
