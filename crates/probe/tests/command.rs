//! Commands as checks: what they say, and that nothing of them stays behind.

mod support;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use forge_probe::{Check, Rules, Run, check, watch};
use support::{LONG, ask, eventually};
use tokio::sync::mpsc;

fn shell_in(cwd: &Path, line: &str) -> Check {
    Check::Command {
        run: Run::Shell(line.to_string()),
        cwd: cwd.to_path_buf(),
        env: std::env::vars_os().collect(),
    }
}

fn shell(line: &str) -> Check {
    shell_in(&std::env::temp_dir(), line)
}

fn argv(argv: &[&str]) -> Check {
    Check::Command {
        run: Run::Argv(argv.iter().map(ToString::to_string).collect()),
        cwd: std::env::temp_dir(),
        env: std::env::vars_os().collect(),
    }
}

/// Whether a process with this number runs; one that has ended but was not reaped counts too.
fn exists(pid: &str) -> bool {
    Path::new("/proc").join(pid).exists()
}

/// A pid that a command wrote into a file.
async fn pid_in(file: PathBuf) -> String {
    let read = || std::fs::read_to_string(&file).unwrap_or_default();
    eventually("a pid is written", || read().ends_with('\n')).await;
    read().trim().to_string()
}

#[tokio::test]
async fn the_exit_code_decides_and_the_last_line_explains() {
    assert_eq!(ask(&shell("true"), LONG).await, "healthy: exit code 0");
    assert_eq!(
        ask(&shell("echo accepting; echo >&2 connections"), LONG).await,
        "healthy: exit code 0: connections"
    );
    assert_eq!(
        ask(
            &shell("echo a; printf '\\033[31mno\\033[0m\\n\\n'; exit 2"),
            LONG
        )
        .await,
        "unhealthy: exit code 2: no"
    );
    assert_eq!(
        ask(&shell("kill -SEGV $$"), LONG).await,
        "unhealthy: killed by SIGSEGV"
    );
}

#[tokio::test]
async fn a_command_that_is_missing_says_so() {
    let said = ask(&shell("no-such-command-here"), LONG).await;
    assert!(said.starts_with("unhealthy: exit code 127: "), "{said}");
    assert_eq!(
        ask(&argv(&["no-such-command-here"]), LONG).await,
        "unhealthy: command not found: `no-such-command-here`"
    );
    assert_eq!(
        ask(&argv(&[]), LONG).await,
        "unhealthy: the command is empty"
    );
    assert_eq!(
        ask(&shell_in(Path::new("/no/such/folder"), "true"), LONG).await,
        "unhealthy: cannot run `true`: no such folder `/no/such/folder`"
    );
    assert_eq!(
        ask(&argv(&["/etc/passwd"]), LONG).await,
        "unhealthy: cannot run `/etc/passwd`: permission denied"
    );
    let nul = ask(&shell("echo \0"), LONG).await;
    assert!(nul.starts_with("unhealthy: cannot run"), "{nul}");
}

#[tokio::test]
async fn folder_and_environment_are_those_that_were_given_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("here"), "").unwrap();
    let check = |run| Check::Command {
        run,
        cwd: folder.path().to_path_buf(),
        env: vec![
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("A".into(), "1".into()),
            ("".into(), "x".into()),
            (OsString::from("B=C"), "x".into()),
        ],
    };
    let line = "test -e here && env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= | sort | tr '\\n' ' '";
    assert_eq!(
        ask(&check(Run::Shell(line.into())), LONG).await,
        "healthy: exit code 0: A=1 PATH=/usr/bin:/bin"
    );
    let ls = Run::Argv(vec!["ls".into()]);
    assert_eq!(ask(&check(ls), LONG).await, "healthy: exit code 0: here");
}

#[tokio::test]
async fn a_program_is_found_beside_the_folder_and_in_the_path() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tool");
    std::fs::write(&file, "#!/bin/sh\necho ran as $0\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (program, path) in [("./tool", "/bin"), ("tool", "/bin:.")] {
        let check = Check::Command {
            run: Run::Argv(vec![program.into()]),
            cwd: folder.path().to_path_buf(),
            env: vec![("PATH".into(), path.into())],
        };
        let said = ask(&check, LONG).await;
        assert!(said.starts_with("healthy: exit code 0: ran as"), "{said}");
    }
}

#[tokio::test]
async fn a_command_reads_nothing_and_may_write_much() {
    assert_eq!(ask(&shell("cat"), LONG).await, "healthy: exit code 0");
    assert_eq!(
        ask(
            &shell("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo end"),
            LONG
        )
        .await,
        "healthy: exit code 0: end"
    );
    let said = ask(&shell("yes"), Duration::from_millis(300)).await;
    assert_eq!(said, "unhealthy: no end within 300ms: y");
}

#[tokio::test]
async fn a_whole_tree_dies_at_the_timeout() {
    let folder = tempfile::tempdir().unwrap();
    // One in the group, one in a session of its own, one in a group of its own.
    let check = shell_in(
        folder.path(),
        "trap '' TERM; sleep 1000 & echo $! > a; setsid sh -c 'echo $$ > b; sleep 1000; :' & \
         timeout 1000 sh -c 'echo $$ > c; sleep 1000; :' & \
         while ! test -s b || ! test -s c; do sleep 0.01; done; echo waiting; wait",
    );
    let limit = Duration::from_secs(4);
    let verdict = forge_probe::check(&check, limit).await;
    assert_eq!(verdict.detail, "no end within 4s: waiting");
    assert!(verdict.took < LONG);
    for name in ["a", "b", "c"] {
        let pid = pid_in(folder.path().join(name)).await;
        eventually("the tree is gone", || !runs(&pid)).await;
    }
}

/// Whether a process still runs; one that is dead but not reaped (by the init of a container) does not.
fn runs(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        let state = stat.rsplit(") ").next().unwrap_or_default();
        !state.starts_with(['Z', 'X'])
    })
}

#[tokio::test]
async fn what_a_command_leaves_running_does_not_hold_it_up_and_dies() {
    let folder = tempfile::tempdir().unwrap();
    let check = shell_in(folder.path(), "sleep 1000 & echo $! > pid; echo done");
    let began = Instant::now();
    assert_eq!(ask(&check, LONG).await, "healthy: exit code 0: done");
    assert!(began.elapsed() < LONG);
    let pid = pid_in(folder.path().join("pid")).await;
    eventually("it is gone", || !runs(&pid)).await;
}

#[tokio::test]
async fn a_dropped_check_leaves_nothing_not_even_a_zombie() {
    let folder = tempfile::tempdir().unwrap();
    let check = shell_in(folder.path(), "echo $$ > pid; sleep 1000; :");
    let task = tokio::spawn(async move { forge_probe::check(&check, LONG).await });
    let pid = pid_in(folder.path().join("pid")).await;
    assert!(exists(&pid));
    task.abort();
    eventually("it is gone", || !exists(&pid)).await;
}

#[tokio::test]
async fn checks_of_one_process_never_overlap_and_end_with_their_watch() {
    let folder = tempfile::tempdir().unwrap();
    // Fails loudly when two run at once; the third one hangs.
    let check = shell_in(
        folder.path(),
        "mkdir lock || exit 9; echo x >> runs; sleep 0.05; \
         test $(wc -l < runs) -lt 3 || { echo $$ > pid; sleep 1000; }; rmdir lock; exit 1",
    );
    let rules = Rules {
        interval: Duration::from_millis(10),
        timeout: LONG,
        fast: Duration::from_millis(10),
    };
    let (tx, mut rx) = mpsc::channel(1);
    let task = tokio::spawn(watch(check, rules, tx, |verdict| ("web", verdict)));
    for _ in 0..2 {
        let (name, verdict) = rx.recv().await.unwrap();
        assert_eq!((name, verdict.detail.as_str()), ("web", "exit code 1"));
    }
    let pid = pid_in(folder.path().join("pid")).await;
    drop(rx);
    task.await.unwrap();
    eventually("it is gone", || !exists(&pid)).await;
}

#[tokio::test]
async fn real_services_are_asked_by_their_own_commands() {
    for (program, line, expected) in [
        ("pg_isready", "pg_isready -h 127.0.0.1 -p 1", "exit code 2"),
        ("redis-cli", "redis-cli -p 1 ping", "exit code 1"),
    ] {
        if Command::new(program).arg("--version").output().is_err() {
            eprintln!("skipped: {program} is not installed");
            continue;
        }
        let verdict = check(&shell(line), LONG).await;
        assert!(!verdict.healthy);
        assert!(verdict.detail.starts_with(expected), "{}", verdict.detail);
    }
}
