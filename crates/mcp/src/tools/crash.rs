//! `crash` and `changes`: reports as the supervisor writes them, shortened where they are long.

use forge_api::{ClientError, Problem, path, query_string};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::given as some;
use crate::budget;
use crate::link;
use crate::reply::{Answer, Reply, Trouble};
use crate::session::{Caller, Session};
use crate::text;

/// Lines of output and frames that are told unless all are asked for.
const TAIL: usize = 25;
const FRAMES: usize = 12;
const LINE: usize = 400;
/// Crashes of a list.
const LISTED: usize = 20;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Crash {
    /// The process; empty lists the latest crashes of all.
    #[serde(default)]
    name: String,
    /// The number of an earlier crash; 0: the last.
    #[serde(default)]
    id: u64,
    /// All frames and all 200 lines of output.
    #[serde(default)]
    full: bool,
}

pub(crate) async fn crash(session: &Session, given: Crash, _: &Caller) -> Answer {
    if some(&given.name).is_none() && given.id == 0 {
        return list(session).await;
    }
    let id = (given.id != 0).then(|| given.id.to_string());
    let query = query_string(&[("name", some(&given.name)), ("id", id.as_deref())]);
    let mut report: Value = get(session, path::CRASH, &query).await?;
    let text = told(&report, given.full);
    if !given.full {
        shorten(&mut report, "tail", TAIL, true);
        shorten(&mut report, "frames", FRAMES, false);
    }
    Ok(Reply::new(text, report))
}

async fn list(session: &Session) -> Answer {
    let mut answer: Value = get(session, path::CRASHES, "").await?;
    shorten(&mut answer, "crashes", LISTED, true);
    let none = Vec::new();
    let crashes = answer["crashes"].as_array().unwrap_or(&none);
    let mut lines: Vec<String> = crashes
        .iter()
        .map(|one| {
            format!(
                "{} {} #{}: {}",
                text::clock(word(one, "time")),
                word(one, "process"),
                one["id"],
                word(one, "summary")
            )
        })
        .collect();
    match lines.is_empty() {
        true => lines.push("nothing has crashed".to_string()),
        false => lines.push("next: `crash` with `name` shows one".to_string()),
    }
    // The list is for choosing: what is in a report comes with it.
    if let Some(crashes) = answer["crashes"].as_array_mut() {
        for one in crashes {
            if let Some(fields) = one.as_object_mut() {
                fields.retain(|key, _| {
                    [
                        "id",
                        "process",
                        "time",
                        "kind",
                        "summary",
                        "exit_code",
                        "signal",
                        "location",
                    ]
                    .contains(&key.as_str())
                });
            }
        }
    }
    Ok(Reply::new(lines.join("\n"), answer))
}

fn told(report: &Value, full: bool) -> String {
    let mut lines = vec![format!(
        "{}: {}",
        word(report, "process"),
        word(report, "summary")
    )];
    let how = match (report["exit_code"].as_i64(), report["signal"].as_str()) {
        (_, Some(signal)) => format!("ended by {signal}"),
        (Some(code), None) => format!("exit code {code}"),
        (None, None) => "exit status unknown".to_string(),
    };
    let mut facts = vec![how, format!("at {}", word(report, "time"))];
    if let Some(ms) = report["uptime_ms"].as_u64() {
        facts.push(format!("after {}", text::duration(ms)));
    }
    if let Some(count) = report["count_in_window"]
        .as_u64()
        .filter(|count| *count > 1)
    {
        facts.push(format!("crash {count} within the window"));
    }
    if let Some(kind) = report["kind"].as_str() {
        facts.push(format!("kind {kind}"));
    }
    lines.push(facts.join(", "));
    if let Some(error) = report["error"].as_str() {
        lines.push(budget::clip(error, 2_000));
    }
    add_place(report, &mut lines);
    add_changes(&report["changes"], &mut lines);
    for one in report["suggestions"].as_array().into_iter().flatten() {
        lines.push(format!("suggestion: {}", word(one, "text")));
    }
    if let Some(tail) = report["tail"].as_array() {
        let most = if full { usize::MAX } else { TAIL };
        lines.push("last output:".to_string());
        for line in &tail[tail.len().saturating_sub(most)..] {
            let line = line.as_str().unwrap_or_default();
            lines.push(format!("  | {}", budget::clip(line, LINE)));
        }
    }
    lines.push("next: correct the code; a crash that would only repeat is retried by itself when a file changes, else `restart`; then `wait` until ready".to_string());
    lines.join("\n")
}

fn add_place(report: &Value, lines: &mut Vec<String>) {
    let place = &report["location"];
    if let Some(file) = place["file"].as_str() {
        let line = place["line"].as_u64();
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        let function = place["function"].as_str();
        let function = function
            .map(|name| format!(" in {name}"))
            .unwrap_or_default();
        lines.push(format!("at {file}{line}{function}"));
    }
    for source in place["source"].as_array().into_iter().flatten() {
        let source = source
            .as_str()
            .map_or_else(|| source.to_string(), str::to_string);
        lines.push(format!("    {}", budget::clip(&source, 200)));
    }
    let frames = report["frames"].as_array().into_iter().flatten();
    let own = frames.filter(|one| one["application"] == json!(true));
    for frame in own.skip(1).take(5) {
        let line = frame["line"].as_u64().map(|line| format!(":{line}"));
        lines.push(format!(
            "called from {}{} {}",
            word(frame, "file"),
            line.unwrap_or_default(),
            word(frame, "function")
        ));
    }
}

fn add_changes(changes: &Value, lines: &mut Vec<String>) {
    if let Some(time) = changes["modified_at"].as_str() {
        let uncommitted = match changes["uncommitted"].as_bool() {
            Some(true) => ", not yet committed",
            Some(false) | None => "",
        };
        lines.push(format!("that file was changed at {time}{uncommitted}"));
    }
    if let Some(subject) = changes["last_commit"]["subject"].as_str() {
        let id = word(&changes["last_commit"], "id");
        lines.push(format!(
            "its last commit: {} {subject}",
            id.get(..10).unwrap_or(id)
        ));
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changes {
    /// The process.
    name: String,
}

pub(crate) async fn changes(session: &Session, given: Changes, _: &Caller) -> Answer {
    let query = query_string(&[("name", some(&given.name))]);
    let answer: Value = get(session, path::CHANGES, &query).await?;
    let text = budget::clip(&differences(&answer), 8_000);
    Ok(Reply::new(text, answer))
}

/// What differs, by kind: most of it are names of files.
fn differences(answer: &Value) -> String {
    let name = word(answer, "name");
    let Some(since) = answer["since"].as_str() else {
        return format!("{name} was never ready: there is nothing to compare with");
    };
    let none = Vec::new();
    let all = answer["changes"].as_array().unwrap_or(&none);
    if all.is_empty() {
        return format!("nothing has changed since {name} was last ready, {since}");
    }
    let mut lines = vec![format!("since {name} was last ready, {since}:")];
    for one in all {
        let (before, after) = (one["before"].as_str(), one["after"].as_str());
        let what = word(one, "what");
        lines.push(match (before, after) {
            (Some(before), Some(after)) => format!("{what} {before} → {after}"),
            (_, _) => format!("{what} {}: {}", word(one, "name"), word(one, "change")),
        });
    }
    lines.join("\n")
}

/// As [`link::get`]; a supervisor that does not know the path is of an older version.
async fn get(session: &Session, path: &str, query: &str) -> Result<Value, Trouble> {
    match link::get(session.host(), path, query).await {
        Err(Trouble::Client(ClientError::Problem(problem))) if is_unknown_path(&problem) => {
            Err(Problem::failed("the supervisor that runs here is of an older version and has no crash reports")
                .with_hint("run `forge daemon restart` in a shell: it replaces the supervisor, the processes go on; `logs` shows the output meanwhile")
                .into())
        }
        answer => answer,
    }
}

fn is_unknown_path(problem: &Problem) -> bool {
    problem.kind == "unknown-path" || problem.detail.starts_with("there is no such path")
}

fn shorten(value: &mut Value, field: &str, most: usize, from_end: bool) {
    if let Some(items) = value.get_mut(field).and_then(Value::as_array_mut)
        && items.len() > most
    {
        match from_end {
            true => drop(items.drain(..items.len() - most)),
            false => items.truncate(most),
        }
    }
}

fn word<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_lines() {
        let mut answer = json!({"name": "api", "since": null, "changes": []});
        assert_eq!(
            differences(&answer),
            "api was never ready: there is nothing to compare with"
        );
        answer["since"] = json!("2025-11-21T14:30:15Z");
        assert!(differences(&answer).starts_with("nothing has changed"));
        answer["changes"] = json!([
            {"what": "commit", "name": "", "change": "changed", "before": "a1", "after": "b2"},
            {"what": "file", "name": "app.py", "change": "changed"},
        ]);
        assert_eq!(
            differences(&answer),
            "since api was last ready, 2025-11-21T14:30:15Z:\ncommit a1 → b2\nfile app.py: changed"
        );
    }
}
