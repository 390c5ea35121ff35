//! A line as rules see it: its text, what it says after times, levels and names, and the fields of
//! a structured line.

use std::cell::OnceCell;

use crate::fields::{Structured, structure};

/// A line without escape sequences, taken apart.
pub(super) struct Body {
    /// The whole line, trimmed.
    pub(super) line: String,
    /// Taken apart when it is asked for: most rules find out before that they do not apply.
    structured: OnceCell<Option<Structured>>,
    /// Where the message begins within what is said.
    lead: OnceCell<usize>,
}

impl Body {
    pub(super) fn new(line: &str) -> Self {
        Body {
            line: plainly(line.trim()),
            structured: OnceCell::new(),
            lead: OnceCell::new(),
        }
    }

    fn structured(&self) -> Option<&Structured> {
        let structured = self.structured.get_or_init(|| {
            let mut found = structure(self.line.as_bytes())?;
            if let Some(message) = &mut found.message {
                *message = plainly(message);
            }
            Some(found)
        });
        structured.as_ref()
    }

    /// What is said: the message of a structured line that has one, else the line.
    pub(super) fn text(&self) -> &str {
        let message = self.structured().and_then(|it| it.message.as_deref());
        message.unwrap_or(&self.line).trim()
    }

    /// The text without what loggers put before it.
    pub(super) fn said(&self) -> &str {
        let text = self.text();
        &text[*self.lead.get_or_init(|| lead(text))..]
    }

    /// Whether the line has fields.
    pub(super) fn is_structured(&self) -> bool {
        self.structured().is_some()
    }

    /// A field of a structured line, by the last part of its name, whatever its case.
    pub(super) fn field(&self, names: &[&str]) -> Option<(&str, &str)> {
        let structured = self.structured()?;
        names.iter().find_map(|name| {
            structured.fields.iter().find_map(|(key, value)| {
                let last = key.rsplit('.').next().unwrap_or(key);
                last.eq_ignore_ascii_case(name)
                    .then_some((key.as_str(), value.as_str()))
            })
        })
    }
}

/// With one sign for each thing that is drawn in several ways, so that expressions of bytes do.
fn plainly(text: &str) -> String {
    if text.is_ascii() {
        return text.to_string();
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '│' | '┃' | '┆' | '║' => plain.push('|'),
            '…' => plain.push_str("..."),
            'µ' | 'μ' => plain.push('u'),
            'λ' => plain.push('l'),
            'ƒ' => plain.push('f'),
            '\u{a0}' | '\u{202f}' | 'Σ' | 'ℹ' => plain.push(' '),
            '’' => plain.push('\''),
            c => plain.push(c),
        }
    }
    plain
}

/// The length of what stands before the message: signs, `[groups]`, times, levels, `name |`.
fn lead(text: &str) -> usize {
    let mut rest = text;
    loop {
        let before = rest.len();
        rest = rest.trim_start_matches(|c: char| {
            !c.is_alphanumeric() && !matches!(c, '[' | '(' | '/' | '.' | '"' | '\'' | '`')
        });
        if rest.starts_with(['[', '('])
            && let Some(end) = rest.find([']', ')'])
            && end <= 40
        {
            rest = &rest[end + 1..];
        }
        let word = &rest[..rest.find(' ').unwrap_or(rest.len())];
        if is_time(word) || is_level(word) || matches!(word, "AM" | "PM" | "UTC") {
            rest = &rest[word.len()..];
        } else if let Some(bar) = rest.find(" | ").filter(|at| *at <= 40)
            && !rest[..bar].trim().contains(' ')
            && rest[..bar].contains(|c: char| c.is_alphabetic())
            && !rest[..bar].contains('.')
        {
            // The prefix of tools that run several programs.
            rest = &rest[bar + 3..];
        }
        if rest.len() == before {
            return text.len() - rest.len();
        }
    }
}

fn is_time(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let signs = word
        .bytes()
        .filter(|b| matches!(b, b':' | b'-' | b'/'))
        .count();
    word.starts_with(|c: char| c.is_ascii_digit())
        && digits >= 3
        && signs >= 1
        && word
            .bytes()
            .all(|b| b.is_ascii_digit() || b":-/.,TZ+APM]".contains(&b))
}

fn is_level(word: &str) -> bool {
    let name = word.trim_end_matches([':', '|']);
    let colon = name.len() < word.len();
    const LEVELS: [&str; 15] = [
        "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "FATAL", "LOG", "TRC",
        "DBG", "INF", "WRN", "ERR", "FTL",
    ];
    LEVELS.iter().any(|level| match colon {
        true => level.eq_ignore_ascii_case(name),
        false => *level == name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loggers_put_before_the_message_is_left_out() {
        let said = |line| Body::new(line).said().to_string();
        assert_eq!(said("✓ Compiled in 5ms"), "Compiled in 5ms");
        assert_eq!(said("2:56:45 AM [vite] (client) hmr update"), "hmr update");
        assert_eq!(said("INFO:     Shutting down"), "Shutting down");
        assert_eq!(
            said("2026-11-23 02:55:43.844 UTC [5678] LOG:  ready"),
            "ready"
        );
        assert_eq!(said("3 examples, 1 failure"), "3 examples, 1 failure");
        assert_eq!(said("web-1  | Ready in 3s"), "Ready in 3s");
        assert_eq!(
            said("dist/a.js  12 kB | gzip: 3 kB"),
            "dist/a.js  12 kB | gzip: 3 kB"
        );
        assert_eq!(said("┌ ○ /  5 kB"), "/  5 kB");
        assert_eq!(said(""), "");
    }
}
