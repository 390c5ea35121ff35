//! Pausing by SIGSTOP and going on.

use crate::script::check;

#[test]
fn a_paused_process_is_paused_until_it_goes_on() {
    check(
        "web",
        "start web => launch web
         spawned web
         pause web => freeze web
         web is paused
         pause web
         resume web => thaw web
         web is running
         resume web",
    );
}

#[test]
fn failures_of_checks_do_not_count_under_a_pause() {
    check(
        "db check retries=1",
        "start db => launch db
         spawned db => probe db
         healthy db
         pause db => freeze db
         sick db
         sick db
         resume db => thaw db
         db is running (healthy)",
    );
}

#[test]
fn the_start_period_does_not_run_under_a_pause() {
    check(
        "db check",
        "start db => launch db
         spawned db => probe db
         wait 50s
         pause db => freeze db
         wait 60m
         resume db => thaw db
         wait 9s
         db is starting (checking)
         wait 1s
         db is starting (unhealthy)",
    );
}

#[test]
fn a_paused_process_can_be_stopped_restarted_and_killed() {
    for (command, effects) in [
        ("stop web", "halt web 10"),
        ("restart web", "halt web 10"),
        ("kill web", "halt web 0"),
    ] {
        check(
            "web",
            &format!(
                "start web => launch web
                 spawned web
                 pause web => freeze web
                 {command} => {effects}
                 web is stopping"
            ),
        );
    }
}

#[test]
fn what_does_not_live_cannot_be_paused() {
    check(
        "web",
        "pause web
         web is stopped
         start web => launch web
         pause web
         spawned web
         stop web => halt web 10
         pause web
         resume web",
    );
}

#[test]
fn an_exit_under_a_pause_is_an_exit() {
    check(
        "web",
        "start web => launch web
         spawned web
         pause web => freeze web
         exit web killed => crash web #1 (restarts in 5 s)",
    );
}
