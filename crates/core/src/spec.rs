//! What a user wants of a process, complete and checked: the form that all decisions start from.
//!
//! `config` lowers files into these types once; after that nobody looks at a file again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use forge_facts::Scope;
use serde::{Deserialize, Serialize};

use crate::template::Template;

/// A named environment: the processes of one top-level key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Its key in the file.
    pub name: String,
    /// In the order of the file; replicas are expanded.
    pub processes: Vec<ProcessSpec>,
}

/// Everything Forge knows beforehand about one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcessSpec {
    /// Unique among the processes that run together; `worker-2` for a replica.
    pub name: String,
    /// The profile that it belongs to.
    pub profile: String,
    /// Groups it belongs to; a replica also belongs to the group of its base name.
    pub groups: Vec<String>,
    /// 1, 2, … where `replicas` is set.
    pub replica: Option<u32>,
    /// What to run.
    pub command: CommandSpec,
    /// Absolute folder to run in.
    pub cwd: PathBuf,
    /// What is added to (or, where `None`, removed from) the client's environment: `.env`,
    /// `env_file` and `env`, already laid over one another.
    pub env: BTreeMap<String, Option<Template>>,
    /// The port it will listen on.
    pub port: Option<PortSpec>,
    /// Further ports that it listens on.
    pub ports: Vec<u16>,
    /// What must be there before it starts.
    pub depends_on: Vec<Dependency>,
    /// How it is known to be well.
    pub health_check: Option<HealthCheck>,
    /// What happens after an unexpected exit.
    pub restart: RestartSpec,
    /// Runs to its end once.
    pub oneshot: bool,
    /// How it is stopped.
    pub stop: StopSpec,
    /// What its exit means for the rest of the profile.
    pub on_exit: OnExit,
    /// One stream or two.
    pub stderr: StderrMode,
    /// Runs on a pseudo-terminal.
    pub tty: bool,
    /// Whether a start without targets starts it.
    pub autostart: bool,
    /// Restart when these files change.
    pub watch: Option<WatchSpec>,
    /// Runs by the clock.
    pub schedule: Option<Schedule>,
    /// What debug mode changes.
    pub debug: Option<DebugSpec>,
    /// Bounds on what it may use.
    pub limits: Limits,
    /// Where service statistics come from.
    pub metrics: Option<Template>,
    /// Shown to people.
    pub description: Option<String>,
    /// Where people open it.
    pub url: Option<Template>,
    /// How its output is kept and read.
    pub log: LogSpec,
    /// Commands around its life.
    pub hooks: Hooks,
}

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandSpec {
    /// By `sh -c`.
    Shell(Template),
    /// As it is, without a shell.
    Argv(Vec<Template>),
}

/// The port of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PortSpec {
    /// This one.
    Fixed(u16),
    /// A free one, the same each time in the same workspace folder.
    Auto,
}

/// One edge of the dependency graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The process that is needed.
    pub on: String,
    /// What of it is needed.
    pub condition: Condition,
    /// What happens to the dependent when it crashes or is restarted later.
    pub on_down: OnDown,
}

/// When a dependency is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// Spawned.
    Started,
    /// Ready.
    Healthy,
    /// Ended with exit code 0.
    Completed,
    /// Ended, however.
    Exited,
    /// A line of its output, in its present run, matches.
    Log(Pattern),
}

/// What the loss of a dependency does to a dependent that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OnDown {
    /// Nothing.
    #[default]
    Ignore,
    /// Restart it, once the dependency is back.
    Restart,
    /// Stop it.
    Stop,
}

/// The text of a regular expression that is known to compile.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pattern(pub String);

/// How a process is known to be well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// What is tried.
    pub probe: Probe,
    /// Time between checks, once it has been healthy.
    pub interval: Duration,
    /// How long one check may take.
    pub timeout: Duration,
    /// Failures in a row until it is unhealthy.
    pub retries: u32,
    /// How long it may take to be healthy for the first time.
    pub start_period: Duration,
    /// What being unhealthy leads to.
    pub on_unhealthy: OnUnhealthy,
    /// Output that fails a start at once.
    pub fail_on: Option<Pattern>,
}

impl HealthCheck {
    /// A check with the defaults of the contract.
    pub fn new(probe: Probe) -> Self {
        HealthCheck {
            probe,
            interval: Duration::from_secs(2),
            timeout: Duration::from_secs(5),
            retries: 3,
            start_period: Duration::from_secs(60),
            on_unhealthy: OnUnhealthy::Warn,
            fail_on: None,
        }
    }
}

/// What a health check tries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Probe {
    /// A GET request.
    Http {
        /// `http://…` or `https://…`.
        url: Template,
        /// Status codes that are well, as closed ranges.
        status: Vec<(u16, u16)>,
        /// Sent with the request.
        headers: Vec<(String, Template)>,
        /// Must match the body.
        body: Option<Pattern>,
    },
    /// A connection to `host:port`.
    Tcp {
        /// `host:port`.
        address: Template,
    },
    /// A command that exits with 0, in the process's folder and environment.
    Command(CommandSpec),
    /// A line of its output, once in a run.
    Log(Pattern),
    /// The process says `READY=1` (sd_notify(3)).
    Notify,
    /// No check was asked for, but a port was: a socket of its own tree listens on the port.
    OwnPort,
}

/// What being unhealthy leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OnUnhealthy {
    /// A warning.
    #[default]
    Warn,
    /// A restart.
    Restart,
}

/// What happens after an unexpected exit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestartSpec {
    /// After which exits.
    pub policy: RestartPolicy,
    /// Wait before the first restart.
    pub delay: Duration,
    /// Each further wait is this many times longer.
    pub backoff: f64,
    /// The longest wait.
    pub max_delay: Duration,
    /// Restarts within the window until Forge gives up.
    pub max_restarts: u32,
    /// The window.
    pub window: Duration,
    /// Exit codes that are a success.
    pub success_codes: Vec<i32>,
    /// Whether a crash that would only repeat is retried.
    pub on_deterministic: OnDeterministic,
}

impl Default for RestartSpec {
    fn default() -> Self {
        RestartSpec {
            policy: RestartPolicy::OnFailure,
            delay: Duration::from_secs(5),
            backoff: 2.0,
            max_delay: Duration::from_secs(60),
            max_restarts: 5,
            window: Duration::from_secs(600),
            success_codes: vec![0],
            on_deterministic: OnDeterministic::Wait,
        }
    }
}

/// After which exits a process is restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RestartPolicy {
    /// After none.
    Never,
    /// After a failure.
    OnFailure,
    /// After any.
    Always,
}

/// Whether a crash that would only repeat is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnDeterministic {
    /// No: wait until a file below its folder changes.
    Wait,
    /// Like any other.
    Retry,
}

/// How a process is stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StopSpec {
    /// Number of the signal.
    pub signal: i32,
    /// Who gets it.
    #[serde(with = "scope_word")]
    pub scope: Scope,
    /// How long until SIGKILL.
    pub timeout: Duration,
    /// Run first.
    pub command: Option<CommandSpec>,
    /// Typed into its terminal first.
    pub keys: Option<String>,
}

impl Default for StopSpec {
    fn default() -> Self {
        StopSpec {
            signal: 15,
            scope: Scope::Tree,
            timeout: Duration::from_secs(10),
            command: None,
            keys: None,
        }
    }
}

/// What the exit of a process means for the rest of its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OnExit {
    /// Nothing.
    #[default]
    None,
    /// All are stopped.
    StopAll,
    /// All are stopped if it failed.
    StopAllOnFailure,
}

/// One stream or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum StderrMode {
    /// Two, each with its name.
    #[default]
    Separate,
    /// One, in exact order.
    Merge,
}

/// Which changes of files restart a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchSpec {
    /// Globs, relative to the process's folder.
    pub paths: Vec<String>,
    /// Globs that do not count.
    pub ignore: Vec<String>,
    /// Quiet time after the last change.
    pub debounce: Duration,
}

/// When a process runs by the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Schedule {
    /// Again after this time, counted from start to start.
    Every(Duration),
    /// By a cron expression of five fields (crontab(5)) that is known to parse, in local time.
    Cron(String),
}

/// What debug mode changes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DebugSpec {
    /// Runs instead.
    pub command: Option<CommandSpec>,
    /// Laid over the environment.
    pub env: BTreeMap<String, Option<Template>>,
    /// Where a debugger attaches.
    pub port: Option<u16>,
}

/// Bounds on what a process may use.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of resident memory of the whole tree.
    pub memory_bytes: Option<u64>,
    /// Percent of one core.
    pub cpu_percent: Option<f64>,
    /// `RLIMIT_NOFILE`.
    pub open_files: Option<u64>,
    /// What exceeding memory or CPU leads to.
    pub on_exceed: OnExceed,
}

/// What exceeding a limit leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OnExceed {
    /// A warning.
    #[default]
    Warn,
    /// A restart.
    Restart,
    /// A stop.
    Stop,
}

/// How the output of a process is kept and read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogSpec {
    /// Size of a segment in bytes.
    pub max_size: u64,
    /// Segments kept of each stream.
    pub keep: u32,
    /// From pattern to level name (`trace` … `fatal`), tried in order before the built-in forms.
    pub level: Vec<(Pattern, String)>,
    /// The first line of a record.
    pub multiline: Option<Pattern>,
}

impl Default for LogSpec {
    fn default() -> Self {
        LogSpec {
            max_size: 64 << 20,
            keep: 5,
            level: Vec::new(),
            multiline: None,
        }
    }
}

/// Commands around the life of a process.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Hooks {
    /// Before each spawn; a failure fails the start.
    pub before_start: Option<CommandSpec>,
    /// When it has become ready.
    pub after_ready: Option<CommandSpec>,
    /// When it is down after a stop.
    pub after_stop: Option<CommandSpec>,
    /// After a crash.
    pub on_crash: Option<CommandSpec>,
}

/// `settings` of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The profile that is meant when none is named: `dev`, else the first.
    pub default_profile: Option<String>,
    /// Whether a workspace `.env` is read.
    pub dotenv: bool,
    /// In which order processes are stopped.
    pub stop_order: StopOrder,
    /// Time between samples of CPU and memory.
    pub sample_interval: Duration,
    /// How long metrics are kept.
    pub history: Duration,
    /// Defaults for every process's log.
    pub log: LogSpec,
    /// Bring back what ran, after a reboot, by itself.
    pub auto_restore: bool,
    /// Desktop notification on a crash.
    pub notify: bool,
    /// How much all logs of the workspace may take together, in bytes.
    #[serde(default = "log_total")]
    pub log_total: u64,
    /// What lines of output are events of, before the forms that are known.
    #[serde(default)]
    pub events: Vec<OutputEvent>,
}

/// A state that was written before there was such a setting has its default.
fn log_total() -> u64 {
    Settings::default().log_total
}

/// A rule by which lines of output are events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputEvent {
    /// A line with this is the event; its named groups are the event's fields.
    pub pattern: Pattern,
    /// What has happened: one of [`OUTPUT_EVENTS`].
    pub kind: String,
    /// For people, with `${name}` for a group; without it, the line is the message.
    pub message: Option<String>,
}

/// The kinds of events that output can state.
pub const OUTPUT_EVENTS: [&str; 11] = [
    "ready",
    "listening",
    "compiled",
    "rebuild",
    "reload",
    "slow",
    "bundle-size",
    "test-summary",
    "migration",
    "deprecation",
    "warning",
];

impl Default for Settings {
    fn default() -> Self {
        Settings {
            default_profile: None,
            dotenv: true,
            stop_order: StopOrder::Dependency,
            sample_interval: Duration::from_secs(1),
            history: Duration::from_secs(6 * 3600),
            log: LogSpec::default(),
            auto_restore: false,
            notify: false,
            log_total: 2 << 30,
            events: Vec::new(),
        }
    }
}

/// In which order processes are stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum StopOrder {
    /// Dependents before what they depend on.
    #[default]
    Dependency,
    /// All at once.
    Parallel,
}

impl ProcessSpec {
    /// A process with nothing but a name and a command, as `forge dev run` makes them.
    pub fn new(profile: &str, name: &str, command: CommandSpec, cwd: PathBuf) -> Self {
        ProcessSpec {
            name: name.to_string(),
            profile: profile.to_string(),
            groups: Vec::new(),
            replica: None,
            command,
            cwd,
            env: BTreeMap::new(),
            port: None,
            ports: Vec::new(),
            depends_on: Vec::new(),
            health_check: None,
            restart: RestartSpec::default(),
            oneshot: false,
            stop: StopSpec::default(),
            on_exit: OnExit::None,
            stderr: StderrMode::Separate,
            tty: false,
            autostart: true,
            watch: None,
            schedule: None,
            debug: None,
            limits: Limits::default(),
            metrics: None,
            description: None,
            url: None,
            log: LogSpec::default(),
            hooks: Hooks::default(),
        }
    }

    /// The check that decides readiness: its own, or that it listens on its port, or none.
    pub fn readiness(&self) -> Option<HealthCheck> {
        match &self.health_check {
            Some(check) => Some(check.clone()),
            None if self.port.is_some() && !self.oneshot => Some(HealthCheck::new(Probe::OwnPort)),
            None => None,
        }
    }
}

/// The protocol's [`Scope`] in files that Forge keeps.
mod scope_word {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Scope;

    pub(super) fn serialize<S: Serializer>(scope: &Scope, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(match scope {
            Scope::Tree => "tree",
            Scope::Leader => "leader",
        })
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Scope, D::Error> {
        match String::deserialize(from)?.as_str() {
            "tree" => Ok(Scope::Tree),
            "leader" => Ok(Scope::Leader),
            other => Err(serde::de::Error::custom(format!("unknown scope {other}"))),
        }
    }
}
