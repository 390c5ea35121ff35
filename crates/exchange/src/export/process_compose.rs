//! `process-compose.yaml`. What the tool has no words for stands below `x-forge`, which it passes over
//! and an import reads, so that a profile comes back as it went out.

use forge_core::spec::{Condition, OnExit, ProcessSpec, RestartPolicy, Schedule, Scope};
use forge_core::template::{Part, Template};

use crate::dollar;
use crate::draft::Draft;
use crate::fields::Ledger;
use crate::import::FORGE_ONLY;
use crate::value::{Value, set};
use crate::written_maps::signal_name;

use super::ExportSource;
use super::common::{Notes, fixed_port, plain, shell_line, words};
use super::process_compose_probes as probes;

type Entries = Vec<(String, Value)>;

pub(super) fn text(source: &ExportSource<'_>, ledger: &Ledger) -> String {
    let drafts = source.spec_drafts();
    let processes: Entries = drafts
        .iter()
        .enumerate()
        .filter_map(|(number, draft)| {
            let first = format!("{}-1", draft.name);
            let spec = source.spec(&draft.name).or_else(|| source.spec(&first))?;
            let notes = Notes {
                ledger,
                process: &draft.name,
                number,
            };
            Some((draft.name.clone(), process(source, spec, draft, &notes)))
        })
        .collect();
    let shell = [
        ("shell_command", Value::text("sh")),
        ("shell_argument", Value::text("-c")),
    ];
    let document = Value::map([
        ("version", Value::text("0.5")),
        ("shell", Value::map(shell)),
        ("ordered_shutdown", Value::bare(true)),
        ("processes", escaped(&Value::Map(processes))),
    ]);
    crate::emit::block(&document, 0)
}

/// The tool replaces `$NAME` in all of its file before it reads it.
fn escaped(value: &Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(text.replace('$', "$$")),
        Value::Null | Value::Bare(_) => value.clone(),
        Value::List(items) => Value::List(items.iter().map(escaped).collect()),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (key.replace('$', "$$"), escaped(value)))
                .collect(),
        ),
    }
}

fn process(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    draft: &Draft,
    notes: &Notes<'_>,
) -> Value {
    let mut map: Entries = Vec::new();
    let mut ours: Entries = Vec::new();
    let mut say = |key: &str, value: Value| set(&mut map, key, value);
    if let Some(text) = &spec.description {
        say("description", Value::text(text));
    }
    match &spec.command {
        forge_core::spec::CommandSpec::Shell(text) => {
            say("command", Value::text(plain(source, text)))
        }
        forge_core::spec::CommandSpec::Argv(_) => {
            say("entrypoint", Value::texts(words(source, &spec.command)))
        }
    }
    if refers(draft.get("command")) {
        ours.extend(
            draft
                .get("command")
                .map(|value| ("command".to_string(), value.clone())),
        );
    }
    folder(source, spec, draft, &mut map, &mut ours);
    environment(source, spec, draft, &mut map, &mut ours);
    life(spec, draft, &mut map);
    depends_on(source, spec, draft, &mut map, &mut ours);
    if let Some(check) = &spec.health_check {
        probes::write(source, spec, check, &mut map, notes);
    } else if let (Some(port), false) = (fixed_port(spec), spec.oneshot) {
        probes::own_port(port, &mut map);
        notes.near("port", "another program on this port would count as well");
    }
    stop(source, spec, &mut map);
    if has_template(&map) {
        set(&mut map, "is_template_disabled", Value::bare(true));
    }
    for key in FORGE_ONLY {
        if let Some(value) = draft.get(key) {
            ours.push((key.to_string(), value.clone()));
        }
    }
    notes_of(spec, notes);
    // Present even when empty: its presence says that all the rest is as Forge has it by itself.
    map.push(("x-forge".to_string(), Value::Map(ours)));
    Value::Map(map)
}

fn folder(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    draft: &Draft,
    map: &mut Entries,
    ours: &mut Entries,
) {
    let folder = match spec.cwd.strip_prefix(source.workspace) {
        Ok(inside) if inside.as_os_str().is_empty() => return,
        Ok(inside) => inside.to_string_lossy(),
        Err(_) => spec.cwd.to_string_lossy(),
    };
    map.push(("working_dir".to_string(), Value::text(folder.as_ref())));
    if folder.contains("..") || folder.starts_with('~') {
        ours.extend(draft.get("cwd").map(|cwd| ("cwd".to_string(), cwd.clone())));
    }
}

fn refers(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Text(text)) => text.contains("${process."),
        Some(Value::List(items)) => items.iter().any(|item| refers(Some(item))),
        Some(Value::Null | Value::Bare(_) | Value::Map(_)) | None => false,
    }
}

fn has_template(map: &Entries) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            Value::Text(text) => text.contains("{{"),
            Value::List(items) => items.iter().any(within),
            Value::Map(entries) => entries.iter().any(|(_, value)| within(value)),
            Value::Null | Value::Bare(_) => false,
        }
    }
    map.iter().any(|(_, value)| within(value))
}

fn environment(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    draft: &Draft,
    map: &mut Entries,
    ours: &mut Entries,
) {
    let own = source.own_env(spec);
    let mut list: Entries = Vec::new();
    for (name, value) in &spec.env {
        if own.as_ref().is_some_and(|own| !own.contains(name)) && name != "PORT" {
            continue;
        }
        let known = |part: &Part| match part {
            Part::PortOf(name) => source.spec(name).and_then(fixed_port).is_some(),
            Part::Text(_) => true,
        };
        if let Some(value) = value
            .as_ref()
            .filter(|value| value.parts().iter().all(known))
        {
            let text = Value::text(dollar::literal(&plain(source, value)));
            list.push((name.clone(), text));
        }
    }
    let written = draft
        .get("env")
        .map(|env| env.entries().to_vec())
        .unwrap_or_default();
    // Ports of others, variables that are taken away, and `PORT`, which comes of `port`.
    if list != written {
        ours.push(("env".to_string(), Value::Map(written)));
    }
    if !list.is_empty() {
        let texts = list.iter().map(|(name, _)| {
            let value = spec.env.get(name).and_then(Option::as_ref);
            let value = value.map(|value| plain(source, value)).unwrap_or_default();
            Value::text(format!("{name}={value}"))
        });
        map.push(("environment".to_string(), Value::List(texts.collect())));
    }
    let files = source.env_files(spec);
    if !files.is_empty() {
        let mut texts = files.iter().map(|file| source.workspace.join(file));
        if let Some(first) = texts.next() {
            map.push(("env_file".to_string(), Value::text(first.to_string_lossy())));
        }
        ours.push(("env_file".to_string(), Value::texts(files)));
    }
}

fn life(spec: &ProcessSpec, draft: &Draft, map: &mut Entries) {
    let mut availability: Entries = Vec::new();
    let restart = &spec.restart;
    let word = match (restart.policy, spec.on_exit) {
        (RestartPolicy::Never, OnExit::StopAllOnFailure) => "exit_on_failure",
        (RestartPolicy::Never, OnExit::None | OnExit::StopAll) => "no",
        (RestartPolicy::OnFailure, _) => "on_failure",
        (RestartPolicy::Always, _) => "always",
    };
    availability.push(("restart".to_string(), Value::text(word)));
    if restart.policy != RestartPolicy::Never {
        let seconds = restart.delay.as_secs().max(1);
        availability.push(("backoff_seconds".to_string(), Value::bare(seconds)));
        availability.push((
            "max_restarts".to_string(),
            Value::bare(restart.max_restarts),
        ));
    }
    if spec.on_exit == OnExit::StopAll {
        availability.push(("exit_on_end".to_string(), Value::bare(true)));
    }
    map.push(("availability".to_string(), Value::Map(availability)));
    if restart.success_codes != [0] {
        let codes = restart.success_codes.iter().map(Value::bare).collect();
        map.push(("success_exit_codes".to_string(), Value::List(codes)));
    }
    if !spec.autostart {
        map.push(("disabled".to_string(), Value::bare(true)));
    }
    if spec.tty {
        map.push(("is_tty".to_string(), Value::bare(true)));
    }
    if let Some(Value::Bare(count)) = draft.get("replicas") {
        map.push(("replicas".to_string(), Value::bare(count)));
    }
    if let Some(group) = spec.groups.first() {
        map.push(("namespace".to_string(), Value::text(group)));
    }
    match &spec.schedule {
        Some(Schedule::Every(time)) => {
            let every = Value::text(format!("{}ms", time.as_millis().max(1)));
            map.push(("schedule".to_string(), Value::map([("interval", every)])));
        }
        Some(Schedule::Cron(text)) => {
            map.push((
                "schedule".to_string(),
                Value::map([("cron", Value::text(text))]),
            ));
        }
        None => {}
    }
}

fn depends_on(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    draft: &Draft,
    map: &mut Entries,
    ours: &mut Entries,
) {
    let Some(written) = draft.get("depends_on") else {
        return;
    };
    let mut told = true;
    let drafts = source.spec_drafts();
    let mut entries: Entries = Vec::new();
    for need in &spec.depends_on {
        let word = match &need.condition {
            Condition::Started => "process_started",
            Condition::Completed => "process_completed_successfully",
            Condition::Exited => "process_completed",
            Condition::Healthy | Condition::Log(_) => match source.spec(&need.on) {
                Some(other) if probes::can_be_healthy(other) => "process_healthy",
                Some(_) | None => "process_started",
            },
        };
        told &= need.on_down == Default::default()
            && known_name(&drafts, &need.on)
            && match &need.condition {
                Condition::Log(_) => false,
                Condition::Healthy => word == "process_healthy",
                Condition::Started | Condition::Completed | Condition::Exited => true,
            };
        // Its copies are one process to the tool.
        let base = need
            .on
            .rsplit_once('-')
            .map_or(need.on.as_str(), |(base, _)| base);
        let name = match known_name(&drafts, &need.on) {
            true => need.on.as_str(),
            false => base,
        };
        set(
            &mut entries,
            name,
            Value::map([("condition", Value::text(word))]),
        );
    }
    map.push(("depends_on".to_string(), Value::Map(entries)));
    if !told {
        ours.push(("depends_on".to_string(), written.clone()));
    }
}

fn known_name(drafts: &[Draft], name: &str) -> bool {
    drafts.iter().any(|draft| draft.name == name)
}

fn stop(source: &ExportSource<'_>, spec: &ProcessSpec, map: &mut Entries) {
    let stop = &spec.stop;
    let mut entries: Entries = Vec::new();
    if let Some(command) = &stop.command {
        entries.push((
            "command".to_string(),
            Value::text(shell_line(source, command)),
        ));
    }
    if signal_name(stop.signal) != Some("SIGTERM") {
        entries.push(("signal".to_string(), Value::bare(stop.signal)));
    }
    entries.push((
        "timeout_seconds".to_string(),
        Value::bare(stop.timeout.as_secs().max(1)),
    ));
    if stop.scope == Scope::Leader {
        entries.push(("parent_only".to_string(), Value::bare(true)));
    }
    map.push(("shutdown".to_string(), Value::Map(entries)));
}

fn notes_of(spec: &ProcessSpec, notes: &Notes<'_>) {
    let back = "only `x-forge` says it: process-compose does without, an import brings it back";
    for key in [
        "watch",
        "debug",
        "limits",
        "metrics",
        "url",
        "log",
        "hooks",
        "stderr",
        "stop.keys",
    ] {
        if super::common::is_set(spec, key) {
            notes.near(key, back);
        }
    }
    if spec.restart.backoff != 1.0 && spec.restart.policy != RestartPolicy::Never {
        notes.near(
            "restart",
            "the wait between restarts does not grow there, and restarts are counted over its life",
        );
    }
    if spec
        .depends_on
        .iter()
        .any(|need| need.on_down != Default::default())
    {
        notes.near(
            "depends_on",
            "what happens when a dependency goes down later is only in `x-forge`",
        );
    }
    let auto = |text: &Template| text.needs().next().is_some();
    if spec.env.values().flatten().any(auto) {
        notes.near("env", "ports of other processes are written as numbers");
    }
}
