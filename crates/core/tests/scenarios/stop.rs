//! Stopping: dependents first, at once where nothing has begun, and never twice.

use crate::script::{World, check};

const CHAIN: &str = "db | api needs=db | web needs=api";

fn all_up() -> World {
    let mut world = World::new(CHAIN);
    world.play(
        "start web => launch db
         spawned db => launch api
         spawned api => launch web
         spawned web",
    );
    world
}

#[test]
fn dependents_go_before_what_they_need() {
    all_up().play(
        "stop db api web => halt web 10
         db is stopping
         api is stopping
         exit web 0
         gone web => halt api 10
         web says stopped: stopped
         exit api killed
         gone api => halt db 10
         exit db 0
         gone db
         web is stopped
         api is stopped
         db is stopped
         db gets down",
    );
}

#[test]
fn a_parallel_stop_takes_all_at_once() {
    let mut world = World::parallel(CHAIN);
    world.play(
        "start web => launch db
         spawned db => launch api
         spawned api => launch web
         spawned web
         stop db api web => halt web 10, halt api 10, halt db 10",
    );
}

#[test]
fn the_order_holds_across_a_oneshot_that_is_done() {
    check(
        "db | migrate oneshot needs=db | api needs=migrate",
        "start api => launch db
         spawned db => launch migrate
         spawned migrate
         exit migrate 0 => launch api
         gone migrate
         spawned api
         stop db migrate api => halt api 10
         exit api 0
         gone api => halt db 10
         exit db 0
         gone db
         migrate is stopped",
    );
}

#[test]
fn dependents_that_are_not_to_be_stopped_are_named_and_stay() {
    all_up().play(
        "stop db => halt db 10
         db says warning: it is stopped; `api` depends on it and goes on running
         exit db 0
         gone db
         api is running
         db is stopped",
    );
}

#[test]
fn only_dependents_that_are_stopped_too_are_waited_for() {
    all_up().play(
        "stop db web => halt web 10
         exit web 0
         gone web => halt db 10
         api is running",
    );
}

#[test]
fn a_stop_while_waiting_cancels_at_once() {
    check(
        "db check | api needs=db",
        "start api => launch db
         spawned db => probe db
         stop api
         api is stopped
         api gets down
         healthy db",
    );
}

#[test]
fn a_stop_while_restarting_cancels_at_once() {
    check(
        "web",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (restarts in 5 s)
         gone web
         web is restarting: exit code 1
         stop web
         web says stopped: stopped before it was started again
         web is stopped
         wait 1m",
    );
}

#[test]
fn a_stop_while_it_is_being_launched_ends_it() {
    check(
        "web",
        "start web => launch web
         stop web => halt web 10
         web is stopping
         spawned web => halt web 10
         exit web 143
         gone web
         web is stopped
         web says stopped: stopped",
    );
}

#[test]
fn a_launch_that_never_came_to_be_is_stopped() {
    check(
        "web",
        "start web => launch web
         stop web => halt web 10
         unspawned web cancelled
         web is stopped",
    );
}

#[test]
fn a_stop_while_not_ready_ends_it_and_its_checks() {
    check(
        "db check",
        "start db => launch db
         spawned db => probe db
         stop db => unprobe db, halt db 10",
    );
}

#[test]
fn a_second_stop_is_harmless_and_a_shorter_one_hurries() {
    check(
        "web timeout=30s",
        "start web => launch web
         spawned web
         stop web => halt web 30
         wait 2s
         stop web
         stop web within=60s
         stop web within=3s => halt web 3
         stop web within=5s
         kill web => halt web 0
         kill web
         exit web killed
         gone web
         stop web
         kill web
         web is stopped",
    );
}

#[test]
fn force_kills_all_at_once_in_no_order() {
    all_up().play("kill db api web => halt web 0, halt api 0, halt db 0");
}

#[test]
fn force_hurries_a_stop_in_order() {
    all_up().play(
        "stop db api web => halt web 10
         kill db api web => halt web 0, halt api 0, halt db 0",
    );
}

#[test]
fn whatever_the_code_an_asked_for_end_is_a_stop() {
    for exit in ["0", "1", "143", "killed", "segfault", "unknown"] {
        check(
            "web on-exit=stop-all | other",
            &format!(
                "start web other => launch web, launch other
                 spawned web
                 spawned other
                 stop web => halt web 10
                 exit web {exit}
                 gone web
                 web is stopped
                 other is running"
            ),
        );
    }
}

#[test]
fn a_crash_while_it_waits_for_its_turn_to_stop_is_a_stop() {
    all_up().play(
        "stop db api web => halt web 10
         exit db 1 => halt db 10
         db is stopping
         gone db
         db is stopped
         exit web 0
         gone web => halt api 10",
    );
}

#[test]
fn what_could_not_be_ended_is_named_and_blocks_nobody() {
    all_up().play(
        "stop db api web => halt web 10
         left web 7 8 => halt api 10
         web says warning: could not end pids 7, 8
         web is stopped: could not end pids 7, 8
         web gets failed: could not end pids 7, 8
         exit api 0
         gone api => halt db 10
         start web
         db is stopping
         web gets failed: could not end pids 7, 8
         exit db 0
         gone db => launch db
         spawned db => launch api
         spawned api
         gone web => launch web",
    );
}

#[test]
fn a_new_stop_tries_again_what_could_not_be_ended() {
    check(
        "web",
        "start web => launch web
         spawned web
         stop web => halt web 10
         left web 7
         kill web => halt web 0
         gone web
         web is stopped
         start web => launch web",
    );
}

#[test]
fn a_start_of_what_could_not_be_ended_waits_until_it_is_gone() {
    check(
        "web",
        "start web => launch web
         spawned web
         stop web => halt web 10
         left web 7
         start web
         wait 1m
         gone web => launch web",
    );
}

#[test]
fn a_start_while_stopping_starts_again_after_it() {
    check(
        "web",
        "start web => launch web
         spawned web
         stop web => halt web 10
         start web
         web gets pending: restarting
         exit web 0
         gone web => launch web
         spawned web
         web says started: started (pid 42)",
    );
}

#[test]
fn a_start_takes_back_a_stop_that_waits_for_its_turn() {
    all_up().play(
        "stop db api web => halt web 10
         start db
         db is running
         exit web 0
         gone web => halt api 10
         exit api 0
         gone api
         db is running",
    );
}

#[test]
fn a_stop_of_what_is_down_says_nothing() {
    check(
        "web",
        "stop web
         web tells nothing
         web is stopped
         kill web",
    );
}

#[test]
fn a_stop_of_what_has_crashed_makes_it_stopped() {
    check(
        "web policy=never",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (stays down)
         gone web
         stop web
         web is stopped
         web gets down",
    );
}

#[test]
fn descendants_of_a_crashed_run_are_ended_by_a_stop() {
    check(
        "web policy=never",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (stays down)
         web is crashed: exit code 1
         stop web => halt web 10
         web is stopping
         gone web
         web is stopped",
    );
}

#[test]
fn hooks_run_after_a_stop_and_not_after_a_restart() {
    check(
        "web hooks",
        "start web => launch web
         spawned web => hook web after_ready
         restart web => halt web 10
         exit web 0
         gone web => launch web
         spawned web => hook web after_ready
         stop web => halt web 10
         exit web 0
         gone web => hook web after_stop",
    );
}

#[test]
fn a_stop_of_one_that_others_wait_for_fails_them() {
    check(
        "db check | api needs=db",
        "start api => launch db
         spawned db => probe db
         stop db => unprobe db, halt db 10
         api gets failed: needs `db`, which is being stopped
         gone db
         api gets failed: needs `db`, which is stopped
         start db => launch db
         spawned db => probe db
         healthy db => launch api",
    );
}

#[test]
fn gone_without_a_word_of_the_exit_is_an_end_all_the_same() {
    check(
        "web",
        "start web => launch web
         spawned web
         stop web => halt web 10
         gone web
         web is stopped
         start web => launch web
         spawned web
         gone web => crash web #1 (restarts in 5 s)
         web is restarting: ended while unsupervised, exit status unknown",
    );
}
