//! Readiness and health: every kind of check, and who must not count.

use crate::world::World;
use forge_testkit::{free_port, wait_for};

#[test]
fn every_kind_of_check_makes_a_process_healthy() {
    let (http, tcp, own) = (free_port(), free_port(), free_port());
    let world = World::new(&format!(
        "dev:
  - name: http
    command: exec python3 -S puppet.py http {http} answer
    health_check: {{http: 'http://127.0.0.1:{http}/ping', status: [204, 200], body: 'path /p.ng', interval: 50ms}}
  - name: short
    command: exec python3 -S puppet.py http $PORT
    port: auto
    health_check: http://localhost:${{process.short.port}}/
  - name: tcp
    command: exec python3 -S puppet.py listen {tcp}
    health_check: tcp://127.0.0.1:{tcp}
  - name: command
    command: sleep 0.1; touch there; exec sleep 1000
    health_check: test -e there
  - name: log
    command: echo warming up; sleep 0.05; echo server ready on 80; exec sleep 1000
    health_check: {{log: 'ready on \\d+'}}
  - name: notify
    command: exec python3 -S puppet.py notify-after there
    health_check: {{notify: true}}
  - name: own
    command: exec python3 -S puppet.py listen {own}
    port: {own}
"
    ));
    world.ok(&["dev", "start"]);
    for name in ["http", "short", "tcp", "command", "log", "notify", "own"] {
        let process = world.process(name);
        assert_eq!(process["status"], "running", "{process}");
        assert_eq!(process["health"]["state"], "healthy", "{process}");
    }
    let http_health = world.process("http")["health"].clone();
    assert!(
        http_health["detail"]
            .as_str()
            .is_some_and(|text| text.contains("200")),
        "{http_health}"
    );
    assert!(http_health["checked_at"].is_string());
    assert_eq!(world.process("own")["listening"], serde_json::json!([own]));
}

#[test]
fn a_stranger_on_the_port_never_counts() {
    let port = free_port();
    let world = World::new(&format!(
        "dev:
  - name: web
    command: touch up; while [ ! -e go ]; do sleep 0.01; done; while [ -e taken ]; do sleep 0.01; done; exec python3 -S puppet.py listen {port}
    port: {port}
"
    ));
    world.ok(&["dev", "start", "--no-wait"]);
    wait_for("web", || world.path().join("up").exists().then_some(()));
    // Somebody else comes to the port first.
    world.write("taken", "");
    let stranger = std::net::TcpListener::bind(("127.0.0.1", port)).expect("it is free");
    world.ends(1, &["dev", "wait", "web", "--timeout", "500ms"]);
    assert_eq!(world.word("web"), "starting");
    drop(stranger);
    std::fs::remove_file(world.path().join("taken")).expect("ours");
    world.write("go", "");
    world.ok(&["dev", "wait", "web"]);
}

#[test]
fn a_grandchild_that_listens_counts() {
    let port = free_port();
    let world = World::new(&format!(
        "dev:
  - name: web
    command: setsid -f python3 -S puppet.py listen {port}; while :; do sleep 1; done
    port: {port}
"
    ));
    world.ok(&["dev", "start"]);
    let web = world.process("web");
    assert_eq!(web["listening"], serde_json::json!([port]));
    assert!(
        web["pids"].as_array().is_some_and(|pids| pids.len() >= 2),
        "{web}"
    );
}

#[test]
fn an_unhealthy_process_is_told_and_restarted_where_asked() {
    let port = free_port();
    let world = World::new(&format!(
        "dev:
  - name: web
    command: echo run >> runs; exec python3 -S puppet.py http {port} answer
    health_check: {{http: 'http://127.0.0.1:{port}/', interval: 30ms, retries: 2}}
  - name: worker
    command: echo run >> worker-runs; exec sleep 1000
    restart: {{delay: 1ms}}
    health_check: {{command: test ! -e ill, interval: 30ms, retries: 2, on_unhealthy: restart}}
"
    ));
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    world.write("answer", "503");
    let web = world.wait_process("web", "is unhealthy", |one| {
        one["health"]["state"] == "unhealthy"
    });
    assert_eq!(web["status"], "running");
    assert!(
        web["health"]["detail"]
            .as_str()
            .is_some_and(|text| text.contains("503")),
        "{web}"
    );
    world.wait_event("web", "unhealthy");
    assert!(
        !world.status()["warnings"]
            .as_array()
            .expect("a list")
            .is_empty()
    );
    world.write("answer", "200");
    world.wait_process("web", "is healthy", |one| {
        one["health"]["state"] == "healthy"
    });
    world.wait_event("web", "healthy");
    assert_eq!(world.pid("web"), pid, "it is only warned of");

    world.write("ill", "");
    world.wait_lines("worker-runs", 2);
    std::fs::remove_file(world.path().join("ill")).expect("ours");
    world.wait_process("worker", "is healthy again", |one| {
        one["status"] == "running" && one["health"]["state"] == "healthy"
    });
    assert!(world.process("worker")["restarts"].as_u64() >= Some(1));
}

#[test]
fn fail_on_fails_the_start_at_once() {
    let world = World::new(
        "dev:
  - name: web
    command: echo booting; echo 'FATAL no license'; exec sleep 1000
    restart: {policy: never}
    health_check: {command: 'false', fail_on: FATAL, start_period: 600s}
",
    );
    let ran = world.ends(1, &["dev", "start"]);
    assert!(ran.stderr.contains("no license"), "{ran:?}");
    world.wait_status("web", "crashed");
}

#[test]
fn a_check_that_never_succeeds_ends_with_the_start_period() {
    let world = World::new(
        "dev:
  - name: web
    command: exec sleep 1000
    health_check: {command: 'false', interval: 20ms, start_period: 200ms}
  - name: after
    command: touch after; exec sleep 1000
    depends_on: [web]
",
    );
    let ran = world.ends(1, &["dev", "start"]);
    assert!(ran.stderr.contains("web"), "{ran:?}");
    assert!(!world.path().join("after").exists());
    let web = world.process("web");
    assert_eq!(web["health"]["state"], "unhealthy", "{web}");
}

#[test]
fn a_notification_from_a_helper_of_the_process_counts() {
    let world = World::new(
        "dev:
  - name: web
    command: python3 -S puppet.py notify-after go & wait
    health_check: {notify: true}
",
    );
    world.ok(&["dev", "start", "--no-wait"]);
    let checking = |one: &serde_json::Value| one["health"]["state"] == "checking";
    assert_eq!(
        world.wait_process("web", "is checked", checking)["status"],
        "starting"
    );
    world.write("go", "");
    world.ok(&["dev", "wait", "web"]);
    let web = world.process("web");
    assert_eq!(web["health"]["detail"], "all is well");
}
