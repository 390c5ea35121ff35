//! What several exporters share.

use std::collections::BTreeMap;

use forge_core::spec::{CommandSpec, Condition, Dependency, PortSpec, ProcessSpec};
use forge_core::template::{Part, Template};

use crate::fields::Ledger;
use crate::node::Place;
use crate::report::Fate;
use crate::shell;

use super::ExportSource;

/// A ledger whose only file is the profile.
pub(super) fn ledger(source: &ExportSource<'_>) -> Ledger {
    let ledger = Ledger::default();
    ledger.file(&source.profile.name);
    ledger
}

/// Notes about one process of an export.
pub(super) struct Notes<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) process: &'a str,
    /// Its number in the profile, by which the report is sorted.
    pub(super) number: usize,
}

impl Notes<'_> {
    pub(super) fn exact(&self, field: &str) {
        self.note(field, Fate::Exact(None));
    }

    pub(super) fn near(&self, field: &str, how: &str) {
        self.note(field, Fate::Approximated(how.to_string()));
    }

    pub(super) fn gone(&self, field: &str, why: &str) {
        self.note(field, Fate::Dropped(why.to_string()));
    }

    fn note(&self, field: &str, fate: Fate) {
        // Lines of a profile are not known: the order of its processes sorts the report.
        let place = Place { file: 0, line: 0 };
        let _ = self.number;
        self.ledger.note(place, Some(self.process), field, fate);
    }

    /// Notes fields that a tool has no words for, where they are set.
    pub(super) fn gone_where_set(&self, spec: &ProcessSpec, fields: &[&str]) {
        for field in fields {
            if is_set(spec, field) {
                self.gone(field, "it has no equivalent there");
            }
        }
    }
}

/// Whether a field differs from what it is by itself.
pub(super) fn is_set(spec: &ProcessSpec, field: &str) -> bool {
    let usual = ProcessSpec::new(
        &spec.profile,
        &spec.name,
        spec.command.clone(),
        spec.cwd.clone(),
    );
    match field {
        "port" => spec.port.is_some(),
        "ports" => !spec.ports.is_empty(),
        "depends_on" => !spec.depends_on.is_empty(),
        "health_check" => spec.health_check.is_some(),
        "restart" => spec.restart != usual.restart,
        "oneshot" => spec.oneshot,
        "stop" => spec.stop != usual.stop,
        "stop.keys" => spec.stop.keys.is_some(),
        "on_exit" => spec.on_exit != usual.on_exit,
        "groups" => spec.groups != usual.groups,
        "stderr" => spec.stderr != usual.stderr,
        "tty" => spec.tty,
        "autostart" => !spec.autostart,
        "watch" => spec.watch.is_some(),
        "schedule" => spec.schedule.is_some(),
        "debug" => spec.debug.is_some(),
        "limits" => spec.limits != usual.limits,
        "metrics" => spec.metrics.is_some(),
        "description" => spec.description.is_some(),
        "url" => spec.url.is_some(),
        "log" => spec.log != usual.log,
        "hooks" => spec.hooks != usual.hooks,
        "env" => !spec.env.is_empty(),
        "cwd" => true,
        _ => false,
    }
}

/// Each process once, replicas counted.
pub(super) fn folded<'a>(source: &ExportSource<'a>) -> Vec<(&'a ProcessSpec, String, usize)> {
    let specs = &source.profile.processes;
    let mut list: Vec<(&ProcessSpec, String, usize)> = Vec::new();
    for draft in source.spec_drafts() {
        let count = match draft.get("replicas") {
            Some(crate::value::Value::Bare(count)) => count.parse().unwrap_or(1),
            _ => 1,
        };
        let first = match count {
            1 => draft.name.clone(),
            _ => format!("{}-1", draft.name),
        };
        if let Some(spec) = specs.iter().find(|spec| spec.name == first) {
            list.push((spec, draft.name, count));
        }
    }
    list
}

/// The fixed port of a process.
pub(super) fn fixed_port(spec: &ProcessSpec) -> Option<u16> {
    match spec.port {
        Some(PortSpec::Fixed(port)) => Some(port),
        Some(PortSpec::Auto) | None => None,
    }
}

/// All its fixed ports.
pub(super) fn ports(spec: &ProcessSpec) -> Vec<u16> {
    let mut ports: Vec<u16> = fixed_port(spec).into_iter().collect();
    ports.extend(
        spec.ports
            .iter()
            .filter(|port| fixed_port(spec) != Some(**port)),
    );
    ports
}

/// A text with the fixed ports of other processes filled in.
pub(super) fn plain(source: &ExportSource<'_>, template: &Template) -> String {
    let parts = template.parts().iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::PortOf(name) => match source.spec(name).and_then(fixed_port) {
            Some(port) => port.to_string(),
            None => "0".to_string(),
        },
    });
    parts.collect()
}

/// A command as one line of `sh`.
pub(super) fn shell_line(source: &ExportSource<'_>, command: &CommandSpec) -> String {
    match command {
        CommandSpec::Shell(text) => plain(source, text),
        CommandSpec::Argv(words) => shell::join(words.iter().map(|word| plain(source, word))),
    }
}

/// A command as words.
pub(super) fn words(source: &ExportSource<'_>, command: &CommandSpec) -> Vec<String> {
    match command {
        CommandSpec::Shell(text) => {
            vec!["sh".to_string(), "-c".to_string(), plain(source, text)]
        }
        CommandSpec::Argv(words) => words.iter().map(|word| plain(source, word)).collect(),
    }
}

/// Its variables with their values; `None` takes one away. `PORT` is its fixed port.
pub(super) fn environment(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
) -> BTreeMap<String, Option<String>> {
    let entries = spec.env.iter().filter(|(_, value)| {
        let own = [Part::PortOf(spec.name.clone())];
        let auto = spec.port == Some(PortSpec::Auto);
        !(auto && value.as_ref().map(Template::parts) == Some(&own))
    });
    entries
        .map(|(name, value)| (name.clone(), value.as_ref().map(|text| plain(source, text))))
        .collect()
}

/// Whether a value must not be written in clear.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    let password = value
        .split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?']).next())
        .and_then(|authority| authority.rsplit_once('@'))
        .is_some_and(|(user, _)| user.contains(':'));
    forge_config::looks_secret(name) || password
}

/// The words of another tool for a condition, and whether they mean the same.
pub(super) fn waits_for_end(need: &Dependency) -> bool {
    match &need.condition {
        Condition::Completed | Condition::Exited => true,
        Condition::Started | Condition::Healthy | Condition::Log(_) => false,
    }
}
