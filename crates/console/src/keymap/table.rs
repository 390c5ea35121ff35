//! The table of all actions.

/// Something that a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Quit,
    Back,
    Help,
    CommandLine,
    NextView,
    PreviousView,
    Redraw,
    Suspend,
    Processes,
    Logs,
    Monitor,
    Ports,
    Events,
    Graph,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    First,
    Last,
    Open,
    Mark,
    Start,
    Stop,
    Restart,
    PauseProcess,
    Debug,
    Attach,
    Details,
    AllLogs,
    StartAll,
    StopAll,
    RestartAll,
    Signal,
    Send,
    Browse,
    Crash,
    Why,
    Find,
    Search,
    SearchOlder,
    SearchNewer,
    Filter,
    Level,
    Follow,
    Wrap,
    Time,
    Clear,
    Save,
    Pager,
    Editor,
    Copy,
    KillPort,
    Scope,
    Orphans,
    Span,
}

/// Where a key means it.
pub(crate) type Places = u8;

/// Every view.
pub(crate) const ALL: Places = 0xff;
pub(crate) const PROCESSES: Places = 1;
pub(crate) const LOGS: Places = 2;
pub(crate) const MONITOR: Places = 4;
pub(crate) const PORTS: Places = 8;
pub(crate) const EVENTS: Places = 16;
pub(crate) const GRAPH: Places = 32;
const LISTS: Places = ALL;
const NAMES: Places = PROCESSES | MONITOR | GRAPH;

/// An action with its name in the settings, its usual keys, where it applies, and what it does.
pub(crate) struct Entry {
    pub(crate) action: Action,
    pub(crate) name: &'static str,
    pub(super) keys: &'static [&'static str],
    pub(crate) places: Places,
    pub(crate) help: &'static str,
    /// In the footer, shorter; empty for what is left to the help.
    pub(crate) short: &'static str,
}

const fn entry(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    places: Places,
    short: &'static str,
    help: &'static str,
) -> Entry {
    Entry {
        action,
        name,
        keys,
        places,
        help,
        short,
    }
}

/// All actions, in the order of the help. One row for each: a table is read by rows.
#[rustfmt::skip]
pub(crate) const ENTRIES: &[Entry] = &[
    entry(Action::Start, "start", &["s"], NAMES, "start", "start the selected process, or the marked ones"),
    entry(Action::Stop, "stop", &["x"], NAMES, "stop", "stop it, with everything it has started"),
    entry(Action::Restart, "restart", &["r"], NAMES, "restart", "stop it and start it again"),
    entry(Action::Open, "open", &["enter"], ALL, "", "open what is selected: the logs of a process, the card of a crash"),
    entry(Action::Details, "details", &["i"], PROCESSES, "details", "details of the process instead of its log, and back"),
    entry(Action::Attach, "attach", &["a"], NAMES, "attach", "use its terminal, or type to its input; Ctrl-] leaves it"),
    entry(Action::PauseProcess, "pause", &["p"], NAMES, "pause", "halt it where it is (SIGSTOP), or let it go on"),
    entry(Action::Debug, "debug", &["d"], NAMES, "debug", "restart it in debug mode, or back"),
    entry(Action::Crash, "crash", &["C"], ALL, "", "the card of its last crash"),
    entry(Action::Why, "why", &["w"], NAMES, "", "why it runs, or why it does not"),
    entry(Action::Signal, "signal", &["!"], NAMES, "", "send it a signal"),
    entry(Action::Send, "send", &["n"], NAMES, "", "write a line to its input"),
    entry(Action::Browse, "browse", &["o"], NAMES, "", "open its URL in the browser"),
    entry(Action::Mark, "mark", &["space"], PROCESSES, "", "mark the process: start, stop and restart then mean all marked ones"),
    entry(Action::AllLogs, "all-logs", &["l"], ALL & !LOGS, "logs", "the logs of all processes"),
    entry(Action::StartAll, "start-all", &["S"], PROCESSES, "", "start everything of the profile"),
    entry(Action::StopAll, "stop-all", &["X"], PROCESSES, "", "stop everything"),
    entry(Action::RestartAll, "restart-all", &["R"], PROCESSES, "", "restart everything that runs"),
    entry(Action::Find, "find", &["f"], PROCESSES, "", "show only processes whose names contain a text"),
    entry(Action::Filter, "filter", &["f"], LOGS, "filter", "show only some processes"),
    entry(Action::Search, "search", &["s"], LOGS, "search", "find an expression in what was written"),
    entry(Action::SearchOlder, "search-older", &["n"], LOGS, "", "the next hit, further up"),
    entry(Action::SearchNewer, "search-newer", &["N"], LOGS, "", "the hit before, further down"),
    entry(Action::Level, "level", &["e"], LOGS, "level", "show only warnings and above, then only errors, then all"),
    entry(Action::Follow, "follow", &["space", "p"], LOGS, "pause", "stay here while more is written, or follow again; nothing is lost"),
    entry(Action::Wrap, "wrap", &["w"], LOGS, "wrap", "break long lines, or cut them"),
    entry(Action::Time, "time", &["t"], LOGS, "time", "show the times, or hide them"),
    entry(Action::Clear, "clear", &["c"], LOGS, "", "empty the view; the files keep everything"),
    entry(Action::Save, "save", &["W"], LOGS, "", "write what the view shows into a file"),
    entry(Action::Pager, "pager", &["v"], LOGS, "", "open it in the pager"),
    entry(Action::Editor, "editor", &["E"], LOGS, "", "open it in the editor"),
    entry(Action::Copy, "copy", &["y"], LOGS, "", "copy the selected line, or all that can be seen"),
    entry(Action::Span, "span", &["t"], MONITOR, "span", "another span of time"),
    entry(Action::KillPort, "kill-port", &["x"], PORTS, "free port", "end who listens on the selected port"),
    entry(Action::Scope, "scope", &["o"], PORTS, "all or own", "ports of the whole machine, or of this workspace only"),
    entry(Action::Orphans, "orphans", &["O"], PORTS, "", "end what was left behind in this workspace"),
    entry(Action::Up, "up", &["up", "k"], LISTS, "", "up"),
    entry(Action::Down, "down", &["down", "j"], LISTS, "", "down"),
    entry(Action::PageUp, "page-up", &["pageup", "ctrl-b", "ctrl-u"], LISTS, "", "a page up"),
    entry(Action::PageDown, "page-down", &["pagedown", "ctrl-f", "ctrl-d"], LISTS, "", "a page down"),
    entry(Action::First, "first", &["home", "g"], LISTS, "", "to the beginning"),
    entry(Action::Last, "last", &["end", "G"], LISTS, "", "to the end; a log is followed again"),
    entry(Action::Left, "left", &["left", "h"], LOGS, "", "to the left, where lines are cut"),
    entry(Action::Right, "right", &["right"], LOGS, "", "to the right, where lines are cut"),
    entry(Action::Processes, "processes", &["1"], ALL, "", "the processes"),
    entry(Action::Logs, "logs", &["2"], ALL, "", "the logs"),
    entry(Action::Monitor, "monitor", &["3"], ALL, "", "what is used, over time"),
    entry(Action::Ports, "ports", &["4"], ALL, "", "who listens where"),
    entry(Action::Events, "events", &["5"], ALL, "", "what has happened"),
    entry(Action::Graph, "graph", &["6"], ALL, "", "who needs whom"),
    entry(Action::NextView, "next-view", &["tab"], ALL, "", "the next view"),
    entry(Action::PreviousView, "previous-view", &["shift-tab"], ALL, "", "the view before"),
    entry(Action::CommandLine, "command", &["/", ":"], ALL, "command", "type a command; Tab completes it"),
    entry(Action::Help, "help", &["?", "f1"], ALL, "help", "this help"),
    entry(Action::Back, "back", &["esc"], ALL, "", "back to the processes"),
    entry(Action::Redraw, "redraw", &["ctrl-l"], ALL, "", "draw the screen anew"),
    entry(Action::Suspend, "suspend", &["ctrl-z"], ALL, "", "back to the shell for a while; `fg` returns"),
    entry(Action::Quit, "quit", &["q", "ctrl-c"], ALL, "quit", "leave a view, then the console; the processes run on"),
];
