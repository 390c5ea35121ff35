//! What else process-compose knows of a process: daemons, log files, schedules, watched files.

use crate::draft::Draft;
use crate::fields::{Field, Fields};
use crate::value::Value;

use super::process_compose::Work;

/// Forge keeps all output itself. Where something else of the project reads the file, it is written too.
pub(super) fn log_file(draft: &mut Draft, field: &Field<'_>, work: &Work<'_, '_>) {
    let Some(file) = field.text() else {
        return;
    };
    let name = file.rsplit('/').next().unwrap_or(file);
    let read = work.project.base.text(0).matches(name).count() > 1 && !name.is_empty();
    let script = match draft.get("command") {
        Some(Value::Text(script)) => Some(script.clone()),
        Some(Value::List(words)) => match words.as_slice() {
            [Value::Text(shell), Value::Text(flag), Value::Text(script)]
                if shell == "bash" && flag == "-c" =>
            {
                Some(script.clone())
            }
            _ => None,
        },
        Some(Value::Null | Value::Bare(_) | Value::Map(_)) | None => None,
    };
    match script.filter(|_| read) {
        Some(script) => {
            let file = crate::shell::quote(&work.shell_text(field, file));
            let script = format!("exec > >(tee {file}) 2>&1\n{script}");
            draft.set("command", Value::texts(["bash", "-c", &script]));
            field.approximated("`tee` writes the file, as something else here reads it");
        }
        None => field.dropped(
            "Forge keeps the output itself: `forge dev logs`; a file of its own is not written",
        ),
    }
}

/// A command that returns and leaves its service behind: something has to stay for Forge to watch.
pub(super) fn daemon(draft: &mut Draft, fields: &Fields<'_>) -> bool {
    let timeout = fields.take("launch_timeout_seconds");
    let field = fields.take("is_daemon");
    let daemon = field.as_ref().and_then(Field::flag) == Some(true);
    if let Some(field) = field {
        match daemon {
            true => {
                let keep = |text: &str| format!("(\n{text}\n) || exit $?\nexec tail -f /dev/null");
                match draft.get("command").cloned() {
                    Some(Value::Text(text)) => draft.set("command", Value::text(keep(&text))),
                    Some(Value::List(mut words)) => {
                        if let (3, Some(Value::Text(script))) = (words.len(), words.last_mut()) {
                            *script = keep(script);
                            draft.set("command", Value::List(words));
                        }
                    }
                    _ => {}
                }
                field.approximated(
                    "when its command has returned, a waiting process stands for the service",
                );
            }
            false => field.exact(),
        }
    }
    if let Some(field) = timeout {
        match daemon {
            true => field.dropped("the time of the launching command is not bounded"),
            false => field.exact_as("it means nothing without `is_daemon`"),
        }
    }
    daemon
}

pub(super) fn schedule(draft: &mut Draft, fields: &Fields<'_>) {
    let Some(field) = fields.take("schedule") else {
        return;
    };
    let inner = field.fields();
    if let Some(field) = inner.take("cron")
        && let Some(text) = field.text()
    {
        match forge_config::Cron::parse(text) {
            Ok(_) => {
                draft.set("schedule", Value::map([("cron", Value::text(text))]));
                field.exact();
            }
            Err(error) => field.dropped(format!("the cron expression is not understood: {error}")),
        }
    }
    if let Some(field) = inner.take("interval")
        && let Some(text) = field.text()
    {
        match crate::times::go(text).filter(|time| !time.is_zero()) {
            Some(time) if draft.get("schedule").is_none() => {
                let every = Value::bare(crate::times::text(time));
                draft.set("schedule", Value::map([("every", every)]));
                field.exact();
            }
            _ => field.dropped("this is no interval, or there is a `cron` too"),
        }
    }
    if let Some(field) = inner.take("run_on_start") {
        match field.flag() {
            Some(true) => {
                field.dropped("it runs at its times only; `forge dev start NAME` runs it now")
            }
            _ => field.exact(),
        }
    }
    if let Some(field) = inner.take("max_concurrent") {
        match field.number() {
            Some(count) if count > 1.0 => field.dropped("one run at a time"),
            _ => field.exact(),
        }
    }
    inner.close("this has no equivalent in Forge");
    draft.remove("oneshot");
}

pub(super) fn watch(draft: &mut Draft, fields: &Fields<'_>, work: &Work<'_, '_>) {
    let Some(field) = fields.take("watch") else {
        return;
    };
    let inner = field.fields();
    let (mut paths, mut ignore) = (Vec::new(), Vec::new());
    if let Some(field) = inner.take("paths") {
        let one = std::slice::from_ref(field.node);
        for item in field.node.list().unwrap_or(one) {
            let path = item.text_of("path").or(item.scalar()).unwrap_or(".");
            let path = work.value(&field, path);
            let path = path.trim_end_matches('/').trim_start_matches("./");
            let below = |glob: &str| match path {
                "" | "." => glob.to_string(),
                path => format!("{path}/{glob}"),
            };
            let texts = |key: &str| item.get(key).map(|node| node.texts()).unwrap_or_default();
            let include = texts("include");
            match include.is_empty() {
                true => paths.push(below("**")),
                false => paths.extend(include.iter().map(|(glob, _)| below(&deep(glob)))),
            }
            ignore.extend(texts("exclude").iter().map(|(glob, _)| below(&deep(glob))));
        }
        field.exact();
    }
    let mut map = vec![("paths".to_string(), Value::texts(paths))];
    if !ignore.is_empty() {
        map.push(("ignore".to_string(), Value::texts(ignore)));
    }
    if let Some(field) = inner.take("debounce")
        && let Some(time) = crate::times::go(field.node.scalar().unwrap_or_default())
    {
        map.push((
            "debounce".to_string(),
            Value::bare(crate::times::text(time)),
        ));
        field.exact();
    }
    if map[0].1 != Value::List(Vec::new()) {
        draft.set("watch", Value::Map(map));
    }
    inner.close("this has no equivalent in Forge");
}

/// A glob of file names also counts in the folders below.
pub(super) fn deep(glob: &str) -> String {
    match glob.contains('/') {
        true => glob.to_string(),
        false => format!("**/{glob}"),
    }
}
