//! Why a command has failed: what is told, and the exit code.

use forge_api::{ClientError, Problem};

use crate::output::colour::{Style, paint};
use crate::output::out::complain;
use crate::output::text::safe_lines;

/// Exit codes of the command line.
pub(crate) mod exit {
    /// Done.
    pub(crate) const DONE: u8 = 0;
    /// The operation failed.
    pub(crate) const FAILED: u8 = 1;
    /// Bad usage or configuration.
    pub(crate) const USAGE: u8 = 2;
    /// No such process.
    pub(crate) const UNKNOWN: u8 = 3;
    /// Interrupted by the user.
    pub(crate) const INTERRUPTED: u8 = 130;
}

/// A command that could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: u8,
    /// What failed, on what, why.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// The message is laid out already: lines of a file with marks, colours.
    rendered: bool,
}

/// The exit code of a command, or why it has failed.
pub(crate) type Outcome = Result<u8, Failure>;

impl Failure {
    /// The operation failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Failure::new(exit::FAILED, message)
    }

    /// Bad usage or configuration.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure::new(exit::USAGE, message)
    }

    /// No such process.
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Failure::new(exit::UNKNOWN, message)
    }

    /// Mistakes of a configuration, as they are to be printed.
    pub(crate) fn rendered(text: impl Into<String>) -> Self {
        Failure {
            rendered: true,
            ..Failure::new(exit::USAGE, text)
        }
    }

    /// The same with a hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with another exit code.
    pub(crate) fn with_code(self, code: u8) -> Self {
        Failure { code, ..self }
    }

    fn new(code: u8, message: impl Into<String>) -> Self {
        Failure {
            code,
            message: message.into(),
            hint: None,
            rendered: false,
        }
    }

    /// Tells it on standard error.
    pub(crate) fn tell(&self, colour: bool) {
        let text = self.message.trim_end();
        if self.rendered {
            complain(text);
        } else {
            let label = paint(colour, Style::Bad, "error:");
            complain(&format!("{label} {}", safe_lines(text)));
        }
        if let Some(hint) = &self.hint {
            let label = paint(colour, Style::Accent, "hint:");
            complain(&format!("{label} {}", safe_lines(hint)));
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let code = u8::try_from(problem.exit_code).unwrap_or(exit::FAILED);
        let laid_out = problem.kind == "configuration" && problem.detail.starts_with("error");
        Failure {
            // A problem never counts as success, whatever it says.
            code: if code == 0 { exit::FAILED } else { code },
            message: if laid_out {
                safe_lines(&problem.detail)
            } else {
                problem.detail
            },
            hint: problem.hint,
            rendered: laid_out,
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Problem(problem) => problem.into(),
            ClientError::Connection(why) => Failure::failed(format!(
                "no answer from the supervisor: {why}"
            ))
            .hint("`forge daemon status` shows what runs; `forge dev doctor` looks for causes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_its_exit_code_and_is_never_a_success() {
        assert_eq!(Failure::from(Problem::unknown("x")).code, exit::UNKNOWN);
        let odd = Problem {
            exit_code: 0,
            ..Problem::failed("x")
        };
        assert_eq!(Failure::from(odd).code, exit::FAILED);
        let odd = Problem {
            exit_code: 4096,
            ..Problem::failed("x")
        };
        assert_eq!(Failure::from(odd).code, exit::FAILED);
    }
}
