//! State, configuration and folders that are damaged, moved, foreign or too long.

use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use forge_testkit::Case;
use forge_testkit::wait_for;

use crate::world::{Beside, World, has_ended, kill};

pub(crate) const FAULTS: &[Case] = &[
    ("state_of_a_newer_version_is_left_alone_and_said", newer),
    (
        "garbage_in_any_file_of_the_state_never_stops_the_program",
        garbage,
    ),
    (
        "a_workspace_that_is_moved_can_be_stopped_by_its_old_name",
        moved,
    ),
    ("a_workspace_reached_by_a_link_is_the_same_one", linked),
    ("a_very_long_path_is_as_good_as_a_short_one", long_path),
    (
        "without_home_or_any_variable_the_error_says_what_to_set",
        bare,
    ),
    (
        "a_file_that_changes_while_it_starts_is_read_once",
        changed_while_starting,
    ),
    ("a_file_that_is_half_written_changes_nothing", half_written),
    (
        "a_reload_during_the_delay_of_a_restart_uses_the_new_command_once",
        reload_in_delay,
    ),
];

const ONE: &str = "dev:\n  - {name: web, command: echo run >> runs; exec sleep 1000}\n";

fn newer() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    let path = world.layout().state_file();
    wait_for("the state", || {
        std::fs::read_to_string(&path)
            .ok()?
            .contains("web")
            .then_some(())
    });
    world.kill_all_of_forge(&["web"]);
    let text = std::fs::read_to_string(&path).expect("ours");
    let mut state: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    state["version"] = 99.into();
    let text = state.to_string();
    std::fs::write(&path, &text).expect("ours");
    let web = world.wait_status("web", "running");
    assert_eq!(web["pid"], pid, "what runs is known from the journals");
    let events = world.ok(&["dev", "events", "--json"]);
    assert!(
        events.stdout.contains("newer than this program"),
        "{events:?}"
    );
    assert_eq!(
        std::fs::read_to_string(&path).expect("ours"),
        text,
        "it is not written over"
    );
    world.ok(&["dev", "stop"]);
    assert!(has_ended(pid));
}

fn garbage() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    world.ok(&["dev", "stop"]);
    world.ok(&["daemon", "stop"]);
    let layout = world.layout();
    let mut files = Vec::new();
    let mut folders = vec![layout.state().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("ours").flatten() {
            match entry.file_type().expect("ours").is_dir() {
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    assert!(files.len() > 5, "{files:?}");
    for file in files {
        if file == layout.workspace_file() {
            continue;
        }
        for noise in [&b"\xff\x00{]\n\n\"garbage"[..], b"", &[b'{'; 5000]] {
            let before = std::fs::read(&file).unwrap_or_default();
            std::fs::write(&file, noise).expect("ours");
            let ran = world.run(&["dev", "start"]);
            assert_eq!(ran.code, Some(0), "{}: {ran:?}", file.display());
            assert_eq!(world.word("web"), "running", "{}", file.display());
            for words in [
                &["dev", "events", "--json"][..],
                &["dev", "logs"],
                &["dev", "crashes"],
            ] {
                let ran = world.run(words);
                assert!(
                    !ran.stderr.contains("panicked"),
                    "{}: {ran:?}",
                    file.display()
                );
            }
            world.ok(&["daemon", "stop"]);
            let _ = std::fs::write(&file, before);
        }
    }
}

fn moved() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    let (old, new) = (world.path(), world.base().join("elsewhere"));
    std::fs::rename(&old, &new).expect("ours");
    let all = |words: &[&str], folder: &std::path::Path| {
        let mut command = world.command(words);
        command.current_dir(folder);
        Beside::spawn(command).end()
    };
    let seen = all(&["dev", "status", "--all", "--json"], &new);
    let name = old.to_str().expect("text");
    let stopped = all(&["--workspace", name, "dev", "stop"], &new);
    let ended = has_ended(pid);
    // The test's own end needs the folder.
    std::fs::rename(&new, &old).expect("ours");
    assert!(
        seen.stdout.contains(&format!("\"pid\":{pid}")),
        "it is still seen: {seen:?}"
    );
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    assert!(ended);
}

fn linked() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let link = world.base().join("link");
    symlink(world.path(), &link).expect("ours");
    let mut command = world.command(&["dev", "start"]);
    command.current_dir(&link).env("PWD", &link);
    let ran = Beside::spawn(command).end();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let mut command = world.command(&[
        "--workspace",
        link.to_str().expect("text"),
        "dev",
        "status",
        "--json",
    ]);
    command.current_dir("/");
    let ran = Beside::spawn(command).end();
    assert_eq!(
        ran.json()["processes"][0]["pid"],
        world.pid("web"),
        "{ran:?}"
    );
    assert_eq!(world.lines("runs").len(), 1);
}

fn long_path() {
    let world = World::new(ONE);
    let deep = world.path().join("d".repeat(200)).join("e".repeat(200));
    std::fs::create_dir_all(deep.join(".forge")).expect("ours");
    std::fs::write(
        deep.join(".forge/processes.yml"),
        "dev:\n  - {name: web, command: exec sleep 1000, health_check: {notify: true}, restart: {policy: never}}\n  - {name: db, command: exec sleep 1000}\n",
    )
    .expect("ours");
    let run = |words: &[&str]| {
        let mut command = world.command(words);
        command
            .current_dir(&deep)
            .env("FORGE_RUNTIME_DIR", world.base().join("r".repeat(150)));
        Beside::spawn(command).end()
    };
    let ran = run(&["dev", "start", "db"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = run(&["dev", "status", "--json"]);
    assert!(ran.stdout.contains("\"running\""), "{ran:?}");
    let ran = run(&["daemon", "stop"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

fn bare() {
    let world = World::new(ONE);
    let mut command = Command::new(env!("CARGO_BIN_EXE_forge"));
    command
        .args(["dev", "start"])
        .current_dir(world.path())
        .env_clear()
        .stdin(Stdio::null());
    let ran = Beside::spawn(command).end();
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("FORGE_STATE_DIR"), "{ran:?}");
}

fn changed_while_starting() {
    let world = World::new(
        "dev:
  - {name: db, command: 'touch asked; exec sleep 1000', health_check: {command: test -e go, interval: 20ms}}
  - {name: web, command: 'echo old >> runs; exec sleep 1000', depends_on: [db]}
",
    );
    let start = world.spawn(&["dev", "start"]);
    wait_for("the first", || {
        world.path().join("asked").exists().then_some(())
    });
    world.configure(
        "dev:\n  - {name: web, command: 'echo new >> runs; exec sleep 1000'}\n  - oops: [\n",
    );
    world.write("go", "");
    let ran = start.end();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(world.lines("runs"), ["old"]);
    let pid = world.pid("web");
    world.ends(2, &["dev", "reload"]);
    assert_eq!(world.pid("web"), pid);
}

fn half_written() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let pid = world.pid("web");
    let text = ONE.repeat(1);
    for cut in (1..text.len()).step_by(3) {
        world.configure(&text[..cut]);
        let ran = world.run(&["dev", "reload"]);
        assert!(matches!(ran.code, Some(0..=2)), "{ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    }
    world.configure(ONE);
    world.ok(&["dev", "start"]);
    let _ = pid;
    assert_eq!(world.word("web"), "running");
}

fn reload_in_delay() {
    let world = World::new(
        "dev:\n  - {name: web, command: echo old >> runs; exit 1, restart: {delay: 1500ms, max_restarts: 3, on_deterministic: retry}}\n",
    );
    world.run(&["dev", "start", "--no-wait"]);
    world.wait_status("web", "restarting");
    world.configure("dev:\n  - {name: web, command: 'echo new >> runs; exec sleep 1000', restart: {delay: 1500ms, max_restarts: 3}}\n");
    let ran = world.run(&["dev", "reload"]);
    assert!(matches!(ran.code, Some(0 | 1)), "{ran:?}");
    world.wait_status("web", "running");
    let runs = world.lines("runs");
    assert_eq!(
        runs.iter().filter(|run| *run == "new").count(),
        1,
        "{runs:?}"
    );
    kill(world.supervisor_pid(), 9);
    assert_eq!(world.wait_status("web", "running")["status"], "running");
    assert_eq!(world.lines("runs"), runs);
}
