//! Where each setting and variable of a process came from, for `why`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use forge_core::spec::ProcessSpec;

use crate::diagnostic::looks_secret;
use crate::document::Document;
use crate::dotenv::EnvFile;
use crate::extends::Complete;
use crate::files::Files;
use crate::model::{LogMap, ProcessMap};
use crate::profile::Entry;
use crate::reader::{Field, Record};
use crate::tree::{Entry as MapEntry, Kind, Map, Node};
use crate::variables::Variables;
use crate::visible::visible;

/// A setting or variable of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The field, `stop.timeout` for one within a map; `env.NAME` for a variable.
    pub key: String,
    /// A setting as it is written, a variable as the process gets it; `None` for a variable that is
    /// taken away.
    pub value: Option<String>,
    /// `.forge/processes.yml:12`, `.forge/processes.yml:12 (extends dev.base)`, `.env:3`, `default`,
    /// or `client`.
    pub from: String,
    /// Mask the value where others may look on.
    pub secret: bool,
}

/// What is kept of a load, so that `why` costs nothing until it is asked.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    pub(crate) files: Files,
    processes: HashMap<(String, String), Kept>,
    /// `settings.log`.
    log: Option<Arc<Map>>,
    dotenv: Arc<EnvFile>,
    client: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Kept {
    map: Arc<Map>,
    env_files: Vec<Arc<EnvFile>>,
}

/// Maps whose defaults apply also where the map itself is absent.
const ALWAYS: [&str; 3] = ["restart", "stop", "log"];

impl Origins {
    /// Keeps the processes of a profile.
    pub(crate) fn add(&mut self, profile: &str, maps: Vec<Complete>, entries: Vec<Entry>) {
        for (complete, entry) in maps.into_iter().zip(entries) {
            for name in entry.names() {
                let kept = Kept {
                    map: complete.map.clone(),
                    env_files: entry.env_files.clone(),
                };
                self.processes.insert((profile.to_string(), name), kept);
            }
        }
    }

    /// Keeps what all processes share.
    pub(crate) fn finish(
        &mut self,
        document: &Document,
        variables: Variables,
        client: BTreeMap<String, String>,
    ) {
        self.dotenv = variables.dotenv;
        self.client = client;
        self.log = match document.settings.as_ref().map(|node| &node.kind) {
            Some(Kind::Map(settings)) => settings.get("log").and_then(|node| match &node.kind {
                Kind::Map(log) => Some(log.clone()),
                _ => None,
            }),
            _ => None,
        };
    }

    /// The map of a process, `extends` followed.
    pub(crate) fn map_of(&self, profile: &str, process: &str) -> Option<&Arc<Map>> {
        let key = (profile.to_string(), process.to_string());
        Some(&self.processes.get(&key)?.map)
    }

    /// All settings and variables of a process, in the order of the reference, variables last.
    pub(crate) fn of(&self, spec: &ProcessSpec) -> Vec<Setting> {
        let key = (spec.profile.clone(), spec.name.clone());
        let Some(kept) = self.processes.get(&key) else {
            return Vec::new();
        };
        let mut list = Vec::new();
        for field in ProcessMap::FIELDS
            .iter()
            .filter(|field| field.name != "env")
        {
            self.field(field, kept, spec, &mut list);
        }
        self.variables(kept, spec, &mut list);
        list
    }

    fn field(&self, field: &Field, kept: &Kept, spec: &ProcessSpec, list: &mut Vec<Setting>) {
        let nested = (field.nested)();
        let entry = kept
            .map
            .entry(field.name)
            .filter(|entry| !matches!(entry.value.kind, Kind::Null));
        match entry {
            None if field.name == "auto_restart" && spec.oneshot => {
                list.push(default(field.name, "false"))
            }
            None if !field.default.is_empty() => list.push(default(field.name, field.default)),
            None if ALWAYS.contains(&field.name) => self.defaults(field.name, nested, None, list),
            None => {}
            Some(entry) => match &entry.value.kind {
                Kind::Map(map) => {
                    self.map(field.name, map, entry.via.as_ref(), list);
                    self.defaults(field.name, nested, Some(map), list);
                }
                _ => list.push(self.written(field.name, entry, None)),
            },
        }
    }

    /// `via`: all of the map was taken over from there.
    fn map(&self, path: &str, map: &Map, via: Option<&Arc<str>>, list: &mut Vec<Setting>) {
        for entry in &map.entries {
            let path = format!("{path}.{}", visible(&entry.key.text));
            match &entry.value.kind {
                Kind::Map(map) if !map.entries.is_empty() => {
                    self.map(&path, map, entry.via.as_ref().or(via), list);
                }
                _ => list.push(self.written(&path, entry, via)),
            }
        }
    }

    /// Fields of a map that are not written; those of `log` may come from `settings`.
    fn defaults(
        &self,
        path: &str,
        fields: &[Field],
        map: Option<&Arc<Map>>,
        list: &mut Vec<Setting>,
    ) {
        let shared = self.log.as_ref().filter(|_| path == LogMap::NAME);
        for field in fields {
            if map.is_some_and(|map| map.get(field.name).is_some()) {
                continue;
            }
            let path = format!("{path}.{}", field.name);
            match shared.and_then(|log| log.entry(field.name)) {
                Some(entry) => match &entry.value.kind {
                    Kind::Map(levels) => self.map(&path, levels, None, list),
                    _ => list.push(self.written(&path, entry, None)),
                },
                None if !field.default.is_empty() => list.push(default(&path, field.default)),
                None => {}
            }
        }
    }

    fn written(&self, path: &str, entry: &MapEntry, via: Option<&Arc<str>>) -> Setting {
        let value = text(&entry.value);
        Setting {
            key: path.to_string(),
            secret: holds_secret(path, &value),
            value: Some(value),
            from: self.place(entry, via),
        }
    }

    fn place(&self, entry: &MapEntry, via: Option<&Arc<str>>) -> String {
        let line = self.files.line_name(entry.key.span);
        match entry.via.as_ref().or(via) {
            Some(base) => format!("{line} (extends {base})"),
            None => line,
        }
    }

    fn variables(&self, kept: &Kept, spec: &ProcessSpec, list: &mut Vec<Setting>) {
        let env = kept.map.entry("env");
        let via = env.and_then(|entry| entry.via.as_ref());
        let own = env.and_then(|entry| match &entry.value.kind {
            Kind::Map(map) => Some(map.clone()),
            _ => None,
        });
        let mut names: Vec<&String> = self.client.keys().chain(spec.env.keys()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let value = match spec.env.get(name) {
                Some(value) => value.as_ref().map(ToString::to_string),
                None => self.client.get(name).cloned(),
            };
            let written = own.as_ref().and_then(|env| env.entry(name));
            let from = match written {
                Some(entry) => self.place(entry, via),
                None => self.variable_place(name, kept),
            };
            list.push(Setting {
                key: format!("env.{name}"),
                secret: looks_secret(name)
                    || written.is_some_and(|entry| holds_secret("", &text(&entry.value))),
                value,
                from,
            });
        }
    }

    fn variable_place(&self, name: &str, kept: &Kept) -> String {
        if let ("PORT", Some(port)) = (name, kept.map.entry("port")) {
            return self.place(port, None);
        }
        let files = kept.env_files.iter().rev().chain([&self.dotenv]);
        let found = files.filter_map(|file| file.variables.get(name)).next();
        match found {
            Some((_, span)) => self.files.line_name(*span),
            None => "client".to_string(),
        }
    }
}

fn default(key: &str, value: &str) -> Setting {
    Setting {
        key: key.to_string(),
        value: Some(value.to_string()),
        from: "default".to_string(),
        secret: false,
    }
}

/// A variable whose name looks secret takes part, or a URL holds a password.
fn holds_secret(key: &str, written: &str) -> bool {
    let password = written
        .split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?']).next())
        .and_then(|authority| authority.rsplit_once('@'))
        .is_some_and(|(user, _)| user.contains(':'));
    let reference = written.split("${").skip(1).any(|rest| {
        looks_secret(
            rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .next()
                .unwrap_or_default(),
        )
    });
    password || reference || (key.contains("env.") && looks_secret(key))
}

/// A value in one line, as one would write it.
fn text(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "null".to_string(),
        Kind::Scalar(scalar) => visible(&scalar.text),
        Kind::List(items) => {
            let items: Vec<String> = items.iter().map(|item| text(item)).collect();
            format!("[{}]", items.join(", "))
        }
        Kind::Map(map) => {
            let entries = map.entries.iter();
            let entries: Vec<String> = entries
                .map(|entry| format!("{}: {}", visible(&entry.key.text), text(&entry.value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}
