//! From the text of a TOML file to a tree with lines.

use std::rc::Rc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::node::{Entry, Kind, Node, Place};
use crate::read_yaml::Unreadable;

/// The tree of a text.
pub(crate) fn read(file: usize, text: &str) -> Result<Rc<Node>, Unreadable> {
    let lines = Lines { file, text };
    match DeTable::parse(text) {
        Ok(table) => Ok(lines.table(0, table.get_ref())),
        Err(error) => Err(Unreadable {
            line: error.span().map_or(1, |span| lines.place(span.start).line),
            why: format!("the TOML is not understood: {}", error.message()),
        }),
    }
}

struct Lines<'a> {
    file: usize,
    text: &'a str,
}

impl Lines<'_> {
    fn place(&self, offset: usize) -> Place {
        let before = self.text.as_bytes().iter().take(offset);
        Place {
            file: self.file,
            line: 1 + before.filter(|byte| **byte == b'\n').count(),
        }
    }

    fn table(&self, offset: usize, table: &DeTable<'_>) -> Rc<Node> {
        let entries = table.iter().map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            place: self.place(key.span().start),
            value: self.value(value),
        });
        Rc::new(Node::new(self.place(offset), Kind::Map(entries.collect())))
    }

    fn value(&self, value: &Spanned<DeValue<'_>>) -> Rc<Node> {
        let offset = value.span().start;
        let plain = |text: String| Kind::Scalar { text, plain: true };
        let kind = match value.get_ref() {
            DeValue::String(text) => Kind::Scalar {
                text: text.to_string(),
                plain: false,
            },
            DeValue::Integer(number) => plain(number.to_string()),
            DeValue::Float(number) => plain(number.to_string()),
            DeValue::Boolean(flag) => plain(flag.to_string()),
            DeValue::Datetime(time) => plain(time.to_string()),
            DeValue::Array(items) => {
                Kind::List(items.iter().map(|item| self.value(item)).collect())
            }
            DeValue::Table(table) => return self.table(offset, table),
        };
        Rc::new(Node::new(self.place(offset), kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_keep_their_order_and_lines() {
        let root = read(0, "a = 1\n[b.c]\nx = ['p', \"q\"]\n[b.a]\ny = true\n").expect("toml");
        let b = root.get("b").and_then(|b| b.map()).expect("b");
        assert_eq!(b[0].key, "c");
        assert_eq!(b[1].value.map().expect("a")[0].place.line, 5);
        assert_eq!(read(0, "a = 1\nb = [").expect_err("no toml").line, 2);
    }
}
