//! Secrets in text that is kept or shown: values of names that look secret, passwords in URLs,
//! tokens. The names and the form stay, so that the text can still be read.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Shown instead of a secret.
pub const MASK: &str = "••••••";

const NAME: &str = r"[A-Za-z0-9_.-]*(?:token|passw(?:or)?d|passphrase|pwd|secret|api[_-]?key|apikey|access[_-]?key|private[_-]?key|secret[_-]?key|encryption[_-]?key|credentials?|auth[_-]?key|signing[_-]?key|session[_-]?key|[a-z0-9]_key)";

/// Each pattern keeps what it calls `before` and `after`, and masks what lies between.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let patterns = [
        // scheme://user:password@host
        r"(?<before>[a-z][a-z0-9+.-]*://[^\s:/@'\x22]*:)(?<secret>[^\s/@'\x22]+)(?<after>@)".to_owned(),
        // Authorization: Bearer …, Basic …
        r"(?i)(?<before>\b(?:bearer|basic|token)\s+)(?<secret>[A-Za-z0-9._~+/=-]{8,})(?<after>)".to_owned(),
        // "password": "…", 'token' => '…', NAME="…"
        format!(r#"(?i)(?<before>['"]?{NAME}['"]?\s*(?:=>|[:=])\s*['"])(?<secret>[^'"]+)(?<after>['"])"#),
        // NAME=…, password: …
        format!(r#"(?i)(?<before>(?:^|[^A-Za-z0-9_.-]){NAME}(?:=|: ))(?<secret>[^\s'"&;,)}}\]]+)(?<after>)"#),
        // Well-known forms of keys.
        r"(?<before>)(?<secret>\b(?:sk_(?:live|test)_[A-Za-z0-9]{8,}|ghp_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|AKIA[A-Z0-9]{16}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*))(?<after>)".to_owned(),
    ];
    patterns
        .iter()
        .filter_map(|pattern| Regex::new(pattern).ok())
        .collect()
});
/// Words of which every secret has one near it; without them nothing is looked at closer.
static HINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)://|token|passw|passphrase|pwd|secret|key|credential|bearer|basic |sk_|ghp_|github_pat|xox|AKIA|eyJ").ok()
});

/// The text with its secrets masked.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    if !HINT.as_ref().is_none_or(|hint| hint.is_match(text)) {
        return Cow::Borrowed(text);
    }
    let mut masked = Cow::Borrowed(text);
    for pattern in PATTERNS.iter() {
        if pattern.is_match(&masked) {
            let replaced = pattern.replace_all(&masked, |found: &Captures<'_>| {
                let secret = &found["secret"];
                // What is no value: a variable's name, a placeholder, a word that says it is missing.
                let kept = secret.starts_with('$')
                    || secret.starts_with(MASK)
                    || secret.starts_with('<')
                    || ["undefined", "null", "None", "nil", "true", "false"].contains(&secret);
                let shown = if kept { secret } else { MASK };
                format!("{}{shown}{}", &found["before"], &found["after"])
            });
            masked = Cow::Owned(replaced.into_owned());
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_compile() {
        assert_eq!(PATTERNS.len(), 5);
    }

    #[test]
    fn secrets_are_masked_and_the_rest_stays() {
        for (text, expected) in [
            (
                "DB_PASSWORD=hunter2 npm start",
                "DB_PASSWORD=•••••• npm start",
            ),
            (
                "{\"password\": \"hunter2\", \"user\": \"a\"}",
                "{\"password\": \"••••••\", \"user\": \"a\"}",
            ),
            (
                "postgres://app:hunter2@db:5432/shop",
                "postgres://app:••••••@db:5432/shop",
            ),
            (
                "Authorization: Bearer abcdef0123456789",
                "Authorization: Bearer ••••••",
            ),
            ("using sk_live_abcdefgh1234", "using ••••••"),
            ("apiKey: 'abc123'", "apiKey: '••••••'"),
            ("AWS_SECRET_ACCESS_KEY=abc", "AWS_SECRET_ACCESS_KEY=••••••"),
        ] {
            assert_eq!(mask(text), expected);
        }
    }

    #[test]
    fn words_that_only_speak_of_secrets_stay() {
        for text in [
            "STRIPE_KEY is not set",
            "KeyError: 'DATABASE_URL'",
            "password authentication failed for user \"shop\"",
            "export TOKEN=$OTHER",
            "http://localhost:3000/a@b",
        ] {
            assert_eq!(mask(text), text);
        }
    }
}
