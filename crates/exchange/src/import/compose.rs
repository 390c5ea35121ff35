//! docker compose: every service stays with Docker. Forge runs `docker compose up` for one service at a
//! time, waits until it is well, and stops it by `docker compose stop`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use crate::draft::{Draft, Names, Need, When};
use crate::fields::{Field, Fields, Ledger};
use crate::node::{Entry, Node};
use crate::report::Fate;
use crate::value::Value;
use crate::{shell, times};

use super::base::Base;
use super::compose_health::{develop, health};
use super::{
    ImportError, compose_files as files, compose_native as native, compose_ports as ports,
};

/// What all services share.
pub(super) struct Project<'a> {
    pub(super) ledger: &'a Ledger,
    /// `docker compose -f FILE`.
    pub(super) docker: Vec<String>,
    /// By service: how it is waited for.
    waited: BTreeMap<String, Waited>,
    native: bool,
}

#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Waited {
    pub(super) healthy: bool,
    completed: bool,
    other: bool,
}

/// The services of a project.
pub(super) fn read(base: &mut Base<'_>) -> Result<Vec<Draft>, ImportError> {
    let project = files::read(base)?;
    let Some(services) = project.root.get("services").cloned() else {
        return Err(base.error(0, 0, "there is no `services` in this file"));
    };
    let Some(entries) = services.map() else {
        return Err(base.error(0, services.place.line, "`services` must be a map"));
    };
    let nodes: Vec<Rc<Node>> = entries
        .iter()
        .map(|entry| files::extended(base, entry, &services))
        .collect();
    let mut docker = vec!["docker".to_string(), "compose".to_string()];
    for file in &project.files {
        docker.extend(["-f".to_string(), file.clone()]);
    }
    let shared = Project {
        ledger: &base.ledger,
        docker,
        waited: waited(&nodes),
        native: base.options.native,
    };
    top_level(&project.root, &base.ledger);
    let mut names = Names::default();
    let drafts = entries.iter().zip(&nodes).map(|(entry, node)| {
        let mut draft = Draft::new(&names.give(&entry.key), &entry.key, entry.place);
        service(&mut draft, entry, node, &shared);
        draft
    });
    Ok(drafts.collect())
}

/// Everything outside of the services is read by Docker from the same file.
fn top_level(root: &Node, ledger: &Ledger) {
    let fields = Fields::of(root, None, ledger);
    fields.take("services");
    for field in fields.rest() {
        match field.path.as_str() {
            "version" => field.exact_as("obsolete to Docker too"),
            "include" => field.exact_as("its services are here too"),
            "models" => field.dropped("Forge starts no models"),
            _ => field.exact_as("read by Docker from the same file"),
        }
    }
}

fn waited(nodes: &[Rc<Node>]) -> BTreeMap<String, Waited> {
    let mut waited: BTreeMap<String, Waited> = BTreeMap::new();
    for node in nodes {
        let Some(needs) = node.get("depends_on") else {
            continue;
        };
        for (name, _) in needs.texts() {
            waited.entry(name.to_string()).or_default().other = true;
        }
        for entry in needs.map().unwrap_or_default() {
            let known = waited.entry(entry.key.clone()).or_default();
            match entry.value.text_of("condition") {
                Some("service_healthy") => known.healthy = true,
                Some("service_completed_successfully") => known.completed = true,
                _ => known.other = true,
            }
        }
    }
    waited
}

fn service(draft: &mut Draft, entry: &Entry, node: &Node, project: &Project<'_>) {
    let source = draft.source.clone();
    let fields = Fields::of(node, Some(&source), project.ledger);
    let by_native = project.native && native::read(draft, &fields);
    if !by_native {
        if project.native {
            let how = "no native command is known for it: it stays with Docker".to_string();
            project.ledger.note(
                entry.place,
                Some(&source),
                "native",
                Fate::Approximated(how),
            );
        }
        container(draft, entry, &fields, project);
    }
    needs(draft, &fields, project, by_native);
    if let Some(field) = fields.take("profiles") {
        field
            .node
            .texts()
            .iter()
            .for_each(|(name, _)| draft.group(name));
        draft.set("autostart", Value::bare(false));
        field.approximated("its profiles are groups; it is started by its name or one of them");
    }
    for field in fields.rest() {
        let key = field.path.as_str();
        match key {
            _ if key.starts_with("x-") => {
                field.exact_as("an extension: it means nothing to Docker either")
            }
            "develop" => develop(draft, &field, project),
            "provider" | "models" => {
                field.dropped("Docker's providers and models are not run by Forge")
            }
            _ if by_native => field.dropped("it is about the container, and there is none"),
            _ => field.exact_as("read by Docker from the same file"),
        }
    }
}

impl Project<'_> {
    fn words(&self, more: &[&str]) -> Vec<String> {
        let more = more.iter().map(|word| word.to_string());
        self.docker.iter().cloned().chain(more).collect()
    }

    pub(super) fn waited(&self, service: &str) -> Waited {
        self.waited.get(service).copied().unwrap_or_default()
    }
}

fn container(draft: &mut Draft, entry: &Entry, fields: &Fields<'_>, project: &Project<'_>) {
    let source = draft.source.clone();
    let waited = project.waited(&source);
    let restart = fields.take("restart");
    let word = restart
        .as_ref()
        .and_then(|field| field.node.scalar())
        .unwrap_or("no");
    let kept_up = !matches!(word, "no" | "false" | "");
    let oneshot = waited.completed && !waited.healthy && !waited.other && !kept_up;
    let mut up = vec!["up", "--no-log-prefix"];
    if !kept_up {
        up.extend(["--exit-code-from", &source]);
    }
    up.extend(["--no-deps", &source]);
    draft.set("command", Value::text(shell::join(project.words(&up))));
    let how = "`docker compose up` for this service alone".to_string();
    project.ledger.note(
        entry.place,
        Some(&source),
        "service",
        Fate::Approximated(how),
    );
    match (kept_up, oneshot) {
        (true, _) => restart
            .iter()
            .for_each(|field| field.exact_as("Docker restarts it")),
        (false, true) => draft.set("oneshot", Value::bare(true)),
        (false, false) => draft.set("auto_restart", Value::bare(false)),
    }
    if !kept_up {
        restart.iter().for_each(Field::exact);
    }
    stop(draft, fields, project);
    let published = fields.take("ports").map(|field| {
        let ports = ports::read(&field);
        field.exact_as("opened by Docker");
        ports
    });
    let published = published.unwrap_or_default();
    if !oneshot {
        write_ports(draft, &published);
    }
    health(draft, fields, &published, project, oneshot);
}

fn stop(draft: &mut Draft, fields: &Fields<'_>, project: &Project<'_>) {
    let stop = project.words(&["stop", &draft.source]);
    draft.set_in("stop", "command", Value::text(shell::join(stop)));
    let grace = fields.take("stop_grace_period").and_then(|field| {
        field.exact_as("Docker waits for it");
        times::go(field.node.scalar()?)
    });
    // Docker itself needs some time, too.
    let patience = grace.unwrap_or(Duration::from_secs(10)) + Duration::from_secs(10);
    draft.set_in("stop", "timeout", Value::bare(times::text(patience)));
    if let Some(field) = fields.take("stop_signal") {
        field.exact_as("Docker sends it");
    }
}

pub(super) fn write_ports(draft: &mut Draft, published: &[ports::Published]) {
    let value = |port: &ports::Published| match port.varies() {
        true => Value::text(&port.host),
        false => Value::bare(&port.host),
    };
    let Some((first, rest)) = published.split_first() else {
        return;
    };
    draft.set("port", value(first));
    if !rest.is_empty() {
        draft.set("ports", Value::List(rest.iter().map(value).collect()));
    }
}

fn needs(draft: &mut Draft, fields: &Fields<'_>, project: &Project<'_>, by_native: bool) {
    if let Some(field) = fields.take("depends_on") {
        for (name, place) in field.node.texts() {
            let when = started(name, project);
            draft.needs.push(need(name, place, "depends_on", when));
        }
        for entry in field.node.map().unwrap_or_default() {
            let path = format!("depends_on.{}", entry.key);
            let inner = Fields::of(&entry.value, Some(&draft.source), project.ledger);
            let word = inner.take("condition");
            let when = match word.as_ref().and_then(|field| field.node.scalar()) {
                Some("service_healthy") => When::Ready,
                Some("service_completed_successfully") => When::Completed,
                _ => started(&entry.key, project),
            };
            let mut need = need(&entry.key, entry.place, &path, when);
            let restart = inner.take("restart").and_then(|field| field.node.flag());
            if restart == Some(true) {
                need.on_down = "restart";
            }
            if inner.take("required").and_then(|field| field.node.flag()) == Some(false) {
                let how = "it is started all the same, and waited for".to_string();
                let field = format!("{path}.required");
                project.ledger.note(
                    entry.place,
                    Some(&draft.source),
                    &field,
                    Fate::Approximated(how),
                );
            }
            draft.needs.push(need);
        }
        field.exact();
    }
    let known: BTreeSet<String> = draft.needs.iter().map(|need| need.on.clone()).collect();
    for key in ["links", "network_mode", "ipc", "pid", "volumes_from"] {
        let Some(field) = fields.take(key) else {
            continue;
        };
        for (text, place) in field.node.texts() {
            let name = match (key, text.strip_prefix("service:")) {
                (_, Some(name)) => name,
                ("links" | "volumes_from", None) => text,
                _ => continue,
            };
            let name = name.split(':').next().unwrap_or(name);
            if !known.contains(name) && !text.starts_with("container:") {
                draft
                    .needs
                    .push(need(name, place, key, started(name, project)));
            }
        }
        match by_native {
            true => field.dropped("it is about the container, and there is none"),
            false => field.exact_as("read by Docker; the other service is waited for"),
        }
    }
}

/// `service_started`: its container runs, which is what Forge checks where Docker checks nothing.
fn started(name: &str, project: &Project<'_>) -> When {
    match project.waited(name) {
        Waited {
            completed: true,
            healthy: false,
            ..
        } => When::Started,
        _ => When::Ready,
    }
}

fn need(on: &str, place: crate::node::Place, field: &str, when: When) -> Need {
    Need {
        on: on.to_string(),
        place,
        field: field.to_string(),
        when,
        on_down: "",
    }
}
