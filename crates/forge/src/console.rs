//! The consoles: full-screen on a terminal, and slash commands line by line with answers in plain text
//! for pipes and screen readers.

mod host;

use std::io::{BufRead, ErrorKind};

use crate::cli;
use crate::context::Context;
use crate::failure::{Failure, Outcome, exit};

pub(crate) use host::open;

/// Reads and carries out commands until the input ends or `/quit` comes. The exit code is that of
/// the last command that failed. Before each line a person sees the prompt.
///
/// # Errors
///
/// When the input cannot be read.
pub(crate) fn read_lines(
    context: &Context,
    input: &mut dyn BufRead,
    prompt: Option<&str>,
) -> Outcome {
    let mut code = exit::DONE;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if let Some(prompt) = prompt {
            context.ui.out.text(prompt);
        }
        match input.read_until(b'\n', &mut bytes) {
            Ok(0) => return Ok(code),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(Failure::failed(format!(
                    "cannot read standard input: {error}"
                )));
            }
        }
        match read(&String::from_utf8_lossy(&bytes)) {
            Line::Nothing => {}
            Line::Quit => return Ok(code),
            Line::Wrong(failure) => {
                failure.tell(context.ui.colour_err);
                code = failure.code;
            }
            Line::Words(words) => {
                let ended = cli::run_line(words, context);
                if ended != exit::DONE {
                    code = ended;
                }
            }
        }
    }
}

/// What a line means.
#[derive(Debug, PartialEq)]
enum Line {
    Nothing,
    Quit,
    Words(Vec<String>),
    Wrong(Failure),
}

fn read(line: &str) -> Line {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Line::Nothing;
    }
    let mut words = match forge_console::split_words(line) {
        Ok(words) => words,
        Err(why) => return Line::Wrong(Failure::usage(format!("`{line}`: {why}"))),
    };
    let Some(first) = words.first_mut() else {
        return Line::Nothing;
    };
    // The slash tells a command from a shell's line; who leaves it out is understood, too.
    if let Some(bare) = first.strip_prefix('/') {
        *first = bare.to_string();
    }
    match first.as_str() {
        "quit" | "exit" | "q" => Line::Quit,
        "forge" => Line::Words(words.split_off(1)),
        _ => Line::Words(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        match read(line) {
            Line::Words(words) => words,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_slash_command_is_the_command_without_forge() {
        assert_eq!(words("/dev logs backend\n"), ["dev", "logs", "backend"]);
        assert_eq!(words("dev status"), ["dev", "status"]);
        assert_eq!(words("forge dev status"), ["dev", "status"]);
        assert_eq!(words("/dev search 'a b'"), ["dev", "search", "a b"]);
        assert_eq!(words("/help"), ["help"]);
    }

    #[test]
    fn empty_lines_and_remarks_do_nothing() {
        assert_eq!(read(""), Line::Nothing);
        assert_eq!(read("  # start all"), Line::Nothing);
        assert_eq!(read("/quit"), Line::Quit);
        assert!(matches!(read("/dev send x 'y"), Line::Wrong(_)));
    }
}
