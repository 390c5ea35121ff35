//! A process as it is going to stand in Forge's file, and how it is written down.

use std::collections::{BTreeMap, BTreeSet};

use crate::emit;
use crate::node::Place;
use crate::value::{Value, set};

/// The order in which fields are written: that of the reference, near enough.
const ORDER: [&str; 30] = [
    "name",
    "description",
    "command",
    "cwd",
    "env",
    "env_file",
    "port",
    "ports",
    "url",
    "depends_on",
    "health_check",
    "oneshot",
    "schedule",
    "auto_restart",
    "restart",
    "stop",
    "on_exit",
    "group",
    "groups",
    "replicas",
    "autostart",
    "tty",
    "stderr",
    "watch",
    "debug",
    "limits",
    "metrics",
    "log",
    "hooks",
    "extends",
];

/// A process that is going to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Its name in Forge's file.
    pub name: String,
    /// Lines that stand above it, without `#`.
    pub(crate) comments: Vec<String>,
    /// Its fields but for `name`.
    pub(crate) fields: Vec<(String, Value)>,
    /// What it needs, from which `depends_on` is made.
    pub(crate) needs: Vec<Need>,
    /// What the file that it comes from calls it.
    pub(crate) source: String,
    /// Where it stands there.
    pub(crate) place: Place,
}

/// A dependency of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    /// As the file that it comes from calls it.
    pub(crate) on: String,
    pub(crate) place: Place,
    /// The field that says so.
    pub(crate) field: String,
    pub(crate) when: When,
    /// `restart` or `stop`; empty for `ignore`.
    pub(crate) on_down: &'static str,
}

/// The condition of a dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum When {
    Started,
    Healthy,
    Completed,
    Exited,
    /// A line matches.
    Log(String),
    /// What fits the kind of process that is needed.
    Ready,
}

impl Draft {
    pub(crate) fn new(name: &str, source: &str, place: Place) -> Self {
        Draft {
            name: name.to_string(),
            source: source.to_string(),
            place,
            ..Draft::default()
        }
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) {
        set(&mut self.fields, key, value);
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        let found = self.fields.iter().find(|(known, _)| known == key)?;
        Some(&found.1)
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.fields.retain(|(known, _)| known != key);
    }

    /// Sets a key of a map field, which is made where it is absent.
    pub(crate) fn set_in(&mut self, key: &str, inner: &str, value: Value) {
        if !self.fields.iter().any(|(known, _)| known == key) {
            self.set(key, Value::Map(Vec::new()));
        }
        for (known, map) in &mut self.fields {
            if let (true, Value::Map(entries)) = (known == key, map) {
                set(entries, inner, value.clone());
            }
        }
    }

    /// Adds a group.
    pub(crate) fn group(&mut self, name: &str) {
        let name = valid_name(name);
        match self.fields.iter_mut().find(|(key, _)| key == "groups") {
            Some((_, Value::List(groups))) => {
                if !groups.contains(&Value::text(&name)) {
                    groups.push(Value::text(name));
                }
            }
            _ => self.set("groups", Value::texts([name])),
        }
    }

    pub(crate) fn is_oneshot(&self) -> bool {
        matches!(self.get("oneshot"), Some(Value::Bare(flag)) if flag == "true")
    }

    /// Its whole map, fields in the usual order.
    pub(crate) fn value(&self) -> Value {
        let mut entries = vec![("name".to_string(), Value::text(&self.name))];
        entries.extend(self.fields.iter().cloned());
        let place = |key: &str| {
            let at = ORDER.iter().position(|known| *known == key);
            at.unwrap_or(ORDER.len())
        };
        entries.sort_by_key(|(key, _)| place(key));
        Value::Map(entries)
    }

    /// Its entry of a profile's list, with its comments; `- ` begins at this indentation.
    pub(crate) fn text(&self, indent: usize) -> String {
        let pad = " ".repeat(indent);
        let comments = self.comments.iter().map(|line| match line.trim_end() {
            "" => format!("{pad}#\n"),
            line => format!("{pad}# {line}\n"),
        });
        let comments: String = comments.collect();
        comments + &emit::block(&Value::List(vec![self.value()]), indent)
    }
}

/// Makes `depends_on` of what the drafts need; the names are those of the drafts.
pub(crate) fn write_needs(drafts: &mut [Draft]) {
    let names: BTreeMap<String, (String, bool)> = drafts
        .iter()
        .map(|draft| {
            (
                draft.source.clone(),
                (draft.name.clone(), draft.is_oneshot()),
            )
        })
        .collect();
    for draft in drafts {
        let known = || {
            let needs = draft.needs.iter();
            needs.filter_map(|need| Some((need, names.get(&need.on)?)))
        };
        if known().next().is_none() {
            continue;
        }
        let plain = known().all(|(need, (_, oneshot))| is_usual(need, *oneshot));
        let value = match plain {
            true => Value::texts(known().map(|(_, (name, _))| name)),
            false => Value::map(known().map(|(need, (name, _))| (name, condition(need)))),
        };
        draft.set("depends_on", value);
    }
}

/// What a list of names says as well.
fn is_usual(need: &Need, oneshot: bool) -> bool {
    let usual = match &need.when {
        When::Ready => true,
        When::Healthy => !oneshot,
        When::Completed => oneshot,
        When::Started | When::Exited | When::Log(_) => false,
    };
    usual && need.on_down.is_empty()
}

fn condition(need: &Need) -> Value {
    let (key, word) = match &need.when {
        When::Ready => ("", ""),
        When::Healthy => ("condition", "healthy"),
        When::Completed => ("condition", "completed"),
        When::Started => ("condition", "started"),
        When::Exited => ("condition", "exited"),
        When::Log(pattern) => ("log", pattern.as_str()),
    };
    let mut how = Vec::new();
    if !key.is_empty() {
        how.push((key.to_string(), Value::text(word)));
    }
    if !need.on_down.is_empty() {
        how.push(("on_down".to_string(), Value::text(need.on_down)));
    }
    match how.is_empty() {
        true => Value::Null,
        false => Value::Map(how),
    }
}

/// The nearest name that Forge takes.
pub(crate) fn valid_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        match c.is_ascii_alphanumeric() || matches!(c, '_' | '.') {
            true => name.push(c),
            false if !name.ends_with('-') => name.push('-'),
            false => {}
        }
    }
    let name = name
        .trim_start_matches(|c: char| !c.is_ascii_alphanumeric())
        .trim_end_matches('-');
    match name {
        "" => "process".to_string(),
        name => name.chars().take(80).collect(),
    }
}

/// Names for processes that other tools call as they like.
#[derive(Debug, Default)]
pub(crate) struct Names {
    used: BTreeSet<String>,
    given: BTreeMap<String, String>,
}

impl Names {
    /// The name of what a file calls `source`: the same one each time, and nobody else's.
    pub(crate) fn give(&mut self, source: &str) -> String {
        if let Some(name) = self.given.get(source) {
            return name.clone();
        }
        let base = valid_name(source);
        let free = |name: &String| !self.used.contains(name);
        let name = std::iter::once(base.clone())
            .chain((2..).map(|number| format!("{base}-{number}")))
            .find(free)
            .unwrap_or(base);
        self.used.insert(name.clone());
        self.given.insert(source.to_string(), name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_becomes_a_name_and_stays_unique() {
        let mut names = Names::default();
        let given: Vec<String> = ["_a", "a", "dev:api", "[x] y", "é", "__a", "a"]
            .map(|source| names.give(source))
            .into();
        assert_eq!(
            given,
            ["a", "a-2", "dev-api", "x-y", "process", "a-3", "a-2"]
        );
    }
}
