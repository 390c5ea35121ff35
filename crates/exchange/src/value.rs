//! Values of a file that is to be written: text, bare words, lists and maps in a chosen order.

use serde_json::Value as Json;

/// A value to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Text: quoted where a reader could take it for something else.
    Text(String),
    /// A number, a flag, a time: written as it is.
    Bare(String),
    /// A list.
    List(Vec<Value>),
    /// A map in this order.
    Map(Vec<(String, Value)>),
}

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Value::Text(text.into())
    }

    pub(crate) fn bare(text: impl ToString) -> Self {
        Value::Bare(text.to_string())
    }

    pub(crate) fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value));
        Value::Map(entries.collect())
    }

    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Value::List(texts.into_iter().map(Value::text).collect())
    }

    pub(crate) fn entries(&self) -> &[(String, Value)] {
        match self {
            Value::Map(entries) => entries,
            Value::Null | Value::Text(_) | Value::Bare(_) | Value::List(_) => &[],
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        let found = self.entries().iter().find(|(known, _)| known == key)?;
        Some(&found.1)
    }

    /// A scalar that was written without quotes: bare where every reader agrees on it.
    pub(crate) fn plain(text: &str) -> Self {
        let simple = |b: u8| b.is_ascii_alphanumeric() || b"._%-".contains(&b);
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        match begins && text.bytes().all(simple) {
            true => Value::Bare(text.to_string()),
            false => Value::Text(text.to_string()),
        }
    }

    /// As JSON in lines, in its own order, bare words as what they are.
    pub(crate) fn to_json_text(&self, indent: usize) -> String {
        let (pad, end) = (" ".repeat(indent + 2), " ".repeat(indent));
        let quoted = |text: &str| Json::String(text.to_string()).to_string();
        match self {
            Value::Null => "null".to_string(),
            Value::Text(text) => quoted(text),
            Value::Bare(text) => match serde_json::from_str(text) {
                Ok(Json::Bool(_) | Json::Number(_)) => text.clone(),
                Ok(_) | Err(_) => quoted(text),
            },
            Value::List(items) if items.is_empty() => "[]".to_string(),
            Value::Map(entries) if entries.is_empty() => "{}".to_string(),
            Value::List(items) => {
                let items = items.iter().map(|item| item.to_json_text(indent + 2));
                let items: Vec<String> = items.map(|item| format!("{pad}{item}")).collect();
                format!("[\n{}\n{end}]", items.join(",\n"))
            }
            Value::Map(entries) => {
                let entry = |(key, value): &(String, Value)| {
                    format!("{pad}{}: {}", quoted(key), value.to_json_text(indent + 2))
                };
                let entries: Vec<String> = entries.iter().map(entry).collect();
                format!("{{\n{}\n{end}}}", entries.join(",\n"))
            }
        }
    }
}

/// Sets a key of a map that is being made; the old value, where there was one, is replaced.
pub(crate) fn set(entries: &mut Vec<(String, Value)>, key: &str, value: Value) {
    match entries.iter_mut().find(|(known, _)| known == key) {
        Some((_, known)) => *known = value,
        None => entries.push((key.to_string(), value)),
    }
}
