//! Every request that a reading sends is one that Graph takes: held against `data/graph-requests.json`, which knows nothing of the engine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use coexist_graph::read::{emitted, EXTENSIBLE};
use serde_json::Value;

fn truth() -> Value {
    serde_json::from_str(include_str!("../../../data/graph-requests.json")).unwrap()
}

/// The type of an answer's objects.
fn of(request: &Value) -> String {
    let returns = request["returns"].as_str().unwrap_or_default();
    returns.strip_suffix("CollectionResponse").unwrap_or(returns).to_owned()
}

#[test]
fn each_has_a_method_a_path_options_and_properties_that_there_are() {
    let truth = truth();
    let mut met = BTreeSet::new();
    for (method, template, path) in emitted() {
        let known = truth["requests"].as_array().unwrap().iter().find(|request| request["method"] == method.name() && request["path"] == template);
        let known = known.unwrap_or_else(|| panic!("{} {template} is no request of Graph", method.name()));
        assert_eq!(known["version"], "v1.0");
        let (bare, query) = path.split_once('?').unwrap_or((&path, ""));
        assert_eq!(bare, template);
        let options: BTreeSet<&str> = [&known["queryParameters"], &known["deltaOptions"]["names"]].into_iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str).collect();
        let properties = truth["types"].get(of(known)).map(|properties| properties.as_object().unwrap());
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap();
            assert!(options.contains(name), "{template} takes no {name}");
            if name == "$select" || name == "$expand" {
                let properties = properties.unwrap_or_else(|| panic!("{template}: nothing is known of {}", of(known)));
                for property in value.split(',') {
                    assert!(properties.contains_key(property), "{template} has no {property}");
                }
            }
        }
        // Never without $select, but for counts and batches.
        assert!(query.contains("$select=") || template.ends_with("$count") || template == "/$batch", "{path}");
        met.insert(template);
    }
    assert!(met.len() >= 15, "{met:?}");
}

#[test]
fn a_batch_has_the_members_that_graph_knows() {
    let truth = truth();
    let batch = truth["requests"].as_array().unwrap().iter().find(|request| request["path"] == "/$batch").unwrap();
    let known: BTreeSet<&str> = batch["nested"]["batchRequestStep"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(known, BTreeSet::from(["body", "dependsOn", "headers", "id", "method", "url"]));
}

#[test]
fn the_types_that_may_be_asked_for_more_are_known() {
    let truth = truth();
    for (kind, of) in EXTENSIBLE {
        assert!(truth["types"][of].is_object(), "{kind}");
    }
}
