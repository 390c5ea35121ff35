//! A profile: its processes read one by one, then expanded, connected and checked as a whole.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use forge_core::spec::{LogSpec, PortSpec, ProcessSpec, Profile};
use forge_core::template::{Part, Template};

use crate::document::{Written, WrittenProfile};
use crate::dotenv::EnvFile;
use crate::extends::Complete;
use crate::files::Files;
use crate::finding::Sink;
use crate::forms::OneOrMore;
use crate::lower::{self, Surroundings};
use crate::model::ProcessMap;
use crate::reader::{Read, Reader, Record};
use crate::references;
use crate::scalars::Plain;
use crate::short_forms::Wanted;
use crate::tree::{self, Kind, Map, Span};
use crate::variables::{ProcessNames, Variables};

/// Processes of a file as it is written, and of a profile with its replicas.
pub(crate) const MAX_PROCESSES: usize = 5000;

/// What reading a profile needs.
pub(crate) struct Context<'a> {
    pub(crate) workspace: &'a Path,
    pub(crate) home: Option<&'a Path>,
    pub(crate) variables: &'a mut Variables,
    pub(crate) files: &'a mut Files,
    pub(crate) sink: &'a mut Sink,
    pub(crate) patterns: &'a mut HashSet<String>,
    /// `settings.log`.
    pub(crate) log: &'a LogSpec,
}

/// A process of the file, before replicas are written out.
pub(crate) struct Entry {
    pub(crate) spec: ProcessSpec,
    pub(crate) wanted: Vec<Wanted>,
    /// References to ports of processes.
    pub(crate) ports: Vec<(String, Span)>,
    pub(crate) replicas: u32,
    pub(crate) name_span: Span,
    /// It says a port, perhaps a wrong one.
    pub(crate) has_port_field: bool,
    /// With another environment its ports are others.
    pub(crate) port_from_variable: bool,
    pub(crate) port_span: Option<Span>,
    pub(crate) ports_span: Option<Span>,
    /// Its dotenv files, in the order in which they are laid over one another.
    pub(crate) env_files: Vec<Arc<EnvFile>>,
}

impl Entry {
    /// The names under which it runs.
    pub(crate) fn names(&self) -> Vec<String> {
        let name = &self.spec.name;
        match self.replicas {
            1 => vec![name.clone()],
            n => (1..=n).map(|replica| format!("{name}-{replica}")).collect(),
        }
    }
}

/// Reads all processes of a profile; `maps` are their fields, `extends` followed.
pub(crate) fn read(
    written: &WrittenProfile,
    maps: &[Complete],
    context: &mut Context<'_>,
) -> (Profile, Vec<Entry>) {
    let mut entries: Vec<Entry> = written
        .processes
        .iter()
        .zip(maps)
        .map(|(process, complete)| entry(&written.name, process, complete, context))
        .collect();
    let dependencies = references::check(&written.name, &entries, context.sink);
    let mut processes = Vec::new();
    for (entry, depends_on) in entries.iter_mut().zip(dependencies) {
        entry.spec.depends_on = depends_on;
        if processes.len() + entry.replicas as usize <= MAX_PROCESSES {
            processes.extend(replicas(entry));
            continue;
        }
        let message = format!(
            "profile `{}` has more than {MAX_PROCESSES} processes",
            written.name
        );
        context.sink.error(entry.name_span, message);
        break;
    }
    let profile = Profile {
        name: written.name.clone(),
        processes,
    };
    (profile, entries)
}

fn entry(
    profile: &str,
    written: &Written,
    complete: &Complete,
    context: &mut Context<'_>,
) -> Entry {
    let map = &*complete.map;
    let env_files = env_files(profile, map, context);
    let env = map.get("env").and_then(|node| match &node.kind {
        Kind::Map(env) => Some(&**env),
        _ => None,
    });
    let sets_port = env.is_some_and(|env| env.entry("PORT").is_some());
    let port_is_own = map.get("port").is_some() && !sets_port;
    let names = ProcessNames {
        variables: context.variables,
        env_files: &env_files,
        own_port: port_is_own.then_some(&*written.name),
        env,
    };
    let plain = ProcessNames {
        own_port: None,
        ..names
    };
    let mut reader = Reader {
        sink: context.sink,
        files: context.files,
        names: &names,
        plain_names: &plain,
        profile: Some(profile),
        ports: Vec::new(),
        patterns: context.patterns,
    };
    let mut fields = ProcessMap::read_map(map, &mut reader);
    if map.get("command").is_none() && !complete.broken {
        no_command(written, map, &mut reader);
    }
    let port_span = fields.port.as_ref().map(|at| at.span);
    let ports_span = fields.ports.as_ref().map(|at| at.span);
    let replicas = fields.replicas.as_ref().map_or(1, |at| at.value.0 as u32);
    let wanted = fields
        .depends_on
        .take()
        .map_or_else(Vec::new, |at| at.value.0);
    let own_env = fields.env.take();
    let surroundings = Surroundings {
        workspace: context.workspace,
        home: context.home,
        profile,
        log: context.log,
    };
    let mut spec = lower::process(&written.name, &mut fields, &surroundings, &mut reader);
    let ports = std::mem::take(&mut reader.ports);
    let from_variable =
        |span: Option<Span>| span.is_some_and(|span| context.files.slice(span).contains("${"));
    let port_from_variable = from_variable(port_span) || from_variable(ports_span);
    let dotenv = [&context.variables.dotenv].into_iter().chain(&env_files);
    for (name, (value, _)) in dotenv.flat_map(|file| &file.variables) {
        let value = Template::text(value.as_str());
        spec.env.insert(name.clone(), Some(value));
    }
    // `PORT` is its port whatever the dotenv files say; only `env` has a say.
    if spec.port.is_some() && !sets_port {
        let port = Template::from_parts(vec![Part::PortOf(written.name.to_string())]);
        spec.env.insert("PORT".into(), Some(port));
    }
    let own = own_env.map(|at| lower::environment(at.value));
    spec.env.extend(own.into_iter().flatten());
    Entry {
        spec,
        wanted,
        ports,
        replicas,
        name_span: written.span,
        has_port_field: map.get("port").is_some(),
        port_from_variable,
        port_span,
        ports_span,
        env_files,
    }
}

/// A slip in the key `command` is told as an unknown field; all else here.
fn no_command(written: &Written, map: &Map, reader: &mut Reader<'_>) {
    let slip = |entry: &tree::Entry| crate::near::nearest(&entry.key.text, ["command"]).is_some();
    if !map.entries.iter().any(slip) {
        let message = format!("the process `{}` has no `command`", written.name);
        reader
            .sink
            .error(written.span, message)
            .help("add `command: …`");
    }
}

/// The dotenv files that a process names.
fn env_files(profile: &str, map: &Map, context: &mut Context<'_>) -> Vec<Arc<EnvFile>> {
    let Some(node) = map.get("env_file") else {
        return Vec::new();
    };
    let names = ProcessNames {
        variables: context.variables,
        env_files: &[],
        own_port: None,
        env: None,
    };
    let mut reader = Reader {
        sink: context.sink,
        files: context.files,
        names: &names,
        plain_names: &names,
        profile: Some(profile),
        ports: Vec::new(),
        patterns: context.patterns,
    };
    let paths: Vec<(Plain, Span)> =
        OneOrMore::<Plain>::read(node, &mut reader).map_or_else(Vec::new, |list| list.0);
    paths
        .into_iter()
        .filter_map(|(path, span)| {
            let absolute = lower::absolute(context.workspace, context.home, &path.0);
            let shown = match absolute.strip_prefix(context.workspace) {
                Ok(inside) => inside.to_string_lossy().into_owned(),
                Err(_) => absolute.to_string_lossy().into_owned(),
            };
            context.variables.env_file(
                &absolute,
                shown,
                span,
                Some(profile),
                context.files,
                context.sink,
            )
        })
        .collect()
}

/// The process itself, or its replicas: each refers to its own port where the file says the port of
/// the process.
fn replicas(entry: &Entry) -> Vec<ProcessSpec> {
    if entry.replicas == 1 {
        return vec![entry.spec.clone()];
    }
    let base = &entry.spec.name;
    (1..=entry.replicas)
        .map(|number| {
            let mut spec = entry.spec.clone();
            spec.name = format!("{base}-{number}");
            spec.replica = Some(number);
            if !spec.groups.contains(base) {
                spec.groups.push(base.clone());
            }
            let own = spec.name.clone();
            each_template(&mut spec, &mut |template| {
                if template.needs().any(|name| name == base) {
                    let parts = template.parts().iter().map(|part| match part {
                        Part::PortOf(name) if name == base => Part::PortOf(own.clone()),
                        other => other.clone(),
                    });
                    *template = Template::from_parts(parts.collect());
                }
            });
            spec
        })
        .collect()
}

/// Visits every text of a process in which a port may be open.
fn each_template(spec: &mut ProcessSpec, visit: &mut dyn FnMut(&mut Template)) {
    use forge_core::spec::{CommandSpec, Probe};
    let command = |command: &mut CommandSpec, visit: &mut dyn FnMut(&mut Template)| match command {
        CommandSpec::Shell(text) => visit(text),
        CommandSpec::Argv(words) => words.iter_mut().for_each(visit),
    };
    command(&mut spec.command, visit);
    spec.env.values_mut().flatten().for_each(&mut *visit);
    match spec.health_check.as_mut().map(|check| &mut check.probe) {
        Some(Probe::Http { url, headers, .. }) => {
            visit(url);
            headers.iter_mut().for_each(|(_, value)| visit(value));
        }
        Some(Probe::Tcp { address }) => visit(address),
        Some(Probe::Command(probe)) => command(probe, visit),
        Some(Probe::Log(_) | Probe::Notify | Probe::OwnPort) | None => {}
    }
    if let Some(debug) = &mut spec.debug {
        debug.env.values_mut().flatten().for_each(&mut *visit);
        debug.command.iter_mut().for_each(|c| command(c, visit));
    }
    let hooks = &mut spec.hooks;
    let around = [
        &mut hooks.before_start,
        &mut hooks.after_ready,
        &mut hooks.after_stop,
        &mut hooks.on_crash,
        &mut spec.stop.command,
    ];
    around.into_iter().flatten().for_each(|c| command(c, visit));
    spec.metrics.iter_mut().chain(&mut spec.url).for_each(visit);
}

/// Whether a port is one that nobody else may have.
pub(crate) fn fixed_ports(entry: &Entry) -> impl Iterator<Item = (u16, Option<Span>)> {
    let own = match entry.spec.port {
        Some(PortSpec::Fixed(port)) => Some((port, entry.port_span)),
        _ => None,
    };
    let further = entry
        .spec
        .ports
        .iter()
        .map(|port| (*port, entry.ports_span));
    own.into_iter().chain(further)
}
