//! `mprocs.yaml`: processes on terminals.

use crate::draft::{Draft, Names, Need, When};
use crate::fields::{Field, Fields};
use crate::node::{Entry, Node};
use crate::report::Fate;
use crate::value::Value;
use crate::{dollar, shell};

use super::ImportError;
use super::base::Base;

/// The processes of a file.
pub(super) fn read(base: &mut Base<'_>) -> Result<Vec<Draft>, ImportError> {
    let root = base.parse_yaml(0)?;
    let base = &*base;
    let top = Fields::of(&root, None, &base.ledger);
    let Some(procs) = top.take("procs") else {
        return Err(base.error(0, 0, "there is no `procs` in this file"));
    };
    let Some(entries) = procs.node.map() else {
        return Err(base.error(0, procs.place.line, "`procs` must be a map"));
    };
    if let Some(field) = top.take("scrollback") {
        field.approximated("Forge keeps all output");
    }
    if let Some(field) = top.take("proc_log").or_else(|| top.take("log")) {
        field.approximated("Forge keeps all output itself: `forge dev paths` says where");
    }
    top.close("it is about the tool's own screen or server");
    let mut names = Names::default();
    let mut drafts = Vec::new();
    for entry in entries {
        let node = selected(&entry.value);
        if node.is_null() {
            let how = "null: there is no such process".to_string();
            base.ledger.note(
                entry.place,
                Some(&entry.key),
                "procs",
                Fate::Exact(Some(how)),
            );
            continue;
        }
        let mut draft = Draft::new(&names.give(&entry.key), &entry.key, entry.place);
        match process(&mut draft, entry, node, base) {
            true => drafts.push(draft),
            false => {
                let why = "there is no command".to_string();
                base.ledger
                    .note(entry.place, Some(&entry.key), "procs", Fate::Dropped(why));
            }
        }
    }
    Ok(drafts)
}

/// What `$select: os` chooses here.
fn selected(node: &Node) -> &Node {
    let here = match std::env::consts::OS {
        "macos" => "macos",
        "windows" => "windows",
        _ => "linux",
    };
    match node.text_of("$select") {
        Some("os") => {
            let chosen = node.get(here).or_else(|| node.get("$else"));
            chosen.map_or(node, |node| node)
        }
        _ => node,
    }
}

fn process(draft: &mut Draft, entry: &Entry, node: &Node, base: &Base<'_>) -> bool {
    let source = draft.source.clone();
    draft.set("auto_restart", Value::bare(false));
    draft.set("tty", Value::bare(true));
    if let Some(cwd) = base.cwd(".") {
        draft.set("cwd", Value::text(dollar::literal(&cwd)));
    }
    if node.map().is_none() {
        base.ledger
            .note(entry.place, Some(&source), "shell", Fate::Exact(None));
        return set_command(draft, node);
    }
    let fields = Fields::of(node, Some(&source), &base.ledger);
    let mut found = false;
    for key in ["shell", "cmd"] {
        if let Some(field) = fields.take(key) {
            found |= set_command(draft, selected(field.node));
            field.exact();
        }
    }
    if let Some(field) = fields.take("cwd")
        && let Some(text) = selected(field.node).scalar()
    {
        let text = text.replace("<CONFIG_DIR>", &base.folder.to_string_lossy());
        match base.cwd(&text) {
            Some(cwd) => draft.set("cwd", Value::text(dollar::literal(&cwd))),
            None => draft.remove("cwd"),
        }
        field.exact();
    }
    environment(draft, &fields, base);
    if let Some(field) = fields.take("autostart") {
        if field.flag() == Some(false) {
            draft.set("autostart", Value::bare(false));
        }
        field.exact();
    }
    if let Some(field) = fields.take("autorestart") {
        if field.flag() == Some(true) {
            draft.remove("auto_restart");
            let restart = [
                ("delay", Value::bare("0s")),
                ("max_restarts", Value::bare(1_000_000)),
                ("on_deterministic", Value::text("retry")),
            ];
            draft.set("restart", Value::map(restart));
        }
        field.approximated("also a process that ran for less than a second is restarted");
    }
    if let Some(field) = fields.take("stop") {
        stop(draft, &field);
    }
    if let Some(field) = fields.take("deps") {
        draft.needs = field
            .node
            .texts()
            .into_iter()
            .map(|(on, place)| Need {
                on: on.to_string(),
                place,
                field: "deps".to_string(),
                when: When::Started,
                on_down: "",
            })
            .collect();
        field.exact();
    }
    for key in ["log", "mouse_scroll_speed", "scrollback"] {
        if let Some(field) = fields.take(key) {
            field.approximated("Forge keeps all output itself: `forge dev paths` says where");
        }
    }
    fields.close("this has no equivalent in Forge");
    found
}

fn set_command(draft: &mut Draft, node: &Node) -> bool {
    let texts: Vec<&str> = node.texts().into_iter().map(|(text, _)| text).collect();
    match (node.scalar(), texts.first()) {
        (Some(text), _) if !text.trim().is_empty() => {
            draft.set("command", Value::text(text.trim()));
            true
        }
        (None, Some(first)) if !first.trim().is_empty() => {
            draft.set("command", Value::texts(texts));
            true
        }
        _ => false,
    }
}

fn environment(draft: &mut Draft, fields: &Fields<'_>, base: &Base<'_>) {
    if let Some(field) = fields.take("env") {
        for entry in field.node.map().unwrap_or_default() {
            let node = selected(&entry.value);
            let value = match node.scalar() {
                Some(text) => Value::text(dollar::literal(text)),
                None => Value::Null,
            };
            draft.set_in("env", &entry.key, value);
        }
        field.exact();
    }
    if let Some(field) = fields.take("add_path") {
        let folders = selected(field.node).texts().into_iter().map(|(text, _)| {
            let path = text.replace("<CONFIG_DIR>", &base.folder.to_string_lossy());
            let path = base.folder.join(path);
            dollar::literal(&path.to_string_lossy())
        });
        let mut path: Vec<String> = folders.collect();
        path.push("${PATH:-}".to_string());
        draft.set_in("env", "PATH", Value::text(path.join(":")));
        field.exact();
    }
}

fn stop(draft: &mut Draft, field: &Field<'_>) {
    let node = selected(field.node);
    if let Some(word) = node.scalar() {
        let signal = match word {
            "hard-kill" => "SIGKILL",
            word => word,
        };
        match forge_config::signal_number(signal) {
            Some(15) => field.exact(),
            Some(_) => {
                draft.set_in("stop", "signal", Value::text(signal));
                field.exact();
            }
            None => field.dropped(format!("`{word}` is no way to stop here")),
        }
        return;
    }
    if let Some(keys) = node.get("send-keys") {
        let keys: String = keys
            .texts()
            .into_iter()
            .filter_map(|(key, _)| typed(key))
            .collect();
        draft.set_in("stop", "keys", Value::text(dollar::literal(&keys)));
        return field.exact();
    }
    let command = ["cmd", "shell"].iter().find_map(|key| node.get(key));
    match command {
        Some(command) => {
            let words = command.texts().into_iter().map(|(text, _)| text);
            let text = match command.scalar() {
                Some(text) => text.to_string(),
                None => shell::join(words),
            };
            draft.set_in("stop", "command", Value::text(text));
            field.exact();
        }
        None => field.dropped("this is no way to stop here"),
    }
}

/// What a key such as `<C-c>` types.
fn typed(key: &str) -> Option<String> {
    let Some(inside) = key
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
    else {
        return Some(key.to_string());
    };
    let lower = inside.to_ascii_lowercase();
    if let Some(letter) = lower
        .strip_prefix("c-")
        .and_then(|rest| rest.chars().next())
    {
        return char::from_u32(letter.to_ascii_uppercase() as u32 & 0x1f).map(String::from);
    }
    let text = match lower.as_str() {
        "enter" | "cr" => "\r",
        "esc" => "\u{1b}",
        "space" => " ",
        "tab" => "\t",
        "bs" | "backspace" => "\u{7f}",
        _ => return None,
    };
    Some(text.to_string())
}
