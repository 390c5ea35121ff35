//! Beginning where another supervisor left off.

use forge_core::event::LastRun;
use forge_facts::Exit;

use crate::script::{World, ended, lives, never_spawned};

/// Plays a life, takes over with these journals, and plays on; the `tick` is part of the script.
fn over(
    processes: &str,
    before: &str,
    journals: impl Fn(&World) -> Vec<(&'static str, LastRun)>,
    after: &str,
) {
    let mut world = World::new(processes);
    world.play(before);
    let mut next = world.taken_over(&journals(&world));
    next.play(after);
}

const UP: &str = "start web => launch web\nspawned web";

#[test]
fn a_run_that_was_ready_goes_on_and_is_not_waited_for_again() {
    over(
        "web",
        UP,
        |world| vec![("web", lives(world, "web"))],
        "web is running
         tick
         web gets ready
         exit web 1 => crash web #1 (restarts in 5 s)
         gone web
         wait 5s => launch web",
    );
}

#[test]
fn its_checks_begin_again_and_it_stays_ready() {
    over(
        "db check | api needs=db",
        "start api => launch db
         spawned db => probe db
         healthy db => launch api
         spawned api",
        |world| vec![("db", lives(world, "db")), ("api", lives(world, "api"))],
        "db is running (healthy)
         tick
         sick db
         sick db
         sick db
         db is running (unhealthy)",
    );
}

#[test]
fn the_checks_of_what_was_ready_are_ordered_anew() {
    let mut world = World::new("db check");
    world.play("start db => launch db\nspawned db => probe db\nhealthy db");
    let mut next = World::empty();
    let recall = forge_core::event::Recall {
        spec: world.workspace.spec("db").unwrap().clone(),
        memory: world.workspace.memory("db"),
        last_run: Some(lives(&world, "db")),
    };
    let effects = next.tell(forge_core::event::Event::Recall(Box::new(recall)));
    let shown: Vec<String> = effects.iter().filter_map(crate::script::show).collect();
    assert_eq!(shown, ["probe db"]);
}

#[test]
fn one_that_was_starting_is_waited_for_with_a_fair_chance() {
    over(
        "db check | api needs=db",
        "start api => launch db
         spawned db => probe db",
        |world| {
            let mut run = lives(world, "db");
            run.started_unix_ns -= 3_600_000_000_000;
            vec![("db", run)]
        },
        "tick
         db is starting (checking)
         api is waiting (for db)
         wait 6s
         db is starting (checking)
         wait 1s
         db is starting (unhealthy)
         healthy db => launch api",
    );
}

#[test]
fn an_exit_that_nobody_saw_is_judged_now() {
    over(
        "web",
        UP,
        |world| vec![("web", ended(world, "web", Exit::Code(1), true))],
        "web is restarting: exit code 1
         tick
         wait 5s => launch web
         web is starting (restarts 1)",
    );
}

#[test]
fn leftovers_of_an_exit_that_nobody_saw_are_ended_before_the_restart() {
    over(
        "web delay=0",
        UP,
        |world| vec![("web", ended(world, "web", Exit::Code(1), false))],
        "tick => halt web 10
         gone web => launch web",
    );
}

#[test]
fn an_end_that_nobody_could_know_is_a_crash_and_says_so() {
    over(
        "web",
        UP,
        |world| {
            let mut run = lives(world, "web");
            run.gone = true;
            vec![("web", run)]
        },
        "web is restarting: ended while unsupervised, exit status unknown
         tick
         wait 5s => launch web",
    );
}

#[test]
fn an_exit_is_judged_once() {
    let mut world = World::new("web policy=never");
    world.play(UP);
    world.play("exit web 1 => crash web #1 (stays down)\ngone web");
    let journal = [("web", ended(&world, "web", Exit::Code(1), true))];
    let mut next = world.taken_over(&journal);
    next.play("tick\nweb is crashed: exit code 1\nweb gets failed: exit code 1");
    let mut third = next.taken_over(&journal);
    third.play("tick\nweb is crashed: exit code 1\nstart web => launch web");
}

#[test]
fn crashes_before_count_towards_giving_up() {
    over(
        "web max=1",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (restarts in 5 s)
         gone web
         wait 5s => launch web
         spawned web",
        |world| vec![("web", ended(world, "web", Exit::Code(1), true))],
        "tick
         web is crashed: gave up after 1 restart in 10m: exit code 1
         web is crashed (restarts 1)",
    );
}

#[test]
fn a_restart_that_was_due_is_made_at_its_time() {
    over(
        "web",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (restarts in 5 s)
         gone web
         wait 2s",
        |world| vec![("web", ended(world, "web", Exit::Code(1), true))],
        "tick
         web is restarting: exit code 1
         wait 2s
         wait 1s => launch web
         web is starting (restarts 1)",
    );
}

#[test]
fn a_run_that_was_being_stopped_goes_on_being_stopped() {
    over(
        "web",
        "start web => launch web\nspawned web\nstop web => halt web 10",
        |world| vec![("web", lives(world, "web"))],
        "web is stopping
         tick
         exit web 1
         gone web
         web is stopped",
    );
}

#[test]
fn a_stop_that_ended_unseen_is_a_stop() {
    over(
        "web",
        "start web => launch web\nspawned web\nstop web => halt web 10",
        |world| vec![("web", ended(world, "web", Exit::Code(1), true))],
        "web is stopped
         tick
         web gets down",
    );
}

#[test]
fn a_restart_in_its_middle_is_finished() {
    over(
        "web",
        "start web => launch web\nspawned web\nrestart web => halt web 10",
        |world| vec![("web", ended(world, "web", Exit::Code(0), true))],
        "tick => launch web
         web is starting (restarts 1)",
    );
}

#[test]
fn what_was_to_be_stopped_and_lives_is_stopped() {
    over(
        "db | api needs=db",
        "start api => launch db
         spawned db => launch api
         spawned api
         stop db api => halt api 10",
        |world| {
            vec![
                ("db", lives(world, "db")),
                ("api", ended(world, "api", Exit::Code(0), true)),
            ]
        },
        "tick => halt db 10",
    );
}

#[test]
fn what_was_wanted_and_never_launched_goes() {
    over(
        "web",
        "start web => launch web",
        |world| vec![("web", never_spawned(world, "web"))],
        "tick => launch web",
    );
    over(
        "web",
        "start web => launch web",
        |_| Vec::new(),
        "tick => launch web",
    );
}

#[test]
fn what_waited_waits_on() {
    over(
        "db check | api needs=db",
        "start api => launch db
         spawned db => probe db",
        |world| vec![("db", lives(world, "db"))],
        "tick
         api is waiting (for db)
         healthy db => launch api",
    );
}

#[test]
fn a_oneshot_that_is_done_stays_done() {
    over(
        "job oneshot | api needs=job:completed",
        "start api => launch job
         spawned job
         exit job 0 => launch api
         gone job
         spawned api",
        |world| {
            vec![
                ("job", ended(world, "job", Exit::Code(0), true)),
                ("api", lives(world, "api")),
            ]
        },
        "tick
         job is exited
         start api
         job gets done",
    );
}

#[test]
fn a_oneshot_that_finished_unseen_lets_its_dependent_go() {
    over(
        "job oneshot | api needs=job:completed",
        "start api => launch job\nspawned job",
        |world| vec![("job", ended(world, "job", Exit::Code(0), true))],
        "tick => launch api
         job is exited",
    );
}

#[test]
fn a_server_that_ended_well_under_a_stop_and_waits_to_start_is_not_done() {
    over(
        "db check | api needs=db",
        "start api => launch db
         spawned db => probe db
         healthy db => launch api
         spawned api
         stop db api => halt api 10
         exit api 0
         gone api => unprobe db, halt db 10
         exit db 0
         gone db
         start api => launch db
         spawned db => probe db",
        |world| {
            vec![
                ("db", lives(world, "db")),
                ("api", ended(world, "api", Exit::Code(0), true)),
            ]
        },
        "tick
         api is waiting (for db)
         healthy db => launch api",
    );
}

#[test]
fn what_waits_for_a_change_still_does() {
    over(
        "web",
        "start web => launch web
         spawned web
         syntax-error web 1 => crash web #1 (waits for a change of its files), await-change web
         gone web",
        |world| vec![("web", ended(world, "web", Exit::Code(1), true))],
        "tick
         web is crashed: exit code 1; waits for a change of its files
         edited web main.py => launch web",
    );
}

#[test]
fn a_paused_run_is_paused_still() {
    over(
        "web",
        "start web => launch web\nspawned web\npause web => freeze web",
        |world| vec![("web", lives(world, "web"))],
        "tick
         web is paused
         resume web => thaw web",
    );
}

#[test]
fn a_line_that_was_seen_need_not_come_again() {
    over(
        "db | cache check | api needs=db:listening,cache",
        "start api => launch db, launch cache
         spawned db
         line db listening
         spawned cache => probe cache",
        |world| vec![("db", lives(world, "db")), ("cache", lives(world, "cache"))],
        "tick
         api is waiting (for cache)
         healthy cache => launch api",
    );
}

#[test]
fn an_exit_that_nobody_saw_still_stops_its_profile() {
    let mut world = World::new("tests on-exit=stop-all | db");
    world.play("start tests db => launch tests, launch db\nspawned db\nspawned tests");
    let journals = [
        ("tests", ended(&world, "tests", Exit::Code(3), true)),
        ("db", lives(&world, "db")),
    ];
    let mut next = world.taken_over(&journals);
    next.play("tick => halt db 10");
    assert_eq!(next.workspace.exit_code(), Some(3));
}

#[test]
fn what_could_not_be_ended_is_tried_again() {
    let mut world = World::new("web");
    world.play("start web => launch web\nspawned web\nstop web => halt web 10\nleft web 7");
    let journals = [("web", lives(&world, "web"))];
    let mut next = world.taken_over(&journals);
    next.play("tick\nweb is stopping\nleft web 7\nweb is stopped: could not end pid 7");
}

#[test]
fn nothing_is_wanted_that_was_not() {
    over("web | db", "tick", |_| Vec::new(), "tick\nweb is stopped");
}

#[test]
fn new_runs_have_greater_ids_than_remembered_ones() {
    let mut world = World::new("web delay=0");
    world.play(UP);
    let mut next = world.taken_over(&[("web", lives(&world, "web"))]);
    next.now.unix_ns -= 3_600_000_000_000;
    let old = next.run("web");
    next.play(
        "tick
         exit web 1 => crash web #1 (restarts now), halt web 10
         gone web => launch web",
    );
    assert!(next.run("web") > old);
}

#[test]
fn a_memory_of_an_older_supervisor_can_be_read() {
    let older = r#"{"wanted": true, "restarts": 2, "ready_run": "no run", "what": "is this"}"#;
    let memory: forge_core::event::Memory = serde_json::from_str(older).expect("it can be read");
    assert!(memory.wanted && !memory.done);
    assert_eq!((memory.restarts, memory.ready_run), (2, None));
}

#[test]
fn a_fault_in_its_middle_is_a_failure_still() {
    over(
        "db check unhealthy=restart retries=1 max=0",
        "start db => launch db
         spawned db => probe db
         healthy db
         sick db timeout => unprobe db, halt db 10",
        |world| vec![("db", lives(world, "db"))],
        "tick
         db is stopping: unhealthy: timeout
         exit db 0
         gone db
         db is crashed: is not to be restarted (`max_restarts` is 0): unhealthy: timeout",
    );
}

#[test]
fn a_restart_that_has_not_begun_is_not_forgotten() {
    over(
        "db | api needs=db",
        "start api => launch db
         spawned db => launch api
         spawned api
         restart db api => halt api 10",
        |world| vec![("db", lives(world, "db")), ("api", lives(world, "api"))],
        "tick
         gone api => halt db 10
         gone db => launch db
         spawned db => launch api",
    );
}
