//! Health checks: ready, unwell, well again, overdue.

use crate::script::check;

const UP: &str = "start db => launch db
     spawned db => probe db
     healthy db";

fn up(processes: &str, script: &str) {
    check(processes, &format!("{UP}\n{script}"));
}

#[test]
fn three_failures_in_a_row_are_unhealthy_and_it_recovers() {
    up(
        "db check",
        "sick db timeout
         sick db timeout
         db is running (healthy)
         healthy db
         sick db timeout
         sick db timeout
         sick db timeout
         db says unhealthy: unhealthy: timeout
         db is running (unhealthy)
         db is running: unhealthy: timeout
         db gets ready
         sick db timeout
         db tells nothing
         healthy db
         db says healthy: healthy again: healthy
         db is running (healthy)",
    );
}

#[test]
fn unhealthy_restarts_where_that_is_asked_and_counts() {
    up(
        "db check unhealthy=restart retries=1 max=1",
        "sick db timeout => unprobe db, halt db 10
         db is stopping
         exit db 0
         db says crashed: crashed: unhealthy: timeout; restarts in 5 s
         gone db
         db is restarting: unhealthy: timeout
         wait 5s => launch db
         spawned db => probe db
         healthy db
         sick db timeout => unprobe db, halt db 10
         exit db killed
         gone db
         db is crashed: gave up after 1 restart in 10m: unhealthy: timeout",
    );
}

#[test]
fn past_its_start_period_its_start_has_failed_and_it_runs_on() {
    check(
        "db check | api needs=db",
        "start api => launch db
         spawned db => probe db
         sick db connection refused
         wait 59s
         wait 1s
         db says unhealthy: not healthy within 60s: connection refused
         db gets failed: not healthy within 60s: connection refused
         db is starting: not healthy within 60s: connection refused
         db is starting (unhealthy)
         api gets failed: needs `db`, which was not healthy within 60s: connection refused
         sick db connection refused
         wait 10m
         healthy db => launch api
         db is running (healthy)
         db gets ready",
    );
}

#[test]
fn past_its_start_period_it_is_restarted_where_that_is_asked() {
    check(
        "db check unhealthy=restart",
        "start db => launch db
         spawned db => probe db
         wait 60s => unprobe db, halt db 10
         exit db 0
         gone db
         db is restarting: not healthy within 60s
         wait 5s => launch db",
    );
}

#[test]
fn output_that_says_so_fails_a_start_at_once() {
    check(
        "db check hooks",
        "start db => launch db
         spawned db => probe db
         bad-line db Error: EADDRINUSE => unprobe db, halt db 10
         exit db killed => crash db #1 (restarts in 5 s), hook db on_crash
         db says crashed: crashed: the start has failed: Error: EADDRINUSE; restarts in 5 s
         gone db
         db is restarting: the start has failed: Error: EADDRINUSE",
    );
}

#[test]
fn the_same_output_later_fails_nothing() {
    up("db check", "bad-line db Error: EADDRINUSE");
}

#[test]
fn a_line_of_its_output_makes_it_ready() {
    check(
        "db log=listening | api needs=db",
        "start api => launch db
         spawned db => probe db
         line db something else
         line db listening => launch api
         db says ready: ready after 0 s: its output has matched `listening`
         line db listening",
    );
}

#[test]
fn a_stop_of_an_unwell_one_is_a_stop() {
    up(
        "db check unhealthy=restart retries=1",
        "sick db timeout => unprobe db, halt db 10
         stop db
         exit db 0
         gone db
         db is stopped",
    );
}

#[test]
fn answers_while_it_stops_change_nothing() {
    up(
        "db check unhealthy=restart retries=1",
        "stop db => unprobe db, halt db 10
         sick db timeout
         healthy db
         bad-line db no",
    );
}

#[test]
fn answers_while_it_waits_for_its_turn_to_stop_change_nothing() {
    check(
        "db check unhealthy=restart retries=1 | api needs=db",
        "start api => launch db
         spawned db => probe db
         healthy db => launch api
         spawned api
         stop db api => halt api 10
         sick db timeout
         gone api => unprobe db, halt db 10",
    );
}

#[test]
fn limits_warn_restart_or_stop() {
    check(
        "db exceed=warn",
        "start db => launch db
         spawned db
         exceeds db 612 MB of memory, the limit is 512 MB
         db says warning: uses more than it may: 612 MB of memory, the limit is 512 MB",
    );
    check(
        "db exceed=restart",
        "start db => launch db
         spawned db
         exceeds db 612 MB => halt db 10
         db says warning: uses more than it may: 612 MB; it is restarted
         exit db 0
         gone db
         db is restarting: uses more than it may: 612 MB
         wait 5s => launch db",
    );
    check(
        "db exceed=stop | api needs=db down=stop",
        "start api => launch db
         spawned db => launch api
         spawned api
         exceeds db 612 MB => halt api 10
         db says warning: uses more than it may: 612 MB; it is stopped
         gone api => halt db 10
         exit db 0
         gone db
         db says stopped: stopped: it used more than it may: 612 MB
         db is stopped: it used more than it may: 612 MB
         db gets down",
    );
}
