//! Processes that run by the clock.

use crate::script::check;

#[test]
fn a_start_enables_it_and_its_time_runs_it() {
    check(
        "job every=1m",
        "due job
         start job
         job is stopped
         job gets done
         due job => launch job
         job is starting
         spawned job
         job is running
         exit job 0
         job says stopped: completed after 0 s
         gone job
         job is stopped
         due job => launch job",
    );
}

#[test]
fn one_run_at_a_time() {
    check(
        "job every=1m",
        "start job
         due job => launch job
         due job
         job says warning: a scheduled run was skipped: the run before it still goes on
         spawned job
         due job
         exit job 0
         gone job
         due job => launch job",
    );
}

#[test]
fn a_failed_run_is_not_retried_before_its_time() {
    check(
        "job every=1m",
        "start job
         due job => launch job
         spawned job
         exit job 1 => crash job #1 (runs again at its next time)
         gone job
         job is stopped: the last run has failed: exit code 1
         wait 60m
         due job => launch job",
    );
}

#[test]
fn a_stopped_one_does_not_run() {
    check(
        "job every=1m",
        "start job
         due job => launch job
         spawned job
         stop job => halt job 10
         exit job 0
         gone job
         due job
         job gets down",
    );
}

#[test]
fn its_needs_are_met_first() {
    check(
        "db check | job every=1m needs=db",
        "start job => launch db
         spawned db => probe db
         due job
         job is waiting (for db)
         due job
         job says warning: a scheduled run was skipped: the run before it still waits for what it needs
         healthy db => launch job",
    );
}

#[test]
fn leftovers_of_the_last_run_end_before_the_next() {
    check(
        "job every=1m",
        "start job
         due job => launch job
         spawned job
         exit job 0
         due job => halt job 10
         gone job => launch job",
    );
}

#[test]
fn who_needs_one_is_told_that_it_runs_by_its_schedule() {
    check(
        "job every=1m | api needs=job:completed",
        "start api
         api gets failed: needs `job`, which runs by its schedule",
    );
}

#[test]
fn a_restart_of_one_that_rests_does_not_run_it() {
    check(
        "job every=1m",
        "start job
         restart job
         due job => launch job
         spawned job
         restart job => halt job 10
         gone job => launch job",
    );
}

#[test]
fn its_time_means_nothing_to_one_without_a_schedule() {
    check(
        "web",
        "start web => launch web\nexit web 0\ngone web\ndue web",
    );
}
