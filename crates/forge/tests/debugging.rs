//! Debug mode: a debugger really attaches where Forge says, to the application and not to what
//! starts it, and runs that never began are crashes too.

#[allow(dead_code)]
#[path = "engine/world.rs"]
mod world;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use forge_testkit::{free_port, try_for, wait_for};
use serde_json::Value;
use world::World;

/// Whether a program runs here; says so where it does not.
fn there_is(program: &str, arguments: &[&str]) -> bool {
    let ran = Command::new(program).args(arguments).output();
    let is = ran.is_ok_and(|output| output.status.success());
    if !is {
        eprintln!("skipped: there is no {program} {arguments:?}");
    }
    is
}

/// What Node's inspector at this address has to offer.
fn targets(address: &str) -> Option<Value> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    write!(stream, "GET /json/list HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    // Node ends no connection of its own: the length says where the answer ends.
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => answer.extend_from_slice(&buffer[..read]),
        }
        let text = String::from_utf8_lossy(&answer);
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && let Ok(value) = serde_json::from_str(body.trim())
        {
            return Some(value);
        }
    }
}

/// Waits until a debugger can attach, and says where.
fn debugger(world: &World, name: &str) -> String {
    let process = world.wait_process(name, "a debugger's address", |process| {
        process["debugger"].is_string()
    });
    process["debugger"].as_str().expect("a text").to_string()
}

#[test]
fn a_debugger_attaches_to_the_application_and_not_to_what_starts_it() {
    if !there_is("node", &["--version"]) || !there_is("npm", &["--version"]) {
        return;
    }
    let debug_port = free_port();
    let world = World::new(&format!(
        "dev:\n  - name: web\n    command: npm run dev\n    cwd: a folder\n    debug: {{port: {debug_port}}}\n    restart: {{delay: 0}}\n"
    ));
    world.write(
        "a folder/package.json",
        "{\"name\": \"w\", \"version\": \"1.0.0\", \"scripts\": {\"dev\": \"node server.js\"}}",
    );
    world.write(
        "a folder/server.js",
        "console.log('up'); setInterval(() => {}, 1000);\n",
    );
    world.ok(&["dev", "start"]);
    assert_eq!(world.process("web")["debug"], false);
    let ran = world.ok(&["dev", "debug", "web", "on"]);
    let (told, notes) = (ran.stdout, ran.stderr);
    let address = format!("127.0.0.1:{debug_port}");
    let attached = format!("can attach now, at {address}");
    assert!(told.contains(&attached), "{told}");
    assert!(notes.contains("\"type\": \"node\""), "{notes}");
    let found = wait_for("an inspector", || targets(&address));
    assert!(
        found[0]["url"]
            .as_str()
            .is_some_and(|url| url.ends_with("/server.js")),
        "{found}"
    );

    // It stays on through a restart and through a crash.
    world.ok(&["dev", "restart", "web"]);
    assert_eq!(debugger(&world, "web"), address);
    let leader = world.pid("web");
    world::kill(leader, 9);
    world.wait_event("web", "crashed");
    world.wait_process("web", "another run", |process| {
        process["pid"]
            .as_i64()
            .is_some_and(|pid| pid != i64::from(leader))
    });
    assert_eq!(debugger(&world, "web"), address);

    world.ok(&["dev", "debug", "web", "off"]);
    assert_eq!(world.process("web")["debug"], false);
    assert!(try_for(|| TcpStream::connect(&address).is_err().then_some(())).is_some());
}

#[test]
fn python_without_debugpy_gets_its_development_mode_and_says_so() {
    if !there_is("python3", &["--version"]) || there_is("python3", &["-c", "import debugpy"]) {
        return;
    }
    let world = World::new(
        "dev:\n  - name: api\n    command: python3 app.py\n    env: {PYTHONPATH: lib}\n",
    );
    world.write("lib/own.py", "NAME = 'own'\n");
    world.write(
        "app.py",
        "import own, signal, sys\nprint(own.NAME, sys.flags.dev_mode, flush=True)\nsignal.pause()\n",
    );
    world.ok(&["dev", "start"]);
    world.wait_output("api", "own False");
    let told = world.ok(&["dev", "debug", "api", "on"]);
    assert!(told.stderr.contains("debugpy"), "{}", told.stderr);
    world.wait_output("api", "own True");
}

#[test]
fn two_in_debug_mode_wait_at_different_ports() {
    if !there_is("node", &["--version"]) {
        return;
    }
    let world = World::new(
        "dev:\n  - {name: one, command: node wait.js}\n  - {name: two, command: [node, wait.js]}\n",
    );
    world.write("wait.js", "setInterval(() => {}, 1000);\n");
    world.ok(&["dev", "start"]);
    world.ok(&["dev", "debug", "one", "on"]);
    world.ok(&["dev", "debug", "two", "on"]);
    assert_ne!(debugger(&world, "one"), debugger(&world, "two"));
}

#[test]
fn a_run_that_never_began_is_a_crash_and_begins_when_its_folder_comes() {
    let world = World::new(
        "dev:\n  - {name: web, command: sleep 1000, cwd: ./frontend}\n  - {name: tool, command: [no-such-program]}\n  - name: api\n    command: sleep 1000\n    hooks: {before_start: echo the migration is bad; exit 3}\n    restart: {policy: never}\n",
    );
    world.ends(1, &["dev", "start"]);
    let crash = |name: &str| world.ok(&["dev", "crash", name, "--json"]).json();
    let web = crash("web");
    assert_eq!(web["kind"], "missing-file");
    assert_eq!(web["exit_code"], Value::Null);
    assert!(web["summary"].to_string().contains("frontend"), "{web}");
    assert_eq!(crash("tool")["kind"], "command-not-found");
    assert_eq!(crash("tool")["exit_code"], 127);
    let api = crash("api");
    assert!(
        api["error"].to_string().contains("the migration is bad"),
        "{api}"
    );
    let card = world.ok(&["dev", "crash", "web"]).stdout;
    assert!(card.contains("did not start"), "{card}");
    let all = world.ok(&["dev", "crashes", "--json"]).json();
    assert_eq!(all["crashes"].as_array().map(Vec::len), Some(3), "{all}");
    std::fs::create_dir(world.path().join("frontend")).expect("a folder");
    world.wait_status("web", "running");
}

#[test]
fn what_changed_is_answered_where_nothing_runs() {
    let world = World::new(
        "dev:\n  - {name: web, command: sleep 1000, port: auto, health_check: 'true', env: {A: one}}\n",
    );
    world.ok(&["dev", "start"]);
    wait_for("a healthy run", || {
        let answer = world.ok(&["dev", "changes", "web", "--json"]).json();
        answer["since"].is_string().then_some(())
    });
    world.ok(&["daemon", "stop"]);
    let none = world.ok(&["dev", "changes", "web", "--json"]).json();
    assert_eq!(none["changes"], serde_json::json!([]), "{none}");
    world.configure("dev:\n  - {name: web, command: sleep 1000, port: auto, health_check: 'true', env: {A: two}}\n");
    let changed = world.ok(&["dev", "changes", "web", "--json"]).json();
    assert!(
        changed["changes"].to_string().contains("\"A\""),
        "{changed}"
    );
    assert!(
        !changed.to_string().contains("two"),
        "values are told as hashes: {changed}"
    );
    world.ends(3, &["dev", "changes", "nobody"]);
}
