//! From the text of a JSON file, with comments and trailing commas allowed, to a tree with lines.

use std::rc::Rc;

use crate::node::{Entry, Kind, Node, Place};
use crate::read_yaml::Unreadable;

/// How deep lists and maps may nest.
const MAX_DEPTH: usize = 64;

/// The tree of a text.
pub(crate) fn read(file: usize, text: &str) -> Result<Rc<Node>, Unreadable> {
    let mut reader = Reader {
        file,
        bytes: text.trim_start_matches('\u{feff}').as_bytes(),
        at: 0,
        line: 1,
    };
    let node = reader.value(0)?;
    reader.blank();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.wrong("there is something behind the end")),
    }
}

struct Reader<'a> {
    file: usize,
    bytes: &'a [u8],
    at: usize,
    line: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Rc<Node>, Unreadable> {
        self.blank();
        let place = Place {
            file: self.file,
            line: self.line,
        };
        if depth > MAX_DEPTH {
            return Err(self.wrong("it nests too deep"));
        }
        let kind = match self.peek() {
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Kind::Scalar {
                text: self.string()?,
                plain: false,
            },
            Some(_) => match self.word() {
                "" => return Err(self.wrong("expected a value")),
                "null" => Kind::Null,
                text => Kind::Scalar {
                    text: text.to_string(),
                    plain: true,
                },
            },
            None => return Err(self.wrong("it ends too early")),
        };
        Ok(Rc::new(Node::new(place, kind)))
    }

    fn map(&mut self, depth: usize) -> Result<Kind, Unreadable> {
        self.at += 1;
        let mut entries: Vec<Entry> = Vec::new();
        while !self.ends(b'}')? {
            let place = Place {
                file: self.file,
                line: self.line,
            };
            if self.peek() != Some(b'"') {
                return Err(self.wrong("expected a key in double quotes"));
            }
            let key = self.string()?;
            self.blank();
            if self.peek() != Some(b':') {
                return Err(self.wrong("expected `:` behind a key"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            entries.retain(|entry| entry.key != key);
            entries.push(Entry { key, place, value });
        }
        Ok(Kind::Map(entries))
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Unreadable> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.ends(b']')? {
            items.push(self.value(depth + 1)?);
        }
        Ok(Kind::List(items))
    }

    /// Whether the list or map ends here; a comma before is passed.
    fn ends(&mut self, close: u8) -> Result<bool, Unreadable> {
        self.blank();
        if self.peek() == Some(b',') {
            self.at += 1;
            self.blank();
        }
        match self.peek() {
            None => Err(self.wrong("it ends too early")),
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(true)
            }
            Some(_) => Ok(false),
        }
    }

    fn string(&mut self) -> Result<String, Unreadable> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None | Some(b'\n') => return Err(self.wrong("a text lacks its closing quote")),
                Some(b'\\') => self.at += 2,
                Some(b'"') => break,
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        let written = self.bytes.get(start..self.at).unwrap_or_default();
        serde_json::from_slice(written).map_err(|_| self.wrong("a text is not understood"))
    }

    fn word(&mut self) -> &str {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b))
        {
            self.at += 1;
        }
        std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or_default()
    }

    /// Passes blanks and comments.
    fn blank(&mut self) {
        while let Some(byte) = self.peek() {
            match (byte, self.bytes.get(self.at + 1)) {
                (b'\n', _) => {
                    self.line += 1;
                    self.at += 1;
                }
                (b' ' | b'\t' | b'\r', _) => self.at += 1,
                (b'/', Some(b'/')) => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                (b'/', Some(b'*')) => self.block_comment(),
                _ => return,
            }
        }
    }

    fn block_comment(&mut self) {
        self.at += 2;
        while let Some(byte) = self.peek() {
            if byte == b'*' && self.bytes.get(self.at + 1) == Some(&b'/') {
                self.at += 2;
                return;
            }
            if byte == b'\n' {
                self.line += 1;
            }
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn wrong(&self, why: &str) -> Unreadable {
        Unreadable {
            line: self.line,
            why: format!("the JSON is not understood: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_passed() {
        let root = read(
            0,
            "// x\n{\"a\": [1, \"b\\n\", /* y\n */ null,],\n \"c\": true,}\n",
        )
        .expect("json");
        assert_eq!(root.get("a").map(|a| a.texts().len()), Some(2));
        assert_eq!(root.map().expect("map")[1].place.line, 4);
        assert_eq!(root.get("c").and_then(|c| c.flag()), Some(true));
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        for text in ["", "{", "{\"a\" 1}", "[\"a", "{} x", "{a: 1}", "\"\\"] {
            assert!(read(0, text).is_err(), "{text}");
        }
        assert!(read(0, &"[".repeat(10_000)).is_err());
    }
}
