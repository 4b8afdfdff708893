//! What the jobs that talk to Graph share: the ways to it, and how its errors become the job's.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use coexist_core::problem::{Category, Problem as CoreProblem};
use coexist_core::watch::Watch;
use coexist_graph::read::ReadError;
use coexist_graph::{
    cloud, Cancel, Credential, Engine, GraphError, IdentityEndpoint, NativeTransport, Options, Problem, Request, Response, Sending, Sign, Timeouts, Token, Transport,
    TransportError,
};
use serde::Deserialize;
use serde_json::{json, Map, Value};
use zeroize::Zeroizing;

use crate::error::Failure;
use crate::job::Context;
use crate::status::*;

/// How a tenant is reached.
#[derive(Deserialize)]
#[serde(tag = "through", rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Connection {
    /// By the session of the host: each request is a question.
    Session,
    /// By this process, with an access token.
    Token {
        secret: u64,
        /// A name of `data/graph-clouds.json`, or an address of this machine.
        environment: String,
    },
    /// By this process, as an application with a secret.
    ClientSecret { secret: u64, client: String, tenant: String, environment: String },
    /// By this process, as an application with a certificate; the host signs.
    Certificate { client: String, tenant: String, environment: String },
    /// By this process, as what Azure says that it is.
    ManagedIdentity {
        #[serde(default)]
        client: Option<String>,
        environment: String,
    },
}

impl Connection {
    /// The engine over this connection.
    pub fn engine(&self, context: &Context, cancel: &Cancel) -> Result<Engine, Failure> {
        Ok(Engine::new(self.transport(context, None)?, Options::default(), cancel.clone()))
    }

    /// The way to Graph; `tenant` tells the host which of its connections is meant, where a job has several.
    pub fn transport(&self, context: &Context, tenant: Option<&str>) -> Result<Arc<dyn Transport>, Failure> {
        let named = tenant.map(String::from);
        Ok(match self {
            Connection::Session => Arc::new(Session { context: context.clone(), tenant: named }),
            Connection::Token { secret, environment } => {
                let token = Token::new(context.secrets.get(*secret)?.bytes().to_vec()).map_err(of_transport)?;
                native(environment, |_| Credential::Token(token))?
            }
            Connection::ClientSecret { secret, client, tenant, environment } => {
                let secret = Arc::new(Zeroizing::new(context.secrets.get(*secret)?.bytes().to_vec()));
                native(environment, |login| Credential::ClientSecret { login, tenant: tenant.clone(), client: client.clone(), secret })?
            }
            Connection::Certificate { client, tenant, environment } => {
                let sign = signer(context.clone(), named);
                native(environment, |login| Credential::Certificate { login, tenant: tenant.clone(), client: client.clone(), sign })?
            }
            Connection::ManagedIdentity { client, environment } => {
                let endpoint = IdentityEndpoint::of_this_process();
                native(environment, |_| Credential::ManagedIdentity { client: client.clone(), endpoint })?
            }
        })
    }
}

/// The way of this process, to the Graph of a cloud; the credential may need the cloud's sign-in.
fn native(environment: &str, credential: impl FnOnce(String) -> Credential) -> Result<Arc<dyn Transport>, Failure> {
    let cloud = cloud::find(environment).ok_or_else(|| unknown_environment(environment))?;
    let transport = NativeTransport::with_credential(&cloud.graph, credential(cloud.login), Timeouts::default());
    Ok(Arc::new(transport.map_err(of_transport)?))
}

/// Lets the host sign an assertion; what comes back is the number of a secret, spent here.
fn signer(context: Context, tenant: Option<String>) -> Sign {
    Arc::new(move |audience| {
        let refused = |cause: String| TransportError::new(Problem::SignInRefused, audience).because(&std::io::Error::other(cause));
        let answer = context.ask_with("clientAssertion", audience, json!({"audience": audience, "tenant": tenant})).map_err(|_| TransportError::new(Problem::Cancelled, audience))?;
        let number = answer["secret"].as_u64().ok_or_else(|| refused(answer["failed"].as_str().unwrap_or("not signed").to_owned()))?;
        let assertion = context.secrets.take(number).map_err(|failure| refused(failure.error.message.clone()))?;
        Ok(assertion.bytes().to_vec())
    })
}

impl Connection {
    /// The tenant that the connection itself claims to be of.
    pub fn claimed_tenant(&self, context: &Context) -> Option<String> {
        match self {
            Connection::Token { secret, .. } => Token::new(context.secrets.get(*secret).ok()?.bytes().to_vec()).ok()?.tenant_id(),
            _ => None,
        }
    }
}

fn unknown_environment(name: &str) -> Failure {
    let known: Vec<String> = cloud::clouds().into_iter().map(|cloud| cloud.name).collect();
    Failure::invalid_argument("EnvironmentUnknown", format!("'{name}' is no cloud of Microsoft; clouds: {}.", known.join(", "))).about(name)
}

/// Runs asynchronous work on the thread of a job, until it ends or the job is cancelled.
pub(super) fn block_on<T>(context: &Context, cancel: &Cancel, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    const LOOK_EVERY: Duration = Duration::from_millis(50);
    let cancelled = async {
        while !context.cancelled() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::runtime::Handle::current().block_on(async {
        tokio::select! {
            biased;
            () = cancelled => {
                cancel.cancel();
                Err(Failure::cancelled())
            }
            done = work => done,
        }
    })
}

/// Graph by the session of the host: one request at a time, its text out and its answer's text in.
struct Session {
    context: Context,
    tenant: Option<String>,
}

/// What the host says came of a request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Carried {
    /// Not there where there was no answer.
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    body: String,
    /// Why there was none.
    #[serde(default)]
    failed: Option<String>,
}

impl Session {
    fn carry(&self, request: &Request) -> Result<Response, TransportError> {
        let target = request.url.split('?').next().unwrap_or_default().to_owned();
        if request.url.contains("://") && !cloud::is_graph(&request.url) {
            return Err(TransportError::new(Problem::UrlOutsideService, target));
        }
        let headers: Map<String, Value> = request.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let body = request.body.as_deref().map(String::from_utf8_lossy);
        let mut asked = json!({"method": request.method.name(), "uri": request.url, "headers": headers, "body": body});
        if let Some(tenant) = &self.tenant {
            asked["tenant"] = tenant.as_str().into();
        }
        let label = format!("{} {target}", request.method.name());
        let answer = self.context.ask_with("graphRequest", &label, asked).map_err(|_| TransportError::new(Problem::Cancelled, &target))?;
        let broken = |cause: std::io::Error| TransportError::new(Problem::ConnectionBroken, &target).because(&cause);
        let carried: Carried = serde_json::from_value(answer).map_err(|cause| broken(std::io::Error::other(cause)))?;
        let Some(status) = carried.status else {
            return Err(broken(std::io::Error::other(carried.failed.unwrap_or_default())));
        };
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let headers = carried.headers.into_iter().map(|(name, value)| (name, text(value))).collect();
        Ok(Response { status, headers, body: carried.body.into_bytes() })
    }
}

impl Transport for Session {
    fn send<'a>(&'a self, request: &'a Request, _cancel: &'a Cancel) -> Sending<'a> {
        // The host answers on a thread of its own, and cancelling the job ends the question.
        Box::pin(async move { self.carry(request) })
    }

    fn at_once(&self) -> usize {
        1
    }
}

pub(super) fn of_transport(error: TransportError) -> Failure {
    let status = if error.problem() == Problem::Cancelled { COEXIST_CANCELLED } else { COEXIST_SERVICE };
    let mut failure = Failure::new(status, error.code(), error.category(), error.message()).about(error.target());
    failure.error.causes = error.causes().to_vec();
    failure
}

pub(super) fn of_graph(error: GraphError) -> Failure {
    let status = if error.code() == "Cancelled" { COEXIST_CANCELLED } else { COEXIST_SERVICE };
    let mut failure = Failure::new(status, error.code(), error.category(), error.message()).about(error.target());
    if let Some(transport) = &error.transport {
        failure.error.causes = transport.causes().to_vec();
    }
    failure
}

pub(super) fn of_read(error: ReadError<CoreProblem>) -> Failure {
    match error {
        ReadError::Graph(error) => of_graph(*error),
        ReadError::Sink(problem) => problem.into(),
        ReadError::Unknown { name, known } => {
            let message = format!("'{name}' cannot be read through Graph; there are: {}.", known.join(", "));
            CoreProblem::new("NotReadThroughGraph", Category::InvalidArgument, message).about(name).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine as Library;
    use crate::job::Job;

    /// Starts a job that sends one request through the session, and answers its question.
    fn carried(url: &str, answer: impl FnOnce(&Value) -> Value) -> (Option<Value>, Result<Value, Failure>) {
        let library = Library::default();
        let request = Request::get(url);
        let work = move |context: &Context| {
            let (session, cancel) = (Session { context: context.clone(), tenant: None }, Cancel::new());
            let sent = block_on(context, &cancel, async { session.send(&request, &cancel).await.map_err(of_transport) })?;
            crate::operation::encode(&json!({"status": sent.status, "header": sent.header("Retry-After"), "body": String::from_utf8_lossy(&sent.body)}))
        };
        let job = Job::start(&library, Box::new(work)).unwrap();
        let (mut asked, mut answer) = (None, Some(answer));
        loop {
            match job.wait(Duration::from_millis(200)) {
                Ok(reply) if reply.status == COEXIST_PENDING => {}
                Ok(reply) if reply.status == COEXIST_EVENT => {
                    let event: Value = serde_json::from_slice(&reply.bytes).unwrap();
                    let answer = answer.take().unwrap()(&event);
                    asked = Some(event);
                    job.answer(1, answer).unwrap();
                }
                Ok(reply) => return (asked, Ok(serde_json::from_slice(&reply.bytes).unwrap())),
                Err(failure) => return (asked, Err(failure)),
            }
        }
    }

    #[test]
    fn a_request_goes_out_as_a_question_and_its_answer_comes_back_as_text() {
        let (asked, sent) = carried("/v1.0/users?$select=id", |_| json!({"status": 429, "headers": {"retry-after": "7"}, "body": "{\"at\":\"2024-02-29T23:59:59.1234567Z\"}"}));
        let asked = asked.unwrap();
        assert_eq!((&asked["question"], &asked["target"]), (&json!("graphRequest"), &json!("GET /v1.0/users")));
        assert_eq!(asked["request"], json!({"method": "GET", "uri": "/v1.0/users?$select=id", "headers": {}, "body": null}));
        assert_eq!(sent.unwrap(), json!({"status": 429, "header": "7", "body": "{\"at\":\"2024-02-29T23:59:59.1234567Z\"}"}));
    }

    #[test]
    fn no_answer_is_a_lost_one_and_nonsense_too() {
        for answer in [json!({"failed": "no network"}), json!({"status": "x"}), json!(true), json!({"status": 200, "more": 1})] {
            let failure = carried("/v1.0/users", |_| answer).1.unwrap_err();
            assert_eq!((failure.status, failure.error.code.as_ref()), (COEXIST_SERVICE, "ConnectionBroken"));
        }
    }

    #[test]
    fn the_token_of_the_session_goes_to_graph_alone() {
        let (asked, sent) = carried("https://graph.microsoft.com.example.com/v1.0/users?$skiptoken=x", |_| json!(null));
        assert!(asked.is_none());
        assert_eq!(sent.unwrap_err().error.code, "UrlOutsideService");
        assert!(carried("https://graph.microsoft.us/v1.0/users?$skiptoken=x", |_| json!({"status": 200})).1.is_ok());
    }
}
