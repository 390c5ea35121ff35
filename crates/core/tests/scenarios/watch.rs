//! Restarts by changes of files.

use crate::script::check;

#[test]
fn a_change_restarts_a_running_process() {
    check(
        "web watch",
        "start web => launch web
         spawned web
         edited web user.go and 2 more => halt web 10
         web says reload: changed: user.go and 2 more; it is restarted
         exit web 0
         gone web => launch web
         web is starting (restarts 1)",
    );
}

#[test]
fn changes_do_not_count_towards_giving_up() {
    let mut world = crate::script::World::new("web watch max=0");
    world.play("start web => launch web\nspawned web");
    for _ in 0..9 {
        world.play("edited web a => halt web 10\nexit web 1\ngone web => launch web\nspawned web");
    }
}

#[test]
fn a_change_while_it_is_being_restarted_is_one_restart() {
    check(
        "web watch",
        "start web => launch web
         spawned web
         edited web a => halt web 10
         edited web b
         gone web => launch web",
    );
}

#[test]
fn a_change_while_it_is_being_launched_begins_anew() {
    check(
        "web watch",
        "start web => launch web
         edited web a => halt web 10
         unspawned web cancelled => launch web",
    );
}

#[test]
fn a_change_starts_again_what_has_crashed_exited_or_waits() {
    for (end, effects) in [
        ("exit web 0", ""),
        ("exit web 1", "=> crash web #1 (restarts in 5 s)"),
        (
            "syntax-error web 1",
            "=> crash web #1 (waits for a change of its files), await-change web",
        ),
    ] {
        check(
            "web watch",
            &format!(
                "start web => launch web
                 spawned web
                 {end} {effects}
                 gone web
                 edited web a => launch web"
            ),
        );
    }
}

#[test]
fn a_change_does_not_start_what_is_stopped() {
    check(
        "web watch",
        "edited web a
         start web => launch web
         spawned web
         stop web => halt web 10
         edited web a
         gone web
         edited web a",
    );
}

#[test]
fn without_watch_a_change_means_nothing_to_what_runs() {
    check(
        "web",
        "start web => launch web
         spawned web
         edited web a
         exit web 1 => crash web #1 (restarts in 5 s)
         gone web
         edited web a",
    );
}

#[test]
fn dependents_hear_of_a_restart_by_a_change() {
    check(
        "web watch | e2e needs=web down=restart",
        "start e2e => launch web
         spawned web => launch e2e
         spawned e2e
         edited web a => halt web 10
         gone web => launch web
         spawned web => halt e2e 10",
    );
}
