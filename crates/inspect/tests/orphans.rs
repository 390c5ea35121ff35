//! What was left behind is found, and ended whole; what lives is neither.

mod support;

use std::collections::HashSet;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use forge_inspect::conflict::{self, Expected, Relation};
use forge_inspect::orphans::{self, Former, Live, Orphan, Reason};
use forge_inspect::{Member, Patience, Viewpoint, ports, tree};
use forge_os::sockets::Protocol;
use forge_testkit::wait_for;
use support::{Puppet, marked_python};

/// A tree: a server that listens, and a child of it in a session of its own.
const TREE: &str = "import socket,subprocess
s=socket.create_server(('127.0.0.1',0))
c=subprocess.Popen(['sleep','1000'],start_new_session=True)
print(s.getsockname()[1],c.pid,flush=True)";

fn patience() -> Patience {
    Patience {
        term: Duration::from_secs(10),
        kill: Duration::from_secs(10),
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("makes a folder")
}

fn find(workspace: &Path, live: &Live) -> Vec<Orphan> {
    orphans::find(workspace, live, &[]).expect("looks")
}

#[test]
fn a_marked_tree_of_a_run_that_is_over_is_found_and_ended_whole() {
    let workspace = folder();
    let (mut server, line) = marked_python(workspace.path(), "api", "old", TREE);
    let (port, child) = line.split_once(' ').expect("two numbers");
    let child: i32 = child.parse().expect("a pid");
    let live = Live {
        run_ids: HashSet::from(["new".to_string()]),
        ..Live::default()
    };
    let found = find(workspace.path(), &live);
    assert_eq!(found.len(), 1, "{found:?}");
    let orphan = &found[0];
    assert_eq!(
        (orphan.pid, orphan.pids()),
        (server.pid(), vec![server.pid(), child])
    );
    assert_eq!(orphan.ports, [port.parse::<u16>().expect("a port")]);
    assert!(orphan.memory_bytes > 1 << 20 && orphan.command.contains("python3"));
    assert_eq!(
        orphan.reason,
        Reason::RunIsOver {
            process: "api".into(),
            run_id: Some("old".into())
        }
    );
    let reaper = std::thread::spawn(move || server.wait());
    let ending = orphans::end(orphan, &live, patience()).expect("ends");
    reaper.join().expect("is reaped");
    assert!(ending.left.is_empty(), "{ending:?}");
    assert!(ending.ended.contains(&child));
    assert_eq!(find(workspace.path(), &live), []);
}

#[test]
fn what_a_live_run_owns_is_no_orphan_and_is_never_ended() {
    let workspace = folder();
    let (mut server, _) = marked_python(workspace.path(), "api", "run", TREE);
    let by_run = Live {
        run_ids: HashSet::from(["run".to_string()]),
        ..Live::default()
    };
    let by_pid = Live {
        pids: HashSet::from([server.pid()]),
        ..Live::default()
    };
    assert_eq!(find(workspace.path(), &by_run), []);
    assert_eq!(find(workspace.path(), &by_pid), []);
    let found = find(workspace.path(), &Live::default());
    assert_eq!(found.len(), 1);
    // It became known as live after it was looked for.
    for live in [&by_run, &by_pid] {
        let ending = orphans::end(&found[0], live, patience()).expect("looks");
        assert!(ending.ended.is_empty(), "{ending:?}");
    }
    assert_eq!(
        server.ask("c.kill(); c.wait(); print('alive',flush=True)"),
        "alive"
    );
}

#[test]
fn another_workspaces_processes_are_not_ours() {
    let (ours, theirs) = (folder(), folder());
    let (mut server, _) = marked_python(theirs.path(), "api", "old", TREE);
    assert_eq!(find(ours.path(), &Live::default()), []);
    server.ask("c.kill(); c.wait(); print('done',flush=True)");
}

/// Starts a program in a folder so that its parent ends: `sh` starts it in the background and goes.
fn abandon(folder: &Path, command: &str) -> i32 {
    let mut sh = Command::new("setsid");
    sh.args([
        "sh",
        "-c",
        &format!("{command} >/dev/null 2>&1 </dev/null & echo $!"),
    ]);
    sh.current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    for name in ["FORGE_WORKSPACE", "FORGE_PROCESS", "FORGE_RUN_ID"] {
        sh.env_remove(name);
    }
    let output = sh.process_group(0).output().expect("runs");
    let pid = String::from_utf8_lossy(&output.stdout);
    pid.trim().parse().expect("a pid")
}

#[test]
fn a_server_in_the_folder_without_a_parent_is_found_and_a_tool_is_not() {
    let workspace = folder();
    let path = workspace.path().canonicalize().expect("is there");
    let listen = "import socket,signal; s=socket.create_server((\"127.0.0.1\",0)); signal.pause()";
    let server = abandon(&path, &format!("python3 -c '{listen}'"));
    let editor = abandon(&path, "python3 -c 'import signal; signal.pause()' --stdio");
    let sleeper = abandon(&path, "sleep 1000");
    let elsewhere = folder();
    let stranger = abandon(elsewhere.path(), &format!("python3 -c '{listen}'"));
    let mut found = wait_for("what was left behind", || {
        let found = find(&path, &Live::default());
        found
            .iter()
            .any(|orphan| !orphan.ports.is_empty())
            .then_some(found)
    });
    let pids: Vec<i32> = found.iter().map(|orphan| orphan.pid).collect();
    assert_eq!(pids, [server]);
    let orphan = found.remove(0);
    assert_eq!(orphan.reason, Reason::ParentIsGone);
    assert_eq!(orphan.cwd.as_deref(), Some(path.as_path()));
    let ending = orphans::end(&orphan, &Live::default(), patience()).expect("ends");
    assert_eq!((ending.ended, ending.left.len()), (vec![server], 0));
    assert_eq!(find(&path, &Live::default()), []);
    for pid in [editor, sleeper, stranger] {
        assert!(!tree::command_text(pid, "").is_empty());
        let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("is still there");
    }
}

#[test]
fn a_child_of_somebody_alive_is_no_orphan() {
    let workspace = folder();
    let path = workspace.path().canonicalize().expect("is there");
    let code = format!("import os; os.chdir({path:?})\n{TREE}");
    let (mut server, _) = Puppet::python(&code);
    assert_eq!(find(&path, &Live::default()), []);
    server.ask("c.kill(); c.wait(); print('done',flush=True)");
}

#[test]
fn a_process_that_only_a_record_names_is_found_unless_its_pid_changed_hands() {
    let workspace = folder();
    let (mut server, _) = Puppet::python(TREE);
    let start_ticks = tree::forest(&[server.pid()], |_| None).expect("reads");
    assert_eq!(start_ticks.len(), 1);
    let stat = forge_os::process_table::ProcessTable::open().and_then(|mut t| t.stat(server.pid()));
    let start_ticks = stat.expect("is there").start_ticks;
    let find = |start_ticks, live: &Live| {
        let former = Former {
            member: Member {
                pid: server.pid(),
                start_ticks,
            },
            process: "db".into(),
            run_id: Some("old".into()),
        };
        orphans::find(workspace.path(), live, &[former]).expect("looks")
    };
    assert_eq!(find(start_ticks, &Live::default()).len(), 1);
    assert_eq!(find(start_ticks + 1, &Live::default()), []);
    let live = Live {
        run_ids: HashSet::from(["old".to_string()]),
        ..Live::default()
    };
    assert_eq!(find(start_ticks, &live), []);
    server.ask("c.kill(); c.wait(); print('done',flush=True)");
}

#[test]
fn who_is_in_the_way_of_a_start_is_told_apart() {
    let workspace = folder();
    let path = workspace.path().canonicalize().expect("is there");
    let live = Live {
        run_ids: HashSet::from(["new".to_string()]),
        ..Live::default()
    };
    let relation = |port: &str, command: &str| {
        let port = port.parse().expect("a port");
        let viewpoint = Viewpoint::of_workspace(&path);
        let held = ports::holders_seen_by(&viewpoint, port, &[Protocol::Tcp]).expect("lists");
        let expected = Expected {
            cwd: &path,
            command,
            live: &live,
        };
        conflict::relation(&held[0], &expected)
    };
    let serve = format!(
        "import socket,os\nos.chdir({path:?})\ns=socket.create_server(('127.0.0.1',0))\nprint(s.getsockname()[1],flush=True)"
    );
    let api = || "api".to_string();
    let (_old, port) = marked_python(&path, "api", "old", &serve);
    assert_eq!(relation(&port, "x"), Relation::OldRun { process: api() });
    let (_live, port) = marked_python(&path, "api", "new", &serve);
    assert_eq!(relation(&port, "x"), Relation::Live { process: api() });
    let (_other, port) = marked_python(Path::new("/elsewhere"), "api", "old", &serve);
    assert_eq!(relation(&port, "x"), Relation::OtherWorkspace);
    let (_stranger, port) = Puppet::python(&serve);
    assert_eq!(relation(&port, "python3 -c"), Relation::SameCommand);
    assert_eq!(relation(&port, "node server.js"), Relation::Stranger);
    assert_eq!(relation(&port, ""), Relation::Stranger);
}
