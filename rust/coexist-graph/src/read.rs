//! Reading a tenant, kind by kind, page by page, into whatever keeps it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::engine::Engine;
use crate::fault::{Fault, GraphError};
use crate::quota::relative;
use crate::transport::Method;

/// How far a kind has been read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Position {
    /// Nothing of it is kept.
    #[default]
    Begin,
    /// Up to here; what it means is the reader's.
    At(String),
    /// All of it.
    Done,
}

/// What a reading of a kind gives, and where the next one goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Round {
    /// Only what changed since what is kept was read; otherwise everything.
    pub changes: bool,
    /// The delta link that will tell what changes after this reading, from the version on.
    pub link: Option<String>,
}

/// In an object of a round of changes: it is no longer there.
pub const REMOVED: &str = "@removed";

/// The properties of an object, each value as it came.
pub type Members = BTreeMap<String, Box<RawValue>>;

/// What keeps the objects of one reading.
pub trait Sink {
    /// Why something could not be kept.
    type Error;

    /// How far the kind was read by an earlier run.
    fn position(&self, kind: &str) -> Position;

    /// Takes objects, each one JSON object. They count only once they are marked.
    ///
    /// # Errors
    /// When they cannot be kept.
    fn add(&mut self, kind: &str, objects: &[Cow<'_, str>]) -> Result<(), Self::Error>;

    /// Makes durable what was added, together with the position behind it.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn mark(&mut self, kind: &str, position: Position) -> Result<(), Self::Error>;

    /// Drops everything of the kind: it is read anew.
    ///
    /// # Errors
    /// When it cannot be dropped.
    fn restart(&mut self, kind: &str) -> Result<(), Self::Error>;

    /// The delta link that an earlier reading left with what is kept of the kind; none where that was changed since, or read with other properties.
    fn delta(&self, kind: &str) -> Option<String>;

    /// What the reading under way gives.
    fn round(&self, kind: &str) -> Round;

    /// Says what the reading gives; durable with the next mark.
    fn set_round(&mut self, kind: &str, round: Round);

    /// Tells how many objects of the kind there are by now, and of how many.
    fn progress(&self, kind: &str, total: Option<u64>);
}

/// Why a reading ended early.
#[derive(Debug)]
pub enum ReadError<E> {
    /// Graph did not give it.
    Graph(Box<GraphError>),
    /// It could not be kept.
    Sink(E),
    /// There is no such kind, or no such property of it.
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
}

impl<E> From<GraphError> for ReadError<E> {
    fn from(error: GraphError) -> Self {
        ReadError::Graph(Box::new(error))
    }
}

/// What is worth knowing about a reading that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Stable; `SignInActivityUnavailable`, `ListRestarted`, `DeltaExpired`, `MembersNotReadable`.
    pub code: &'static str,
    /// The kind, or the object of it.
    pub target: String,
    /// What it means.
    pub message: String,
}

/// One list or object of Graph that a kind is made of.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    /// The kind of a snapshot that it goes to.
    pub kind: &'static str,
    /// Its path in the version of the engine.
    pub path: &'static str,
    /// What is asked of each object. Always said: what Graph gives by itself is neither all nor always the same.
    pub select: &'static [&'static str],
    /// What belongs to the kind.
    pub filter: Option<&'static str>,
    /// Which navigation properties come along.
    pub expand: Option<&'static str>,
    /// The row of the table of sizes that says how large a page may be; none where it is no list, or one that takes no `$top`.
    pub page: Option<&'static str>,
    /// Where the number of objects is told.
    pub count: Option<&'static str>,
    /// The function that tells what changed.
    pub delta: Option<&'static str>,
    shape: Shape,
}

/// What becomes of an object of Graph in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// It stays as it is.
    Graph,
    /// It gets the names that Exchange's cmdlets give the same things.
    Recipient,
    /// One object; it is told from its neighbours by this name.
    Single(&'static str),
    /// It is told from its neighbours by one of its properties.
    Named(&'static str),
}

const USER: &[&str] = &[
    "accountEnabled", "assignedLicenses", "assignedPlans", "createdDateTime", "displayName", "externalUserState", "id", "mail", "onPremisesImmutableId",
    "onPremisesSyncEnabled", "onPremisesUserPrincipalName", "otherMails", "proxyAddresses", "usageLocation", "userPrincipalName", "userType",
];
const GUEST: &[&str] = &[
    "accountEnabled", "companyName", "createdDateTime", "creationType", "displayName", "externalUserState", "externalUserStateChangeDateTime", "id",
    "identities", "mail", "onPremisesSyncEnabled", "otherMails", "proxyAddresses", SIGN_IN_ACTIVITY, "userPrincipalName", "userType",
];
const GROUP: &[&str] = &[
    "createdDateTime", "description", "displayName", "groupTypes", "id", "isAssignableToRole", "mail", "mailEnabled", "mailNickname", "membershipRule",
    "onPremisesSyncEnabled", "proxyAddresses", "securityEnabled", "visibility",
];
const CONTACT: &[&str] = &["companyName", "displayName", "givenName", "id", "mail", "mailNickname", "onPremisesSyncEnabled", "proxyAddresses", "surname"];
const SKU: &[&str] = &["appliesTo", "capabilityStatus", "consumedUnits", "id", "prepaidUnits", "servicePlans", "skuId", "skuPartNumber"];
const ACCESS: &[&str] = &[
    "automaticUserConsentSettings", "b2bCollaborationInbound", "b2bCollaborationOutbound", "b2bDirectConnectInbound", "b2bDirectConnectOutbound",
    "inboundTrust", "isServiceDefault", "tenantRestrictions",
];
const PARTNER: &[&str] = &[
    "automaticUserConsentSettings", "b2bCollaborationInbound", "b2bCollaborationOutbound", "b2bDirectConnectInbound", "b2bDirectConnectOutbound",
    "inboundTrust", "isInMultiTenantOrganization", "isServiceProvider", "tenantId", "tenantRestrictions",
];
const SIGN_IN_ACTIVITY: &str = "signInActivity";

/// Properties whose changes no delta query tells: <https://learn.microsoft.com/graph/api/user-delta>, and what is kept outside the directory.
const UNTRACKED: [&str; 2] = [SIGN_IN_ACTIVITY, "licenseAssignmentStates"];

const LIST: Resource = Resource { kind: "", path: "", select: &["id"], filter: None, expand: None, page: Some("page"), count: None, delta: None, shape: Shape::Graph };

/// Everything that the kinds are read from, in the order of the kinds.
pub const RESOURCES: [Resource; 10] = [
    Resource { kind: "users", path: "/users", select: USER, count: Some("/users/$count"), delta: Some("/users/delta()"), ..LIST },
    Resource { kind: "guests", path: "/users", select: GUEST, filter: Some("userType eq 'Guest'"), page: Some("pageWithSignInActivity"), count: Some("/users/$count"), ..LIST },
    Resource { kind: "groups", path: "/groups", select: GROUP, delta: Some("/groups/delta()"), shape: Shape::Recipient, ..LIST },
    Resource { kind: "members", path: "/groups", ..LIST },
    Resource { kind: "members", path: "/groups/{group-id}/members", ..LIST },
    Resource { kind: "orgContacts", path: "/contacts", select: CONTACT, count: Some("/contacts/$count"), delta: Some("/contacts/delta()"), ..LIST },
    Resource { kind: "licences", path: "/subscribedSkus", select: SKU, page: None, ..LIST },
    Resource { kind: "policy", path: "/policies/crossTenantAccessPolicy", select: &["allowedCloudEndpoints", "displayName", "id"], page: None, shape: Shape::Single("crossTenantAccessPolicy"), ..LIST },
    Resource { kind: "policy", path: "/policies/crossTenantAccessPolicy/default", select: ACCESS, page: None, shape: Shape::Single("crossTenantAccessPolicy/default"), ..LIST },
    Resource {
        kind: "policy",
        path: "/policies/crossTenantAccessPolicy/partners",
        select: PARTNER,
        expand: Some("identitySynchronization"),
        page: None,
        shape: Shape::Named("tenantId"),
        ..LIST
    },
];

/// The kinds that can be read, in the order in which they are.
pub fn kinds() -> Vec<&'static str> {
    let mut kinds: Vec<_> = RESOURCES.iter().map(|resource| resource.kind).collect();
    kinds.dedup();
    kinds
}

/// The kinds of which further properties may be asked, with the type of Graph whose properties they are.
pub const EXTENSIBLE: [(&str, &str); 4] = [("users", "user"), ("guests", "user"), ("groups", "group"), ("orgContacts", "orgContact")];

/// The kinds of one reading, and which properties are asked for besides their own.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    kinds: Vec<&'static str>,
    more: Vec<String>,
}

#[derive(Deserialize)]
struct Types {
    types: BTreeMap<String, BTreeMap<String, String>>,
}

impl Reading {
    /// A reading of these kinds.
    ///
    /// # Errors
    /// [`ReadError::Unknown`] for a kind that is not read here, and for a property that no kind of the reading has.
    pub fn new<E>(wanted: &[String], more: &[String]) -> Result<Self, ReadError<E>> {
        let known = kinds();
        let find = |name: &String| known.iter().copied().find(|kind| kind.eq_ignore_ascii_case(name)).ok_or_else(|| unknown(name, known.clone()));
        let mut chosen = wanted.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        chosen.sort_by_key(|kind| known.iter().position(|known| known == kind));
        chosen.dedup();
        let mut reading = Self { kinds: chosen, more: Vec::new() };
        for name in more {
            let spelt = reading.kinds.iter().find_map(|kind| property(kind, name));
            match spelt {
                Some(spelt) => reading.more.push(spelt),
                None => return Err(unknown(name, reading.kinds.iter().copied().filter(|kind| EXTENSIBLE.iter().any(|(known, _)| known == kind)).collect())),
            }
        }
        Ok(reading)
    }

    /// Its kinds, in the order in which they are read.
    pub fn kinds(&self) -> &[&'static str] {
        &self.kinds
    }

    /// What makes one reading go on where another stopped: the same words, the same requests.
    pub fn fingerprint(&self) -> String {
        let first = |kind: &&str| RESOURCES.iter().filter(|resource| resource.kind == *kind).map(|resource| resource.call_path(&self.more_of(kind), 999)).collect::<Vec<_>>().join(" ");
        self.kinds.iter().map(first).collect::<Vec<_>>().join("\n")
    }

    /// The properties of a kind whose changes Graph tells; none where it does not.
    pub fn tracked(&self, kind: &str) -> Option<String> {
        let resource = RESOURCES.iter().find(|resource| resource.kind == kind && resource.delta.is_some())?;
        let select = resource.select(&self.more_of(kind));
        (!select.split(',').any(|name| UNTRACKED.contains(&name))).then_some(select)
    }

    /// What stands for a property that Graph leaves out of an object of [`Reading::tracked`], under its name in a snapshot: a delta query leaves out what
    /// was never set, where a list says null.
    pub fn unset(&self, kind: &str) -> Vec<(String, &'static str)> {
        let Some(resource) = RESOURCES.iter().find(|resource| resource.kind == kind) else { return Vec::new() };
        let types: Types = crate::data::parse("graph-requests.json", include_str!("../../../data/graph-requests.json"));
        let of = EXTENSIBLE.iter().find(|(known, _)| *known == kind).and_then(|(_, of)| types.types.get(*of));
        let value = |name: &str| match of.and_then(|of| of.get(name)) {
            Some(of) if of.starts_with("Collection(") => "[]",
            _ if resource.shape == Shape::Recipient && name == ON_PREMISES_SYNC => "false",
            _ => "null",
        };
        let name = |name: &str| match resource.shape {
            Shape::Recipient => RECIPIENT_NAMES.iter().find(|(graph, _)| *graph == name).map_or(name, |(_, exchange)| exchange).to_owned(),
            _ => name.to_owned(),
        };
        resource.select(&self.more_of(kind)).split(',').map(|graph| (name(graph), value(graph))).collect()
    }

    fn more_of(&self, kind: &str) -> Vec<String> {
        self.more.iter().filter_map(|name| property(kind, name)).collect()
    }
}

fn unknown<E>(name: &str, known: Vec<&'static str>) -> ReadError<E> {
    ReadError::Unknown { name: name.to_owned(), known }
}

/// A property of a kind under Graph's own spelling.
fn property(kind: &str, name: &str) -> Option<String> {
    let of = EXTENSIBLE.iter().find(|(known, _)| *known == kind)?.1;
    let types: Types = crate::data::parse("graph-requests.json", include_str!("../../../data/graph-requests.json"));
    types.types.get(of)?.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned()
}

impl Resource {
    /// The names that are asked for; those of `more` that are asked already are not asked twice.
    fn select(&self, more: &[String]) -> String {
        let mut select: Vec<&str> = self.select.to_vec();
        select.extend(more.iter().map(String::as_str).filter(|name| !self.select.contains(name)));
        select.join(",")
    }

    /// The path with its query.
    fn call_path(&self, more: &[String], top: usize) -> String {
        let mut query = format!("$select={}", self.select(more));
        if let Some(filter) = self.filter {
            query += &format!("&$filter={}", filter.replace(' ', "%20"));
        }
        if let Some(expand) = self.expand {
            query += &format!("&$expand={expand}");
        }
        if self.page.is_some() {
            query += &format!("&$top={top}");
        }
        format!("{}?{query}", self.path)
    }

    fn first(&self, reading: &Reading, engine: &Engine) -> Call {
        let more = reading.more_of(self.kind);
        // The smaller pages are for signInActivity alone, wherever it is asked for.
        let activity = self.select.contains(&SIGN_IN_ACTIVITY) || more.iter().any(|name| name == SIGN_IN_ACTIVITY);
        let size = if activity { "pageWithSignInActivity" } else { "page" };
        Call::get(self.call_path(&more, engine.options().quotas.size(size)))
    }
}

/// Asks for a delta link alone: what changes from now on.
fn latest_path(delta: &str, select: &str) -> String {
    format!("{delta}?$select={select}&$deltatoken=latest")
}

/// Every first request that a reading sends, for comparison with what Graph takes: method, path template, query.
pub fn emitted() -> Vec<(Method, &'static str, String)> {
    let paged = RESOURCES.iter().map(|resource| (Method::Get, resource.path, resource.call_path(&[], 999)));
    let counts = RESOURCES.iter().filter_map(|resource| Some((Method::Get, resource.count?, count_path(resource)?)));
    let deltas = RESOURCES.iter().filter_map(|resource| Some((Method::Get, resource.delta?, latest_path(resource.delta?, &resource.select(&[])))));
    paged.chain(counts).chain(deltas).chain([(Method::Post, "/$batch", "/$batch".to_owned()), (Method::Get, "/organization", TENANT.to_owned())]).collect()
}

fn count_path(resource: &Resource) -> Option<String> {
    let filter = resource.filter.map(|filter| format!("?$filter={}", filter.replace(' ', "%20"))).unwrap_or_default();
    Some(format!("{}{filter}", resource.count?))
}

/// A page, its objects as they came.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
    #[serde(rename = "@odata.nextLink", borrow, default)]
    next: Option<Cow<'a, str>>,
    #[serde(rename = "@odata.deltaLink", borrow, default)]
    delta: Option<Cow<'a, str>>,
}

fn page<'a>(body: &'a [u8], call: &Call) -> Result<Page<'a>, GraphError> {
    serde_json::from_slice(body).map_err(|cause| {
        let mut error = GraphError::new(Fault::AnswerNotUnderstood, call);
        error.detail = cause.to_string();
        error
    })
}

/// Who the tenant behind a connection is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantIdentity {
    /// Its GUID.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Its verified domains.
    #[serde(default)]
    pub verified_domains: Vec<VerifiedDomain>,
}

/// One verified domain of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedDomain {
    /// `contoso.com`.
    pub name: String,
    /// The tenant's own `….onmicrosoft.com`.
    #[serde(default)]
    pub is_initial: bool,
}

const TENANT: &str = "/organization?$select=displayName,id,verifiedDomains";

/// Asks the tenant who it is.
///
/// # Errors
/// What Graph refused; [`Fault::AnswerNotUnderstood`].
pub async fn tenant(engine: &Engine) -> Result<TenantIdentity, GraphError> {
    #[derive(Deserialize)]
    struct List {
        value: Vec<TenantIdentity>,
    }
    let call = Call::get(TENANT);
    let answer = engine.send(call.clone()).await?;
    let list: Option<List> = serde_json::from_slice(&answer.body).ok();
    list.and_then(|list| list.value.into_iter().next()).ok_or_else(|| GraphError::new(Fault::AnswerNotUnderstood, &call))
}

/// Groups whose members are asked for between two marks.
const GROUPS_AT_ONCE: usize = 2000;

/// How often a list is begun anew because the service forgot where it was.
const RESTARTS: u32 = 5;

/// Reads everything of a reading into a sink, all kinds at the same time. What an earlier run marked is not read again.
///
/// # Errors
/// The first error of any kind ends the reading; what was marked by then stays marked.
pub async fn read<S: Sink>(engine: &Engine, reading: &Reading, sink: &mut S) -> Result<Vec<Note>, ReadError<S::Error>> {
    let reader = Reader { engine, reading, sink: Mutex::new(sink), notes: Mutex::new(Vec::new()) };
    futures_util::future::try_join_all(reading.kinds.iter().map(|kind| reader.kind(kind))).await?;
    Ok(reader.notes.into_inner().unwrap_or_else(PoisonError::into_inner))
}

struct Reader<'r, S> {
    engine: &'r Engine,
    reading: &'r Reading,
    sink: Mutex<&'r mut S>,
    notes: Mutex<Vec<Note>>,
}

impl<'r, S: Sink> Reader<'r, S> {
    fn sink(&self) -> MutexGuard<'_, &'r mut S> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, code: &'static str, target: &str, message: &str) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(Note { code, target: target.to_owned(), message: message.to_owned() });
    }

    async fn kind(&self, kind: &'static str) -> Result<(), ReadError<S::Error>> {
        if self.sink().position(kind) == Position::Done {
            return Ok(());
        }
        let resources: Vec<&Resource> = RESOURCES.iter().filter(|resource| resource.kind == kind).collect();
        match resources.as_slice() {
            [one] => self.list(one).await,
            _ if kind == "members" => self.members(kind, resources[0], resources[1]).await,
            several => self.small(kind, several).await,
        }
    }

    /// A list of any length.
    async fn list(&self, resource: &Resource) -> Result<(), ReadError<S::Error>> {
        let kind = resource.kind;
        let first = resource.first(self.reading, self.engine);
        let (position, mut round, delta) = {
            let sink = self.sink();
            (sink.position(kind), sink.round(kind), sink.delta(kind).filter(|link| is_delta_of(resource, link)))
        };
        let mut restarts = 0;
        let begun = match (position, delta) {
            (Position::At(link), _) => Call::get(link),
            (_, Some(link)) => {
                round = Round { changes: true, link: None };
                Call::get(link)
            }
            _ => {
                round = Round { changes: false, link: self.latest(resource).await };
                first.clone()
            }
        };
        self.sink().set_round(kind, round.clone());
        let total = if round.changes { None } else { self.count(resource).await };
        let mut call = begun;
        let mut answer = self.engine.send(call.clone()).await;
        loop {
            let body = match answer {
                Ok(answer) => answer.body,
                Err(error) if round.changes && matches!(error.fault(), Fault::PageGone | Fault::RequestRefused | Fault::ObjectNotFound) => {
                    round = Round { changes: false, link: self.latest(resource).await };
                    {
                        let mut sink = self.sink();
                        sink.restart(kind).map_err(ReadError::Sink)?;
                        sink.set_round(kind, round.clone());
                    }
                    self.note("DeltaExpired", kind, &format!("Graph no longer tells what changed of {kind} since they were last read, so all were read anew: {error}"));
                    call = first.clone();
                    answer = self.engine.send(call.clone()).await;
                    continue;
                }
                Err(error) if error.fault() == Fault::PageGone && restarts < RESTARTS => {
                    restarts += 1;
                    {
                        let mut sink = self.sink();
                        sink.restart(kind).map_err(ReadError::Sink)?;
                        sink.set_round(kind, round.clone());
                    }
                    self.note("ListRestarted", kind, "the service no longer knew where the list was interrupted, so it was read from its beginning");
                    call = first.clone();
                    answer = self.engine.send(call.clone()).await;
                    continue;
                }
                Err(error) if is_without_premium(&error) && call.path.contains(SIGN_IN_ACTIVITY) => {
                    self.note("SignInActivityUnavailable", kind, "the tenant has no licence of Entra ID P1 or P2, so signInActivity was not read and is unknown");
                    call = Call::get(call.path.replace(&format!(",{SIGN_IN_ACTIVITY}"), ""));
                    answer = self.engine.send(call.clone()).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let page = page(&body, &call)?;
            let keep = async {
                let each = if round.changes { change } else { shape };
                let objects: Vec<Cow<str>> = page.value.iter().map(|object| each(object, resource.shape)).collect();
                let mut sink = self.sink();
                sink.add(kind, &objects).map_err(ReadError::Sink)?;
                if round.changes && page.next.is_none() {
                    sink.set_round(kind, Round { changes: true, link: page.delta.as_deref().map(|link| relative(link).to_owned()) });
                }
                let position = page.next.as_ref().map_or(Position::Done, |next| Position::At(next.to_string()));
                sink.mark(kind, position).map_err(ReadError::Sink)?;
                sink.progress(kind, total);
                Ok::<(), ReadError<S::Error>>(())
            };
            match &page.next {
                None => return keep.await,
                Some(next) => {
                    let following = Call::get(next.as_ref());
                    // The next page is on its way while this one is written.
                    let (coming, kept) = futures_util::future::join(self.engine.send(following.clone()), keep).await;
                    kept?;
                    (call, answer) = (following, coming);
                }
            }
        }
    }

    /// The link that will tell what changes from now on. It is asked for before the list is read: what changes meanwhile is then told twice and not lost.
    /// The list itself is no initial round of a delta query, which leaves out what was never set. Without the link the next reading reads everything.
    async fn latest(&self, resource: &Resource) -> Option<String> {
        let select = self.reading.tracked(resource.kind)?;
        let call = Call::get(latest_path(resource.delta?, &select));
        let answer = self.engine.send(call.clone()).await.ok()?;
        let link = page(&answer.body, &call).ok()?.delta.map(|link| relative(&link).to_owned())?;
        Some(link).filter(|link| is_delta_of(resource, link))
    }

    /// How many there are, for the progress alone.
    async fn count(&self, resource: &Resource) -> Option<u64> {
        // $count and what filters by more than the ordinary index want the eventual kind of consistency.
        let call = Call::get(count_path(resource)?).with_header("ConsistencyLevel", "eventual");
        let answer = self.engine.send(call).await.ok()?;
        String::from_utf8_lossy(&answer.body).trim_start_matches('\u{feff}').trim().parse().ok()
    }

    /// Some objects and short lists, kept together.
    async fn small(&self, kind: &str, resources: &[&Resource]) -> Result<(), ReadError<S::Error>> {
        let mut objects: Vec<Cow<str>> = Vec::new();
        for resource in resources {
            let mut call = resource.first(self.reading, self.engine);
            loop {
                let answer = self.engine.send(call.clone()).await?;
                if matches!(resource.shape, Shape::Single(_)) {
                    let raw: &RawValue = serde_json::from_slice(&answer.body).map_err(|_| GraphError::new(Fault::AnswerNotUnderstood, &call))?;
                    objects.push(Cow::Owned(shape(raw, resource.shape).into_owned()));
                    break;
                }
                let page = page(&answer.body, &call)?;
                objects.extend(page.value.iter().map(|object| Cow::Owned(shape(object, resource.shape).into_owned())));
                match page.next {
                    Some(next) => call = Call::get(next.into_owned()),
                    None => break,
                }
            }
        }
        let mut sink = self.sink();
        sink.add(kind, &objects).map_err(ReadError::Sink)?;
        sink.mark(kind, Position::Done).map_err(ReadError::Sink)?;
        sink.progress(kind, None);
        Ok(())
    }

    /// The members of all groups, many groups in one batch.
    async fn members(&self, kind: &'static str, groups: &Resource, members: &Resource) -> Result<(), ReadError<S::Error>> {
        let after = match self.sink().position(kind) {
            Position::At(id) => id,
            _ => String::new(),
        };
        let mut ids = self.ids(groups).await?;
        ids.sort_unstable();
        ids.retain(|id| *id > after);
        let query = members.first(self.reading, self.engine).path;
        for some in ids.chunks(GROUPS_AT_ONCE) {
            let mut open: Vec<(&str, Call)> = some.iter().map(|id| (id.as_str(), Call::get(query.replace("{group-id}", id)))).collect();
            while !open.is_empty() {
                let (mut following, mut failed, mut hidden) = (Vec::new(), None, Vec::new());
                let sequences = open.iter().map(|(_, call)| vec![call.clone()]).collect();
                let each = |place: usize, _: usize, outcome: Result<crate::call::Answer, GraphError>| {
                    let (group, call) = &open[place];
                    match outcome {
                        Ok(answer) => match self.keep_members(kind, group, call, &answer.body) {
                            Ok(Some(next)) => following.push((*group, Call::get(next))),
                            Ok(None) => {}
                            Err(error) => failed = Some(error),
                        },
                        // Deleted since the groups were listed.
                        Err(error) if error.fault() == Fault::ObjectNotFound => {}
                        // Some groups hide their members from almost everybody.
                        Err(error) if error.fault() == Fault::PermissionDenied => hidden.push((*group, error)),
                        Err(error) => failed = Some(error.into()),
                    }
                };
                self.engine.run(sequences, each).await?;
                if let Some(error) = failed {
                    return Err(error);
                }
                // Where none may be read, it is the sign-in and not the group.
                let all = hidden.len() == open.len();
                for (group, error) in hidden {
                    if all {
                        return Err(error.into());
                    }
                    self.note("MembersNotReadable", group, &format!("the members of the group {group} were not read and are left out: {error}"));
                }
                open = following;
            }
            let mut sink = self.sink();
            if let Some(last) = some.last() {
                sink.mark(kind, Position::At(last.clone())).map_err(ReadError::Sink)?;
            }
            sink.progress(kind, None);
        }
        self.sink().mark(kind, Position::Done).map_err(ReadError::Sink)
    }

    fn keep_members(&self, kind: &str, group: &str, call: &Call, body: &[u8]) -> Result<Option<String>, ReadError<S::Error>> {
        #[derive(Deserialize)]
        struct Member<'a> {
            #[serde(borrow)]
            id: Cow<'a, str>,
            #[serde(rename = "@odata.type", borrow, default)]
            of: Option<Cow<'a, str>>,
        }
        let page = page(body, call)?;
        let mut objects = Vec::with_capacity(page.value.len());
        for member in &page.value {
            let member: Member = serde_json::from_str(member.get()).map_err(|_| GraphError::new(Fault::AnswerNotUnderstood, call))?;
            let of = member.of.as_deref().map(|of| of.trim_start_matches("#microsoft.graph.").to_owned());
            let line = serde_json::json!({"ExternalDirectoryObjectId": member.id, "Group": group, "ObjectType": of});
            objects.push(Cow::Owned(line.to_string()));
        }
        self.sink().add(kind, &objects).map_err(ReadError::Sink)?;
        Ok(page.next.map(|next| relative(&next).to_owned()))
    }

    async fn ids(&self, groups: &Resource) -> Result<Vec<String>, GraphError> {
        #[derive(Deserialize)]
        struct Id {
            id: String,
        }
        let mut ids = Vec::new();
        let mut call = groups.first(self.reading, self.engine);
        let mut restarts = 0;
        loop {
            let answer = match self.engine.send(call.clone()).await {
                Err(error) if error.fault() == Fault::PageGone && restarts < RESTARTS => {
                    restarts += 1;
                    ids.clear();
                    call = groups.first(self.reading, self.engine);
                    continue;
                }
                answer => answer?,
            };
            let page = page(&answer.body, &call)?;
            for object in &page.value {
                let Id { id } = serde_json::from_str(object.get()).map_err(|_| GraphError::new(Fault::AnswerNotUnderstood, &call))?;
                ids.push(id);
            }
            match page.next {
                Some(next) => call = Call::get(next.into_owned()),
                None => return Ok(ids),
            }
        }
    }
}

fn is_without_premium(error: &GraphError) -> bool {
    error.reason.as_deref().is_some_and(|reason| reason.starts_with("Authentication_RequestFromNonPremiumTenant"))
}

/// A link comes from a file that anybody may have edited: it leads to the resource's own delta function, or it is not followed.
fn is_delta_of(resource: &Resource, link: &str) -> bool {
    let path = link.split('?').next().unwrap_or_default();
    let function = path.strip_prefix(resource.path).and_then(|rest| rest.strip_prefix('/'));
    function.is_some_and(|function| ["delta", "delta()", "microsoft.graph.delta", "microsoft.graph.delta()"].contains(&function))
}

const ON_PREMISES_SYNC: &str = "onPremisesSyncEnabled";

/// Graph's names for what Exchange's cmdlets emit, too.
const RECIPIENT_NAMES: [(&str, &str); 6] = [
    ("id", "ExternalDirectoryObjectId"),
    ("displayName", "DisplayName"),
    ("mail", "PrimarySmtpAddress"),
    ("mailNickname", "Alias"),
    ("proxyAddresses", "EmailAddresses"),
    (ON_PREMISES_SYNC, "IsDirSynced"),
];

fn shape<'a>(object: &'a RawValue, shape: Shape) -> Cow<'a, str> {
    if shape == Shape::Graph {
        return Cow::Borrowed(object.get());
    }
    // RawValue is JSON; that it is an object, the sink judges.
    let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(object.get()) else { return Cow::Borrowed(object.get()) };
    match shape {
        Shape::Graph => {}
        Shape::Recipient => {
            for (graph, exchange) in RECIPIENT_NAMES {
                if let Some(value) = members.remove(graph) {
                    // Graph says null about what was never synchronized.
                    let value = if graph == ON_PREMISES_SYNC && value.is_null() { Value::Bool(false) } else { value };
                    members.insert(exchange.to_owned(), value);
                }
            }
            if let Some(of) = recipient_type(&members) {
                members.insert("RecipientTypeDetails".to_owned(), of.into());
            }
        }
        Shape::Single(name) => {
            members.retain(|name, _| !name.starts_with("@odata."));
            members.insert("Identity".to_owned(), name.into());
        }
        Shape::Named(property) => {
            let name = members.get(property).cloned().unwrap_or_default();
            members.insert("Identity".to_owned(), name);
        }
    }
    Cow::Owned(Value::Object(members).to_string())
}

/// An object of a round of changes: what it has replaces what is kept of it, the rest stays. What depends on several properties waits for [`complete`].
fn change<'a>(object: &'a RawValue, shape: Shape) -> Cow<'a, str> {
    let Ok(mut members) = serde_json::from_str::<Members>(object.get()) else { return Cow::Borrowed(object.get()) };
    let removed = members.remove_entry(REMOVED);
    members.retain(|name, _| !name.contains('@') && (removed.is_none() || name == "id"));
    if shape == Shape::Recipient {
        for (graph, exchange) in RECIPIENT_NAMES {
            if let Some(value) = members.remove(graph) {
                let value = if graph == ON_PREMISES_SYNC && value.get() == "null" { raw("false") } else { value };
                members.insert(exchange.to_owned(), value);
            }
        }
    }
    members.extend(removed);
    // Names and values that were JSON are JSON.
    serde_json::to_string(&members).map_or(Cow::Borrowed(object.get()), Cow::Owned)
}

fn raw(json: &'static str) -> Box<RawValue> {
    serde_json::value::to_raw_value(&serde_json::from_str::<Value>(json).unwrap_or_default()).unwrap_or_default()
}

/// Makes of a kept object with its changes what a list would have given; `unset` is [`Reading::unset`].
pub fn complete(kind: &str, members: &mut Members, unset: &[(String, &'static str)], is_new: bool) {
    for (name, value) in unset.iter().filter(|(name, _)| is_new && !members.contains_key(name)).collect::<Vec<_>>() {
        members.insert(name.clone(), raw(value));
    }
    if RESOURCES.iter().any(|resource| resource.kind == kind && resource.shape == Shape::Recipient) {
        let of = ["mailEnabled", "groupTypes", "securityEnabled"];
        let told = of.iter().filter_map(|name| Some(((*name).to_owned(), serde_json::from_str(members.get(*name)?.get()).ok()?))).collect();
        members.remove("RecipientTypeDetails");
        if let Some(of) = recipient_type(&told).and_then(|of| serde_json::value::to_raw_value(of).ok()) {
            members.insert("RecipientTypeDetails".to_owned(), of);
        }
    }
}

/// What Exchange calls a group; nothing where it is none of Exchange's.
fn recipient_type(group: &Map<String, Value>) -> Option<&'static str> {
    let is = |name: &str| group.get(name).and_then(Value::as_bool) == Some(true);
    let unified = group.get("groupTypes").and_then(Value::as_array).is_some_and(|types| types.iter().any(|name| name == "Unified"));
    match (is("mailEnabled"), unified, is("securityEnabled")) {
        (false, _, _) => None,
        (true, true, _) => Some("GroupMailbox"),
        (true, false, true) => Some("MailUniversalSecurityGroup"),
        (true, false, false) => Some("MailUniversalDistributionGroup"),
    }
}

impl<E: fmt::Display> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Graph(error) => error.fmt(f),
            ReadError::Sink(error) => error.fmt(f),
            ReadError::Unknown { name, known } => write!(f, "'{name}' cannot be read through Graph; known: {}", known.join(", ")),
        }
    }
}
