//! Health checks in the words of process-compose.

use forge_core::spec::{CommandSpec, HealthCheck, Probe, ProcessSpec};

use crate::value::Value;

use super::ExportSource;
use super::common::{Notes, fixed_port, plain, shell_line};

type Entries = Vec<(String, Value)>;

/// Whether the tool can wait until this process is healthy.
pub(super) fn can_be_healthy(spec: &ProcessSpec) -> bool {
    match spec.health_check.as_ref().map(|check| &check.probe) {
        Some(Probe::Http { .. } | Probe::Tcp { .. } | Probe::Command(_)) => true,
        Some(Probe::OwnPort) => fixed_port(spec).is_some(),
        None => fixed_port(spec).is_some() && !spec.oneshot,
        Some(Probe::Log(_) | Probe::Notify) => false,
    }
}

/// Writes a check.
pub(super) fn write(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    check: &HealthCheck,
    map: &mut Entries,
    notes: &Notes<'_>,
) {
    let test = match &check.probe {
        Probe::Http {
            url,
            status,
            headers,
            body,
        } => {
            if status.as_slice() != [(200, 200)] {
                notes.near("health_check.status", "200 alone counts there");
            }
            if body.is_some() {
                notes.near("health_check.body", "only `x-forge` says it");
            }
            let headers = headers
                .iter()
                .map(|(name, value)| (name.clone(), Value::text(plain(source, value))));
            http(&plain(source, url), headers.collect())
        }
        Probe::Tcp { address } => Some(exec(&tcp(&plain(source, address)))),
        Probe::Command(command) => Some(exec(&shell_line(source, command))),
        Probe::OwnPort => fixed_port(spec).map(|port| exec(&tcp(&format!("localhost:{port}")))),
        Probe::Log(pattern) => {
            notes.near(
                "health_check.log",
                "the tool waits for plain text: only `x-forge` has the pattern",
            );
            let plain = regex_syntax::escape(&pattern.0) == pattern.0;
            if plain {
                map.push(("ready_log_line".to_string(), Value::text(&pattern.0)));
            }
            None
        }
        Probe::Notify => {
            notes.near(
                "health_check.notify",
                "the tool knows no notification: only `x-forge` says it",
            );
            None
        }
    };
    let Some(mut probe) = test else {
        return;
    };
    probe.push((
        "period_seconds".to_string(),
        Value::bare(check.interval.as_secs().max(1)),
    ));
    probe.push((
        "timeout_seconds".to_string(),
        Value::bare(check.timeout.as_secs().max(1)),
    ));
    let tries = check.start_period.as_secs() / check.interval.as_secs().max(1);
    let failures = tries.max(u64::from(check.retries)).max(1);
    probe.push(("failure_threshold".to_string(), Value::bare(failures)));
    map.push(("readiness_probe".to_string(), Value::Map(probe)));
}

/// Writes the check that a port stands for.
pub(super) fn own_port(port: u16, map: &mut Entries) {
    let mut probe = exec(&tcp(&format!("localhost:{port}")));
    probe.push(("period_seconds".to_string(), Value::bare(1)));
    probe.push(("failure_threshold".to_string(), Value::bare(60)));
    map.push(("readiness_probe".to_string(), Value::Map(probe)));
}

fn exec(command: &str) -> Entries {
    vec![(
        "exec".to_string(),
        Value::map([("command", Value::text(command))]),
    )]
}

/// A command that connects to `host:port`.
pub(super) fn tcp(address: &str) -> String {
    let (host, port) = address.rsplit_once(':').unwrap_or(("localhost", address));
    let (host, port) = (crate::shell::quote(host), crate::shell::quote(port));
    format!("nc -z {host} {port}")
}

fn http(url: &str, headers: Entries) -> Option<Entries> {
    let (scheme, rest) = url.split_once("://")?;
    let split = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(split);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => (host, port),
        _ => (authority, ""),
    };
    let path = match path.starts_with('/') {
        true => path.to_string(),
        false => format!("/{path}"),
    };
    let mut get = vec![
        ("scheme".to_string(), Value::text(scheme)),
        ("host".to_string(), Value::text(host)),
        ("path".to_string(), Value::text(path)),
    ];
    if !port.is_empty() {
        get.push(("port".to_string(), Value::text(port)));
    }
    if !headers.is_empty() {
        get.push(("headers".to_string(), Value::Map(headers)));
    }
    Some(vec![("http_get".to_string(), Value::Map(get))])
}

/// The command of a check, for tools that only know commands; `None` where there is none.
pub(super) fn as_command(
    source: &ExportSource<'_>,
    spec: &ProcessSpec,
    probe: &Probe,
) -> Option<String> {
    match probe {
        Probe::Http { url, headers, .. } => {
            let headers = headers.iter().map(|(name, value)| {
                let header = format!("{name}: {}", plain(source, value));
                format!("-H {} ", crate::shell::quote(&header))
            });
            let headers: String = headers.collect();
            let url = crate::shell::quote(&plain(source, url));
            Some(format!("curl -fsS -o /dev/null {headers}{url}"))
        }
        Probe::Tcp { address } => Some(tcp(&plain(source, address))),
        Probe::Command(command @ (CommandSpec::Shell(_) | CommandSpec::Argv(_))) => {
            Some(shell_line(source, command))
        }
        Probe::OwnPort => fixed_port(spec).map(|port| tcp(&format!("localhost:{port}"))),
        Probe::Log(_) | Probe::Notify => None,
    }
}
