//! All processes of a workspace: the one place where an event becomes effects.

mod commands;
mod drive;
mod memory;
mod needs;
#[cfg(debug_assertions)]
mod oracle;
mod recall;
mod rules;
mod runs;
mod spread;
mod text;
mod told;
mod view;
mod why;

use std::collections::HashMap;
use std::time::Duration;

use crate::event::{Effect, Event, Memory, Now, Outcome, View};
use crate::graph::Graph;
use crate::process::{self, News, Out, Process};
use crate::spec::{ProcessSpec, Settings, StopOrder};
use needs::Hold;
use runs::Runs;

pub use why::Reason;

/// All processes of a workspace, and what is wanted of them.
///
/// Feed it with [`step`](Workspace::step); do what it answers; call it again no later than at
/// [`deadline`](Workspace::deadline).
#[derive(Debug)]
pub struct Workspace {
    /// In the order of definition.
    slots: Vec<Slot>,
    /// From name to place in `slots`.
    index: HashMap<String, usize>,
    graph: Graph,
    runs: Runs,
    stop_order: StopOrder,
    exit_code: Option<i32>,
    /// What others have yet to hear, by name of the process.
    news: Vec<(String, News)>,
    /// The time of the last step.
    now: Now,
}

/// A process and what the graph knows of it.
#[derive(Debug)]
struct Slot {
    /// As the present run was begun; as last defined when nothing of it lives.
    spec: ProcessSpec,
    /// A newer definition, in force as soon as nothing lives.
    next: Option<Box<ProcessSpec>>,
    process: Process,
    /// Whether it has what it needs.
    needs: Hold,
    /// What keeps it from going; `Free` for one that is not to go.
    held: Hold,
}

impl Slot {
    /// The newest definition.
    fn latest(&self) -> &ProcessSpec {
        self.next.as_deref().unwrap_or(&self.spec)
    }
}

impl Workspace {
    /// A workspace without processes. `seed` makes the ids of its runs differ from those of other
    /// workspaces that begin in the same millisecond; the same seed and events give the same ids.
    pub fn new(seed: u32, settings: &Settings) -> Self {
        Workspace {
            slots: Vec::new(),
            index: HashMap::new(),
            graph: Graph::default(),
            runs: Runs::new(seed),
            stop_order: settings.stop_order,
            exit_code: None,
            news: Vec::new(),
            now: Now {
                mono: Duration::ZERO,
                unix_ns: 0,
            },
        }
    }

    /// Takes over changed settings; they hold from the next step.
    pub fn set_settings(&mut self, settings: &Settings) {
        self.stop_order = settings.stop_order;
    }

    /// Takes in an event and tells what is to be done, in this order.
    ///
    /// Names that are not defined, and runs that are not the present ones, are passed over.
    pub fn step(&mut self, event: Event, now: Now) -> Vec<Effect> {
        self.now = now;
        let mut effects = Vec::new();
        match event {
            Event::Recall(recall) => {
                // Nothing is decided before all are known: the caller ends with a `Tick`.
                self.recall(*recall, &mut effects);
                return effects;
            }
            Event::Define(specs) => self.define(specs),
            Event::Start(names) => self.start(&names),
            Event::Stop {
                names,
                timeout,
                force,
            } => self.stop(&names, commands::haste(timeout, force), &mut effects),
            Event::Restart(names) => self.restart(&names, &mut effects),
            Event::Remove(names) => self.remove(&names, &mut effects),
            Event::Pause(names) => self.freeze(&names, true, &mut effects),
            Event::Resume(names) => self.freeze(&names, false, &mut effects),
            told @ (Event::Spawned { .. }
            | Event::NotSpawned { .. }
            | Event::Exited { .. }
            | Event::Gone { .. }
            | Event::Left { .. }
            | Event::Probed { .. }
            | Event::LogMatched { .. }
            | Event::StartFailed { .. }
            | Event::Exceeded { .. }
            | Event::FilesChanged { .. }
            | Event::Due { .. }) => self.happen(told, &mut effects),
            Event::Tick => {}
        }
        self.settle(&mut effects);
        #[cfg(debug_assertions)]
        oracle::check(self);
        effects
    }

    /// When to call again at the latest, on the clock of [`Now::mono`]; `None` when only events can
    /// change anything.
    pub fn deadline(&self) -> Option<Duration> {
        self.next_deadline()
    }

    /// The names of all processes, in the order of their definition.
    pub fn names(&self) -> Vec<&str> {
        let names = self.slots.iter().map(|slot| slot.spec.name.as_str());
        names.collect()
    }

    /// The definition of a process that holds for its present run, or for its next one when
    /// nothing of it lives: at [`Effect::Launch`] it is the newest one.
    pub fn spec(&self, name: &str) -> Option<&ProcessSpec> {
        self.slot(name).map(|slot| &slot.spec)
    }

    /// The newest definition of a process, whether it holds yet or not.
    pub fn latest_spec(&self, name: &str) -> Option<&ProcessSpec> {
        self.slot(name).map(Slot::latest)
    }

    /// A process as users see it.
    pub fn view(&self, name: &str) -> Option<View> {
        self.place(name).map(|place| self.view_at(place))
    }

    /// How far the start of a process has come. For a name that is not defined: failed.
    pub fn outcome(&self, name: &str) -> Outcome {
        match self.place(name) {
            Some(place) => self.outcome_at(place),
            None => Outcome::Failed(format!("there is no process `{name}`")),
        }
    }

    /// What must be remembered of a process for a supervisor that comes later.
    pub fn memory(&self, name: &str) -> Memory {
        self.slot(name).map(memory::memory).unwrap_or_default()
    }

    /// The exit code that `up` ends with, once a process with `on_exit` has taken the others down;
    /// the first one counts, and the next start forgets it.
    pub fn exit_code(&self) -> Option<i32> {
        self.exit_code
    }

    /// Why a process is, or is not, up: first the process itself, then what it waits for, and so
    /// on down. `mono` is the present moment, for the times that are left.
    pub fn why(&self, name: &str, mono: Duration) -> Vec<Reason> {
        match self.place(name) {
            Some(place) => self.reasons(place, mono),
            None => Vec::new(),
        }
    }

    /// All names by level: each needs only names of levels before its own.
    pub fn order(&self) -> Vec<Vec<String>> {
        let mut levels: Vec<Vec<String>> = Vec::new();
        for (place, slot) in self.slots.iter().enumerate() {
            let level = self.graph.level[place];
            if levels.len() <= level {
                levels.resize_with(level + 1, Vec::new);
            }
            levels[level].push(slot.spec.name.clone());
        }
        levels
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    fn slot(&self, name: &str) -> Option<&Slot> {
        self.place(name).map(|place| &self.slots[place])
    }

    /// Tells one process what has happened to it.
    fn happen(&mut self, event: Event, effects: &mut Vec<Effect>) {
        let now = self.now;
        let Some((name, happening)) = told::happening(event) else {
            return;
        };
        self.with(&name, effects, |slot, out| {
            process::step(&slot.spec, &mut slot.process, happening, now, out);
        });
    }

    /// Lets something be done to one process and keeps what others must hear of it.
    fn with(
        &mut self,
        name: &str,
        effects: &mut Vec<Effect>,
        deed: impl FnOnce(&mut Slot, &mut Out),
    ) {
        let Some(place) = self.place(name) else {
            return;
        };
        let mut out = Out::default();
        deed(&mut self.slots[place], &mut out);
        effects.append(&mut out.effects);
        let news = out.news.into_iter().map(|news| (name.to_string(), news));
        self.news.extend(news);
    }
}
