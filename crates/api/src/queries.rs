//! `why`, `graph` and `profiles`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /why?name=…`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WhyAnswer {
    /// The process.
    pub name: String,
    /// Its status.
    pub status: String,
    /// One sentence.
    pub summary: String,
    /// The chain of reasons, nearest first.
    pub because: Vec<Because>,
    /// Each setting and variable and where it came from.
    pub settings: Vec<WhySetting>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Because {
    /// In words.
    pub text: String,
    /// The process that it is about.
    pub process: Option<String>,
}

/// A setting and where it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhySetting {
    /// `command`, `env.NODE_ENV`, …
    pub key: String,
    /// Its value; secrets masked.
    pub value: String,
    /// `.forge/processes.yml:12`, `.env:3`, `default`, `client`, …
    pub from: String,
}

/// `GET /graph`: who needs whom.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct GraphAnswer {
    /// In an order in which they can start.
    pub nodes: Vec<GraphNode>,
}

/// A process and what it needs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct GraphNode {
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: String,
    /// 0 for those that need nothing.
    pub level: usize,
    /// Names and conditions.
    pub needs: Vec<(String, String)>,
}

/// `GET /profiles`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ProfilesAnswer {
    /// In the order of the file.
    pub profiles: Vec<ProfileRow>,
}

/// A profile.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ProfileRow {
    /// Its name.
    pub name: String,
    /// Whether it is meant when none is named.
    pub default: bool,
    /// Its processes.
    pub processes: Vec<String>,
    /// Those that run.
    pub running: Vec<String>,
}
