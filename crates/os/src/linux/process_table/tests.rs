//! Real processes are read, and hostile text is no danger.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::details::parse_open_files_limit;
use super::files::parse_io;
use super::machine::{parse_cpu, parse_load, parse_memory};
use super::*;

/// A child that is ended and waited for, whatever happens to the test.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Python child that has printed `ready` after running `code`, and then waits for its input to end.
fn python(code: &str) -> Guard {
    let mut child = Command::new("python3")
        .args([
            "-c",
            &format!("{code}\nprint('ready', flush=True)\nimport sys; sys.stdin.read()"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("piped"));
    output.read_line(&mut line).expect("reads");
    assert_eq!(line, "ready\n");
    Guard(child)
}

#[test]
fn a_name_that_imitates_the_rest_of_the_line_misleads_nobody() {
    let tail =
        "S 41 7 8 0 -1 4194560 1 0 0 0 11 12 13 14 20 0 5 0 4242 1000 77 18446744073709551615";
    for name in [
        "plain",
        ") R 1 2 3",
        "a b",
        "((",
        "))",
        "new\nline",
        ") S 1\n2 (x) Z 9",
        "",
    ] {
        let stat = Stat::parse(format!("12 ({name}) {tail}\n").as_bytes()).expect(name);
        assert_eq!(stat.comm.as_bytes(), name.as_bytes());
        assert_eq!(
            (stat.pid, stat.ppid, stat.pgrp, stat.session),
            (12, 41, 7, 8)
        );
        assert_eq!(stat.state, ProcessState::Sleeping);
        assert_eq!((stat.own_ticks(), stat.children_ticks()), (23, 27));
        assert_eq!(
            (stat.threads, stat.start_ticks, stat.rss_pages),
            (5, 4242, 77)
        );
    }
}

#[test]
fn text_that_is_cut_short_or_garbled_is_no_stat() {
    let whole = b"12 (x) S 41 7 8 0 -1 0 1 0 0 0 11 12 13 14 20 0 5 0 4242 1000 77";
    assert!(Stat::parse(whole).is_some());
    for len in 0..whole.len() - 2 {
        assert!(Stat::parse(&whole[..len]).is_none(), "{len}");
    }
    assert!(Stat::parse(b")(").is_none());
    assert!(Stat::parse(b"x (y) S a b c").is_none());
}

#[test]
fn a_real_process_with_a_hostile_name_is_read_rightly() {
    let child = python("open('/proc/self/comm','wb').write(b') R 1\\n(2) Z')");
    let pid = child.0.id() as i32;
    let mut table = ProcessTable::open().expect("opens");
    let stat = table.stat(pid).expect("reads");
    assert_eq!(stat.comm.as_bytes(), b") R 1\n(2) Z");
    assert_eq!(stat.pid, pid);
    assert_eq!(stat.ppid, std::process::id() as i32);
    assert!(!stat.state.has_ended());
    assert!(stat.rss_pages * page_size() > 1_000_000);
    let age = since_boot().saturating_sub(ticks_to_duration(stat.start_ticks));
    assert!(age < Duration::from_secs(60), "{age:?}");
    assert_eq!(started_at(stat.start_ticks), started_at(stat.start_ticks));
}

#[test]
fn a_vanished_process_is_gone_also_by_its_kept_files() {
    let mut child = python("");
    let pid = child.0.id() as i32;
    let mut table = ProcessTable::open().expect("opens");
    let kept = table.keep(pid).expect("opens");
    assert_eq!(table.kept_stat(&kept).expect("reads").pid, pid);
    assert!(table.kept_io(&kept).is_ok());
    child.0.kill().expect("kills");
    let ended = || table.kept_stat(&kept).map(|stat| stat.state.has_ended());
    let mut ended = ended;
    while !ended().expect("still in the table") {
        std::thread::yield_now();
    }
    child.0.wait().expect("waits");
    assert!(is_gone(&table.kept_stat(&kept).expect_err("is gone")));
    assert!(is_gone(&table.kept_open_files(&kept).expect_err("is gone")));
    assert!(is_gone(&table.stat(pid).expect_err("is gone")));
    assert!(is_gone(&table.open_files(pid).expect_err("is gone")));
    assert!(is_gone(&children_of(pid).expect_err("is gone")));
    assert!(is_gone(&command_line(pid).expect_err("is gone")));
}

#[test]
fn open_files_are_counted() {
    let child = python("import os; held=[os.open('/dev/null',0) for _ in range(40)]");
    let pid = child.0.id() as i32;
    // More than the 40 and the three standard ones where the test's own parent passed some on.
    let expected = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("opens")
        .count() as u32;
    assert!(expected >= 43);
    let mut table = ProcessTable::open().expect("opens");
    let kept = table.keep(pid).expect("opens");
    assert_eq!(table.open_files(pid).expect("counts"), expected);
    assert_eq!(table.kept_open_files(&kept).expect("counts"), expected);
    table.size_counts_descriptors = false;
    assert_eq!(table.open_files(pid).expect("counts"), expected);
    assert_eq!(table.kept_open_files(&kept).expect("counts"), expected);
}

#[test]
fn the_listing_holds_a_child_and_knows_it_again() {
    let child = python("");
    let pid = child.0.id() as i32;
    let mut table = ProcessTable::open().expect("opens");
    let mut first = Vec::new();
    table.list(&mut first).expect("lists");
    let mut second = Vec::new();
    table.list(&mut second).expect("lists");
    let find = |list: &[Listed]| list.iter().find(|listed| listed.pid == pid).copied();
    assert!(find(&first).is_some());
    assert_eq!(find(&first), find(&second));
    assert!(second.is_sorted_by_key(|listed| listed.pid));
    assert!(
        second
            .iter()
            .any(|listed| listed.pid == std::process::id() as i32)
    );
}

#[test]
fn command_folder_environment_and_children_are_read() {
    let child = Guard(
        Command::new("sh")
            .args(["-c", "sleep 60 & wait", "a b", ""])
            .current_dir("/")
            .env_clear()
            .env("MARK", "x=y")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .spawn()
            .expect("sh runs"),
    );
    let pid = child.0.id() as i32;
    // The child is found by the fact that it is there, not by time.
    let grandchild = loop {
        if let [only] = children_of(pid).expect("reads")[..] {
            let command = command_line(only).unwrap_or_default();
            if command.first().is_some_and(|program| program == "sleep") {
                break only;
            }
        }
        std::thread::yield_now();
    };
    assert_eq!(
        command_line(pid).expect("reads")[..4],
        ["sh", "-c", "sleep 60 & wait", "a b"]
    );
    assert_eq!(cwd(pid).expect("reads"), std::path::Path::new("/"));
    assert!(
        environment(pid)
            .expect("reads")
            .contains(&b"MARK=x=y".to_vec())
    );
    assert_eq!(
        uid(pid).expect("reads"),
        rustix::process::geteuid().as_raw()
    );
    let own = std::process::id() as i32;
    assert_eq!(
        network_namespace(pid).expect("reads"),
        network_namespace(own).expect("reads")
    );
    assert!(proportional_memory(pid).expect("reads") > 0);
    let grandchild = rustix::process::Pid::from_raw(grandchild).expect("a pid");
    rustix::process::kill_process(grandchild, rustix::process::Signal::KILL).expect("kills");
}

#[test]
fn the_machine_is_read() {
    let mut machine = Machine::open().expect("opens");
    let cpu = machine.cpu().expect("reads");
    assert!(cpu.total >= cpu.busy && cpu.cores >= 1);
    let memory = machine.memory().expect("reads");
    assert!(memory.total > 0 && memory.available > 0 && memory.available <= memory.total);
    let before = machine.load().expect("reads").last_pid;
    let mut child = Command::new("true").spawn().expect("runs");
    child.wait().expect("waits");
    assert_ne!(machine.load().expect("reads").last_pid, before);
}

#[test]
fn machine_files_are_parsed_in_old_and_new_forms() {
    let cpu =
        parse_cpu(b"cpu  10 1 20 300 40 5 6 7 8 9\ncpu0 1\ncpu1 1\nintr 1 2\n").expect("parses");
    assert_eq!((cpu.busy, cpu.total, cpu.cores), (49, 389, 2));
    assert!(parse_cpu(b"cpu  1 2 3").is_none() && parse_cpu(b"").is_none());
    let old = parse_memory(b"MemTotal: 100 kB\nMemFree: 10 kB\nBuffers: 1 kB\nCached: 2 kB\n")
        .expect("parses");
    assert_eq!((old.total, old.available), (102_400, 13 * 1024));
    assert!(parse_memory(b"MemFree: 1 kB\n").is_none());
    let load = parse_load(b"0.50 1.25 2.00 3/456 789\n").expect("parses");
    assert_eq!((load.average, load.last_pid), ([0.5, 1.25, 2.0], 789));
    assert!(parse_load(b"0.5 1").is_none());
    let io = parse_io(b"rchar: 1\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 0\n");
    assert_eq!(
        io,
        Some(Io {
            read_bytes: 4096,
            write_bytes: 8192
        })
    );
    assert_eq!(parse_io(b"rchar: 1\n"), None);
}

#[test]
fn the_limit_of_open_files_is_that_of_the_kernel() {
    let own = std::process::id() as i32;
    let limit = open_files_limit(own).expect("reads");
    assert_eq!(limit.unwrap_or(u64::MAX), descriptor_limit());
    let text = b"Limit  Soft Limit\nMax open files            unlimited   4096  files\n";
    assert_eq!(parse_open_files_limit(text), Some(None));
    assert_eq!(
        parse_open_files_limit(b"Max open files   1024 4096 files"),
        Some(Some(1024))
    );
    assert_eq!(parse_open_files_limit(b"Max processes 1"), None);
}

#[test]
fn the_room_of_a_folder_is_known_and_that_of_none_is_an_error() {
    let room = storage_of(std::path::Path::new("/tmp")).expect("is there");
    assert!(room.total > 0 && room.available <= room.total);
    assert!(storage_of(std::path::Path::new("/no/such/folder")).is_err());
}

#[test]
fn a_long_environment_and_a_long_command_line_are_read_whole() {
    let long = "x".repeat(50_000);
    let mut child = Command::new("cat");
    let child = child
        .arg("-")
        .arg(&long)
        .env("LONG", &long)
        .stdin(Stdio::piped());
    let child = Guard(child.stdout(Stdio::null()).spawn().expect("cat runs"));
    let pid = child.0.id() as i32;
    // Until it has become `cat`, it is a copy of this program.
    while command_line(pid).expect("is there").len() != 3 {
        std::thread::yield_now();
    }
    assert_eq!(command_line(pid).expect("is there")[2], *long);
    let entry = format!("LONG={long}");
    let environment = environment(pid).expect("is there");
    assert!(environment.iter().any(|known| known == entry.as_bytes()));
}
