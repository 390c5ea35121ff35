//! Words that mark unfinished work: what is not done is not there, or stands in an issue.

use super::Finding;
use super::exceptions::{Exceptions, Rule};
use super::files::File;

/// Written in two pieces, so that this file keeps its own rule.
const WORDS: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
];

/// Findings about one file of any kind.
pub(crate) fn check(file: &File, exceptions: &mut Exceptions) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let Some(word) = WORDS.iter().find(|word| has_word(line, word)) else {
            continue;
        };
        if !exceptions.allow(&file.path, Rule::Word) {
            let message = format!("`{word}` marks unfinished work; finish it");
            findings.push(Finding::at(&file.path, index + 1, message));
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        // A word that ends in a bracket is complete, whatever follows.
        let ends = word.ends_with('(') || !after.is_some_and(joins);
        !before.is_some_and(joins) && ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_alone_and_not_within_another() {
        for word in WORDS {
            assert!(has_word(&format!("// {word}: later"), word));
            assert!(has_word(word, word));
            assert!(!has_word(&format!("A_{word}"), word));
        }
        let word = WORDS[2];
        assert!(!has_word(&format!("mktemp {word}{word}"), word));
    }
}
