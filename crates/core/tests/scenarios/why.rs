//! The chain of reasons.

use crate::script::World;

fn why(world: &World, name: &str) -> Vec<String> {
    let reasons = world.workspace.why(name, world.now.mono);
    reasons.into_iter().map(|reason| reason.text).collect()
}

#[test]
fn the_chain_goes_down_to_what_holds_everything_up() {
    let mut world =
        World::new("postgres | cache check | backend needs=postgres,cache | web needs=backend");
    world.play(
        "start web => launch postgres, launch cache
         spawned cache => probe cache
         sick cache connection refused
         exit postgres 1 => crash postgres #1 (restarts in 5 s)
         gone postgres
         wait 1s",
    );
    assert_eq!(
        why(&world, "web"),
        [
            "web waits for backend (healthy)",
            "backend waits for postgres (healthy)",
            "backend waits for cache (healthy)",
            "postgres is restarting: exit code 1, next try in 4.0 s",
            "cache is not ready yet: connection refused",
        ]
    );
}

#[test]
fn what_runs_says_so_and_how_its_last_run_ended() {
    let mut world = World::new("web delay=0");
    world.play("start web => launch web\nspawned web");
    assert_eq!(why(&world, "web"), ["web is running (pid 42)"]);
    world.play(
        "exit web segfault => crash web #1 (restarts now), halt web 10
         gone web => launch web
         spawned web",
    );
    assert_eq!(
        why(&world, "web"),
        [
            "web is running (pid 42)",
            "web has had 1 restart; its last run ended: killed by SIGSEGV (core dumped)",
        ]
    );
}

#[test]
fn each_state_has_its_words() {
    for (script, words) in [
        ("tick", "web is stopped"),
        ("start web => launch web", "web is starting"),
        (
            "start web => launch web\nunspawned web port 1 is taken",
            "web crashed: port 1 is taken",
        ),
        (
            "start web => launch web\nspawned web\npause web => freeze web",
            "web is paused",
        ),
        (
            "start web => launch web\nspawned web\nstop web => halt web 10",
            "web is being stopped",
        ),
        (
            "start web => launch web\nspawned web\nrestart web => halt web 10",
            "web is being restarted",
        ),
        (
            "start web => launch web\nspawned web\nstop web => halt web 10\nleft web 7",
            "web could not be ended (pid 7)",
        ),
        (
            "start web => launch web\nspawned web\nexit web 0",
            "web has exited (exit code 0)",
        ),
    ] {
        let mut world = World::new("web");
        world.play(script);
        assert_eq!(why(&world, "web"), [words]);
    }
}

#[test]
fn one_that_waits_for_its_turn_to_stop_says_after_whom() {
    let mut world = World::new("db | api needs=db");
    world.play(
        "start api => launch db
         spawned db => launch api
         spawned api
         stop db api => halt api 10",
    );
    assert_eq!(
        why(&world, "db"),
        ["db is being stopped", "db goes down after api"]
    );
}

#[test]
fn a_dependent_that_restarts_later_says_what_it_waits_for() {
    let mut world = World::new("db | api needs=db down=restart");
    world.play(
        "start api => launch db
         spawned db => launch api
         spawned api
         exit db 1 => crash db #1 (restarts in 5 s)
         gone db",
    );
    assert_eq!(
        why(&world, "api"),
        [
            "api is running (pid 42)",
            "api restarts once what it needs is back",
            "db is restarting: exit code 1, next try in 5.0 s",
        ]
    );
}

#[test]
fn a_name_that_nobody_has_has_no_reasons() {
    assert!(why(&World::new("web"), "ghost").is_empty());
}
