//! The life of a process-compose process: when it starts, what it waits for, how it restarts and stops.

use std::collections::BTreeMap;

use crate::draft::{Draft, Need, When};
use crate::fields::{Field, Fields};
use crate::value::Value;

use super::process_compose::Work;
use super::process_compose_more::{daemon, log_file, schedule, watch};
use super::process_compose_probes as probes;

/// Restarts where the tool knows no bound.
const UNBOUNDED: u32 = 1_000_000;

/// Reads everything but command, folder and environment.
pub(super) fn read(draft: &mut Draft, fields: &Fields<'_>, work: &Work<'_, '_>, copied: bool) {
    plain_fields(draft, fields, work, copied);
    let daemon = daemon(draft, fields);
    let needs = fields.take("depends_on");
    if let Some(field) = needs {
        dependencies(draft, &field, work);
    }
    let restarts = availability(draft, fields, work);
    probes::read(draft, fields, work, daemon, restarts);
    shutdown(draft, fields, work);
    schedule(draft, fields);
    watch(draft, fields, work);
}

fn plain_fields(draft: &mut Draft, fields: &Fields<'_>, work: &Work<'_, '_>, copied: bool) {
    if let Some(field) = fields.take("description")
        && let Some(text) = field.text()
    {
        draft.set("description", Value::text(work.value(&field, text)));
        field.exact();
    }
    let disabled = fields.take("disabled");
    let is_disabled = fields.take("is_disabled");
    let flag = is_disabled
        .as_ref()
        .and_then(|field| field.node.flag())
        .or_else(|| disabled.as_ref().and_then(|field| field.node.flag()));
    [&disabled, &is_disabled]
        .into_iter()
        .flatten()
        .for_each(Field::exact);
    if flag == Some(true) {
        draft.set("autostart", Value::bare(false));
    }
    for key in ["is_tty", "is_interactive"] {
        if let Some(field) = fields.take(key) {
            if field.flag() == Some(true) {
                draft.set("tty", Value::bare(true));
            }
            field.exact();
        }
    }
    if let Some(field) = fields.take("is_foreground") {
        match field.flag() {
            Some(true) => {
                draft.set("tty", Value::bare(true));
                draft.set("autostart", Value::bare(false));
                field.approximated("it is started by hand and used with `forge dev attach`");
            }
            _ => field.exact(),
        }
    }
    if let Some(field) = fields.take("is_elevated") {
        match field.flag() {
            Some(true) => {
                draft.set("autostart", Value::bare(false));
                field.dropped("Forge never asks for root: write `sudo` into the command, and start it by hand");
            }
            _ => field.exact(),
        }
    }
    if let Some(field) = fields.take("namespace") {
        let groups = field.node.texts();
        let groups = groups.iter().filter(|(name, _)| *name != "default");
        groups.for_each(|(name, _)| draft.group(name));
        field.approximated("a group; choosing it also starts what its members need");
    }
    if let Some(field) = fields.take("replicas") {
        match field.number() {
            Some(_) if copied => field.exact_as("written out, with the tool's own numbers"),
            Some(count) if (2.0..=1000.0).contains(&count) => {
                draft.set("replicas", Value::bare(count as u32));
                field.approximated(
                    "the copies count from 1, and are told their number by FORGE_REPLICA",
                );
            }
            Some(_) => field.exact(),
            None => {}
        }
    }
    for key in ["log_configuration", "truncate_log"] {
        if let Some(field) = fields.take(key) {
            field.approximated("Forge keeps the output as it was written");
        }
    }
    if let Some(field) = fields.take("log_location") {
        log_file(draft, &field, work);
    }
    if let Some(field) = fields.take("disable_ansi_colors") {
        field.approximated("colours are kept, and left out where they are not shown");
    }
    for key in [
        "original_config",
        "replica_num",
        "replica_name",
        "executable",
    ] {
        if let Some(field) = fields.take(key) {
            field.exact_as("written by the tool itself");
        }
    }
}

fn dependencies(draft: &mut Draft, field: &Field<'_>, work: &Work<'_, '_>) {
    let fields = field.fields();
    for need in fields.rest() {
        let on = need
            .path
            .strip_prefix("depends_on.")
            .unwrap_or(&need.path)
            .to_string();
        let inner = need.fields();
        let word = inner.take("condition");
        let when = match word.as_ref().and_then(|field| field.node.scalar()) {
            None => {
                need.approximated("no condition means `process_completed` to the tool; did you mean `process_started`?");
                When::Exited
            }
            Some("process_started") => When::Started,
            Some("process_healthy") => When::Healthy,
            Some("process_completed") => When::Exited,
            Some("process_completed_successfully") => When::Completed,
            Some("process_log_ready") => match work.project.ready_lines.get(&on) {
                Some(line) => When::Log(regex_syntax::escape(line)),
                None => {
                    need.dropped(format!(
                        "`{on}` has no `ready_log_line`; it is waited for until it is ready"
                    ));
                    When::Healthy
                }
            },
            Some(other) => {
                need.dropped(format!(
                    "`{other}` is no condition; it is waited for until it has started"
                ));
                When::Started
            }
        };
        match word {
            Some(field) => field.exact(),
            None => need.exact(),
        }
        inner.close("this has no equivalent in Forge");
        draft.needs.push(Need {
            on,
            place: need.place,
            field: need.path.clone(),
            when,
            on_down: "",
        });
    }
    if let Some(items) = field.node.list() {
        field.approximated("a list is no form of the tool; each is waited for until it is ready");
        draft.needs.extend(items.iter().filter_map(|item| {
            Some(Need {
                on: item.scalar()?.to_string(),
                place: item.place,
                field: "depends_on".to_string(),
                when: When::Ready,
                on_down: "",
            })
        }));
    }
}

/// Dependencies on a process that is written out copy by copy are on all of them.
pub(super) fn expand_copies(draft: &mut Draft, copies: &BTreeMap<String, Vec<String>>) {
    let needs = std::mem::take(&mut draft.needs);
    draft.needs = needs
        .into_iter()
        .flat_map(|need| {
            let names = copies.get(&need.on).cloned();
            let names = names.unwrap_or_else(|| vec![need.on.clone()]);
            names.into_iter().map(move |on| Need { on, ..need.clone() })
        })
        .collect();
}

/// Whether it is restarted.
fn availability(draft: &mut Draft, fields: &Fields<'_>, work: &Work<'_, '_>) -> bool {
    let ends = work.project.ends.get(&draft.source) == Some(&true);
    let field = fields.take("availability");
    let inner = field.as_ref().map(Field::fields);
    let take = |key: &str| inner.as_ref().and_then(|inner| inner.take(key));
    let restart = take("restart");
    let word = restart.as_ref().and_then(|field| field.node.scalar());
    let (restarts, always) = match word.unwrap_or("no") {
        "always" => (true, true),
        "on_failure" => (true, false),
        "exit_on_failure" => {
            draft.set("on_exit", Value::text("stop-all-on-failure"));
            (false, false)
        }
        _ => (false, false),
    };
    if let Some(field) = &restart {
        match word {
            Some("always" | "on_failure" | "exit_on_failure" | "no" | "false" | "") => {
                field.exact()
            }
            _ => field.dropped("this is no word of the tool: it is not restarted"),
        }
    }
    let other_probe = ["readiness_probe", "ready_log_line", "is_daemon", "schedule"];
    let waits = other_probe
        .iter()
        .any(|key| fields.rest().iter().any(|f| f.path == *key));
    let oneshot = ends && !always && !waits;
    if oneshot {
        draft.set("oneshot", Value::bare(true));
    }
    restart_map(draft, &take, (restarts, always), oneshot);
    if let Some(field) = take("exit_on_end") {
        if field.flag() == Some(true) {
            draft.set("on_exit", Value::text("stop-all"));
        }
        field.exact();
    }
    if let Some(field) = take("exit_on_skipped") {
        match field.flag() {
            Some(true) => field.approximated("`forge dev up` ends with the failing process's code; the others are not stopped for it"),
            _ => field.exact(),
        }
    }
    if let Some(inner) = &inner {
        inner.close("this has no equivalent in Forge");
    }
    if let Some(field) = fields.take("success_exit_codes") {
        let codes = field.node.texts().into_iter();
        let codes = codes
            .filter_map(|(text, _)| text.parse::<u8>().ok())
            .filter(|code| *code != 0);
        let codes = std::iter::once(0).chain(codes).map(Value::bare).collect();
        draft.set_in("restart", "success_codes", Value::List(codes));
        field.exact();
    }
    restarts
}

fn restart_map<'a>(
    draft: &mut Draft,
    take: &dyn Fn(&str) -> Option<Field<'a>>,
    (restarts, always): (bool, bool),
    oneshot: bool,
) {
    let delay = take("backoff_seconds");
    let most = take("max_restarts");
    [&delay, &most].into_iter().flatten().for_each(Field::exact);
    if !restarts {
        if !oneshot {
            draft.set("auto_restart", Value::bare(false));
        }
        return;
    }
    if always {
        draft.set_in("restart", "policy", Value::text("always"));
    } else if oneshot {
        draft.set_in("restart", "policy", Value::text("on-failure"));
    }
    let seconds = delay.and_then(|field| field.number()).unwrap_or(1.0);
    let seconds = seconds.clamp(1.0, 86_400.0) as u32;
    draft.set_in("restart", "delay", Value::bare(format!("{seconds}s")));
    draft.set_in("restart", "backoff", Value::bare("1.0"));
    let most = most
        .and_then(|field| field.number())
        .filter(|most| *most >= 1.0);
    let most = most.map_or(UNBOUNDED, |most| (most as u32).min(UNBOUNDED));
    draft.set_in("restart", "max_restarts", Value::bare(most));
    draft.set_in("restart", "window", Value::bare("365d"));
    draft.set_in("restart", "on_deterministic", Value::text("retry"));
}

fn shutdown(draft: &mut Draft, fields: &Fields<'_>, work: &Work<'_, '_>) {
    let Some(field) = fields.take("shutdown") else {
        return;
    };
    let inner = field.fields();
    if let Some(field) = inner.take("command")
        && let Some(text) = field.text()
    {
        draft.set_in("stop", "command", work.command(&field, text));
        field.exact_as("afterwards the signal is sent too");
    }
    if let Some(field) = inner.take("signal")
        && let Some(text) = field.text()
    {
        match forge_config::signal_number(text) {
            Some(15) => field.exact(),
            Some(number) => {
                draft.set_in("stop", "signal", crate::written_maps::signal(number));
                field.exact();
            }
            None => field.dropped(format!("`{text}` is no signal here")),
        }
    }
    let timeout = inner.take("timeout_seconds");
    match timeout
        .as_ref()
        .and_then(Field::number)
        .filter(|seconds| *seconds > 0.0)
    {
        Some(seconds) => {
            let seconds = seconds.min(86_400.0);
            draft.set_in("stop", "timeout", Value::bare(format!("{seconds}s")));
            timeout.iter().for_each(Field::exact);
        }
        None => field
            .approximated("the tool never kills without `timeout_seconds`; Forge does after 10s"),
    }
    if let Some(field) = inner.take("parent_only") {
        if field.flag() == Some(true) {
            draft.set_in("stop", "scope", Value::text("leader"));
        }
        field.exact();
    }
    if let Some(field) = inner.take("send_keys") {
        let keys = field.node.texts().into_iter().map(|(text, _)| text);
        let keys: String = keys.collect();
        draft.set_in("stop", "keys", Value::text(crate::dollar::literal(&keys)));
        field.exact();
    }
    inner.close("this has no equivalent in Forge");
}
