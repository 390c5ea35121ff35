//! How processes are told in a line.

use forge_api::{Process, Status};
use serde_json::{Value, json};

/// The time of day of an RFC 3339 time: what differs within a session.
pub(crate) fn clock(time: &str) -> &str {
    time.get(11..19).unwrap_or(time)
}

/// `42s`, `12m`, `3h`, `2d`.
pub(crate) fn duration(ms: u64) -> String {
    match ms / 1_000 {
        seconds @ 0..120 => format!("{seconds}s"),
        seconds @ 120..7_200 => format!("{}m", seconds / 60),
        seconds @ 7_200..172_800 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

/// One process in a line.
pub(crate) fn process(one: &Process) -> String {
    let mut text = format!("{}: {}", one.name, one.status);
    if matches!(
        one.health.state.as_str(),
        "healthy" | "unhealthy" | "checking"
    ) {
        text.push_str(&format!(" ({})", one.health.state));
    }
    if let Some(port) = one.port {
        text.push_str(&format!(", port {port}"));
    }
    if let Some(url) = &one.url {
        text.push_str(&format!(", {url}"));
    }
    if let (Some(ms), true) = (one.uptime_ms, one.pid.is_some()) {
        text.push_str(&format!(", up {}", duration(ms)));
    }
    if one.restarts > 0 {
        let plural = if one.restarts == 1 { "" } else { "s" };
        text.push_str(&format!(", {} restart{plural}", one.restarts));
    }
    if let Some(pid) = one.pid {
        text.push_str(&format!(", pid {pid}"));
    } else if let Some(signal) = &one.signal {
        text.push_str(&format!(", ended by {signal}"));
    } else if let Some(code) = one.exit_code {
        text.push_str(&format!(", exit code {code}"));
    }
    if !one.waiting_for.is_empty() {
        text.push_str(&format!(", waits for {}", one.waiting_for.join(", ")));
    }
    // Often it says no more than how it ended.
    if let Some(message) = &one.message
        && !text.ends_with(message.as_str())
    {
        text.push_str(" - ");
        text.push_str(message);
    }
    if let (Some(detail), "unhealthy") = (&one.health.detail, one.health.state.as_str()) {
        text.push_str(&format!(" - health check: {detail}"));
    }
    text
}

/// One process as data: what an agent decides by.
pub(crate) fn process_data(one: &Process) -> Value {
    let mut data = json!({
        "name": one.name,
        "status": one.status,
        "health": one.health.state,
        "restarts": one.restarts,
    });
    let mut add = |key: &str, value: Value| {
        if !value.is_null() {
            data[key] = value;
        }
    };
    add("port", json!(one.port));
    add("url", json!(one.url));
    add("pid", json!(one.pid));
    add("run_id", json!(one.run_id));
    add("uptime_ms", json!(one.uptime_ms));
    add("exit_code", json!(one.exit_code));
    add("signal", json!(one.signal));
    add("message", json!(one.message));
    add("restart_at", json!(one.restart_at));
    add("description", json!(one.description));
    add("cpu_percent", json!(one.cpu_percent));
    add("memory_bytes", json!(one.memory_bytes));
    if one.debug {
        add("debug", json!(true));
    }
    if !one.waiting_for.is_empty() {
        add("waiting_for", json!(one.waiting_for));
    }
    if one.health.state == "unhealthy" {
        add("health_detail", json!(one.health.detail));
    }
    data
}

/// Whether it deserves a look before others.
pub(crate) fn is_troubled(one: &Process) -> bool {
    matches!(one.status.as_str(), "crashed" | "restarting") || one.health.state == "unhealthy"
}

/// What one would call next.
pub(crate) fn next_steps(status: &Status) -> Option<String> {
    let troubled = status.processes.iter().find(|one| is_troubled(one))?;
    let name = &troubled.name;
    Some(match troubled.status.as_str() {
        "crashed" | "restarting" => {
            format!("`crash` with name \"{name}\" shows where and why it failed")
        }
        _ => format!("`why` with name \"{name}\" explains, `logs` shows what it says"),
    })
}
