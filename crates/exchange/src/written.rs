//! A spec as its user would have written it: what differs from the defaults, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use forge_core::spec::*;
use forge_core::template::{Part, Template};

use crate::dollar;
use crate::draft::Draft;
use crate::times;
use crate::value::Value;
use crate::written_maps::{condition, watch_value};

/// What the file says of logs for all processes, over which a process's own words are laid.
pub type LogDefaults = LogSpec;

/// What a spec is written for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writing<'a> {
    pub(crate) workspace: &'a Path,
    /// `settings.log` of the file.
    pub(crate) log: &'a LogSpec,
    /// Variables that are the process's own; the others come from dotenv files. `None`: all.
    pub(crate) own: Option<&'a BTreeSet<String>>,
}

/// A spec as an entry of the file in this workspace. `own` names the variables that are written; without it
/// all are.
pub fn draft_of(
    spec: &ProcessSpec,
    workspace: &Path,
    log: &LogDefaults,
    own: Option<&BTreeSet<String>>,
) -> Draft {
    Writer {
        spec,
        name: &spec.name,
        writing: Writing {
            workspace,
            log,
            own,
        },
    }
    .draft()
}

/// The specs of a profile; equal replicas become one entry again.
pub(crate) fn drafts_of<'a>(
    specs: &'a [ProcessSpec],
    writing: impl Fn(&'a ProcessSpec) -> Writing<'a>,
) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut at = 0;
    while let Some(spec) = specs.get(at) {
        let base = spec
            .name
            .strip_suffix("-1")
            .filter(|_| spec.replica == Some(1));
        let copies = base.map_or_else(Vec::new, |base| copies(base, &specs[at..], &writing));
        match copies.len() {
            0 | 1 => {
                let writer = Writer {
                    spec,
                    name: &spec.name,
                    writing: writing(spec),
                };
                drafts.push(writer.draft());
                at += 1;
            }
            count => {
                let mut draft = copies[0].clone();
                draft.set("replicas", Value::bare(count));
                drafts.push(draft);
                at += count;
            }
        }
    }
    shorten_needs(&mut drafts, specs);
    drafts
}

/// `depends_on` as a list, where all conditions are those that a list means.
fn shorten_needs(drafts: &mut [Draft], specs: &[ProcessSpec]) {
    for draft in drafts {
        let Some(Value::Map(entries)) = draft.get("depends_on") else {
            continue;
        };
        let usual = |(name, how): &(String, Value)| {
            let target = specs.iter().find(|spec| spec.name == *name);
            let word = match target.is_some_and(|spec| spec.oneshot) {
                true => "completed",
                false => "healthy",
            };
            target.is_some() && *how == Value::map([("condition", Value::text(word))])
        };
        if entries.iter().all(usual) {
            let names: Vec<String> = entries.iter().map(|(name, _)| name.clone()).collect();
            draft.set("depends_on", Value::texts(names));
        }
    }
}

/// The entries of as many replicas as follow one another and are equal.
fn copies<'a>(
    base: &'a str,
    specs: &'a [ProcessSpec],
    writing: &impl Fn(&'a ProcessSpec) -> Writing<'a>,
) -> Vec<Draft> {
    let mut copies: Vec<Draft> = Vec::new();
    for (number, spec) in (1u32..).zip(specs) {
        let named = spec.name.strip_suffix(&format!("-{number}")) == Some(base);
        if !named || spec.replica != Some(number) {
            break;
        }
        let writer = Writer {
            spec,
            name: base,
            writing: writing(spec),
        };
        let draft = writer.draft();
        if copies.first().is_some_and(|first| *first != draft) {
            break;
        }
        copies.push(draft);
    }
    copies
}

pub(crate) struct Writer<'a> {
    pub(super) spec: &'a ProcessSpec,
    /// Its name in the file: of a replica that of all.
    name: &'a str,
    pub(super) writing: Writing<'a>,
}

pub(super) fn bare_time(time: Duration) -> Value {
    Value::bare(times::text(time))
}

impl Writer<'_> {
    fn draft(&self) -> Draft {
        let spec = self.spec;
        let mut draft = Draft::new(self.name, self.name, Default::default());
        if let Some(text) = &spec.description {
            draft.set("description", Value::text(dollar::literal(text)));
        }
        draft.set("command", self.command(&spec.command));
        if let Some(cwd) = self.cwd() {
            draft.set("cwd", Value::text(dollar::literal(&cwd)));
        }
        self.environment(&mut draft);
        match spec.port {
            Some(PortSpec::Fixed(port)) => draft.set("port", Value::bare(port)),
            Some(PortSpec::Auto) => draft.set("port", Value::text("auto")),
            None => {}
        }
        if !spec.ports.is_empty() {
            let ports = spec.ports.iter().map(Value::bare).collect();
            draft.set("ports", Value::List(ports));
        }
        if let Some(needs) = self.depends_on() {
            draft.set("depends_on", needs);
        }
        if let Some(check) = &spec.health_check {
            draft.set("health_check", self.health(check));
        }
        self.life(&mut draft);
        self.rest(&mut draft);
        draft
    }

    fn cwd(&self) -> Option<String> {
        let cwd = &self.spec.cwd;
        match cwd.strip_prefix(self.writing.workspace) {
            Ok(inside) if inside.as_os_str().is_empty() => None,
            Ok(inside) => {
                let text = inside.to_string_lossy().into_owned();
                Some(match text.starts_with('~') {
                    true => format!("./{text}"),
                    false => text,
                })
            }
            Err(_) => Some(cwd.to_string_lossy().into_owned()),
        }
    }

    fn environment(&self, draft: &mut Draft) {
        for (name, value) in &self.spec.env {
            if self.writing.own.is_some_and(|own| !own.contains(name)) {
                continue;
            }
            let own_port = || {
                value.as_ref().map(Template::parts) == Some(&[Part::PortOf(self.spec.name.clone())])
            };
            if name == "PORT" && self.spec.port.is_some() && own_port() {
                continue;
            }
            let value = value
                .as_ref()
                .map_or(Value::Null, |text| self.template(text));
            draft.set_in("env", name, value);
        }
    }

    fn life(&self, draft: &mut Draft) {
        let spec = self.spec;
        if spec.oneshot {
            draft.set("oneshot", Value::bare(true));
        }
        self.restart(draft);
        self.stop(draft);
        match spec.on_exit {
            OnExit::None => {}
            OnExit::StopAll => draft.set("on_exit", Value::text("stop-all")),
            OnExit::StopAllOnFailure => draft.set("on_exit", Value::text("stop-all-on-failure")),
        }
        let mut groups = spec.groups.clone();
        if groups.last().map(String::as_str) == Some(self.name) && self.name != spec.name {
            groups.pop();
        }
        if !groups.is_empty() {
            draft.set("groups", Value::texts(groups));
        }
        if spec.stderr == StderrMode::Merge {
            draft.set("stderr", Value::text("merge"));
        }
        if spec.tty {
            draft.set("tty", Value::bare(true));
        }
        if !spec.autostart {
            draft.set("autostart", Value::bare(false));
        }
        if let Some(watch) = &spec.watch {
            draft.set("watch", watch_value(watch));
        }
        match &spec.schedule {
            None => {}
            Some(Schedule::Every(time)) => {
                draft.set("schedule", Value::map([("every", bare_time(*time))]))
            }
            Some(Schedule::Cron(text)) => {
                let text = Value::text(dollar::literal(text));
                draft.set("schedule", Value::map([("cron", text)]));
            }
        }
    }

    fn rest(&self, draft: &mut Draft) {
        let spec = self.spec;
        if let Some(debug) = &spec.debug {
            let mut map = Vec::new();
            if let Some(command) = &debug.command {
                map.push(("command".to_string(), self.command(command)));
            }
            if !debug.env.is_empty() {
                let env = debug.env.iter().map(|(name, value)| {
                    let value = value
                        .as_ref()
                        .map_or(Value::Null, |text| self.template(text));
                    (name.clone(), value)
                });
                map.push(("env".to_string(), Value::Map(env.collect())));
            }
            if let Some(port) = debug.port {
                map.push(("port".to_string(), Value::bare(port)));
            }
            draft.set("debug", Value::Map(map));
        }
        let limits = &spec.limits;
        if let Some(bytes) = limits.memory_bytes {
            draft.set_in("limits", "memory", Value::bare(bytes));
        }
        if let Some(percent) = limits.cpu_percent {
            draft.set_in("limits", "cpu", Value::bare(format!("{percent}%")));
        }
        if let Some(files) = limits.open_files {
            draft.set_in("limits", "open_files", Value::bare(files));
        }
        match limits.on_exceed {
            OnExceed::Warn => {}
            OnExceed::Restart => draft.set_in("limits", "on_exceed", Value::text("restart")),
            OnExceed::Stop => draft.set_in("limits", "on_exceed", Value::text("stop")),
        }
        for (key, value) in [("metrics", &spec.metrics), ("url", &spec.url)] {
            if let Some(text) = value {
                draft.set(key, self.template(text));
            }
        }
        self.log(draft);
        let hooks = [
            ("before_start", &spec.hooks.before_start),
            ("after_ready", &spec.hooks.after_ready),
            ("after_stop", &spec.hooks.after_stop),
            ("on_crash", &spec.hooks.on_crash),
        ];
        for (key, command) in hooks {
            if let Some(command) = command {
                draft.set_in("hooks", key, self.command(command));
            }
        }
    }

    fn depends_on(&self) -> Option<Value> {
        let entries: Vec<(String, Value)> = self
            .spec
            .depends_on
            .iter()
            .map(|need| (need.on.clone(), condition(need)))
            .collect();
        (!entries.is_empty()).then_some(Value::Map(entries))
    }

    /// Text in which Forge replaces references.
    pub(super) fn template(&self, template: &Template) -> Value {
        let mut text = String::new();
        let mut parts = template.parts().iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                // A dollar sign right before a reference would swallow it.
                Part::Text(plain) if plain.ends_with('$') && parts.peek().is_some() => {
                    text.push_str(&plain.replace('$', "$$"));
                }
                Part::Text(plain) => text.push_str(&dollar::literal(plain)),
                Part::PortOf(name) => text.push_str(&self.port_of(name)),
            }
        }
        Value::Text(text)
    }

    /// A command: nothing but ports is replaced in it.
    pub(super) fn command(&self, command: &CommandSpec) -> Value {
        let text = |template: &Template| {
            let parts = template.parts().iter().map(|part| match part {
                Part::Text(plain) => plain.clone(),
                Part::PortOf(name) => self.port_of(name),
            });
            parts.collect::<String>()
        };
        match command {
            CommandSpec::Shell(template) => Value::Text(text(template)),
            CommandSpec::Argv(words) => Value::texts(words.iter().map(text)),
        }
    }

    fn port_of(&self, name: &str) -> String {
        let name = match name == self.spec.name {
            true => self.name,
            false => name,
        };
        format!("${{process.{name}.port}}")
    }
}
