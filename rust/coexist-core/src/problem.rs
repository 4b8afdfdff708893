//! What could not be done or read: the error object of the C ABI and of PowerShell's error records.

use serde::Serialize;

/// A name of PowerShell's `ErrorCategory`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub enum Category {
    InvalidArgument,
    InvalidData,
    ObjectNotFound,
    ResourceExists,
    LimitsExceeded,
    ReadError,
    WriteError,
    OperationStopped,
    NotSpecified,
}

/// One thing that could not be done or read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable; the ErrorId in PowerShell.
    pub code: &'static str,
    /// How PowerShell sorts it.
    pub category: Category,
    /// What is wrong with which object, why it matters, what to do.
    pub message: String,
    /// The object, value or path that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The file that was being read, as the user named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in that file, from 1, where the record begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Further problems behind this one, nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
}

impl Problem {
    /// A problem with neither target nor place.
    pub fn new(code: &'static str, category: Category, message: impl Into<String>) -> Self {
        Problem { code, category, message: message.into(), target: None, file: None, line: None, causes: Vec::new() }
    }

    /// Says what it is about.
    pub fn about(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Says where it was read.
    pub fn at(mut self, file: impl Into<String>, line: u64) -> Self {
        self.file = Some(file.into());
        self.line = Some(line);
        self
    }

    /// The work was stopped by the host.
    pub fn cancelled() -> Self {
        Problem::new("Cancelled", Category::OperationStopped, "The work was stopped before its end; nothing was written.")
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(file) = &self.file {
            write!(f, " ({file}")?;
            if let Some(line) = self.line {
                write!(f, ", line {line}")?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
