//! What runs out: descriptors, memory, room on the disk; and clients in numbers.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use crate::harness::skip;
use forge_testkit::Case;
use forge_testkit::wait_for;

use crate::world::{Beside, World, kill};

pub(crate) const FAULTS: &[Case] = &[
    (
        "a_supervisor_without_descriptors_answers_again_when_there_are_some",
        no_descriptors,
    ),
    (
        "a_supervisor_without_memory_is_replaced_and_nothing_dies",
        no_memory,
    ),
    (
        "a_full_disk_at_the_start_is_an_error_that_names_it",
        full_from_the_start,
    ),
    (
        "a_disk_that_fills_up_stops_no_process_and_is_told",
        fills_up,
    ),
    (
        "state_that_cannot_be_written_any_more_stops_nothing_and_is_told",
        read_only,
    ),
    ("two_hundred_clients_at_once_are_all_answered", many_clients),
    ("a_client_that_never_reads_holds_up_nobody", never_reads),
];

const ONE: &str = "dev:\n  - {name: web, command: echo run >> runs; exec sleep 1000}\n";

/// Sets a limit of a process of ours (prlimit(1)); `false` where that program is missing.
fn limit(pid: i32, what: &str) -> bool {
    let done = Command::new("prlimit")
        .args(["--pid", &pid.to_string(), what])
        .status();
    let done = done.is_ok_and(|status| status.success());
    if !done {
        skip("prlimit is not installed, or not allowed");
    }
    done
}

fn no_descriptors() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let (pid, supervisor) = (world.pid("web"), world.supervisor_pid());
    let open = std::fs::read_dir(format!("/proc/{supervisor}/fd"))
        .expect("ours")
        .count();
    let (few, many) = (format!("--nofile={open}:4096"), "--nofile=4096:4096");
    if !limit(supervisor, &few) {
        return;
    }
    let asking: Vec<Beside> = (0..5)
        .map(|_| world.spawn(&["dev", "status", "--json"]))
        .collect();
    forge_os::pause(std::time::Duration::from_millis(500));
    limit(supervisor, many);
    for one in asking {
        let ran = one.end();
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    assert_eq!(world.supervisor_pid(), supervisor);
    assert_eq!(world.pid("web"), pid);
}

fn no_memory() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let (pid, supervisor) = (world.pid("web"), world.supervisor_pid());
    // As much as it has, and no more: what it wants beside that is refused.
    let status = std::fs::read_to_string(format!("/proc/{supervisor}/statm")).expect("ours");
    let pages: u64 = status
        .split(' ')
        .next()
        .and_then(|pages| pages.parse().ok())
        .expect("a number");
    if !limit(
        supervisor,
        &format!("--as={}", pages * forge_os::process_table::page_size()),
    ) {
        return;
    }
    for _ in 0..3 {
        let _ = world.run(&["dev", "logs", "-n", "10"]);
        let _ = world.run(&["dev", "monitor", "--json"]);
        let big = "x".repeat(8 << 20);
        world.write("big.env", &format!("BIG={big}\n"));
        let ran = world.run(&["dev", "run", "other", "--", "true"]);
        assert!(ran.code.is_some(), "{ran:?}");
    }
    // Its limit ends with it; a second one is as free as the first was.
    kill(supervisor, 9);
    wait_for("another supervisor", || {
        (world.supervisor_pid() != supervisor).then_some(())
    });
    assert_eq!(world.pid("web"), pid);
    assert_eq!(world.lines("runs").len(), 1);
}

/// A small file system; unmounted when dropped.
struct Small(PathBuf);

impl Small {
    fn mount(path: PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir_all(&path).expect("ours");
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={size},mode=0700"),
                "none",
            ])
            .arg(&path)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Small(path));
        }
        skip("a tmpfs cannot be mounted here (needs root)");
        None
    }

    fn fill(&self) -> PathBuf {
        let filler = self.0.join("filler");
        let mut size = 64 << 20;
        let mut whole = Vec::new();
        while size >= 4096 {
            whole.resize(whole.len() + size, b'x');
            if std::fs::write(&filler, &whole).is_err() {
                whole.truncate(whole.len() - size);
                let _ = std::fs::write(&filler, &whole);
                size /= 2;
            }
        }
        filler
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l"]).arg(&self.0).status();
    }
}

fn full_from_the_start() {
    let world = World::new(ONE);
    let Some(small) = Small::mount(world.base().join("state"), "1m") else {
        return;
    };
    let filler = small.fill();
    let ran = world.run(&["dev", "start", "--timeout", "15s"]);
    match ran.code {
        // A process may run although nothing of it can be kept; then that is said.
        Some(0) => {
            let status = world.run(&["dev", "status"]);
            let told = format!("{}{}{}", ran.stderr, status.stdout, status.stderr);
            assert!(
                told.contains("space") || told.contains("full"),
                "{ran:?} {status:?}"
            );
        }
        Some(1) => assert!(
            ran.stderr.contains("space") || ran.stderr.contains("full"),
            "it says what is missing: {ran:?}"
        ),
        other => panic!("{other:?}: {ran:?}"),
    }
    std::fs::remove_file(filler).expect("ours");
    world.ok(&["dev", "start"]);
    assert_eq!(world.word("web"), "running");
    world.ok(&["daemon", "stop"]);
    drop(small);
}

fn fills_up() {
    let world = World::new(
        "dev:
  - {name: web, command: 'while [ ! -e go ]; do sleep 0.01; done; seq 1 200000; touch written; exec sleep 1000'}
  - {name: calm, command: 'while [ ! -e bye ]; do sleep 0.01; done; exit 12', restart: {policy: never}}
",
    );
    let Some(small) = Small::mount(world.base().join("state"), "3m") else {
        return;
    };
    world.ok(&["dev", "start"]);
    let filler = small.fill();
    world.write("go", "");
    wait_for("the process, which is not held up for ever", || {
        world.path().join("written").exists().then_some(())
    });
    assert_eq!(world.word("web"), "running");
    world.wait_process("web", "is warned of", |_| {
        let status = world.run(&["dev", "status"]);
        let text = status.stdout.to_lowercase();
        text.contains("space") || text.contains("full") || text.contains("kept")
    });
    std::fs::remove_file(filler).expect("ours");
    world.write("bye", "");
    let calm = world.wait_status("calm", "crashed");
    assert_eq!(calm["exit_code"], 12, "{calm}");
    wait_for("the gap to be shown where it happened", || {
        let logs = world.run(&["dev", "logs", "web"]);
        logs.stdout.contains("could not be kept").then_some(())
    });
    world.ok(&["daemon", "stop"]);
    drop(small);
}

fn read_only() {
    let world = World::new(ONE);
    let Some(small) = Small::mount(world.base().join("state"), "8m") else {
        return;
    };
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    let remount = |how: &str| {
        let done = Command::new("mount")
            .args(["-o", how])
            .arg(&small.0)
            .status();
        done.is_ok_and(|status| status.success())
    };
    // What is open for writing keeps a file system writable, so this one is bound read-only on itself.
    let bound = Command::new("mount")
        .args(["--bind"])
        .args([&small.0, &small.0])
        .status();
    if !bound.is_ok_and(|status| status.success()) || !remount("remount,bind,ro") {
        skip("a folder cannot be bound read-only here");
        return;
    }
    let ran = world.run(&["dev", "status", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.json()["processes"][0]["pid"], pid, "{ran:?}");
    let ran = world.run(&["dev", "stop"]);
    let ended = crate::world::has_ended(pid);
    assert!(
        ran.code == Some(0) && ended || ran.code == Some(1),
        "{ran:?}"
    );
    let _ = Command::new("umount").arg(&small.0).status();
    world.ok(&["daemon", "stop"]);
    assert!(crate::world::has_ended(pid));
    drop(small);
}

fn many_clients() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let supervisor = world.supervisor_pid();
    let asking: Vec<Beside> = (0..200)
        .map(|_| world.spawn(&["dev", "status", "--json"]))
        .collect();
    for one in asking {
        let ran = one.end();
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    let silent: Vec<UnixStream> = (0..200)
        .map(|_| forge_os::connect_in(&world.layout().api_socket()).expect("it listens"))
        .collect();
    assert_eq!(world.word("web"), "running");
    assert_eq!(world.supervisor_pid(), supervisor);
    drop(silent);
}

fn never_reads() {
    use std::io::Write;
    let world = World::new(
        "dev:\n  - {name: web, command: 'seq 1 600000; touch written; exec sleep 1000'}\n",
    );
    world.ok(&["dev", "start"]);
    let socket = world.layout().api_socket();
    let mut clients = Vec::new();
    for path in [
        "logs/stream",
        "status/stream",
        "events/stream",
        "logs?limit=1000",
    ] {
        for _ in 0..10 {
            let mut stream = forge_os::connect_in(&socket).expect("it listens");
            write!(stream, "GET /v1/{path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("it reads");
            clients.push(stream);
        }
    }
    // Followers on the command line whose reader does nothing.
    let mut command = world.command(&["dev", "logs", "-f"]);
    let (read, write) = forge_os::pipe().expect("a pipe");
    command.stdout(std::process::Stdio::from(write));
    let mut child = command.spawn().expect("it runs");
    wait_for("the output", || {
        world.path().join("written").exists().then_some(())
    });
    wait_for("all of it on disk", || {
        world.output("web").ends_with("600000\n").then_some(())
    });
    assert_eq!(world.word("web"), "running");
    let memory = std::fs::read_to_string(format!("/proc/{}/statm", world.supervisor_pid()));
    let memory = memory.expect("ours");
    let pages: u64 = memory
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .expect("a number");
    let megabytes = pages * forge_os::process_table::page_size() >> 20;
    assert!(megabytes < 200, "{megabytes} MB");
    child.kill().expect("ours");
    child.wait().expect("ours");
    drop((clients, read));
}
