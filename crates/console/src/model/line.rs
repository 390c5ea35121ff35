//! A line that is being typed: the text and the place in it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// Longer lines are not typed by hand.
const LONGEST: usize = 8192;

/// One line of text with a cursor in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TypedLine {
    text: String,
    at: usize,
}

impl TypedLine {
    /// A line with its cursor at the end.
    pub(crate) fn new(text: &str) -> Self {
        TypedLine {
            text: text.to_string(),
            at: text.len(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor.
    pub(crate) fn before(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands behind the cursor.
    pub(crate) fn behind(&self) -> &str {
        &self.text[self.at..]
    }

    /// Puts text at the cursor; line breaks become blanks.
    pub(crate) fn insert(&mut self, text: &str) {
        let mut clean: String = text
            .chars()
            .map(|c| {
                if c == '\n' || c == '\r' || c == '\t' {
                    ' '
                } else {
                    c
                }
            })
            .filter(|c| !c.is_control())
            .collect();
        let mut room = LONGEST.saturating_sub(self.text.len()).min(clean.len());
        while !clean.is_char_boundary(room) {
            room -= 1;
        }
        clean.truncate(room);
        self.text.insert_str(self.at, &clean);
        self.at += clean.len();
    }

    /// Puts a word in the place of the one before the cursor.
    pub(crate) fn replace_word(&mut self, word: &str) {
        let begin = word_start(self.before());
        self.text.replace_range(begin..self.at, word);
        self.at = begin + word.len();
    }

    /// Edits by a key; false when the key means nothing here.
    pub(crate) fn key(&mut self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('a') if ctrl => self.at = 0,
            KeyCode::Char('e') if ctrl => self.at = self.text.len(),
            KeyCode::Char('b') if ctrl => self.at = self.left(),
            KeyCode::Char('f') if ctrl => self.at = self.right(),
            KeyCode::Char('u') if ctrl => self.delete(0, self.at),
            KeyCode::Char('k') if ctrl => self.text.truncate(self.at),
            KeyCode::Char('w') if ctrl => self.delete(self.word_left(), self.at),
            KeyCode::Char('h') if ctrl => self.delete(self.left(), self.at),
            KeyCode::Char('b') if alt => self.at = self.word_left(),
            KeyCode::Char('f') if alt => self.at = self.word_right(),
            KeyCode::Char(c) if !ctrl && !alt => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace if alt || ctrl => self.delete(self.word_left(), self.at),
            KeyCode::Backspace => self.delete(self.left(), self.at),
            KeyCode::Delete => self.delete(self.at, self.right()),
            KeyCode::Left if ctrl || alt => self.at = self.word_left(),
            KeyCode::Right if ctrl || alt => self.at = self.word_right(),
            KeyCode::Left => self.at = self.left(),
            KeyCode::Right => self.at = self.right(),
            KeyCode::Home => self.at = 0,
            KeyCode::End => self.at = self.text.len(),
            _ => return false,
        }
        true
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.at = from;
    }

    fn left(&self) -> usize {
        let mut cursor = GraphemeCursor::new(self.at, self.text.len(), true);
        cursor
            .prev_boundary(&self.text, 0)
            .ok()
            .flatten()
            .unwrap_or(0)
    }

    fn right(&self) -> usize {
        let mut cursor = GraphemeCursor::new(self.at, self.text.len(), true);
        cursor
            .next_boundary(&self.text, 0)
            .ok()
            .flatten()
            .unwrap_or(self.text.len())
    }

    fn word_left(&self) -> usize {
        let words = self.text[..self.at].unicode_word_indices();
        words.map(|(at, _)| at).next_back().unwrap_or(0)
    }

    fn word_right(&self) -> usize {
        let mut words = self.text[self.at..].unicode_word_indices();
        words
            .next()
            .map_or(self.text.len(), |(at, word)| self.at + at + word.len())
    }
}

/// Where the last word of a text begins; a word in quotes begins at its quote.
pub(crate) fn word_start(text: &str) -> usize {
    let (mut begin, mut quote, mut blank) = (0, None, true);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => {
                quote = Some(c);
                if blank {
                    begin = at;
                }
                blank = false;
            }
            (None, c) if c.is_whitespace() => blank = true,
            (None, _) => {
                if blank {
                    begin = at;
                }
                blank = false;
            }
        }
    }
    if blank { text.len() } else { begin }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str, keys: &[(KeyCode, KeyModifiers)]) -> (String, String) {
        let mut line = TypedLine::new(text);
        for (code, modifiers) in keys {
            line.key(&KeyEvent::new(*code, *modifiers));
        }
        (line.before().to_string(), line.behind().to_string())
    }

    #[test]
    fn keys_edit_whole_characters_and_words() {
        let none = KeyModifiers::NONE;
        let ctrl = KeyModifiers::CONTROL;
        let family = "a👨‍👩‍👧";
        assert_eq!(typed(family, &[(KeyCode::Backspace, none)]).0, "a");
        assert_eq!(
            typed("dev logs api", &[(KeyCode::Char('w'), ctrl)]).0,
            "dev logs "
        );
        let left = (KeyCode::Left, ctrl);
        assert_eq!(typed("dev logs api", &[left, left]).1, "logs api");
        assert_eq!(
            typed("abc", &[(KeyCode::Home, none), (KeyCode::Delete, none)]).1,
            "bc"
        );
        assert_eq!(
            typed("abc", &[(KeyCode::Char('u'), ctrl)]),
            (String::new(), String::new())
        );
    }

    #[test]
    fn a_word_is_replaced_where_it_begins() {
        let mut line = TypedLine::new("dev logs ba");
        line.replace_word("backend");
        assert_eq!(line.text(), "dev logs backend");
        assert_eq!(word_start("a 'b c"), 2);
        assert_eq!(word_start("a "), 2);
        assert_eq!(word_start(""), 0);
    }

    #[test]
    fn pasted_text_is_one_line_without_control_characters() {
        let mut line = TypedLine::default();
        line.insert("a\nb\u{1b}[2J\0");
        assert_eq!(line.text(), "a b[2J");
        line.insert(&"é".repeat(10_000));
        assert!(line.text().len() <= LONGEST);
    }
}
