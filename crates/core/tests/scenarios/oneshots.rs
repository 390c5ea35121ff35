//! Oneshots: when they run, and when they run again.

use crate::script::{World, check};

const STACK: &str = "db | migrate oneshot needs=db | api needs=migrate";

fn up() -> World {
    let mut world = World::new(STACK);
    world.play(
        "start db migrate api => launch db
         spawned db => launch migrate
         spawned migrate
         exit migrate 0 => launch api
         gone migrate
         spawned api",
    );
    world
}

#[test]
fn a_start_of_all_when_all_runs_does_not_run_it_again() {
    up().play("start db migrate api\nmigrate is exited");
}

#[test]
fn it_runs_again_when_it_is_all_that_is_named() {
    up().play(
        "start migrate => launch migrate
         api is running
         spawned migrate
         exit migrate 0
         migrate gets done",
    );
}

#[test]
fn it_runs_again_when_something_named_that_needs_it_has_to_be_started() {
    up().play(
        "stop api => halt api 10
         gone api
         start db migrate api => launch migrate
         spawned migrate
         exit migrate 0 => launch api",
    );
}

#[test]
fn as_a_mere_dependency_it_does_not_run_again() {
    up().play(
        "stop api => halt api 10
         gone api
         start api => launch api",
    );
}

#[test]
fn as_a_mere_dependency_it_runs_again_after_a_stop_of_it() {
    up().play(
        "stop api migrate => halt api 10
         gone api
         start api => launch migrate
         spawned migrate
         exit migrate 0 => launch api",
    );
}

#[test]
fn as_a_mere_dependency_it_runs_again_when_it_was_changed() {
    up().play(
        "define migrate oneshot needs=db cwd=/new
         tick
         start api
         stop api => halt api 10
         gone api
         start api => launch migrate",
    );
}

#[test]
fn a_restart_runs_it_again() {
    up().play(
        "restart migrate => launch migrate
         api is running
         spawned migrate
         exit migrate 0",
    );
}

#[test]
fn a_restart_of_all_runs_it_again_in_its_place() {
    up().play(
        "restart db migrate api => halt api 10
         gone api => halt db 10
         gone db => launch db
         spawned db => launch migrate
         spawned migrate
         exit migrate 0 => launch api",
    );
}

#[test]
fn a_failed_one_stays_down_and_a_start_of_its_dependent_tries_again() {
    check(
        STACK,
        "start api => launch db
         spawned db => launch migrate
         spawned migrate
         exit migrate 1 => crash migrate #1 (stays down)
         gone migrate
         migrate is crashed: exit code 1
         migrate gets failed: exit code 1
         start api => launch migrate",
    );
}

#[test]
fn one_that_runs_is_not_run_twice() {
    check(
        "job oneshot",
        "start job => launch job
         spawned job
         start job
         exit job 0
         gone job
         start job => launch job",
    );
}

#[test]
fn a_stopped_one_is_stopped() {
    check(
        "job oneshot",
        "start job => launch job
         spawned job
         stop job => halt job 10
         exit job 143
         gone job
         job is stopped",
    );
}

#[test]
fn leftovers_of_one_that_is_done_end_before_it_runs_again() {
    check(
        "job oneshot",
        "start job => launch job
         spawned job
         exit job 0
         job is exited
         start job => halt job 10
         gone job => launch job",
    );
}

#[test]
fn policy_always_does_not_repeat_a_oneshot() {
    check(
        "job oneshot policy=always",
        "start job => launch job
         spawned job
         exit job 0
         gone job
         job is exited
         wait 60m",
    );
}
