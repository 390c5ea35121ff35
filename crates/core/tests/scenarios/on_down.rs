//! What the loss of a dependency does to its dependents.

use crate::script::check;

const UP: &str = "start api => launch db
     spawned db => launch api
     spawned api";

fn up(processes: &str, script: &str) {
    check(processes, &format!("{UP}\n{script}"));
}

#[test]
fn restart_waits_until_the_dependency_is_back_from_a_crash() {
    up(
        "db | api needs=db down=restart",
        "exit db 1 => crash db #1 (restarts in 5 s)
         api says warning: restarts once `db` is back
         api is running: restarts once db is back
         api gets ready
         gone db
         wait 5s => launch db
         spawned db => halt api 10
         gone api => launch api
         spawned api
         api says restarted: restarted (pid 42)
         api is running (restarts 1)",
    );
}

#[test]
fn restart_follows_a_restart() {
    check(
        "db check | api needs=db:started down=restart",
        "start api => launch db
         spawned db => probe db, launch api
         spawned api
         restart db => unprobe db, halt db 10
         gone db => launch db
         spawned db => probe db, halt api 10",
    );
}

#[test]
fn restart_waits_for_health_where_that_is_needed() {
    check(
        "db check | api needs=db down=restart",
        "start api => launch db
         spawned db => probe db
         healthy db => launch api
         spawned api
         restart db => unprobe db, halt db 10
         gone db => launch db
         spawned db => probe db
         api is running
         healthy db => halt api 10
         gone api => launch api",
    );
}

#[test]
fn restart_after_a_stop_waits_for_the_next_start() {
    up(
        "db | api needs=db down=restart",
        "stop db => halt db 10
         gone db
         api is running
         wait 60m
         start db => launch db
         spawned db => halt api 10
         gone api => launch api",
    );
}

#[test]
fn a_dependent_that_crashes_meanwhile_is_not_restarted_twice() {
    up(
        "db | api needs=db down=restart delay=0",
        "exit db 1 => crash db #1 (restarts in 5 s)
         gone db
         exit api 1 => crash api #1 (restarts now), halt api 10
         gone api
         wait 5s => launch db
         spawned db => launch api
         spawned api
         tick",
    );
}

#[test]
fn stop_goes_with_a_crash() {
    up(
        "db | api needs=db down=stop",
        "exit db 1 => crash db #1 (restarts in 5 s), halt api 10
         gone api
         api says stopped: stopped: `db` went down
         api is stopped: `db` went down
         gone db
         wait 5s => launch db
         spawned db
         api is stopped",
    );
}

#[test]
fn stop_goes_before_a_stop() {
    up(
        "db | api needs=db down=stop",
        "stop db => halt api 10
         db tells nothing
         gone api => halt db 10",
    );
}

#[test]
fn stop_goes_before_a_restart_and_stays_down() {
    up(
        "db | api needs=db down=stop",
        "restart db => halt api 10
         gone api => halt db 10
         gone db => launch db
         spawned db
         api is stopped: `db` is restarted",
    );
}

#[test]
fn a_restart_of_both_is_one_restart_each() {
    up(
        "db | api needs=db down=restart",
        "restart db api => halt api 10
         gone api => halt db 10
         gone db => launch db
         spawned db => launch api
         spawned api
         tick
         api is running (restarts 1)",
    );
}

#[test]
fn restarts_go_on_up_the_graph() {
    check(
        "db | api needs=db down=restart | web needs=api down=restart",
        "start web => launch db
         spawned db => launch api
         spawned api => launch web
         spawned web
         restart db => halt db 10
         gone db => launch db
         spawned db => halt api 10
         web is running: restarts once api is back
         gone api => launch api
         spawned api => halt web 10
         gone web => launch web",
    );
}

#[test]
fn stops_go_on_up_the_graph_top_first() {
    check(
        "db | api needs=db down=stop | web needs=api down=stop",
        "start web => launch db
         spawned db => launch api
         spawned api => launch web
         spawned web
         exit db 1 => crash db #1 (restarts in 5 s), halt web 10
         gone web => halt api 10
         gone api
         gone db
         wait 5s => launch db",
    );
}

#[test]
fn the_good_end_of_a_oneshot_is_no_loss() {
    check(
        "job oneshot | api needs=job:started down=stop",
        "start api => launch job
         spawned job => launch api
         spawned api
         exit job 0
         gone job
         api is running",
    );
}

#[test]
fn a_oneshot_that_runs_again_restarts_who_needs_it() {
    check(
        "job oneshot | api needs=job:completed down=restart",
        "start api => launch job
         spawned job
         exit job 0 => launch api
         gone job
         spawned api
         restart job => launch job
         spawned job
         exit job 0 => halt api 10
         gone job
         gone api => launch api",
    );
}

#[test]
fn a_stop_takes_back_a_restart_to_come() {
    up(
        "db | api needs=db down=restart",
        "stop db => halt db 10
         gone db
         stop api => halt api 10
         gone api
         start db => launch db
         spawned db
         api is stopped",
    );
}

#[test]
fn a_haste_is_passed_on() {
    up(
        "db | api needs=db down=stop",
        "kill db => halt api 0, halt db 0",
    );
}
