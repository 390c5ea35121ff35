//! What is asked for: names and paths that lead elsewhere, patterns that explode, requests without end.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use forge_testkit::wait_for;

use crate::world::World;

const ONE: &str = "dev:\n  - {name: web, command: echo hello; exec sleep 1000}\n";

/// Asks the API and gives the whole answer.
fn ask(world: &World, head: &str, body: &str) -> String {
    let mut stream = UnixStream::connect(world.layout().api_socket()).expect("it listens");
    let length = body.len();
    write!(
        stream,
        "{head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .expect("it reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn names_that_lead_out_of_the_state_folder_are_refused_everywhere() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    std::fs::write(world.base().join("state/secret"), "precious").expect("ours");
    let names = [
        "../../../secret",
        "a/../../b",
        "..",
        ".",
        "/etc/passwd",
        "",
        "-rf",
        "a\u{0}b",
        "a\nb",
    ];
    for name in names {
        let quoted = serde_json::to_string(name).expect("text");
        let run = format!("{{\"name\": {quoted}, \"command\": [\"true\"], \"environment\": {{}}}}");
        let answer = ask(&world, "POST /v1/run", &run);
        let refused = answer.starts_with("HTTP/1.1 4") || answer.contains("event: problem");
        assert!(refused, "{name:?}: {answer}");
        if name.contains('\u{0}') {
            continue;
        }
        let ran = world.run(&["dev", "run", name, "--", "true"]);
        assert_eq!(ran.code, Some(2), "{name:?}: {ran:?}");
        for words in [
            ["dev", "logs", name],
            ["dev", "crash", name],
            ["dev", "why", name],
        ] {
            let ran = world.run(&words);
            assert!(!ran.stdout.contains("precious"), "{words:?}: {ran:?}");
        }
    }
    for path in [
        "/v1/logs?targets=../../../secret",
        "/v1/logs?target=..%2f..%2fsecret",
        "/v1/../../../etc/passwd",
        "/v1/%2e%2e/%2e%2e/etc/passwd",
    ] {
        let answer = ask(&world, &format!("GET {path}"), "");
        assert!(
            !answer.contains("precious") && !answer.contains("root:"),
            "{path}: {answer}"
        );
    }
    world.configure("dev:\n  - {name: ../up, command: 'true'}\n  - {name: a/b, command: 'true'}\n");
    world.ends(2, &["dev", "check"]);
    assert_eq!(
        std::fs::read_dir(world.base())
            .expect("ours")
            .flatten()
            .count(),
        3
    );
}

#[test]
fn patterns_that_explode_elsewhere_cost_nothing_or_are_refused() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | head -n 20000; echo end; exec sleep 1000'}\n",
    );
    world.ok(&["dev", "start"]);
    world.wait_output("web", "end\n");
    let evil = "^(a|a)*(a+)+b$";
    let ran = world.ok(&["dev", "logs", "--grep", evil, "-n", "5"]);
    assert_eq!(ran.stdout, "");
    let ran = world.ok(&["dev", "search", evil]);
    assert!(ran.stdout.starts_with('0'), "{ran:?}");
    let ran = world.ends(
        1,
        &[
            "dev",
            "wait",
            "web",
            "--for",
            &format!("log={evil}"),
            "--timeout",
            "200ms",
        ],
    );
    assert!(ran.stderr.contains("web"), "{ran:?}");
    let huge = "(a{1000}){1000}{1000}";
    for words in [
        vec!["dev", "logs", "--grep", huge],
        vec!["dev", "search", huge],
        vec!["dev", "wait", "web", "--for", "log=(a{1000}){1000}{1000}"],
    ] {
        let ran = world.run(&words);
        assert!(matches!(ran.code, Some(1 | 2)), "{words:?}: {ran:?}");
        assert!(ran.stderr.len() < 2_000, "{ran:?}");
    }
    world.configure(&format!(
        "dev:\n  - {{name: web, command: 'true', health_check: {{log: '{huge}'}}}}\n"
    ));
    let ran = world.ends(2, &["dev", "check"]);
    assert!(ran.stderr.contains("log"), "{ran:?}");
}

#[test]
fn files_that_grow_when_they_are_read_are_refused_quickly() {
    let world = World::new(ONE);
    let mut bomb = "x-a: &a [1,1,1,1,1,1,1,1,1]\n".to_string();
    for (name, of) in ('b'..='j').zip('a'..) {
        bomb.push_str(&format!(
            "x-{name}: &{name} [*{of},*{of},*{of},*{of},*{of},*{of},*{of},*{of},*{of}]\n"
        ));
    }
    let deep = format!("dev: {}", "[".repeat(100_000));
    let huge = format!("dev: []\n# {}\n", "x".repeat(64 << 20));
    for text in [&bomb, &deep, &huge] {
        world.configure(text);
        // So much memory, and no more, may it take.
        let script = format!(
            "ulimit -v 2000000; exec {} dev check",
            env!("CARGO_BIN_EXE_forge")
        );
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &script]).current_dir(world.path());
        for (name, value) in world.command(&[]).get_envs() {
            command.env(name, value.expect("set"));
        }
        let ran = crate::world::Beside::spawn(command).end();
        assert_eq!(ran.code, Some(2), "{:.300} {ran:?}", text);
        assert!(ran.stderr.len() < 5_000, "{ran:?}");
    }
}

#[test]
fn requests_without_end_and_clients_that_say_nothing_hold_up_nobody() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let supervisor = world.supervisor_pid();
    let socket = world.layout().api_socket();
    let silent: Vec<UnixStream> = (0..200)
        .filter_map(|_| UnixStream::connect(&socket).ok())
        .collect();
    assert!(silent.len() > 100, "{}", silent.len());
    // A head without end, a body without end, and noise.
    for begin in [
        "GET /v1/status HTTP/1.1\r\nX: ",
        "POST /v1/start HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n",
        "\u{0}\u{1}\u{2}\u{3}",
    ] {
        let mut stream = UnixStream::connect(&socket).expect("it listens");
        let seconds = Some(std::time::Duration::from_secs(30));
        stream.set_write_timeout(seconds).expect("a socket");
        stream.set_read_timeout(seconds).expect("a socket");
        let mut sent = stream.write(begin.as_bytes()).expect("it reads");
        let piece = [b'x'; 64 << 10];
        // Bounded: what is not refused after so much never will be.
        while sent < 64 << 20 {
            match stream.write(&piece) {
                Ok(0) | Err(_) => break,
                Ok(count) => sent += count,
            }
        }
        assert!(sent < 64 << 20, "{begin:?} is taken without end");
    }
    assert_eq!(world.word("web"), "running");
    assert_eq!(world.supervisor_pid(), supervisor);
    drop(silent);
    wait_for("all descriptors back", || {
        let open = std::fs::read_dir(format!("/proc/{supervisor}/fd")).ok()?;
        (open.count() < 100).then_some(())
    });
}
