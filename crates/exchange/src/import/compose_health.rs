//! How Forge sees that a compose service is well, and what of `develop` it can do.

use std::time::Duration;

use crate::draft::Draft;
use crate::fields::{Field, Fields};
use crate::node::Node;
use crate::report::Fate;
use crate::value::Value;
use crate::{shell, times};

use super::compose::Project;
use super::compose_ports as ports;

/// Images are pulled and built within this time.
const FIRST_START: &str = "10m";

/// How Forge sees that a container is well.
pub(super) fn health(
    draft: &mut Draft,
    fields: &Fields<'_>,
    published: &[ports::Published],
    project: &Project<'_>,
    oneshot: bool,
) {
    let field = fields.take("healthcheck");
    let off = field.as_ref().is_some_and(|field| disabled(field.node));
    let written = field.as_ref().filter(|_| !off);
    if let Some(field) = &field {
        match (oneshot, off) {
            (false, false) => {
                field.approximated("Docker runs the check, Forge asks it for the result")
            }
            (true, false) => field.exact_as("Docker runs it; it is waited for until it has ended"),
            (_, true) => field.exact(),
        }
    }
    if oneshot {
        return;
    }
    let docker = shell::join(&project.docker);
    let service = shell::quote(&draft.source);
    let waited = project.waited(&draft.source).healthy && !off;
    if written.is_some() || waited {
        let command = format!(
            "test \"$(docker inspect -f '{{{{.State.Health.Status}}}}' $({docker} ps -q {service}))\" = healthy"
        );
        let check = [
            ("command", Value::text(command)),
            ("timeout", Value::bare("10s")),
            (
                "start_period",
                Value::bare(first_start(written.map(|field| &**field.node))),
            ),
        ];
        draft.set("health_check", Value::map(check));
        return;
    }
    let mut check = match published.first() {
        Some(port) => vec![("tcp", Value::text(format!("localhost:{}", port.host)))],
        None => {
            let command = format!("{docker} ps -q --status running {service} | grep -q .");
            vec![
                ("command", Value::text(command)),
                ("interval", Value::bare("5s")),
                ("timeout", Value::bare("10s")),
            ]
        }
    };
    check.push(("start_period", Value::bare(FIRST_START)));
    draft.set("health_check", Value::map(check));
}

fn disabled(healthcheck: &Node) -> bool {
    let none = healthcheck.get("test").is_some_and(|test| {
        test.texts()
            .first()
            .is_some_and(|(word, _)| *word == "NONE")
    });
    none || healthcheck.get("disable").and_then(|node| node.flag()) == Some(true)
}

/// The time that Docker itself gives a service, and that for its image.
fn first_start(healthcheck: Option<&Node>) -> String {
    let time = |key: &str, default: u64| {
        let text = healthcheck.and_then(|node| node.text_of(key));
        text.and_then(times::go)
            .unwrap_or(Duration::from_secs(default))
    };
    let retries = healthcheck
        .and_then(|node| node.get("retries"))
        .and_then(|node| node.number());
    let retries = retries.unwrap_or(3.0).clamp(1.0, 1000.0) as u32;
    let needed = time("start_period", 0) + (time("interval", 30) + time("timeout", 30)) * retries;
    let image = Duration::from_secs(600);
    times::text((image + needed).min(Duration::from_secs(86_400)))
}

pub(super) fn develop(draft: &mut Draft, field: &Field<'_>, project: &Project<'_>) {
    let items = field
        .node
        .get("watch")
        .and_then(|node| node.list())
        .unwrap_or_default();
    let mut paths = Vec::new();
    for item in items {
        let path = item.text_of("path").unwrap_or_default();
        match item.text_of("action") {
            Some("restart") => paths.push(format!(
                "{}/**",
                path.trim_start_matches("./").trim_end_matches('/')
            )),
            action => {
                let action = action.unwrap_or("rebuild");
                let why = format!(
                    "`{action}` of `{path}` is Docker's work: run `docker compose watch` beside it"
                );
                project.ledger.note(
                    item.place,
                    Some(&draft.source),
                    "develop.watch",
                    Fate::Dropped(why),
                );
            }
        }
    }
    if !paths.is_empty() {
        draft.set("watch", Value::texts(paths));
        field.exact();
    }
}
