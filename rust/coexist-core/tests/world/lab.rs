//! The lab as a world that can be planned and played.

use super::World;
use coexist_core::lab;
use coexist_core::plan::mc01::parse_map;
use coexist_core::snapshot::{Kind, Property};
use coexist_core::watch::Unwatched;
use serde_json::Value;
use std::collections::BTreeMap;

/// A lab of `people`, without the lines that no snapshot takes.
pub fn world(people: u64, seed: u64) -> World {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut sink = |path: &str, bytes: &[u8]| {
        files.entry(path.to_string()).or_default().extend_from_slice(bytes);
        Ok(())
    };
    lab::write(people, seed, &lab::Options { bad_records: 0, ..lab::Options::default() }, &mut sink, &Unwatched).unwrap();
    let parse = |path: &str| -> Value { serde_json::from_slice(&files[path]).unwrap() };
    let mut specification = parse("coexist.json");
    let tenant = parse("target/tenant.json");
    specification["target"]["acceptedDomains"] = tenant["domains"].clone();
    specification["target"]["deliveryDomain"] = specification["target"].get("deliveryDomain").unwrap_or(&tenant["initialDomain"]).clone();
    let map = specification["match"]["mapFile"].as_str().map(|path| parse_map(std::str::from_utf8(&files[path]).unwrap()).unwrap()).unwrap_or_default();
    let tables = |side: &str| -> Vec<(Kind, Vec<Value>)> {
        let of = |kind: &Kind| {
            let text = files.get(&format!("{side}/{kind}.jsonl"))?;
            Some((*kind, text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).map(|object| as_read(*kind, object)).collect()))
        };
        Kind::ALL.iter().filter_map(of).collect()
    };
    World { specification, source: tables("source"), target: tables("target"), map }
}


/// Names as Coexist reads them: Graph's begin small.
fn as_read(kind: Kind, object: Value) -> Value {
    match object {
        Value::Object(entries) if kind == Kind::Users => {
            let name = |name: String| Property::parse(&name).map_or(name, |property| property.name().to_string());
            Value::Object(entries.into_iter().map(|(own, value)| (name(own), value)).collect())
        }
        object => object,
    }
}
