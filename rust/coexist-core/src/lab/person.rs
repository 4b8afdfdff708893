//! One person of the source tenant: everything that either tenant knows about them follows from here.

use super::names::{HomeDomain, Name, POPULATION, TENANTS};
use super::random::{Draw, Field};
use super::state::State;
use super::trouble::Planting;
use super::World;
use crate::identity::guid::Guid;

/// Where Exchange Online keeps recipients, in front of the name.
const DN: &str = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=";

pub(super) fn legacy_dn(draw: Draw, field: Field, name: &str) -> String {
    format!("{DN}{}-{name}", draw.hex(field, 32))
}

/// As address lists show it: in either order, and told apart by hand where somebody had the name before.
fn display_name(draw: Draw, name: &Name) -> String {
    let mut text = if draw.percent(Field::NameOrder, 20) { format!("{}, {}", name.family, name.given) } else { format!("{} {}", name.given, name.family) };
    if name.earlier > 0 {
        text.push_str(&format!(" ({})", name.earlier + 1));
    }
    text
}

/// The address of a person's OneDrive in a tenant.
pub(super) fn spo(draw: Draw, tenant: &str) -> String {
    format!("SPO:SPO_{}@SPO_{tenant}", draw.guid(Field::SiteId))
}

/// A person in the source tenant.
pub(super) struct Person {
    /// From 0, in the order of the source's files.
    pub number: u64,
    pub draw: Draw,
    pub planting: Option<Planting>,
    pub state: State,
    pub mailbox_type: &'static str,
    pub name: Name,
    pub display_name: String,
    /// Payroll number; some have an address made of it.
    pub badge: String,
    pub source_id: Guid,
    pub exchange_guid: Guid,
    pub archive_guid: Option<Guid>,
    pub legacy_dn: String,
    /// Without prefix, as written.
    pub primary: String,
    pub upn: String,
    pub moera: String,
    pub home: &'static HomeDomain,
    /// The primary in the target, without prefix.
    pub mapped: String,
    pub mapped_upn: String,
    /// With prefixes.
    pub addresses: Vec<String>,
    /// What a finished stamp has of them on the target, besides the address in the delivery domain and the LegacyExchangeDN.
    pub carried: Vec<String>,
}

impl Person {
    pub fn new(world: &World, number: u64) -> Self {
        let draw = Draw::new(world.seed, number);
        let planting = world.plantation.of_person(number);
        let state = world.state(number, planting.as_ref());
        let name = world.names.name(number);
        let local = name.local.as_str();
        let home = home_domain(draw);
        let spelling = draw.below(Field::Spelling, 10);
        let domain = &home.written[(spelling % home.written.len() as u64) as usize];
        let primary = if spelling < 3 { format!("{}@{domain}", capitalised(local)) } else { format!("{local}@{domain}") };
        let upn_domain = if home.domain.is_ascii() { home.domain.as_str() } else { TENANTS.source.people[0].domain.as_str() };
        let mapped_domain = mapped(&home.domain);
        let mut person = Person {
            number,
            draw,
            state,
            mailbox_type: mailbox_type(draw, planting.is_some()),
            display_name: display_name(draw, &name),
            badge: format!("e{}", 100_000 + number),
            source_id: draw.ranked_guid(Field::SourceId, number, world.people),
            exchange_guid: draw.ranked_guid(Field::ExchangeGuid, world.statistics.place(number), 2 * world.people),
            archive_guid: has_archive(draw, planting.as_ref())
                .then(|| draw.ranked_guid(Field::ArchiveGuid, world.statistics.place(world.people + number), 2 * world.people)),
            legacy_dn: legacy_dn(draw, Field::LegacyDn, local),
            moera: format!("{local}@{}", TENANTS.source.initial_domain),
            mapped: format!("{local}@{mapped_domain}"),
            mapped_upn: format!("{local}@{}", mapped(upn_domain)),
            upn: format!("{local}@{upn_domain}"),
            primary,
            home,
            planting,
            name,
            addresses: Vec::new(),
            carried: Vec::new(),
        };
        person.add_addresses(mapped_domain);
        person
    }

    /// 5 to 8 addresses: the primary and the MOERA, and three to six of those that years of moves and projects leave behind.
    fn add_addresses(&mut self, mapped_domain: &str) {
        self.addresses.push(format!("SMTP:{}", self.primary));
        self.addresses.push(format!("smtp:{}", self.moera));
        self.carried.push(format!("SMTP:{}", self.mapped));
        let count = 3 + self.draw.below(Field::AddressCount, 4);
        let (start, step) = (self.draw.below(Field::AddressStart, 11), 1 + self.draw.below(Field::AddressStep, 10));
        for at in 0..count {
            let (address, carried) = self.further_address((start + at * step) % 11, mapped_domain);
            self.addresses.push(address);
            self.carried.extend(carried.filter(|text| !self.carried.iter().any(|own| own.eq_ignore_ascii_case(text))));
        }
    }

    fn further_address(&self, kind: u64, mapped_domain: &str) -> (String, Option<String>) {
        let (local, home, badge) = (&self.name.local, &self.home.domain, &self.badge);
        let verbatim = |text: String| (text.clone(), Some(text));
        match kind {
            0 => verbatim(format!("X500:{}", legacy_dn(self.draw, Field::EarlierDn, local))),
            1 => verbatim(format!("x500:/o=Adatum/ou=First Administrative Group/cn=Recipients/cn={local}")),
            2 => (format!("SIP:{}", self.upn), None),
            3 => (spo(self.draw, &TENANTS.source.id), None),
            4 => (format!("smtp:{badge}@{home}"), Some(format!("smtp:{badge}@{mapped_domain}"))),
            5 => (format!("smtp:{local}+news@{home}"), Some(format!("smtp:{local}+news@{mapped_domain}"))),
            6 => verbatim(format!("X400:C=US;A= ;P=contoso;O=Exchange;S={badge};G={};", local.split('.').next().unwrap_or_default())),
            7 => (format!("EUM:{};phone-context={}", &badge[1..], TENANTS.source.initial_domain), None),
            8 => (format!("smtp:{local}@{}", TENANTS.source.hybrid_domain), None),
            9 => (format!("smtp:{badge}@{}", TENANTS.source.retired_domain), None),
            _ => {
                let domains = &TENANTS.source.people;
                let domain = if *home == domains[1].domain { &domains[0].domain } else { &domains[1].domain };
                (format!("smtp:{}@{domain}", self.name.local.to_ascii_uppercase()), Some(format!("smtp:{local}@{}", mapped(domain))))
            }
        }
    }

    /// The text of a planted value: `{…}` is filled in from the person, `{other.…}` from the other person of the case; `n` counts repetitions.
    pub fn fill(&self, world: &World, text: &str, n: u64) -> String {
        let mut out = String::with_capacity(text.len() + 64);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            out.push_str(before);
            match name.strip_prefix("other.") {
                Some(name) => {
                    let other = self.planting.and_then(|planting| planting.other).map(|other| Person::new(world, other));
                    out.push_str(&other.unwrap_or_else(|| Person::new(world, self.number)).value(world, name, n));
                }
                None => out.push_str(&self.value(world, name, n)),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn value(&self, world: &World, name: &str, n: u64) -> String {
        match name {
            "local" | "alias" => self.name.local.clone(),
            "displayName" => self.display_name.clone(),
            "primary" => self.primary.clone(),
            "upn" => self.upn.clone(),
            "moera" => self.moera.clone(),
            "mapped" => self.mapped.clone(),
            "mappedUpn" => self.mapped_upn.clone(),
            "number" => self.badge.clone(),
            "dn" => self.legacy_dn.clone(),
            "sourceId" => self.source_id.to_string(),
            "exchangeGuid" => self.exchange_guid.to_string(),
            "targetId" => world.target_id(self.number).to_string(),
            "extraId" => self.planting.map(|planting| world.target_id(world.extra_slot(planting.number)).to_string()).unwrap_or_default(),
            "guid" => self.draw.guid(Field::Fresh).to_string(),
            "guid-n" => Draw::new(self.draw.word(Field::Fresh), n).guid(Field::Fresh).to_string(),
            "hex" => self.draw.hex(Field::FreshHex, 32),
            "n" => n.to_string(),
            // Not one of ours: left to be seen, and met by a test.
            other => format!("{{{other}}}"),
        }
    }
}

/// Whether the mailbox has an archive.
pub(super) fn has_archive(draw: Draw, planting: Option<&Planting>) -> bool {
    planting.is_some_and(|planting| planting.member.archive) || draw.percent(Field::HasArchive, 20)
}

fn home_domain(draw: Draw) -> &'static HomeDomain {
    let domains = &TENANTS.source.people;
    draw.choose(Field::HomeDomain, domains.iter().map(|domain| (domain, domain.weight)), &domains[0])
}

pub(super) fn mailbox_type(draw: Draw, planted: bool) -> &'static str {
    // A planted person differs in one thing only.
    if planted {
        return "UserMailbox";
    }
    draw.choose(Field::Type, POPULATION.types.iter().map(|share| (share.name.as_str(), share.weight)), "UserMailbox")
}

fn mapped(domain: &str) -> &'static str {
    TENANTS.domain_map.get(domain).map_or(TENANTS.target.default_domain.as_str(), String::as_str)
}

/// `zoe.mueller` as people write it: `Zoe.Mueller`.
fn capitalised(local: &str) -> String {
    let mut start = true;
    local
        .chars()
        .map(|c| {
            let c = if start { c.to_ascii_uppercase() } else { c };
            start = c == '.';
            c
        })
        .collect()
}
