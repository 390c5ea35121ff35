//! `pitchfork.toml`: daemons.

use crate::draft::{Draft, Names, Need, When};
use crate::fields::{Field, Fields};
use crate::node::Node;
use crate::report::Fate;
use crate::value::Value;
use crate::{dollar, shell};

use super::base::Base;
use super::{ImportError, pitchfork_checks as checks};

/// Restarts where the tool knows no bound.
const UNBOUNDED: u32 = 1_000_000;

/// The daemons of a file.
pub(super) fn read(base: &mut Base<'_>) -> Result<Vec<Draft>, ImportError> {
    let mut root = base.parse(0, crate::read_toml::read)?;
    let local = base.folder.join("pitchfork.local.toml");
    if base.name == "pitchfork.toml" && local.is_file() {
        let file = base.read(&local)?;
        root = crate::node::overlay(&root, &base.parse(file, crate::read_toml::read)?);
    }
    let base = &*base;
    let top = Fields::of(&root, None, &base.ledger);
    let Some(daemons) = top.take("daemons") else {
        return Err(base.error(0, 0, "there are no `[daemons.…]` in this file"));
    };
    let shared = top.take("env");
    if let Some(field) = &shared {
        field.exact_as("written into every process");
    }
    if let Some(field) = top.take("namespace") {
        field.exact_as("the workspace takes its place");
    }
    let mut names = Names::default();
    let mut drafts = Vec::new();
    for entry in daemons.node.map().unwrap_or_default() {
        let mut draft = Draft::new(&names.give(&entry.key), &entry.key, entry.place);
        if let Some(field) = &shared {
            environment(&mut draft, field.node);
        }
        if daemon(&mut draft, &entry.value, base) {
            drafts.push(draft);
        } else {
            let why = "it has no `run`".to_string();
            base.ledger
                .note(entry.place, Some(&entry.key), "daemons", Fate::Dropped(why));
        }
    }
    if let Some(field) = top.take("groups") {
        for entry in field.node.map().unwrap_or_default() {
            let members = entry.value.get("daemons").unwrap_or(&entry.value).texts();
            for draft in &mut drafts {
                if members.iter().any(|(name, _)| last(name) == draft.source) {
                    draft.group(&entry.key);
                }
            }
        }
        field.exact();
    }
    top.close("it is about the tool itself");
    Ok(drafts)
}

/// The name without its namespace.
fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn daemon(draft: &mut Draft, node: &Node, base: &Base<'_>) -> bool {
    let source = draft.source.clone();
    let fields = Fields::of(node, Some(&source), &base.ledger);
    let Some(run) = fields.take("run") else {
        return false;
    };
    command(draft, &run, &fields);
    folder_and_environment(draft, &fields, base);
    restarts(draft, &fields);
    if let Some(field) = fields.take("depends") {
        let needs = field.node.texts().into_iter().map(|(name, place)| Need {
            on: last(name).to_string(),
            place,
            field: "depends".to_string(),
            when: When::Ready,
            on_down: "",
        });
        draft.needs = needs.collect();
        field.exact();
    }
    ports(draft, &fields);
    checks::read(draft, &fields);
    stop(draft, &fields);
    if let Some(field) = fields.take("watch") {
        let globs: Vec<&str> = field
            .node
            .texts()
            .into_iter()
            .map(|(glob, _)| glob)
            .collect();
        if !globs.is_empty() {
            draft.set(
                "watch",
                Value::texts(globs.into_iter().map(dollar::literal)),
            );
        }
        field.exact();
    }
    schedule(draft, &fields);
    hooks(draft, &fields);
    limits(draft, &fields);
    if let Some(field) = fields.take("pty") {
        if field.flag() == Some(true) {
            draft.set("tty", Value::bare(true));
        }
        field.exact();
    }
    for key in [
        "time_retention",
        "line_retention",
        "logs",
        "archive_hook",
        "log_format",
    ] {
        if let Some(field) = fields.take(key) {
            field.approximated("Forge keeps logs by size: `log: {max_size, keep}`");
        }
    }
    fields.close("this has no equivalent in Forge");
    true
}

/// `{{ daemons.NAME.port }}` as Forge says it; other templates are left.
pub(super) fn filled(field: &Field<'_>, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((inside, after)) = behind.split_once("}}") else {
            break;
        };
        out.push_str(before);
        let name = inside
            .trim()
            .strip_prefix("daemons.")
            .and_then(|rest| rest.strip_suffix(".port"));
        match name {
            Some(name) => out.push_str(&format!(
                "${{process.{}.port}}",
                crate::draft::valid_name(name)
            )),
            None => {
                field.approximated("a template is left as it is");
                out.push_str(&format!("{{{{{inside}}}}}"));
            }
        }
        rest = after;
    }
    out + rest
}

fn command(draft: &mut Draft, run: &Field<'_>, fields: &Fields<'_>) {
    let mise = fields.take("mise");
    let mise_on = mise.as_ref().and_then(Field::flag) == Some(true);
    let mut value = match run.node.scalar() {
        Some(text) => Value::text(filled(run, text)),
        None => Value::texts(
            run.node
                .texts()
                .into_iter()
                .map(|(word, _)| filled(run, word)),
        ),
    };
    run.exact();
    if let Some(field) = mise {
        if mise_on {
            let first = ["mise", "x", "--"].map(Value::text);
            value = match value {
                Value::List(words) => Value::List(first.into_iter().chain(words).collect()),
                Value::Text(text) => {
                    Value::text(format!("mise x -- sh -c {}", shell::quote(&text)))
                }
                other => other,
            };
        }
        field.approximated("by `mise x`");
    }
    draft.set("command", value);
}

fn folder_and_environment(draft: &mut Draft, fields: &Fields<'_>, base: &Base<'_>) {
    let folder = fields.take("dir");
    let text = folder
        .as_ref()
        .and_then(|field| field.text())
        .unwrap_or(".");
    if let Some(cwd) = base.cwd(text) {
        draft.set("cwd", Value::text(dollar::literal(&cwd)));
    }
    folder.iter().for_each(Field::exact);
    if let Some(field) = fields.take("env") {
        environment(draft, field.node);
        field.exact();
    }
    if let Some(field) = fields.take("env_file") {
        let mut files = Vec::new();
        for (name, _) in field.node.texts() {
            match base.folder.join(name).is_file() {
                true => files.push(Value::text(dollar::literal(&base.path(name)))),
                false => field.dropped(format!("there is no `{name}`")),
            }
        }
        if !files.is_empty() {
            draft.set("env_file", Value::List(files));
            field.exact();
        }
    }
    if let Some(field) = fields.take("user") {
        field.dropped("Forge runs everything as the user who starts it");
    }
}

fn environment(draft: &mut Draft, node: &Node) {
    for entry in node.map().unwrap_or_default() {
        if let Some(text) = entry.value.scalar() {
            draft.set_in("env", &entry.key, Value::text(dollar::literal(text)));
        }
    }
}

fn restarts(draft: &mut Draft, fields: &Fields<'_>) {
    if let Some(field) = fields.take("oneshot") {
        if field.flag() == Some(true) {
            draft.set("oneshot", Value::bare(true));
        }
        field.exact();
    }
    let field = fields.take("retry");
    let most = field.as_ref().and_then(|field| match field.node.flag() {
        Some(true) => Some(UNBOUNDED),
        Some(false) => None,
        None => field.number().map(|most| (most as u32).min(UNBOUNDED)),
    });
    match most.filter(|most| *most > 0) {
        Some(most) => {
            if draft.is_oneshot() {
                draft.set_in("restart", "policy", Value::text("on-failure"));
            }
            draft.set_in("restart", "max_restarts", Value::bare(most));
            draft.set_in("restart", "window", Value::bare("365d"));
            draft.set_in("restart", "on_deterministic", Value::text("retry"));
        }
        None if !draft.is_oneshot() => draft.set("auto_restart", Value::bare(false)),
        None => {}
    }
    field.iter().for_each(Field::exact);
}

fn ports(draft: &mut Draft, fields: &Fields<'_>) {
    let bumps = ["auto_bump_port", "port_bump_attempts"];
    let field = fields.take_any(&["port", "expected_port"]);
    if let Some(field) = field {
        let node = field.node.get("expect").unwrap_or(field.node);
        let ports = node.texts().into_iter();
        let ports: Vec<u16> = ports
            .filter_map(|(text, _)| text.parse().ok().filter(|port| *port > 0))
            .collect();
        if let Some((first, rest)) = ports.split_first() {
            draft.set("port", Value::bare(first));
            if !rest.is_empty() {
                draft.set("ports", Value::List(rest.iter().map(Value::bare).collect()));
            }
        }
        match field.node.get("bump").is_some() {
            true => {
                field.approximated("when the port is taken, `forge dev start` offers the next one")
            }
            false => field.exact(),
        }
    }
    for key in bumps {
        if let Some(field) = fields.take(key) {
            field.approximated("when the port is taken, `forge dev start` offers the next one");
        }
    }
}

fn stop(draft: &mut Draft, fields: &Fields<'_>) {
    let Some(field) = fields.take("stop_signal") else {
        return;
    };
    let signal = field.node.scalar().or(field.node.text_of("signal"));
    match signal.map(forge_config::signal_number) {
        Some(Some(_)) => {
            draft.set_in("stop", "signal", Value::text(signal.unwrap_or_default()));
            field.exact();
        }
        Some(None) => field.dropped("this is no signal here"),
        None => {}
    }
    if let Some(time) = field.node.text_of("timeout").and_then(crate::times::go) {
        draft.set_in("stop", "timeout", Value::bare(crate::times::text(time)));
        field.exact();
    }
}

fn schedule(draft: &mut Draft, fields: &Fields<'_>) {
    let Some(field) = fields.take("cron") else {
        return;
    };
    let text = field.node.scalar().or(field.node.text_of("schedule"));
    let words: Vec<&str> = text.unwrap_or_default().split_whitespace().collect();
    let (cron, seconds) = match words.as_slice() {
        [seconds, rest @ ..] if rest.len() == 5 => (rest.join(" "), *seconds),
        all => (all.join(" "), "0"),
    };
    if forge_config::Cron::parse(&cron).is_err() {
        return field.dropped("the cron expression is not understood");
    }
    draft.set("schedule", Value::map([("cron", Value::text(cron))]));
    match seconds {
        "0" | "00" => field.exact(),
        _ => field.approximated("at the full minute: seconds are not told"),
    }
    for (key, usual) in [("retrigger", "finish"), ("immediate", "false")] {
        if field.node.text_of(key).is_some_and(|word| word != usual) {
            field.dropped(format!("`{key}` has no equivalent in Forge"));
        }
    }
}

fn hooks(draft: &mut Draft, fields: &Fields<'_>) {
    let Some(field) = fields.take("hooks") else {
        return;
    };
    let inner = field.fields();
    for (key, hook) in [
        ("on_ready", "after_ready"),
        ("on_fail", "on_crash"),
        ("on_stop", "after_stop"),
    ] {
        if let Some(field) = inner.take(key)
            && let Some(text) = field.node.scalar().or(field.node.text_of("run"))
        {
            draft.set_in("hooks", hook, Value::text(text));
            match key {
                "on_fail" => {
                    field.approximated("on every crash, also one that is followed by a restart")
                }
                _ => field.exact(),
            }
        }
    }
    inner.close("Forge has no such hook");
}

fn limits(draft: &mut Draft, fields: &Fields<'_>) {
    if let Some(field) = fields.take("memory_limit")
        && let Some(text) = field.text()
    {
        match forge_config::parse_size(text) {
            Some(_) => {
                draft.set_in("limits", "memory", Value::text(text));
                draft.set_in("limits", "on_exceed", Value::text("stop"));
                field.exact();
            }
            None => field.dropped("this is no size"),
        }
    }
    if let Some(field) = fields.take("cpu_limit")
        && let Some(percent) = field.number().filter(|percent| *percent > 0.0)
    {
        draft.set_in("limits", "cpu", Value::bare(format!("{percent}%")));
        draft.set_in("limits", "on_exceed", Value::text("stop"));
        field.exact();
    }
}
