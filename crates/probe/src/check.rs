//! What is asked and what is answered, and the one function between them.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::{command, http, tcp};

/// Asks whether a process's own tree listens on its port; called often, so it must be quick.
pub type Listens = Arc<dyn Fn() -> bool + Send + Sync>;

/// One check, with nothing left to be filled in.
#[derive(Clone)]
pub enum Check {
    /// A GET request.
    Http {
        /// `http://…` or `https://…`. Redirects are not followed: they are an answer.
        url: String,
        /// Status codes that are well, as closed ranges.
        status: Vec<(u16, u16)>,
        /// Sent with the request, in place of a default of the same name.
        headers: Vec<(String, String)>,
        /// Must match the body (its first MiB).
        body: Option<regex::Regex>,
    },
    /// A connection.
    Tcp {
        /// A name or an address, an IPv6 address with or without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A command that must exit with 0.
    Command {
        /// What is run.
        run: Run,
        /// The folder to run in.
        cwd: PathBuf,
        /// The whole environment: nothing is inherited.
        env: Vec<(OsString, OsString)>,
    },
    /// A socket of the process's own tree must listen.
    OwnPort {
        /// The port that is meant, for people; `None` is any.
        port: Option<u16>,
        /// Asks the kernel.
        listens: Listens,
    },
}

/// How a command is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// By `sh -c`.
    Shell(String),
    /// As it is, without a shell; the program is looked up in the `PATH` of its environment.
    Argv(Vec<String>),
}

impl fmt::Debug for Check {
    /// Leaves out what may be secret: headers, variables and the query of a URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Check::Http { url, .. } => {
                let shown = url.split('?').next().unwrap_or_default();
                f.debug_struct("Http").field("url", &shown).finish()
            }
            Check::Tcp { host, port } => write!(f, "Tcp({host}:{port})"),
            Check::Command { run, cwd, .. } => f
                .debug_struct("Command")
                .field("run", run)
                .field("cwd", cwd)
                .finish(),
            Check::OwnPort { port, .. } => f.debug_struct("OwnPort").field("port", port).finish(),
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether all that was asked for is so.
    pub healthy: bool,
    /// One line for people: `HTTP 200 from /health`, `connection refused (127.0.0.1:3000)`.
    pub detail: String,
    /// How long it took.
    pub took: Duration,
}

/// Asks once. Ends within `timeout` (a killed command that does not die adds up to a second).
///
/// Needs a tokio runtime with I/O and time. Dropping the future cancels the check: its connections
/// are closed, and the tree of its command is killed.
pub async fn check(check: &Check, timeout: Duration) -> Verdict {
    let started = Instant::now();
    let limit = Limit {
        at: started + timeout,
        whole: timeout,
    };
    let outcome = match check {
        Check::Http {
            url,
            status,
            headers,
            body,
        } => http::check(url, status, headers, body.as_ref(), limit).await,
        Check::Tcp { host, port } => tcp::check(host, *port, limit).await,
        Check::Command { run, cwd, env } => command::check(run, cwd, env, limit).await,
        Check::OwnPort { port, listens } => own_port(*port, listens),
    };
    let took = started.elapsed();
    let (healthy, detail) = match outcome {
        Ok(detail) => (true, detail),
        Err(failure) => (false, failure.detail),
    };
    Verdict {
        healthy,
        detail,
        took,
    }
}

fn own_port(port: Option<u16>, listens: &Listens) -> Result<String, Failure> {
    let shown = port.map_or_else(|| "a port".to_string(), |port| format!("port {port}"));
    if listens() {
        Ok(format!("listens on {shown}"))
    } else {
        let detail = format!("nothing of its process tree listens on {shown}");
        Err(Failure::new(Stage::Start, detail))
    }
}

/// When a check must have ended, and how much time that was, for messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) at: Instant,
    pub(crate) whole: Duration,
}

/// Why a check failed, and how far it had come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Of several addresses, the failure that came farthest says most.
    pub(crate) stage: Stage,
    pub(crate) detail: String,
}

/// How far a check came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Nothing was sent or run.
    Start,
    /// No connection.
    Connect,
    /// A connection, but no understandable answer.
    Talk,
    /// An answer, but not the one that was asked for.
    Answer,
}

impl Failure {
    pub(crate) fn new(stage: Stage, detail: impl Into<String>) -> Self {
        Failure {
            stage,
            detail: detail.into(),
        }
    }
}
