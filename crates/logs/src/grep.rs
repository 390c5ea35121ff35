//! The expression that lines are searched for: what people typed, in linear time, over whole blocks
//! where that gives the same answer as line by line.

use std::borrow::Cow;

use regex::bytes::{Regex, RegexBuilder};

use crate::text::strip_ansi;

/// Most bytes that a compiled expression may take, and its lazily built tables.
const SIZE_LIMIT: usize = 4 << 20;

/// A search expression.
#[derive(Debug, Clone)]
pub struct Grep {
    regex: Regex,
    by_block: bool,
}

/// The expression cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot search for `{pattern}`: {reason}")]
pub struct GrepError {
    /// What was to be searched for.
    pub pattern: String,
    /// What is wrong with it; where the place is known, the expression again and below it a mark.
    pub reason: String,
}

impl Grep {
    /// Reads an expression in the syntax of the `regex` crate. `^` and `$` are the ends of a line.
    ///
    /// # Errors
    ///
    /// The syntax is wrong, or the expression would need more than 4 MiB.
    pub fn new(pattern: &str, ignore_case: bool) -> Result<Self, GrepError> {
        let regex = build(pattern, ignore_case).map_err(|error| GrepError {
            pattern: pattern.to_string(),
            reason: match &error {
                regex::Error::Syntax(text) => text.strip_prefix("regex parse error:").map_or_else(
                    || text.trim().to_string(),
                    |rest| format!("it is no regular expression:{rest}"),
                ),
                regex::Error::CompiledTooBig(limit) => format!(
                    "it would need more than {} MiB; use smaller repetitions",
                    limit >> 20
                ),
                other => other.to_string(),
            },
        })?;
        // These mean the ends of the text, which are others in a block than in a line.
        let by_block = !["\\A", "\\z", "(?-m", "(?s", "-m"]
            .iter()
            .any(|it| pattern.contains(it));
        Ok(Grep { regex, by_block })
    }

    /// An expression that finds exactly this text.
    ///
    /// # Errors
    ///
    /// The text is longer than some hundred kilobytes.
    pub fn literal(text: &str, ignore_case: bool) -> Result<Self, GrepError> {
        Grep::new(&regex::escape(text), ignore_case)
    }

    /// Whether a line matches, as people see it: without colours and other escape sequences.
    pub fn matches(&self, line: &[u8]) -> bool {
        match strip_ansi(line) {
            Cow::Borrowed(plain) => self.regex.is_match(plain),
            Cow::Owned(plain) => self.regex.is_match(&plain),
        }
    }

    /// Whether [`Grep::find`] may be used.
    pub(crate) fn by_block(&self) -> bool {
        self.by_block
    }

    /// Before or in the first line of the block that matches; no line before that one does.
    pub(crate) fn find(&self, block: &[u8]) -> Option<usize> {
        self.regex.find(block).map(|found| found.start())
    }
}

fn build(pattern: &str, ignore_case: bool) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .multi_line(true)
        .crlf(true)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(2 * SIZE_LIMIT)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_expression_is_shown_with_the_place() {
        let error = Grep::new("foo(bar", false)
            .expect_err("it is wrong")
            .to_string();
        assert!(error.contains("foo(bar") && error.contains('^'), "{error}");
        assert!(error.contains("unclosed group"), "{error}");
    }

    #[test]
    fn an_expression_that_explodes_is_refused() {
        let error = Grep::new("((\\w{50}){50}){50}", false).expect_err("too big");
        assert!(error.reason.contains("MiB"), "{error}");
    }

    #[test]
    fn colours_in_the_middle_of_a_word_do_not_hide_it() {
        let grep = Grep::new("error: foo$", false).expect("sound");
        assert!(grep.matches(b"\x1b[31merror\x1b[0m: foo"));
        assert!(!grep.matches(b"\x1b[31merror\x1b[0m: foobar"));
        assert!(Grep::new("ERROR", true).expect("sound").matches(b"error"));
    }
}
