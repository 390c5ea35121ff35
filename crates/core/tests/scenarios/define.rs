//! Definitions that come, change and go.

use crate::script::{World, check};

#[test]
fn a_changed_definition_waits_for_the_next_run() {
    let mut world = World::new("web timeout=3s");
    world.play(
        "start web => launch web
         spawned web
         define web timeout=7s
         web is running",
    );
    let timeout =
        |spec: Option<&forge_core::spec::ProcessSpec>| spec.unwrap().stop.timeout.as_secs();
    assert_eq!(timeout(world.workspace.spec("web")), 3);
    assert_eq!(timeout(world.workspace.latest_spec("web")), 7);
    world.play("restart web => halt web 3\ngone web => launch web");
    assert_eq!(timeout(world.workspace.spec("web")), 7);
}

#[test]
fn a_changed_definition_of_what_is_down_holds_at_once() {
    let mut world = World::new("web timeout=3s");
    world.play("define web timeout=7s");
    let spec = world.workspace.spec("web").unwrap();
    assert_eq!(spec.stop.timeout.as_secs(), 7);
}

#[test]
fn a_definition_that_is_taken_back_changes_nothing() {
    let mut world = World::new("web timeout=3s");
    world
        .play("start web => launch web\nspawned web\ndefine web timeout=7s\ndefine web timeout=3s");
    let latest = world.workspace.latest_spec("web").unwrap();
    assert_eq!(latest.stop.timeout.as_secs(), 3);
}

#[test]
fn new_needs_of_what_runs_count_at_its_next_start() {
    check(
        "web",
        "start web => launch web
         spawned web
         define db | web needs=db
         web is running
         restart web => halt web 10, launch db
         gone web
         web is waiting (for db)
         spawned db => launch web",
    );
}

#[test]
fn a_removed_process_is_stopped_and_forgotten() {
    check(
        "web | db",
        "start web => launch web
         spawned web
         remove web => halt web 10
         exit web 0
         gone web => forget web
         web is unknown
         db is stopped",
    );
}

#[test]
fn a_removed_process_that_is_down_is_forgotten_at_once() {
    let mut world = World::new("a | b | c needs=a");
    world.play(
        "remove a b => forget a, forget b\nstart c\nc gets failed: needs `a`, which is not defined",
    );
    assert_eq!(world.workspace.names(), ["c"]);
}

#[test]
fn what_was_removed_and_is_defined_again_stays() {
    check(
        "web",
        "start web => launch web
         spawned web
         remove web => halt web 10
         define web
         gone web
         web is stopped",
    );
}

#[test]
fn what_was_removed_and_is_started_again_stays() {
    check(
        "web",
        "start web => launch web
         spawned web
         remove web => halt web 10
         start web
         gone web => launch web",
    );
}

#[test]
fn removed_ones_go_down_in_order() {
    check(
        "db | api needs=db",
        "start api => launch db
         spawned db => launch api
         spawned api
         remove db api => halt api 10
         gone api => forget api, halt db 10
         gone db => forget db",
    );
}

#[test]
fn names_keep_the_order_of_definition() {
    let world = World::new("web needs=db | db | cache");
    assert_eq!(world.workspace.names(), ["web", "db", "cache"]);
}
