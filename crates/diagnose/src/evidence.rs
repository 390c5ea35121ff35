//! What is known about an end, gathered by whoever asks. Only the text is needed: each further fact
//! makes the answer surer, and none is guessed.

use std::path::Path;

use crate::report::Kind;

/// The evidence of one end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// What the process wrote, or any text: any bytes, of any length.
    pub text: &'a [u8],
    /// Its exit code. Codes above 128 are taken for signals where nothing speaks against it.
    pub exit_code: Option<i32>,
    /// The signal that ended it, by number.
    pub signal: Option<i32>,
    /// Why it could not be started at all, in the system's words.
    pub spawn_error: Option<&'a str>,
    /// What kind of failure that was, where it is known better than those words tell.
    pub spawn_kind: Option<Kind>,
    /// Whether Forge sent that signal.
    pub killed_by_forge: bool,
    /// Whether the kernel is known to have killed it for want of memory, or known not to have.
    pub out_of_memory: Option<bool>,
    /// Resident bytes of its tree when last looked at.
    pub memory_bytes: Option<u64>,
    /// Where it ran.
    pub cwd: Option<&'a Path>,
    /// The workspace that paths are told relative to; `cwd` where there is none.
    pub workspace: Option<&'a Path>,
    /// The command line.
    pub command: Option<&'a str>,
}

impl<'a> Evidence<'a> {
    /// Evidence that is a text and nothing else.
    #[must_use]
    pub fn text(text: &'a [u8]) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

    /// The signal, also where a shell made a code above 128 of it.
    #[must_use]
    pub fn ending_signal(&self) -> Option<i32> {
        let told = self.exit_code.filter(|code| (129..=159).contains(code));
        self.signal.or(told.map(|code| code - 128))
    }
}
