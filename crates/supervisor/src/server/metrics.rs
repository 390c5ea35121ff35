//! `GET /metrics`: figures of all processes in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use forge_api::{Process, Status};
use forge_facts::Stream;
use forge_facts::layout::{parse_segment_file, segment_file};

use super::answers::{ask, lost, problem};
use crate::input::{Ask, Inbox};

const TYPE: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// States in which a process can be, so that each has a series from the beginning.
const STATES: [&str; 9] = [
    "stopped",
    "waiting",
    "starting",
    "running",
    "stopping",
    "restarting",
    "crashed",
    "exited",
    "paused",
];

pub(super) async fn answer(State(inbox): State<Inbox>) -> Response {
    let status = ask(&inbox, |reply| Ask::Status(Vec::new(), reply)).await;
    let place = ask(&inbox, |reply| Ask::LogPlace(Vec::new(), reply)).await;
    let (status, place) = match (status, place) {
        (Ok(status), Ok(place)) => (status, place),
        (Err(error), _) | (_, Err(error)) => return problem(error),
    };
    let text = tokio::task::spawn_blocking(move || {
        let written = written(&place.root, &status.processes);
        page(&status, &written)
    });
    match text.await {
        Ok(text) => ([(header::CONTENT_TYPE, TYPE)], text).into_response(),
        Err(_) => problem(lost()),
    }
}

type Figure = fn(&Process) -> Option<f64>;

/// Name, kind, help and value of what is known of each process.
const FIGURES: &[(&str, &str, &str, Figure)] = &[
    (
        "forge_process_up",
        "gauge",
        "Whether the process runs and is ready",
        |one| Some(f64::from(u8::from(one.status == "running"))),
    ),
    (
        "forge_process_healthy",
        "gauge",
        "Whether the last health check was good, where there is one",
        |one| match one.health.state.as_str() {
            "healthy" => Some(1.0),
            "unhealthy" => Some(0.0),
            _ => None,
        },
    ),
    (
        "forge_process_restarts_total",
        "counter",
        "Restarts, by itself and by hand",
        |one| Some(f64::from(one.restarts)),
    ),
    (
        "forge_process_uptime_seconds",
        "gauge",
        "Time since the present run began",
        |one| one.uptime_ms.map(|ms| ms as f64 / 1e3),
    ),
    (
        "forge_process_cpu_percent",
        "gauge",
        "Percent of one core, of the whole tree",
        |one| one.cpu_percent,
    ),
    (
        "forge_process_memory_bytes",
        "gauge",
        "Resident memory of the whole tree",
        |one| one.memory_bytes.map(|bytes| bytes as f64),
    ),
    (
        "forge_process_memory_pss_bytes",
        "gauge",
        "Memory of the whole tree, shared pages divided",
        |one| one.memory_pss_bytes.map(|bytes| bytes as f64),
    ),
    (
        "forge_process_threads",
        "gauge",
        "Threads of the whole tree",
        |one| one.threads.map(|count| count as f64),
    ),
    (
        "forge_process_open_files",
        "gauge",
        "Open files of the whole tree",
        |one| one.open_files.map(|count| count as f64),
    ),
    (
        "forge_process_disk_read_bytes_per_second",
        "gauge",
        "Read from disk",
        |one| one.disk_read_bytes_per_s.map(|bytes| bytes as f64),
    ),
    (
        "forge_process_disk_write_bytes_per_second",
        "gauge",
        "Written to disk",
        |one| one.disk_write_bytes_per_s.map(|bytes| bytes as f64),
    ),
    (
        "forge_process_network_receive_bytes_per_second",
        "gauge",
        "Received",
        |one| one.net_rx_bytes_per_s.map(|bytes| bytes as f64),
    ),
    (
        "forge_process_network_transmit_bytes_per_second",
        "gauge",
        "Sent",
        |one| one.net_tx_bytes_per_s.map(|bytes| bytes as f64),
    ),
];

/// The whole page.
fn page(status: &Status, written: &BTreeMap<(String, Stream), u64>) -> String {
    let mut out = String::new();
    head(&mut out, "forge_info", "gauge", "The workspace");
    let version = status.supervisor.as_ref().map_or("", |one| &one.version);
    let profile = status.profile.as_deref().unwrap_or_default();
    let labels = [
        ("workspace", status.workspace.as_str()),
        ("profile", profile),
        ("version", version),
    ];
    sample(&mut out, "forge_info", &labels, 1.0);
    head(
        &mut out,
        "forge_process_state",
        "gauge",
        "1 for the state that the process is in",
    );
    for one in &status.processes {
        for state in STATES {
            let labels = [("process", one.name.as_str()), ("state", state)];
            let is = f64::from(u8::from(one.status == state));
            sample(&mut out, "forge_process_state", &labels, is);
        }
    }
    for (name, kind, help, figure) in FIGURES {
        head(&mut out, name, kind, help);
        for one in &status.processes {
            if let Some(value) = figure(one) {
                sample(&mut out, name, &[("process", &one.name)], value);
            }
        }
    }
    head(
        &mut out,
        "forge_process_log_bytes_total",
        "counter",
        "Output that was kept",
    );
    for ((process, stream), bytes) in written {
        let labels = [("process", process.as_str()), ("stream", stream.name())];
        sample(
            &mut out,
            "forge_process_log_bytes_total",
            &labels,
            *bytes as f64,
        );
    }
    head(&mut out, "forge_warnings", "gauge", "What deserves a look");
    sample(
        &mut out,
        "forge_warnings",
        &[],
        status.warnings.len() as f64,
    );
    out
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}.\n# TYPE {name} {kind}");
}

fn sample(out: &mut String, name: &str, labels: &[(&str, &str)], value: f64) {
    out.push_str(name);
    for (at, (key, text)) in labels.iter().enumerate() {
        let open = if at == 0 { '{' } else { ',' };
        let text = text
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        let _ = write!(out, "{open}{key}=\"{text}\"");
    }
    let close = if labels.is_empty() { "" } else { "}" };
    let _ = writeln!(out, "{close} {value}");
}

/// How far a stream had come at the last look, and how much that was in all.
#[derive(Debug, Clone, Copy)]
struct Seen {
    segment: u64,
    size: u64,
    total: u64,
}

/// Totals go on growing when old segments are removed, so what was seen before is remembered.
static SEEN: Mutex<BTreeMap<PathBuf, BTreeMap<Stream, Seen>>> = Mutex::new(BTreeMap::new());

fn written(root: &Path, processes: &[Process]) -> BTreeMap<(String, Stream), u64> {
    let mut all = BTreeMap::new();
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    for one in processes {
        let folder = root.join(&one.name);
        let before = seen.entry(folder.clone()).or_default();
        for (stream, segments) in segments(&folder) {
            let now = grown(&folder, stream, &segments, before.get(&stream));
            before.insert(stream, now);
            all.insert((one.name.clone(), stream), now.total);
        }
    }
    all
}

/// The numbers of the segments of each stream.
fn segments(folder: &Path) -> BTreeMap<Stream, Vec<u64>> {
    let mut found: BTreeMap<Stream, Vec<u64>> = BTreeMap::new();
    for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if let Some((stream, number)) = file.file_name().to_str().and_then(parse_segment_file) {
            found.entry(stream).or_default().push(number);
        }
    }
    found
}

fn grown(folder: &Path, stream: Stream, segments: &[u64], before: Option<&Seen>) -> Seen {
    let size = |number: u64| {
        let file = folder.join(segment_file(stream, number));
        std::fs::metadata(file).map_or(0, |meta| meta.len())
    };
    let newest = segments.iter().copied().max().unwrap_or(0);
    let mut now = before.copied().unwrap_or(Seen {
        segment: 0,
        size: 0,
        total: 0,
    });
    for number in segments
        .iter()
        .copied()
        .filter(|number| *number >= now.segment)
    {
        let known = if number == now.segment { now.size } else { 0 };
        now.total += size(number).saturating_sub(known);
    }
    now.segment = newest;
    now.size = size(newest);
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_grows_on_when_segments_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |number| folder.path().join(segment_file(Stream::Stdout, number));
        let look = |before: Option<&Seen>| {
            let found = segments(folder.path());
            grown(
                folder.path(),
                Stream::Stdout,
                &found[&Stream::Stdout],
                before,
            )
        };
        std::fs::write(path(3), "12345").unwrap();
        let one = look(None);
        assert_eq!(one.total, 5);
        std::fs::write(path(3), "1234567").unwrap();
        std::fs::write(path(4), "123").unwrap();
        let two = look(Some(&one));
        assert_eq!(two.total, 10);
        std::fs::remove_file(path(3)).unwrap();
        assert_eq!(look(Some(&two)).total, 10);
    }

    #[test]
    fn labels_cannot_break_out_of_their_quotes() {
        let mut out = String::new();
        sample(&mut out, "x", &[("a", "b\"\\\n")], 1.5);
        assert_eq!(out, "x{a=\"b\\\"\\\\\\n\"} 1.5\n");
    }
}
