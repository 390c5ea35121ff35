//! Health checks in the words of Kubernetes.

use forge_core::spec::{HealthCheck, OnUnhealthy, Probe, ProcessSpec};

use crate::value::Value;

use super::ExportSource;
use super::common::{Notes, fixed_port, plain};
use super::containers::DockerRun;
use super::kubernetes_pods::{target, words};

type Entries = Vec<(String, Value)>;

/// Writes the probes of a container.
pub(super) fn probes(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    run: Option<&DockerRun>,
    map: &mut Entries,
    notes: &Notes<'_>,
) {
    let Some(check) = spec
        .readiness()
        .filter(|_| !spec.oneshot && spec.schedule.is_none())
    else {
        return;
    };
    let Some((kind, test)) = test(source, spec, run, &check.probe) else {
        return notes.gone("health_check", "it is no command, URL or port");
    };
    let probe = |period: u64, failures: u64| {
        Value::map([
            (kind, test.clone()),
            ("periodSeconds", Value::bare(period)),
            (
                "timeoutSeconds",
                Value::bare(check.timeout.as_secs().max(1)),
            ),
            ("failureThreshold", Value::bare(failures)),
        ])
    };
    let HealthCheck {
        interval,
        retries,
        start_period,
        ..
    } = &check;
    let period = interval.as_secs().max(1);
    let first = start_period.as_secs().max(1);
    map.push(("startupProbe".to_string(), probe(1, first)));
    map.push((
        "readinessProbe".to_string(),
        probe(period, u64::from(*retries)),
    ));
    if check.on_unhealthy == OnUnhealthy::Restart {
        map.push((
            "livenessProbe".to_string(),
            probe(period, u64::from(*retries)),
        ));
    }
    match &check.probe {
        Probe::Command(_) => notes.near(
            "health_check",
            "the programs that it uses have to be in the image",
        ),
        Probe::Http { body: Some(_), .. } => {
            notes.gone("health_check.body", "a probe reads no body")
        }
        Probe::Http { .. } | Probe::Tcp { .. } | Probe::OwnPort | Probe::Log(_) | Probe::Notify => {
            notes.exact("health_check")
        }
    }
    if check.fail_on.is_some() {
        notes.gone("health_check.fail_on", "a probe reads no output");
    }
}

fn test(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    run: Option<&DockerRun>,
    probe: &Probe,
) -> Option<(&'static str, Value)> {
    let socket = |port: u16| {
        Some((
            "tcpSocket",
            Value::map([("port", Value::bare(target(run, port)))]),
        ))
    };
    match probe {
        Probe::Http { url, headers, .. } => {
            let url = plain(source, url);
            let (scheme, rest) = url.split_once("://")?;
            let split = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(split);
            let usual = if scheme == "https" { 443 } else { 80 };
            let port = authority
                .rsplit_once(':')
                .and_then(|(_, port)| port.parse().ok())
                .unwrap_or(usual);
            let path = if path.starts_with('/') {
                path.to_string()
            } else {
                format!("/{path}")
            };
            let mut get: Entries = vec![
                ("path".to_string(), Value::text(path)),
                ("port".to_string(), Value::bare(target(run, port))),
                (
                    "scheme".to_string(),
                    Value::text(scheme.to_ascii_uppercase()),
                ),
            ];
            let headers: Vec<Value> = headers
                .iter()
                .map(|(name, value)| {
                    Value::map([
                        ("name", Value::text(name)),
                        ("value", Value::text(plain(source, value))),
                    ])
                })
                .collect();
            if !headers.is_empty() {
                get.push(("httpHeaders".to_string(), Value::List(headers)));
            }
            Some(("httpGet", Value::Map(get)))
        }
        Probe::Tcp { address } => {
            let address = plain(source, address);
            socket(address.rsplit_once(':')?.1.parse().ok()?)
        }
        Probe::Command(command) => Some((
            "exec",
            Value::map([("command", Value::texts(words(source, command)))]),
        )),
        Probe::OwnPort => socket(fixed_port(spec)?),
        Probe::Log(_) | Probe::Notify => None,
    }
}
