//! The error object: what every status above 3 comes with.

use std::borrow::Cow;

use coexist_core::problem::{Category, Problem};
use serde::Serialize;

use crate::status::*;

/// The JSON of an error, field for field as `cbindings/README.md` describes it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ErrorObject {
    /// Stable; becomes PowerShell's ErrorId.
    pub code: Cow<'static, str>,
    /// A name of PowerShell's `ErrorCategory`.
    pub category: Cow<'static, str>,
    /// What is wrong with which object, why it matters, what to do.
    pub message: String,
    /// The object or value that the error is about.
    pub target: Option<String>,
    pub file: Option<String>,
    pub line: Option<u64>,
    pub causes: Vec<String>,
}

/// A status above 3 with its error object.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub status: i32,
    /// Boxed: the good path carries no room for it.
    pub error: Box<ErrorObject>,
}

impl Failure {
    /// `category` is a name of PowerShell's `ErrorCategory`.
    pub fn new(
        status: i32,
        code: impl Into<Cow<'static, str>>,
        category: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        let (code, category, message) = (code.into(), category.into(), message.into());
        Self { status, error: Box::new(ErrorObject { code, category, message, target: None, file: None, line: None, causes: Vec::new() }) }
    }

    /// Names the object or value that the error is about.
    pub fn about(mut self, target: impl Into<String>) -> Self {
        self.error.target = Some(target.into());
        self
    }

    pub fn invalid_argument(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(COEXIST_INVALID_ARGUMENT, code, "InvalidArgument", message)
    }

    pub fn null(parameter: &str) -> Self {
        Self::invalid_argument("NullArgument", format!("{parameter} is NULL; pass what the header asks for")).about(parameter)
    }

    pub fn invalid_json(cause: &serde_json::Error) -> Self {
        let message = format!("the request is not the JSON that this operation takes: {cause}; see cbindings/README.md for its fields");
        Self::new(COEXIST_INVALID_JSON, "InvalidJson", "InvalidData", message)
    }

    pub fn cancelled() -> Self {
        let message = "the job was cancelled before it had a result; start it again when you want one";
        Self::new(COEXIST_CANCELLED, "Cancelled", "OperationStopped", message)
    }

    pub fn panic(note: &str) -> Self {
        let message = format!("Coexist has a defect and gave up this operation: {note}; please report this text");
        Self::new(COEXIST_PANIC, "Panic", "InvalidResult", message)
    }

    pub fn internal(what: impl std::fmt::Display) -> Self {
        let message = format!("Coexist cannot go on: {what}; please report this text");
        Self::new(COEXIST_INTERNAL, "Internal", "InvalidResult", message)
    }

    /// The error object as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        // Strings, numbers and nulls only: serde_json has no way to fail on them.
        serde_json::to_vec(&self.error).unwrap_or_default()
    }
}

/// What core and files could not do, under the status that its category stands for.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let status = match problem.category {
            Category::ObjectNotFound => COEXIST_NOT_FOUND,
            Category::ResourceExists => COEXIST_CONFLICT,
            Category::ReadError | Category::WriteError => COEXIST_IO,
            Category::OperationStopped => COEXIST_CANCELLED,
            Category::InvalidArgument => COEXIST_INVALID_ARGUMENT,
            _ => COEXIST_VALIDATION,
        };
        let category = format!("{:?}", problem.category);
        let mut failure = Failure::new(status, problem.code, category, problem.message);
        (failure.error.target, failure.error.file, failure.error.line, failure.error.causes) = (problem.target, problem.file, problem.line, problem.causes);
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enum members of System.Management.Automation.ErrorCategory.
    const CATEGORIES: &[&str] = &[
        "NotSpecified", "OpenError", "CloseError", "DeviceError", "DeadlockDetected", "InvalidArgument", "InvalidData", "InvalidOperation",
        "InvalidResult", "InvalidType", "MetadataError", "NotImplemented", "NotInstalled", "ObjectNotFound", "OperationStopped",
        "OperationTimeout", "SyntaxError", "ParserError", "PermissionDenied", "ResourceBusy", "ResourceExists", "ResourceUnavailable",
        "ReadError", "WriteError", "FromStdErr", "SecurityError", "ProtocolError", "ConnectionError", "AuthenticationError", "LimitsExceeded",
        "QuotaExceeded", "NotEnabled",
    ];

    #[test]
    fn categories_are_powershells() {
        let json = serde_json::from_str::<u8>("x").unwrap_err();
        let all = [
            Failure::null("out"),
            Failure::invalid_json(&json),
            Failure::cancelled(),
            Failure::panic("x"),
            Failure::internal("x"),
            Failure::invalid_argument("X", "x"),
        ];
        for failure in all {
            assert!(CATEGORIES.contains(&failure.error.category.as_ref()), "{failure:?}");
        }
    }

    #[test]
    fn the_object_has_exactly_the_documented_fields() {
        let json = Failure::null("engine").to_json();
        let text = String::from_utf8(json).unwrap();
        assert_eq!(
            text,
            r#"{"code":"NullArgument","category":"InvalidArgument","message":"engine is NULL; pass what the header asks for","target":"engine","file":null,"line":null,"causes":[]}"#
        );
    }
}
