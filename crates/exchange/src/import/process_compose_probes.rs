//! How process-compose knows that a process is well.

use std::time::Duration;

use crate::draft::Draft;
use crate::fields::{Field, Fields};
use crate::times;
use crate::value::Value;

use super::process_compose::Work;

/// Reads the probes and the line that makes it ready.
pub(super) fn read(
    draft: &mut Draft,
    fields: &Fields<'_>,
    work: &Work<'_, '_>,
    daemon: bool,
    restarts: bool,
) {
    let ready = fields.take("readiness_probe");
    let live = fields.take("liveness_probe");
    let line = fields.take("ready_log_line");
    let mut check = ready.as_ref().and_then(|field| probe(field, work));
    if check.is_some() && restarts {
        let word = Value::text("restart");
        check
            .iter_mut()
            .for_each(|map| map.push(("on_unhealthy".to_string(), word.clone())));
    }
    if let Some(field) = &live {
        match (daemon, check.is_none()) {
            (false, _) => field.exact_as("left out: the tool acts on it only for daemons"),
            (true, true) => {
                check = probe(field, work);
                let word = Value::text("restart");
                check
                    .iter_mut()
                    .for_each(|map| map.push(("on_unhealthy".to_string(), word.clone())));
            }
            (true, false) => {
                field.dropped("a process has one check here, and the one for readiness is kept")
            }
        }
    }
    if let Some(field) = &line
        && let Some(text) = field.text()
    {
        match check.is_none() {
            true => {
                let pattern = regex_syntax::escape(&work.fill(field, text));
                let pattern = Value::text(crate::dollar::literal(&pattern));
                check = Some(vec![("log".to_string(), pattern)]);
                field.exact_as("as a regular expression that matches just this text");
            }
            false => {
                field.dropped("beside a probe it is a mistake to the tool too; the probe is kept")
            }
        }
    }
    if let Some(map) = check {
        draft.set("health_check", Value::Map(map));
    }
}

fn probe(field: &Field<'_>, work: &Work<'_, '_>) -> Option<Vec<(String, Value)>> {
    let inner = field.fields();
    let mut map = Vec::new();
    if let Some(exec) = inner.take("exec") {
        map.push(("command".to_string(), exec_probe(&exec, work)?));
    }
    if let Some(http) = inner.take("http_get") {
        match map.is_empty() {
            true => map = http_probe(&http, work),
            false => http.dropped("a probe has one test; the command is kept"),
        }
    }
    if map.is_empty() {
        field.dropped("it does not say what to test");
        return None;
    }
    let number = |key: &str, default: f64| {
        let field = inner.take(key);
        let number = field.as_ref().and_then(|field| field.number());
        (field, number.unwrap_or(default).clamp(0.0, 86_400.0))
    };
    let (initial, wait) = number("initial_delay_seconds", 0.0);
    let (period, interval) = number("period_seconds", 10.0);
    let (timeout, patience) = number("timeout_seconds", 1.0);
    let (failures, retries) = number("failure_threshold", 3.0);
    let (interval, patience, retries) = (
        interval.max(1.0),
        patience.max(1.0),
        retries.clamp(1.0, 1000.0),
    );
    let seconds = |seconds: f64| Value::bare(times::text(Duration::from_secs_f64(seconds)));
    map.push(("interval".to_string(), seconds(interval)));
    map.push(("timeout".to_string(), seconds(patience)));
    map.push(("retries".to_string(), Value::bare(retries as u32)));
    let longest = wait + interval * retries + patience;
    map.push(("start_period".to_string(), seconds(longest)));
    [&period, &timeout, &failures]
        .into_iter()
        .flatten()
        .for_each(Field::exact);
    if let Some(field) = initial.filter(|_| wait > 0.0) {
        field.approximated(
            "it is tried every 200 ms from the start; the time counts into `start_period`",
        );
    }
    if let Some(field) = inner.take("success_threshold") {
        field.exact_as("the tool ignores it");
    }
    inner.close("this has no equivalent in Forge");
    Some(map)
}

fn exec_probe(exec: &Field<'_>, work: &Work<'_, '_>) -> Option<Value> {
    let inner = exec.fields();
    let field = inner.take("command")?;
    let mut text = work.shell_text(&field, field.text()?);
    if let Some(field) = inner.take("working_dir")
        && let Some(folder) = field.text()
    {
        let folder = work.project.base.path(&work.fill(&field, folder));
        let folder = work.project.base.options.workspace.join(folder);
        text = format!(
            "cd {} && {text}",
            crate::shell::quote(&folder.to_string_lossy())
        );
        field.exact_as("by `cd`");
    }
    field.exact();
    inner.close("this has no equivalent in Forge");
    Some(work.shelled(text))
}

fn http_probe(http: &Field<'_>, work: &Work<'_, '_>) -> Vec<(String, Value)> {
    let inner = http.fields();
    let part = |key: &str, default: &str| {
        let field = inner.take(key);
        let text = field.as_ref().and_then(|field| {
            let text = work.value(field, field.text()?);
            field.exact();
            Some(text)
        });
        text.filter(|text| !text.is_empty())
            .unwrap_or_else(|| default.to_string())
    };
    let scheme = part("scheme", "http").to_ascii_lowercase();
    let host = part("host", "127.0.0.1");
    let port = match (part("num_port", ""), part("port", "")) {
        (number, text) if text.is_empty() => number,
        (_, text) => text,
    };
    let path = part("path", "/");
    let colon = if port.is_empty() { "" } else { ":" };
    let slash = if path.starts_with('/') { "" } else { "/" };
    let url = format!("{scheme}://{host}{colon}{port}{slash}{path}");
    let number: Option<u16> = port.parse().ok();
    if !matches!(scheme.as_str(), "http" | "https")
        || url.contains(char::is_whitespace)
        || !(port.is_empty() || port.contains("${") || number.is_some_and(|port| port > 0))
    {
        http.dropped("it makes no URL");
        return Vec::new();
    }
    let mut map = vec![("http".to_string(), Value::text(url))];
    let status = inner.take("status_code");
    let code = status
        .as_ref()
        .and_then(Field::number)
        .filter(|code| (100.0..=399.0).contains(code));
    map.push((
        "status".to_string(),
        Value::bare(code.unwrap_or(200.0) as u16),
    ));
    status.iter().for_each(Field::exact);
    if let Some(field) = inner.take("headers") {
        let entries = field.node.map().unwrap_or_default().iter();
        let entries = entries.filter_map(|entry| {
            let text = work.value(&field, entry.value.scalar()?);
            Some((entry.key.clone(), Value::text(text)))
        });
        map.push(("headers".to_string(), Value::Map(entries.collect())));
        field.exact();
    }
    inner.close("this has no equivalent in Forge");
    map
}
