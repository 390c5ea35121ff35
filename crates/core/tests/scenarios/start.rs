//! Starting: dependencies first, independent ones at once, nothing waits for ever.

use crate::script::{World, check};

#[test]
fn a_process_without_needs_is_launched_and_is_ready_when_it_is_spawned() {
    check(
        "web",
        "start web => launch web
         web is starting
         web gets pending: starting
         spawned web
         web says started: started (pid 42)
         web says ready: ready
         web is running
         web gets ready",
    );
}

#[test]
fn dependencies_go_first_and_independent_ones_go_together() {
    check(
        "db | cache | api needs=db,cache | web needs=api",
        "start web => launch db, launch cache
         web is waiting (for api)
         api is waiting (for db cache)
         api gets pending: waiting for db and cache
         spawned db
         api is waiting (for cache)
         spawned cache => launch api
         spawned api => launch web
         spawned web
         web gets ready",
    );
}

#[test]
fn a_dependency_with_a_check_is_waited_for_until_it_is_healthy() {
    check(
        "db check | api needs=db",
        "start api => launch db
         spawned db => probe db
         db is starting (checking)
         sick db connection refused
         db gets pending: not ready yet: connection refused
         healthy db => launch api
         db is running (healthy)
         db says ready: ready after 0 s: healthy",
    );
}

#[test]
fn starting_what_runs_changes_nothing() {
    check(
        "db | migrate oneshot needs=db | api needs=db,migrate",
        "start db migrate api => launch db
         spawned db => launch migrate
         spawned migrate
         migrate is running
         migrate gets pending: running
         exit migrate 0 => launch api
         migrate says stopped: completed after 0 s
         gone migrate
         spawned api
         start db migrate api
         start api
         migrate is exited
         migrate gets done
         api gets ready",
    );
}

#[test]
fn a_start_while_it_starts_changes_nothing() {
    check(
        "db check | api needs=db",
        "start api => launch db
         start api
         start db
         spawned db => probe db
         start api db",
    );
}

#[test]
fn only_what_is_needed_is_started() {
    check(
        "db | api needs=db | web needs=api",
        "start api => launch db
         web is stopped
         web gets down
         spawned db => launch api
         spawned api
         web is stopped",
    );
}

#[test]
fn a_failed_dependency_fails_its_dependents_by_name() {
    check(
        "db policy=never | api needs=db | web needs=api",
        "start web => launch db
         exit db 3 => crash db #1 (stays down)
         api says warning: not started: needs `db`, which crashed: exit code 3
         web says warning: not started: needs `api`, which is not started: it needs `db`, which crashed: exit code 3
         gone db
         db is crashed: exit code 3
         db gets failed: exit code 3
         api is stopped: needs `db`, which crashed: exit code 3
         api is stopped (for db)
         api gets failed: needs `db`, which crashed: exit code 3
         web gets failed: needs `api`, which is not started: it needs `db`, which crashed: exit code 3
         tick
         api tells nothing",
    );
}

#[test]
fn dependents_of_a_failure_go_by_themselves_once_it_is_back() {
    check(
        "db policy=never | api needs=db",
        "start api => launch db
         exit db 1 => crash db #1 (stays down)
         gone db
         start db => launch db
         api is waiting
         api gets pending: waiting for db
         spawned db => launch api",
    );
}

#[test]
fn a_crashed_one_begins_again_with_a_clean_record() {
    check(
        "web max=0",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (stays down: is not to be restarted (`max_restarts` is 0))
         gone web
         web is crashed: is not to be restarted (`max_restarts` is 0): exit code 1
         start web => launch web
         web is starting ()
         spawned web
         web says started: started (pid 42)
         exit web 1 => crash web #1 (stays down: is not to be restarted (`max_restarts` is 0))",
    );
}

#[test]
fn a_dependency_that_is_not_defined_is_named() {
    check(
        "web needs=ghost",
        "start web
         web gets failed: needs `ghost`, which is not defined
         web is stopped (for ghost)
         define ghost
         start web => launch ghost
         spawned ghost => launch web",
    );
}

#[test]
fn a_cycle_fails_and_does_not_hang() {
    check(
        "a needs=b | b needs=a",
        "start a
         a gets failed: needs `b`, which needs it in turn",
    );
}

#[test]
fn names_that_nobody_has_are_passed_over() {
    check(
        "web",
        "start ghost
         stop ghost
         restart ghost
         spawned ghost
         ghost is unknown
         ghost gets failed: there is no process `ghost`",
    );
}

#[test]
fn an_unhealthy_dependency_fails_a_start_and_does_not_block_it_for_ever() {
    check(
        "db check | api needs=db",
        "start db => launch db
         spawned db => probe db
         healthy db
         sick db no
         sick db no
         sick db no
         start api
         api gets failed: needs `db`, which is unhealthy: no
         healthy db => launch api",
    );
}

#[test]
fn a_paused_dependency_fails_a_start_until_it_goes_on() {
    check(
        "db | api needs=db",
        "start db => launch db
         spawned db
         pause db => freeze db
         start api
         api gets failed: needs `db`, which is paused
         resume db => thaw db, launch api",
    );
}

#[test]
fn a_spawn_failure_that_is_no_accident_stays_down_and_waits_for_a_change() {
    check(
        "web",
        "start web => launch web
         unspawned web not found => crash web #1 (waits for a change of its files), await-change web
         web gets failed: not found; waits for a change of its files
         edited web Makefile => launch web",
    );
}

#[test]
fn a_port_conflict_stays_down_and_is_no_crash() {
    check(
        "web | api needs=web",
        "start api => launch web
         unspawned web port 3000 is taken by node (pid 7)
         web says crashed: not started: port 3000 is taken by node (pid 7)
         web is crashed: port 3000 is taken by node (pid 7)
         api gets failed: needs `web`, which crashed: port 3000 is taken by node (pid 7)
         wait 10m
         start web => launch web",
    );
}

#[test]
fn a_spawn_failure_by_accident_is_tried_again() {
    check(
        "web",
        "start web => launch web
         unspawned web too many processes => crash web #1 (restarts in 5 s)
         web is restarting: too many processes
         wait 4s
         wait 1s => launch web
         web is starting (restarts 1)",
    );
}

#[test]
fn an_answer_for_another_run_is_no_news() {
    check(
        "web delay=0",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (restarts now), halt web 10
         gone web => launch web
         exit web-old 1
         gone web-old
         healthy web-old
         sick web-old
         unspawned web-old not found
         left web-old 7
         spawned web
         web is running",
    );
}

#[test]
fn a_run_that_nobody_expects_is_ended() {
    check(
        "web",
        "start web => launch web
         stop web => halt web 10
         unspawned web cancelled
         web is stopped
         spawned web => halt web 10
         gone web
         web is stopped",
    );
}

#[test]
fn deadlines_tell_how_long_one_may_wait() {
    let mut world = World::new("db check | api needs=db");
    assert_eq!(world.workspace.deadline(), None);
    world.play("start api => launch db\nspawned db => probe db");
    let period = std::time::Duration::from_secs(60);
    assert_eq!(world.workspace.deadline(), Some(world.now.mono + period));
    world.play("healthy db => launch api");
    assert_eq!(world.workspace.deadline(), None);
}

#[test]
fn a_due_restart_that_is_held_back_asks_for_no_wake_up() {
    let mut world = World::new("db | api needs=db");
    world.play(
        "start api => launch db
         spawned db => launch api
         spawned api
         stop db => halt db 10
         exit db 0
         gone db
         exit api 1 => crash api #1 (restarts in 5 s)
         gone api
         wait 5s
         api is stopped: needs `db`, which is stopped",
    );
    assert_eq!(world.workspace.deadline(), None);
    world.play("start db => launch db\nspawned db => launch api");
}

#[test]
fn the_order_of_the_graph_is_by_level() {
    let world = World::new("web needs=api | db | api needs=db | cache");
    let levels = world.workspace.order();
    assert_eq!(levels, [vec!["db", "cache"], vec!["api"], vec!["web"]]);
}
