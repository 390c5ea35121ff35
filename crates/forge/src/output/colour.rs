//! Colours with a meaning, and when they may be used.

/// What a piece of text means; each has one colour everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Style {
    /// As it is.
    #[default]
    Plain,
    /// All is well.
    Good,
    /// It has failed.
    Bad,
    /// It deserves a look.
    Warn,
    /// On its way.
    Busy,
    /// Less important than the rest.
    Dim,
    /// A heading.
    Bold,
    /// Something to type or to open.
    Accent,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Good => "32",
            Style::Bad => "31",
            Style::Warn => "33",
            Style::Busy => "36",
            Style::Dim => "2",
            Style::Bold => "1",
            Style::Accent => "1;36",
        }
    }

    /// The style of a process in this state.
    pub(crate) fn of_status(status: &str) -> Style {
        match status {
            "running" => Style::Good,
            "crashed" => Style::Bad,
            "starting" | "waiting" | "stopping" => Style::Busy,
            "restarting" | "paused" => Style::Warn,
            "stopped" | "exited" => Style::Dim,
            _ => Style::Plain,
        }
    }

    /// The style of a health.
    pub(crate) fn of_health(health: &str) -> Style {
        match health {
            "healthy" => Style::Good,
            "unhealthy" => Style::Bad,
            "checking" => Style::Busy,
            _ => Style::Dim,
        }
    }
}

/// The text in the style's colour, or as it is when colours are off.
pub(crate) fn paint(colour: bool, style: Style, text: &str) -> String {
    if !colour || style == Style::Plain || text.is_empty() {
        return text.to_string();
    }
    format!("\u{1b}[{}m{text}\u{1b}[0m", style.code())
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum ColourWhen {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// In pipes and files too.
    Always,
    /// Nowhere.
    Never,
}

/// What decides about colours apart from the option.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Surroundings {
    /// The stream is a terminal.
    pub(crate) terminal: bool,
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub(crate) no_color: bool,
    /// `TERM=dumb`.
    pub(crate) dumb: bool,
    /// An agent or a build server reads along.
    pub(crate) agent: bool,
}

impl ColourWhen {
    /// Whether to use colours. The option wins over the environment.
    pub(crate) fn decide(self, around: Surroundings) -> bool {
        match self {
            ColourWhen::Always => true,
            ColourWhen::Never => false,
            ColourWhen::Auto => {
                around.terminal && !around.no_color && !around.dumb && !around.agent
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_wins_over_the_environment_and_pipes_get_none() {
        let terminal = Surroundings {
            terminal: true,
            ..Surroundings::default()
        };
        assert!(ColourWhen::Auto.decide(terminal));
        assert!(!ColourWhen::Auto.decide(Surroundings::default()));
        let no = Surroundings {
            no_color: true,
            ..terminal
        };
        assert!(!ColourWhen::Auto.decide(no));
        assert!(ColourWhen::Always.decide(no));
        assert!(!ColourWhen::Never.decide(terminal));
    }

    #[test]
    fn without_colours_text_is_unchanged() {
        assert_eq!(paint(false, Style::Bad, "x"), "x");
        assert_eq!(paint(true, Style::Bad, "x"), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(paint(true, Style::Bad, ""), "");
    }
}
