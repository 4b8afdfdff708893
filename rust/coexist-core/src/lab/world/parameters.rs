//! What a command was called with, checked against what the cmdlet takes (`data/cmdlets.json`).

use super::object::list;
use super::refusal::{fault, Fault};
use once_cell::sync::Lazy;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct File {
    conflicts: Vec<Conflict>,
    cmdlets: BTreeMap<String, Cmdlet>,
}

#[derive(Deserialize)]
struct Conflict {
    cmdlet: String,
    parameters: Vec<String>,
}

#[derive(Deserialize)]
struct Cmdlet {
    parameters: BTreeMap<String, Fact>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fact {
    #[serde(default)]
    aliases: Vec<String>,
    exchange_online: Option<bool>,
    #[serde(default)]
    on_premises_only: bool,
}

static FILE: Lazy<File> = Lazy::new(|| crate::data::parse("cmdlets.json", include_str!("../../../../../data/cmdlets.json")));

/// What every cmdlet takes and the world has no use for.
const COMMON: [&str; 13] = [
    "Confirm", "Debug", "ErrorAction", "ErrorVariable", "InformationAction", "InformationVariable", "OutBuffer", "OutVariable", "PipelineVariable", "ProgressAction",
    "Verbose", "WarningAction", "WarningVariable",
];

/// Parameters by the name that the cmdlet gives them.
#[derive(Debug, Clone)]
pub(super) struct Parameters {
    pub command: &'static str,
    values: BTreeMap<String, Value>,
}

impl Parameters {
    pub fn read(command: &'static str, given: &Value) -> Result<Self, Fault> {
        let facts = FILE.cmdlets.get(command);
        let mut values = BTreeMap::new();
        for (name, value) in given.as_object().into_iter().flatten() {
            if COMMON.iter().any(|common| common.eq_ignore_ascii_case(name)) {
                continue;
            }
            let named = |(own, fact): &(&String, &Fact)| own.eq_ignore_ascii_case(name) || fact.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name));
            let fact = facts.and_then(|facts| facts.parameters.iter().find(named));
            let own = match fact {
                Some((own, fact)) if fact.exchange_online != Some(false) && !fact.on_premises_only => Some(own.clone()),
                _ => None,
            };
            let Some(own) = own else { return Err(fault("NamedParameterNotFound", &[("parameter", name)])) };
            // A switch or a flag crosses as JSON's true; a null is a parameter that was not given.
            if !value.is_null() {
                values.insert(own, value.clone());
            }
        }
        let given = |name: &String| values.contains_key(name);
        if FILE.conflicts.iter().any(|conflict| conflict.cmdlet == command && conflict.parameters.iter().all(given)) {
            return Err(fault("ParametersConflict", &[]));
        }
        Ok(Parameters { command, values })
    }

    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::as_str)
    }

    /// A parameter that must be there.
    pub fn needed(&self, name: &str) -> Result<&str, Fault> {
        self.text(name).filter(|text| !text.trim().is_empty()).ok_or_else(|| fault("MissingMandatoryParameter", &[("parameter", name)]))
    }

    pub fn flag(&self, name: &str) -> bool {
        match self.value(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    /// The entry of a table, as a list; names without case.
    pub fn entry(&self, name: &str, key: &str) -> Vec<String> {
        let table = self.value(name).and_then(Value::as_object);
        table.into_iter().flatten().filter(|(own, _)| own.eq_ignore_ascii_case(key)).flat_map(|(_, value)| list(value)).collect()
    }

    pub fn table(&self, name: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.value(name).and_then(Value::as_object).into_iter().flatten()
    }

    pub fn all(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.values.iter()
    }

    /// The names, those in tables behind their own: what tells two calls about one object apart.
    pub fn names(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for (name, value) in &self.values {
            match value.as_object() {
                Some(table) if name != "CSVData" && name != "Password" => names.extend(table.keys().map(|key| format!("{name}.{key}"))),
                _ if name == "Identity" || name == "Password" => {}
                _ => names.push(name.clone()),
            }
        }
        names.join(",")
    }
}
