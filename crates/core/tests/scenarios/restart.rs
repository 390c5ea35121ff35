//! Restarting by hand: down in reverse, up in order, and nothing forgotten.

use crate::script::{World, check};

fn all_up(processes: &str) -> World {
    let mut world = World::new(processes);
    world.play(
        "start web => launch db
         spawned db => launch api
         spawned api => launch web
         spawned web",
    );
    world
}

const CHAIN: &str = "db | api needs=db | web needs=api";

#[test]
fn the_next_run_begins_only_when_all_of_the_last_is_gone() {
    check(
        "web",
        "start web => launch web
         spawned web
         restart web => halt web 10
         web is stopping
         web gets pending: restarting
         exit web 0
         web is stopping
         gone web => launch web
         web is starting (restarts 1)
         spawned web
         web says restarted: restarted (pid 42)
         web is running (restarts 1)",
    );
}

#[test]
fn several_go_down_in_reverse_and_come_up_in_order() {
    all_up(CHAIN).play(
        "restart db api web => halt web 10
         exit web 0
         gone web => halt api 10
         web is waiting (for api)
         exit api 0
         gone api => halt db 10
         exit db 0
         gone db => launch db
         spawned db => launch api
         spawned api => launch web
         spawned web
         web is running (restarts 1)
         db is running (restarts 1)",
    );
}

#[test]
fn the_order_holds_across_a_oneshot_that_is_done() {
    check(
        "db check | migrate oneshot needs=db | api needs=migrate",
        "start api => launch db
         spawned db => probe db
         healthy db => launch migrate
         spawned migrate
         exit migrate 0 => launch api
         gone migrate
         spawned api
         restart db api => halt api 10
         exit api 0
         gone api => unprobe db, halt db 10
         exit db 0
         gone db => launch db
         spawned db => probe db
         api is waiting (for migrate)
         healthy db => launch api",
    );
}

#[test]
fn one_that_is_down_is_started() {
    check(
        "db | api needs=db",
        "restart api => launch db
         spawned db => launch api
         spawned api
         api says started: started (pid 42)",
    );
}

#[test]
fn dependents_are_left_alone() {
    all_up(CHAIN).play(
        "restart db => halt db 10
         exit db 0
         gone db => launch db
         spawned db
         api is running",
    );
}

#[test]
fn a_crashed_one_goes_at_once_with_a_clean_record() {
    check(
        "web max=0",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (stays down: is not to be restarted (`max_restarts` is 0))
         gone web
         restart web => launch web
         web is starting (restarts 1)
         spawned web
         exit web 1 => crash web #1 (stays down: is not to be restarted (`max_restarts` is 0))",
    );
}

#[test]
fn one_that_waits_for_its_restart_goes_at_once() {
    for command in ["restart", "start"] {
        check(
            "web",
            &format!(
                "start web => launch web
                 spawned web
                 exit web 1 => crash web #1 (restarts in 5 s)
                 gone web
                 {command} web => launch web
                 web is starting (restarts 1)"
            ),
        );
    }
}

#[test]
fn manual_restarts_do_not_count_towards_giving_up() {
    let mut world = World::new("web max=1 delay=0");
    world.play("start web => launch web\nspawned web");
    for _ in 0..9 {
        world.play(
            "restart web => halt web 10
             exit web 1
             gone web => launch web
             spawned web",
        );
    }
    world.play(
        "exit web 1 => crash web #1 (restarts now), halt web 10
         gone web => launch web
         web is starting (restarts 10)
         spawned web
         exit web 1 => crash web #2 (stays down: gave up after 1 restart in 10m)",
    );
}

#[test]
fn a_restart_while_it_stops_brings_it_back() {
    check(
        "web",
        "start web => launch web
         spawned web
         stop web => halt web 10
         restart web
         gone web => launch web",
    );
}

#[test]
fn a_restart_while_it_restarts_is_one_restart() {
    check(
        "web",
        "start web => launch web
         spawned web
         restart web => halt web 10
         restart web
         exit web 0
         gone web => launch web
         web is starting (restarts 1)
         spawned web
         tick",
    );
}

#[test]
fn a_restart_while_it_is_being_launched_begins_anew() {
    check(
        "web",
        "start web => launch web
         restart web => halt web 10
         spawned web => halt web 10
         exit web 1
         gone web => launch web",
    );
}

#[test]
fn a_stop_takes_back_a_restart() {
    check(
        "web",
        "start web => launch web
         spawned web
         restart web => halt web 10
         stop web
         exit web 0
         gone web
         web is stopped",
    );
}

#[test]
fn a_restart_of_what_could_not_be_ended_tries_again() {
    check(
        "web",
        "start web => launch web
         spawned web
         restart web => halt web 10
         left web 7
         web gets failed: could not end pid 7
         restart web => halt web 10
         gone web => launch web",
    );
}

#[test]
fn leftovers_of_a_crash_end_before_the_restart() {
    check(
        "web",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (restarts in 5 s)
         web is restarting: exit code 1
         wait 5s => halt web 10
         web is restarting: exit code 1
         gone web => launch web",
    );
}

#[test]
fn leftovers_that_cannot_be_ended_fail_the_restart() {
    check(
        "web delay=0",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (restarts now), halt web 10
         left web 7
         web is stopped: could not end pid 7
         web gets failed: could not end pid 7
         wait 1m
         gone web => launch web",
    );
}

#[test]
fn a_restart_without_delay_is_made_in_the_very_step_in_which_the_last_run_is_gone() {
    check(
        "web delay=0",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (restarts now), halt web 10
         gone web => launch web",
    );
}

#[test]
fn a_dependent_waits_for_a_dependency_that_restarts() {
    check(
        "db check | api needs=db",
        "start db => launch db
         spawned db => probe db
         healthy db
         exit db 1 => unprobe db, crash db #1 (restarts in 5 s)
         gone db
         start api => launch db
         spawned db => probe db
         healthy db => launch api",
    );
}

#[test]
fn a_restart_starts_what_is_needed_and_leaves_what_runs() {
    check(
        "db | cache | api needs=db,cache",
        "start db => launch db
         spawned db
         restart api => launch cache
         spawned cache => launch api
         db is running ()",
    );
}
