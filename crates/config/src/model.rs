//! The file's fields, as they are written: the one list from which reader, schema and defaults come.

use std::time::Duration;

use forge_core::spec::{
    OnDeterministic, OnDown, OnExceed, OnExit, OnUnhealthy, OutputEvent, Pattern, PortSpec,
    RestartPolicy, Scope, StderrMode, StopOrder,
};
use serde_json::{Value, json};

use crate::forms::{Command, Environment, List, Mapping, OneOrMore, Patterns, nested};
use crate::reader::{Field, Read, Reader, Record, record};
use crate::scalars::{
    AsWritten, Factor, Name, Percent, Plain, Port, Reference, Signal, Size, Span, Text, Whole,
};
use crate::short_forms::{DependsOn, Glob, Health, Status, Watch};
use crate::tree::{Kind, Node};
use crate::words::{ConditionWord, EventWord, LevelWord};

record! {
    /// An entry of a profile.
    ProcessMap called "process" {
        /// Unique in its profile.
        name: Name,
        /// What to run: text by `sh -c`, a list as it is.
        command: Command,
        /// Folder to run in, relative to the workspace.
        cwd: Plain = "the workspace",
        /// Variables added to the environment; null takes one away.
        env: Environment,
        /// Dotenv files, relative to the workspace; they win over `.env`, `env` wins over them.
        env_file: OneOrMore<Plain>,
        /// The port that it listens on, or `auto` for a free one.
        port: PortSpec,
        /// Further ports that it listens on.
        ports: List<Port>,
        /// What must be there before it starts.
        depends_on: DependsOn,
        /// How it is known to be well: a URL, a command, or a map.
        health_check: Health,
        /// Restart after an unexpected exit (false for a oneshot).
        auto_restart: bool = "true",
        /// How it is restarted.
        restart: Box<RestartMap>,
        /// Runs to its end once.
        oneshot: bool = "false",
        /// How it is stopped.
        stop: Box<StopMap>,
        /// What its exit means for the rest of the profile.
        on_exit: OnExit = "none",
        /// A group that it belongs to.
        group: Name,
        /// Groups that it belongs to.
        groups: List<Name>,
        /// One stream with exact order, or two with their own names.
        stderr: StderrMode = "separate",
        /// Run on a pseudo-terminal.
        tty: bool = "false",
        /// Whether a start without targets starts it.
        autostart: bool = "true",
        /// How many of it run: `name-1`, `name-2`, …
        replicas: Whole<1, 1000> = "1",
        /// Restart when a matching file changes.
        watch: Watch,
        /// Runs by the clock, not at start.
        schedule: Box<ScheduleMap>,
        /// What debug mode changes.
        debug: Box<DebugMap>,
        /// Bounds on what it may use.
        limits: Box<LimitsMap>,
        /// Where service statistics come from.
        metrics: Text,
        /// Start from another process's fields: `name`, or `profile.name`.
        extends: Reference,
        /// Shown to people.
        description: Plain,
        /// Where people open it.
        url: Text,
        /// How its output is kept and read.
        log: Box<LogMap>,
        /// Commands around its life.
        hooks: Box<HooksMap>,
    }
}

record! {
    /// A condition of `depends_on`.
    DependencyMap called "dependency" {
        /// What of it is needed: `healthy` for a long-running process, `completed` for a oneshot, unless set.
        condition: ConditionWord,
        /// A line of its output that must come first.
        log: Pattern,
        /// What happens when it crashes or is restarted later.
        on_down: OnDown = "ignore",
    }
}

record! {
    /// `health_check` in full.
    HealthMap called "health check" {
        /// A URL that answers.
        http: Text,
        /// `host:port` that takes connections.
        tcp: Text,
        /// A command that exits with 0.
        command: Command,
        /// A line of its output.
        log: Pattern,
        /// The process sends `READY=1` to `$NOTIFY_SOCKET`.
        notify: bool = "false",
        /// Time between checks; 200ms until it is healthy for the first time.
        interval: Span = "2s",
        /// How long one check may take.
        timeout: Span = "5s",
        /// Failures in a row until it is unhealthy.
        retries: Whole<1, 1000> = "3",
        /// How long it may take to be healthy for the first time.
        start_period: Duration = "60s",
        /// What being unhealthy leads to.
        on_unhealthy: OnUnhealthy = "warn",
        /// Output that fails the start at once.
        fail_on: Pattern,
        /// Status codes that are well, for `http`.
        status: OneOrMore<Status> = "200-399",
        /// Sent with the request, for `http`.
        headers: Mapping<Text>,
        /// Must match the body, for `http`.
        body: Pattern,
    }
}

record! {
    /// `restart`.
    RestartMap called "restart" {
        /// After which exits.
        policy: RestartPolicy = "on-failure",
        /// Wait before the first restart.
        delay: Duration = "5s",
        /// Each further wait is this many times longer.
        backoff: Factor = "2.0",
        /// The longest wait.
        max_delay: Duration = "60s",
        /// Restarts within `window` until Forge gives up.
        max_restarts: Whole<0, 1_000_000> = "5",
        /// The time in which `max_restarts` counts.
        window: Span = "10m",
        /// Exit codes that are a success.
        success_codes: List<Whole<0, 255>> = "[0]",
        /// Whether a crash that would only repeat waits for a file to change.
        on_deterministic: OnDeterministic = "wait",
    }
}

record! {
    /// `stop`.
    StopMap called "stop" {
        /// The signal that asks it to end.
        signal: Signal = "SIGTERM",
        /// Who gets the signal.
        scope: Scope = "tree",
        /// How long until SIGKILL.
        timeout: Duration = "10s",
        /// Run first.
        command: Command,
        /// Typed into its terminal first.
        keys: Plain,
    }
}

record! {
    /// `watch` in full.
    WatchMap called "watch" {
        /// Globs of files, relative to its folder.
        paths: List<Glob>,
        /// Globs of files that do not count.
        ignore: List<Glob> = "[]",
        /// Quiet time after the last change.
        debounce: Duration = "300ms",
    }
}

record! {
    /// `schedule`.
    ScheduleMap called "schedule" {
        /// Again after this time.
        every: Span,
        /// A cron expression of five fields, in local time.
        cron: CronText,
    }
}

record! {
    /// `debug`.
    DebugMap called "debug" {
        /// Runs instead.
        command: Command,
        /// Laid over the environment.
        env: Environment,
        /// Where a debugger attaches.
        port: Port,
    }
}

record! {
    /// `limits`.
    LimitsMap called "limits" {
        /// Resident memory of the whole tree.
        memory: Size,
        /// Percent of one core.
        cpu: Percent,
        /// Open files of each process.
        open_files: Whole<3, 1_000_000_000>,
        /// What exceeding memory or CPU leads to.
        on_exceed: OnExceed = "warn",
    }
}

record! {
    /// `log`.
    LogMap called "log" {
        /// Size of a file.
        max_size: Size = "64MB",
        /// Files kept of each stream.
        keep: Whole<1, 10_000> = "5",
        /// From regular expression to level, tried before the built-in forms.
        level: Patterns<LevelWord>,
        /// The first line of a record.
        multiline: Pattern,
    }
}

record! {
    /// `hooks`.
    HooksMap called "hooks" {
        /// Before each start; a failure fails the start.
        before_start: Command,
        /// When it has become ready.
        after_ready: Command,
        /// When it is down after a stop.
        after_stop: Command,
        /// After a crash.
        on_crash: Command,
    }
}

record! {
    /// `settings.log`.
    AllLogsMap called "settings.log" {
        /// Size of a file.
        max_size: Size = "64MB",
        /// Files kept of each stream.
        keep: Whole<1, 10_000> = "5",
        /// From regular expression to level, tried before the built-in forms.
        level: Patterns<LevelWord>,
        /// The first line of a record.
        multiline: Pattern,
        /// Size of all logs of the workspace together; the oldest are removed first.
        total: Size = "2GB",
    }
}

record! {
    /// An entry of `settings.events`.
    EventMap called "event" {
        /// A line that matches is the event; named groups are its fields.
        pattern: Pattern,
        /// What has happened.
        kind: EventWord,
        /// What people are told, with `${name}` for a group.
        message: AsWritten = "the line",
    }
}

record! {
    /// `settings`.
    SettingsMap called "settings" {
        /// The profile that is meant when none is named.
        default_profile: Name = "dev, else the first",
        /// Whether the workspace's `.env` is read.
        dotenv: bool = "true",
        /// In which order processes are stopped.
        stop_order: StopOrder = "dependency",
        /// Time between samples of CPU and memory.
        sample_interval: Span = "1s",
        /// How long metrics are kept.
        history: Span = "6h",
        /// Defaults for all logs.
        log: Box<AllLogsMap>,
        /// Lines of output that are events.
        events: List<OutputEvent>,
        /// Bring back what ran, after a reboot, by itself.
        auto_restore: bool = "false",
        /// Desktop notification on a crash.
        notify: bool = "false",
    }
}

nested!(
    RestartMap,
    ScheduleMap,
    StopMap,
    DebugMap,
    LimitsMap,
    LogMap,
    HooksMap,
    AllLogsMap,
    SettingsMap
);

/// A cron expression that parses.
#[derive(Debug, Clone)]
pub(crate) struct CronText(pub(crate) String);

impl Read for CronText {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let filled = reader.filled("a cron expression such as `0 3 * * mon-fri`", node)?;
        let error = match crate::cron::Cron::parse(&filled.text) {
            Ok(_) => return Some(CronText(filled.text)),
            Err(error) => error,
        };
        if filled.replaced {
            reader.expected_text("a cron expression such as `0 3 * * mon-fri`", &filled);
            return None;
        }
        let span = match &node.kind {
            Kind::Scalar(scalar) if scalar.text == filled.text => reader.inside(node, error.at),
            _ => node.span,
        };
        reader
            .sink
            .error(
                span,
                format!("this cron expression is not understood: {}", error.message),
            )
            .help("write five fields: minute, hour, day of month, month, day of week");
        None
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1 })
    }
}
