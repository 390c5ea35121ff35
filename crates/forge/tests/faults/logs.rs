//! Output of every kind, and what happens to its files.

use crate::harness::times;
use forge_testkit::Case;
use forge_testkit::wait_for;

use crate::world::{Beside, World, kill};

pub(crate) const FAULTS: &[Case] = &[
    (
        "last_words_of_processes_that_end_at_once_are_all_kept",
        last_words,
    ),
    (
        "last_words_on_a_terminal_are_all_kept",
        last_words_on_terminals,
    ),
    ("a_line_without_an_end_is_kept_and_shown", unfinished),
    (
        "a_prompt_is_shown_while_it_waits_and_once_when_it_is_finished",
        prompt,
    ),
    (
        "a_line_of_a_hundred_megabytes_is_whole_on_disk_and_short_in_view",
        long_line,
    ),
    (
        "bytes_of_any_kind_are_kept_exactly_and_json_stays_json",
        any_bytes,
    ),
    (
        "what_writes_to_its_own_output_by_name_cuts_nothing",
        by_name,
    ),
    ("a_process_that_closes_its_output_runs_on", closed_output),
    ("a_log_folder_that_is_removed_is_made_again", removed_folder),
    (
        "a_log_that_is_emptied_or_moved_away_goes_on_in_a_new_file",
        emptied,
    ),
    ("a_damaged_sidecar_costs_times_and_no_line", sidecar),
    (
        "followers_miss_and_double_nothing_while_supervisors_die",
        followers,
    ),
];

fn last_words() {
    let mut config = "dev:\n".to_string();
    let count = times(100);
    for number in 0..count {
        config.push_str(&format!(
            "  - {{name: p{number}, command: echo one; echo two >&2; echo three, oneshot: true, stderr: merge}}\n"
        ));
    }
    let world = World::new(&config);
    let ran = world.run_within(&["dev", "start"], 3 * forge_testkit::PATIENCE);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for number in 0..count {
        assert_eq!(
            world.wait_output(&format!("p{number}"), "three\n"),
            "one\ntwo\nthree\n"
        );
    }
}

fn last_words_on_terminals() {
    let mut config = "dev:\n".to_string();
    for number in 0..times(40) {
        config.push_str(&format!(
            "  - {{name: t{number}, command: [printf, done], oneshot: true, tty: true}}\n"
        ));
    }
    let world = World::new(&config);
    let ran = world.run_within(&["dev", "start"], 3 * forge_testkit::PATIENCE);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for number in 0..times(40) {
        let file = forge_facts::Stream::Terminal;
        let path = world.layout().segment(&format!("t{number}"), file, 1);
        wait_for("the last word", || {
            (std::fs::read(&path).unwrap_or_default() == b"done").then_some(())
        });
    }
}

fn unfinished() {
    let world = World::new("dev:\n  - {name: web, command: [printf, 'a\\nb'], oneshot: true}\n");
    world.ok(&["dev", "start"]);
    world.wait_output("web", "a\nb");
    let ran = world.ok(&["dev", "logs", "--json"]);
    let messages: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            line["message"].as_str().unwrap_or_default().to_string()
        })
        .collect();
    assert_eq!(messages, ["a", "b"], "{ran:?}");
}

fn prompt() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'printf \"name? \"; while [ ! -e go ]; do sleep 0.01; done; echo thanks; exec sleep 1000'}\n",
    );
    world.ok(&["dev", "start"]);
    let told = world.path().join("told");
    let mut command = world.command(&["dev", "logs", "-f"]);
    command.stdout(std::fs::File::create(&told).expect("ours"));
    let mut child = command.spawn().expect("it runs");
    wait_for("the prompt", || {
        world.read("told").contains("name? ").then_some(())
    });
    world.write("go", "");
    wait_for("its end", || {
        world.read("told").contains("thanks").then_some(())
    });
    child.kill().expect("ours");
    child.wait().expect("ours");
    assert_eq!(
        world.read("told").matches("name?").count(),
        1,
        "{}",
        world.read("told")
    );
}

fn long_line() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'head -c 100000000 /dev/zero | tr \"\\0\" x; echo; echo after', oneshot: true, log: {max_size: 200MB}}\n",
    );
    let ran = world.run_within(&["dev", "start"], 3 * forge_testkit::PATIENCE);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    wait_for("all of it", || {
        let size = std::fs::metadata(
            world
                .layout()
                .segment("web", forge_facts::Stream::Stdout, 1),
        );
        size.is_ok_and(|meta| meta.len() == 100_000_007)
            .then_some(())
    });
    let ran = world.ok(&["dev", "logs"]);
    assert!(ran.stdout.len() < 3_000_000, "{} bytes", ran.stdout.len());
    assert!(
        ran.stdout.ends_with("after\n"),
        "the lines behind it are there"
    );
    let ran = world.ok(&["dev", "logs", "-n", "1"]);
    assert!(ran.stdout.ends_with("| after\n"), "{ran:?}");
}

fn any_bytes() {
    let world = World::new(
        "dev:\n  - {name: web, command: cat bytes, oneshot: true, log: {max_size: 100MB}}\n",
    );
    let mut bytes = b"\xff\xfe\0\r\n\xe2\x80\xa8\xef\xbb\xbf\r\rnull\0byte\n".to_vec();
    let mut value = 1u32;
    for _ in 0..5_000_000 {
        value = value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.push((value >> 24) as u8);
    }
    std::fs::write(world.path().join("bytes"), &bytes).expect("ours");
    world.ok(&["dev", "start"]);
    wait_for("all of it", || {
        (world.output_bytes("web") == bytes).then_some(())
    });
    let ran = world.ok(&["dev", "logs", "--json", "-n", "2000"]);
    for line in ran.stdout.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    }
    let ran = world.ok(&["dev", "logs", "-n", "2000"]);
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\0'));
}

fn by_name() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'echo one; echo two > /dev/stdout; echo three >> /dev/stdout; echo four', oneshot: true}\n",
    );
    world.ok(&["dev", "start"]);
    assert_eq!(
        world.wait_output("web", "four\n"),
        "one\ntwo\nthree\nfour\n"
    );
}

fn closed_output() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'echo one; exec 1>&- 2>&-; touch closed; exec sleep 1000'}\n",
    );
    world.ok(&["dev", "start"]);
    wait_for("the close", || {
        world.path().join("closed").exists().then_some(())
    });
    assert_eq!(world.word("web"), "running");
    let shim = world.shim_pid("web");
    let ticks = |pid: i32| -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("ours");
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        fields[11].parse::<u64>().expect("a number") + fields[12].parse::<u64>().expect("a number")
    };
    let before = ticks(shim);
    forge_os::pause(std::time::Duration::from_millis(500));
    assert!(ticks(shim) - before < 20, "the shim is busy with nothing");
    world.ok(&["dev", "stop"]);
}

fn removed_folder() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'echo one; while [ ! -e go ]; do sleep 0.01; done; echo two; while [ ! -e bye ]; do sleep 0.01; done; exit 4', restart: {policy: never}}\n",
    );
    world.ok(&["dev", "start"]);
    world.wait_output("web", "one\n");
    let pid = world.pid("web");
    std::fs::remove_dir_all(world.layout().process("web")).expect("ours");
    world.write("go", "");
    wait_for("new output", || {
        let ran = world.run(&["dev", "logs", "web"]);
        ran.stdout.contains("two").then_some(())
    });
    assert_eq!(world.pid("web"), pid);
    world.write("bye", "");
    let web = world.wait_status("web", "crashed");
    assert_eq!(web["exit_code"], 4, "{web}");
}

fn emptied() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'i=0; while [ ! -e bye ]; do i=$((i+1)); echo line $i; sleep 0.02; done; echo end'}\n",
    );
    world.ok(&["dev", "start"]);
    world.wait_output("web", "line 1\n");
    let path = |number| {
        world
            .layout()
            .segment("web", forge_facts::Stream::Stdout, number)
    };
    std::fs::write(path(1), b"").expect("ours");
    wait_for("a second file", || {
        let text = std::fs::read_to_string(path(2)).unwrap_or_default();
        text.contains("line").then_some(())
    });
    std::fs::rename(path(2), world.base().join("moved")).expect("ours");
    wait_for("a third file", || {
        let text = std::fs::read_to_string(path(3)).unwrap_or_default();
        text.contains("line").then_some(())
    });
    world.write("bye", "");
    wait_for("the end", || {
        let ran = world.ok(&["dev", "logs", "-n", "5"]);
        ran.stdout.contains("| end").then_some(())
    });
    world.ok(&["dev", "stop"]);
}

fn sidecar() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'seq 1 100000; exec sleep 1000', log: {max_size: 64KB, keep: 100}}\n",
    );
    world.ok(&["dev", "start"]);
    world.wait_output("web", "\n100000\n");
    let all = |world: &World| {
        let ran = world.ok(&["dev", "logs", "web", "-n", "200000", "--raw"]);
        ran.stdout
    };
    let wanted: String = (1..=100_000).map(|number| format!("{number}\n")).collect();
    assert!(all(&world) == wanted);
    for number in 1..4 {
        let name = forge_facts::layout::index_file(forge_facts::Stream::Stdout, number);
        let path = world.layout().process("web").join(name);
        let mut bytes = std::fs::read(&path).expect("ours");
        match number {
            1 => bytes.clear(),
            2 => bytes.truncate(17),
            _ => bytes.iter_mut().for_each(|byte| *byte ^= 0x5a),
        }
        std::fs::write(&path, bytes).expect("ours");
    }
    assert!(all(&world) == wanted, "lines are lost with their times");
    kill(world.supervisor_pid(), 9);
    assert!(all(&world) == wanted);
    world.ok(&["dev", "logs", "--since", "1h", "--json"]);
}

fn followers() {
    let world = World::new(
        "dev:\n  - {name: web, command: 'while [ ! -e go ]; do sleep 0.01; done; i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; [ $((i % 100)) -ne 0 ] || sleep 0.05; done; echo end; exec sleep 1000'}\n",
    );
    world.ok(&["dev", "start"]);
    let mut children = Vec::new();
    for number in 0..10 {
        let file = world.path().join(format!("follower-{number}"));
        let mut command = world.command(&["dev", "logs", "-f", "--raw"]);
        command.stdout(std::fs::File::create(&file).expect("ours"));
        children.push((
            Beside::of(command.spawn().expect("it runs")),
            format!("follower-{number}"),
        ));
    }
    world.write("go", "");
    for _ in 0..4 {
        let pid = world.supervisor_pid();
        kill(pid, 9);
        wait_for("another", || (world.supervisor_pid() != pid).then_some(()));
    }
    let wanted: String = (1..=3_000)
        .map(|number| format!("line {number}\n"))
        .collect();
    let wanted = wanted + "end\n";
    for (child, file) in children {
        wait_for("the last line", || {
            world.read(&file).ends_with("end\n").then_some(())
        });
        child.signal(2);
        let _ = child.end();
        assert!(
            world.read(&file) == wanted,
            "{file} missed or doubled something"
        );
    }
}
