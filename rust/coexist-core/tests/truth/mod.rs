//! Holds what a plan emits and reads against what the cmdlets and requests accept (`data/cmdlets.json`, `data/graph-requests.json`,
//! `data/ad-attributes.json`): independently of the planner, of which it knows the format only.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct CmdletFile {
    cmdlets: BTreeMap<String, Cmdlet>,
    conflicts: Vec<Conflict>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cmdlet {
    module: String,
    #[serde(default)]
    exchange_online: bool,
    supports_should_process: bool,
    parameter_sets: Vec<String>,
    default_parameter_set: Option<String>,
    parameters: BTreeMap<String, Parameter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameter {
    r#type: String,
    sets: Option<Vec<String>>,
    #[serde(default)]
    mandatory_in: Vec<String>,
    #[serde(default)]
    exchange_online: bool,
    #[serde(default)]
    on_premises_only: bool,
}

#[derive(Deserialize)]
struct Conflict {
    cmdlet: String,
    parameters: Vec<String>,
    says: String,
}

#[derive(Deserialize)]
struct GraphFile {
    requests: Vec<GraphRequest>,
    types: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphRequest {
    method: String,
    path: String,
    version: String,
    #[serde(default)]
    query_parameters: Vec<String>,
    body_type: Option<String>,
    returns: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttributeFile {
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attribute {
    name: String,
    syntax: String,
    multi_valued: bool,
}

/// The facts.
pub struct Truth {
    cmdlets: CmdletFile,
    graph: GraphFile,
    attributes: Vec<Attribute>,
}

/// New-MailUser and Set-MailUser take at most this many characters in Name and Alias (`nameLength` in `data/limits.json`).
const NAME_LENGTH: usize = 64;

impl Truth {
    pub fn read() -> Self {
        let attributes: AttributeFile = serde_json::from_str(include_str!("../../../../data/ad-attributes.json")).unwrap();
        Truth {
            cmdlets: serde_json::from_str(include_str!("../../../../data/cmdlets.json")).unwrap(),
            graph: serde_json::from_str(include_str!("../../../../data/graph-requests.json")).unwrap(),
            attributes: attributes.attributes,
        }
    }

    /// What is wrong with a whole plan: its reads, and every operation with its undo, its gates and its conditions.
    pub fn complaints(&self, plan: &Value) -> Vec<String> {
        let mut complaints = Vec::new();
        let reads = plan["reads"].as_object().unwrap();
        for (name, read) in reads {
            complaints.extend(self.read_complaints(read).into_iter().map(|text| format!("read {name}: {text}")));
        }
        for place in plan["places"].as_array().into_iter().flatten() {
            let mut wrong = Vec::new();
            self.place_complaints(place, reads, &mut wrong);
            complaints.extend(wrong.into_iter().map(|text| format!("{}: {text}", place["id"])));
        }
        let operations: Vec<Value> = plan["operations"].as_array().unwrap().iter().map(crate::world::written_out).collect();
        let ids: BTreeSet<&str> = operations.iter().filter_map(|operation| operation["id"].as_str()).collect();
        for operation in &operations {
            let id = operation["id"].as_str().unwrap_or("?");
            let step = id.rsplit('/').next().unwrap_or_default();
            if !["what", "why"].iter().all(|text| plan["steps"][step][text].as_str().is_some_and(|text| !text.is_empty())) {
                complaints.push(format!("{id}: what it does and why is not told under steps"));
            }
            complaints.extend(self.operation_complaints(operation, reads, &ids).into_iter().map(|text| format!("{id}: {text}")));
        }
        complaints
    }

    fn operation_complaints(&self, operation: &Value, reads: &Map<String, Value>, ids: &BTreeSet<&str>) -> Vec<String> {
        let mut wrong = Vec::new();
        let surface = operation["surface"].as_str().unwrap_or_default();
        let secrets: Vec<&str> = operation["secrets"].as_array().into_iter().flatten().filter_map(|secret| secret["parameter"].as_str()).collect();
        self.act_complaints(surface, operation, &secrets, &mut wrong);
        match operation["undo"].as_object().map(|undo| undo.iter().collect::<Vec<_>>()).as_deref() {
            Some([(kind, value)]) => match kind.as_str() {
                "command" | "request" => {
                    let mut undo = Vec::new();
                    self.act_complaints(surface, &operation["undo"], &[], &mut undo);
                    wrong.extend(undo.into_iter().map(|text| format!("undo: {text}")));
                }
                "irreversible" if value.as_str().is_some_and(|why| why.len() > 10) => {}
                "irreversible" => wrong.push("undo: no reason why it is irreversible".into()),
                "with" if value.as_str().is_some_and(|other| ids.contains(other) && other != operation["id"]) => {}
                "with" => wrong.push(format!("undo: together with {value}, which is not in the plan")),
                other => wrong.push(format!("undo: {other} is not known")),
            },
            _ => wrong.push("undo: not exactly one way".into()),
        }
        let read = operation["read"].as_str().unwrap_or_default();
        for list in ["expect", "verify"] {
            self.condition_complaints(&operation[list], read, reads, &mut wrong);
        }
        if operation["verify"].as_array().is_none_or(|verify| verify.is_empty()) {
            wrong.push("nothing is verified".into());
        }
        self.gate_complaints(operation, reads, &mut wrong);
        wrong
    }

    /// A place only looks: at gates, and at what a check that changes nothing shows.
    fn place_complaints(&self, place: &Value, reads: &Map<String, Value>, wrong: &mut Vec<String>) {
        self.gate_complaints(place, reads, wrong);
        let Some(check) = place.get("check") else { return };
        match (check.get("command"), check.get("read")) {
            (Some(command), None) => {
                let name = command["name"].as_str().unwrap_or_default();
                if !name.starts_with("Get-") && !name.starts_with("Test-") {
                    wrong.push(format!("{name} does not only look"));
                }
                self.command_complaints(check["surface"].as_str().unwrap_or_default(), command, &[], wrong);
            }
            (None, Some(read)) if reads.contains_key(read.as_str().unwrap_or_default()) => {}
            _ => wrong.push("a check that is neither a command nor a read".into()),
        }
    }

    fn gate_complaints(&self, holder: &Value, reads: &Map<String, Value>, wrong: &mut Vec<String>) {
        for gate in holder["gates"].as_array().into_iter().flatten() {
            let read = gate["read"].as_str().unwrap_or_default();
            self.condition_complaints(&gate["conditions"], read, reads, wrong);
            let identity = gate["identity"].as_str().unwrap_or_default();
            if identity.is_empty() {
                wrong.push("a gate without an identity".into());
            }
            let takes = reads.get(read).and_then(|read| read["command"].as_str());
            if takes == Some("Get-MigrationUser") && !fits("SmtpAddress", &Value::from(identity)) {
                wrong.push(format!("migration users are found by their address; '{identity}' is none"));
            }
        }
    }

    /// A command on a surface that has cmdlets, a request on the one that has not.
    fn act_complaints(&self, surface: &str, holder: &Value, secrets: &[&str], wrong: &mut Vec<String>) {
        match (surface, holder.get("command"), holder.get("request")) {
            ("exchange" | "activeDirectory" | "sharePoint", Some(command), None) => self.command_complaints(surface, command, secrets, wrong),
            ("graph", None, Some(request)) => self.request_complaints(request, wrong),
            // What only Exchange Online remembers can be changed there for an object that AD masters, too.
            (surface, command, request) => {
                wrong.push(format!("surface {surface} with command {} and request {}", command.is_some(), request.is_some()))
            }
        }
    }

    /// What is wrong with one cmdlet call on a surface; `secrets` are parameters whose values are made at the moment of use.
    pub fn command_complaints(&self, surface: &str, command: &Value, secrets: &[&str], wrong: &mut Vec<String>) {
        let name = command["name"].as_str().unwrap_or_default();
        let Some(cmdlet) = self.cmdlets.cmdlets.get(name) else {
            wrong.push(format!("there is no cmdlet {name}"));
            return;
        };
        let exchange = surface == "exchange";
        if exchange && !cmdlet.exchange_online {
            wrong.push(format!("{name} is not in Exchange Online"));
        }
        if surface == "activeDirectory" && cmdlet.module != "ActiveDirectory" {
            wrong.push(format!("{name} is not in the ActiveDirectory module"));
        }
        if surface == "sharePoint" && cmdlet.module != "Microsoft.Online.SharePoint.PowerShell" {
            wrong.push(format!("{name} is not in the SharePoint Online Management Shell"));
        }
        if surface != "sharePoint" && !name.starts_with("Get-") && !cmdlet.supports_should_process {
            wrong.push(format!("{name} does not take -Confirm:$false"));
        }
        let empty = Map::new();
        let given = command["parameters"].as_object().unwrap_or(&empty);
        let mut candidates: Vec<&String> = cmdlet.parameter_sets.iter().collect();
        for parameter in given.keys().map(String::as_str).chain(secrets.iter().copied()) {
            let Some(facts) = cmdlet.parameters.get(parameter) else {
                wrong.push(format!("{name} has no parameter {parameter}"));
                continue;
            };
            if exchange && !facts.exchange_online {
                wrong.push(format!("{name} -{parameter} does not exist in Exchange Online"));
            }
            if exchange && facts.on_premises_only {
                wrong.push(format!("{name} -{parameter} has an effect on-premises only"));
            }
            if let Some(sets) = &facts.sets {
                candidates.retain(|set| sets.contains(set));
            }
            match given.get(parameter) {
                None if facts.r#type != "SecureString" => wrong.push(format!("{name} -{parameter} is no SecureString, so it cannot be a secret")),
                Some(_) if facts.r#type == "SecureString" => wrong.push(format!("{name} -{parameter} is a SecureString and stands in the plan")),
                Some(value) if !fits(&facts.r#type, value) => wrong.push(format!("{name} -{parameter} is a {}; {value} is none", facts.r#type)),
                Some(value) if matches!(parameter, "Name" | "Alias") && value.as_str().is_some_and(|text| text.chars().count() > NAME_LENGTH) => {
                    wrong.push(format!("{name} -{parameter} is longer than {NAME_LENGTH} characters"))
                }
                _ => {}
            }
            if facts.r#type == "Hashtable" {
                self.attribute_complaints(name, parameter, &given[parameter], wrong);
            }
        }
        if name == "Set-ADUser" {
            for cleared in given.get("Clear").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
                if self.attribute(cleared).is_none() {
                    wrong.push(format!("AD has no attribute {cleared}"));
                }
            }
        }
        for conflict in self.cmdlets.conflicts.iter().filter(|conflict| conflict.cmdlet == name) {
            if conflict.parameters.iter().all(|parameter| given.contains_key(parameter)) {
                wrong.push(conflict.says.clone());
            }
        }
        if candidates.is_empty() {
            wrong.push(format!("no parameter set of {name} has all of {:?}", given.keys().collect::<Vec<_>>()));
            return;
        }
        // PowerShell takes the set whose mandatory parameters are all there; where none is, it would ask, and nobody answers.
        let missing = |set: &String| -> Vec<&str> {
            let is_given = |parameter: &str| given.contains_key(parameter) || secrets.contains(&parameter);
            cmdlet.parameters.iter().filter(|(parameter, facts)| facts.mandatory_in.contains(set) && !is_given(parameter)).map(|(name, _)| name.as_str()).collect()
        };
        if !candidates.iter().any(|set| missing(set).is_empty()) {
            let set = cmdlet.default_parameter_set.as_ref().filter(|default| candidates.contains(default)).unwrap_or(candidates[0]);
            wrong.push(format!("{name} in its set {set} lacks {}", missing(set).join(", ")));
        }
    }

    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The hashtables of Set-ADUser: attributes with values of their syntax; several values, adding and removing only where AD holds several.
    fn attribute_complaints(&self, cmdlet: &str, parameter: &str, table: &Value, wrong: &mut Vec<String>) {
        for (name, value) in table.as_object().into_iter().flatten() {
            let Some(attribute) = self.attribute(name) else {
                wrong.push(format!("{cmdlet} -{parameter}: AD has no attribute {name}"));
                continue;
            };
            if !attribute.multi_valued && parameter != "Replace" {
                wrong.push(format!("{cmdlet} -{parameter}: {name} holds one value, which is replaced or cleared"));
            }
            let one = |value: &Value| match attribute.syntax.as_str() {
                "octetString" => is_bytes(value),
                "unicodeString" => value.as_str().is_some_and(|text| !text.is_empty()),
                other => panic!("syntax {other} is not known"),
            };
            let good = match value.as_array() {
                Some(values) => attribute.multi_valued && !values.is_empty() && values.iter().all(one),
                None => one(value),
            };
            if !good {
                wrong.push(format!("{cmdlet} -{parameter}: {name} is {}; {value} does not fit", attribute.syntax));
            }
        }
    }

    /// The request, and what stands for the `{…}` of its path.
    fn find_request<'p>(&self, method: &str, version: &str, path: &'p str) -> Option<(&GraphRequest, Vec<&'p str>)> {
        let values = |template: &str| -> Option<Vec<&'p str>> {
            let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
            if template.len() != path.len() {
                return None;
            }
            let mut values = Vec::new();
            for (expected, found) in template.into_iter().zip(path) {
                match expected.split_once('{').map(|(before, rest)| (before, rest.split_once('}').unwrap().1)) {
                    Some((before, after)) => values.push(found.strip_prefix(before)?.strip_suffix(after).filter(|value| !value.is_empty())?),
                    None if expected == found => {}
                    None => return None,
                }
            }
            Some(values)
        };
        self.graph.requests.iter().filter(|request| request.method == method && request.version == version).find_map(|request| Some((request, values(&request.path)?)))
    }

    /// What is wrong with one Graph request.
    pub fn request_complaints(&self, request: &Value, wrong: &mut Vec<String>) {
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        let (path, query) = text("path").split_once('?').unwrap_or((text("path"), ""));
        let Some((facts, values)) = self.find_request(text("method"), text("version"), path) else {
            wrong.push(format!("Graph has no {} {}{path}", text("method"), text("version")));
            return;
        };
        // In a path everything but these is written as %XX (RFC 3986, section 3.3); a bare '#' would cut the path off. {id} is filled in by whoever runs it.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@/{}".contains(&byte);
        let mut bytes = values.iter().flat_map(|value| value.bytes());
        while let Some(byte) = bytes.next() {
            let escape = byte == b'%' && bytes.next().is_some_and(|b| b.is_ascii_hexdigit()) && bytes.next().is_some_and(|b| b.is_ascii_hexdigit());
            if !plain(byte) && !escape {
                wrong.push(format!("'{}' in the path {path} is not escaped", byte as char));
            }
        }
        for (name, value) in query.split('&').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, ""))) {
            if !facts.query_parameters.iter().any(|known| known == name) {
                wrong.push(format!("{} {} has no query parameter {name}", facts.method, facts.path));
            }
            if name == "$select" {
                let returns = facts.returns.as_ref().and_then(|name| self.graph.types.get(name));
                for property in value.split(',') {
                    if !returns.is_some_and(|returns| returns.contains_key(property)) {
                        wrong.push(format!("{:?} has no property {property}", facts.returns));
                    }
                }
            }
        }
        match (&facts.body_type, request.get("body")) {
            (Some(body_type), Some(body)) => self.type_complaints(body_type, body, wrong),
            (None, None) => {}
            (expected, found) => wrong.push(format!("body: {expected:?} is expected, {found:?} is there")),
        }
        let body_is_empty = request.get("body").and_then(Value::as_object).is_some_and(|body| body.is_empty());
        if facts.method == "PATCH" && body_is_empty {
            wrong.push("a PATCH that changes nothing".into());
        }
    }

    fn type_complaints(&self, expected: &str, value: &Value, wrong: &mut Vec<String>) {
        if let Some(item) = expected.strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')')) {
            match value.as_array() {
                Some(items) => items.iter().for_each(|value| self.type_complaints(item, value, wrong)),
                None => wrong.push(format!("{value} is not a {expected}")),
            }
            return;
        }
        if let Some(properties) = self.graph.types.get(expected) {
            let Some(object) = value.as_object() else {
                wrong.push(format!("{value} is not a {expected}"));
                return;
            };
            for (name, value) in object {
                match properties.get(name) {
                    Some(inner) => self.type_complaints(inner, value, wrong),
                    None => wrong.push(format!("{expected} has no property {name}")),
                }
            }
            return;
        }
        let good = match expected {
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "guid" => fits("Guid", value),
            "dateTimeOffset" => fits("DateTime", value),
            // A type that this check does not know is never taken for right.
            _ => false,
        };
        if !good {
            wrong.push(format!("{value} is not a {expected}"));
        }
    }

    /// How a read is made: a cmdlet that takes -Identity (and, in AD, -Properties), or a GET.
    fn read_complaints(&self, read: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        let surface = read["surface"].as_str().unwrap_or_default();
        if surface == "graph" {
            self.request_complaints(&read["request"], &mut wrong);
            if read["request"]["method"] != "GET" {
                wrong.push("a read that is no GET".into());
            }
            return wrong;
        }
        let name = read["command"].as_str().unwrap_or_default();
        if !name.starts_with("Get-") {
            wrong.push(format!("{name} does not only read"));
        }
        let mut parameters = Map::from_iter([(read["identity"].as_str().unwrap_or("Identity").to_string(), Value::from("x"))]);
        parameters.extend(read["parameters"].as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
        if let Some(properties) = read.get("properties") {
            parameters.insert("Properties".into(), properties.clone());
            for property in properties.as_array().into_iter().flatten().filter_map(Value::as_str) {
                if self.attribute(property).is_none() {
                    wrong.push(format!("AD has no attribute {property}"));
                }
            }
        }
        self.command_complaints(surface, &serde_json::json!({"name": name, "parameters": parameters}), &[], &mut wrong);
        wrong
    }

    /// A condition names a property that its read brings, with one test of the right shape.
    fn condition_complaints(&self, conditions: &Value, read: &str, reads: &Map<String, Value>, wrong: &mut Vec<String>) {
        let Some(how) = reads.get(read) else {
            wrong.push(format!("there is no read {read}"));
            return;
        };
        for condition in conditions.as_array().into_iter().flatten() {
            let property = condition["property"].as_str().unwrap_or_default();
            let brought = match how["surface"].as_str() {
                Some("graph") => {
                    let path = how["request"]["path"].as_str().unwrap_or_default();
                    path.split_once("$select=").is_some_and(|(_, names)| names.split(',').any(|name| name == property))
                }
                Some("activeDirectory") => how["properties"].as_array().is_some_and(|names| names.iter().any(|name| name == property)),
                Some("sharePoint") => property == "MoveState",
                // Get-MigrationBatch's reference names these in its text.
                _ if how["command"] == "Get-MigrationBatch" && matches!(property, "CompleteAfterUTC" | "Status") => true,
                // What Exchange's cmdlets emit is not in the reference; the names that snapshots are read by are the ones seen in exports.
                _ => coexist_core::snapshot::Property::parse(property).is_some_and(|known| known.name() == property),
            };
            if !brought {
                wrong.push(format!("{read} does not bring {property}"));
            }
            let tests: Vec<(&String, &Value)> = condition.as_object().into_iter().flatten().filter(|(name, _)| *name != "property").collect();
            let texts = |value: &Value| value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string));
            let good = match tests[..] {
                [(name, value)] => match name.as_str() {
                    "equals" => value.as_str().is_some_and(|text| !text.is_empty()),
                    "contains" | "lacks" => texts(value),
                    "empty" => value.is_boolean(),
                    _ => false,
                },
                _ => false,
            };
            if !good {
                wrong.push(format!("the condition {condition} has not exactly one test of the right shape"));
            }
        }
    }
}

fn is_bytes(value: &Value) -> bool {
    use base64::Engine;
    let object = value.as_object().filter(|object| object.len() == 1);
    let text = object.and_then(|object| object.get("bytes")).and_then(Value::as_str);
    text.is_some_and(|text| base64::engine::general_purpose::STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == 16))
}

/// An address as EmailAddresses takes it: `prefix:value`.
fn is_proxy_address(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.split_once(':').is_some_and(|(prefix, rest)| !prefix.is_empty() && !prefix.contains(' ') && !rest.is_empty()))
}

/// Whether a value of a plan can be given to a parameter of that type. A type that is not known here fits nothing.
fn fits(kind: &str, value: &Value) -> bool {
    let text = value.as_str();
    let good_text = |text: &str| !text.trim().is_empty() && !text.chars().any(char::is_control);
    match kind {
        "String" | "MailUserIdParameter" | "UserIdParameter" | "MigrationUserIdParameter" | "ADUser" | "MigrationBatchIdParameter"
        | "MigrationEndpointIdParameter" => text.is_some_and(good_text),
        // Without a zone New-MigrationBatch reads a time by the machine's short date format.
        "DateTime" | "System.DateTime" => text.is_some_and(|text| {
            let shape = |(at, byte): (usize, u8)| match at {
                4 | 7 => byte == b'-',
                10 => byte == b'T',
                13 | 16 => byte == b':',
                19 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            };
            text.len() == 20 && text.bytes().enumerate().all(shape)
        }),
        // A file whose bytes are read at the moment of use.
        "Byte[]" => value.as_object().is_some_and(|object| object.len() == 1 && object.get("file").and_then(Value::as_str).is_some_and(|name| !name.contains(['/', '\\']))),
        "SwitchParameter" => value == &Value::Bool(true),
        "Guid" => text.is_some_and(|text| {
            text.len() == 36 && text.bytes().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() })
        }),
        // An address without a prefix.
        "SmtpAddress" | "WindowsLiveId" => text.is_some_and(|text| {
            good_text(text) && !text.contains([':', ' ']) && text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        }),
        "ProxyAddress" => text.is_some_and(|text| good_text(text) && (text.contains('@') || text.contains(':'))),
        "ProxyAddressCollection" => match value {
            Value::Array(list) => !list.is_empty() && list.iter().all(is_proxy_address),
            Value::Object(table) => {
                !table.is_empty()
                    && table.iter().all(|(verb, list)| {
                        matches!(verb.as_str(), "Add" | "Remove") && list.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_proxy_address))
                    })
            }
            _ => false,
        },
        "Hashtable" => value.as_object().is_some_and(|table| !table.is_empty()),
        "String[]" => value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(|item| item.as_str().is_some_and(good_text))),
        _ => false,
    }
}
