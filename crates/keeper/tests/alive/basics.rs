//! One life of a process: how it begins, what it gets, what is kept of it, how it ends.

use forge_facts::{Entry, Exit, Fact, Order, Stream, TerminalSize};

use crate::world::{World, own};
use forge_testkit::Case;
use forge_testkit::wait_for;

pub(crate) const TESTS: &[Case] = &[
    (
        "a_process_runs_and_its_output_and_end_are_kept",
        run_and_end,
    ),
    ("exit_codes_and_signals_are_told_exactly", exits),
    (
        "what_cannot_be_executed_is_told_with_step_and_errno",
        failures,
    ),
    ("a_child_has_nothing_open_but_0_1_and_2", descriptors),
    (
        "limits_are_those_of_whoever_started_forge_or_as_ordered",
        limits,
    ),
    ("the_environment_is_exactly_what_was_ordered", environment),
    ("merged_streams_keep_their_order_in_one_log", merged),
    (
        "a_terminal_is_one_of_the_ordered_size_and_takes_input",
        terminal,
    ),
    ("last_words_on_a_terminal_are_kept", last_words),
    ("input_arrives_and_ends_when_told", input),
    ("input_beyond_the_bound_is_refused", input_bound),
    ("a_run_is_begun_once_however_often_it_is_ordered", once),
    ("a_second_run_beside_a_living_one_is_refused", refused),
    ("output_is_told_once_for_each_watch", watch),
    (
        "a_newer_supervisor_replaces_the_older_and_hears_what_it_missed",
        newer,
    ),
];

fn run_and_end() {
    let world = World::new();
    let mut shim = world.shim("web");
    let launch = world.launch(&["sh", "-c", "echo out; echo err >&2; exit 7"]);
    shim.launch(&launch);
    assert_eq!(shim.exit(), Exit::Code(7));
    assert!(!shim.gone());
    assert_eq!(world.log("web", Stream::Stdout), b"out\n");
    assert_eq!(world.log("web", Stream::Stderr), b"err\n");
}

fn exits() {
    let world = World::new();
    let mut shim = world.shim("web");
    for code in (0..256).step_by(15) {
        let command = format!("exit {code}");
        shim.launch(&world.launch(&["sh", "-c", &command]));
        assert_eq!(shim.exit(), Exit::Code(code));
        shim.gone();
    }
    for signal in [1, 2, 3, 6, 8, 9, 11, 13, 14, 15] {
        let command = format!("ulimit -c 0; kill -{signal} $$");
        shim.launch(&world.launch(&["sh", "-c", &command]));
        let core = false;
        assert_eq!(shim.exit(), Exit::Signal { signal, core });
        shim.gone();
    }
}

fn failures() {
    let world = World::new();
    let mut shim = world.shim("web");
    let script = world.folder.join("script");
    std::fs::write(&script, "#!/no/such/interpreter\n").expect("write");
    let script = script.to_str().expect("text").to_string();
    let (missing, denied) = (2, 13);
    let mut check = |argv: &[&str], cwd: Option<&str>, step: &str, errno: i32, subject: &str| {
        let mut launch = world.launch(argv);
        if let Some(cwd) = cwd {
            launch.cwd = cwd.as_bytes().to_vec();
        }
        shim.order(&Order::Launch(Box::new(launch.clone())));
        loop {
            match shim.entry() {
                Entry::Spawned { run, .. } if run == launch.run => {}
                Entry::SpawnFailed {
                    step: is,
                    errno: number,
                    subject: what,
                    ..
                } => {
                    let what = String::from_utf8(what).expect("text");
                    assert_eq!((is.as_str(), number, what.as_str()), (step, errno, subject));
                    return;
                }
                other => panic!("{other:?}"),
            }
        }
    };
    check(
        &["no-such-program"],
        None,
        "exec",
        missing,
        "no-such-program",
    );
    check(&["/no/such"], None, "exec", missing, "/no/such");
    check(&["/etc/passwd"], None, "exec", denied, "/etc/passwd");
    check(&["sh"], Some("/no/such"), "cwd", missing, "/no/such");
    check(&["sh"], Some("/etc/passwd"), "cwd", 20, "/etc/passwd");
    check(&[], None, "exec", missing, "");
    check(&[&script], None, "exec", denied, &script);
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("chmod");
    check(&[&script], None, "exec", missing, &script);
    shim.launch(&world.launch(&["sh", "-c", "no-such-program"]));
    assert_eq!(shim.exit(), Exit::Code(127));
}

fn descriptors() {
    let world = World::new();
    let mut shim = world.shim("web");
    let mut launch = world.launch(&[&own(), "child", "fds"]);
    shim.launch(&launch);
    shim.gone();
    assert_eq!(world.log("web", Stream::Stdout), b"0 1 2\n");
    launch = world.launch(&[&own(), "child", "fds"]);
    launch.terminal = Some(TerminalSize { rows: 24, cols: 80 });
    shim.launch(&launch);
    shim.gone();
    assert_eq!(world.log("web", Stream::Terminal), b"0 1 2\r\n");
}

fn limits() {
    let world = World::new();
    let mut shim = world.shim("web");
    let argv = ["sh", "-c", "ulimit -n; cat /proc/self/oom_score_adj"];
    shim.launch(&world.launch(&argv));
    shim.gone();
    let mut launch = world.launch(&argv);
    launch.open_files = Some(77);
    shim.launch(&launch);
    shim.gone();
    let own = std::fs::read_to_string("/proc/self/oom_score_adj").expect("read");
    let score = own.trim().parse::<i32>().expect("a number") + 300;
    let files = forge_os::process_table::descriptor_limit();
    let log = String::from_utf8(world.log("web", Stream::Stdout)).expect("text");
    assert_eq!(log, format!("{files}\n{score}\n77\n{score}\n"));
}

fn environment() {
    let world = World::new();
    let mut shim = world.shim("web");
    let mut launch = world.launch(&["env"]);
    launch.env.push(b"ODD=a b\xff=c".to_vec());
    launch.env.push(b"EMPTY=".to_vec());
    shim.launch(&launch);
    shim.gone();
    let mut wanted = launch.env.join(&b'\n');
    wanted.push(b'\n');
    assert_eq!(world.log("web", Stream::Stdout), wanted);
}

fn merged() {
    let world = World::new();
    let mut shim = world.shim("web");
    let script = "i=0; while [ $i -lt 500 ]; do echo $i; echo $i >&2; i=$((i+1)); done";
    let mut launch = world.launch(&["sh", "-c", script]);
    launch.merge_stderr = true;
    shim.launch(&launch);
    shim.gone();
    let wanted: String = (0..500).map(|i| format!("{i}\n{i}\n")).collect();
    assert_eq!(world.log("web", Stream::Stdout), wanted.as_bytes());
    assert!(world.log("web", Stream::Stderr).is_empty());
}

fn terminal() {
    let world = World::new();
    let mut shim = world.shim("repl");
    let mut launch = world.launch(&["sh", "-c", "stty size; read line; stty size; cat"]);
    launch.terminal = Some(TerminalSize { rows: 33, cols: 77 });
    shim.launch(&launch);
    let run = launch.run;
    wait_for("the first size", || {
        world
            .log("repl", Stream::Terminal)
            .starts_with(b"33 77")
            .then_some(())
    });
    let size = TerminalSize { rows: 5, cols: 9 };
    shim.order(&Order::Resize { run, size });
    let type_it = |data: &[u8], eof| Order::Input {
        run,
        data: data.to_vec(),
        eof,
    };
    shim.order(&type_it(b"go\n", false));
    shim.order(&type_it(b"typed\n", true));
    assert_eq!(shim.exit(), Exit::Code(0));
    shim.gone();
    let log = String::from_utf8(world.log("repl", Stream::Terminal)).expect("text");
    assert!(log.contains("5 9"), "{log}");
    assert!(log.ends_with("typed\r\n"), "{log}");
}

fn last_words() {
    let world = World::new();
    let mut shim = world.shim("repl");
    for _ in 0..100 {
        let mut launch = world.launch(&["printf", "done\\n"]);
        launch.terminal = Some(TerminalSize { rows: 24, cols: 80 });
        shim.launch(&launch);
        shim.gone();
    }
    let log = world.log("repl", Stream::Terminal);
    assert_eq!(log, b"done\r\n".repeat(100));
}

fn input() {
    let world = World::new();
    let mut shim = world.shim("web");
    let launch = world.launch(&[&own(), "child", "echo"]);
    shim.launch(&launch);
    let run = launch.run;
    let wanted = b"a line\n".repeat(100_000);
    let pieces: Vec<&[u8]> = wanted.chunks(50_000).collect();
    for piece in pieces {
        let data = piece.to_vec();
        shim.order(&Order::Input {
            run,
            data,
            eof: false,
        });
        // Answered in order: the bound is for those who do not wait.
        shim.order(&Order::Ping);
        shim.fact(|fact| *fact == Fact::Pong);
    }
    let data = Vec::new();
    shim.order(&Order::Input {
        run,
        data,
        eof: true,
    });
    assert_eq!(shim.exit(), Exit::Code(0));
    shim.gone();
    assert!(world.log("web", Stream::Stdout) == wanted);
}

fn input_bound() {
    let world = World::new();
    let mut shim = world.shim("web");
    let launch = world.launch(&["sleep", "1000"]);
    shim.launch(&launch);
    let run = launch.run;
    for _ in 0..40 {
        let data = vec![b'x'; 50_000];
        shim.order(&Order::Input {
            run,
            data,
            eof: false,
        });
    }
    let why = shim.refusal();
    assert!(why.starts_with("it does not read"), "{why}");
    shim.stop(run, 5_000);
    shim.gone();
}

fn once() {
    let world = World::new();
    let mut shim = world.shim("web");
    let launch = world.launch(&["sh", "-c", "echo once; sleep 1000"]);
    let pid = shim.launch(&launch);
    wait_for("output", || {
        (!world.log("web", Stream::Stdout).is_empty()).then_some(())
    });
    let mut again = world.connect("web", 0);
    assert!(matches!(again.entry(), Entry::Spawned { .. }));
    assert_eq!(again.launch(&launch), pid);
    again.stop(launch.run, 5_000);
    again.gone();
    assert_eq!(again.launch(&launch), pid);
    assert!(matches!(again.entry(), Entry::Exited { .. }));
    assert!(matches!(again.entry(), Entry::Gone { .. }));
    // A stop of what is over tells its end again.
    again.stop(launch.run, 5_000);
    again.gone();
    assert_eq!(world.log("web", Stream::Stdout), b"once\n");
}

fn refused() {
    let world = World::new();
    let mut shim = world.shim("web");
    let launch = world.launch(&["sleep", "1000"]);
    shim.launch(&launch);
    let other = world.launch(&["true"]);
    shim.order(&Order::Launch(Box::new(other)));
    assert!(shim.refusal().contains("is not over"));
    shim.order(&Order::Release);
    assert!(shim.refusal().contains("is not over"));
    let unknown = world.launch(&["true"]).run;
    shim.stop(unknown, 0);
    assert_eq!(shim.refusal(), "there is no such run");
    shim.stop(launch.run, 5_000);
    shim.gone();
    shim.order(&Order::Release);
    assert_eq!(shim.hear(), None);
}

fn watch() {
    let world = World::new();
    let mut shim = world.shim("web");
    let launch = world.launch(&["sh", "-c", "while read line; do echo $line; done"]);
    shim.launch(&launch);
    let run = launch.run;
    let mut length = 0;
    for line in ["one\n", "three\n"] {
        shim.order(&Order::Watch);
        let data = line.as_bytes().to_vec();
        shim.order(&Order::Input {
            run,
            data,
            eof: false,
        });
        length += line.len() as u64;
        let wrote = shim.fact(|fact| matches!(fact, Fact::Wrote { .. }));
        let (stream, segment) = (Stream::Stdout, 1);
        assert_eq!(
            wrote,
            Fact::Wrote {
                stream,
                segment,
                length
            }
        );
    }
    // Not asked again: not told.
    let data = b"four\n".to_vec();
    shim.order(&Order::Input {
        run,
        data,
        eof: true,
    });
    loop {
        match shim.hear().expect("alive") {
            Fact::Entry(_, Entry::Gone { .. }) => break,
            Fact::Wrote { .. } => panic!("told without being asked"),
            _ => {}
        }
    }
}

fn newer() {
    let world = World::new();
    let mut old = world.shim("web");
    let launch = world.launch(&["sleep", "1000"]);
    old.launch(&launch);
    let mut new = world.connect("web", old.known);
    assert!(new.entries.is_empty());
    assert_eq!(old.hear(), None);
    new.stop(launch.run, 5_000);
    new.gone();
    drop(new);
    let mut late = world.connect("web", 1);
    assert!(matches!(late.entry(), Entry::Exited { .. }));
    assert!(matches!(late.entry(), Entry::Gone { .. }));
    let mut last = world.connect("web", late.known);
    assert!(last.entries.pop_front().is_none());
}
