//! `ports` and `free_port`.

use forge_api::{
    ClientError, KillPortAnswer, KillPortRequest, PortRow, PortsAnswer, path, query_string,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::budget;
use crate::link;
use crate::reply::{Answer, Reply, Trouble};
use crate::session::{Caller, Session};

/// What an agent does about a port that it may not free.
const ASK: &str = "ask the user to end it (or to start `forge mcp --allow-foreign-kill`), or `start` with on_conflict \"next-port\"";

/// Most rows that are told.
const MOST: usize = 60;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ports {
    /// One port, wherever it belongs; 0: all of this workspace.
    #[serde(default)]
    port: u16,
    /// The whole machine, not this workspace alone.
    #[serde(default)]
    all: bool,
}

pub(crate) async fn ports(session: &Session, given: Ports, _: &Caller) -> Answer {
    let port = (given.port != 0).then(|| given.port.to_string());
    let all = (given.all || port.is_some()).then_some("true");
    let query = query_string(&[("port", port.as_deref()), ("all", all)]);
    let answer: PortsAnswer = link::get(session.host(), path::PORTS, &query).await?;
    let rows = &answer.ports[..answer.ports.len().min(MOST)];
    let mut lines: Vec<String> = rows.iter().map(row).collect();
    if answer.ports.len() > MOST {
        lines.push(format!("and {} more", answer.ports.len() - MOST));
    }
    if lines.is_empty() {
        lines.push(match port {
            Some(port) => format!("port {port} is free"),
            None => "nothing of this workspace listens; `all: true` shows the machine".to_string(),
        });
    }
    let mut data = json!({ "ports": rows });
    for one in data["ports"].as_array_mut().into_iter().flatten() {
        if let Some(command) = one["command"].as_str() {
            one["command"] = json!(budget::clip(command, 200));
        }
    }
    Ok(Reply::new(lines.join("\n"), data))
}

fn row(row: &PortRow) -> String {
    let who = match (&row.name, &row.command, &row.process) {
        (Some(name), _, _) => name.clone(),
        (None, Some(command), _) => budget::clip(command, 100),
        (None, None, Some(process)) => process.clone(),
        (None, None, None) => "hidden by permissions".to_string(),
    };
    let pid = row
        .pid
        .map(|pid| format!(", pid {pid}"))
        .unwrap_or_default();
    format!(
        "{} {}:{} {who}{pid} ({})",
        row.protocol, row.address, row.port, row.owner
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FreePort {
    /// The port.
    port: u16,
    /// SIGKILL at once.
    #[serde(default)]
    force: bool,
}

pub(crate) async fn free_port(session: &Session, given: FreePort, _: &Caller) -> Answer {
    if given.port == 0 {
        return Err(Trouble::Arguments(
            "`port` is a number from 1 to 65535".into(),
        ));
    }
    let request = KillPortRequest {
        port: given.port,
        force: given.force,
        own_only: !session.options.allow_foreign_kill,
    };
    let answer: Result<KillPortAnswer, _> =
        link::once(session.host(), path::KILL_PORT, &request).await;
    let answer = match answer {
        // What the supervisor advises is for people at a shell.
        Err(Trouble::Client(ClientError::Problem(problem))) if request.own_only => {
            return Err(problem.with_hint(ASK).into());
        }
        answer => answer?,
    };
    let mut lines = Vec::new();
    if !answer.stopped.is_empty() {
        lines.push(format!("stopped {}", answer.stopped.join(", ")));
    }
    if !answer.ended.is_empty() {
        let pids: Vec<String> = answer.ended.iter().map(i32::to_string).collect();
        lines.push(format!("ended pid {}", pids.join(", ")));
    }
    for one in &answer.refused {
        let pid = one
            .pid
            .map_or("a hidden process".to_string(), |pid| format!("pid {pid}"));
        lines.push(format!("not ended: {pid}: {}", one.why));
    }
    match answer.ok {
        true => lines.push(format!("port {} is free", given.port)),
        false if !answer.refused.is_empty() && request.own_only => {
            lines.push(format!("next: {ASK}"));
        }
        false => lines.push(format!(
            "port {} is still taken; `ports` shows by whom",
            given.port
        )),
    }
    let data = serde_json::to_value(&answer).unwrap_or_default();
    Ok(Reply::new(lines.join("\n"), data).failed_if(!answer.ok))
}
