//! One change on one surface of one tenant.

use crate::finding::Side;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;

/// When in the life of a move an operation belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Any time before.
    Prepare,
    /// Before the batch is submitted.
    PreStage,
    /// In the night of the move.
    Cutover,
    /// While the services catch up.
    Settle,
    /// When nobody needs the old any more.
    CleanUp,
}

impl Stage {
    /// As it is written in plans.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Prepare => "prepare",
            Stage::PreStage => "preStage",
            Stage::Cutover => "cutover",
            Stage::Settle => "settle",
            Stage::CleanUp => "cleanUp",
        }
    }
}

/// Where an operation runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Surface {
    /// Exchange Online PowerShell.
    Exchange,
    /// Microsoft Graph.
    Graph,
    /// Microsoft Teams PowerShell.
    Teams,
    /// The SharePoint Online Management Shell; its cmdlets know neither -WhatIf nor -Confirm.
    SharePoint,
    /// The AD module, in the forest that masters the object.
    ActiveDirectory,
    /// By hand: a place in the order, where an administrator, or other items, have their moment.
    Manual,
}

impl Surface {
    /// Every surface, in the order of their names here.
    pub const ALL: [Surface; 6] = [Surface::Exchange, Surface::Graph, Surface::Teams, Surface::SharePoint, Surface::ActiveDirectory, Surface::Manual];

    /// As it is written in plans.
    pub fn name(self) -> &'static str {
        match self {
            Surface::Exchange => "exchange",
            Surface::Graph => "graph",
            Surface::Teams => "teams",
            Surface::SharePoint => "sharePoint",
            Surface::ActiveDirectory => "activeDirectory",
            Surface::Manual => "manual",
        }
    }
}

/// A value of a cmdlet's parameter. In JSON: text, array, `true` for a switch, an object for a hashtable, `{"bytes":"<base64>"}` for a byte array.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Parameter<'a> {
    Text(Cow<'a, str>),
    List(Vec<Cow<'a, str>>),
    Switch,
    Table(Vec<(&'static str, Parameter<'a>)>),
    /// In base64.
    Bytes(Cow<'a, str>),
    /// Graph bodies only.
    Objects(Vec<Parameter<'a>>),
    /// The list that this operation's command adds or removes, so that it stands in the plan once.
    Same(Listed),
}

/// A list of the same operation's command: in JSON the text `$added` or `$removed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Listed {
    /// What stands under `Add`.
    #[serde(rename = "$added")]
    Added,
    /// What stands under `Remove`.
    #[serde(rename = "$removed")]
    Removed,
}

impl Serialize for Parameter<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Parameter::Text(text) => serializer.serialize_str(text),
            Parameter::Switch => serializer.serialize_bool(true),
            Parameter::Same(list) => list.serialize(serializer),
            Parameter::Bytes(bytes) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("bytes", bytes)?;
                map.end()
            }
            Parameter::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Parameter::Objects(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Parameter::Table(entries) => serialize_entries(entries, serializer),
        }
    }
}

fn serialize_entries<S: Serializer>(entries: &[(&'static str, Parameter)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(entries.len()))?;
    for (name, value) in entries {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// A cmdlet with its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Command<'a> {
    /// The cmdlet, without a connection's prefix.
    pub name: &'static str,
    /// Its parameters.
    #[serde(serialize_with = "entries")]
    pub parameters: Vec<(&'static str, Parameter<'a>)>,
}

/// A Graph request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request<'a> {
    /// GET, POST, PATCH, PUT, DELETE.
    pub method: &'static str,
    /// Below the version.
    pub path: Cow<'a, str>,
    /// `v1.0` or `beta`.
    pub version: &'static str,
    /// The JSON body.
    #[serde(serialize_with = "entries")]
    pub body: Vec<(&'static str, Parameter<'a>)>,
}

fn entries<S: Serializer>(entries: &[(&'static str, Parameter)], serializer: S) -> Result<S::Ok, S::Error> {
    serialize_entries(entries, serializer)
}

/// A parameter whose value is made at the moment of use and stored nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Secret {
    /// The parameter that takes it.
    pub parameter: &'static str,
    /// How it is made: `generatedPassword`.
    pub kind: &'static str,
}

/// What a property is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Test<'a> {
    /// It equals this text, without case; a GUID in any form.
    Equals(Cow<'a, str>),
    /// The list holds these, without case.
    Contains(Parameter<'a>),
    /// The list holds none of these.
    Lacks(Parameter<'a>),
    /// It is empty or a zero GUID (`true`).
    Empty(bool),
}

/// A statement about one property of the object that an operation is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition<'a> {
    /// The property, as the read emits it.
    pub property: &'static str,
    /// What it must be.
    #[serde(flatten)]
    pub test: Test<'a>,
}

impl<'a> Condition<'a> {
    /// A condition on a property.
    pub fn new(property: &'static str, test: Test<'a>) -> Self {
        Condition { property, test }
    }
}

/// What a gate waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum WaitFor {
    /// The object can be read on the surface.
    ObjectVisible,
    /// The conditions hold on the read.
    PropertyVisible,
    /// The migration user is Synced.
    MailboxSynced,
}

/// A condition that is polled before an operation runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gate<'a> {
    /// What is waited for.
    pub wait_for: WaitFor,
    /// How it is read: a name in the plan's `reads`.
    pub read: &'static str,
    /// Of which object.
    pub identity: Cow<'a, str>,
    /// For `propertyVisible`: what must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition<'a>>,
    /// How long it may take from the moment that the operation is due.
    pub deadline_minutes: u64,
}

/// How an operation is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Undo<'a> {
    /// By this cmdlet.
    Command(Command<'a>),
    /// By this request.
    Request(Request<'a>),
    /// Not at all, and why.
    Irreversible(&'static str),
    /// Together with this step of the same person, whose undo takes it along.
    With(&'static str),
}

/// Whom an operation is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubjectRef<'a> {
    /// The identity in the target; of an object that is yet to be created, its user principal name.
    pub target: Cow<'a, str>,
    /// What a person calls the source object.
    pub name: Cow<'a, str>,
}

/// A kind of operation: what every one of it has in common stands in the plan once, under `steps`.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// The last part of the operation's id.
    pub name: &'static str,
    /// What it does, as a person would say it.
    pub what: &'static str,
    /// Why it must be.
    pub why: &'static str,
}

/// One change on one surface of one tenant. Its id, `<item>/<source identity>/<step>`, stands in its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation<'a> {
    /// Its kind; the name stands in the id.
    #[serde(skip)]
    pub step: &'static Step,
    /// When in the life of the move.
    pub stage: Stage,
    /// Where it runs.
    pub surface: Surface,
    /// In which tenant.
    pub tenant: Side,
    /// Whom it is about.
    pub subject: SubjectRef<'a>,
    /// The cmdlet, on the surfaces that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Command<'a>>,
    /// The request, on Graph.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Request<'a>>,
    /// Parameters that are made at the moment of use.
    #[serde(skip_serializing_if = "<[Secret]>::is_empty")]
    pub secrets: &'static [Secret],
    /// The steps of the same person that must be done and verified before; a name with a slash is the whole id of an operation elsewhere.
    pub depends_on: Vec<&'static str>,
    /// What is waited for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Gate<'a>>,
    /// Not before this moment (ISO 8601, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Not after this moment (ISO 8601, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// How the object is read: a name in the plan's `reads`.
    pub read: &'static str,
    /// What must hold before: what the snapshot showed of what is overwritten.
    pub expect: Vec<Condition<'a>>,
    /// What must hold after.
    pub verify: Vec<Condition<'a>>,
    /// How it is taken back.
    pub undo: Undo<'a>,
}
