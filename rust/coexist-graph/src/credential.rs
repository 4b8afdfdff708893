//! Where access tokens come from, and getting the next one before it is needed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::error::{Problem, TransportError};
use crate::token::Token;
use crate::transport::bare;

/// Signs what proves to be the application: given the audience, gives an assertion (RFC 7523).
pub type Sign = Arc<dyn Fn(&str) -> Result<Vec<u8>, TransportError> + Send + Sync>;

/// How this process proves who it is. Its `Debug` form shows no secret.
#[derive(Clone)]
pub enum Credential {
    /// An access token from elsewhere. When it ends, that is the end.
    Token(Token),
    /// An application with a secret.
    ClientSecret {
        /// The root of the sign-in: `https://login.microsoftonline.com`.
        login: String,
        /// The tenant's id or domain.
        tenant: String,
        /// The application's id.
        client: String,
        /// The secret.
        secret: Arc<Zeroizing<Vec<u8>>>,
    },
    /// An application with a certificate whose key somebody else holds, and signs with.
    Certificate {
        /// The root of the sign-in.
        login: String,
        /// The tenant's id or domain.
        tenant: String,
        /// The application's id.
        client: String,
        /// Who signs.
        sign: Sign,
    },
    /// The identity of the Azure machine or app that this process runs on.
    ManagedIdentity {
        /// Which one, where there are several.
        client: Option<String>,
        /// Who gives the tokens.
        endpoint: IdentityEndpoint,
    },
}

/// Who gives tokens for a managed identity.
#[derive(Clone, PartialEq, Eq)]
pub enum IdentityEndpoint {
    /// Azure's instance metadata service: `http://169.254.169.254`, the one address beside loopback that plain http goes to.
    Machine {
        /// Its root.
        root: String,
    },
    /// App Service and Functions: an address of the machine itself, and a secret of the process.
    App {
        /// `IDENTITY_ENDPOINT`.
        endpoint: String,
        /// `IDENTITY_HEADER`.
        header: Arc<Zeroizing<String>>,
    },
}

impl IdentityEndpoint {
    /// The one of this process.
    pub fn of_this_process() -> Self {
        match (std::env::var("IDENTITY_ENDPOINT"), std::env::var("IDENTITY_HEADER")) {
            (Ok(endpoint), Ok(header)) => Self::App { endpoint, header: Arc::new(Zeroizing::new(header)) },
            _ => Self::Machine { root: "http://169.254.169.254".to_owned() },
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token",
            Self::ClientSecret { .. } => "ClientSecret",
            Self::Certificate { .. } => "Certificate",
            Self::ManagedIdentity { .. } => "ManagedIdentity",
        })
    }
}

/// A token is replaced when so little of its life is left.
const EARLY: Duration = Duration::from_secs(300);

struct Held {
    token: Token,
    obtained: Instant,
    /// None where it is not known.
    until: Option<Instant>,
}

/// The tokens of one transport.
pub(crate) struct Tokens {
    credential: Credential,
    /// For the sign-in, or for the identity endpoint, which no proxy stands before.
    client: Client,
    /// What the token is for.
    resource: String,
    held: Mutex<Option<Held>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.credential.fmt(f)
    }
}

/// What is granted, in the text that it came in.
#[derive(Deserialize)]
struct Grant<'a> {
    access_token: &'a str,
    /// A number, or a number in quotes.
    #[serde(borrow)]
    expires_in: &'a RawValue,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Tokens {
    pub fn new(credential: Credential, client: Client, resource: String) -> Self {
        Self { credential, client, resource, held: Mutex::new(None) }
    }

    /// The token to use now.
    pub async fn current(&self) -> Result<Token, TransportError> {
        if let Credential::Token(token) = &self.credential {
            return Ok(token.clone());
        }
        let mut held = self.held.lock().await;
        let fresh = |held: &Held| held.until.is_none_or(|until| Instant::now() + EARLY < until);
        if !held.as_ref().is_some_and(fresh) {
            *held = Some(self.obtain().await?);
        }
        held.as_ref().map(|held| held.token.clone()).ok_or_else(|| TransportError::new(Problem::TokenNotRecognized, ""))
    }

    /// Gets another token in place of the one that was in use at that moment. False where there is no way to one.
    pub async fn renew(&self, sent: Instant) -> Result<bool, TransportError> {
        if matches!(self.credential, Credential::Token(_)) {
            return Ok(false);
        }
        let mut held = self.held.lock().await;
        // Somebody else's request was refused, too, and the token is already another one.
        if held.as_ref().is_none_or(|held| held.obtained <= sent) {
            *held = Some(self.obtain().await?);
        }
        Ok(true)
    }

    async fn obtain(&self) -> Result<Held, TransportError> {
        let scope = format!("{}/.default", self.resource);
        let request = match &self.credential {
            Credential::Token(_) => return Err(TransportError::new(Problem::TokenNotRecognized, "")),
            Credential::ClientSecret { login, tenant, client, secret } => {
                let mut form = form(&[("grant_type", b"client_credentials"), ("client_id", client.as_bytes()), ("scope", scope.as_bytes())]);
                push_field(&mut form, "client_secret", secret);
                self.token_request(login, tenant, &form)
            }
            Credential::Certificate { login, tenant, client, sign } => {
                let assertion = Zeroizing::new(sign(&format!("{login}/{tenant}/oauth2/v2.0/token"))?);
                const TYPE: &[u8] = b"urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                let mut form = form(&[("grant_type", b"client_credentials"), ("client_id", client.as_bytes()), ("scope", scope.as_bytes()), ("client_assertion_type", TYPE)]);
                push_field(&mut form, "client_assertion", &assertion);
                self.token_request(login, tenant, &form)
            }
            Credential::ManagedIdentity { client, endpoint } => {
                let (address, version, name, value) = match endpoint {
                    IdentityEndpoint::Machine { root } => (format!("{root}/metadata/identity/oauth2/token"), "2018-02-01", "Metadata", "true"),
                    IdentityEndpoint::App { endpoint, header } => (endpoint.clone(), "2019-08-01", "X-IDENTITY-HEADER", header.as_str()),
                };
                let mut query = form(&[("api-version", version.as_bytes()), ("resource", self.resource.as_bytes())]);
                if let Some(client) = client {
                    push_field(&mut query, "client_id", client.as_bytes());
                }
                self.client.get(format!("{address}?{}", String::from_utf8_lossy(&query))).header(name, value)
            }
        };
        let begun = Instant::now();
        let failed = |cause: reqwest::Error| {
            let target = cause.url().map(|url| bare(url.as_str()).to_owned()).unwrap_or_default();
            // Nothing was done with it, so it may be tried again.
            TransportError::new(if cause.is_builder() { Problem::UrlNotRecognized } else { Problem::ConnectFailed }, target).because(&cause.without_url())
        };
        let answer = request.send().await.map_err(failed)?;
        let (status, target) = (answer.status().as_u16(), bare(answer.url().as_str()).to_owned());
        let body: Zeroizing<Vec<u8>> = Zeroizing::new(answer.bytes().await.map_err(failed)?.into());
        if status != 200 {
            let refusal: Refusal = serde_json::from_slice(&body).unwrap_or(Refusal { error: String::new(), error_description: String::new() });
            let problem = if status >= 500 || status == 429 { Problem::ConnectFailed } else { Problem::SignInRefused };
            let said = std::io::Error::other(format!("{status} {} {}", refusal.error, refusal.error_description.lines().next().unwrap_or_default()));
            return Err(TransportError::new(problem, target).because(&said));
        }
        let grant: Grant = serde_json::from_slice(&body).map_err(|cause| TransportError::new(Problem::SignInRefused, target).because(&cause))?;
        let seconds: Option<u64> = grant.expires_in.get().trim_matches('"').parse().ok();
        let until = seconds.map(|seconds| begun + Duration::from_secs(seconds));
        Ok(Held { token: Token::new(grant.access_token.as_bytes().to_vec())?, obtained: Instant::now(), until })
    }

    fn token_request(&self, login: &str, tenant: &str, form: &[u8]) -> reqwest::RequestBuilder {
        let request = self.client.post(format!("{login}/{tenant}/oauth2/v2.0/token"));
        request.header("Content-Type", "application/x-www-form-urlencoded").body(form.to_vec())
    }
}

fn form(fields: &[(&str, &[u8])]) -> Zeroizing<Vec<u8>> {
    let mut form = Zeroizing::new(Vec::with_capacity(4096));
    fields.iter().for_each(|(name, value)| push_field(&mut form, name, value));
    form
}

/// Appends `name=value`, percent-encoded.
fn push_field(form: &mut Vec<u8>, name: &str, value: &[u8]) {
    if !form.is_empty() {
        form.push(b'&');
    }
    form.extend_from_slice(name.as_bytes());
    form.push(b'=');
    for byte in value {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => form.push(*byte),
            _ => form.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
}
