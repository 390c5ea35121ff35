//! Exits that nobody asked for: what they mean and what follows.

use crate::script::{World, check};

#[test]
fn each_restart_waits_longer_and_after_the_last_it_gives_up() {
    check(
        "web max=3",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (restarts in 5 s)
         web says crashed: crashed: exit code 1; restarts in 5 s
         gone web
         web gets pending: restarting: exit code 1
         wait 4999ms
         wait 1ms => launch web
         spawned web
         exit web 1 => crash web #2 (restarts in 10 s)
         gone web
         wait 10s => launch web
         spawned web
         exit web 1 => crash web #3 (restarts in 20 s)
         gone web
         wait 20s => launch web
         spawned web
         exit web 1 => crash web #4 (stays down: gave up after 3 restarts in 10m)
         gone web
         web is crashed: gave up after 3 restarts in 10m: exit code 1
         web is crashed (restarts 3)
         wait 60m",
    );
}

#[test]
fn a_long_life_makes_up_for_old_crashes() {
    let mut world = World::new("web max=1");
    world.play("start web => launch web\nspawned web");
    for _ in 0..20 {
        world.play(
            "wait 11m
             exit web 1 => crash web #1 (restarts in 5 s)
             gone web
             wait 5s => launch web
             spawned web",
        );
    }
}

#[test]
fn a_good_end_of_a_long_running_process_is_an_exit() {
    check(
        "web",
        "start web => launch web
         spawned web
         exit web 0
         web says stopped: exited: exit code 0
         gone web
         web is exited
         web gets done
         wait 60m
         start web => launch web",
    );
}

#[test]
fn other_codes_may_be_a_success() {
    check(
        "web ok=3",
        "start web => launch web
         spawned web
         exit web 3
         gone web
         web is exited",
    );
}

#[test]
fn always_restarts_a_good_end_too() {
    check(
        "web policy=always max=1",
        "start web => launch web
         spawned web
         exit web 0
         web says stopped: exited: exit code 0; restarts in 5 s
         gone web
         web is restarting: exit code 0
         wait 5s => launch web
         spawned web
         exit web 0
         gone web
         web is crashed: gave up after 1 restart in 10m: exit code 0",
    );
}

#[test]
fn never_restarts_nothing() {
    for exit in ["1", "killed", "unknown"] {
        check(
            "web policy=never",
            &format!(
                "start web => launch web
                 spawned web
                 exit web {exit} => crash web #1 (stays down)
                 gone web
                 web is crashed
                 wait 60m"
            ),
        );
    }
}

#[test]
fn a_signal_is_a_crash() {
    check(
        "web",
        "start web => launch web
         spawned web
         exit web segfault => crash web #1 (restarts in 5 s)
         web is restarting: killed by SIGSEGV (core dumped)",
    );
}

#[test]
fn an_unknown_end_is_a_crash_and_says_so() {
    check(
        "web",
        "start web => launch web
         spawned web
         exit web unknown => crash web #1 (restarts in 5 s)
         web is restarting: ended while unsupervised, exit status unknown",
    );
}

#[test]
fn what_would_only_repeat_waits_for_a_change_of_its_files() {
    check(
        "web",
        "start web => launch web
         spawned web
         syntax-error web 1 => crash web #1 (waits for a change of its files), await-change web
         gone web
         web is crashed: exit code 1; waits for a change of its files
         wait 60m
         edited web main.py => launch web
         web says reload: changed: main.py; it is started again
         spawned web
         web says restarted: restarted (pid 42)",
    );
}

#[test]
fn many_edits_with_the_same_mistake_never_make_it_give_up() {
    let mut world = World::new("web max=1");
    world.play("start web => launch web\nspawned web");
    for _ in 0..9 {
        world.play(
            "syntax-error web 1 => crash web #1 (waits for a change of its files), await-change web
             gone web
             edited web main.py => launch web
             spawned web",
        );
    }
    world.play("exit web 1 => crash web #1 (restarts in 5 s)");
}

#[test]
fn what_would_only_repeat_is_retried_where_that_is_asked() {
    check(
        "web retry",
        "start web => launch web
         spawned web
         syntax-error web 1 => crash web #1 (restarts in 5 s)",
    );
}

#[test]
fn a_change_while_leftovers_live_ends_them_first() {
    check(
        "web",
        "start web => launch web
         spawned web
         syntax-error web 1 => crash web #1 (waits for a change of its files), await-change web
         edited web main.py => halt web 10
         gone web => launch web",
    );
}

#[test]
fn a_change_after_a_stop_starts_nothing() {
    check(
        "web",
        "start web => launch web
         spawned web
         syntax-error web 1 => crash web #1 (waits for a change of its files), await-change web
         gone web
         stop web
         edited web main.py",
    );
}

#[test]
fn a_crash_of_a_running_dependency_leaves_dependents_running() {
    check(
        "db | api needs=db",
        "start api => launch db
         spawned db => launch api
         spawned api
         exit db 1 => crash db #1 (restarts in 5 s)
         gone db
         api is running",
    );
}

#[test]
fn a_crashed_dependent_waits_for_its_dependency_to_be_back() {
    check(
        "db | api needs=db delay=1s",
        "start api => launch db
         spawned db => launch api
         spawned api
         exit db 1 => crash db #1 (restarts in 5 s)
         gone db
         exit api 1 => crash api #1 (restarts in 1 s)
         gone api
         wait 1s
         api is waiting (for db)
         wait 4s => launch db
         spawned db => launch api",
    );
}

#[test]
fn a_crash_hook_runs() {
    check(
        "web hooks policy=never",
        "start web => launch web
         spawned web => hook web after_ready
         exit web 1 => crash web #1 (stays down), hook web on_crash
         gone web",
    );
}

#[test]
fn an_exit_before_the_word_of_its_spawn_is_an_exit() {
    check(
        "web",
        "start web => launch web
         exit web 1 => crash web #1 (restarts in 5 s)
         gone web
         wait 5s => launch web",
    );
}

#[test]
fn an_exit_is_told_once() {
    check(
        "web",
        "start web => launch web
         spawned web
         exit web 1 => crash web #1 (restarts in 5 s)
         exit web 1
         gone web
         gone web
         exit web 1",
    );
}

#[test]
fn the_last_exit_is_shown_until_the_next_run() {
    let mut world = World::new("web");
    world.play("start web => launch web\nspawned web\nexit web 3 => crash web #1 (restarts in 5 s)\ngone web");
    let exit = |world: &World| world.workspace.view("web").and_then(|view| view.exit);
    assert_eq!(exit(&world), Some(forge_facts::Exit::Code(3)));
    world.play("wait 5s => launch web");
    assert_eq!(exit(&world), None);
}
