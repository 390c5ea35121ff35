//! What a process finds around it: variables, folder, descriptors, signals, limits.

use crate::world::World;

#[test]
fn variables_come_from_client_then_dotenv_then_env_file_then_env() {
    let world = World::new(
        "dev:
  - name: web
    command: 'echo \"A=$A B=$B C=$C D=$D E=${E-unset} F=$F\"; exec sleep 1000'
    env_file: [one.env, two.env]
    env: {D: file, E: null, F: 'x ${B_REF:-none} $$'}
  - name: strict
    command: exec sleep 1000
    autostart: false
",
    );
    world.write(".env", "B=dotenv\nC=dotenv\nD=dotenv\nE=dotenv\n");
    world.write("one.env", "C=one\nD=one\n");
    world.write("two.env", "C=two\n");
    let variables = [
        ("A", "client"),
        ("B", "client"),
        ("C", "client"),
        ("D", "client"),
        ("E", "client"),
    ];
    let ran = world.run_with(&["dev", "start"], &variables);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    world.wait_output("web", "A=client B=dotenv C=two D=file E=unset F=x none $\n");

    // Read anew at every start: of the client, and of the files.
    world.write(".env", "B=new\n");
    let ran = world.run_with(&["dev", "restart", "web"], &[("A", "other")]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    world.wait_output("web", "A=other B=new C=two D=file E=unset");
}

#[test]
fn dotenv_can_be_turned_off() {
    let world = World::new(
        "settings: {dotenv: false}
dev:
  - {name: web, command: 'echo \"B=${B-unset}\"; exec sleep 1000'}
",
    );
    world.write(".env", "B=dotenv\n");
    world.ok(&["dev", "start"]);
    world.wait_output("web", "B=unset\n");
}

#[test]
fn children_know_who_they_are_and_where() {
    let world = World::new(
        "dev:
  - name: web
    command: 'echo $FORGE_WORKSPACE $FORGE_PROFILE $FORGE_PROCESS $FORGE_RUN_ID; pwd; exec sleep 1000'
    cwd: ./sub
",
    );
    world.write("sub/x", "");
    world.ok(&["dev", "start"]);
    let run = world.process("web")["run_id"]
        .as_str()
        .expect("text")
        .to_string();
    let path = world.path();
    let text = format!("{0} dev web {run}\n{0}/sub\n", path.display());
    world.wait_output("web", &text);
}

#[test]
fn a_process_has_only_its_three_descriptors_and_default_signals() {
    let world = World::new(
        "dev:
  - {name: fds, command: [ls, -l, /proc/self/fd], oneshot: true}
  - {name: signals, command: [python3, -S, puppet.py, dispositions], oneshot: true}
  - {name: shell, command: grep SigIgn /proc/self/status, oneshot: true}
",
    );
    // A client that ignores signals and has descriptors open must not hand them on.
    let script = format!(
        "trap '' INT HUP PIPE TERM USR1; exec 7</dev/null; {} dev start",
        env!("CARGO_BIN_EXE_forge")
    );
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", &script])
        .current_dir(world.path())
        .env_clear();
    for (name, value) in world.command(&[]).get_envs() {
        command.env(name, value.expect("set"));
    }
    let ran = crate::world::Beside::spawn(command).end();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let fds = world.output("fds");
    // The fourth is the folder that ls reads.
    assert_eq!(
        fds.lines().filter(|line| line.contains("->")).count(),
        4,
        "{fds}"
    );
    let shell = world.output("shell");
    assert_eq!(shell.trim(), "SigIgn:\t0000000000000000");
    // Python ignores SIGPIPE and SIGXFSZ by itself.
    let signals = world.wait_output("signals", "done");
    assert!(signals.contains("SigBlk: 0000000000000000"), "{signals}");
}

#[test]
fn limits_hold_and_lists_run_without_a_shell() {
    let world = World::new(
        "dev:
  - {name: files, command: ulimit -n, oneshot: true, limits: {open_files: 77}}
  - {name: list, command: [echo, $HOME, '*'], oneshot: true}
",
    );
    world.ok(&["dev", "start"]);
    world.wait_output("files", "77\n");
    world.wait_output("list", "$HOME *\n");
}

#[test]
fn output_streams_are_apart_or_merged_in_order() {
    let world = World::new(
        "dev:
  - {name: apart, command: echo out; echo err >&2, oneshot: true}
  - {name: merged, command: 'for i in 1 2 3 4; do echo o$i; echo e$i >&2; done', oneshot: true, stderr: merge}
",
    );
    world.ok(&["dev", "start"]);
    assert_eq!(world.output("merged"), "o1\ne1\no2\ne2\no3\ne3\no4\ne4\n");
    assert_eq!(world.output("apart"), "out\n");
    let logs = world.ok(&["dev", "logs", "apart", "--json"]);
    assert!(logs.stdout.contains(r#""stream":"stderr""#), "{logs:?}");
    assert!(logs.stdout.contains(r#""message":"err""#), "{logs:?}");
}

#[test]
fn the_reference_shape_with_local_override_and_extends_runs() {
    let world = World::new(
        "x-base: &base {env: {KIND: base}}
dev:
  - name: one
    <<: *base
    command: 'echo $KIND-$EXTRA; exec sleep 1000'
    env: {KIND: one}
  - name: two
    extends: one
    env: {EXTRA: two}
",
    );
    world.write(
        ".forge/processes.local.yml",
        "dev:\n  - {name: one, env: {EXTRA: local}}\n",
    );
    world.ok(&["dev", "check"]);
    world.ok(&["dev", "start"]);
    world.wait_output("one", "one-local\n");
    world.wait_output("two", "one-two\n");
}
