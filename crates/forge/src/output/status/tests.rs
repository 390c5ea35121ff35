//! The picture of a status, as people see it.

use super::*;
use forge_api::{Health, SupervisorInfo, Totals, Warning};

fn process(name: &str, status: &str) -> Process {
    Process {
        name: name.into(),
        profile: "dev".into(),
        status: status.into(),
        health: Health {
            state: "none".into(),
            ..Health::default()
        },
        ..Process::default()
    }
}

fn running(name: &str, port: u16) -> Process {
    Process {
        pid: Some(12347),
        port: Some(port),
        requested_port: Some(8080),
        uptime_ms: Some(9_240_000),
        cpu_percent: Some(2.5),
        memory_bytes: Some(165_675_008),
        health: Health {
            state: "healthy".into(),
            detail: Some("HTTP 200 from /health".into()),
            checked_at: None,
        },
        ..process(name, "running")
    }
}

fn sample() -> Status {
    let event = |process: Option<&str>, kind: &str, message: &str| Event {
        time: "2025-11-21T14:30:15.000000000Z".into(),
        process: process.map(str::to_string),
        kind: kind.into(),
        message: message.into(),
        fields: serde_json::Map::new(),
    };
    Status {
        workspace: "/home/u/shop".into(),
        profile: Some("dev".into()),
        supervisor: Some(SupervisorInfo {
            pid: 41,
            version: "0.1.0".into(),
            started_at: String::new(),
        }),
        keeper: None,
        totals: Totals {
            running: 2,
            cpu_percent: Some(17.6),
            memory_bytes: Some(666_894_336),
        },
        processes: vec![
            running("backend", 8080),
            Process {
                restarts: 3,
                debug: true,
                ..running("frontend", 8081)
            },
            Process {
                waiting_for: vec!["db".into(), "redis".into()],
                ..process("worker", "waiting")
            },
            Process {
                message: Some("exited with code 1\u{1b}[31m: cannot find module 'express'\u{1b}[0m, waits until a file changes".into()),
                exit_code: Some(1),
                ..process("日本語-サービス", "crashed")
            },
        ],
        events: vec![
            event(Some("backend"), "reload", "Hot reload: user.go modified"),
            event(None, "warning", "disk nearly\u{7} full"),
        ],
        warnings: vec![Warning {
            process: Some("backend".into()),
            kind: "slow".into(),
            message: "3 slow queries in last hour".into(),
            ..Warning::default()
        }],
    }
}

fn drawn(columns: Option<usize>) -> String {
    let look = Look {
        width: columns,
        colour: false,
        local: |_| "14:30:15".to_string(),
    };
    picture(&sample(), look).join("\n")
}

#[test]
fn at_60_columns_what_matters_is_left() {
    insta::assert_snapshot!(drawn(Some(60)), @r"
        /home/u/shop · dev · 2 running · CPU 17.6% · 636 MB

        NAME             STATUS           HEALTH   PORT  UPTIME
        backend          running          healthy  8080  2h 34m
        frontend         running (debug)  healthy  8081  2h 34m
        worker           waiting
        日本語-サービス  crashed

        worker: waiting for db, redis
        日本語-サービス: exited with code 1: cannot find module
          'express', waits until a file changes

        Events
          14:30:15  backend  reload   Hot reload: user.go modified
          14:30:15  -        warning  disk nearly� full

        Warnings
          backend: 3 slow queries in last hour
        ");
}

#[test]
fn at_80_columns_there_is_room_for_more() {
    insta::assert_snapshot!(drawn(Some(80)), @r"
        /home/u/shop · dev · 2 running · CPU 17.6% · 636 MB

        NAME             STATUS           HEALTH   PORT   CPU  MEMORY  UPTIME  RESTARTS
        backend          running          healthy  8080  2.5%  158 MB  2h 34m
        frontend         running (debug)  healthy  8081  2.5%  158 MB  2h 34m         3
        worker           waiting
        日本語-サービス  crashed

        worker: waiting for db, redis
        日本語-サービス: exited with code 1: cannot find module 'express', waits until a
          file changes

        Events
          14:30:15  backend  reload   Hot reload: user.go modified
          14:30:15  -        warning  disk nearly� full

        Warnings
          backend: 3 slow queries in last hour
        ");
}

#[test]
fn at_120_columns_only_the_detail_is_cut() {
    insta::assert_snapshot!(drawn(Some(120)), @r"
        /home/u/shop · dev · 2 running · CPU 17.6% · 636 MB

        NAME             STATUS           HEALTH   PORT    PID   CPU  MEMORY  UPTIME  RESTARTS  DETAIL
        backend          running          healthy  8080  12347  2.5%  158 MB  2h 34m            HTTP 200 from /health
        frontend         running (debug)  healthy  8081  12347  2.5%  158 MB  2h 34m         3  instead of port 8080; HTTP 200 …
        worker           waiting                                                                waiting for db, redis
        日本語-サービス  crashed                                                                exited with code 1: cannot find…

        日本語-サービス: exited with code 1: cannot find module 'express', waits until a file changes

        Events
          14:30:15  backend  reload   Hot reload: user.go modified
          14:30:15  -        warning  disk nearly� full

        Warnings
          backend: 3 slow queries in last hour
        ");
}

#[test]
fn at_200_columns_everything_is_there() {
    insta::assert_snapshot!(drawn(Some(200)), @r"
        /home/u/shop · dev · 2 running · CPU 17.6% · 636 MB

        NAME             STATUS           HEALTH   PORT    PID   CPU  MEMORY  UPTIME  RESTARTS  DETAIL
        backend          running          healthy  8080  12347  2.5%  158 MB  2h 34m            HTTP 200 from /health
        frontend         running (debug)  healthy  8081  12347  2.5%  158 MB  2h 34m         3  instead of port 8080; HTTP 200 from /health
        worker           waiting                                                                waiting for db, redis
        日本語-サービス  crashed                                                                exited with code 1: cannot find module 'express', waits until a file changes

        Events
          14:30:15  backend  reload   Hot reload: user.go modified
          14:30:15  -        warning  disk nearly� full

        Warnings
          backend: 3 slow queries in last hour
        ");
    assert_eq!(drawn(None), drawn(Some(200)));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for columns in 20..220 {
        for line in drawn(Some(columns)).lines() {
            assert!(width(line) <= columns, "{columns}: {line:?}");
        }
    }
}

#[test]
fn in_colour_the_text_is_the_same() {
    let look = |colour| Look {
        width: Some(100),
        colour,
        local: |_| "14:30:15".to_string(),
    };
    let plain = picture(&sample(), look(false));
    let coloured = picture(&sample(), look(true));
    let stripped: Vec<String> = coloured.iter().map(|line| safe(line)).collect();
    assert_ne!(plain, coloured);
    assert_eq!(plain, stripped);
}
