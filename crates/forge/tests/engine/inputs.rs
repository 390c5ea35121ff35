//! What is sent to processes: signals, text, commands beside them, and waiting for them.

use std::process::Command;

use crate::world::{Beside, World};
use forge_testkit::{free_port, wait_for};

const LISTENER: &str = "dev:
  - name: web
    command: |
      trap 'echo usr1' USR1
      trap 'echo winch' WINCH
      touch ready
      while :; do sleep 0.01; done
";

#[test]
fn a_signal_has_three_names() {
    let world = World::new(LISTENER);
    world.ok(&["dev", "start"]);
    wait_for("the traps", || {
        world.path().join("ready").exists().then_some(())
    });
    for (count, name) in ["USR1", "SIGUSR1", "10"].into_iter().enumerate() {
        world.ok(&["dev", "signal", "web", name]);
        let times = count + 1;
        world.wait_output("web", &"usr1\n".repeat(times));
    }
    world.ok(&["dev", "signal", "web", "winch"]);
    world.wait_output("web", "winch\n");
    world.ends(2, &["dev", "signal", "web", "NOSUCH"]);
    world.ends(3, &["dev", "signal", "nobody", "USR1"]);
    world.ok(&["dev", "stop"]);
    let ran = world.run(&["dev", "signal", "web", "USR1"]);
    assert_eq!(ran.code, Some(1), "nothing runs: {ran:?}");
}

#[test]
fn text_is_sent_and_the_input_closed() {
    let world = World::new(
        "dev:
  - {name: cat, command: cat; echo end, restart: {policy: never}}
",
    );
    world.ok(&["dev", "start"]);
    world.ok(&["dev", "send", "cat", "hello"]);
    world.wait_output("cat", "hello\n");
    world.ok(&["dev", "send", "cat", "no", "--no-newline"]);
    world.ok(&["dev", "send", "cat", "w", "--eof"]);
    world.wait_output("cat", "hello\nnow\nend\n");
    world.wait_status("cat", "exited");
}

#[test]
fn text_reaches_a_process_on_a_terminal() {
    let world = World::new(
        "dev:
  - {name: shell, command: 'test -t 0 && test -t 1 && echo on a terminal; read line; echo got $line; stty size; exec sleep 1000', tty: true}
",
    );
    world.ok(&["dev", "start"]);
    world.ok(&["dev", "wait", "shell", "--for", "log=on a terminal"]);
    world.ok(&["dev", "send", "shell", "hello"]);
    world.ok(&["dev", "wait", "shell", "--for", "log=got hello"]);
    let logs = world.ok(&["dev", "logs", "shell", "--json"]);
    assert!(logs.stdout.contains("got hello"), "{logs:?}");
}

#[test]
fn waits_end_with_readiness_an_exit_a_line_or_the_time() {
    let world = World::new(
        "dev:
  - {name: web, command: 'while [ ! -e go ]; do sleep 0.01; done; echo connected to db7; while [ ! -e bye ]; do sleep 0.01; done; exit 5', restart: {policy: never}, health_check: {command: test -e go, interval: 20ms}}
",
    );
    world.ok(&["dev", "start", "--no-wait"]);
    let ran = world.ends(
        1,
        &["dev", "wait", "web", "--for", "ready", "--timeout", "100ms"],
    );
    assert!(ran.stderr.contains("web"), "{ran:?}");
    let ready = world.spawn(&["dev", "wait", "web", "--for", "ready"]);
    let line = world.spawn(&[
        "dev",
        "wait",
        "web",
        "--for",
        r"log=connected to db\d",
        "--json",
    ]);
    let exit = world.spawn(&["dev", "wait", "web", "--for", "exit", "--json"]);
    world.write("go", "");
    assert_eq!(ready.end().code, Some(0));
    let line = line.end();
    assert_eq!(line.json()["line"], "connected to db7", "{line:?}");
    world.write("bye", "");
    let exit = exit.end();
    assert_eq!(exit.json()["exit_code"], 5, "{exit:?}");
    world.ends(3, &["dev", "wait", "nobody"]);
    let ran = world.ends(1, &["dev", "wait", "web", "--for", "ready"]);
    assert!(
        ran.stderr.contains("web"),
        "a wait for what has failed ends: {ran:?}"
    );
}

#[test]
fn exec_runs_beside_a_process_and_passes_its_code_on() {
    let world = World::new(
        "dev:
  - {name: web, command: exec sleep 1000, cwd: ./sub, env: {GREETING: hello}, port: 4567, autostart: false}
",
    );
    world.write("sub/x", "");
    let ran = world.run(&[
        "dev",
        "exec",
        "web",
        "--",
        "sh",
        "-c",
        "echo $GREETING $PORT; pwd; exit 42",
    ]);
    assert_eq!(ran.code, Some(42), "{ran:?}");
    assert_eq!(
        ran.stdout,
        format!("hello 4567\n{}/sub\n", world.path().display())
    );
    world.ends(127, &["dev", "exec", "web", "--", "no-such-program"]);
    world.ends(3, &["dev", "exec", "nobody", "--", "true"]);
}

#[test]
fn a_command_that_is_not_in_the_file_is_managed_like_any_other() {
    let port = free_port();
    let world = World::new("dev:\n  - {name: web, command: exec sleep 1000}\n");
    world.write("sub/puppet.py", &world.read("puppet.py"));
    let port = port.to_string();
    world.ok(&[
        "dev",
        "run",
        "tunnel",
        "--port",
        &port,
        "--cwd",
        "sub",
        "--env",
        "X=y",
        "--",
        "sh",
        "-c",
        "echo $X $PORT; pwd; exec python3 -S puppet.py listen $PORT",
    ]);
    let tunnel = world.process("tunnel");
    assert_eq!(tunnel["status"], "running", "{tunnel}");
    world.wait_output(
        "tunnel",
        &format!("y {port}\n{}/sub\n", world.path().display()),
    );
    // A start of the file's processes leaves it alone, and so does a restart of it.
    world.ok(&["dev", "start"]);
    let pid = world.pid("tunnel");
    world.ok(&["dev", "reload"]);
    assert_eq!(world.pid("tunnel"), pid);
    world.ok(&["dev", "restart", "tunnel"]);
    assert_ne!(world.pid("tunnel"), pid);
    // Its name is taken, also for the file.
    let ran = world.run(&["dev", "run", "web", "--", "sleep", "1000"]);
    assert_ne!(ran.code, Some(0), "{ran:?}");
    world.ok(&["dev", "stop", "tunnel"]);
    assert_eq!(world.word("tunnel"), "stopped");
}

#[test]
fn attach_gives_the_terminal_of_a_process_and_leaves_it() {
    let world = World::new(
        "dev:
  - {name: shell, command: 'while read line; do echo \"<$line>\"; stty size; done', tty: true}
",
    );
    world.ok(&["dev", "start"]);
    let pid = world.pid("shell");
    let terminal = forge_os::open_terminal(33, 99).expect("a terminal");
    let end = || std::process::Stdio::from(terminal.slave.try_clone().expect("a descriptor"));
    let mut command: Command = world.command(&["dev", "attach", "shell"]);
    command
        .env("TERM", "xterm")
        .stdin(end())
        .stdout(end())
        .stderr(end());
    let attach = Beside::of(command.spawn().expect("it runs"));
    let mut master = std::fs::File::from(terminal.master);
    // From now on keys go through as they are typed.
    wait_for("attach", || {
        let modes = rustix::termios::tcgetattr(&terminal.slave).expect("a terminal");
        let raw = !modes
            .local_modes
            .contains(rustix::termios::LocalModes::ICANON);
        raw.then_some(())
    });
    std::io::Write::write_all(&mut master, b"hello\r").expect("a terminal");
    world.ok(&[
        "dev",
        "wait",
        "shell",
        "--for",
        "log=<hello>",
        "--timeout",
        "20s",
    ]);
    world.ok(&[
        "dev",
        "wait",
        "shell",
        "--for",
        "log=33 99",
        "--timeout",
        "20s",
    ]);
    std::io::Write::write_all(&mut master, b"\x1d").expect("a terminal");
    assert_eq!(attach.end().code, Some(0));
    assert_eq!(world.pid("shell"), pid);
}
