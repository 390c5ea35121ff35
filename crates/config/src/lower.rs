//! From the fields of a process to its spec: defaults filled in, short forms written out.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use forge_core::spec::{
    CommandSpec, DebugSpec, Hooks, Limits, LogSpec, Pattern, PortSpec, Probe, ProcessSpec,
    RestartPolicy, RestartSpec, Schedule, Settings, StopOrder, StopSpec, WatchSpec,
};
use forge_core::template::{Part, Template};

use crate::finding::Finding;
use crate::forms::{Command, Environment, List};
use crate::health;
use crate::model::{
    DebugMap, HooksMap, LimitsMap, LogMap, ProcessMap, RestartMap, ScheduleMap, SettingsMap,
    StopMap, WatchMap,
};
use crate::reader::{At, Reader};
use crate::tree::Span;
use crate::urls;

/// Quiet time after a change before a restart.
const DEBOUNCE: Duration = Duration::from_millis(300);

/// What all processes of a profile share.
pub(crate) struct Surroundings<'a> {
    pub(crate) workspace: &'a Path,
    pub(crate) home: Option<&'a Path>,
    pub(crate) profile: &'a str,
    /// `settings.log`.
    pub(crate) log: &'a LogSpec,
}

/// The value of a field that is there.
pub(crate) fn take<T>(field: Option<At<T>>) -> Option<T> {
    field.map(|at| at.value)
}

/// Key and value of a map that may lack something.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) key: Span,
    value: Span,
}

impl Place {
    pub(crate) fn of(key: Span, value: Span) -> Self {
        Place { key, value }
    }

    /// Notes that something is missing, unless it is there and was wrong: that has been told.
    pub(crate) fn lacks<'r>(self, reader: &'r mut Reader<'_>, message: &str) -> &'r mut Finding {
        match reader.sink.has_error_within(self.value) {
            true => reader.sink.unsaid(self.key),
            false => reader.sink.error(self.key, message),
        }
    }
}

pub(crate) fn set<T, U: From<T>>(target: &mut U, field: Option<At<T>>) {
    if let Some(at) = field {
        *target = at.value.into();
    }
}

/// The spec of a process. `depends_on` is filled in once all processes are known, `env` where the
/// dotenv files are.
pub(crate) fn process(
    name: &str,
    map: &mut ProcessMap,
    surroundings: &Surroundings<'_>,
    reader: &mut Reader<'_>,
) -> ProcessSpec {
    let command = match map.command.take() {
        Some(at) => at.value.0,
        None => CommandSpec::Argv(Vec::new()),
    };
    let cwd = map.cwd.take().map_or_else(
        || surroundings.workspace.to_path_buf(),
        |at| absolute(surroundings.workspace, surroundings.home, &at.value.0),
    );
    let mut spec = ProcessSpec::new(surroundings.profile, name, command, cwd);
    spec.port = take(map.port.take());
    spec.ports = numbers(map.ports.take(), |port| port.0 as u16);
    spec.oneshot = take(map.oneshot.take()).unwrap_or(false);
    spec.groups = groups(map);
    spec.restart = restart(map, spec.oneshot);
    spec.stop = map
        .stop
        .take()
        .map_or_else(StopSpec::default, |at| stop(*at.value));
    spec.on_exit = take(map.on_exit.take()).unwrap_or_default();
    spec.stderr = take(map.stderr.take()).unwrap_or_default();
    spec.tty = take(map.tty.take()).unwrap_or(false);
    spec.autostart = take(map.autostart.take()).unwrap_or(true);
    spec.watch = map
        .watch
        .take()
        .and_then(|at| watch(at.value.0, Place::of(at.key, at.span), reader));
    spec.schedule = map
        .schedule
        .take()
        .and_then(|at| schedule(*at.value, Place::of(at.key, at.span), reader));
    spec.debug = map.debug.take().map(|at| debug(*at.value));
    spec.limits = map
        .limits
        .take()
        .map_or_else(Limits::default, |at| limits(*at.value));
    spec.description = map.description.take().map(|at| at.value.0);
    spec.log = match map.log.take() {
        Some(at) => log(*at.value, surroundings.log),
        None => surroundings.log.clone(),
    };
    spec.hooks = map
        .hooks
        .take()
        .map_or_else(Hooks::default, |at| hooks(*at.value));
    spec.health_check = map
        .health_check
        .take()
        .and_then(|at| health::check(at, spec.port.is_some(), reader));
    spec.metrics = url(map.metrics.take(), &urls::METRICS, reader);
    spec.url = url(map.url.take(), &urls::WEB, reader);
    follow_own_port(&mut spec);
    spec
}

/// A path of the file as an absolute one. `.` parts go, `..` stays: behind a link it means something.
pub(crate) fn absolute(workspace: &Path, home: Option<&Path>, text: &str) -> PathBuf {
    let path = match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_path_buf(),
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(&rest[1..]),
        _ => workspace.join(text),
    };
    path.components()
        .filter(|part| *part != Component::CurDir)
        .collect()
}

fn numbers<T, U: Ord>(field: Option<At<List<T>>>, convert: impl Fn(T) -> U) -> Vec<U> {
    let list = field.map_or_else(Vec::new, |at| at.value.0);
    let mut numbers: Vec<U> = list.into_iter().map(|(value, _)| convert(value)).collect();
    numbers.sort();
    numbers.dedup();
    numbers
}

fn groups(map: &mut ProcessMap) -> Vec<String> {
    let one = map.group.take().map(|at| at.value);
    let more = map.groups.take().map_or_else(Vec::new, |at| at.value.0);
    let mut groups: Vec<String> = Vec::new();
    for name in one
        .into_iter()
        .chain(more.into_iter().map(|(name, _)| name))
    {
        if !groups.contains(&name.0) {
            groups.push(name.0);
        }
    }
    groups
}

fn restart(map: &mut ProcessMap, oneshot: bool) -> RestartSpec {
    let written = map
        .restart
        .take()
        .map_or_else(RestartMap::default, |at| *at.value);
    let mut spec = RestartSpec::default();
    let auto = take(map.auto_restart.take());
    let policy = take(written.policy);
    spec.policy = match (auto, policy) {
        (Some(false), _) => RestartPolicy::Never,
        (_, Some(policy)) => policy,
        (None, None) if oneshot => RestartPolicy::Never,
        (_, None) => spec.policy,
    };
    set(&mut spec.delay, written.delay);
    spec.max_delay = match take(written.max_delay) {
        Some(longest) => longest,
        // A first wait that is longer than the default bound was meant.
        None => spec.max_delay.max(spec.delay),
    };
    if let Some(at) = written.backoff {
        spec.backoff = at.value.0;
    }
    if let Some(at) = written.max_restarts {
        spec.max_restarts = at.value.0 as u32;
    }
    if let Some(at) = written.window {
        spec.window = at.value.0;
    }
    if written.success_codes.is_some() {
        spec.success_codes = numbers(written.success_codes, |code| code.0 as i32);
    }
    set(&mut spec.on_deterministic, written.on_deterministic);
    spec
}

fn stop(map: StopMap) -> StopSpec {
    let mut spec = StopSpec::default();
    if let Some(at) = map.signal {
        spec.signal = at.value.0;
    }
    set(&mut spec.scope, map.scope);
    set(&mut spec.timeout, map.timeout);
    spec.command = command(map.command);
    spec.keys = map.keys.map(|at| at.value.0);
    spec
}

fn command(field: Option<At<Command>>) -> Option<CommandSpec> {
    field.map(|at| at.value.0)
}

fn watch(map: WatchMap, place: Place, reader: &mut Reader<'_>) -> Option<WatchSpec> {
    let globs = |field: Option<At<List<crate::short_forms::Glob>>>| -> Vec<String> {
        let list = field.map_or_else(Vec::new, |at| at.value.0);
        list.into_iter().map(|(glob, _)| glob.0).collect()
    };
    if map.paths.is_none() {
        place
            .lacks(reader, "`watch` names no files")
            .help("add `paths: [\"src/**\"]`");
    }
    let paths = globs(map.paths);
    (!paths.is_empty()).then(|| WatchSpec {
        paths,
        ignore: globs(map.ignore),
        debounce: take(map.debounce).unwrap_or(DEBOUNCE),
    })
}

fn schedule(map: ScheduleMap, place: Place, reader: &mut Reader<'_>) -> Option<Schedule> {
    match (map.every, map.cron) {
        (Some(every), None) => Some(Schedule::Every(every.value.0)),
        (None, Some(cron)) => Some(Schedule::Cron(cron.value.0)),
        (Some(every), Some(cron)) => {
            reader
                .sink
                .error(cron.key, "`schedule` has both `every` and `cron`")
                .related(every.key, "`every` is here")
                .help("keep one of them");
            None
        }
        (None, None) => {
            place
                .lacks(reader, "`schedule` says no time")
                .help("write `schedule: {every: 10m}` or `schedule: {cron: \"0 3 * * *\"}`");
            None
        }
    }
}

pub(crate) fn environment(field: Environment) -> impl Iterator<Item = (String, Option<Template>)> {
    field.0.into_iter().map(|(name, at)| (name, at.value))
}

fn debug(map: DebugMap) -> DebugSpec {
    DebugSpec {
        command: command(map.command),
        env: map
            .env
            .map_or_else(Default::default, |at| environment(at.value).collect()),
        port: map.port.map(|at| at.value.0 as u16),
    }
}

fn limits(map: LimitsMap) -> Limits {
    Limits {
        memory_bytes: map.memory.map(|at| at.value.0),
        cpu_percent: map.cpu.map(|at| at.value.0),
        open_files: map.open_files.map(|at| at.value.0),
        on_exceed: take(map.on_exceed).unwrap_or_default(),
    }
}

/// A process's own levels are tried before those of `settings`.
pub(crate) fn log(map: LogMap, defaults: &LogSpec) -> LogSpec {
    let own = map.level.map_or_else(Vec::new, |at| at.value.0);
    let mut level: Vec<(Pattern, String)> = own
        .into_iter()
        .map(|(pattern, word)| (pattern, word.0.to_string()))
        .collect();
    let further = defaults
        .level
        .iter()
        .filter(|(pattern, _)| !level.iter().any(|(own, _)| own == pattern));
    let further: Vec<(Pattern, String)> = further.cloned().collect();
    level.extend(further);
    LogSpec {
        max_size: map.max_size.map_or(defaults.max_size, |at| at.value.0),
        keep: map.keep.map_or(defaults.keep, |at| at.value.0 as u32),
        level,
        multiline: take(map.multiline).or_else(|| defaults.multiline.clone()),
    }
}

fn hooks(map: HooksMap) -> Hooks {
    Hooks {
        before_start: command(map.before_start),
        after_ready: command(map.after_ready),
        after_stop: command(map.after_stop),
        on_crash: command(map.on_crash),
    }
}

/// `settings` as they are to be used.
pub(crate) fn settings(map: SettingsMap) -> Settings {
    let mut settings = Settings {
        default_profile: map.default_profile.map(|at| at.value.0),
        dotenv: take(map.dotenv).unwrap_or(true),
        stop_order: take(map.stop_order).unwrap_or(StopOrder::Dependency),
        auto_restore: take(map.auto_restore).unwrap_or(false),
        notify: take(map.notify).unwrap_or(false),
        ..Settings::default()
    };
    if let Some(at) = map.sample_interval {
        settings.sample_interval = at.value.0;
    }
    if let Some(at) = map.history {
        settings.history = at.value.0;
    }
    if let Some(at) = map.log {
        let all = *at.value;
        settings.log_total = all.total.map_or(settings.log_total, |at| at.value.0);
        let own = LogMap {
            max_size: all.max_size,
            keep: all.keep,
            level: all.level,
            multiline: all.multiline,
        };
        settings.log = log(own, &LogSpec::default());
    }
    if let Some(at) = map.events {
        settings.events = at.value.0.into_iter().map(|(event, _)| event).collect();
    }
    settings
}

fn url(
    field: Option<At<crate::scalars::Text>>,
    kind: &urls::Kind,
    reader: &mut Reader<'_>,
) -> Option<Template> {
    let at = field?;
    urls::check(&at.value.0, kind, at.span, reader).then_some(at.value.0)
}

/// URLs that name the process's own fixed port on this machine follow it when it is moved.
fn follow_own_port(spec: &mut ProcessSpec) {
    let Some(PortSpec::Fixed(port)) = spec.port else {
        return;
    };
    let name = spec.name.clone();
    let follow = |template: &mut Template| {
        if let [Part::Text(text)] = template.parts()
            && let Some(at) = urls::own_port_place(text, port)
        {
            let parts = vec![
                Part::Text(text[..at.start].to_string()),
                Part::PortOf(name.clone()),
                Part::Text(text[at.end..].to_string()),
            ];
            let filled = |part: &Part| !matches!(part, Part::Text(text) if text.is_empty());
            *template = Template::from_parts(parts.into_iter().filter(filled).collect());
        }
    };
    match spec.health_check.as_mut().map(|check| &mut check.probe) {
        Some(Probe::Http { url, .. }) => follow(url),
        Some(Probe::Tcp { address }) => follow(address),
        _ => {}
    }
    spec.url.as_mut().map(&follow);
    spec.metrics.as_mut().map(&follow);
}
