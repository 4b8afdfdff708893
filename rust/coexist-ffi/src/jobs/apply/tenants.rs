//! The tenants as the host's sessions, Graph and a lab show them.

use std::collections::BTreeMap;
use std::sync::Arc;

use coexist_core::apply::host::{Call as Ask, Means, Refusal, Tenants};
use coexist_core::finding::Side;
use coexist_core::plan::Surface;
use coexist_core::service_error::{self, Kind};
use coexist_graph::{Call, Cancel, Engine, Fault, GraphError, Method, Options};
use serde::Deserialize;
use serde_json::{json, Value};

use super::super::graph::{block_on, Connection};
use super::connections::Connections;
use crate::error::Failure;
use crate::job::Context;
use crate::lab::Lab;
use crate::operation::decode;
use crate::status::COEXIST_CANCELLED;

/// What plans use.
const VERSIONS: [&str; 2] = ["v1.0", "beta"];

/// How one surface of one tenant is reached.
enum Reach {
    /// The host runs its cmdlets.
    Asked { tenant: String, tenant_id: Option<String> },
    /// Graph, by this process or the host's session: an engine for each version.
    Graph(Vec<(&'static str, Engine)>),
    /// The Graph of a lab.
    Lab(Arc<Lab>),
}

/// Every surface that is reached.
pub(in super::super) struct Sessions<'c> {
    context: &'c Context,
    cancel: &'c Cancel,
    reached: BTreeMap<(Side, Surface), Reach>,
}

impl<'c> Sessions<'c> {
    pub fn new(context: &'c Context, connections: &Connections, lab: &Option<Arc<Lab>>, cancel: &'c Cancel) -> Result<Self, Failure> {
        let mut reached = BTreeMap::new();
        for (key, given) in &connections.0 {
            let reach = match lab.as_ref().filter(|_| given.lab.is_some()) {
                Some(lab) if key.1 == Surface::Graph => Reach::Lab(lab.clone()),
                None if key.1 == Surface::Graph => {
                    let connection: Connection = decode(given.connection.clone())?;
                    let transport = connection.transport(context, Some(&given.tenant))?;
                    let engine = |version| (version, Engine::new(transport.clone(), Options { version, ..Options::default() }, cancel.clone()));
                    Reach::Graph(VERSIONS.into_iter().map(engine).collect())
                }
                _ => Reach::Asked { tenant: given.tenant.clone(), tenant_id: given.tenant_id.clone() },
            };
            reached.insert(*key, reach);
        }
        Ok(Sessions { context, cancel, reached })
    }

    fn ask(&self, side: Side, surface: Surface, call: &Ask, writes: bool) -> Result<Vec<Value>, Refusal> {
        let unreachable = || Refusal::new(Means::Unreachable, "NotConnected", format!("{} is not connected in this process.", surface.name()));
        match (self.reached.get(&(side, surface)).ok_or_else(unreachable)?, call) {
            (Reach::Asked { tenant, tenant_id }, Ask::Command { name, parameters, secrets, properties }) => {
                let request = json!({
                    "tenant": tenant, "tenantId": tenant_id, "surface": surface, "name": name, "parameters": parameters,
                    "secrets": if secrets.is_null() { json!([]) } else { secrets.clone() }, "writes": writes, "properties": properties,
                });
                let answer = self.context.ask_with("command", name, request).map_err(|_| cancelled())?;
                self.answered(surface, answer)
            }
            (Reach::Graph(engines), Ask::Request { method, path, body }) => self.graph(engines, method, path, body),
            (Reach::Lab(lab), Ask::Request { method, path, body }) => {
                let (status, body) = lab.request(side, method, path, body).map_err(|problem| Refusal::new(Means::Unreachable, problem.code, problem.message))?;
                if (200..300).contains(&status) {
                    return Ok(vec![body]);
                }
                let error = &body["error"];
                Err(refusal(surface, error["code"].as_str().unwrap_or_default(), error["message"].as_str().unwrap_or_default(), of_status(status)))
            }
            _ => Err(unreachable()),
        }
    }

    /// What the host says came of a cmdlet.
    fn answered(&self, surface: Surface, answer: Value) -> Result<Vec<Value>, Refusal> {
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Answer {
            objects: Option<Vec<Value>>,
            refused: Option<Refused>,
            unreachable: Option<String>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Refused {
            id: String,
            message: String,
            exception: String,
        }
        let answer: Answer = match serde_json::from_value(answer) {
            Ok(answer) => answer,
            Err(cause) => return Err(Refusal::new(Means::Unknown, "AnswerNotUnderstood", format!("What came back is no answer of the session: {cause}."))),
        };
        if let Some(why) = answer.unreachable {
            return Err(Refusal::new(Means::Unreachable, "NotConnected", why));
        }
        if let Some(refused) = answer.refused {
            if refused.id == "TenantMismatch" {
                return Err(Refusal::new(Means::WrongTenant, "TenantMismatch", refused.message));
            }
            let id = format!("{} {}", refused.id, refused.exception);
            return Err(refusal(surface, &id, &refused.message, Means::Refused));
        }
        Ok(answer.objects.unwrap_or_default())
    }

    fn graph(&self, engines: &[(&'static str, Engine)], method: &str, path: &str, body: &Value) -> Result<Vec<Value>, Refusal> {
        let method = match method {
            "POST" => Method::Post,
            "PATCH" => Method::Patch,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            _ => Method::Get,
        };
        // An engine writes its version itself.
        let (version, path) = path.trim_start_matches('/').split_once('/').unwrap_or(("v1.0", path));
        let Some((_, engine)) = engines.iter().find(|(known, _)| *known == version) else {
            return Err(Refusal::new(Means::Refused, "GraphVersionUnknown", format!("Graph has no version '{version}'.")));
        };
        let mut call = Call::new(method, format!("/{path}"));
        if !body.is_null() {
            call = call.with_body(body.clone());
        }
        let mut failed = None;
        let sent = block_on(self.context, self.cancel, async {
            match engine.send(call).await {
                Ok(answer) => Ok(Some(answer)),
                Err(error) => {
                    failed = Some(error);
                    Ok(None)
                }
            }
        });
        match (sent, failed) {
            (Ok(Some(answer)), _) if answer.body.is_empty() => Ok(Vec::new()),
            (Ok(Some(answer)), _) => Ok(vec![answer.json()]),
            (_, Some(error)) => Err(of_graph(&error)),
            (Err(failure), _) if failure.status == COEXIST_CANCELLED => Err(cancelled()),
            // Nobody knows how far the request came.
            (Err(failure), _) => Err(Refusal::new(Means::Unknown, &failure.error.code, failure.error.message.clone())),
            (Ok(None), None) => Err(cancelled()),
        }
    }
}

impl Tenants for Sessions<'_> {
    fn reaches(&self, side: Side, surface: Surface) -> bool {
        self.reached.contains_key(&(side, surface))
    }

    fn read(&mut self, side: Side, surface: Surface, call: &Ask) -> Result<Vec<Value>, Refusal> {
        self.ask(side, surface, call, false)
    }

    fn write(&mut self, side: Side, surface: Surface, call: &Ask) -> Result<(), Refusal> {
        self.ask(side, surface, call, true).map(drop)
    }
}

fn cancelled() -> Refusal {
    Refusal::new(Means::Cancelled, "Cancelled", "stopped")
}

fn of_status(status: u16) -> Means {
    match status {
        404 => Means::NotFound,
        429 | 503 => Means::Transient,
        500..=599 => Means::Unknown,
        _ => Means::Refused,
    }
}

/// A service's error, with what the table knows of it.
fn refusal(surface: Surface, id: &str, message: &str, otherwise: Means) -> Refusal {
    let known = service_error::find(Some(surface.name()), id, message);
    let means = known.map_or(otherwise, |known| match known.kind {
        Kind::NotFound => Means::NotFound,
        Kind::Transient => Means::Transient,
        Kind::Refused => Means::Refused,
        Kind::Unknown => Means::Unknown,
    });
    let code = known.map_or_else(|| id.split([',', ' ']).next().unwrap_or_default(), |known| known.name.as_str());
    let code = if code.is_empty() { "Refused" } else { code };
    Refusal { action: known.map(|known| known.action.clone()), wait_seconds: known.and_then(|known| known.wait_seconds), ..Refusal::new(means, code, message) }
}

fn of_graph(error: &GraphError) -> Refusal {
    let means = match error.fault() {
        // So says the host, of a session that has gone over to another tenant.
        _ if error.reason.as_deref() == Some("TenantMismatch") => Means::WrongTenant,
        Fault::TokenExpired => Means::Unreachable,
        Fault::ObjectNotFound => Means::NotFound,
        Fault::Throttled => Means::Transient,
        Fault::PermissionDenied | Fault::RequestRefused | Fault::PageGone | Fault::DependencyFailed => Means::Refused,
        Fault::NotSent if error.code() == "Cancelled" => Means::Cancelled,
        Fault::NotSent => Means::Unreachable,
        _ => Means::Unknown,
    };
    if !matches!(means, Means::Refused) {
        return Refusal::new(means, error.code(), error.message());
    }
    let known = refusal(Surface::Graph, error.reason.as_deref().unwrap_or_default(), &error.detail, means);
    Refusal { message: error.message(), ..known }
}
