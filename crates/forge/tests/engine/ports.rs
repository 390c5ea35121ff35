//! Ports: which one a process gets, and what happens where somebody else has it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::world::{World, has_ended};
use forge_testkit::{free_port, wait_for};

/// A program outside of Forge that listens.
struct Stranger(Child);

impl Stranger {
    fn on(world: &World, port: u16) -> Self {
        let child = Command::new("python3")
            .args(["-S", "puppet.py", "listen", &port.to_string()])
            .current_dir(world.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("python3");
        let stranger = Stranger(child);
        wait_for("the stranger", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        stranger
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.0.id()).expect("a pid")
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn web(port: u16) -> String {
    format!(
        "dev:
  - {{name: web, command: exec python3 -S puppet.py listen $PORT, port: {port}}}
  - {{name: client, command: 'echo $TARGET; exec sleep 1000', env: {{TARGET: 'at:${{process.web.port}}'}}, depends_on: [web]}}
"
    )
}

#[test]
fn a_taken_port_is_4_and_names_who_has_it() {
    let port = free_port();
    let world = World::new(&web(port));
    let stranger = Stranger::on(&world, port);
    let ran = world.ends(4, &["dev", "start"]);
    assert!(ran.stderr.contains(&stranger.pid().to_string()), "{ran:?}");
    assert!(ran.stderr.contains(&port.to_string()), "{ran:?}");
    let ran = world.ends(4, &["dev", "start", "--on-conflict", "fail", "--json"]);
    assert_eq!(ran.json()["conflicts"][0]["pid"], stranger.pid(), "{ran:?}");
    assert!(!has_ended(stranger.pid()));
    drop(stranger);
    world.ok(&["dev", "start"]);
}

#[test]
fn a_taken_port_can_be_freed() {
    let port = free_port();
    let world = World::new(&web(port));
    let stranger = Stranger::on(&world, port);
    world.ok(&["dev", "start", "--on-conflict", "kill"]);
    assert!(has_ended(stranger.pid()));
    assert_eq!(world.process("web")["port"], port);
}

#[test]
fn the_next_port_reaches_dependents() {
    let port = free_port();
    let world = World::new(&web(port));
    let stranger = Stranger::on(&world, port);
    world.ok(&["dev", "start", "--on-conflict", "next-port"]);
    let process = world.process("web");
    assert_eq!(process["requested_port"], port);
    assert_ne!(process["port"], port);
    world.wait_output("client", &format!("at:{}\n", process["port"]));
    assert!(!has_ended(stranger.pid()));
    // A restart keeps it.
    world.ok(&["dev", "restart", "web"]);
    assert_eq!(world.process("web")["port"], process["port"]);
}

#[test]
fn a_running_process_can_be_taken_over() {
    let port = free_port();
    let world = World::new(&web(port));
    let mut stranger = Stranger::on(&world, port);
    world.ok(&["dev", "start", "--on-conflict", "attach"]);
    let process = world.process("web");
    assert_eq!(process["adopted"], true, "{process}");
    assert_eq!(process["pid"], stranger.pid());
    assert_eq!(process["status"], "running");
    // It survives a new supervisor, and is stopped like any other.
    world.ok(&["daemon", "restart"]);
    assert_eq!(world.process("web")["pid"], stranger.pid());
    let stop = world.spawn(&["dev", "stop"]);
    wait_for("its end", || stranger.0.try_wait().expect("ours"));
    assert_eq!(stop.end().code, Some(0));
    assert_eq!(world.word("web"), "stopped");
}

#[test]
fn what_the_forge_of_another_workspace_looks_after_is_not_taken_over() {
    let port = free_port();
    let other = World::new(&web(port));
    other.ok(&["dev", "start", "web"]);
    let world = World::new(&web(port));
    let ran = world.ends(4, &["dev", "start", "web", "--on-conflict", "attach"]);
    let told = format!("`web` of {}", other.path().display());
    assert!(ran.stdout.contains(&told), "{ran:?}");
    assert_eq!(other.word("web"), "running");
}

#[test]
fn an_automatic_port_is_the_same_each_time_and_another_in_each_workspace() {
    let config = "dev:
  - {name: web, command: exec python3 -S puppet.py listen $PORT, port: auto}
  - {name: api, command: 'echo $PORT; exec python3 -S puppet.py listen $API', port: auto, env: {API: '${process.api.port}', PORT: mine}}
";
    let world = World::new(config);
    world.ok(&["dev", "start"]);
    let port = world.process("web")["port"].clone();
    assert!(port.as_u64().is_some_and(|port| port > 1023), "{port}");
    assert_ne!(world.process("api")["port"], port);
    world.wait_output("api", "mine\n");
    world.ok(&["dev", "stop"]);
    world.ok(&["dev", "start"]);
    assert_eq!(world.process("web")["port"], port);
    world.ok(&["daemon", "stop"]);
    world.ok(&["dev", "start"]);
    assert_eq!(world.process("web")["port"], port);
}

#[test]
fn a_port_that_was_left_by_a_crash_is_free_for_the_next_run() {
    let port = free_port();
    let world = World::new(&format!(
        "dev:
  - name: web
    command: echo run >> runs; exec python3 -S puppet.py listen {port}
    port: {port}
    restart: {{delay: 0s}}
"
    ));
    world.ok(&["dev", "start"]);
    crate::world::kill(world.pid("web"), 9);
    world.wait_process("web", "is back", |one| {
        one["restarts"] == 1 && one["status"] == "running"
    });
    world.ok(&["dev", "stop"]);
    drop(TcpListener::bind(("127.0.0.1", port)).expect("it is free"));
}
