//! From what one person's target object lacks to lines of the plan.
//!
//! People who lack the same kinds of things get the same operations but for the values in them. So the operations are worked out once for each [`Shape`],
//! and a person only adds their values.

use super::on_premises::{self, addresses};
use super::setup::Setup;
use super::wanted::{Replace, Wanted};
use super::{cloud, ITEM};
use crate::identity::guid::Guid;
use crate::plan::{push_text, Body, Form, Summary};
use crate::snapshot::Record;
use base64::Engine;
use hashbrown::HashMap;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// Which kinds of things somebody's target object lacks; of what replaces something, whether there is something to replace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    /// AD masters the target object.
    pub synced: bool,
    pub create: bool,
    pub display_name: bool,
    pub clear_previous: bool,
    pub exchange_guid: bool,
    pub archive_guid: bool,
    pub add: bool,
    pub add_again: bool,
    pub remove: bool,
    pub primary: Option<bool>,
    pub final_primary: bool,
    pub external: Option<bool>,
    pub upn: Option<bool>,
    pub raise_quota: bool,
    pub licence: bool,
    pub usage_location: bool,
    /// In AD, the primary among them.
    pub add_proxies: bool,
    pub remove_proxies: bool,
}

/// What the lines of one person are made of.
pub(super) struct Person<'a> {
    pub source: &'a str,
    pub target: &'a str,
    pub name: &'a str,
    pub wanted: &'a Wanted<'a>,
    /// The AD user that masters the target object.
    pub ad_user: Option<Record<'a>>,
}

/// Everything that lines can say.
struct Values<'a> {
    person: &'a Person<'a>,
    object: String,
    add_proxies: Vec<Cow<'a, str>>,
    remove_proxies: Vec<Cow<'a, str>>,
}

type Write = fn(&Values, &mut Vec<u8>);

/// The values by name, in the order in which they stand in a line.
const VALUES: [(&str, Write); 24] = [
    ("target", |values, out| push_text(out, values.person.target)),
    ("name", |values, out| push_text(out, values.person.name)),
    ("object", |values, out| push_text(out, &values.object)),
    ("newName", |values, out| push_text(out, values.person.wanted.create.as_ref().map_or("", |create| &create.name))),
    ("alias", |values, out| push_text(out, values.person.wanted.create.as_ref().map_or("", |create| &create.alias))),
    ("displayName", |values, out| push_text(out, values.person.wanted.create.as_ref().map_or("", |create| create.display_name))),
    ("previousType", |values, out| push_text(out, values.person.wanted.clear_previous.unwrap_or_default())),
    ("exchangeGuid", |values, out| push_guid(out, values.person.wanted.exchange_guid)),
    ("exchangeGuidBytes", |values, out| push_bytes(out, values.person.wanted.exchange_guid)),
    ("archiveGuid", |values, out| push_guid(out, values.person.wanted.archive_guid)),
    ("archiveGuidBytes", |values, out| push_bytes(out, values.person.wanted.archive_guid)),
    ("external", |values, out| {
        let wanted = values.person.wanted;
        let created = wanted.create.as_ref().map(|create| &*create.external);
        push_text(out, created.or(wanted.external.as_ref().map(|external| &*external.new)).unwrap_or_default());
    }),
    ("oldExternal", |values, out| push_old(out, &values.person.wanted.external)),
    ("add", |values, out| push_list(out, values.person.wanted.add.iter().chain(&values.person.wanted.add_again))),
    ("addedAnew", |values, out| push_list(out, values.person.wanted.add.iter())),
    ("addProxies", |values, out| push_list(out, values.add_proxies.iter())),
    ("remove", |values, out| push_list(out, values.person.wanted.remove.iter())),
    ("removeProxies", |values, out| push_list(out, values.remove_proxies.iter())),
    ("primary", |values, out| push_new(out, &values.person.wanted.primary)),
    ("oldPrimary", |values, out| push_old(out, &values.person.wanted.primary)),
    ("finalPrimary", |values, out| push_text(out, values.person.wanted.final_primary.as_deref().unwrap_or_default())),
    ("upn", |values, out| push_new(out, &values.person.wanted.upn)),
    ("oldUpn", |values, out| push_old(out, &values.person.wanted.upn)),
    ("usageLocation", |values, out| push_text(out, values.person.wanted.usage_location.unwrap_or_default())),
];

fn push_guid(out: &mut Vec<u8>, guid: Option<Guid>) {
    push_text(out, guid.unwrap_or_default().encode(&mut [0; 36]));
}

fn push_bytes(out: &mut Vec<u8>, guid: Option<Guid>) {
    push_text(out, &base64::engine::general_purpose::STANDARD.encode(guid.unwrap_or_default().to_bytes()));
}

fn push_new(out: &mut Vec<u8>, replace: &Option<Replace>) {
    push_text(out, replace.as_ref().map_or("", |replace| &replace.new));
}

fn push_old(out: &mut Vec<u8>, replace: &Option<Replace>) {
    push_text(out, replace.as_ref().and_then(|replace| replace.old.as_deref()).unwrap_or_default());
}

fn push_list<'t>(out: &mut Vec<u8>, texts: impl Iterator<Item = &'t Cow<'t, str>>) {
    out.push(b'[');
    for (at, text) in texts.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_text(out, text);
    }
    out.push(b']');
}

/// The operations of every shape that was met.
#[derive(Default)]
pub(super) struct Forms(Mutex<HashMap<Shape, Arc<[Form]>>>);

impl Forms {
    fn of(&self, setup: &Setup, shape: &Shape) -> Arc<[Form]> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(forms) = known.get(shape) {
            return forms.clone();
        }
        let operations = if shape.synced { on_premises::operations(setup, shape) } else { cloud::operations(setup, shape) };
        let forms: Arc<[Form]> = operations.iter().map(|operation| Form::new(operation, VALUES.iter().map(|(name, _)| *name))).collect();
        known.insert(*shape, forms.clone());
        forms
    }

    /// Appends the lines of one person and says how many they are.
    pub fn write(&self, setup: &Setup, person: &Person, operations: &mut Body, counted: &mut Counted) -> u64 {
        let wanted = person.wanted;
        let (object, (add_proxies, remove_proxies)) = match &person.ad_user {
            Some(ad_user) => (on_premises::identity(ad_user), addresses(wanted)),
            None => Default::default(),
        };
        let values = Values { person, object, add_proxies, remove_proxies };
        let replaces = |replace: &Option<Replace>| replace.as_ref().map(|replace| replace.old.is_some());
        let shape = Shape {
            synced: person.ad_user.is_some(),
            create: wanted.create.is_some(),
            display_name: wanted.create.as_ref().is_some_and(|create| !create.display_name.is_empty()),
            clear_previous: wanted.clear_previous.is_some(),
            exchange_guid: wanted.exchange_guid.is_some(),
            archive_guid: wanted.archive_guid.is_some(),
            add: !wanted.add.is_empty(),
            add_again: wanted.add_again.is_some(),
            remove: !wanted.remove.is_empty(),
            primary: replaces(&wanted.primary),
            final_primary: wanted.final_primary.is_some(),
            external: replaces(&wanted.external),
            upn: replaces(&wanted.upn),
            raise_quota: wanted.raise_quota,
            licence: wanted.licence,
            usage_location: wanted.usage_location.is_some(),
            add_proxies: !values.add_proxies.is_empty(),
            remove_proxies: !values.remove_proxies.is_empty(),
        };
        let at = counted.0.iter().position(|(known, ..)| *known == shape).unwrap_or_else(|| {
            counted.0.push((shape, self.of(setup, &shape), 0));
            counted.0.len() - 1
        });
        let (_, forms, people) = &mut counted.0[at];
        *people += 1;
        // `<item>/<source identity>/<step>`: the same in every plan of the same inputs.
        let mut head = b"{\"id\":".to_vec();
        push_text(&mut head, &[ITEM, "/", person.source, "/"].concat());
        head.pop();
        for form in forms.iter() {
            let out = operations.begin();
            out.extend_from_slice(&head);
            out.extend_from_slice(form.step.as_bytes());
            out.extend_from_slice(b"\",\"form\":\"");
            out.extend_from_slice(form.name.as_bytes());
            out.push(b'"');
            for value in &form.values {
                let (name, write) = VALUES[*value];
                out.extend_from_slice(b",\"");
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b"\":");
                write(&values, out);
            }
            out.push(b'}');
        }
        forms.len() as u64
    }
}

/// How many people of a block have each shape: a handful, so they are looked through.
#[derive(Default)]
pub(super) struct Counted(Vec<(Shape, Arc<[Form]>, u64)>);

impl Counted {
    /// Puts what was counted into a summary.
    pub fn add_to(self, summary: &mut Summary) {
        for (_, forms, people) in self.0 {
            forms.iter().for_each(|form| summary.count(form, people));
        }
    }
}
