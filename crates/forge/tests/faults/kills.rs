//! `kill -9` of parts of Forge while it works: at random moments, and exactly at a chosen system call.

use std::process::{Command, Stdio};

use crate::harness::{Chance, skip, times};
use forge_testkit::Case;
use forge_testkit::wait_for;

use crate::world::{Beside, World, has_ended, kill};

pub(crate) const FAULTS: &[Case] = &[
    (
        "kills_during_start_stop_restart_and_reload_leave_one_copy_and_a_whole_program",
        under_load,
    ),
    (
        "a_shim_that_dies_at_its_nth_splice_loses_doubles_and_tears_nothing",
        nth_splice,
    ),
    (
        "a_shim_that_dies_between_an_exit_record_and_the_reaping_tells_one_end",
        before_reaping,
    ),
    (
        "a_kill_of_all_with_an_end_meanwhile_is_told_as_unseen_and_never_guessed",
        unseen,
    ),
    (
        "a_new_program_takes_over_from_an_older_one_while_processes_run",
        upgrade,
    ),
    (
        "all_of_forge_and_its_processes_halted_for_a_while_go_on_as_before",
        suspended,
    ),
];

/// Each process holds a lock while it lives: a second copy cannot take it, and says so.
const LOCKED: &str = "exec flock -n lock-$FORGE_PROCESS sh -c 'trap \"exit 0\" TERM; while :; do sleep 0.05; done' || echo $FORGE_PROCESS >> doubled";

fn locked(edit: usize) -> String {
    let mut text = "dev:\n".to_string();
    for name in ["a", "b", "c"] {
        let script = LOCKED.replace('"', "\\\"");
        text.push_str(&format!(
            "  - {{name: {name}, command: \"{script}\", env: {{EDIT: '{edit}'}}, stop: {{timeout: 2s}}}}\n"
        ));
    }
    text
}

/// One of Forge's own processes, by chance; `None` where that one is not there at this moment.
fn victim(world: &World, chance: &mut Chance) -> Option<i32> {
    let layout = world.layout();
    let name = ["a", "b", "c"][chance.below(3)];
    let lock = match chance.below(4) {
        0 | 1 => layout.supervisor_lock(),
        2 => layout.keeper_lock(),
        _ => layout.shim_lock(name),
    };
    forge_os::holder(&lock)
        .ok()
        .flatten()
        .filter(|pid| *pid > 1)
}

fn under_load() {
    let mut chance = Chance::new();
    let world = World::new(&locked(0));
    world.ok(&["dev", "start"]);
    let mut kills = 0;
    for turn in 0..times(25) {
        let name = ["a", "b", "c"][chance.below(3)];
        let words: Vec<&str> = match chance.below(5) {
            0 => vec!["dev", "stop", name],
            1 => vec!["dev", "stop"],
            2 => vec!["dev", "restart", name],
            3 => {
                world.configure(&locked(turn));
                vec!["dev", "reload"]
            }
            _ => vec!["dev", "start"],
        };
        let command = world.spawn(&words);
        for _ in 0..=chance.below(2) {
            chance.moment(60);
            if let Some(pid) = victim(&world, &mut chance) {
                kill(pid, 9);
                kills += 1;
            }
        }
        let ran = command.end();
        assert!(matches!(ran.code, Some(0 | 1)), "{words:?}: {ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    }
    println!("    {kills} kills");
    world.ok(&["dev", "start"]);
    assert_eq!(world.read("doubled"), "", "a second copy was started");
    for name in ["a", "b", "c"] {
        assert_eq!(world.word(name), "running");
    }
    world.ok(&["dev", "stop"]);
    wait_for("an end of all", || {
        let left = world.left().into_iter();
        let children = left.filter(|(_, words)| words.contains("flock") || words.contains("trap"));
        (children.count() == 0).then_some(())
    });
}

/// strace, attached to a process of ours and made to inject a fault; `None` where that is not possible.
fn inject(pid: i32, call: &str, how: &str) -> Option<Beside> {
    let mut command = Command::new("strace");
    command
        .args(["-qq", "-o", "/dev/null", "-e"])
        .arg(format!("trace={call}"))
        .args(["-e", &format!("inject={call}:{how}"), "-p"])
        .arg(pid.to_string())
        .stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(child) = command.spawn() else {
        skip("strace is not installed");
        return None;
    };
    let strace = Beside::of(child);
    let traced = wait_for("strace to attach, or to fail", || {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let by = status
            .lines()
            .find_map(|line| line.strip_prefix("TracerPid:"));
        let attached = by.is_some_and(|by| by.trim() == strace.pid.to_string());
        match attached {
            true => Some(true),
            false => has_ended(strace.pid).then_some(false),
        }
    });
    if !traced {
        skip("this user may not trace its own processes");
    }
    traced.then_some(strace)
}

fn nth_splice() {
    let world = World::new(
        "dev:
  - name: web
    command: 'while [ ! -e go ]; do sleep 0.01; done; for i in 1 2 3 4 5 6 7 8; do seq $((i*50000-49999)) $((i*50000)); sleep 0.05; done; touch done; exec sleep 1000'
    log: {max_size: 1MB, keep: 100}
",
    );
    world.ok(&["dev", "start"]);
    world.write("go", "");
    let mut kills = 0;
    for number in 1..=times(12) {
        let shim = world.shim_pid("web");
        let how = format!("signal=KILL:when={}", number % 7 + 1);
        let Some(strace) = inject(shim, "splice", &how) else {
            return;
        };
        wait_for("the death, or the end of the output", || {
            (has_ended(shim) || world.path().join("done").exists()).then_some(())
        });
        strace.signal(2);
        let _ = strace.end();
        kills += usize::from(has_ended(shim));
        if world.path().join("done").exists() {
            break;
        }
    }
    println!("    {kills} kills");
    assert!(kills > 0, "nothing was killed");
    wait_for("all output", || {
        world.path().join("done").exists().then_some(())
    });
    let wanted: String = (1..=400_000).map(|number| format!("{number}\n")).collect();
    wait_for("all of it on disk", || {
        (world.output("web").len() >= wanted.len()).then_some(())
    });
    assert!(world.output("web") == wanted, "lost, doubled or torn");
}

fn before_reaping() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'while [ ! -e bye ]; do sleep 0.01; done; exit 37', restart: {policy: never}}\n",
    );
    world.ok(&["dev", "start"]);
    let shim = world.shim_pid("web");
    let Some(strace) = inject(shim, "fdatasync", "signal=KILL:when=1") else {
        return;
    };
    world.write("bye", "");
    wait_for("the death of the shim", || has_ended(shim).then_some(()));
    drop(strace);
    let web = world.wait_status("web", "crashed");
    assert_eq!(web["exit_code"], 37, "{web}");
    let crashes = world.ok(&["dev", "crashes", "--json"]).json();
    assert_eq!(
        crashes["crashes"].as_array().map(Vec::len),
        Some(1),
        "{crashes}"
    );
}

fn unseen() {
    let world = World::new(
        "dev:
  - {name: web, command: 'echo run >> runs; while [ ! -e bye ]; do sleep 0.01; done; exit 5', restart: {policy: never}}
  - {name: db, command: exec sleep 1000}
",
    );
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    let db = world.pid("db");
    world.kill_all_of_forge(&["web", "db"]);
    world.write("bye", "");
    wait_for("the end", || has_ended(pid).then_some(()));
    let web = world.wait_status("web", "crashed");
    let message = web["message"].as_str().unwrap_or_default();
    let known = web["exit_code"] == 5;
    let unknown = web["exit_code"].is_null() && message.contains("ended while unsupervised");
    assert!(
        known || unknown,
        "neither known nor said to be unknown: {web}"
    );
    assert_eq!(world.pid("db"), db);
    assert_eq!(world.lines("runs").len(), 1);
}

fn upgrade() {
    let world = World::new("dev:\n  - {name: web, command: echo run >> runs; exec sleep 1000}\n");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_forge"));
    for version in ["old", "new"] {
        let folder = world.base().join(version);
        std::fs::create_dir(&folder).expect("ours");
        for name in ["forge", "forge-keeper"] {
            std::fs::copy(program.with_file_name(name), folder.join(name)).expect("a copy");
        }
    }
    let run = |version: &str, words: &[&str]| {
        let like = world.command(words);
        let mut command = Command::new(world.base().join(version).join("forge"));
        command
            .args(words)
            .current_dir(world.path())
            .env_clear()
            .stdin(Stdio::null());
        for (name, value) in like.get_envs() {
            command.env(name, value.expect("set"));
        }
        Beside::spawn(command).end()
    };
    let ran = run("old", &["dev", "start"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    world.wait_lines("runs", 1);
    let pid = world.pid("web");
    let runs_from = |pid: i32, version: &str| {
        let exe = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        exe.starts_with(world.base().join(version))
    };
    assert!(runs_from(world.supervisor_pid(), "old"));
    std::fs::remove_dir_all(world.base().join("old")).expect("ours");
    let ran = run("new", &["daemon", "restart"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    wait_for("the new supervisor", || {
        runs_from(world.supervisor_pid(), "new").then_some(())
    });
    assert_eq!(world.pid("web"), pid);
    // Keeper and shim are of the old program, which is gone from the disk: their deaths are survived, too.
    for victim in [world.shim_pid("web"), world.keeper_pid()] {
        kill(victim, 9);
        wait_for("its end", || has_ended(victim).then_some(()));
        let ran = run("new", &["dev", "start"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(world.pid("web"), pid);
    }
    assert_eq!(world.lines("runs").len(), 1, "no second copy");
}

fn suspended() {
    let world = World::new(
        "dev:
  - name: web
    command: echo run >> runs; exec sleep 1000
    health_check: {command: 'true', interval: 50ms, timeout: 500ms, retries: 1, on_unhealthy: restart}
",
    );
    world.ok(&["dev", "start"]);
    let before = (world.pid("web"), world.keeper_pid());
    let all = [
        world.keeper_pid(),
        world.supervisor_pid(),
        world.shim_pid("web"),
        before.0,
    ];
    for pid in all {
        kill(pid, 19);
    }
    // As a machine that sleeps; longer than any of them waits for another.
    forge_os::pause(std::time::Duration::from_secs(8));
    for pid in all.into_iter().rev() {
        kill(pid, 18);
    }
    world.wait_process("web", "is healthy", |one| {
        one["status"] == "running" && one["health"]["state"] == "healthy"
    });
    assert_eq!((world.pid("web"), world.keeper_pid()), before);
    assert_eq!(world.lines("runs").len(), 1, "nothing was restarted");
}
