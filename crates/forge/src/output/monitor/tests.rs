//! The picture of the monitor, as people see it.

use super::*;
use forge_api::{Health, Warning};

fn look(columns: Option<usize>) -> Look {
    Look {
        width: columns,
        colour: false,
        local: str::to_string,
    }
}

const NOW: u64 = 1_700_000_600;

fn series(value: impl Fn(f64) -> f64) -> Vec<forge_api::Point> {
    (0..600)
        .map(|s| forge_api::Point(NOW - 600 + s, value(s as f64)))
        .collect()
}

fn sample() -> Monitor {
    let process = Process {
        name: "backend\u{1b}[2J".into(),
        status: "running".into(),
        health: Health {
            state: "healthy".into(),
            ..Health::default()
        },
        pid: Some(12347),
        pids: vec![12347, 12390],
        uptime_ms: Some(9_240_000),
        restarts: 1,
        cpu_percent: Some(12.5),
        memory_bytes: Some(165_675_008),
        threads: Some(8),
        open_files: Some(31),
        listening: vec![8080],
        disk_read_bytes_per_s: Some(0),
        disk_write_bytes_per_s: Some(4096),
        net_tx_bytes_per_s: Some(5300),
        ..Process::default()
    };
    let mut backend = MonitorProcess {
        process,
        ..MonitorProcess::default()
    };
    let service = [("connections", 3), ("connections_max", 100)];
    backend.process.service = service
        .map(|(name, value)| (name.to_string(), value.into()))
        .into_iter()
        .collect();
    let cpu = series(|s| 10.0 + (s / 60.0).floor() % 2.0 * 5.0);
    backend.history.insert("cpu_percent".into(), cpu);
    let memory = series(|s| 1.5e8 + s * 30_000.0);
    backend.history.insert("memory_bytes".into(), memory);
    let mut worker = MonitorProcess::default();
    worker.process.name = "worker".into();
    worker.process.status = "crashed".into();
    worker.process.message = Some("exit code 1".into());
    Monitor {
        workspace: "/w".into(),
        system: System {
            cpu_percent: Some(42.1),
            cores: Some(8),
            memory_bytes: Some(8 << 30),
            memory_total_bytes: Some(16 << 30),
            swap_bytes: Some(0),
            load: Some([1.2, 0.98, 0.7]),
            ..System::default()
        },
        processes: vec![backend, worker],
        warnings: vec![Warning {
            process: Some("backend".into()),
            kind: "slow".into(),
            message: "3 slow queries in last hour".into(),
            ..Warning::default()
        }],
    }
}

#[test]
fn the_picture_shows_the_machine_each_process_and_what_deserves_a_look() {
    insta::assert_snapshot!(picture(&sample(), NOW, look(None)).join("\n"), @r"
    CPU     ████████████████▉░░░░░░░░░░░░░░░░░░░░░░░   42.1%  of 8 cores   load 1.20 0.98 0.70
    Memory  ████████████████████░░░░░░░░░░░░░░░░░░░░   50.0%  8.0 GB of 16 GB

    backend  running  healthy  pid 12347 and 1 more  up 2h 34m  1 restart
      CPU        12.5%  ▆▆▆▆████▆▆▆▆████▆▆▆▆████▆▆▆▆████▆▆▆▆████  average 12.5%, growing slowly
      Memory    158 MB  ▄▄▄▅▅▅▅▅▅▅▅▅▅▆▆▆▆▆▆▆▆▆▆▆▇▇▇▇▇▇▇▇▇▇▇█████  average 152 MB, growing slowly
      8 threads · 31 open files · listens on 8080 · disk read 0 B/s write 4.0 kB/s · net out 5.2 kB/s
      connections 3 of 100

    worker  crashed  exit code 1

    Warnings
      backend: 3 slow queries in last hour
    ");
}

#[test]
fn without_anything_that_runs_it_says_so() {
    let monitor = Monitor::default();
    assert_eq!(picture(&monitor, NOW, look(None)), ["", "nothing runs"]);
}

#[test]
fn a_service_that_does_not_answer_is_told_as_such() {
    let mut monitor = sample();
    monitor.processes[0].process.service_error = Some("cannot reach redis://localhost:1".into());
    let text = picture(&monitor, NOW, look(None)).join("\n");
    assert!(
        text.contains("  service: cannot reach redis://localhost:1\n"),
        "{text}"
    );
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let mut monitor = sample();
    monitor.processes[0].process.name = "服务".repeat(40);
    monitor.processes[0].process.listening = (8000..8060).collect();
    for name in 0..200 {
        let figure = format!("figure_number_{name}");
        monitor.processes[0]
            .process
            .service
            .insert(figure, 1.5.into());
    }
    for columns in 1..150 {
        for line in picture(&monitor, NOW, look(Some(columns))) {
            assert!(width(&line) <= columns, "{columns}: {line:?}");
        }
    }
}
