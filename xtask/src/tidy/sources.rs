//! Rules about Rust files: the head that says why a file exists, its length, no sleeps in tests,
//! `unsafe` in one room only.

use super::Finding;
use super::exceptions::{Exceptions, Rule};
use super::files::File;

/// The common limit of a file's length, in lines.
const LONGEST: usize = 400;
/// The one room that may be unsafe.
const UNSAFE_ROOM: &str = "crates/os/";
/// What sleeps.
const SLEEP: &str = concat!("sleep", "(");

/// Findings about one Rust file.
pub(crate) fn check(file: &File, exceptions: &mut Exceptions) -> Vec<Finding> {
    let File { path, text } = file;
    let mut findings = Vec::new();
    if !text.starts_with("//!") {
        findings.push(Finding::at(
            path,
            1,
            "begin the file with `//!` and why it exists",
        ));
    }
    let lines = text.lines().count();
    let allowed = |limit| lines <= limit;
    if lines > LONGEST && !exceptions.limit(path, Rule::Length).is_some_and(allowed) {
        let message = format!("{lines} lines, more than {LONGEST}; divide the file");
        findings.push(Finding::new(path, message));
    }
    for (number, line, in_tests) in code_lines(file) {
        if in_tests && line.contains(SLEEP) && !exceptions.allow(path, Rule::Sleep) {
            let message = "a test must not sleep; wait for a fact, with a deadline";
            findings.push(Finding::at(path, number, message));
        }
        if !path.starts_with(UNSAFE_ROOM) && is_unsafe(line) {
            let message = format!("unsafe code belongs into {UNSAFE_ROOM}");
            findings.push(Finding::at(path, number, message));
        }
    }
    findings
}

/// Lines that are no comments, with their number and whether they belong to tests.
fn code_lines(file: &File) -> impl Iterator<Item = (usize, &str, bool)> {
    let path = &file.path;
    let whole = path.contains("/tests/")
        || path.starts_with("tests/")
        || path.starts_with("crates/testkit/")
        || path.ends_with("tests.rs");
    // Tests stand at the end of a file, in a module of that configuration.
    let begin = file.text.find("#[cfg(test)]\nmod tests {");
    let begin = begin.map_or(usize::MAX, |at| file.text[..at].lines().count());
    let lines = file.text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(move |(index, line)| (index + 1, line, whole || index >= begin))
}

fn is_unsafe(line: &str) -> bool {
    let word = "unsafe";
    let allowed = line.contains(concat!("allow(", "unsafe_code)"));
    let mut used = line.match_indices(word).map(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].trim_start();
        let starts_word = before.is_none_or(|c| c.is_whitespace() || "({[".contains(c));
        let opens = ["{", "fn ", "impl", "extern", "trait", "("];
        starts_word && opens.iter().any(|open| after.starts_with(open))
    });
    allowed || used.any(|used| used)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let file = File {
            path: path.into(),
            text: text.into(),
        };
        let findings = check(&file, &mut Exceptions::default()).into_iter();
        findings.map(|finding| finding.place).collect()
    }

    #[test]
    fn a_file_without_a_head_is_found() {
        assert_eq!(
            findings("crates/a/src/b.rs", "use std::fs;\n"),
            ["crates/a/src/b.rs:1"]
        );
        assert_eq!(findings("crates/a/src/b.rs", "//! Why.\n"), [""; 0]);
    }

    #[test]
    fn a_file_that_is_too_long_is_found() {
        let text = "//! Why.\n".to_string() + &"\n".repeat(LONGEST);
        assert_eq!(findings("crates/a/src/b.rs", &text), ["crates/a/src/b.rs"]);
    }

    #[test]
    fn tests_that_sleep_are_found_and_programs_that_sleep_are_not() {
        let sleep = format!("thread::{SLEEP}a);");
        let program = format!("//! Why.\nfn f() {{ {sleep} }}\n");
        assert_eq!(findings("crates/a/src/b.rs", &program), [""; 0]);
        assert_eq!(
            findings("crates/a/tests/b.rs", &program),
            ["crates/a/tests/b.rs:2"]
        );
        let module = format!("{program}#[cfg(test)]\nmod tests {{\n{sleep}\n}}\n");
        assert_eq!(
            findings("crates/a/src/b.rs", &module),
            ["crates/a/src/b.rs:5"]
        );
        let comment = format!("//! Why.\n// {sleep}\n");
        assert_eq!(findings("tests/b.rs", &comment), [""; 0]);
    }

    #[test]
    fn unsafe_code_is_found_outside_its_room() {
        let word = "unsafe";
        for code in [
            "{ f() }",
            "fn f() {}",
            "impl Send for A {}",
            "extern \"C\" {}",
        ] {
            let text = format!("//! Why.\n{word} {code}\n");
            assert_eq!(
                findings("crates/a/src/b.rs", &text),
                ["crates/a/src/b.rs:2"]
            );
            assert_eq!(findings("crates/os/src/b.rs", &text), [""; 0]);
        }
        let text = format!("//! Why.\nlet {word}_names = \"{word} names\";\n");
        assert_eq!(findings("crates/a/src/b.rs", &text), [""; 0]);
    }
}
