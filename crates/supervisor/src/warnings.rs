//! What deserves a look: which conditions hold, told when they begin and once they are over.
//!
//! The rules are `forge-inspect`'s and know no supervisor; here they are given the facts, every few
//! seconds and soon after something has happened, and what they find becomes events and warnings.

mod past;
mod room;

use std::collections::HashMap;
use std::time::Duration;

use forge_api as api;
use forge_core::event::{Health, Status};
use forge_core::spec::CommandSpec;
use forge_inspect::warnings::{self, Facts, Limits, News, ProcessFacts, Warnings};
use forge_inspect::{Moment, ProcessKey, Usage};
use forge_services::containers::Client;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::clock;
use crate::history::History;
use crate::input::Input;
use crate::supervisor::Supervisor;
use past::{CLEARED, Past, RAISED, Recalled, hear_event};
pub(crate) use room::Room;

/// How often everything is looked at while something runs or is wrong.
const EVERY: Duration = Duration::from_secs(5);
/// How soon after something has happened.
const SOON: Duration = Duration::from_secs(1);
/// How often the room on the disks is asked for.
const ROOM_EVERY: Duration = Duration::from_secs(15);
/// What was told by an earlier supervisor and is not found again within this time is over.
const RECALLED_FOR: Duration = Duration::from_secs(60);
/// How long events count that a rule may ask about.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// The system's limit of open files is asked for where there are so many: no limit is lower.
const FILES_WORTH_A_LOOK: u32 = 32;

/// The rules, and what they are told beside the figures.
pub(crate) struct Alerts {
    rules: Warnings,
    next: Option<Instant>,
    looked: Option<Instant>,
    /// Events that were taken in; `None`: not even those of earlier supervisors.
    seen: Option<u64>,
    past: HashMap<String, Past>,
    recalled: Recalled,
    begun: Instant,
    rooms: Vec<Room>,
    rooms_asked: Option<Instant>,
}

impl Alerts {
    pub(crate) fn new() -> Self {
        Alerts {
            rules: Warnings::default(),
            next: None,
            looked: None,
            seen: None,
            past: HashMap::new(),
            recalled: Recalled::default(),
            begun: Instant::now(),
            rooms: Vec::new(),
            rooms_asked: None,
        }
    }

    /// When the next look is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.next
    }

    /// Something may have happened: look soon if it has.
    pub(crate) fn wake(&mut self, history: &History) {
        if self.seen == Some(history.count()) && self.next.is_some() {
            return;
        }
        self.look_soon();
    }

    /// There are new figures to be judged.
    pub(crate) fn look_soon(&mut self) {
        let now = Instant::now();
        let soon = self.looked.map_or(now, |at| (at + SOON).max(now));
        self.next = Some(self.next.map_or(soon, |next| next.min(soon)));
    }

    /// The room on the disks is known.
    pub(crate) fn set_rooms(&mut self, rooms: Vec<Room>) {
        self.rooms = rooms;
    }

    /// Takes in what has happened since the last look.
    fn hear(&mut self, history: &History, now: Duration) {
        match self.seen {
            None => {
                for event in history.latest() {
                    self.recalled.hear(event);
                    hear_event(&mut self.past, event);
                }
            }
            Some(seen) => {
                for event in history.since(seen) {
                    hear_event(&mut self.past, event);
                }
            }
        }
        self.seen = Some(history.count());
        let from = now.saturating_sub(REMEMBERED);
        self.past.retain(|_, past| {
            past.crashes.retain(|at| *at >= from);
            past.slow.retain(|slow| slow.at >= from);
            !past.crashes.is_empty() || !past.slow.is_empty()
        });
    }
}

/// What is known of one process, until the rules have looked at it.
struct Known {
    key: ProcessKey,
    running_since: Option<Duration>,
    ready_since: Option<Duration>,
    usage: Option<Usage>,
    open_files_limit: Option<u64>,
    limits: Limits,
    declared: Vec<u16>,
    listens_elsewhere: bool,
    unhealthy: Option<String>,
    query: Option<(Duration, String)>,
}

impl Supervisor {
    /// Looks at everything, and tells what is new.
    pub(crate) fn look_for_trouble(&mut self) {
        let now = Instant::now();
        let at = Moment::now().unix;
        self.alerts.looked = Some(now);
        self.ask_for_room(now);
        self.alerts.hear(&self.history, at);
        let known: Vec<Known> = self
            .core
            .names()
            .into_iter()
            .filter_map(|name| self.known(name, at))
            .collect();
        let mut rules = std::mem::take(&mut self.alerts.rules);
        let news = rules.look(&self.facts(&known, at));
        let any = rules.current().next().is_some();
        self.alerts.rules = rules;
        self.tell_news(news);
        self.forget_recalled(now);
        self.alerts.seen = Some(self.history.count());
        let runs = self
            .managed
            .values()
            .any(|managed| managed.present.is_some());
        let more = runs || any || !self.alerts.recalled.0.is_empty();
        self.alerts.next = more.then(|| now + EVERY);
    }

    /// What deserves a look, of these processes and of the machine.
    pub(crate) fn warnings_of(&self, processes: &[api::Process]) -> Vec<api::Warning> {
        let shown = |name: &str| processes.iter().any(|process| process.name == name);
        let mut told: Vec<api::Warning> = self
            .alerts
            .rules
            .current()
            .filter(|one| one.process.as_ref().is_none_or(|key| shown(key.as_str())))
            .map(in_words)
            .collect();
        for process in processes {
            let known = |kind: &str| {
                let is = |one: &api::Warning| {
                    one.kind == kind && one.process.as_ref() == Some(&process.name)
                };
                told.iter().any(is)
            };
            // Seen at once, without waiting for a look.
            let kind = match (process.health.state.as_str(), process.status.as_str()) {
                ("unhealthy", _) if !known("unhealthy") => "unhealthy",
                (_, "crashed") => "crashed",
                _ => continue,
            };
            told.push(api::Warning {
                process: Some(process.name.clone()),
                kind: kind.to_string(),
                message: (kind == "crashed")
                    .then(|| self.crash_words(&process.name))
                    .flatten()
                    .or(process.message.clone())
                    .unwrap_or_else(|| kind.to_string()),
                ..api::Warning::default()
            });
        }
        told
    }

    fn known(&self, name: &str, at: Duration) -> Option<Known> {
        let spec = self.core.spec(name).or(self.core.latest_spec(name))?;
        let view = self.core.view(name)?;
        let managed = self.managed.get(name)?;
        let present = managed.present.is_some();
        // Figures of the run before count no more.
        let usage = managed
            .usage
            .as_ref()
            .filter(|usage| present && view.pid.is_none_or(|pid| usage.pids.contains(&pid)));
        let mut usage = usage.cloned();
        if let Some(usage) = &mut usage {
            usage.memory_bytes = self.sampling.counted_memory(name, usage);
        }
        let mut declared: Vec<u16> = managed.port.into_iter().chain(spec.ports.clone()).collect();
        if managed.debug {
            // A debugger's port is no surprise.
            declared.extend(usage.iter().flat_map(Usage::ports));
        }
        let started = view.started_unix_ns.filter(|_| present);
        let unhealthy = (present && view.health == Health::Unhealthy).then(|| {
            let detail = view.health_detail.map(|(detail, _)| detail);
            detail.unwrap_or_else(|| "its check fails".to_string())
        });
        Some(Known {
            key: ProcessKey::from(name),
            running_since: started.map(Duration::from_nanos),
            ready_since: (present && view.status == Status::Running).then_some(at),
            open_files_limit: usage.as_ref().and_then(files_limit),
            usage,
            limits: Limits {
                memory_bytes: spec.limits.memory_bytes,
                cpu_percent: spec.limits.cpu_percent.map(|percent| percent as f32),
                open_files: spec.limits.open_files,
            },
            declared,
            listens_elsewhere: is_container_client(&spec.command)
                && !self.containers.are_known(name),
            unhealthy,
            query: self.statistics.running_query(name),
        })
    }

    fn facts<'a>(&'a self, known: &'a [Known], at: Duration) -> Facts<'a> {
        static NOTHING: Past = Past {
            crashes: Vec::new(),
            slow: Vec::new(),
        };
        let processes = known.iter().map(|one| {
            let past = self.alerts.past.get(one.key.as_str()).unwrap_or(&NOTHING);
            ProcessFacts {
                key: &one.key,
                running_since: one.running_since,
                ready_since: one.ready_since,
                usage: one.usage.as_ref(),
                open_files_limit: one.open_files_limit,
                limits: one.limits,
                declared_ports: &one.declared,
                listens_elsewhere: one.listens_elsewhere,
                unhealthy: one.unhealthy.as_deref(),
                crashes: &past.crashes,
                slow: &past.slow,
                running_query: one
                    .query
                    .as_ref()
                    .map(|(time, text)| (*time, text.as_str())),
            }
        });
        Facts {
            at,
            history: &self.sampling.history,
            processes: processes.collect(),
            storage: self.alerts.rooms.iter().filter_map(Room::facts).collect(),
        }
    }

    fn tell_news(&mut self, news: News) {
        for warning in news.raised {
            if !self.alerts.recalled.knows(&warning) {
                self.tell_warning(&in_words(&warning), RAISED);
            }
        }
        for warning in news.cleared {
            self.tell_warning(&in_words(&warning), CLEARED);
        }
    }

    fn tell_warning(&mut self, warning: &api::Warning, state: &str) {
        let message = match state {
            CLEARED => format!("over: {}", warning.message),
            _ => warning.message.clone(),
        };
        let mut fields = Map::new();
        fields.insert("warning".into(), Value::from(warning.kind.as_str()));
        fields.insert("state".into(), Value::from(state));
        let figures = warning.figures.iter();
        let figures: Map<String, Value> = figures
            .map(|(name, value)| (name.clone(), Value::from(*value)))
            .collect();
        fields.insert("figures".into(), Value::Object(figures));
        self.history
            .add_with(warning.process.as_deref(), "warning", message, fields);
        self.changed();
    }

    /// What was true for an earlier supervisor and is no more.
    fn forget_recalled(&mut self, now: Instant) {
        if now - self.alerts.begun < RECALLED_FOR {
            return;
        }
        for ((process, kind, port), told) in std::mem::take(&mut self.alerts.recalled.0) {
            for message in told {
                let port = (port > 0).then(|| ("port".to_string(), port as f64));
                let warning = api::Warning {
                    process: process.clone(),
                    kind: kind.clone(),
                    message,
                    since: None,
                    figures: port.into_iter().collect(),
                };
                self.tell_warning(&warning, CLEARED);
            }
        }
    }

    /// A storage that hangs holds up only a thread beside the loop.
    fn ask_for_room(&mut self, now: Instant) {
        let asked = self.alerts.rooms_asked;
        if asked.is_some_and(|at| now - at < ROOM_EVERY) {
            return;
        }
        self.alerts.rooms_asked = Some(now);
        let folders = [self.workspace(), self.layout.state().to_path_buf()];
        let inbox = self.inbox.clone();
        tokio::task::spawn_blocking(move || {
            let rooms = folders.iter().filter_map(|folder| Room::of(folder));
            let _ = inbox.send(Input::Rooms(rooms.collect()));
        });
    }
}

fn in_words(warning: &warnings::Warning) -> api::Warning {
    let figures = warning.figures.iter();
    api::Warning {
        process: warning.process.as_ref().map(|key| key.as_str().to_string()),
        kind: warning.kind.name().to_string(),
        message: warning.message.clone(),
        since: u64::try_from(warning.since.as_nanos())
            .ok()
            .map(clock::rfc3339),
        figures: figures
            .map(|(name, value)| ((*name).to_string(), *value))
            .collect(),
    }
}

fn files_limit(usage: &Usage) -> Option<u64> {
    usage
        .open_files_most
        .filter(|most| *most >= FILES_WORTH_A_LOOK)?;
    let pid = usage.open_files_most_pid?;
    forge_os::process_table::open_files_limit(pid)
        .ok()
        .flatten()
}

/// Such a client listens on nothing: its engine does.
fn is_container_client(command: &CommandSpec) -> bool {
    // A port of another process in it makes no other program of it.
    let text =
        |part: &forge_core::template::Template| part.resolve(|_| Some(0)).unwrap_or_default();
    let words: Vec<String> = match command {
        CommandSpec::Shell(line) => text(line).split_whitespace().map(str::to_string).collect(),
        CommandSpec::Argv(words) => words.iter().map(text).collect(),
    };
    let words = words
        .strip_prefix(&["exec".to_string()][..])
        .unwrap_or(&words);
    Client::parse(words).is_some()
}
