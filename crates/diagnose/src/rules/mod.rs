//! Causes that need no trace: rules as data, and how they are applied. A rule recognises a line,
//! says what it means and what to do, and whether it would only repeat.

mod environment;
mod network;
mod setup;

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::Pattern;
use crate::report::{Kind, Suggestion};

/// A cause that can be recognised from its words.
#[derive(Debug)]
pub struct Rule {
    /// Its name, the same for all wordings of one cause.
    pub name: &'static str,
    /// The kind of crash; none where the cause does not make one.
    pub kind: Option<Kind>,
    /// Words of which a line has one; the pattern is only then tried.
    pub words: &'static [&'static str],
    /// What a line must match. Groups: `subject`, `host`, `port`, `error`.
    pattern: Pattern,
    /// What it means, in one sentence. `{subject}`, `{host}` and `{port}` are filled in.
    pub explanation: &'static str,
    /// What to do: an action and a sentence.
    pub suggestion: (&'static str, &'static str),
    /// Whether it would only repeat.
    pub deterministic: bool,
    /// Whether a line without a trace is enough to call it a crash.
    pub alone: bool,
}

/// What a rule found.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) rule: &'static Rule,
    /// The rule's rank: the lower, the more telling.
    pub(crate) rank: usize,
    pub(crate) subject: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    /// The part of the line that is the error.
    pub(crate) error: Option<String>,
}

/// All rules, the most telling first.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    network::RULES
        .iter()
        .chain(&environment::RULES)
        .chain(&setup::RULES)
}

static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = all()
        .flat_map(|rule| rule.words)
        .map(|word| regex::escape(word));
    Regex::new(&words.collect::<Vec<_>>().join("|")).ok()
});

/// The most telling rule that a line matches.
pub(crate) fn apply(text: &str) -> Option<Match> {
    if !WORDS.as_ref().is_some_and(|words| words.is_match(text)) {
        return None;
    }
    all().enumerate().find_map(|(rank, rule)| {
        if !rule.words.iter().any(|word| text.contains(word)) {
            return None;
        }
        let found = rule.pattern.captures(text)?;
        let named = rule.pattern.named(&found);
        // Alternatives have names of their own: `host2`, and for subjects any other.
        let is =
            |name: &str, what: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()) == what;
        let find = |what: &str| {
            let mut all = named.iter().filter(|(name, _)| is(name, what));
            all.next().map(|(_, text)| (*text).to_owned())
        };
        let about = |name: &str| !["host", "port", "error"].iter().any(|what| is(name, what));
        let subject = named.iter().find(|(name, _)| about(name));
        let subject = subject.map(|(_, text)| {
            text.trim_matches(['\'', '"', '`', ' ', ':', ','])
                .to_owned()
        });
        let port = find("port").and_then(|port| port.parse().ok());
        let needs_address =
            rule.name == "port-in-use" || rule.kind == Some(Kind::ConnectionRefused);
        let address = || {
            if needs_address {
                network::address(text)
            } else {
                (None, None)
            }
        };
        let (host, port) = match port {
            Some(port) => (find("host"), Some(port)),
            None => {
                let (host, port) = address();
                (find("host").or(host), port)
            }
        };
        Some(Match {
            rule,
            rank,
            subject: subject.filter(|subject| !subject.is_empty()),
            host,
            port,
            error: find("error"),
        })
    })
}

/// The port that a line names.
pub(crate) fn port(text: &str) -> Option<u16> {
    network::address(text).1
}

impl Match {
    /// The explanation, with what was found filled in.
    pub(crate) fn explanation(&self) -> String {
        self.filled(self.rule.explanation)
    }

    pub(crate) fn suggestion(&self) -> Suggestion {
        let (action, text) = self.rule.suggestion;
        Suggestion::new(action, self.filled(text))
    }

    fn filled(&self, text: &str) -> String {
        let port = self.port.map(|port| port.to_string());
        let mut text = text.to_owned();
        for (name, value) in [
            ("{subject}", &self.subject),
            ("{host}", &self.host),
            ("{port}", &port),
        ] {
            if let Some(value) = value {
                text = text.replace(name, value);
            }
        }
        WITHOUT
            .iter()
            .fold(text, |text, (unknown, plain)| text.replace(unknown, plain))
    }
}

/// What is said where a rule does not know what it is about.
const WITHOUT: [(&str, &str); 12] = [
    ("the module {subject}", "a module"),
    ("the file {subject}", "a file"),
    ("the command {subject}", "a command"),
    (
        "the environment variable {subject}",
        "an environment variable",
    ),
    ("install {subject}", "install it"),
    ("create {subject}", "create it"),
    ("set {subject}", "set it"),
    ("may not use {subject}", "may not use a file or port"),
    ("{subject}", "something"),
    (
        " at {host} on port {port}",
        " at the address that it connects to",
    ),
    (" at {host}", ""),
    ("port {port}", "its port"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_every_rule_has_its_words() {
        for rule in all() {
            rule.pattern.check();
            assert!(!rule.words.is_empty(), "{}", rule.name);
            assert!(
                rule.explanation.len() > 10 && rule.suggestion.1.len() > 10,
                "{}",
                rule.name
            );
        }
    }

    #[track_caller]
    fn check(text: &str, name: &str, subject: Option<&str>, port: Option<u16>) {
        let found = apply(text).unwrap_or_else(|| panic!("nothing in {text:?}"));
        assert_eq!(
            (found.rule.name, found.subject.as_deref(), found.port),
            (name, subject, port),
            "{text}"
        );
    }

    #[test]
    fn ports_in_use_are_found_with_the_port() {
        for text in [
            "Error: listen EADDRINUSE: address already in use :::4100",
            "listen tcp 127.0.0.1:4100: bind: address already in use",
            "Port 4100 is already in use",
            "bind() to 0.0.0.0:4100 failed (98: Address already in use)",
            "Connection in use: ('127.0.0.1', 4100)",
            "Address already in use - bind(2) for \"127.0.0.1\" port 4100 (Errno::EADDRINUSE)",
            "Bind for 0.0.0.0:4100 failed: port is already allocated",
            "Web server failed to start. Port 4100 was already in use.",
            "Failed to listen on localhost:4100 (reason: Address already in use)",
            "Failed to bind to address http://127.0.0.1:4100: address already in use.",
            "Something is already running on port 4100.",
        ] {
            check(text, "port-in-use", None, Some(4100));
        }
        check(
            "java.net.BindException: Address already in use",
            "port-in-use",
            None,
            None,
        );
    }

    #[test]
    fn refused_connections_name_host_and_port() {
        for text in [
            "connect ECONNREFUSED 127.0.0.1:5432",
            "dial tcp 127.0.0.1:5432: connect: connection refused",
            "connection to server at \"127.0.0.1\", port 5432 failed: Connection refused",
            "tcp connect (127.0.0.1:5432): connection refused - :econnrefused",
            "Connection to 127.0.0.1:5432 refused. Check that the hostname and port are correct",
            "Error 111 connecting to 127.0.0.1:5432. Connection refused.",
            "[Errno 111] Connect call failed ('127.0.0.1', 5432)",
        ] {
            check(text, "connection-refused", None, Some(5432));
            assert_eq!(
                apply(text).and_then(|found| found.host).as_deref(),
                Some("127.0.0.1"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        check(
            "ModuleNotFoundError: No module named 'flask'",
            "missing-module",
            Some("flask"),
            None,
        );
        check(
            "Error: Cannot find module 'express'",
            "missing-module",
            Some("express"),
            None,
        );
        check(
            "Error: spawn ffmpeg ENOENT",
            "command-not-found",
            Some("ffmpeg"),
            None,
        );
        check(
            "ENOENT: no such file or directory, open 'a.json'",
            "missing-file",
            Some("a.json"),
            None,
        );
        check(
            "panic: DATABASE_URL is not set",
            "missing-env",
            Some("DATABASE_URL"),
            None,
        );
        check(
            "KeyError: key not found: \"API_KEY\"",
            "missing-env",
            Some("API_KEY"),
            None,
        );
        check(
            "environment variable SECRET_KEY_BASE is missing.",
            "missing-env",
            Some("SECRET_KEY_BASE"),
            None,
        );
    }

    #[test]
    fn ordinary_lines_match_nothing() {
        for text in [
            "GET /errors 200",
            "listening on port 4000",
            "Connected to postgres at localhost:5432",
            "0 errors, 0 warnings",
        ] {
            assert!(apply(text).is_none(), "{text}");
        }
    }
}
