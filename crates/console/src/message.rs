//! What the console hears, and what it wants done about it.

use crossterm::event::{KeyEvent, MouseEvent};
use forge_api::{
    ClientError, CrashReport, Event, GraphAnswer, KillPortAnswer, LogLine, LogsAnswer, LogsQuery,
    Monitor, OnConflict, OrphansAnswer, PortsAnswer, RevertAnswer, StartAnswer, Status, StopAnswer,
    WhyAnswer,
};

use crate::setup::Completion;

/// Something that has happened.
#[derive(Debug)]
pub(crate) enum Message {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    Resize(u16, u16),
    /// Time has passed.
    Tick,
    /// The supervisor answers.
    Connected,
    /// It does not, and why.
    Lost(String),
    Status(Box<Status>),
    Events(Vec<Event>),
    /// A window over the logs has got something for its question of this generation.
    Feed(Pane, u64, Feed),
    Answer(Answer),
    /// A command line's output, piece by piece.
    Output(u64, String),
    /// Its end, with its exit code.
    Ended(u64, i32),
    Completions(String, Vec<Completion>),
    /// The attached process has written.
    Screen(u64, Vec<u8>),
    /// It cannot be read any more.
    ScreenGone(u64, String),
    /// For the foot of the screen.
    Told(Result<String, String>),
}

/// Which window over the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Pane {
    /// The log view.
    Main,
    /// The log below the processes.
    Preview,
}

/// What a window gets.
#[derive(Debug)]
pub(crate) enum Feed {
    /// The newest lines that there are; what was shown before is not up to date.
    Latest(LogsAnswer),
    /// Lines as they are written.
    Lines(Vec<LogLine>),
    /// Lines before the first.
    Older(LogsAnswer),
    /// Lines behind the last.
    Newer(LogsAnswer),
    /// The supervisor refuses the question.
    Failed(String),
    /// The connection has broken off.
    Broken,
}

/// What the supervisor has answered.
#[derive(Debug)]
pub(crate) enum Answer {
    Started(Verb, Vec<String>, Result<StartAnswer, ClientError>),
    Stopped(Result<StopAnswer, ClientError>),
    /// A verb without more to tell: what was done, in words.
    Done(Result<String, ClientError>),
    Ports(Result<PortsAnswer, ClientError>),
    Orphans(Result<OrphansAnswer, ClientError>),
    PortKilled(Result<KillPortAnswer, ClientError>),
    Monitor(Result<Box<Monitor>, ClientError>),
    Graph(Result<GraphAnswer, ClientError>),
    Why(String, Result<WhyAnswer, ClientError>),
    Crash(String, Result<Box<CrashReport>, ClientError>),
    Reverted(Result<RevertAnswer, ClientError>),
}

/// Verbs that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Start,
    Restart,
    DebugOn,
    DebugOff,
}

/// What is asked of the supervisor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Request {
    Start {
        verb: Verb,
        targets: Vec<String>,
        on_conflict: OnConflict,
    },
    Stop {
        targets: Vec<String>,
    },
    Pause {
        targets: Vec<String>,
    },
    Resume {
        targets: Vec<String>,
    },
    Ports {
        all: bool,
    },
    Orphans,
    OrphansKill,
    KillPort {
        port: u16,
    },
    Monitor {
        since: String,
        points: usize,
    },
    Graph,
    Why(String),
    Crash {
        process: String,
        id: Option<u64>,
    },
    /// Take back what is not committed in the file that a crash points at.
    Revert {
        process: String,
        id: Option<u64>,
    },
    /// The size of a terminal; its program draws it anew when `nudge` is set.
    Resize {
        target: String,
        rows: u16,
        cols: u16,
        nudge: bool,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    Ask(Request),
    /// Bytes for the input of a process, in order.
    Input {
        target: String,
        bytes: Vec<u8>,
        eof: bool,
    },
    /// Follow the logs: the newest lines first, or from behind this place on.
    Follow {
        pane: Pane,
        generation: u64,
        query: Box<LogsQuery>,
        after: Option<String>,
    },
    Unfollow(Pane),
    /// A page of lines before or behind a place.
    Page {
        pane: Pane,
        generation: u64,
        query: Box<LogsQuery>,
        older: bool,
    },
    /// Carry out a command line.
    Run {
        id: u64,
        words: Vec<String>,
    },
    /// End it.
    Interrupt(u64),
    Complete(String),
    Remember(String),
    Copy(String),
    /// Give the terminal to another program for a while.
    External(External),
    Attach {
        id: u64,
        process: String,
        tty: bool,
    },
    Detach,
    Redraw,
    Suspend,
    Quit,
}

/// Another program.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum External {
    /// The editor at a line of a file.
    Editor { file: String, line: u64 },
    /// The pager with the output of these words.
    Pager(Vec<String>),
    /// The editor with the output of these words.
    Written(Vec<String>),
    /// The browser.
    Browser(String),
}
