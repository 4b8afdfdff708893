//! What the world refuses, in the services' own texts: those of `data/service-errors.json`, so that what the lab says is what the map of errors knows.

use crate::service_error::{self, ServiceError};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

/// A command that a service did not carry out: the parts of PowerShell's error record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// FullyQualifiedErrorId.
    pub id: String,
    /// What the service says.
    pub message: String,
    /// CategoryInfo.Category.
    pub category: String,
    /// The type of the exception.
    pub exception: String,
}

/// What Graph answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The JSON body; null where there is none.
    pub body: Value,
}

impl Reply {
    pub(super) fn ok(body: Value) -> Self {
        Reply::with(200, body)
    }

    pub(super) fn none() -> Self {
        Reply { status: 204, headers: Vec::new(), body: Value::Null }
    }

    pub(super) fn with(status: u16, body: Value) -> Self {
        Reply { status, headers: vec![("Content-Type".into(), "application/json".into())], body }
    }
}

/// An error of the table with its values filled in.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    row: Option<&'static ServiceError>,
    name: &'static str,
    pub(super) message: String,
}

/// The error of a name with the values that its text asks for.
pub(super) fn fault(name: &'static str, values: &[(&str, &str)]) -> Fault {
    let row = service_error::by_name(name);
    let mut message = row.map_or(name, |row| row.example.as_str()).to_string();
    for (place, value) in values {
        message = message.replace(&["{", place, "}"].concat(), value);
    }
    Fault { row, name, message }
}

impl Fault {
    /// As a command refuses.
    pub(super) fn refusal(self, command: &str) -> Refusal {
        let field = |get: fn(&ServiceError) -> &Option<String>| self.row.and_then(|row| get(row).clone());
        let exception = field(|row| &row.exception).unwrap_or_else(|| "System.Exception".into());
        let id = field(|row| &row.fqid).unwrap_or_else(|| exception.clone());
        let category = field(|row| &row.category).unwrap_or_else(|| "NotSpecified".into());
        Refusal { id: [&id, ",", command].concat(), message: self.message, category, exception }
    }

    /// As Graph answers.
    pub(super) fn reply(self) -> Reply {
        let code = self.row.and_then(|row| row.code.clone()).unwrap_or_else(|| self.name.into());
        let status = self.row.and_then(|row| row.status).unwrap_or(400);
        Reply::with(status, json!({"error": {"code": code, "message": self.message}}))
    }

    /// As a migration user shows it.
    pub(super) fn text(&self) -> String {
        if self.message.starts_with(self.name) { self.message.clone() } else { format!("{}: {}", self.name, self.message) }
    }
}
