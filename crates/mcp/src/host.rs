//! What this crate does not know itself: how a supervisor is reached, and what can be told without one.

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::Pin;

use forge_api::{Client, Problem};
use serde_json::Value;

/// How the server behaves.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether processes may be ended that Forge did not start.
    pub allow_foreign_kill: bool,
    /// The name of the agent, where it does not tell it.
    pub agent: Option<String>,
}

/// A connection that is being made.
pub type Connecting<'a> = Pin<Box<dyn Future<Output = Result<Client, Problem>> + Send + 'a>>;

/// The surroundings of a server.
pub trait Host: Send + Sync + 'static {
    /// Connects to the workspace's supervisor, which is started where none runs.
    fn connect(&self) -> Connecting<'_>;

    /// The environment that processes get.
    fn environment(&self) -> BTreeMap<String, String>;

    /// What a folder suggests to run; `None` is the workspace, or the current folder.
    ///
    /// # Errors
    ///
    /// When it is no folder.
    fn detect(&self, folder: Option<&Path>) -> Result<Value, Problem>;

    /// The configuration as it is written, and where it lies.
    ///
    /// # Errors
    ///
    /// When there is no workspace, or it cannot be read.
    fn configuration(&self) -> Result<(String, String), Problem>;
}
