//! Errors as problem details (RFC 9457).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What went wrong, for people and for scripts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// A short name of the kind: `usage`, `configuration`, `unknown-path`, `unknown-process`, `port-conflict`, `failed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What failed, on what, why.
    pub detail: String,
    /// What to do; a command where one helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The exit code of a command that ends with this problem.
    pub exit_code: i32,
}

impl Problem {
    /// Bad usage or configuration (exit code 2).
    pub fn usage(detail: impl Into<String>) -> Self {
        Problem::new("usage", 2, detail)
    }

    /// A broken configuration (exit code 2); the detail is the rendered diagnostics.
    pub fn configuration(detail: impl Into<String>) -> Self {
        Problem::new("configuration", 2, detail)
    }

    /// No such process (exit code 3).
    pub fn unknown(detail: impl Into<String>) -> Self {
        Problem::new("unknown-process", 3, detail)
    }

    /// No such path in this version of the API (exit code 2).
    pub fn unknown_path(detail: impl Into<String>) -> Self {
        Problem::new("unknown-path", 2, detail)
    }

    /// The operation failed (exit code 1).
    pub fn failed(detail: impl Into<String>) -> Self {
        Problem::new("failed", 1, detail)
    }

    /// The same with a hint.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn new(kind: &str, exit_code: i32, detail: impl Into<String>) -> Self {
        Problem {
            kind: kind.to_string(),
            detail: detail.into(),
            hint: None,
            exit_code,
        }
    }

    /// The HTTP status that goes with it.
    pub fn http_status(&self) -> u16 {
        match self.exit_code {
            2 if self.kind == "unknown-path" => 404,
            2 => 400,
            3 => 404,
            4 => 409,
            _ => 422,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Problem {}
