//! `why`, `profiles`, `events` and `detect`.

use std::path::PathBuf;

use forge_api::{Event, ProfilesAnswer, WhyAnswer, path, query_string};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::{given as some, one_or_many};
use crate::budget;
use crate::link;
use crate::reply::{Answer, Reply, Trouble};
use crate::session::{Caller, Session};
use crate::text;

/// Settings that are told, and characters of each.
const SETTINGS: usize = 60;
const VALUE: usize = 200;
/// Most events of an answer.
const EVENTS: usize = 200;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    /// The process.
    name: String,
    /// Also settings and variables that are only passed on or defaults.
    #[serde(default)]
    all_settings: bool,
}

pub(crate) async fn why(session: &Session, given: Why, _: &Caller) -> Answer {
    let query = query_string(&[("name", Some(&given.name))]);
    let mut answer: WhyAnswer = link::get(session.host(), path::WHY, &query).await?;
    if !given.all_settings {
        answer
            .settings
            .retain(|one| !matches!(one.from.as_str(), "client" | "default"));
    }
    let left_out = answer.settings.len().saturating_sub(SETTINGS);
    answer.settings.truncate(SETTINGS);
    for one in &mut answer.settings {
        one.value = budget::clip(&one.value, VALUE);
    }
    let mut lines = vec![format!(
        "{} is {}: {}",
        answer.name, answer.status, answer.summary
    )];
    lines.extend(
        answer
            .because
            .iter()
            .map(|one| format!("because {}", one.text)),
    );
    for one in &answer.settings {
        lines.push(format!("{} = {} ({})", one.key, one.value, one.from));
    }
    if left_out > 0 {
        lines.push(format!("and {left_out} settings more"));
    }
    let data = serde_json::to_value(&answer).unwrap_or_default();
    Ok(Reply::new(lines.join("\n"), data))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profiles {}

pub(crate) async fn profiles(session: &Session, _: Profiles, _: &Caller) -> Answer {
    let answer: ProfilesAnswer = link::get(session.host(), path::PROFILES, "").await?;
    let line = |one: &forge_api::ProfileRow| {
        let default = if one.default { " (default)" } else { "" };
        let running = match one.running.is_empty() {
            true => "none runs".to_string(),
            false => format!("running: {}", one.running.join(", ")),
        };
        format!(
            "{}{default}: {}; {running}",
            one.name,
            one.processes.join(", ")
        )
    };
    let lines: Vec<String> = answer.profiles.iter().map(line).collect();
    let data = serde_json::to_value(&answer).unwrap_or_default();
    Ok(Reply::new(lines.join("\n"), data))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Events {
    /// Names of processes; empty: all.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(with = "Vec<String>")]
    targets: Vec<String>,
    /// Only what came since your last call.
    #[serde(default)]
    new: bool,
    /// Not before: an RFC 3339 time.
    #[serde(default)]
    since: String,
    /// At most so many, the latest.
    #[serde(default = "usual_events")]
    limit: usize,
}

fn usual_events() -> usize {
    40
}

pub(crate) async fn events(session: &Session, given: Events, _: &Caller) -> Answer {
    let key = "events".to_string();
    let seen = if given.new { session.seen(&key) } else { None };
    let since = some(&given.since)
        .map(str::to_string)
        .or_else(|| seen.clone());
    let query = query_string(&[("since", since.as_deref())]);
    let mut all: Vec<Event> = link::get(session.host(), path::EVENTS, &query).await?;
    if let Some(last) = all.last() {
        session.remember(key, last.time.clone());
    }
    all.retain(|event| {
        seen.as_ref() != Some(&event.time)
            && (given.targets.is_empty()
                || event
                    .process
                    .as_ref()
                    .is_some_and(|name| given.targets.contains(name)))
    });
    let limit = given.limit.clamp(1, EVENTS);
    let left_out = all.len().saturating_sub(limit);
    all.drain(..left_out);
    let mut lines = Vec::new();
    if left_out > 0 {
        lines.push(format!("{left_out} earlier events left out"));
    }
    lines.extend(all.iter().map(|event| {
        format!(
            "{} {} {}: {}",
            text::clock(&event.time),
            event.process.as_deref().unwrap_or("workspace"),
            event.kind,
            budget::clip(&event.message, 300)
        )
    }));
    if lines.is_empty() {
        lines.push("nothing has happened".to_string());
    }
    Ok(Reply::new(
        lines.join("\n"),
        json!({ "events": all, "left_out": left_out }),
    ))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detect {
    /// The folder; empty: the workspace, or the folder that the server was started in.
    #[serde(default)]
    folder: String,
}

pub(crate) async fn detect(session: &Session, given: Detect, _: &Caller) -> Answer {
    let host = session.host.clone();
    let folder = some(&given.folder).map(PathBuf::from);
    // A large repository takes a while to read.
    let found = tokio::task::spawn_blocking(move || host.detect(folder.as_deref())).await;
    let found =
        found.map_err(|error| Trouble::from(forge_api::Problem::failed(error.to_string())))??;
    let mut lines = Vec::new();
    for (field, what) in [("processes", "process"), ("services", "service")] {
        for one in found[field].as_array().into_iter().flatten() {
            lines.push(suggestion(one, what));
        }
    }
    match lines.is_empty() {
        true => lines.push("nothing here looks like something to keep running".to_string()),
        false => lines.push("next: write those that fit into .forge/processes.yml (or run `forge dev init` in a shell), then `start`".to_string()),
    }
    Ok(Reply::new(lines.join("\n"), found))
}

fn suggestion(one: &Value, what: &str) -> String {
    let word = |field: &str| one[field].as_str().unwrap_or("?");
    let mut text = format!("{what} {}: `{}`", word("name"), word("command"));
    if let Some(cwd) = one["cwd"].as_str() {
        text.push_str(&format!(" in {cwd}"));
    }
    if let Some(port) = one["port"].as_u64() {
        text.push_str(&format!(", port {port}"));
    }
    text.push_str(&format!(" ({})", word("why")));
    text
}
