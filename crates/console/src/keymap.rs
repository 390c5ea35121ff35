//! What can be done by a key, by which key, and where. Help, footer and settings read the same table.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

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
    keys: &'static [&'static str],
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

/// All actions, in the order of the help.
pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        Action::Start,
        "start",
        &["s"],
        NAMES,
        "start",
        "start the selected process, or the marked ones",
    ),
    entry(
        Action::Stop,
        "stop",
        &["x"],
        NAMES,
        "stop",
        "stop it, with everything it has started",
    ),
    entry(
        Action::Restart,
        "restart",
        &["r"],
        NAMES,
        "restart",
        "stop it and start it again",
    ),
    entry(
        Action::Open,
        "open",
        &["enter"],
        ALL,
        "",
        "open what is selected: the logs of a process, the card of a crash",
    ),
    entry(
        Action::Details,
        "details",
        &["i"],
        PROCESSES,
        "details",
        "details of the process instead of its log, and back",
    ),
    entry(
        Action::Attach,
        "attach",
        &["a"],
        NAMES,
        "attach",
        "use its terminal, or type to its input; Ctrl-] leaves it",
    ),
    entry(
        Action::PauseProcess,
        "pause",
        &["p"],
        NAMES,
        "pause",
        "halt it where it is (SIGSTOP), or let it go on",
    ),
    entry(
        Action::Debug,
        "debug",
        &["d"],
        NAMES,
        "debug",
        "restart it in debug mode, or back",
    ),
    entry(
        Action::Crash,
        "crash",
        &["C"],
        ALL,
        "",
        "the card of its last crash",
    ),
    entry(
        Action::Why,
        "why",
        &["w"],
        NAMES,
        "",
        "why it runs, or why it does not",
    ),
    entry(
        Action::Signal,
        "signal",
        &["!"],
        NAMES,
        "",
        "send it a signal",
    ),
    entry(
        Action::Send,
        "send",
        &["n"],
        NAMES,
        "",
        "write a line to its input",
    ),
    entry(
        Action::Browse,
        "browse",
        &["o"],
        NAMES,
        "",
        "open its URL in the browser",
    ),
    entry(
        Action::Mark,
        "mark",
        &["space"],
        PROCESSES,
        "",
        "mark the process: start, stop and restart then mean all marked ones",
    ),
    entry(
        Action::AllLogs,
        "all-logs",
        &["l"],
        ALL & !LOGS,
        "logs",
        "the logs of all processes",
    ),
    entry(
        Action::StartAll,
        "start-all",
        &["S"],
        PROCESSES,
        "",
        "start everything of the profile",
    ),
    entry(
        Action::StopAll,
        "stop-all",
        &["X"],
        PROCESSES,
        "",
        "stop everything",
    ),
    entry(
        Action::RestartAll,
        "restart-all",
        &["R"],
        PROCESSES,
        "",
        "restart everything that runs",
    ),
    entry(
        Action::Find,
        "find",
        &["f"],
        PROCESSES,
        "",
        "show only processes whose names contain a text",
    ),
    entry(
        Action::Filter,
        "filter",
        &["f"],
        LOGS,
        "filter",
        "show only some processes",
    ),
    entry(
        Action::Search,
        "search",
        &["s"],
        LOGS,
        "search",
        "find an expression in what was written",
    ),
    entry(
        Action::SearchOlder,
        "search-older",
        &["n"],
        LOGS,
        "",
        "the next hit, further up",
    ),
    entry(
        Action::SearchNewer,
        "search-newer",
        &["N"],
        LOGS,
        "",
        "the hit before, further down",
    ),
    entry(
        Action::Level,
        "level",
        &["e"],
        LOGS,
        "level",
        "show only warnings and above, then only errors, then all",
    ),
    entry(
        Action::Follow,
        "follow",
        &["space", "p"],
        LOGS,
        "pause",
        "stay here while more is written, or follow again; nothing is lost",
    ),
    entry(
        Action::Wrap,
        "wrap",
        &["w"],
        LOGS,
        "wrap",
        "break long lines, or cut them",
    ),
    entry(
        Action::Time,
        "time",
        &["t"],
        LOGS,
        "time",
        "show the times, or hide them",
    ),
    entry(
        Action::Clear,
        "clear",
        &["c"],
        LOGS,
        "",
        "empty the view; the files keep everything",
    ),
    entry(
        Action::Save,
        "save",
        &["W"],
        LOGS,
        "",
        "write what the view shows into a file",
    ),
    entry(
        Action::Pager,
        "pager",
        &["v"],
        LOGS,
        "",
        "open it in the pager",
    ),
    entry(
        Action::Copy,
        "copy",
        &["y"],
        LOGS,
        "",
        "copy the selected line, or all that can be seen",
    ),
    entry(
        Action::Span,
        "span",
        &["t"],
        MONITOR,
        "span",
        "another span of time",
    ),
    entry(
        Action::KillPort,
        "kill-port",
        &["x"],
        PORTS,
        "end",
        "end who listens on the selected port",
    ),
    entry(
        Action::Scope,
        "scope",
        &["o"],
        PORTS,
        "all/own",
        "ports of the whole machine, or of this workspace only",
    ),
    entry(
        Action::Orphans,
        "orphans",
        &["O"],
        PORTS,
        "",
        "end what was left behind in this workspace",
    ),
    entry(Action::Up, "up", &["up", "k"], LISTS, "", "up"),
    entry(Action::Down, "down", &["down", "j"], LISTS, "", "down"),
    entry(
        Action::PageUp,
        "page-up",
        &["pageup", "ctrl-b", "ctrl-u"],
        LISTS,
        "",
        "a page up",
    ),
    entry(
        Action::PageDown,
        "page-down",
        &["pagedown", "ctrl-f", "ctrl-d"],
        LISTS,
        "",
        "a page down",
    ),
    entry(
        Action::First,
        "first",
        &["home", "g"],
        LISTS,
        "",
        "to the beginning",
    ),
    entry(
        Action::Last,
        "last",
        &["end", "G"],
        LISTS,
        "",
        "to the end; a log is followed again",
    ),
    entry(
        Action::Left,
        "left",
        &["left", "h"],
        LOGS,
        "",
        "to the left, where lines are cut",
    ),
    entry(
        Action::Right,
        "right",
        &["right"],
        LOGS,
        "",
        "to the right, where lines are cut",
    ),
    entry(
        Action::Processes,
        "processes",
        &["1"],
        ALL,
        "",
        "the processes",
    ),
    entry(Action::Logs, "logs", &["2"], ALL, "", "the logs"),
    entry(
        Action::Monitor,
        "monitor",
        &["3"],
        ALL,
        "",
        "what is used, over time",
    ),
    entry(Action::Ports, "ports", &["4"], ALL, "", "who listens where"),
    entry(
        Action::Events,
        "events",
        &["5"],
        ALL,
        "",
        "what has happened",
    ),
    entry(Action::Graph, "graph", &["6"], ALL, "", "who needs whom"),
    entry(
        Action::NextView,
        "next-view",
        &["tab"],
        ALL,
        "",
        "the next view",
    ),
    entry(
        Action::PreviousView,
        "previous-view",
        &["shift-tab"],
        ALL,
        "",
        "the view before",
    ),
    entry(
        Action::CommandLine,
        "command",
        &["/", ":"],
        ALL,
        "command",
        "type a command; Tab completes it",
    ),
    entry(Action::Help, "help", &["?", "f1"], ALL, "help", "this help"),
    entry(
        Action::Back,
        "back",
        &["esc"],
        ALL,
        "",
        "back to the processes",
    ),
    entry(
        Action::Redraw,
        "redraw",
        &["ctrl-l"],
        ALL,
        "",
        "draw the screen anew",
    ),
    entry(
        Action::Suspend,
        "suspend",
        &["ctrl-z"],
        ALL,
        "",
        "back to the shell for a while; `fg` returns",
    ),
    entry(
        Action::Quit,
        "quit",
        &["q", "ctrl-c"],
        ALL,
        "quit",
        "leave a view, then the console; the processes run on",
    ),
];

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Key {
    /// The key of an event. Shift is in the character already.
    pub(crate) fn of(event: &KeyEvent) -> Self {
        let mut modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        let code = match event.code {
            KeyCode::BackTab => KeyCode::BackTab,
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(c.to_ascii_lowercase())
            }
            code => code,
        };
        if event.modifiers.contains(KeyModifiers::SHIFT)
            && !matches!(code, KeyCode::Char(_) | KeyCode::BackTab)
        {
            modifiers |= KeyModifiers::SHIFT;
        }
        Key { code, modifiers }
    }

    /// `x`, `X`, `ctrl-k`, `alt-left`, `space`, `f5`.
    ///
    /// # Errors
    ///
    /// What is no name of a key.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((word, behind)) = rest.split_once('-') {
            modifiers |= match word.to_ascii_lowercase().as_str() {
                "ctrl" => KeyModifiers::CONTROL,
                "alt" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => break,
            };
            rest = behind;
        }
        let code = code(rest).ok_or_else(|| {
            format!("`{text}` is no key: write `x`, `X`, `ctrl-k`, `f5`, `space` …")
        })?;
        if code == KeyCode::Tab && modifiers.contains(KeyModifiers::SHIFT) {
            return Ok(Key {
                code: KeyCode::BackTab,
                modifiers: modifiers - KeyModifiers::SHIFT,
            });
        }
        Ok(Key { code, modifiers })
    }

    /// As people write it.
    pub(crate) fn name(self) -> String {
        let mut out = String::new();
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            out.push_str("Ctrl-");
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            out.push_str("Alt-");
        }
        if self.modifiers.contains(KeyModifiers::SHIFT) {
            out.push_str("Shift-");
        }
        let ctrl = self.modifiers.contains(KeyModifiers::CONTROL);
        match self.code {
            KeyCode::Char(' ') => out.push_str("Space"),
            KeyCode::Char(c) if ctrl => out.push(c.to_ascii_uppercase()),
            KeyCode::Char(c) => out.push(c),
            KeyCode::F(number) => out.push_str(&format!("F{number}")),
            KeyCode::BackTab => out.push_str("Shift-Tab"),
            KeyCode::PageUp => out.push_str("PgUp"),
            KeyCode::PageDown => out.push_str("PgDn"),
            KeyCode::Up => out.push('↑'),
            KeyCode::Down => out.push('↓'),
            KeyCode::Left => out.push('←'),
            KeyCode::Right => out.push('→'),
            other => out.push_str(&format!("{other:?}")),
        }
        out
    }
}

fn code(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Some(KeyCode::Char(c));
    }
    let lower = name.to_ascii_lowercase();
    Some(match lower.as_str() {
        "space" => KeyCode::Char(' '),
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backspace" => KeyCode::Backspace,
        "delete" => KeyCode::Delete,
        "insert" => KeyCode::Insert,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pageup" => KeyCode::PageUp,
        "pagedown" => KeyCode::PageDown,
        _ => match lower.strip_prefix('f').map(str::parse) {
            Some(Ok(number @ 1..=24)) => KeyCode::F(number),
            _ => return None,
        },
    })
}

/// Which key does what.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Keymap {
    /// The keys of each entry of [`ENTRIES`].
    keys: Vec<Vec<Key>>,
}

impl Default for Keymap {
    fn default() -> Self {
        let usual = |entry: &Entry| {
            entry
                .keys
                .iter()
                .filter_map(|key| Key::parse(key).ok())
                .collect()
        };
        Keymap {
            keys: ENTRIES.iter().map(usual).collect(),
        }
    }
}

impl Keymap {
    /// Gives an action other keys. They are taken from others that have them in the same place.
    ///
    /// # Errors
    ///
    /// An unknown action or key.
    pub(crate) fn set(&mut self, name: &str, keys: &[String]) -> Result<(), String> {
        let at = ENTRIES.iter().position(|entry| entry.name == name);
        let at =
            at.ok_or_else(|| format!("`{name}` is no action; `?` in the console lists them"))?;
        let keys = keys
            .iter()
            .map(|key| Key::parse(key))
            .collect::<Result<Vec<_>, _>>()?;
        for (other, taken) in self.keys.iter_mut().enumerate() {
            if ENTRIES[other].places & ENTRIES[at].places != 0 {
                taken.retain(|key| !keys.contains(key));
            }
        }
        self.keys[at] = keys;
        Ok(())
    }

    /// What this key does in a view.
    pub(crate) fn action(&self, event: &KeyEvent, place: Places) -> Option<Action> {
        let key = Key::of(event);
        let found = ENTRIES.iter().zip(&self.keys);
        let mut found =
            found.filter(|(entry, keys)| entry.places & place != 0 && keys.contains(&key));
        found.next().map(|(entry, _)| entry.action)
    }

    /// The names of the keys of an action.
    pub(crate) fn names(&self, action: Action, place: Places) -> Vec<String> {
        let mut found = ENTRIES.iter().zip(&self.keys);
        let found = found.find(|(entry, _)| entry.action == action && entry.places & place != 0);
        found
            .map(|(_, keys)| keys.iter().map(|key| key.name()).collect())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn every_usual_key_is_a_key_and_means_one_thing_in_a_view() {
        for (at, entry) in ENTRIES.iter().enumerate() {
            for key in entry.keys {
                let parsed = Key::parse(key).unwrap();
                let others = ENTRIES[at + 1..]
                    .iter()
                    .filter(|other| other.places & entry.places != 0);
                for other in others {
                    let same = other
                        .keys
                        .iter()
                        .any(|other| Key::parse(other).unwrap() == parsed);
                    assert!(!same, "{key}: {} and {}", entry.name, other.name);
                }
            }
        }
    }

    #[test]
    fn keys_can_be_changed_and_then_belong_to_nobody_else() {
        let mut keys = Keymap::default();
        keys.set("stop", &["ctrl-k".into(), "s".into()]).unwrap();
        let s = press(KeyCode::Char('s'), KeyModifiers::NONE);
        let k = press(KeyCode::Char('k'), KeyModifiers::CONTROL);
        assert_eq!(keys.action(&s, PROCESSES), Some(Action::Stop));
        assert_eq!(keys.action(&k, PROCESSES), Some(Action::Stop));
        assert_eq!(keys.action(&s, LOGS), Some(Action::Search));
        assert_eq!(keys.names(Action::Start, PROCESSES), [""; 0]);
        assert!(keys.set("stop", &["hyper-x".into()]).is_err());
        assert!(keys.set("stopp", &["x".into()]).is_err());
    }

    #[test]
    fn shift_is_in_the_character() {
        let keys = Keymap::default();
        let key = press(KeyCode::Char('S'), KeyModifiers::SHIFT);
        assert_eq!(keys.action(&key, PROCESSES), Some(Action::StartAll));
        let key = press(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(keys.action(&key, PROCESSES), Some(Action::PreviousView));
        assert_eq!(Key::parse("shift-tab").unwrap().name(), "Shift-Tab");
    }
}
