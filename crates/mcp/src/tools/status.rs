//! `status`.

use forge_api::{ProfilesAnswer, path, query_string};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::arguments::one_or_many;
use crate::link;
use crate::reply::{Answer, Reply};
use crate::session::{Caller, Session};
use crate::text;

/// Most processes that are told one by one.
const MOST: usize = 60;
const WARNINGS: usize = 10;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    /// Names, groups or globs such as "api-*"; empty: all.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(with = "Vec<String>")]
    targets: Vec<String>,
}

pub(crate) async fn status(session: &Session, given: Status, _: &Caller) -> Answer {
    let mut status = fetch(session, &given.targets).await?;
    let idle = match given.targets.is_empty() && status.processes.is_empty() {
        true => idle(session).await,
        false => None,
    };
    let all = status.processes.len();
    // What deserves a look first, so that it is there when the list is cut.
    status.processes.sort_by_key(|one| !text::is_troubled(one));
    status.processes.truncate(MOST);
    let profile = status.profile.as_deref().unwrap_or("-");
    let mut lines = vec![format!(
        "{}, profile {profile}: {} of {all} running",
        status.workspace, status.totals.running
    )];
    lines.extend(status.processes.iter().map(text::process));
    if all > status.processes.len() {
        let rest = all - status.processes.len();
        lines.push(format!("and {rest} more; ask with `targets`"));
    }
    for warning in status.warnings.iter().take(WARNINGS) {
        let who = warning.process.as_deref().unwrap_or("workspace");
        lines.push(format!("warning: {who}: {}", warning.message));
    }
    if let Some(idle) = &idle {
        lines.push(format!(
            "nothing was started yet; `start` brings up {}",
            idle.join(", ")
        ));
    }
    if let Some(next) = text::next_steps(&status) {
        lines.push(format!("next: {next}"));
    }
    let data = json!({
        "workspace": status.workspace,
        "profile": status.profile,
        "running": status.totals.running,
        "total": all,
        "processes": status.processes.iter().map(text::process_data).collect::<Vec<_>>(),
        "not_started": idle,
        "warnings": status.warnings.iter().take(WARNINGS).collect::<Vec<_>>(),
    });
    Ok(Reply::new(lines.join("\n"), data))
}

/// The status of these; one request for each target, as the API asks by one word.
///
/// # Errors
///
/// A target that means nothing, no supervisor.
pub(super) async fn fetch(
    session: &Session,
    targets: &[String],
) -> Result<forge_api::Status, crate::reply::Trouble> {
    let mut all: Option<forge_api::Status> = None;
    let words: Vec<Option<&str>> = match targets {
        [] => vec![None],
        some => some.iter().map(|target| Some(target.as_str())).collect(),
    };
    for word in words {
        let query = query_string(&[("name", word)]);
        let one: forge_api::Status = link::get(session.host(), path::STATUS, &query).await?;
        all = Some(match all {
            None => one,
            Some(mut all) => {
                for process in one.processes {
                    if !all.processes.iter().any(|known| known.name == process.name) {
                        all.processes.push(process);
                    }
                }
                all
            }
        });
    }
    all.ok_or_else(|| forge_api::Problem::failed("nothing was asked for").into())
}

/// What the default profile would start.
async fn idle(session: &Session) -> Option<Vec<String>> {
    let answer: ProfilesAnswer = link::get(session.host(), path::PROFILES, "").await.ok()?;
    let profile = answer.profiles.into_iter().find(|one| one.default)?;
    Some(profile.processes).filter(|names| !names.is_empty())
}
