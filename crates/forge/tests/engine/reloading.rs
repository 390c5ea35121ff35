//! An edited file: what it changes of what runs.

use crate::world::{World, has_ended};

const BEFORE: &str = "dev:
  - {name: same, command: exec sleep 1000}
  - {name: changed, command: exec sleep 1000}
  - {name: removed, command: exec sleep 1000}
";

const AFTER: &str = "dev:
  - {name: same, command: exec sleep 1000}
  - {name: changed, command: 'echo new; exec sleep 1000'}
  - {name: added, command: exec sleep 1000}
";

#[test]
fn a_reload_touches_only_what_has_changed() {
    let world = World::new(BEFORE);
    world.ok(&["dev", "start"]);
    let pids = ["same", "changed", "removed"].map(|name| world.pid(name));
    let ran = world.ok(&["dev", "reload"]);
    assert!(ran.stderr.contains("nothing has changed"), "{ran:?}");
    world.configure(AFTER);
    world.ok(&["dev", "reload"]);
    assert_eq!(world.pid("same"), pids[0]);
    assert_ne!(world.pid("changed"), pids[1]);
    world.wait_output("changed", "new\n");
    forge_testkit::wait_for("its end", || has_ended(pids[2]).then_some(()));
    assert_eq!(world.word("added"), "running");
    forge_testkit::wait_for("its absence", || {
        let names: Vec<serde_json::Value> = world.status()["processes"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| one["name"].clone())
            .collect();
        (names == ["same", "changed", "added"]).then_some(())
    });
}

#[test]
fn the_next_start_picks_up_an_edited_file() {
    let world = World::new(BEFORE);
    world.ok(&["dev", "start"]);
    let pids = ["same", "changed", "removed"].map(|name| world.pid(name));
    world.configure(AFTER);
    let ran = world.ok(&["dev", "start"]);
    assert!(
        ran.stdout.contains("changed") || ran.stderr.contains("changed"),
        "{ran:?}"
    );
    assert_eq!(world.pid("same"), pids[0]);
    assert_ne!(world.pid("changed"), pids[1]);
    assert_eq!(world.word("added"), "running");
    forge_testkit::wait_for("its end", || has_ended(pids[2]).then_some(()));
}

#[test]
fn a_reload_of_a_broken_file_changes_nothing() {
    let world = World::new(BEFORE);
    world.ok(&["dev", "start"]);
    let pid = world.pid("changed");
    world.configure("dev:\n  - {name: same, command: exec sleep 1000}\n  - {nam: x}\n");
    let ran = world.ends(2, &["dev", "reload"]);
    assert!(ran.stderr.contains("nam"), "{ran:?}");
    assert_eq!(world.pid("changed"), pid);
    world.ok(&["dev", "restart", "changed"]);
    assert_ne!(world.pid("changed"), pid);
}

#[test]
fn a_reload_where_nothing_runs_says_so() {
    let world = World::new(BEFORE);
    let ran = world.ok(&["dev", "reload"]);
    assert!(ran.stdout.contains("nothing runs"), "{ran:?}");
    assert!(world.left().is_empty());
}

#[test]
fn what_was_stopped_is_not_started_by_a_reload() {
    let world = World::new(BEFORE);
    world.ok(&["dev", "start"]);
    world.ok(&["dev", "stop", "changed"]);
    world.configure(AFTER);
    world.ok(&["dev", "reload"]);
    assert_eq!(world.word("changed"), "stopped");
    world.ok(&["dev", "start", "changed"]);
    world.wait_output("changed", "new\n");
}
