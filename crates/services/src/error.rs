//! Why a service could not be asked.

use std::time::Duration;

/// Why a service could not be asked. None of the texts holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The URL makes no sense.
    #[error("{0}")]
    Url(String),
    /// Nobody answers there.
    #[error("cannot reach {place}: {why}")]
    Unreachable {
        /// Where.
        place: String,
        /// What the system says.
        why: String,
    },
    /// It answers, and refuses.
    #[error("{place} refuses: {why}")]
    Refused {
        /// Where.
        place: String,
        /// What it says.
        why: String,
    },
    /// It answers what its protocol does not know.
    #[error("{place} answers strangely: {why}")]
    Strange {
        /// Where.
        place: String,
        /// What is strange.
        why: String,
    },
    /// It takes too long.
    #[error("{place} did not answer within {limit:?}")]
    Silent {
        /// Where.
        place: String,
        /// How long it was waited for.
        limit: Duration,
    },
}

/// What went wrong while talking; where is added by whoever knows.
#[derive(Debug)]
pub(crate) enum Trouble {
    Unreachable(String),
    Refused(String),
    Strange(String),
}

impl Trouble {
    pub(crate) fn at(self, place: &str) -> Error {
        let place = place.to_string();
        match self {
            Trouble::Unreachable(why) => Error::Unreachable { place, why },
            Trouble::Refused(why) => Error::Refused { place, why },
            Trouble::Strange(why) => Error::Strange { place, why },
        }
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            return Trouble::Strange("it hung up in the middle of an answer".to_string());
        }
        Trouble::Unreachable(error.to_string())
    }
}

/// Text from a service as one short line, without control characters.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .collect();
    let mut line =
        words
            .into_iter()
            .filter(|word| !word.is_empty())
            .fold(String::new(), |mut line, word| {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
                line
            });
    if line.chars().count() > most {
        line = line.chars().take(most.saturating_sub(1)).collect();
        line.push('…');
    }
    line
}
