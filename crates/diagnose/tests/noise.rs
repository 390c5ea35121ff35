//! Anything may be read: what is no crash is none, hostile bytes break nothing, and the time stays
//! in proportion.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{check, read};
use forge_diagnose::{Evidence, Kind, diagnose, explain};

#[test]
fn a_healthy_log_has_no_crash() {
    let text = "10:00:00 INFO  starting\nlistening on http://localhost:3000\nGET /errors 200\n0 errors, 2 warnings\nConnected to postgres at localhost:5432\nretrying: connection refused is handled\n";
    let found = diagnose(&Evidence {
        exit_code: Some(0),
        ..Evidence::text(text.as_bytes())
    });
    assert_eq!((found.language, found.location), (None, None));
    assert_eq!(read("").kind, None);
    assert_eq!(read("hello\nworld\n").error, None);
}

#[test]
fn hostile_bytes_break_nothing() {
    let mut bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    bytes.extend_from_slice(b"\nTraceback (most recent call last):\n  File \"/srv/shop/a.py\", line 3, in f\n    x()\nValueError: \x1b]0;title\x07bad\x1b[2J\n\xff\xfe\0\n");
    let found = diagnose(&Evidence {
        cwd: Some(Path::new("/srv/shop")),
        ..Evidence::text(&bytes)
    });
    assert_eq!(
        found.location.map(|place| place.file).as_deref(),
        Some("a.py")
    );
    assert!(!found.error.unwrap().contains('\x1b'));
    for text in [
        "at (",
        "    at (",
        "#0 (",
        "\tat .(:)",
        "panic: ",
        "goroutine ",
        "** (",
        "thread '",
        "  File \"",
        ":in `",
        "Uncaught  in :",
        "==1==",
        "[",
        "[]",
        "|",
        "│",
    ] {
        let _ = explain(text.as_bytes());
        let _ = explain(text.repeat(500).as_bytes());
        let _ = explain(format!("{text}\n").repeat(500).as_bytes());
    }
}

#[test]
fn every_cut_of_a_trace_is_survived() {
    let text = "panic: a\n\tpanic: b ⨯\n\ngoroutine 1 [running]:\nmain.f(...)\n\t/srv/a.go:4\nError: x\n    at f (/a/b.js:1:2) {\n  [cause]: E: y\n      at g (c.js:3:4)\n}\nTraceback (most recent call last):\n  File \"a\", line 1, in é\n    │ x\nE: y\n";
    for end in 0..text.len() {
        let _ = explain(&text.as_bytes()[..end]);
        let _ = explain(&text.as_bytes()[end..]);
    }
}

#[test]
fn what_is_large_takes_its_time_and_no_more() {
    // Bounds are wide: they tell a quadratic reader from a linear one, in a build without optimising.
    let begin = Instant::now();
    let lines =
        "2025-11-21T10:00:00Z INFO request id=17 path=/orders status=200 ms=4\n".repeat(300_000);
    assert_eq!(explain(lines.as_bytes()).kind, None);
    let line = "x".repeat(30_000_000);
    assert_eq!(explain(line.as_bytes()).kind, None);
    let frames = format!(
        "panic: deep\n\ngoroutine 1 [running]:\n{}",
        "main.f(0x1)\n\t/srv/shop/a.go:4 +0x1\n".repeat(20_000)
    );
    assert_eq!(explain(frames.as_bytes()).kind, Some(Kind::Panic));
    let brackets = "    at a (".repeat(100_000);
    let _ = explain(brackets.as_bytes());
    assert!(
        begin.elapsed() < Duration::from_secs(60),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn a_trace_far_from_the_end_is_found_with_its_lines() {
    let mut text = "first\nTraceback (most recent call last):\n  File \"/srv/shop/a.py\", line 3, in f\n    x()\nValueError: bad\n".to_owned();
    text.push_str(&"10:00:00 INFO all is well and goes on and on\n".repeat(100_000));
    let found = read(&text);
    assert_eq!(found.error.as_deref(), Some("ValueError: bad"));
    assert_eq!(
        found.lines.map(|lines| (lines.first, lines.last)),
        Some((2, 5))
    );
}

#[test]
fn the_newest_error_counts_and_the_one_that_ended_it() {
    let trace = |error: &str, line: u32| {
        format!(
            "Traceback (most recent call last):\n  File \"/srv/shop/a.py\", line {line}, in f\n    x()\n{error}\n"
        )
    };
    let log = "10:00:00 INFO ok\n".repeat(60);
    let text = format!(
        "{}{log}{}",
        trace("ValueError: old", 1),
        trace("KeyError: 'new'", 2)
    );
    check(&text, "python", "exception", "KeyError: 'new'", "a.py:2");
    // What a shutdown logs is not why it shut down.
    let text = format!(
        "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/shop/a.go:8 +0xe5\nERROR while closing\n{}",
        trace("OSError: closed", 3)
    );
    check(&text, "go", "panic", "panic: boom", "a.go:8");
}

#[test]
fn the_end_itself_speaks_where_nothing_else_does() {
    let end = |exit_code, signal| {
        diagnose(&Evidence {
            exit_code,
            signal,
            ..Evidence::text(b"working\n")
        })
    };
    assert_eq!(end(Some(137), None).kind, Some(Kind::Killed));
    assert_eq!(end(None, Some(11)).kind, Some(Kind::Segfault));
    assert_eq!(end(Some(143), None).kind, Some(Kind::Signal));
    assert_eq!(end(Some(127), None).kind, Some(Kind::CommandNotFound));
    assert_eq!(end(Some(3), None).kind, Some(Kind::Exit));
    assert_eq!(end(Some(3), None).error, None);
    let oom = diagnose(&Evidence {
        signal: Some(9),
        out_of_memory: Some(true),
        memory_bytes: Some(2_040_109_466),
        ..Evidence::default()
    });
    assert_eq!(oom.kind, Some(Kind::OutOfMemory));
    assert!(oom.summary.contains("1.9 GB"), "{}", oom.summary);
    let unsure = diagnose(&Evidence {
        signal: Some(9),
        memory_bytes: Some(2_040_109_466),
        ..Evidence::default()
    });
    assert!(
        unsure.kind == Some(Kind::Killed) && unsure.summary.contains("did not send"),
        "{}",
        unsure.summary
    );
    let ours = diagnose(&Evidence {
        signal: Some(9),
        killed_by_forge: true,
        ..Evidence::default()
    });
    assert!(ours.summary.starts_with("Forge"), "{}", ours.summary);
}

#[test]
fn a_command_that_cannot_be_started_is_told() {
    let end = |error| {
        diagnose(&Evidence {
            spawn_error: Some(error),
            command: Some("redis-serverd --port 1"),
            ..Evidence::default()
        })
    };
    let missing = end("No such file or directory (os error 2)");
    assert_eq!(
        (
            missing.kind,
            missing.subject.as_deref(),
            missing.deterministic
        ),
        (Some(Kind::CommandNotFound), Some("redis-serverd"), true)
    );
    assert_eq!(
        end("Permission denied (os error 13)").kind,
        Some(Kind::Permission)
    );
    assert_eq!(
        end("Exec format error (os error 8)").kind,
        Some(Kind::ExecFormat)
    );
}

#[test]
fn causes_in_one_line_are_found_among_echoes() {
    let text = "> shop@1.0.0 dev\n> viteee\n\nsh: 1: viteee: not found\nnpm error Lifecycle script `dev` failed with error:\nnpm error code 127\n";
    check(text, "shell", "command-not-found", "viteee: not found", "-");
    let found = check(
        "2025-11-21 10:00:00.000 UTC [1] FATAL:  password authentication failed for user \"shop\"\n",
        "-",
        "config",
        "password authentication failed for user \"shop\"",
        "-",
    );
    assert!(found.deterministic);
    let found = check(
        "docker: Error response from daemon: driver failed programming external connectivity on endpoint x (abc): Bind for 0.0.0.0:5432 failed: port is already allocated.\n",
        "-",
        "port-in-use",
        "Bind for 0.0.0.0:5432 failed: port is already allocated",
        "-",
    );
    assert_eq!((found.port, found.deterministic), (Some(5432), false));
    let found = check(
        "npm error Missing script: \"dev\"\nnpm error\nnpm error To see a list of scripts, run:\n",
        "-",
        "config",
        "Missing script: \"dev\"",
        "-",
    );
    assert_eq!(found.subject.as_deref(), Some("dev"));
    let found = read(
        "level=error msg=\"write /data/x: no space left on device\"\nError: write /data/x: No space left on device\n",
    );
    assert_eq!(found.rule.as_deref(), Some("disk-full"));
}

#[test]
fn shells_of_all_kinds() {
    check(
        "start.sh: line 4: syntax error near unexpected token `fi'\n",
        "shell",
        "syntax",
        "syntax error near unexpected token `fi'",
        "start.sh:4",
    );
    check(
        "zsh: command not found: foo\n",
        "shell",
        "command-not-found",
        "command not found: foo",
        "-",
    );
    check(
        "bash: ./x.sh: Permission denied\n",
        "shell",
        "permission",
        "./x.sh: Permission denied",
        "-",
    );
    check(
        "run.sh: 3: DB_URL: must be set\n",
        "shell",
        "missing-env",
        "DB_URL: must be set",
        "run.sh:3",
    );
    check(
        "run.sh: line 3: FOO: unbound variable\n",
        "shell",
        "missing-env",
        "FOO: unbound variable",
        "run.sh:3",
    );
    check(
        "/usr/bin/env: 'node': No such file or directory\n",
        "shell",
        "command-not-found",
        "/usr/bin/env: 'node': No such file or directory",
        "-",
    );
}

#[test]
fn secrets_are_masked_in_what_is_told() {
    let text = "Traceback (most recent call last):\n  File \"/srv/shop/a.py\", line 3, in f\n    x()\nValueError: bad url postgres://shop:hunter2@db:5432/shop with API_KEY=abcdef\n";
    let error = read(text).error.unwrap();
    assert!(
        !error.contains("hunter2") && !error.contains("abcdef"),
        "{error}"
    );
}

#[test]
fn a_line_alone_behind_a_prefix_is_read_too() {
    check(
        "web-1  | start.sh: line 6: foo: command not found\n",
        "shell",
        "command-not-found",
        "foo: command not found",
        "start.sh:6",
    );
    check(
        "[web] free(): double free detected in tcache 2\n[web] Aborted (core dumped)\n",
        "c",
        "exception",
        "free(): double free detected in tcache 2",
        "-",
    );
    check(
        "10:00:00 web.1   | [api] Segmentation fault\n",
        "-",
        "segfault",
        "Segmentation fault",
        "-",
    );
}
