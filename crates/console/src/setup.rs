//! What the console is lent by the program that opens it: the way to the supervisor, the grammar of
//! commands, and the bytes of a terminal. The console itself knows only the API.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Command;

use forge_api::{Client, Status};
use jiff::tz::TimeZone;

/// A connection that is being made.
pub type Connecting = Pin<Box<dyn Future<Output = Result<Client, String>>>>;

/// What the console needs from outside of itself.
pub trait Host: Send + Sync {
    /// Connects to the supervisor. Where none runs, `start` says whether to start one: what only looks
    /// on must not bring back what somebody has just ended.
    fn connect(&self, start: bool) -> Connecting;

    /// The processes of the workspace as its file has them, all stopped.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    fn stopped(&self) -> Result<Status, String>;

    /// What could stand at the end of this line (without its slash).
    fn complete(&self, line: &str) -> Vec<Completion>;

    /// The program that carries out these words in the workspace, with its output still to be set.
    fn command(&self, words: &[String]) -> Command;

    /// The output of a process as it writes it, from shortly before its end on.
    fn output(&self, process: &str, tty: bool) -> Box<dyn Output>;
}

/// Bytes that a process writes.
pub trait Output: Send {
    /// What has been added since the last call; empty when nothing was.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn read(&mut self) -> io::Result<Vec<u8>>;
}

/// A word that could be typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completion {
    /// The whole word.
    pub value: String,
    /// What it means.
    pub help: String,
}

/// Everything that is fixed when the console opens.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The workspace's folder.
    pub workspace: PathBuf,
    /// The file that keeps the history of the command line.
    pub history: PathBuf,
    /// The file with keys and theme; it need not exist.
    pub settings: PathBuf,
    /// The environment that started processes get from this client.
    pub environment: BTreeMap<String, String>,
    /// Times are shown in this zone.
    pub zone: TimeZone,
    /// Colours may be used.
    pub colour: bool,
}
