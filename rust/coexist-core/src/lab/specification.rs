//! The rules of the lab's move: `coexist.json` with `map.csv`, and `pilot.json`.

use super::names::TENANTS;
use super::person::Person;
use super::state::State;
use super::{World, Writer};
use crate::batch::calendar::{Blackout, Calendar, Weekday};
use crate::batch::options::Options;
use crate::problem::Problem;
use crate::specification::{Items, Licence, Matching, Mc01, Scope, SourceTenant, Specification, TargetTenant, Trust, UpnRule, VERSION};
use jiff::civil::date;

/// How many people the pilot names.
const PILOT: usize = 50;
/// How many of them go first.
const PILOTS: usize = 10;
/// Whom it names that is not there.
const GHOSTS: [&str; 2] = ["nobody@contoso.com", "noone@contoso.com"];

/// The people of the pilot: healthy ones, whom no map file is needed for.
pub(super) fn pilot(world: &World) -> Vec<(u64, State)> {
    world.healthy().filter(|(_, state)| *state != State::Mapped).take(PILOT).collect()
}

/// The names in the pilot's scope that are nobody's.
pub(super) fn ghosts() -> [&'static str; 2] {
    GHOSTS
}

/// Nights from Monday to Thursday, an eighth of the people on each, with a blackout and a pilot.
fn batches(world: &World) -> Options {
    let blackout = Blackout { from: date(2027, 1, 25), to: Some(date(2027, 1, 28)), why: "quarterly close".to_string(), time_zones: Vec::new() };
    let pilots = pilot(world).into_iter().take(PILOTS).map(|(person, _)| Person::new(world, person).primary).collect();
    Options {
        calendar: Some(Calendar {
            time_zone: "Europe/Berlin".to_string(),
            first: Some(date(2027, 1, 11)),
            days: vec![Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday],
            blackouts: vec![blackout],
            ..Calendar::default()
        }),
        people_per_night: Some((world.people / 8).max(10)),
        pilots,
        ..Options::default()
    }
}

/// Gives out the specifications and the map file.
pub(super) fn write(world: &World, writer: &mut Writer) -> Result<(), Problem> {
    let everybody = Specification {
        schema: "./coexist.schema.json".to_string(),
        version: VERSION,
        source: SourceTenant { name: TENANTS.source.name.clone(), tenant_id: Some(TENANTS.source.id.clone()), snapshot: "source".to_string() },
        target: TargetTenant {
            name: TENANTS.target.name.clone(),
            tenant_id: Some(TENANTS.target.id.clone()),
            snapshot: "target".to_string(),
            delivery_domain: Some(TENANTS.target.initial_domain.clone()),
            accepted_domains: None,
        },
        trust: Trust::High,
        domain_map: TENANTS.domain_map.clone(),
        user_principal_name: UpnRule::DomainMap,
        matching: Matching { map_file: Some("map.csv".to_string()), ..Matching::default() },
        scope: Scope { exclude: excluded(world), ..Scope::default() },
        items: Items {
            mc01: Mc01 {
                licence: Some(Licence { sku_id: TENANTS.licence.sku_id.clone(), disabled_plans: Vec::new(), usage_location: None }),
                ..Mc01::default()
            },
        },
        batches: batches(world),
        limits: Default::default(),
    };
    writer.give("coexist.json", everybody.to_text().as_bytes())?;

    let mut pilot_specification = everybody;
    pilot_specification.matching.map_file = None;
    pilot_specification.items.mc01.create_missing = false;
    pilot_specification.batches = Options::default();
    let names = pilot(world).into_iter().map(|(person, _)| Person::new(world, person).primary);
    pilot_specification.scope = Scope { include: Some(names.chain(GHOSTS.map(String::from)).collect()), ..Scope::default() };
    writer.give("pilot.json", pilot_specification.to_text().as_bytes())?;
    write_map(world, writer)
}

fn excluded(world: &World) -> Vec<String> {
    let name = |number| {
        let person = Person::new(world, number);
        person.planting.and_then(|planting| planting.member.exclude.as_ref()).map(|name| person.fill(world, name, 0))
    };
    world.plantation.everybody().filter_map(name).collect()
}

/// People under another name, and what is planted, in the order of the people.
fn write_map(world: &World, writer: &mut Writer) -> Result<(), Problem> {
    const PART: usize = 1 << 20;
    let mut text = String::from("Source,Target\n");
    for number in 0..world.people {
        let planting = world.plantation.of_person(number);
        let planted = planting.is_some_and(|planting| !planting.member.map.is_empty());
        if !planted && world.state(number, planting.as_ref()) != State::Mapped {
            continue;
        }
        let person = Person::new(world, number);
        match planting.filter(|_| planted) {
            Some(planting) => {
                for (source, target) in &planting.member.map {
                    push_row(&mut text, &person.fill(world, source, 0), &person.fill(world, target, 0));
                }
            }
            None => push_row(&mut text, &person.primary, &world.target_id(number).to_string()),
        }
        if text.len() > PART {
            writer.give("map.csv", text.as_bytes())?;
            text.clear();
        }
    }
    writer.give("map.csv", text.as_bytes())
}

fn push_row(text: &mut String, source: &str, target: &str) {
    text.extend([source, ",", target, "\n"]);
}
