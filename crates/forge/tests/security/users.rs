//! Other users of the machine: what they can open, what they can put in the way.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use forge_testkit::wait_for;

use crate::world::{Beside, Ran, World};

/// Somebody else.
const NOBODY: u32 = 65_534;

const ONE: &str = "dev:\n  - {name: web, command: echo hello; exec sleep 1000}\n";

/// Everything below a folder, the folder first.
fn all_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_path_buf()];
    let mut next = 0;
    while let Some(path) = found.get(next).cloned() {
        next += 1;
        let is_folder = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
        if is_folder {
            let inside = std::fs::read_dir(&path).expect("ours").flatten();
            found.extend(inside.map(|entry| entry.path()));
        }
    }
    found
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("ours");
}

/// A Python program that another user runs; `None` where this user may not be another one.
fn as_nobody(script: &str, words: &[&Path]) -> Option<Beside> {
    if forge_os::own_uid() != 0 {
        println!("skipped: only root can be somebody else");
        return None;
    }
    let mut command = Command::new("python3");
    command
        .args(["-S", "-c", script])
        .args(words)
        .current_dir("/")
        .stdin(Stdio::null())
        .uid(NOBODY)
        .gid(NOBODY);
    Some(Beside::spawn(command))
}

fn runtime(world: &World, words: &[&str], folder: &Path) -> Ran {
    let mut command = world.command(words);
    command.env("FORGE_RUNTIME_DIR", folder);
    Beside::spawn(command).end()
}

#[test]
fn nothing_that_is_kept_can_be_read_by_others_whatever_the_umask() {
    let world = World::new(ONE);
    let mut command = Command::new("sh");
    let script = format!("umask 0; exec {} dev start", env!("CARGO_BIN_EXE_forge"));
    command.args(["-c", &script]).current_dir(world.path());
    for (name, value) in world.command(&[]).get_envs() {
        command.env(name, value.expect("set"));
    }
    let ran = Beside::spawn(command).end();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    world.wait_output("web", "hello\n");
    world.ok(&["dev", "restart"]);
    let layout = world.layout();
    for path in [layout.state(), layout.runtime()]
        .into_iter()
        .flat_map(all_below)
    {
        let mode = path.symlink_metadata().expect("it is there").permissions();
        let mode = mode.mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{} is {mode:o}", path.display());
    }
}

#[test]
fn another_user_who_reaches_a_socket_is_not_heard() {
    let world = World::new(ONE);
    world.ok(&["dev", "start"]);
    let layout = world.layout();
    // As if somebody had opened what is closed.
    for path in layout.runtime().ancestors() {
        if path.starts_with(world.base()) {
            mode(path, 0o711);
        }
    }
    mode(layout.shim_socket("web").parent().expect("a folder"), 0o711);
    let asks = "
import socket, sys
for path in sys.argv[1:]:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(30)
    sock.connect(path)
    try:
        sock.sendall(b'GET /v1/status HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
        print('answer', repr(sock.recv(10)))
    except OSError as error:
        print('answer', repr(b''))
";
    let sockets = [
        layout.api_socket(),
        layout.keeper_socket(),
        layout.shim_socket("web"),
    ];
    let paths: Vec<&Path> = sockets.iter().map(PathBuf::as_path).collect();
    for path in &paths {
        mode(path, 0o666);
    }
    let Some(asking) = as_nobody(asks, &paths) else {
        return;
    };
    let ran = asking.end();
    assert_eq!(ran.stdout, "answer b''\n".repeat(3), "{ran:?}");
    let log = std::fs::read_to_string(layout.supervisor_log()).expect("ours");
    assert!(log.contains("refused a client of user 65534"), "{log}");
    for path in layout.runtime().ancestors() {
        if path.starts_with(world.base()) {
            mode(path, 0o700);
        }
    }
    assert_eq!(world.word("web"), "running");
}

#[test]
fn a_socket_that_another_user_has_put_there_is_told_nothing() {
    let world = World::new(ONE);
    let shared = world.base().join("shared");
    std::fs::create_dir(&shared).expect("ours");
    mode(&shared, 0o1777);
    mode(&world.base(), 0o755);
    let place = world
        .layout()
        .runtime()
        .file_name()
        .expect("a hash")
        .to_owned();
    let heard = shared.join("heard");
    let listens = "
import os, socket, sys
folder, heard = sys.argv[1:]
os.umask(0)
os.mkdir(folder)
sock = socket.socket(socket.AF_UNIX)
sock.bind(folder + '/api.sock')
sock.listen()
open(heard, 'w').close()
while True:
    peer, _ = sock.accept()
    peer.settimeout(1)
    try:
        said = peer.recv(100)
    except OSError:
        said = b''
    with open(heard, 'ab') as file:
        file.write(said)
    peer.close()
";
    let folder = shared.join(place);
    let Some(_squatter) = as_nobody(listens, &[&folder, &heard]) else {
        return;
    };
    wait_for("the squatter", || heard.exists().then_some(()));
    for words in [&["dev", "status"][..], &["dev", "start"]] {
        let ran = runtime(&world, words, &shared);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.stderr.contains("belongs to user 65534"), "{ran:?}");
    }
    assert_eq!(std::fs::read(&heard).expect("ours"), b"");
}

#[test]
fn folders_that_others_have_made_or_can_replace_are_refused_by_name() {
    let world = World::new(ONE);
    let hash = world
        .layout()
        .runtime()
        .file_name()
        .expect("a hash")
        .to_owned();
    let refuses = |base: &Path, why: &str| {
        let ran = runtime(&world, &["dev", "start"], base);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.stderr.contains(why), "{why}: {ran:?}");
        assert!(ran.stderr.contains("refusing to use"), "{why}: {ran:?}");
        assert!(ran.stderr.contains(base.to_str().expect("text")), "{ran:?}");
    };
    let base = |name: &str| {
        let base = world.base().join(name);
        std::fs::create_dir(&base).expect("ours");
        base
    };
    let linked = base("linked");
    let elsewhere = base("elsewhere");
    symlink(&elsewhere, linked.join(&hash)).expect("ours");
    refuses(&linked, "symbolic link");
    assert_eq!(all_below(&elsewhere).len(), 1, "nothing is put there");

    let open = base("open");
    std::fs::create_dir(open.join(&hash)).expect("ours");
    mode(&open.join(&hash), 0o777);
    refuses(&open, "group or others can enter it");

    let writable = base("writable");
    mode(&writable, 0o777);
    refuses(&writable, "everybody can write there");

    if forge_os::own_uid() == 0 {
        let foreign = base("foreign");
        std::os::unix::fs::chown(&foreign, Some(NOBODY), None).expect("root may");
        refuses(&foreign, "belongs to another user");
    } else {
        println!("skipped: only root can make a folder of somebody else");
    }
    assert!(world.left().is_empty());
}

#[test]
fn a_link_in_place_of_a_log_or_a_state_file_is_not_followed() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'echo one; while [ ! -e go ]; do sleep 0.01; done; echo two; exec sleep 1000'}\n",
    );
    world.ok(&["dev", "start"]);
    world.wait_output("web", "one\n");
    let precious = world.base().join("precious");
    std::fs::write(&precious, "precious").expect("ours");
    let layout = world.layout();
    let log = layout.segment("web", forge_facts::Stream::Stdout, 1);
    std::fs::remove_file(&log).expect("ours");
    symlink(&precious, &log).expect("ours");
    world.write("go", "");
    world.ok(&["dev", "wait", "web", "--for", "log=two"]);
    world.ok(&["daemon", "stop"]);
    for file in [
        layout.supervisor_log(),
        layout.keeper_lock(),
        layout.supervisor_lock(),
    ] {
        let _ = std::fs::remove_file(&file);
        symlink(&precious, &file).expect("ours");
        let _ = world.run(&["dev", "start"]);
        assert_eq!(
            std::fs::read(&precious).expect("ours"),
            b"precious",
            "{}",
            file.display()
        );
        std::fs::remove_file(&file).expect("ours");
        let _ = world.run(&["daemon", "stop"]);
    }
}
