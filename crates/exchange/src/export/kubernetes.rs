//! Kubernetes manifests: Deployments, Jobs and CronJobs by kind, Services from ports, ConfigMaps and
//! Secrets from the environment. Nothing that looks secret is written in clear.

use std::collections::BTreeMap;

use forge_core::spec::{ProcessSpec, RestartPolicy, Schedule};

use crate::fields::Ledger;
use crate::value::Value;

use super::ExportSource;
use super::common::{Notes, environment, fixed_port, folded, is_secret, ports, shell_line};
use super::containers::docker_run;
use super::kubernetes_pods as pods;

/// A process and what its objects are called.
pub(super) struct Part<'a> {
    pub(super) spec: &'a ProcessSpec,
    pub(super) name: String,
    pub(super) object: String,
    pub(super) count: usize,
}

pub(super) fn text(source: &ExportSource<'_>, ledger: &Ledger) -> String {
    let parts: Vec<Part<'_>> = folded(source)
        .into_iter()
        .map(|(spec, name, count)| Part {
            object: object_name(&name),
            spec,
            name,
            count,
        })
        .collect();
    let mut documents = Vec::new();
    if pods::waits_for_jobs(&parts) {
        documents.extend(pods::waiter_account(&source.profile.name));
    }
    for (number, part) in parts.iter().enumerate() {
        let notes = Notes {
            ledger,
            process: &part.name,
            number,
        };
        let (config, secrets) = variables(source, part, &parts, &notes);
        let label = labels(source, part);
        if !config.is_empty() {
            let data = config
                .into_iter()
                .map(|(name, value)| (name, Value::Text(value)));
            documents.push(object(
                "v1",
                "ConfigMap",
                &config_name(part),
                &label,
                [("data", Value::map(data))],
            ));
        }
        if !secrets.is_empty() {
            let data = secrets.iter().map(|name| (name.clone(), Value::text("")));
            documents.push(object(
                "v1",
                "Secret",
                &secret_name(part),
                &label,
                [
                    ("type", Value::text("Opaque")),
                    ("stringData", Value::map(data)),
                ],
            ));
        }
        documents.push(workload(
            source,
            part,
            &parts,
            &label,
            !secrets.is_empty(),
            &notes,
        ));
        documents.extend(service(source, part, &label));
        notes.gone_where_set(
            part.spec,
            &[
                "on_exit",
                "groups",
                "watch",
                "debug",
                "metrics",
                "url",
                "log",
                "hooks",
                "stop.keys",
                "stderr",
            ],
        );
    }
    let head =
        "# Fill in every Secret, and every image that Forge has guessed, before you apply this.\n";
    let documents: Vec<String> = documents
        .iter()
        .map(|document| crate::emit::block(document, 0))
        .collect();
    format!("{head}{}", documents.join("---\n"))
}

/// A name that Kubernetes takes for an object and a host.
pub(super) fn object_name(name: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => '-',
    };
    let name: String = name.chars().map(plain).take(50).collect();
    let name = name.trim_matches('-');
    // A service's name begins with a letter.
    match name.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("p-{name}"),
        false => name.to_string(),
    }
}

pub(super) fn config_name(part: &Part<'_>) -> String {
    format!("{}-env", part.object)
}

pub(super) fn secret_name(part: &Part<'_>) -> String {
    format!("{}-secrets", part.object)
}

fn labels(source: &ExportSource<'_>, part: &Part<'_>) -> Value {
    Value::map([
        ("app.kubernetes.io/name", Value::text(&part.object)),
        (
            "app.kubernetes.io/part-of",
            Value::text(object_name(&source.profile.name)),
        ),
    ])
}

pub(super) fn object<const N: usize>(
    version: &str,
    kind: &str,
    name: &str,
    labels: &Value,
    fields: [(&str, Value); N],
) -> Value {
    let metadata = Value::map([("name", Value::text(name)), ("labels", labels.clone())]);
    let first = [
        ("apiVersion", Value::text(version)),
        ("kind", Value::text(kind)),
        ("metadata", metadata),
    ];
    Value::map(first.into_iter().chain(fields))
}

/// Variables in clear, and the names of those that look secret.
fn variables(
    source: &ExportSource<'_>,
    part: &Part<'_>,
    parts: &[Part<'_>],
    notes: &Notes<'_>,
) -> (BTreeMap<String, String>, Vec<String>) {
    let mut env = environment(source, part.spec);
    let run = docker_run(&shell_line(source, &part.spec.command));
    for (name, value) in run.into_iter().flat_map(|run| run.env) {
        env.insert(name, value);
    }
    let (mut config, mut secrets) = (BTreeMap::new(), Vec::new());
    for (name, value) in env {
        let Some(value) = value else {
            continue;
        };
        if is_secret(&name, &value) {
            notes.near(
                "env",
                &format!("`{name}` looks secret: its value is not written, fill in the Secret"),
            );
            secrets.push(name);
            continue;
        }
        let moved = with_hosts(&value, part, parts);
        if moved != value {
            notes.near(
                "env",
                &format!("in `{name}`, `localhost` became the name of a Service"),
            );
        }
        config.insert(name, moved);
    }
    (config, secrets)
}

/// `localhost:8080` as the Service of the process that has this port.
fn with_hosts(value: &str, own: &Part<'_>, parts: &[Part<'_>]) -> String {
    let mut value = value.to_string();
    for other in parts.iter().filter(|other| other.name != own.name) {
        for port in ports(other.spec) {
            for host in ["localhost", "127.0.0.1"] {
                let from = format!("{host}:{port}");
                if let Some(at) = value.find(&from)
                    && !value[at + from.len()..].starts_with(|c: char| c.is_ascii_digit())
                {
                    value.replace_range(at..at + from.len(), &format!("{}:{port}", other.object));
                }
            }
        }
    }
    value
}

fn workload(
    source: &ExportSource<'_>,
    part: &Part<'_>,
    parts: &[Part<'_>],
    labels: &Value,
    secrets: bool,
    notes: &Notes<'_>,
) -> Value {
    let spec = part.spec;
    let template = pods::template(source, part, parts, labels, secrets, notes);
    let cron = spec.schedule.as_ref().map(cron);
    match (&cron, spec.oneshot) {
        (Some(Some(cron)), _) => {
            notes.exact("schedule");
            let job = Value::map([("spec", job(spec, template))]);
            let fields = Value::map([
                ("schedule", Value::text(cron)),
                ("concurrencyPolicy", Value::text("Forbid")),
                ("jobTemplate", job),
            ]);
            object(
                "batch/v1",
                "CronJob",
                &part.object,
                labels,
                [("spec", fields)],
            )
        }
        (_, true) | (Some(None), false) => {
            if cron.is_some() {
                notes.gone(
                    "schedule",
                    "a CronJob cannot say this interval: it is a Job that runs once",
                );
            }
            object(
                "batch/v1",
                "Job",
                &part.object,
                labels,
                [("spec", job(spec, template))],
            )
        }
        (None, false) => {
            if spec.restart.policy != RestartPolicy::Always {
                notes.near(
                    "restart",
                    "a Deployment always restarts, with waits of its own",
                );
            }
            let count = match spec.autostart {
                true => part.count,
                false => {
                    notes.near("autostart", "no copies until you scale it up");
                    0
                }
            };
            let fields = Value::map([
                ("replicas", Value::bare(count)),
                ("selector", Value::map([("matchLabels", labels.clone())])),
                ("template", template),
            ]);
            object(
                "apps/v1",
                "Deployment",
                &part.object,
                labels,
                [("spec", fields)],
            )
        }
    }
}

fn job(spec: &ProcessSpec, template: Value) -> Value {
    let tries = match spec.restart.policy {
        RestartPolicy::Never => 0,
        RestartPolicy::OnFailure | RestartPolicy::Always => spec.restart.max_restarts,
    };
    Value::map([("backoffLimit", Value::bare(tries)), ("template", template)])
}

/// A cron expression for a schedule; `None` where there is none.
fn cron(schedule: &Schedule) -> Option<String> {
    match schedule {
        Schedule::Cron(text) => Some(text.clone()),
        Schedule::Every(time) => {
            let seconds = time.as_secs();
            let whole = time.subsec_nanos() == 0 && seconds.is_multiple_of(60) && seconds > 0;
            let minutes = seconds / 60;
            match () {
                () if !whole => None,
                () if minutes < 60 && 60 % minutes == 0 => Some(format!("*/{minutes} * * * *")),
                () if minutes.is_multiple_of(60) && minutes <= 1440 && 24 % (minutes / 60) == 0 => {
                    Some(format!("0 */{} * * *", minutes / 60))
                }
                () => None,
            }
        }
    }
}

fn service(source: &ExportSource<'_>, part: &Part<'_>, labels: &Value) -> Option<Value> {
    let run = docker_run(&shell_line(source, &part.spec.command));
    let list: Vec<Value> = ports(part.spec)
        .into_iter()
        .map(|port| {
            let target = run
                .as_ref()
                .and_then(|run| run.target(port))
                .unwrap_or(port);
            Value::map([
                ("name", Value::text(format!("port-{port}"))),
                ("port", Value::bare(port)),
                ("targetPort", Value::bare(target)),
            ])
        })
        .collect();
    if list.is_empty() || part.spec.oneshot {
        return None;
    }
    debug_assert!(fixed_port(part.spec).is_some() || !part.spec.ports.is_empty());
    let fields = Value::map([("selector", labels.clone()), ("ports", Value::List(list))]);
    Some(object(
        "v1",
        "Service",
        &part.object,
        labels,
        [("spec", fields)],
    ))
}
