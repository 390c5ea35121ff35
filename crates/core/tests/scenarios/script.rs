//! Scenarios as text: processes, then what happens and what must follow.
//!
//! Processes, divided by `|`: `db check | api needs=db,cache:started down=restart | job oneshot`.
//!
//! Lines of a script:
//!
//! * `EVENT => EFFECT, EFFECT`: exactly these effects follow, in this order; notices are left out.
//! * `EVENT`: no effect but notices.
//! * `api is running`, `api is crashed: MESSAGE`: its status, and its message.
//! * `api gets ready`, `api gets failed: MESSAGE`: its outcome.
//! * `api says KIND: TEXT`: the last event led to that notice.
//! * `api tells nothing`: the last event led to no notice about it.
//!
//! Events are of the last run that was ordered; `web-old` means the one before, `web-stranger` one
//! that nobody knows.

use std::collections::HashMap;
use std::time::Duration;

use forge_core::Workspace;
use forge_core::event::{
    Effect, Event, Health, Hook, LastRun, Memory, NoticeKind, Now, Outcome, Recall, SpawnCause,
    SpawnFailure,
};
use forge_core::spec::{
    CommandSpec, Condition, Dependency, HealthCheck, OnDeterministic, OnDown, OnExceed, OnExit,
    OnUnhealthy, Pattern, Probe, ProcessSpec, RestartPolicy, Schedule, Settings, StopOrder,
    WatchSpec,
};
use forge_core::template::Template;
use forge_facts::{Exit, RunId};

/// Runs a script over processes; panics at the first line that does not hold.
pub(crate) fn check(processes: &str, script: &str) {
    World::new(processes).play(script);
}

/// A workspace and a clock.
pub(crate) struct World {
    pub(crate) workspace: Workspace,
    pub(crate) now: Now,
    /// The last two runs of each process.
    runs: HashMap<String, [RunId; 2]>,
    last: Vec<Effect>,
}

impl World {
    pub(crate) fn new(processes: &str) -> Self {
        Self::with_settings(processes, &Settings::default())
    }

    pub(crate) fn parallel(processes: &str) -> Self {
        let settings = Settings {
            stop_order: StopOrder::Parallel,
            ..Settings::default()
        };
        Self::with_settings(processes, &settings)
    }

    pub(crate) fn empty() -> Self {
        Self::with_settings("", &Settings::default())
    }

    fn with_settings(processes: &str, settings: &Settings) -> Self {
        let mut world = World {
            workspace: Workspace::new(7, settings),
            now: Now {
                mono: Duration::from_secs(1000),
                unix_ns: 1_700_000_000_000_000_000,
            },
            runs: HashMap::new(),
            last: Vec::new(),
        };
        world.tell(Event::Define(specs(processes)));
        world
    }

    /// Another supervisor takes over: what it remembers, and what the journals say.
    pub(crate) fn taken_over(&self, journals: &[(&str, LastRun)]) -> Self {
        let mut next = World::empty();
        next.now = self.now;
        next.runs = self.runs.clone();
        for name in self.workspace.names() {
            let spec = self.workspace.spec(name).expect("it is named").clone();
            let last_run = journals.iter().find(|(of, _)| *of == name);
            let recall = Recall {
                spec,
                memory: written_and_read(&self.workspace.memory(name)),
                last_run: last_run.map(|(_, run)| run.clone()),
            };
            next.tell(Event::Recall(Box::new(recall)));
        }
        next
    }

    pub(crate) fn play(&mut self, script: &str) -> &mut Self {
        for line in script.lines().map(str::trim) {
            if !line.is_empty() && !line.starts_with('#') {
                self.line(line);
            }
        }
        self
    }

    pub(crate) fn run(&self, name: &str) -> RunId {
        if let Some(name) = name.strip_suffix("-old") {
            return self.runs[name][1];
        }
        self.runs.get(name).map_or(RunId(1), |runs| runs[0])
    }

    pub(crate) fn tell(&mut self, event: Event) -> Vec<Effect> {
        let effects = self.workspace.step(event, self.now);
        for effect in &effects {
            if let Effect::Launch { name, run } = effect {
                let runs = self.runs.entry(name.clone()).or_insert([RunId(0); 2]);
                *runs = [*run, runs[0]];
            }
        }
        self.last.clone_from(&effects);
        effects
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now.mono += time;
        self.now.unix_ns += time.as_nanos() as u64;
    }

    fn line(&mut self, line: &str) {
        if self.holds(line) {
            return;
        }
        let (event, expected) = line.split_once("=>").unwrap_or((line, ""));
        self.event(event.trim());
        assert_eq!(self.shown_effects(), expected.trim(), "after `{line}`");
    }

    /// What the last event led to.
    pub(crate) fn shown_effects(&self) -> String {
        let shown: Vec<String> = self.last.iter().filter_map(show).collect();
        shown.join(", ")
    }

    /// All that people see of a process.
    pub(crate) fn shown(&self, name: &str) -> String {
        let Some(view) = self.workspace.view(name) else {
            return "unknown".to_string();
        };
        let mut text = view.status.name().to_string();
        if view.health != Health::None {
            text.push_str(&format!(", {}", view.health.name()));
        }
        if view.restarts > 0 {
            text.push_str(&format!(", {} restarts", view.restarts));
        }
        if let Some(message) = &view.message {
            text.push_str(&format!(": {message}"));
        }
        let outcome = show_outcome(&self.workspace.outcome(name));
        text.push_str(&format!(" | {}", outcome.split(':').next().unwrap_or("")));
        text
    }

    /// Checks a line that states something; false for one that is an event.
    fn holds(&self, line: &str) -> bool {
        let Some((name, rest)) = line.split_once(' ') else {
            return false;
        };
        let Some((verb, expected)) = rest.split_once(' ') else {
            return false;
        };
        let shown = match verb {
            "is" => self.shown_view(name, expected),
            "gets" => show_outcome(&self.workspace.outcome(name)),
            "says" => {
                let notices: Vec<String> = self.notices(name);
                let said = notices.iter().any(|notice| notice == expected);
                assert!(said, "`{line}`, but {name} said {notices:?}");
                return true;
            }
            "tells" => {
                assert_eq!(self.notices(name), Vec::<String>::new(), "`{line}`");
                return true;
            }
            _ => return false,
        };
        assert_eq!(shown, expected, "`{line}`");
        true
    }

    fn shown_view(&self, name: &str, expected: &str) -> String {
        let Some(view) = self.workspace.view(name) else {
            return "unknown".to_string();
        };
        let mut text = view.status.name().to_string();
        if expected.contains('(') && !expected.contains(": ") {
            let details = [
                (view.health != Health::None).then(|| view.health.name().to_string()),
                (!view.waiting_for.is_empty())
                    .then(|| format!("for {}", view.waiting_for.join(" "))),
                (view.restarts > 0).then(|| format!("restarts {}", view.restarts)),
            ];
            let details: Vec<String> = details.into_iter().flatten().collect();
            text.push_str(&format!(" ({})", details.join(", ")));
        } else if let (Some(message), true) = (view.message, expected.contains(": ")) {
            text.push_str(&format!(": {message}"));
        }
        text
    }

    fn notices(&self, of: &str) -> Vec<String> {
        let notice = |effect: &Effect| match effect {
            Effect::Notice {
                name,
                kind,
                message,
            } if name == of => Some(format!("{}: {message}", kind_name(*kind))),
            _ => None,
        };
        self.last.iter().filter_map(notice).collect()
    }

    pub(crate) fn event(&mut self, text: &str) {
        let words: Vec<&str> = text.split_whitespace().collect();
        if let ["wait", time] = words[..] {
            self.pass(duration(time));
            self.tell(Event::Tick);
            return;
        }
        let event = self.parse(text, &words);
        self.tell(event);
    }

    fn parse(&self, text: &str, words: &[&str]) -> Event {
        let names = || words[1..].iter().map(|name| name.to_string()).collect();
        let name = || {
            words[1]
                .trim_end_matches("-old")
                .trim_end_matches("-stranger")
                .to_string()
        };
        let run = || self.run(words[1]);
        let rest = || words[2..].join(" ");
        match words[0] {
            "define" => Event::Define(specs(text.trim_start_matches("define "))),
            "start" => Event::Start(names()),
            "stop" => {
                let (timeout, names): (Vec<&str>, Vec<&str>) = words[1..]
                    .iter()
                    .partition(|word| word.starts_with("within="));
                Event::Stop {
                    names: names.iter().map(|name| name.to_string()).collect(),
                    timeout: timeout.first().map(|word| duration(&word[7..])),
                    force: false,
                }
            }
            "kill" => Event::Stop {
                names: names(),
                timeout: None,
                force: true,
            },
            "restart" => Event::Restart(names()),
            "remove" => Event::Remove(names()),
            "pause" => Event::Pause(names()),
            "resume" => Event::Resume(names()),
            "spawned" => Event::Spawned {
                name: name(),
                run: run(),
                pid: 42,
                at: self.now.unix_ns,
            },
            "unspawned" => Event::NotSpawned {
                name: name(),
                run: run(),
                failure: failure(&rest()),
            },
            "exit" | "syntax-error" => Event::Exited {
                name: name(),
                run: run(),
                exit: exit(&rest()),
                deterministic: words[0] == "syntax-error",
            },
            "gone" => Event::Gone {
                name: name(),
                run: run(),
            },
            "left" => Event::Left {
                name: name(),
                run: run(),
                pids: words[2..].iter().map(|pid| number(pid) as i32).collect(),
            },
            "healthy" | "sick" => Event::Probed {
                name: name(),
                run: run(),
                healthy: words[0] == "healthy",
                detail: match words.len() {
                    2 => words[0].to_string(),
                    _ => rest(),
                },
            },
            "line" => Event::LogMatched {
                name: name(),
                run: run(),
                pattern: Pattern(rest()),
            },
            "bad-line" => Event::StartFailed {
                name: name(),
                run: run(),
                line: rest(),
            },
            "exceeds" => Event::Exceeded {
                name: name(),
                run: run(),
                what: rest(),
            },
            "edited" => Event::FilesChanged {
                name: name(),
                what: rest(),
            },
            "due" => Event::Due { name: name() },
            "tick" => Event::Tick,
            other => panic!("no event `{other}`"),
        }
    }
}

/// A memory as the next supervisor finds it on disk.
fn written_and_read(memory: &Memory) -> Memory {
    let text = serde_json::to_string(memory).expect("it can be written");
    let read = serde_json::from_str(&text).expect("it can be read");
    assert_eq!(memory, &read);
    read
}

fn failure(text: &str) -> SpawnFailure {
    SpawnFailure {
        message: text.to_string(),
        exit_code: match text {
            "not found" => Some(127),
            _ => None,
        },
        cause: match text {
            "not found" => SpawnCause::Program,
            text if text.starts_with("port") => SpawnCause::Port,
            _ => SpawnCause::System,
        },
    }
}

fn exit(text: &str) -> Exit {
    match text {
        "unknown" => Exit::Unknown,
        "killed" => Exit::Signal {
            signal: 9,
            core: false,
        },
        "segfault" => Exit::Signal {
            signal: 11,
            core: true,
        },
        code => Exit::Code(number(code) as i32),
    }
}

fn number(text: &str) -> u64 {
    text.parse()
        .unwrap_or_else(|_| panic!("`{text}` is no number"))
}

fn duration(text: &str) -> Duration {
    if let Some(millis) = text.strip_suffix("ms") {
        return Duration::from_millis(number(millis));
    }
    if let Some(minutes) = text.strip_suffix('m') {
        return Duration::from_secs(60 * number(minutes));
    }
    Duration::from_secs(number(text.trim_end_matches('s')))
}

pub(crate) fn specs(text: &str) -> Vec<ProcessSpec> {
    let processes = text.split('|').map(str::trim);
    processes
        .filter(|text| !text.is_empty())
        .map(spec)
        .collect()
}

fn spec(text: &str) -> ProcessSpec {
    let mut words = text.split_whitespace();
    let name = words.next().expect("a process has a name");
    let command = CommandSpec::Shell(Template::text("run"));
    let mut spec = ProcessSpec::new("dev", name, command, "/work".into());
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match key {
            "oneshot" => {
                spec.oneshot = true;
                spec.restart.policy = RestartPolicy::Never;
            }
            "needs" => spec.depends_on = value.split(',').map(dependency).collect(),
            _ => option(&mut spec, key, value),
        }
    }
    for need in &mut spec.depends_on {
        // The default is a matter of `config`; here a name alone says it by its first letter.
        if need.on.starts_with("migrate") && need.condition == Condition::Healthy {
            need.condition = Condition::Completed;
        }
    }
    spec
}

fn dependency(text: &str) -> Dependency {
    let mut parts = text.split(':');
    let on = parts.next().unwrap_or_default().to_string();
    Dependency {
        on,
        condition: match parts.next() {
            None | Some("healthy") => Condition::Healthy,
            Some("started") => Condition::Started,
            Some("completed") => Condition::Completed,
            Some("exited") => Condition::Exited,
            Some(pattern) => Condition::Log(Pattern(pattern.to_string())),
        },
        on_down: OnDown::Ignore,
    }
}

fn option(spec: &mut ProcessSpec, key: &str, value: &str) {
    let check = || {
        HealthCheck::new(Probe::Tcp {
            address: Template::text("localhost:1"),
        })
    };
    match key {
        "check" => spec.health_check = Some(check()),
        "log" => {
            spec.health_check = Some(HealthCheck::new(Probe::Log(Pattern(value.to_string()))));
        }
        "retries" => spec.health_check.as_mut().unwrap().retries = number(value) as u32,
        "unhealthy" => {
            spec.health_check.as_mut().unwrap().on_unhealthy = match value {
                "restart" => OnUnhealthy::Restart,
                _ => OnUnhealthy::Warn,
            }
        }
        "down" => {
            for need in &mut spec.depends_on {
                need.on_down = match value {
                    "restart" => OnDown::Restart,
                    "stop" => OnDown::Stop,
                    _ => OnDown::Ignore,
                };
            }
        }
        "policy" => {
            spec.restart.policy = match value {
                "never" => RestartPolicy::Never,
                "always" => RestartPolicy::Always,
                _ => RestartPolicy::OnFailure,
            }
        }
        "delay" => spec.restart.delay = duration(value),
        "max" => spec.restart.max_restarts = number(value) as u32,
        "retry" => spec.restart.on_deterministic = OnDeterministic::Retry,
        "ok" => spec.restart.success_codes = vec![0, number(value) as i32],
        "timeout" => spec.stop.timeout = duration(value),
        "on-exit" => {
            spec.on_exit = match value {
                "stop-all" => OnExit::StopAll,
                _ => OnExit::StopAllOnFailure,
            }
        }
        "watch" => {
            spec.watch = Some(WatchSpec {
                paths: vec!["**".to_string()],
                ignore: Vec::new(),
                debounce: Duration::from_millis(100),
            });
        }
        "every" => spec.schedule = Some(Schedule::Every(duration(value))),
        "exceed" => {
            spec.limits.on_exceed = match value {
                "restart" => OnExceed::Restart,
                "stop" => OnExceed::Stop,
                _ => OnExceed::Warn,
            }
        }
        "hooks" => {
            let hook = || Some(CommandSpec::Shell(Template::text("hook")));
            spec.hooks.after_ready = hook();
            spec.hooks.after_stop = hook();
            spec.hooks.on_crash = hook();
        }
        "profile" => spec.profile = value.to_string(),
        "cwd" => spec.cwd = value.into(),
        other => panic!("no option `{other}`"),
    }
}

/// An effect in short; `None` for a notice.
pub(crate) fn show(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::Launch { name, .. } => format!("launch {name}"),
        Effect::Halt { name, timeout, .. } => format!("halt {name} {}", timeout.as_secs()),
        Effect::Freeze { name, stop, .. } => match stop {
            true => format!("freeze {name}"),
            false => format!("thaw {name}"),
        },
        Effect::Probe { name, .. } => format!("probe {name}"),
        Effect::Unprobe { name } => format!("unprobe {name}"),
        Effect::AwaitChange { name } => format!("await-change {name}"),
        Effect::Hook { name, hook } => match hook {
            Hook::AfterReady => format!("hook {name} after_ready"),
            Hook::AfterStop => format!("hook {name} after_stop"),
            Hook::OnCrash => format!("hook {name} on_crash"),
        },
        Effect::Notice { .. } => return None,
        Effect::Crashed(crash) => format!(
            "crash {} #{} ({})",
            crash.name, crash.count_in_window, crash.next
        ),
        Effect::Forget { name } => format!("forget {name}"),
    })
}

pub(crate) fn kind_name(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Started => "started",
        NoticeKind::Ready => "ready",
        NoticeKind::Stopped => "stopped",
        NoticeKind::Crashed => "crashed",
        NoticeKind::Restarted => "restarted",
        NoticeKind::Healthy => "healthy",
        NoticeKind::Unhealthy => "unhealthy",
        NoticeKind::Reload => "reload",
        NoticeKind::Warning => "warning",
    }
}

fn show_outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Pending(text) => format!("pending: {text}"),
        Outcome::Ready => "ready".to_string(),
        Outcome::Done => "done".to_string(),
        Outcome::Failed(text) => format!("failed: {text}"),
        Outcome::Down => "down".to_string(),
    }
}

/// A journal that says that the run of a process lives.
pub(crate) fn lives(world: &World, name: &str) -> LastRun {
    LastRun {
        run: world.run(name),
        pid: Some(42),
        started_unix_ns: world.now.unix_ns - 10_000_000_000,
        exit: None,
        gone: false,
    }
}

/// A journal that says that the run of a process has ended so, five seconds after its start.
pub(crate) fn ended(world: &World, name: &str, exit: Exit, gone: bool) -> LastRun {
    LastRun {
        exit: Some((exit, world.now.unix_ns - 5_000_000_000)),
        gone,
        ..lives(world, name)
    }
}

/// A journal without a run that was spawned.
pub(crate) fn never_spawned(world: &World, name: &str) -> LastRun {
    LastRun {
        run: world.run(name),
        pid: None,
        started_unix_ns: 0,
        exit: None,
        gone: true,
    }
}
