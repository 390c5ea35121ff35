//! What is damaged, stale or forbidden: a clear error, and nothing lost.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use crate::world::{Beside, World, has_ended, kill};
use forge_testkit::wait_for;

const ONE: &str = "dev:\n  - {name: web, command: exec sleep 1000}\n";

#[test]
fn a_damaged_state_is_set_aside_and_what_runs_is_still_known() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    let state = world.layout().state_file();
    wait_for("the state", || {
        let text = std::fs::read_to_string(&state).ok()?;
        text.contains("web").then_some(())
    });
    world.kill_all_of_forge(&["web"]);
    let text = std::fs::read(&state).expect("it is there");
    std::fs::write(&state, &text[..text.len() / 2]).expect("ours");
    let web = world.wait_status("web", "running");
    assert_eq!(web["pid"], pid);
    let folder = std::fs::read_dir(world.layout().state())
        .expect("ours")
        .flatten();
    let aside = folder.filter(|file| file.file_name().to_string_lossy().contains("damaged"));
    assert_eq!(aside.count(), 1);
    let events = world.ok(&["dev", "events", "--json"]);
    assert!(events.stdout.contains("damaged"), "{events:?}");
    world.ok(&["dev", "start"]);
    world.ok(&["dev", "stop"]);
    assert!(has_ended(pid));
}

#[test]
fn stale_sockets_and_locks_are_no_trouble() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    world.ok(&["daemon", "stop"]);
    let layout = world.layout();
    std::fs::create_dir_all(layout.shim_socket("web").parent().expect("a folder")).expect("ours");
    for socket in [
        layout.api_socket(),
        layout.keeper_socket(),
        layout.shim_socket("web"),
    ] {
        let _ = std::fs::remove_file(&socket);
        drop(UnixListener::bind(&socket).expect("a socket that nobody listens on"));
    }
    std::fs::write(layout.keeper_lock(), "999999\n").expect("ours");
    std::fs::write(layout.supervisor_lock(), "999999\n").expect("ours");
    world.ok(&["dev", "status"]);
    world.ok(&["dev", "start"]);
    assert_eq!(world.word("web"), "running");
}

#[test]
fn a_state_folder_that_cannot_be_written_is_a_clear_error() {
    let world = World::new(ONE);
    let blocked = world.base().join("blocked");
    std::fs::write(&blocked, "a file where a folder should be").expect("ours");
    let state = blocked.join("state");
    let mut command = world.command(&["dev", "start"]);
    command.env("FORGE_STATE_DIR", &state);
    let ran = Beside::spawn(command).end();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.stderr.contains("blocked"),
        "the place is named: {ran:?}"
    );
    assert!(world.left().is_empty());

    // Root may write everywhere, so this part is for others.
    if forge_os::own_uid() == 0 {
        println!("skipped for root: a folder without the permission to write");
        return;
    }
    let locked = world.base().join("locked");
    std::fs::create_dir(&locked).expect("ours");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o500)).expect("ours");
    let mut command = world.command(&["dev", "start"]);
    command.env("FORGE_STATE_DIR", locked.join("state"));
    let ran = Beside::spawn(command).end();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("locked"), "{ran:?}");
}

#[test]
fn a_second_supervisor_and_a_second_keeper_are_refused() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let (keeper, supervisor) = (world.keeper_pid(), world.supervisor_pid());
    let layout = world.layout();
    let options: Vec<&str> = [layout.workspace(), layout.state(), layout.runtime()]
        .iter()
        .map(|path| path.to_str().expect("text"))
        .collect();
    let ran = world.run(&[
        "daemon",
        "run",
        "--workspace",
        options[0],
        "--state",
        options[1],
        "--runtime",
        options[2],
    ]);
    assert_ne!(ran.code, Some(0), "{ran:?}");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_forge")).with_file_name("forge-keeper");
    let mut second = std::process::Command::new(program);
    second.args([
        "keeper",
        "--workspace",
        options[0],
        "--state",
        options[1],
        "--runtime",
        options[2],
    ]);
    second.args(["--supervisor", env!("CARGO_BIN_EXE_forge")]);
    Beside::spawn(second).end();
    assert_eq!(world.keeper_pid(), keeper);
    assert_eq!(world.supervisor_pid(), supervisor);
    assert_eq!(world.word("web"), "running");
}

#[test]
fn many_clients_at_once_make_one_keeper_and_one_copy() {
    let world = World::new("dev:\n  - {name: web, command: echo run >> runs; exec sleep 1000}\n");
    let starts: Vec<Beside> = (0..6).map(|_| world.spawn(&["dev", "start"])).collect();
    for start in starts {
        let ran = start.end();
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    assert_eq!(world.wait_lines("runs", 1).len(), 1);
    let keepers = world
        .left()
        .into_iter()
        .filter(|(_, words)| words.contains("forge-keeper keeper"));
    assert_eq!(keepers.count(), 1, "{:?}", world.left());
}

#[test]
fn a_supervisor_that_is_stopped_or_killed_is_replaced() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    let first = world.supervisor_pid();
    kill(first, 9);
    wait_for("another supervisor", || {
        (world.supervisor_pid() != first).then_some(())
    });
    assert_eq!(world.pid("web"), pid);
    let second = world.supervisor_pid();
    let ran = world.ok(&["daemon", "restart"]);
    assert!(ran.stdout.contains("replaced"), "{ran:?}");
    assert_ne!(world.supervisor_pid(), second);
    assert_eq!(world.pid("web"), pid);
}

#[test]
fn a_workspace_that_was_moved_away_can_still_be_stopped() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    std::fs::remove_dir_all(world.path().join(".forge")).expect("ours");
    world.ok(&["dev", "stop"]);
    assert!(has_ended(pid));
}

#[test]
fn a_request_that_is_nonsense_is_an_error_and_harms_nothing() {
    use std::io::{Read, Write};
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    let supervisor = world.supervisor_pid();
    let bodies = [
        "{",
        "{\"targets\": 7}",
        "[]",
        "\u{0}\u{1}",
        "{\"targets\": [\"../../etc\"]}",
    ];
    for path in [
        "start", "stop", "signal", "input", "wait", "exec", "nowhere",
    ] {
        for body in bodies {
            let socket = world.layout().api_socket();
            let mut stream = std::os::unix::net::UnixStream::connect(socket).expect("it listens");
            let length = body.len();
            write!(
                stream,
                "POST /v1/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .expect("it reads");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).expect("it answers");
            let answer = String::from_utf8_lossy(&answer);
            let fine = answer.starts_with("HTTP/1.1 4") || answer.contains("event: problem");
            assert!(fine, "{path} {body:?}: {answer}");
        }
    }
    assert_eq!(world.pid("web"), pid);
    assert_eq!(world.supervisor_pid(), supervisor);
}
