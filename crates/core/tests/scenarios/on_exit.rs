//! What the exit of a process means for the rest of its profile.

use crate::script::{World, check};

fn play(processes: &str, script: &str) -> Option<i32> {
    let mut world = World::new(processes);
    world.play(script);
    world.workspace.exit_code()
}

#[test]
fn stop_all_takes_everything_down_and_keeps_the_code() {
    let code = play(
        "db | tests needs=db on-exit=stop-all | web",
        "start tests web => launch db, launch web
         spawned web
         spawned db => launch tests
         spawned tests
         exit tests 3 => crash tests #1 (the rest of the profile is stopped), halt web 10, halt tests 10
         gone tests => halt db 10
         gone web
         web says stopped: stopped: `tests` has ended: exit code 3
         gone db
         tests is crashed: exit code 3
         tests gets failed: exit code 3
         web is stopped: `tests` has ended: exit code 3
         web gets down",
    );
    assert_eq!(code, Some(3));
}

#[test]
fn stop_all_goes_for_a_good_end_too() {
    let code = play(
        "db | tests on-exit=stop-all policy=always",
        "start tests db => launch db, launch tests
         spawned db
         spawned tests
         exit tests 0 => halt tests 10, halt db 10
         gone tests
         tests is exited
         gone db",
    );
    assert_eq!(code, Some(0));
}

#[test]
fn stop_all_on_failure_lets_a_good_end_pass() {
    let code = play(
        "db | tests on-exit=stop-all-on-failure oneshot",
        "start tests db => launch db, launch tests
         spawned db
         spawned tests
         exit tests 0
         gone tests
         db is running",
    );
    assert_eq!(code, None);
}

#[test]
fn a_signal_gives_the_code_of_a_shell() {
    let code = play(
        "tests on-exit=stop-all-on-failure",
        "start tests => launch tests
         spawned tests
         exit tests killed => crash tests #1 (the rest of the profile is stopped), halt tests 10
         gone tests",
    );
    assert_eq!(code, Some(137));
}

#[test]
fn a_start_that_fails_counts_as_an_exit() {
    let code = play(
        "db | tests on-exit=stop-all-on-failure",
        "start tests db => launch db, launch tests
         spawned db
         unspawned tests not found => crash tests #1 (the rest of the profile is stopped), halt db 10",
    );
    assert_eq!(code, Some(127));
}

#[test]
fn the_first_code_counts_and_the_next_start_forgets_it() {
    let mut world = World::new("a on-exit=stop-all | b on-exit=stop-all");
    world.play(
        "start a b => launch a, launch b
         spawned a
         spawned b
         exit a 3 => crash a #1 (the rest of the profile is stopped), halt b 10, halt a 10
         exit b 4",
    );
    assert_eq!(world.workspace.exit_code(), Some(3));
    world.play("gone a\ngone b\nstart b => launch b");
    assert_eq!(world.workspace.exit_code(), None);
}

#[test]
fn what_waits_to_start_is_cancelled_too() {
    check(
        "db check | api needs=db | tests on-exit=stop-all",
        "start api tests => launch db, launch tests
         spawned db => probe db
         spawned tests
         exit tests 1 => crash tests #1 (the rest of the profile is stopped), halt tests 10, unprobe db, halt db 10
         gone db
         api is stopped
         api gets down",
    );
}

#[test]
fn other_profiles_are_left_alone() {
    check(
        "tests on-exit=stop-all | other profile=staging",
        "start tests other => launch tests, launch other
         spawned other
         spawned tests
         exit tests 1 => crash tests #1 (the rest of the profile is stopped), halt tests 10
         other is running",
    );
}

#[test]
fn a_stop_that_was_asked_for_stops_nobody_else() {
    check(
        "tests on-exit=stop-all | db",
        "start tests db => launch tests, launch db
         spawned db
         spawned tests
         restart tests => halt tests 10
         exit tests 1
         gone tests => launch tests
         db is running",
    );
}
