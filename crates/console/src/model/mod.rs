//! Everything that the console knows and shows.

pub(crate) mod dialog;
pub(crate) mod graph;
pub(crate) mod line;
pub(crate) mod log;
pub(crate) mod pointer;
pub(crate) mod screen;

use std::collections::{BTreeSet, HashMap, VecDeque};

use crossterm::event::KeyEvent;
use forge_api::{Event, GraphAnswer, Monitor, OrphanRow, PortRow, Process, Status, WhyAnswer};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::keymap::{self, Keymap, Places};
use crate::message::Pane;
use crate::theme::Theme;
use dialog::Dialog;
use line::TypedLine;
use log::LogWindow;
use screen::Screen;

/// Events that are kept.
const EVENTS: usize = 2000;
/// Samples of CPU that are kept for the small bars.
pub(crate) const SAMPLES: usize = 60;

/// What fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum View {
    #[default]
    Processes,
    Logs,
    Monitor,
    Ports,
    Events,
    Graph,
}

impl View {
    pub(crate) const ALL: [View; 6] = [
        View::Processes,
        View::Logs,
        View::Monitor,
        View::Ports,
        View::Events,
        View::Graph,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            View::Processes => "Processes",
            View::Logs => "Logs",
            View::Monitor => "Monitor",
            View::Ports => "Ports",
            View::Events => "Events",
            View::Graph => "Graph",
        }
    }

    pub(crate) fn place(self) -> Places {
        match self {
            View::Processes => keymap::PROCESSES,
            View::Logs => keymap::LOGS,
            View::Monitor => keymap::MONITOR,
            View::Ports => keymap::PORTS,
            View::Events => keymap::EVENTS,
            View::Graph => keymap::GRAPH,
        }
    }
}

/// Whether the supervisor answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Connection {
    #[default]
    Opening,
    Up,
    Lost(String),
}

/// A choice in a list: where it stands, and what is the first row that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Choice {
    pub(crate) at: usize,
    pub(crate) top: usize,
}

impl Choice {
    /// Moves by so many rows, within the list.
    pub(crate) fn step(&mut self, by: isize, count: usize) {
        self.at = self
            .at
            .saturating_add_signed(by)
            .min(count.saturating_sub(1));
    }

    /// Keeps choice and top where there are rows.
    pub(crate) fn settle(&mut self, count: usize, height: usize) {
        self.at = self.at.min(count.saturating_sub(1));
        let height = height.max(1);
        if self.at < self.top {
            self.top = self.at;
        } else if self.at >= self.top + height {
            self.top = self.at + 1 - height;
        }
        self.top = self.top.min(count.saturating_sub(height));
    }
}

/// The line that begins with `/`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct CommandLine {
    pub(crate) line: TypedLine,
    /// Which line of the history is shown, counted from the latest.
    pub(crate) recalled: Option<usize>,
    /// What was typed before the history was shown.
    pub(crate) own: String,
    pub(crate) completions: Vec<crate::setup::Completion>,
    pub(crate) chosen: Option<usize>,
    pub(crate) error: Option<String>,
    /// Completions have been asked for and are not there yet.
    pub(crate) asked: bool,
    /// Keys behind a Tab that waits for them.
    pub(crate) waiting: Option<Vec<KeyEvent>>,
}

/// Something to say at the foot of the screen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Notice {
    pub(crate) text: String,
    pub(crate) bad: bool,
    pub(crate) until: Timestamp,
}

/// A command line that runs without a pane.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Quiet {
    pub(crate) done: String,
    pub(crate) output: String,
}

/// The console.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) size: (u16, u16),
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
    pub(crate) theme: Theme,
    pub(crate) keys: Keymap,
    pub(crate) workspace: String,
    pub(crate) connection: Connection,
    pub(crate) status: Option<Status>,
    pub(crate) view: View,
    pub(crate) processes: Choice,
    pub(crate) marked: BTreeSet<String>,
    /// Only processes whose names contain it are shown.
    pub(crate) find: String,
    pub(crate) details: bool,
    /// The first row of the details that is shown.
    pub(crate) details_top: usize,
    pub(crate) why: Option<WhyAnswer>,
    pub(crate) samples: HashMap<String, VecDeque<f64>>,
    pub(crate) sampled_at: Timestamp,
    pub(crate) log: LogWindow,
    pub(crate) preview: LogWindow,
    pub(crate) wrap: bool,
    pub(crate) times: bool,
    pub(crate) events: VecDeque<Event>,
    pub(crate) event: Choice,
    pub(crate) events_follow: bool,
    pub(crate) ports: Vec<PortRow>,
    pub(crate) orphans: Vec<OrphanRow>,
    pub(crate) port: Choice,
    pub(crate) all_ports: bool,
    pub(crate) monitor: Option<Monitor>,
    pub(crate) span: usize,
    pub(crate) graph: Option<GraphAnswer>,
    /// The first row of the graph that is shown.
    pub(crate) graph_top: usize,
    /// When the present view has last asked for its content.
    pub(crate) asked_at: Timestamp,
    pub(crate) command: Option<CommandLine>,
    pub(crate) history: Vec<String>,
    pub(crate) dialog: Option<Dialog>,
    /// Command lines that run without a pane, and what to say when they succeed.
    pub(crate) quiet: HashMap<u64, Quiet>,
    pub(crate) screen: Option<Screen>,
    pub(crate) notice: Option<Notice>,
    /// When the console was opened.
    pub(crate) opened_at: Timestamp,
    /// Numbers for what is told apart by them.
    pub(crate) next_id: u64,
}

impl Model {
    /// A console that has heard nothing yet.
    pub(crate) fn new(
        workspace: &str,
        theme: Theme,
        keys: Keymap,
        zone: TimeZone,
        now: Timestamp,
    ) -> Self {
        Model {
            size: (80, 24),
            now,
            zone,
            theme,
            keys,
            workspace: workspace.to_string(),
            connection: Connection::Opening,
            status: None,
            view: View::Processes,
            processes: Choice::default(),
            marked: BTreeSet::new(),
            find: String::new(),
            details: false,
            details_top: 0,
            why: None,
            samples: HashMap::new(),
            sampled_at: Timestamp::UNIX_EPOCH,
            log: LogWindow::default(),
            preview: LogWindow::default(),
            wrap: false,
            times: true,
            events: VecDeque::new(),
            event: Choice::default(),
            events_follow: true,
            ports: Vec::new(),
            orphans: Vec::new(),
            port: Choice::default(),
            all_ports: false,
            monitor: None,
            span: 0,
            graph: None,
            graph_top: 0,
            asked_at: Timestamp::UNIX_EPOCH,
            command: None,
            history: Vec::new(),
            dialog: None,
            quiet: HashMap::new(),
            screen: None,
            notice: None,
            opened_at: now,
            next_id: 1,
        }
    }

    /// The processes that are shown.
    pub(crate) fn shown(&self) -> Vec<&Process> {
        let all = self.status.iter().flat_map(|status| &status.processes);
        all.filter(|process| self.find.is_empty() || process.name.contains(&self.find))
            .collect()
    }

    /// The process that is chosen.
    pub(crate) fn selected(&self) -> Option<&Process> {
        self.shown().get(self.processes.at).copied()
    }

    /// The process of this name.
    pub(crate) fn process(&self, name: &str) -> Option<&Process> {
        let mut all = self.status.iter().flat_map(|status| &status.processes);
        all.find(|process| process.name == name)
    }

    /// A window over the logs.
    pub(crate) fn window(&mut self, pane: Pane) -> &mut LogWindow {
        match pane {
            Pane::Main => &mut self.log,
            Pane::Preview => &mut self.preview,
        }
    }

    /// Adds what has happened; what is known already is left out.
    pub(crate) fn add_events(&mut self, events: Vec<Event>) {
        for event in events {
            if self
                .events
                .iter()
                .rev()
                .take(200)
                .any(|known| *known == event)
            {
                continue;
            }
            self.events.push_back(event);
        }
        while self.events.len() > EVENTS {
            self.events.pop_front();
            self.event.at = self.event.at.saturating_sub(1);
        }
        if self.events_follow {
            self.event.at = self.events.len().saturating_sub(1);
        }
    }

    /// A number that nothing else has.
    pub(crate) fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Says something at the foot of the screen for a while.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.tell(text.into(), false, 6);
    }

    /// Says what went wrong.
    pub(crate) fn complain(&mut self, text: impl Into<String>) {
        self.tell(text.into(), true, 12);
    }

    fn tell(&mut self, text: String, bad: bool, seconds: i64) {
        let until = self
            .now
            .checked_add(jiff::SignedDuration::from_secs(seconds));
        self.notice = Some(Notice {
            text,
            bad,
            until: until.unwrap_or(self.now),
        });
    }
}
