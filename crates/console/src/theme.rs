//! Colours with a meaning, in four themes. Each state has a sign and a word besides its colour.

use ratatui::style::{Color, Modifier, Style};

/// Which colours to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ThemeName {
    /// The sixteen colours of the terminal, on its own background.
    #[default]
    Terminal,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// None: bold, dim and reversed text only.
    None,
}

impl ThemeName {
    /// The theme of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "terminal" => Some(ThemeName::Terminal),
            "dark" => Some(ThemeName::Dark),
            "light" => Some(ThemeName::Light),
            "none" => Some(ThemeName::None),
            _ => None,
        }
    }
}

/// The styles of everything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Theme {
    pub(crate) text: Style,
    pub(crate) dim: Style,
    pub(crate) good: Style,
    pub(crate) bad: Style,
    pub(crate) warn: Style,
    pub(crate) busy: Style,
    pub(crate) accent: Style,
    pub(crate) heading: Style,
    pub(crate) selected: Style,
    pub(crate) found: Style,
    pub(crate) tab: Style,
    pub(crate) border: Style,
    names: Option<[Color; 8]>,
}

impl Theme {
    /// The styles of a theme.
    pub(crate) fn new(name: ThemeName) -> Self {
        match name {
            ThemeName::Terminal => coloured(
                [Color::Green, Color::Red, Color::Yellow, Color::Cyan],
                Style::new().add_modifier(Modifier::REVERSED),
                Style::new().fg(Color::Black).bg(Color::Yellow),
                [
                    Color::Cyan,
                    Color::Green,
                    Color::Magenta,
                    Color::Blue,
                    Color::LightCyan,
                    Color::LightGreen,
                    Color::LightMagenta,
                    Color::LightBlue,
                ],
            ),
            ThemeName::Dark => coloured(
                [
                    Color::Indexed(114),
                    Color::Indexed(203),
                    Color::Indexed(221),
                    Color::Indexed(80),
                ],
                Style::new()
                    .bg(Color::Indexed(238))
                    .add_modifier(Modifier::BOLD),
                Style::new().fg(Color::Indexed(16)).bg(Color::Indexed(221)),
                [80, 114, 176, 75, 215, 150, 147, 222].map(Color::Indexed),
            ),
            ThemeName::Light => coloured(
                [
                    Color::Indexed(28),
                    Color::Indexed(160),
                    Color::Indexed(130),
                    Color::Indexed(25),
                ],
                Style::new()
                    .bg(Color::Indexed(252))
                    .add_modifier(Modifier::BOLD),
                Style::new().fg(Color::Indexed(16)).bg(Color::Indexed(222)),
                [24, 28, 90, 19, 130, 64, 61, 94].map(Color::Indexed),
            ),
            ThemeName::None => Theme::without_colour(),
        }
    }

    fn without_colour() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        Theme {
            text: plain,
            dim: plain,
            good: plain,
            bad: bold,
            warn: bold,
            busy: plain,
            accent: bold,
            heading: bold,
            selected: plain.add_modifier(Modifier::REVERSED),
            found: plain.add_modifier(Modifier::REVERSED),
            tab: plain.add_modifier(Modifier::REVERSED),
            border: plain,
            names: None,
        }
    }

    /// The style of a process in this state.
    pub(crate) fn status(&self, status: &str) -> Style {
        match status {
            "running" => self.good,
            "crashed" => self.bad,
            "starting" | "waiting" | "stopping" => self.busy,
            "restarting" | "paused" => self.warn,
            _ => self.dim,
        }
    }

    /// The style of a health.
    pub(crate) fn health(&self, health: &str) -> Style {
        match health {
            "healthy" => self.good,
            "unhealthy" => self.bad,
            "checking" => self.busy,
            _ => self.dim,
        }
    }

    /// The style of a level, and of a line that has it.
    pub(crate) fn level(&self, level: Option<&str>) -> Style {
        match level {
            Some("fatal" | "error") => self.bad,
            Some("warn") => self.warn,
            Some("debug" | "trace") => self.dim,
            _ => self.text,
        }
    }

    /// The style of an event of this kind.
    pub(crate) fn event(&self, kind: &str) -> Style {
        match kind {
            "crashed" | "unhealthy" => self.bad,
            "warning" | "slow" | "deprecation" | "restarted" => self.warn,
            "ready" | "healthy" | "listening" | "started" => self.good,
            _ => self.text,
        }
    }

    /// Whether there are colours at all.
    pub(crate) fn has_colours(&self) -> bool {
        self.names.is_some()
    }

    /// The style of a process's name: the same every time.
    pub(crate) fn name(&self, name: &str) -> Style {
        let Some(names) = &self.names else {
            return self.text;
        };
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Style::new().fg(names[((hash ^ (hash >> 32)) % 8) as usize])
    }
}

/// A theme from good, bad, warning and accent, the selection, hits of a search, and names.
fn coloured(signs: [Color; 4], selected: Style, found: Style, names: [Color; 8]) -> Theme {
    let [good, bad, warn, accent] = signs.map(|colour| Style::new().fg(colour));
    let dim = Style::new().add_modifier(Modifier::DIM);
    Theme {
        text: Style::new(),
        dim,
        good,
        bad,
        warn,
        busy: accent,
        accent: accent.add_modifier(Modifier::BOLD),
        heading: Style::new().add_modifier(Modifier::BOLD),
        selected,
        found,
        tab: accent.add_modifier(Modifier::REVERSED),
        border: dim,
        names: Some(names),
    }
}

/// The sign of a state.
pub(crate) fn sign(status: &str) -> &'static str {
    match status {
        "running" => "●",
        "starting" | "stopping" => "◐",
        "waiting" => "◌",
        "restarting" => "↻",
        "paused" => "‖",
        "crashed" => "✗",
        "exited" => "✓",
        _ => "○",
    }
}
