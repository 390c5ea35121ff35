//! A changed text is read again: the profile must be what was asked for, all else what it was.

use crate::draft::Draft;
use crate::node::{Kind, Node};
use crate::value::Value;

use super::{EditError, How};

/// Compares the text before and after a change.
pub(super) fn check(
    before: &str,
    after: &str,
    profile: &str,
    drafts: &[Draft],
    how: How<'_>,
) -> Result<(), EditError> {
    let unsafe_change = || {
        let why = format!(
            "`{profile}` cannot be changed without changing something else, such as an anchor that is used elsewhere"
        );
        EditError::Form(why)
    };
    let old = crate::read_yaml::read(0, before).map_err(|_| unsafe_change())?;
    let new = crate::read_yaml::read(0, after).map_err(|_| unsafe_change())?;
    let rest = |root: &Node| -> Vec<(String, Value)> {
        let entries = root.map().unwrap_or_default().iter();
        let entries = entries.filter(|entry| entry.key != profile);
        entries
            .map(|entry| (entry.key.clone(), value(&entry.value)))
            .collect()
    };
    let same_rest = rest(&old) == rest(&new);
    let list = |root: &Node| -> Vec<Value> {
        let items = root.get(profile).and_then(|node| node.list());
        items
            .unwrap_or_default()
            .iter()
            .map(|item| value(item))
            .collect()
    };
    let (was, is) = (list(&old), list(&new));
    let name = |value: &Value| match value.get("name") {
        Some(Value::Text(name)) => name.clone(),
        _ => String::new(),
    };
    let wanted = |item: &Value| {
        let old = was.iter().find(|old| name(old) == name(item));
        let draft = drafts.iter().find(|draft| draft.name == name(item));
        let as_draft = draft.is_some_and(|draft| as_text(&draft.value()) == *item);
        match (how, old) {
            (How::Append, Some(old)) => old == item,
            (How::Replace { unchanged }, Some(old)) if unchanged.contains(&name(item)) => {
                old == item
            }
            (How::Append | How::Replace { .. }, _) => as_draft,
        }
    };
    let count = match how {
        How::Append => was.len() + drafts.len(),
        How::Replace { .. } => drafts.len(),
    };
    match same_rest && is.len() == count && is.iter().all(wanted) {
        true => Ok(()),
        false => Err(unsafe_change()),
    }
}

/// A node without its place, scalars as text.
fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Scalar { text, .. } => Value::Text(text.clone()),
        Kind::List(items) => Value::List(items.iter().map(|item| value(item)).collect()),
        Kind::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|entry| (entry.key.clone(), value(&entry.value)))
                .collect(),
        ),
    }
}

fn as_text(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Text(text) | Value::Bare(text) => Value::Text(text.clone()),
        Value::List(items) => Value::List(items.iter().map(as_text).collect()),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), as_text(value)))
                .collect(),
        ),
    }
}
