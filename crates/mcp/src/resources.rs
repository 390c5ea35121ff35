//! Resources: what an agent or a person may attach to a conversation.

use forge_api::{LogsAnswer, LogsQuery, Status, path, query_string};
use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::Value;

use crate::budget;
use crate::link;
use crate::mask;
use crate::reply::Trouble;
use crate::session::Session;
use crate::text;

const STATUS: &str = "forge://status";
const CONFIGURATION: &str = "forge://configuration";
const LOGS: &str = "forge://logs/";
const CRASH: &str = "forge://crash/";

/// Lines and characters of a log.
const LINES: usize = 300;
const CHARS: usize = 40_000;
/// Most processes whose resources are listed.
const MOST: usize = 100;

/// What there is now.
pub(crate) async fn list(session: &Session) -> Vec<Resource> {
    let mut all = vec![
        Resource::new(STATUS, "status")
            .with_title("Status")
            .with_description("All processes as they are now")
            .with_mime_type("application/json"),
        Resource::new(CONFIGURATION, "configuration")
            .with_title("Configuration")
            .with_description(".forge/processes.yml, secrets masked")
            .with_mime_type("application/yaml"),
    ];
    // Without a supervisor there are no processes to tell of.
    let status: Result<Status, _> = link::get(session.host(), path::STATUS, "").await;
    for one in status
        .into_iter()
        .flat_map(|status| status.processes)
        .take(MOST)
    {
        let name = &one.name;
        all.push(
            Resource::new(format!("{LOGS}{name}"), format!("logs of {name}"))
                .with_description(format!("The last output of {name}"))
                .with_mime_type("text/plain"),
        );
        if one.status == "crashed"
            || one.exit_code.is_some_and(|code| code != 0)
            || one.signal.is_some()
        {
            all.push(
                Resource::new(format!("{CRASH}{name}"), format!("crash of {name}"))
                    .with_description(format!("The last crash report of {name}"))
                    .with_mime_type("application/json"),
            );
        }
    }
    all
}

pub(crate) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new(format!("{LOGS}{{process}}"), "logs")
            .with_description("The last output of a process")
            .with_mime_type("text/plain"),
        ResourceTemplate::new(format!("{CRASH}{{process}}"), "crash")
            .with_description("The last crash report of a process")
            .with_mime_type("application/json"),
    ]
}

/// # Errors
///
/// A resource that there is not, or that cannot be read now.
pub(crate) async fn read(session: &Session, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let read = if uri == STATUS {
        json(session, path::STATUS, "").await
    } else if uri == CONFIGURATION {
        session
            .host()
            .configuration()
            .map(|(path, text)| (format!("# {path}\n{text}"), "application/yaml"))
            .map_err(Trouble::from)
    } else if let Some(name) = uri.strip_prefix(LOGS) {
        logs(session, name).await
    } else if let Some(name) = uri.strip_prefix(CRASH) {
        json(session, path::CRASH, &query_string(&[("name", Some(name))])).await
    } else {
        return Err(ErrorData::resource_not_found(
            format!(
                "there is no resource {}; resources/list tells what there is",
                budget::clip(uri, 200)
            ),
            None,
        ));
    };
    let (text, kind) = read.map_err(|trouble| {
        let problem = trouble.into_problem();
        let hint = problem
            .hint
            .map(|hint| format!("; {hint}"))
            .unwrap_or_default();
        let message = format!("{}{hint}", problem.detail);
        match problem.exit_code {
            3 => ErrorData::resource_not_found(message, None),
            _ => ErrorData::internal_error(message, None),
        }
    })?;
    let contents = ResourceContents::text(mask::text(&text), uri).with_mime_type(kind);
    Ok(ReadResourceResult::new(vec![contents]))
}

type Read = Result<(String, &'static str), Trouble>;

async fn json(session: &Session, path: &str, query: &str) -> Read {
    let mut value: Value = link::get(session.host(), path, query).await?;
    mask::value(&mut value);
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    Ok((text, "application/json"))
}

async fn logs(session: &Session, name: &str) -> Read {
    let query = LogsQuery {
        targets: Some(name.to_string()),
        tail: Some(LINES),
        ..LogsQuery::default()
    };
    let answer: LogsAnswer = link::get(session.host(), path::LOGS, &query.to_query()).await?;
    let lines: Vec<String> = answer
        .lines
        .iter()
        .map(|line| {
            format!(
                "{} {}",
                text::clock(&line.time),
                budget::clip(&line.message, 1_000)
            )
        })
        .collect();
    let keep = budget::last_that_fit(&lines, CHARS, String::len);
    Ok((lines[lines.len() - keep..].join("\n"), "text/plain"))
}
