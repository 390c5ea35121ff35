//! `start`, `stop`, `restart`, `reload` and `run`.

use std::collections::BTreeMap;

use forge_api::{
    OnConflict, Problem, ReloadRequest, RestartRequest, RunRequest, StartAnswer, StartRequest,
    StopAnswer, StopRequest, path,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::arguments::{given as some, millis, one_or_many, yes};
use crate::budget;
use crate::link;
use crate::reply::{Answer, Reply, Trouble};
use crate::session::{Caller, Session};
use crate::text;

/// Lines of output that are told of a process that failed, and characters of each.
const TAIL: usize = 15;
const LINE: usize = 300;
/// Most processes that are told one by one.
const MOST: usize = 60;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// Names, groups or globs; empty: all of the profile.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(with = "Vec<String>")]
    targets: Vec<String>,
    /// The profile; empty: the one in use, else the default.
    #[serde(default)]
    profile: String,
    /// Wait until all are ready.
    #[serde(default = "yes")]
    wait: bool,
    /// How long to wait, in seconds; the processes go on behind it.
    #[serde(default = "start_timeout")]
    timeout_s: u64,
    /// What to do about a port that is taken: "fail", "next-port" (take another one), "attach" (manage who has it), "kill" (only if the user allows it).
    #[serde(default)]
    on_conflict: Choice,
}

/// What to do about a port that is taken.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Choice {
    #[default]
    Fail,
    NextPort,
    Attach,
    Kill,
}

fn start_timeout() -> u64 {
    120
}

pub(crate) async fn start(session: &Session, given: Start, caller: &Caller) -> Answer {
    let on_conflict = match given.on_conflict {
        Choice::Fail => OnConflict::Fail,
        Choice::NextPort => OnConflict::NextPort,
        Choice::Attach => OnConflict::Attach,
        Choice::Kill if session.options.allow_foreign_kill => OnConflict::Kill,
        Choice::Kill => {
            return Err(Problem::usage(
                "this agent may not end what Forge did not start",
            )
            .with_hint("use on_conflict \"next-port\", or ask the user to end it or to start `forge mcp --allow-foreign-kill`")
            .into());
        }
    };
    let request = StartRequest {
        profile: some(&given.profile).map(str::to_string),
        targets: given.targets,
        environment: session.host().environment(),
        wait: given.wait,
        timeout_ms: Some(millis(given.timeout_s)),
        on_conflict,
        also: Vec::new(),
    };
    let answer = up(session, path::START, &request, caller).await?;
    Ok(told(&answer, given.wait))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stop {
    /// Names, groups or globs; empty: everything of this workspace.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(with = "Vec<String>")]
    targets: Vec<String>,
    /// SIGKILL at once instead of asking first.
    #[serde(default)]
    force: bool,
}

pub(crate) async fn stop(session: &Session, given: Stop, caller: &Caller) -> Answer {
    let request = StopRequest {
        targets: given.targets,
        timeout_ms: None,
        force: given.force,
    };
    let answer: StopAnswer = link::follow(session.host(), path::STOP, &request, caller).await?;
    let mut lines = Vec::new();
    if !answer.stopped.is_empty() {
        lines.push(format!("stopped {}", answer.stopped.join(", ")));
    }
    if !answer.already.is_empty() {
        lines.push(format!("was down already: {}", answer.already.join(", ")));
    }
    for left in &answer.left {
        lines.push(format!(
            "could not be ended: {} pid {} `{}`: {}",
            left.name, left.pid, left.command, left.why
        ));
    }
    lines.extend(answer.notes.iter().cloned());
    if lines.is_empty() {
        lines.push("nothing ran".to_string());
    }
    let data = serde_json::to_value(&answer).unwrap_or_default();
    Ok(Reply::new(lines.join("\n"), data).failed_if(!answer.ok))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restart {
    /// Names, groups or globs; empty: all that run.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(with = "Vec<String>")]
    targets: Vec<String>,
    /// Wait until all are ready.
    #[serde(default = "yes")]
    wait: bool,
    /// How long to wait, in seconds.
    #[serde(default = "start_timeout")]
    timeout_s: u64,
    /// "on" or "off" switches debug mode; empty leaves it.
    #[serde(default)]
    debug: Switch,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Switch {
    #[default]
    #[serde(rename = "")]
    Leave,
    On,
    Off,
}

pub(crate) async fn restart(session: &Session, given: Restart, caller: &Caller) -> Answer {
    let request = RestartRequest {
        targets: given.targets,
        environment: session.host().environment(),
        wait: given.wait,
        timeout_ms: Some(millis(given.timeout_s)),
        debug: match given.debug {
            Switch::Leave => None,
            Switch::On => Some(true),
            Switch::Off => Some(false),
        },
    };
    let answer = up(session, path::RESTART, &request, caller).await?;
    Ok(told(&answer, given.wait))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reload {
    /// Wait until all are ready.
    #[serde(default = "yes")]
    wait: bool,
    /// How long to wait, in seconds.
    #[serde(default = "start_timeout")]
    timeout_s: u64,
}

pub(crate) async fn reload(session: &Session, given: Reload, caller: &Caller) -> Answer {
    let request = ReloadRequest {
        environment: session.host().environment(),
        wait: given.wait,
        timeout_ms: Some(millis(given.timeout_s)),
    };
    let answer = up(session, path::RELOAD, &request, caller).await?;
    Ok(told(&answer, given.wait))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    /// Its name from now on: letters, digits, `_`, `.`, `-`.
    name: String,
    /// The command: a string for the shell, or a list of program and arguments.
    #[serde(deserialize_with = "command")]
    #[schemars(with = "String")]
    command: Vec<String>,
    /// The port that it will listen on; it is ready when it does. 0: none.
    #[serde(default)]
    port: u16,
    /// The folder to run in; empty: the workspace.
    #[serde(default)]
    cwd: String,
    /// Variables for its environment.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Wait until it is ready.
    #[serde(default = "yes")]
    wait: bool,
    /// How long to wait, in seconds.
    #[serde(default = "start_timeout")]
    timeout_s: u64,
}

/// A string is for the shell.
fn command<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "a command line or a list of program and arguments"
    )]
    enum Form {
        Line(String),
        Words(Vec<String>),
    }
    Ok(match Form::deserialize(from)? {
        Form::Line(line) => ["sh", "-c", &line].map(str::to_string).to_vec(),
        Form::Words(words) => words,
    })
}

pub(crate) async fn run(session: &Session, given: Run, caller: &Caller) -> Answer {
    let request = RunRequest {
        name: given.name,
        command: given.command,
        port: (given.port != 0).then_some(given.port),
        cwd: some(&given.cwd).map(str::to_string),
        env: given.env,
        tty: false,
        agent: Some(caller.agent.clone()),
        environment: session.host().environment(),
        wait: given.wait,
        timeout_ms: Some(millis(given.timeout_s)),
    };
    let answer = up(session, path::RUN, &request, caller).await?;
    Ok(told(&answer, given.wait))
}

async fn up(
    session: &Session,
    path: &str,
    request: &(impl Serialize + Sync),
    caller: &Caller,
) -> Result<StartAnswer, Trouble> {
    link::follow(session.host(), path, request, caller).await
}

fn told(answer: &StartAnswer, waited: bool) -> Reply {
    let mut lines = Vec::new();
    if !answer.already.is_empty() {
        lines.push(format!("ran already: {}", answer.already.join(", ")));
    }
    lines.extend(answer.processes.iter().take(MOST).map(text::process));
    if answer.processes.len() > MOST {
        lines.push(format!("and {} more", answer.processes.len() - MOST));
    }
    lines.extend(answer.notes.iter().map(|note| format!("note: {note}")));
    for url in &answer.urls {
        lines.push(format!("open: {url}"));
    }
    let tail = |all: &[String]| -> Vec<String> {
        let from = all.len().saturating_sub(TAIL);
        all[from..]
            .iter()
            .map(|line| budget::clip(line, LINE))
            .collect()
    };
    for failed in answer.failed.iter().take(MOST) {
        let cause = failed.summary.as_ref().unwrap_or(&failed.message);
        let place = failed.location.as_ref().map(|place| format!(" at {place}"));
        lines.push(format!(
            "failed: {}: {cause}{}",
            failed.name,
            place.unwrap_or_default()
        ));
        lines.extend(tail(&failed.tail).iter().map(|line| format!("  | {line}")));
    }
    for taken in &answer.conflicts {
        let who = taken
            .command
            .as_deref()
            .unwrap_or("somebody whom permissions hide");
        let pid = taken
            .pid
            .map(|pid| format!(" (pid {pid})"))
            .unwrap_or_default();
        lines.push(format!(
            "port {} of {} is taken by {who}{pid}",
            taken.port, taken.name
        ));
    }
    if let Some(next) = next(answer, waited) {
        lines.push(format!("next: {next}"));
    }
    let failed: Vec<_> = answer
        .failed
        .iter()
        .map(|one| {
            json!({
                "name": one.name,
                "message": one.message,
                "summary": one.summary,
                "location": one.location,
                "tail": tail(&one.tail),
            })
        })
        .collect();
    let data = json!({
        "ok": answer.ok,
        "started": answer.started,
        "already": answer.already,
        "failed": failed,
        "conflicts": answer.conflicts,
        "notes": answer.notes,
        "urls": answer.urls,
        "processes": answer.processes.iter().take(MOST).map(text::process_data).collect::<Vec<_>>(),
    });
    Reply::new(lines.join("\n"), data).failed_if(!answer.ok)
}

fn next(answer: &StartAnswer, waited: bool) -> Option<String> {
    if let Some(failed) = answer.failed.first() {
        let name = &failed.name;
        return Some(format!(
            "`crash` with name \"{name}\" shows where and why it failed; correct that, then `start` again"
        ));
    }
    if !answer.conflicts.is_empty() {
        return Some(
            "`start` with on_conflict \"next-port\" takes another port; `free_port` ends an old run of this workspace".to_string(),
        );
    }
    if !answer.ok {
        return Some(
            "`status` shows what is not up yet, `wait` waits on, `why` explains".to_string(),
        );
    }
    (!waited).then(|| "`wait` waits until they are ready".to_string())
}
