//! A Graph on this machine: batches, pages, quotas, lag and every trouble of the real one, with a ledger of what it did.
//!
//! It shares nothing with the engine but the types of requests: what is a batch, a cost or a window is written here once more.

#![allow(dead_code)]

pub mod keep;
pub mod memory;
pub mod server;

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{json, Value};
use tokio::time::Instant;

/// How often something goes wrong, in thousandths.
#[derive(Debug, Clone, Default)]
pub struct Troubles {
    /// One request of a batch is refused for load, with Retry-After.
    pub inner_429: u32,
    /// The same without Retry-After.
    pub inner_429_bare: u32,
    /// The whole request is refused for load.
    pub whole_429: u32,
    pub whole_429_bare: u32,
    /// 503 before anything was done.
    pub whole_503: u32,
    pub inner_503: u32,
    /// 504 after everything was done.
    pub whole_504_done: u32,
    pub inner_504_done: u32,
    /// The connection is cut before anything was done, and after.
    pub reset: u32,
    pub reset_done: u32,
    /// Half an answer, after everything was done.
    pub half: u32,
    /// An answer that takes longer than anybody waits.
    pub slow: u32,
    /// One answer of a batch comes twice, or not at all.
    pub twice: u32,
    pub missing: u32,
    /// The answers of a batch come in another order.
    pub shuffled: bool,
}

/// How much in how long.
#[derive(Debug, Clone)]
pub struct Allowance {
    pub paths: &'static str,
    pub writes_only: bool,
    pub units: u64,
    pub window: Duration,
}

#[derive(Debug, Clone)]
pub struct Config {
    pub users: usize,
    pub groups: usize,
    pub troubles: Troubles,
    pub allowances: Vec<Allowance>,
    /// How long a second of this service lasts.
    pub second: Duration,
    pub latency: Duration,
    /// How long reads do not see what was made.
    pub lag: Duration,
    /// More at once are refused.
    pub at_once: usize,
    /// After so many requests the token is no longer taken; and what the next one is.
    pub token_lives: Option<u64>,
    /// The skiptoken of this page is forgotten, once.
    pub forget_page: Option<usize>,
    /// Groups whose members nobody may read: every one, or every so-manieth.
    pub hidden: Option<usize>,
    /// Without Entra ID P1 there is no sign-in activity.
    pub premium: bool,
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        let (second, latency) = (Duration::from_secs(1), Duration::from_millis(50));
        Self {
            users: 1000,
            groups: 100,
            troubles: Troubles::default(),
            allowances: Vec::new(),
            second,
            latency,
            lag: Duration::from_secs(30),
            at_once: usize::MAX,
            token_lives: None,
            forget_page: None,
            hidden: None,
            premium: true,
            seed: 1,
        }
    }
}

/// What the service did.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// HTTP requests that came, and requests within them.
    pub requests: u64,
    pub calls: u64,
    /// Calls that were refused for load.
    pub refused: u64,
    /// How often a call came that had been done already.
    pub repeats: u64,
    /// By method and path: how often it was done.
    pub done: HashMap<String, u32>,
    /// When the last Retry-After of a path ends; who comes earlier is counted.
    pub closed: HashMap<String, Instant>,
    pub too_early: u64,
    pub at_once: usize,
    pub at_once_most: usize,
    /// `dependsOn` that Graph would refuse, batches over 20, ids twice: what the client got wrong.
    pub wrong: Vec<String>,
    /// Authorization headers that came.
    pub tokens: BTreeMap<String, u64>,
}

struct State {
    ledger: Ledger,
    random: u64,
    windows: Vec<(Instant, u64)>,
    /// Mail address of what was invited, and when.
    invited: HashMap<String, Instant>,
    patched: HashMap<String, Value>,
    forgotten: bool,
    granted: u32,
}

pub struct Graph {
    pub config: Config,
    state: Mutex<State>,
}

/// What happens to one HTTP request.
#[derive(Debug)]
pub enum Reaction {
    Answer { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    Reset,
    /// So much of the body, then the connection is cut.
    Half { body: Vec<u8> },
    /// Nothing for as long as anybody waits.
    Silence,
}

pub struct Incoming<'a> {
    pub method: &'a str,
    /// With the query, percent-encoding undone.
    pub path: &'a str,
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
    /// What `begin` said.
    pub excess: bool,
}

/// One answer: status, headers, body.
type Reply = (u16, Vec<(String, String)>, Value);

impl Graph {
    pub fn new(config: Config) -> Self {
        let state = State {
            ledger: Ledger::default(),
            random: config.seed,
            windows: Vec::new(),
            invited: HashMap::new(),
            patched: HashMap::new(),
            forgotten: false,
            granted: 0,
        };
        Self { config, state: Mutex::new(state) }
    }

    pub fn ledger(&self) -> Ledger {
        self.state.lock().unwrap().ledger.clone()
    }

    pub fn patched(&self) -> HashMap<String, Value> {
        self.state.lock().unwrap().patched.clone()
    }

    /// A request has come; true where it is one too many at once.
    pub fn begin(&self) -> bool {
        let ledger = &mut self.state.lock().unwrap().ledger;
        ledger.at_once += 1;
        ledger.at_once_most = ledger.at_once_most.max(ledger.at_once);
        ledger.at_once > self.config.at_once
    }

    pub fn end(&self) {
        self.state.lock().unwrap().ledger.at_once -= 1;
    }

    pub fn handle(&self, incoming: &Incoming, now: Instant) -> Reaction {
        let mut state = self.state.lock().unwrap();
        let state = &mut *state;
        state.ledger.requests += 1;
        let troubles = self.config.troubles.clone();
        if incoming.path.contains("/oauth2/") {
            return self.sign_in(state, incoming);
        }
        let token = incoming.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization")).map_or("", |(_, value)| value);
        *state.ledger.tokens.entry(token.to_owned()).or_default() += 1;
        if self.config.token_lives.is_some_and(|lives| state.ledger.tokens[token] > lives) {
            return answer(error(401, "InvalidAuthenticationToken", &format!("Lifetime validation failed, the token is expired: {token}"), vec![]));
        }
        if incoming.excess {
            state.ledger.refused += 1;
            return answer(self.refusal(1));
        }
        if state.chance(troubles.whole_429) {
            state.ledger.refused += 1;
            return answer(self.refusal(2));
        }
        if state.chance(troubles.whole_429_bare) {
            state.ledger.refused += 1;
            return answer(error(429, "TooManyRequests", "Too many requests", vec![]));
        }
        if state.chance(troubles.whole_503) {
            return answer(error(503, "serviceNotAvailable", "The service is unavailable", vec![]));
        }
        if state.chance(troubles.reset) {
            return Reaction::Reset;
        }
        let path = incoming.path.strip_prefix("/v1.0").unwrap_or(incoming.path);
        let reply = match path {
            "/$batch" => self.batch(state, incoming.body, now),
            _ => {
                let body = serde_json::from_slice(incoming.body).unwrap_or(Value::Null);
                self.call(state, incoming.method, path, &body, now)
            }
        };
        if state.chance(troubles.whole_504_done) {
            return answer(error(504, "gatewayTimeout", "The gateway timed out", vec![]));
        }
        if state.chance(troubles.reset_done) {
            return Reaction::Reset;
        }
        if state.chance(troubles.slow) {
            return Reaction::Silence;
        }
        match answer(reply) {
            Reaction::Answer { body, .. } if state.chance(troubles.half) && body.len() > 1 => Reaction::Half { body: body[..body.len() / 2].to_vec() },
            whole => whole,
        }
    }

    /// The token endpoints: of the sign-in, and of managed identities.
    fn sign_in(&self, state: &mut State, incoming: &Incoming) -> Reaction {
        let form = String::from_utf8_lossy(incoming.body).into_owned();
        let right = match incoming.method {
            "POST" => {
                let common = form.contains("grant_type=client_credentials") && form.contains("client_id=app") && form.contains("%2F.default");
                let assertion = form.contains("client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer") && form.contains("client_assertion=signed");
                common && (form.contains("client_secret=s%26cr%3Dt%2B") || assertion)
            }
            _ => {
                let has = |name: &str, value: &str| incoming.headers.iter().any(|(known, given)| known.eq_ignore_ascii_case(name) && given == value);
                incoming.path.contains("resource=http") && (has("Metadata", "true") || has("X-IDENTITY-HEADER", "h"))
            }
        };
        state.granted += 1;
        let body = match right {
            true => json!({"token_type": "Bearer", "expires_in": if incoming.method == "GET" { json!("3599") } else { json!(3599) }, "access_token": format!("granted{}", state.granted)}),
            false => json!({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: x"}),
        };
        Reaction::Answer { status: if right { 200 } else { 401 }, headers: vec![], body: body.to_string().into_bytes() }
    }

    fn refusal(&self, seconds: u64) -> Reply {
        error(429, "TooManyRequests", "Too many requests", vec![("Retry-After".into(), seconds.to_string())])
    }

    fn batch(&self, state: &mut State, body: &[u8], now: Instant) -> Reply {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return error(400, "BadRequest", "Invalid batch payload format.", vec![]) };
        let requests = body["requests"].as_array().cloned().unwrap_or_default();
        if requests.is_empty() || requests.len() > 20 {
            state.ledger.wrong.push(format!("{} requests in a batch", requests.len()));
            return error(400, "BadRequest", "Number of batch request steps exceeds the maximum value of 20.", vec![]);
        }
        let dependent = requests.iter().filter(|request| request.get("dependsOn").is_some()).count();
        if dependent != 0 && dependent != requests.len() - 1 {
            state.ledger.wrong.push("neither parallel nor sequential".into());
        }
        let troubles = self.config.troubles.clone();
        let mut status: HashMap<String, u16> = HashMap::new();
        let mut responses = Vec::new();
        for request in &requests {
            let id = request["id"].as_str().unwrap_or_default().to_owned();
            let depends: Vec<&str> = request["dependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if status.contains_key(&id) || depends.iter().any(|id| !status.contains_key(*id)) {
                state.ledger.wrong.push(format!("id {id} twice, or before what it depends on"));
            }
            let (method, path) = (request["method"].as_str().unwrap_or_default(), request["url"].as_str().unwrap_or_default());
            if path.contains("://") || !path.starts_with('/') || path.starts_with("/v1.0") {
                state.ledger.wrong.push(format!("{path} is no address within a batch"));
            }
            let reply = if depends.iter().any(|id| status.get(*id).is_none_or(|status| *status >= 300)) {
                error(424, "FailedDependency", "A dependency failed.", vec![])
            } else if state.chance(troubles.inner_429) {
                state.ledger.refused += 1;
                state.ledger.closed.insert(format!("{method} {path}"), now + self.config.second * 3);
                self.refusal(3)
            } else if state.chance(troubles.inner_429_bare) {
                state.ledger.refused += 1;
                error(429, "TooManyRequests", "Too many requests", vec![])
            } else if state.chance(troubles.inner_503) {
                error(503, "serviceNotAvailable", "The service is unavailable", vec![])
            } else {
                if state.ledger.closed.get(&format!("{method} {path}")).is_some_and(|until| *until > now) {
                    state.ledger.too_early += 1;
                }
                let reply = self.call(state, method, path, &request["body"], now);
                if reply.0 < 300 && state.chance(troubles.inner_504_done) {
                    error(504, "gatewayTimeout", "The gateway timed out", vec![])
                } else {
                    reply
                }
            };
            status.insert(id.clone(), reply.0);
            if state.chance(troubles.missing) {
                continue;
            }
            let headers: serde_json::Map<String, Value> = reply.1.into_iter().map(|(name, value)| (name, value.into())).collect();
            let response = json!({"id": id, "status": reply.0, "headers": headers, "body": reply.2});
            if state.chance(troubles.twice) {
                responses.push(response.clone());
            }
            responses.push(response);
        }
        if troubles.shuffled {
            for place in (1..responses.len()).rev() {
                let other = (state.next() % (place as u64 + 1)) as usize;
                responses.swap(place, other);
            }
        }
        (200, vec![], json!({"responses": responses}))
    }

    /// One call, by itself or of a batch.
    fn call(&self, state: &mut State, method: &str, path: &str, body: &Value, now: Instant) -> Reply {
        state.ledger.calls += 1;
        if state.windows.is_empty() {
            state.windows = self.config.allowances.iter().map(|_| (now, 0)).collect();
        }
        for (place, allowance) in self.config.allowances.iter().enumerate() {
            if !path.starts_with(allowance.paths) || allowance.writes_only && method == "GET" {
                continue;
            }
            let (begin, used) = &mut state.windows[place];
            if now >= *begin + allowance.window {
                (*begin, *used) = (now, 0);
            }
            let cost = if !allowance.writes_only && method == "GET" && path.contains("/members") { 2 } else { 1 };
            if *used + cost > allowance.units {
                state.ledger.refused += 1;
                let left = (*begin + allowance.window - now).as_secs_f64() / self.config.second.as_secs_f64();
                return self.refusal(left.ceil().max(1.0) as u64);
            }
            *used += cost;
        }
        let (bare, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = bare.trim_start_matches('/').split('/').collect();
        let reply = match (method, parts.as_slice()) {
            ("GET", ["users"]) if query.contains("mail eq") => self.look(state, query, now),
            ("GET", ["users"]) if !self.config.premium && query.contains("signInActivity") => {
                error(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or tenant doesn't have premium license", vec![])
            }
            ("GET", ["users"]) => self.page(state, "users", self.config.users, query, user),
            ("GET", ["users", "$count"]) => (200, vec![], json!(self.config.users)),
            ("GET", ["users", id]) => match id.parse::<usize>() {
                Ok(number) if number < self.config.users && query == "$select=id,displayName" => (200, vec![], json!({"id": guid(0, number), "displayName": "Zoë"})),
                Ok(number) if number < self.config.users => (200, vec![], user(number)),
                _ => error(404, "Request_ResourceNotFound", "Resource does not exist.", vec![]),
            },
            ("PATCH", ["users", id]) => {
                let known = state.patched.insert((*id).to_owned(), body.clone());
                if known.as_ref() == Some(body) {
                    state.ledger.repeats += 1;
                }
                (204, vec![], Value::Null)
            }
            ("DELETE", ["users", id]) => match state.patched.insert((*id).to_owned(), Value::Null) {
                Some(Value::Null) => error(404, "Request_ResourceNotFound", "Resource does not exist.", vec![]),
                _ => (204, vec![], Value::Null),
            },
            ("POST", ["invitations"]) => {
                let mail = body["invitedUserEmailAddress"].as_str().unwrap_or_default().to_owned();
                state.invited.entry(mail.clone()).or_insert(now);
                *state.ledger.done.entry(format!("POST {mail}")).or_default() += 1;
                (201, vec![], json!({"id": format!("invitation of {mail}")}))
            }
            ("GET", ["groups"]) => self.page(state, "groups", self.config.groups, query, group),
            ("GET", ["groups", id, "members"]) => {
                let number: usize = id.trim_start_matches("c0e81570-0000-0000-0001-").parse().unwrap_or(0);
                if self.config.hidden.is_some_and(|every| number % every == 0) {
                    return error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.", vec![]);
                }
                let member = move |place: usize| json!({"@odata.type": "#microsoft.graph.user", "id": guid(0, number * 7 + place)});
                self.page(state, &format!("groups/{id}/members"), members(number), query, member)
            }
            ("GET", ["contacts"]) => self.page(state, "contacts", 150, query, |n| json!({"id": guid(2, n), "displayName": format!("Contact {n}"), "proxyAddresses": []})),
            ("GET", ["subscribedSkus"]) => (200, vec![], json!({"value": [{"id": "t_s", "skuId": guid(3, 1), "skuPartNumber": "SPE_E5"}]})),
            ("GET", ["policies", "crossTenantAccessPolicy"]) => (200, vec![], json!({"id": "x", "displayName": "CrossTenantAccessPolicy", "allowedCloudEndpoints": []})),
            ("GET", ["policies", "crossTenantAccessPolicy", "default"]) => (200, vec![], json!({"isServiceDefault": true, "inboundTrust": null})),
            ("GET", ["policies", "crossTenantAccessPolicy", "partners"]) => {
                self.page(state, "policies/crossTenantAccessPolicy/partners", 3, query, |n| json!({"tenantId": guid(4, n), "inboundTrust": null}))
            }
            ("GET", ["organization"]) => (200, vec![], json!({"value": [{"id": guid(9, 9), "displayName": "Contoso", "verifiedDomains": [{"name": "contoso.onmicrosoft.com", "isInitial": true}]}]})),
            _ => error(400, "BadRequest", &format!("No such request: {method} {bare}"), vec![]),
        };
        if method == "GET" && reply.0 == 200 {
            *state.ledger.done.entry(path.to_owned()).or_default() += 1;
        }
        reply
    }

    /// What reads see of the invited: not before the lag is over.
    fn look(&self, state: &State, query: &str, now: Instant) -> Reply {
        let mail = query.split("mail eq '").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
        let seen = state.invited.get(mail).is_some_and(|at| *at + self.config.lag <= now);
        (200, vec![], json!({"value": if seen { vec![json!({"id": mail})] } else { vec![] }}))
    }

    fn page(&self, state: &mut State, name: &str, total: usize, query: &str, object: impl Fn(usize) -> Value) -> Reply {
        let option = |name: &str| query.split('&').find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
        let top: usize = option("$top").and_then(|top| top.parse().ok()).unwrap_or(100);
        if !(1..=999).contains(&top) {
            return error(400, "Request_UnsupportedQuery", "Invalid page size specified.", vec![]);
        }
        let top = if query.contains("signInActivity") { top.min(500) } else { top };
        let from: usize = match option("$skiptoken") {
            Some(token) => token.trim_start_matches("RFNwd").parse().unwrap_or(0),
            None => 0,
        };
        if self.config.forget_page == Some(from / top) && from > 0 && !state.forgotten && name == "users" {
            state.forgotten = true;
            return error(400, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.", vec![]);
        }
        let value: Vec<Value> = (from..total.min(from + top)).map(object).collect();
        let mut page = json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata", "value": value});
        if from + top < total {
            let rest: Vec<_> = query.split('&').filter(|option| !option.starts_with("$skiptoken")).collect();
            // The whole address, of the service that was asked.
            page["@odata.nextLink"] = json!(format!("{SERVICE}/v1.0/{name}?{}&$skiptoken=RFNwd{}", rest.join("&"), from + top));
        }
        (200, vec![], page)
    }
}

/// What stands for this service in the addresses that it gives; the front ends put their own there.
pub const SERVICE: &str = "https://graph.loopback";

impl State {
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.random >> 33
    }

    fn chance(&mut self, thousandths: u32) -> bool {
        thousandths > 0 && self.next() % 1000 < u64::from(thousandths)
    }
}

pub fn guid(kind: u64, number: usize) -> String {
    format!("c0e81570-0000-0000-{kind:04}-{number:012}")
}

/// How many members a group has: most few, some thousands, some none.
pub fn members(group: usize) -> usize {
    match group % 50 {
        0 => 0,
        49 => 1500,
        other => other % 7,
    }
}

pub fn user(number: usize) -> Value {
    let name = format!("user{number}");
    json!({
        "id": guid(0, number), "userPrincipalName": format!("{name}@contoso.com"), "displayName": format!("Zoë Müller {number}"), "mail": format!("{name}@contoso.com"),
        "accountEnabled": true, "userType": if number % 10 == 3 { "Guest" } else { "Member" }, "createdDateTime": "2024-02-29T23:59:59Z",
        "proxyAddresses": [format!("SMTP:{name}@contoso.com"), format!("smtp:{name}@contoso.onmicrosoft.com")], "onPremisesImmutableId": null,
        "assignedLicenses": [{"disabledPlans": [], "skuId": "06ebc4ee-1bb5-47dd-8120-11324bc54e06"}], "usageLocation": "DE",
    })
}

pub fn group(number: usize) -> Value {
    json!({
        "id": guid(1, number), "displayName": format!("Group {number}"), "mail": format!("group{number}@contoso.com"), "mailNickname": format!("group{number}"),
        "mailEnabled": number % 2 == 0, "securityEnabled": number % 3 == 0, "groupTypes": if number % 5 == 0 { vec!["Unified"] } else { vec![] },
        "proxyAddresses": [format!("SMTP:group{number}@contoso.com")], "onPremisesSyncEnabled": null,
    })
}

pub fn error(status: u16, code: &str, message: &str, headers: Vec<(String, String)>) -> Reply {
    let inner = json!({"date": "2026-11-22T10:00:00", "request-id": "11111111-2222-3333-4444-555555555555", "client-request-id": "of the server"});
    (status, headers, json!({"error": {"code": code, "message": message, "innerError": inner}}))
}

fn answer((status, mut headers, body): Reply) -> Reaction {
    headers.push(("request-id".into(), "99999999-2222-3333-4444-555555555555".into()));
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    Reaction::Answer { status, headers, body }
}
