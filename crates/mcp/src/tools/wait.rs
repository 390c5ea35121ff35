//! `wait`: one call instead of many looks.

use std::time::{Duration, Instant};

use forge_api::{
    LogsAnswer, LogsQuery, PortsAnswer, Problem, WaitAnswer, WaitFor, WaitRequest, path,
    query_string,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::arguments::{given as some, millis};
use crate::budget;
use crate::link;
use crate::reply::{Answer, Reply, Trouble};
use crate::session::{Caller, Session};
use crate::text;

/// How often it is looked for who listens.
const LOOK: Duration = Duration::from_millis(150);
/// How often an agent that waits is told that it still waits.
const TELL: Duration = Duration::from_secs(5);
/// Lines that are told where something has not come about.
const TAIL: usize = 15;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wait {
    /// A name, group or glob: all of it. May be empty with "port".
    #[serde(default)]
    target: String,
    /// What to wait for.
    #[serde(default)]
    until: Until,
    /// With "log": a regular expression that a line of the present run matches.
    #[serde(default)]
    pattern: String,
    /// With "port": the port that is to be listened on.
    #[serde(default)]
    port: u16,
    /// How long to wait, in seconds.
    #[serde(default = "usual_timeout")]
    timeout_s: u64,
}

/// What to wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Until {
    /// Healthy, or ready where there is no check.
    #[default]
    Ready,
    /// The present run has ended.
    Exit,
    /// A line matches.
    Log,
    /// A port is listened on.
    Port,
}

fn usual_timeout() -> u64 {
    60
}

pub(crate) async fn wait(session: &Session, given: Wait, caller: &Caller) -> Answer {
    let until = match given.until {
        Until::Port => return wait_for_port(session, &given, caller).await,
        Until::Ready => WaitFor::Ready,
        Until::Exit => WaitFor::Exit,
        Until::Log => match some(&given.pattern) {
            Some(pattern) => WaitFor::Log(pattern.to_string()),
            None => return Err(Trouble::Arguments("until \"log\" needs `pattern`".into())),
        },
    };
    let Some(target) = some(&given.target) else {
        return Err(Trouble::Arguments(
            "`target` is missing: the name of a process".into(),
        ));
    };
    let deadline = Instant::now() + Duration::from_millis(millis(given.timeout_s));
    let asked = Asked {
        session,
        target,
        until,
        deadline,
    };
    let answer = tokio::select! {
        answer = asked.answer() => answer?,
        never = keep_telling(caller, target) => never,
    };
    let mut lines = vec![match &answer.line {
        Some(line) => budget::clip(line, 500),
        None => format!("{target}: {}", answer.detail),
    }];
    let mut data = json!({ "ok": answer.ok, "detail": answer.detail });
    if let Some(code) = answer.exit_code {
        data["exit_code"] = json!(code);
    }
    if let Some(line) = &answer.line {
        data["line"] = json!(budget::clip(line, 2_000));
    }
    if !answer.ok {
        add_evidence(session, target, &mut lines, &mut data).await;
    }
    Ok(Reply::new(lines.join("\n"), data).failed_if(!answer.ok))
}

/// What is asked of the supervisor; asked again for the rest of the time when it dies.
struct Asked<'a> {
    session: &'a Session,
    target: &'a str,
    until: WaitFor,
    deadline: Instant,
}

impl Asked<'_> {
    async fn answer(&self) -> Result<WaitAnswer, Trouble> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let request = WaitRequest {
            target: self.target.to_string(),
            until: self.until.clone(),
            timeout_ms: Some(u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
        };
        link::post(self.session.host(), path::WAIT, &request).await
    }
}

/// Agents give up on a call that says nothing for long.
async fn keep_telling<T>(caller: &Caller, what: &str) -> T {
    let begun = Instant::now();
    loop {
        tokio::time::sleep(TELL).await;
        let seconds = begun.elapsed().as_secs();
        let message = format!("waiting for {what} for {seconds} s");
        caller
            .tell(usize::try_from(seconds).unwrap_or(0), 0, message)
            .await;
    }
}

/// How it is instead, and what it said last.
async fn add_evidence(session: &Session, target: &str, lines: &mut Vec<String>, data: &mut Value) {
    if let Ok(status) = super::status::fetch(session, &[target.to_string()]).await {
        lines.extend(status.processes.iter().take(10).map(text::process));
        data["processes"] = status
            .processes
            .iter()
            .take(10)
            .map(text::process_data)
            .collect();
    }
    let query = LogsQuery {
        targets: Some(target.to_string()),
        tail: Some(TAIL),
        ..LogsQuery::default()
    };
    let logs = link::get::<LogsAnswer>(session.host(), path::LOGS, &query.to_query()).await;
    if let Ok(logs) = logs {
        let tail: Vec<String> = logs
            .lines
            .iter()
            .map(|line| budget::clip(&line.message, 300))
            .collect();
        lines.extend(tail.iter().map(|line| format!("  | {line}")));
        data["tail"] = json!(tail);
    }
    lines.push(format!(
        "next: `why` with name \"{target}\" explains, `crash` tells of a crash, `wait` waits on"
    ));
}

async fn wait_for_port(session: &Session, given: &Wait, caller: &Caller) -> Answer {
    if given.port == 0 {
        return Err(Trouble::Arguments("until \"port\" needs `port`".into()));
    }
    let deadline = Instant::now() + Duration::from_millis(millis(given.timeout_s));
    let number = given.port.to_string();
    let query = query_string(&[("port", Some(&number)), ("all", Some("true"))]);
    let mut told = Instant::now();
    loop {
        let answer = link::get::<PortsAnswer>(session.host(), path::PORTS, &query).await;
        let rows = match answer {
            Ok(answer) => answer.ports,
            // Nobody listening may be told as an error.
            Err(Trouble::Client(forge_api::ClientError::Problem(Problem {
                exit_code: 1 | 3,
                ..
            }))) => Vec::new(),
            Err(error) => return Err(error),
        };
        let wanted = some(&given.target);
        let found = rows
            .iter()
            .find(|row| wanted.is_none_or(|name| row.name.as_deref() == Some(name)));
        if let Some(row) = found {
            let who = row
                .name
                .as_deref()
                .or(row.process.as_deref())
                .unwrap_or("somebody");
            let text = format!("port {} is listened on by {who}", row.port);
            return Ok(Reply::new(text, json!({ "ok": true, "port": row })));
        }
        if Instant::now() >= deadline {
            let text = match rows.first() {
                Some(row) => format!(
                    "port {} is listened on by {}, not by {}",
                    given.port,
                    row.name
                        .as_deref()
                        .or(row.command.as_deref())
                        .unwrap_or("somebody"),
                    wanted.unwrap_or("that process")
                ),
                None => format!("nobody listens on port {}", given.port),
            };
            let text = format!(
                "{text}\nnext: `ports` shows who listens where, `logs` what the process says"
            );
            return Ok(Reply::new(text, json!({ "ok": false })).failed_if(true));
        }
        if told.elapsed() >= TELL {
            told = Instant::now();
            caller
                .tell(0, 0, format!("nobody listens on port {} yet", given.port))
                .await;
        }
        tokio::time::sleep(LOOK).await;
    }
}
