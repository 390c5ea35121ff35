//! The conditions of a dependency: started, healthy, completed, exited, a line of output.

use crate::script::check;

#[test]
fn started_is_met_by_the_spawn() {
    check(
        "db check | api needs=db:started",
        "start api => launch db
         spawned db => probe db, launch api",
    );
}

#[test]
fn completed_is_met_by_a_good_end_and_not_by_another() {
    check(
        "job oneshot | api needs=job:completed",
        "start api => launch job
         spawned job
         api gets pending: waiting for job
         exit job 2 => crash job #1 (stays down)
         api gets failed: needs `job`, which crashed: exit code 2
         gone job
         start api => launch job
         spawned job
         exit job 0 => launch api",
    );
}

#[test]
fn exited_is_met_by_any_end() {
    for (end, effects) in [
        ("exit job 0", "launch api"),
        ("exit job 2", "crash job #1 (stays down), launch api"),
        ("exit job killed", "crash job #1 (stays down), launch api"),
    ] {
        check(
            "job oneshot | api needs=job:exited",
            &format!(
                "start api => launch job
                 spawned job
                 {end} => {effects}"
            ),
        );
    }
}

#[test]
fn exited_is_met_even_where_a_restart_follows_at_once() {
    check(
        "job delay=0 | api needs=job:exited",
        "start api => launch job
         spawned job
         exit job 1 => crash job #1 (restarts now), halt job 10, launch api
         gone job => launch job",
    );
}

#[test]
fn a_line_of_output_meets_a_condition() {
    check(
        "db | api needs=db:listening",
        "start api => launch db
         spawned db
         line db loading
         line db listening => launch api",
    );
}

#[test]
fn a_line_of_a_former_run_does_not_count() {
    check(
        "db delay=0 | api needs=db:listening",
        "start db => launch db
         spawned db
         line db listening
         exit db 1 => crash db #1 (restarts now), halt db 10
         gone db => launch db
         spawned db
         start api
         line db-old listening
         line db listening => launch api",
    );
}

#[test]
fn a_line_that_does_not_come_fails_the_start_and_may_come_later() {
    check(
        "db | api needs=db:listening",
        "start api => launch db
         spawned db
         wait 60s
         api gets failed: needs `db`, which has printed no line that matches `listening` within 60s
         line db listening => launch api",
    );
}

#[test]
fn a_line_of_a_process_that_has_ended_well_counts() {
    check(
        "job oneshot | api needs=job:ready",
        "start api => launch job
         spawned job
         exit job 0
         api gets failed: needs `job`, which has exited (exit code 0) without a line that matches `ready`
         line job ready => launch api",
    );
}

#[test]
fn one_that_has_exited_is_not_healthy() {
    check(
        "db | api needs=db",
        "start api => launch db
         exit db 0
         gone db
         api gets failed: needs `db`, which has exited (exit code 0)",
    );
}

#[test]
fn several_needs_are_all_waited_for() {
    check(
        "db check | job oneshot | cache | api needs=db,job:completed,cache:started",
        "start api => launch db, launch job, launch cache
         spawned cache
         spawned job
         exit job 0
         spawned db => probe db
         api is waiting (for db)
         healthy db => launch api",
    );
}

#[test]
fn the_same_dependency_twice_needs_both() {
    check(
        "db | api needs=db:started,db:listening",
        "start api => launch db
         spawned db
         api is waiting (for db)
         line db listening => launch api",
    );
}

#[test]
fn a_oneshot_that_is_needed_healthy_is_met_while_it_runs() {
    check(
        "job oneshot | api needs=job:healthy",
        "start api => launch job
         spawned job => launch api",
    );
}
