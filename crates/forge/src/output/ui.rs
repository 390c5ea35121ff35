//! The surroundings of a command: where it prints, how wide, in colour or not, and whether a person
//! sits there who can be asked.

use std::io::IsTerminal;

use super::colour::{ColourWhen, Style, Surroundings, paint};
use super::out::{Out, complain};
use super::text::safe_lines;

/// Variables that say that nobody sits there: automation, and agents that run commands. Editors in which
/// people have a terminal of their own set none of them there.
const AGENTS: [&str; 12] = [
    "FORGE_AGENT",
    "CI",
    "AI_AGENT",
    "AGENT",
    "CLAUDECODE",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "CODEX_SANDBOX",
    "CODEX_THREAD_ID",
    "OPENCODE",
    "AUGMENT_AGENT",
    "CLINE_ACTIVE",
];

/// Where and how a command prints.
#[derive(Debug)]
pub(crate) struct Ui {
    /// Standard output.
    pub(crate) out: Out,
    /// Colours on standard output.
    pub(crate) colour: bool,
    /// Colours on standard error.
    pub(crate) colour_err: bool,
    /// Standard output is a terminal on which lines may be redrawn.
    pub(crate) live: bool,
    /// A person can be asked.
    pub(crate) can_ask: bool,
}

impl Ui {
    /// The surroundings of this process.
    pub(crate) fn new(when: ColourWhen) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let agent = AGENTS.iter().any(|name| set(name));
        let around = |terminal| Surroundings {
            terminal,
            no_color: set("NO_COLOR"),
            dumb,
            agent,
        };
        let (stdin, stdout, stderr) = (
            std::io::stdin().is_terminal(),
            std::io::stdout().is_terminal(),
            std::io::stderr().is_terminal(),
        );
        Ui {
            out: Out::default(),
            colour: when.decide(around(stdout)),
            colour_err: when.decide(around(stderr)),
            live: stdout && !dumb && !agent,
            can_ask: stdin && stdout && !agent,
        }
    }

    /// The width to fit tables into; `None` where nothing bounds it (pipes, files). Asked anew each
    /// time: windows change.
    pub(crate) fn width(&self) -> Option<usize> {
        crate::terminal::size()
            .map(|(_, columns)| usize::from(columns))
            .or_else(|| {
                let columns = std::env::var("COLUMNS").ok()?;
                columns.parse().ok()
            })
            .filter(|columns| *columns > 0)
    }

    /// Whether standard output is a terminal at all, agent or not.
    pub(crate) fn out_is_terminal(&self) -> bool {
        std::io::stdout().is_terminal()
    }

    /// Text in a style, for standard output.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        paint(self.colour, style, text)
    }

    /// Tells people something beside the output: standard error, so that pipes stay clean.
    pub(crate) fn note(&self, text: &str) {
        complain(&paint(self.colour_err, Style::Dim, &safe_lines(text)));
    }

    /// Warns people.
    pub(crate) fn warn(&self, text: &str) {
        let label = paint(self.colour_err, Style::Warn, "warning:");
        complain(&format!("{label} {}", safe_lines(text)));
    }
}
