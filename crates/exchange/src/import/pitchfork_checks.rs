//! How pitchfork knows that a daemon is ready, and stays well.

use crate::draft::Draft;
use crate::fields::{Field, Fields};
use crate::value::Value;
use crate::{dollar, times};

use super::pitchfork::filled;

/// Reads `ready_…` and `health_…`; Forge has one check.
pub(super) fn read(draft: &mut Draft, fields: &Fields<'_>) {
    let mut check: Option<Vec<(String, Value)>> = None;
    for key in [
        "ready_output",
        "ready_http",
        "ready_port",
        "ready_cmd",
        "health_http",
        "health_port",
        "health_cmd",
    ] {
        let Some(field) = fields.take(key) else {
            continue;
        };
        if check.is_some() {
            field.dropped("a process has one check here, and another one is kept");
            continue;
        }
        check = one(key, &field);
        match check.is_some() {
            true => field.exact(),
            false => field.dropped("it does not say what to check"),
        }
    }
    if let Some(field) = fields.take("ready_delay") {
        match check.is_some() {
            true => field.approximated("the check alone decides"),
            false => field.approximated("ready as soon as it has started"),
        }
    }
    if let Some(check) = check {
        draft.set("health_check", Value::Map(check));
    }
}

fn one(key: &str, field: &Field<'_>) -> Option<Vec<(String, Value)>> {
    let node = field.node;
    let inner = |names: &[&str]| {
        let found = names.iter().find_map(|name| node.text_of(name));
        node.scalar().or(found).map(|text| filled(field, text))
    };
    let (kind, text) = match key {
        "ready_output" => {
            let pattern = inner(&["pattern"])?;
            if let Err(error) = regex_syntax::parse(&pattern) {
                field.dropped(format!("the pattern is not understood: {error}").replace('\n', " "));
                return None;
            }
            ("log", dollar::literal(&pattern))
        }
        "ready_http" | "health_http" => ("http", inner(&["url"])?),
        "ready_port" | "health_port" => ("tcp", format!("localhost:{}", inner(&["port"])?)),
        _ => ("command", inner(&["run"])?),
    };
    if text.trim().is_empty() {
        return None;
    }
    let mut map = vec![(kind.to_string(), Value::text(text))];
    if kind == "http" {
        let status: Vec<&str> = node
            .get("status")
            .map(|node| node.texts())
            .unwrap_or_default()
            .into_iter()
            .map(|(code, _)| code)
            .collect();
        let status = match status.is_empty() {
            true => Value::text("200-299"),
            false => Value::List(status.into_iter().map(Value::bare).collect()),
        };
        map.push(("status".to_string(), status));
    }
    let time = |name: &str| {
        node.text_of(name)
            .and_then(times::go)
            .filter(|time| !time.is_zero())
    };
    let health = key.starts_with("health");
    let patience = if health { "timeout" } else { "start_period" };
    for (name, target) in [("interval", "interval"), ("timeout", patience)] {
        if let Some(time) = time(name) {
            map.push((target.to_string(), Value::bare(times::text(time))));
        }
    }
    if let Some(retries) = node.get("retries").and_then(|node| node.number()) {
        map.push((
            "retries".to_string(),
            Value::bare(retries.clamp(1.0, 1000.0) as u32),
        ));
    }
    if health {
        map.push(("on_unhealthy".to_string(), Value::text("restart")));
    }
    Some(map)
}
