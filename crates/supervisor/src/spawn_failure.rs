//! Runs that did not come to be, in words.

use forge_core::event::{SpawnCause, SpawnFailure};

/// errno(3) on Linux.
const ENOENT: i32 = 2;
const ENOEXEC: i32 = 8;
const EACCES: i32 = 13;

/// A run that did not come to be, in words, with the code that a shell would give.
pub(crate) fn spawn_failure(step: &str, errno: i32, subject: &str) -> SpawnFailure {
    let why = std::io::Error::from_raw_os_error(errno);
    let (message, exit_code) = match (step, errno) {
        ("exec", ENOENT) => (
            format!("command not found: `{subject}`; is it installed, and in PATH?"),
            Some(127),
        ),
        ("exec", EACCES) => (
            format!("`{subject}` cannot be executed: permission denied; `chmod +x` it"),
            Some(126),
        ),
        ("exec", ENOEXEC) => (
            format!("`{subject}` cannot be executed: it is no program; does it lack a `#!` line?"),
            Some(126),
        ),
        ("exec", _) => (format!("`{subject}` cannot be executed: {why}"), Some(126)),
        ("cwd", _) => (format!("cwd: cannot enter {subject}: {why}"), None),
        (step, _) if subject.is_empty() => (format!("cannot start it ({step}): {why}"), None),
        (step, _) => (format!("cannot start it ({step} {subject}): {why}"), None),
    };
    SpawnFailure {
        message,
        exit_code,
        cause: match step {
            "exec" => SpawnCause::Program,
            "cwd" => SpawnCause::Folder,
            _ => SpawnCause::System,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_cannot_run_has_the_exit_code_of_a_shell() {
        let code = |errno| spawn_failure("exec", errno, "nope").exit_code;
        assert_eq!(code(ENOENT), Some(127));
        assert_eq!(code(EACCES), Some(126));
        assert_eq!(code(ENOEXEC), Some(126));
        assert_eq!(spawn_failure("fork", 11, "").exit_code, None);
        assert!(spawn_failure("cwd", ENOENT, "/x").cause.repeats());
        assert!(!spawn_failure("fork", 11, "").cause.repeats());
    }
}
