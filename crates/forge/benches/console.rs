//! `cargo bench -p forge --bench console`: what the console costs, and how soon it answers a key while
//! fifty processes write 200 lines a second each and one writes as fast as it can.
//!
//! The real program runs on a pseudo-terminal; what counts is when its answer can be read there.
//! `FORGE_MEASURED` names another program to measure than the one that was built with this. The figures
//! go into `docs/benchmarks.md`, with the machine and the date; nothing here judges.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

const ROWS: u16 = 40;
const COLUMNS: u16 = 120;

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Openings that are measured.
const OPENINGS: usize = 20;

/// Keys that are measured in each view, and how far apart they are.
const KEYS: usize = 150;
const APART: Duration = Duration::from_millis(130);

/// Writers, and the lines that each writes in a second.
const WRITERS: usize = 50;
const RATE: u32 = 200;

/// How long the console is watched that has nothing to do.
const IDLE: Duration = Duration::from_secs(20);

fn main() {
    if std::env::args().nth(1).as_deref() == Some("write") {
        return write();
    }
    println!(
        "{:<40} {:>9} {:>9} {:>9}",
        "milliseconds", "median", "p99", "most"
    );
    opening();
    keys();
    idle();
}

/// One of the processes that write.
fn write() {
    let mut out = std::io::stdout();
    let begin = Instant::now();
    for number in 0_u32.. {
        let due = begin + Duration::from_secs(1) * number / RATE;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if writeln!(out, "INFO request {number} took 12 ms, GET /items/{number}").is_err() {
            return;
        }
    }
}

/// A workspace of its own, stopped and removed at the end.
struct World(tempfile::TempDir);

impl World {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let own = folder.path().join("work/.forge");
        std::fs::create_dir_all(&own).expect("a folder");
        std::fs::write(own.join("processes.yml"), config).expect("a file");
        World(folder)
    }

    fn command(&self, words: &[&str]) -> Command {
        let own = std::env::var_os("FORGE_MEASURED");
        let program = own.unwrap_or_else(|| env!("CARGO_BIN_EXE_forge").into());
        let mut command = Command::new(program);
        command
            .args(words)
            .current_dir(self.0.path().join("work"))
            .env("FORGE_STATE_DIR", self.0.path().join("state"))
            .env("FORGE_RUNTIME_DIR", self.0.path().join("run"))
            .env("XDG_CONFIG_HOME", self.0.path().join("config"))
            .env("TERM", "xterm-256color");
        command
    }

    fn run(&self, words: &[&str]) {
        let output = self.command(words).stdin(Stdio::null()).output();
        let output = output.expect("forge runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "forge {}: {said}", words.join(" "));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // What cannot be stopped is told by the next look at it.
        let _ = self.command(&["daemon", "stop"]).output();
    }
}

/// A console on a terminal of its own.
struct Console {
    master: File,
    _slave: OwnedFd,
    child: Child,
    screen: vt100::Parser,
}

impl Console {
    fn open(world: &World) -> Self {
        let terminal = forge_os::open_terminal(ROWS, COLUMNS).expect("a terminal");
        let end = || Stdio::from(terminal.slave.try_clone().expect("a descriptor"));
        let mut command = world.command(&[]);
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn();
        let size = |length| std::num::NonZeroU16::new(length).expect("not zero");
        Console {
            master: File::from(terminal.master),
            _slave: terminal.slave,
            child: child.expect("it runs"),
            screen: vt100::Parser::new(size(ROWS), size(COLUMNS), 0),
        }
    }

    /// Reads until the screen is like this.
    fn until(&mut self, what: &str, is: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        loop {
            let text = self.screen.screen().contents();
            if is(&text) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "no {what} in\n{text}");
            self.read(Duration::from_millis(200));
        }
    }

    /// Takes in what has been drawn.
    fn read(&mut self, wait: Duration) {
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        let wait = Timespec::try_from(wait).expect("short");
        if poll(&mut fds, Some(&wait)).expect("it can be waited for") > 0 {
            let mut room = [0; 64 * 1024];
            let count = self.master.read(&mut room).expect("it can be read");
            self.screen.process(&room[..count]);
        }
    }

    fn wait(&mut self, length: Duration) {
        let end = Instant::now() + length;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.read(left);
        }
    }

    fn types(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("typed");
    }

    /// Nanoseconds of CPU so far.
    fn cpu(&self) -> u64 {
        let path = format!("/proc/{}/schedstat", self.child.id());
        let text = std::fs::read_to_string(path).expect("the kernel tells");
        let first = text.split_whitespace().next();
        first.and_then(|word| word.parse().ok()).expect("a number")
    }

    /// A line of the kernel's about it, in kB.
    fn kilobytes(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(path).expect("the kernel tells");
        let line = text.lines().find(|line| line.starts_with(name));
        let word = line.and_then(|line| line.split_whitespace().nth(1));
        word.and_then(|word| word.parse().ok()).expect("a number")
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn opening() {
    let sleepers: String = (0..10)
        .map(|number| format!("  - name: p{number}\n    command: [sleep, '100000']\n"))
        .collect();
    let world = World::new(&format!("dev:\n{sleepers}"));
    world.run(&["dev", "start"]);
    let mut took = Vec::new();
    for _ in 0..OPENINGS {
        let begun = Instant::now();
        let mut console = Console::open(&world);
        console.until("full picture", |text| text.contains("10 of 10 running"));
        took.push(begun.elapsed());
    }
    show("from the start to the first full picture", took);
}

fn keys() {
    let own = std::env::current_exe().expect("a program");
    let mut config = String::from("dev:\n");
    for number in 0..WRITERS {
        let program = own.display();
        config.push_str(&format!(
            "  - name: w{number}\n    command: ['{program}', write]\n"
        ));
    }
    config.push_str("  - name: flood\n    command: [yes, as fast as it can]\n    log: {max_size: 16MB, keep: 2}\n");
    let world = World::new(&config);
    world.run(&["dev", "start"]);
    let mut console = Console::open(&world);
    for (key, name) in [("1", "the processes"), ("2", "the logs")] {
        console.until("full picture", |text| text.contains("running"));
        console.types(key);
        console.wait(Duration::from_secs(3));
        show(&format!("a key in {name}"), typing(&mut console));
    }
    println!(
        "{:<40} {:>9}",
        "memory after that, most, MB",
        console.kilobytes("VmHWM:") / 1024
    );
}

/// Types a line and takes it back, one key after another.
fn typing(console: &mut Console) -> Vec<Duration> {
    console.types("/");
    console.until("command line", |text| {
        text.lines()
            .last()
            .is_some_and(|line| line.starts_with('/'))
    });
    let mut took = Vec::new();
    let mut line = String::from("/");
    for number in 0..KEYS {
        let letter = char::from(b'a' + u8::try_from(number % 26).expect("small"));
        if line.len() >= 40 {
            console.types("\x15");
            line.truncate(1);
            console.wait(APART);
        }
        line.push(letter);
        let begun = Instant::now();
        console.types(&letter.to_string());
        console.until("letter", |text| {
            text.lines()
                .last()
                .is_some_and(|last| last.trim_end() == line)
        });
        took.push(begun.elapsed());
        console.wait(APART);
    }
    console.types("\x1b");
    console.wait(APART);
    took
}

fn idle() {
    let world = World::new("dev:\n  - name: quiet\n    command: [sleep, '100000']\n");
    world.run(&["dev", "start"]);
    let mut console = Console::open(&world);
    console.until("full picture", |text| text.contains("1 of 1 running"));
    console.wait(Duration::from_secs(3));
    let before = console.cpu();
    console.wait(IDLE);
    let used = console.cpu() - before;
    let share = used as f64 / IDLE.as_nanos() as f64 * 100.0;
    println!("{:<40} {share:>9.2}", "CPU with nothing to do, % of a core");
    println!(
        "{:<40} {:>9}",
        "memory with nothing to do, MB",
        console.kilobytes("VmRSS:") / 1024
    );
}

fn show(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |part: f64| {
        let last = took.len() - 1;
        let place = (last as f64 * part).ceil() as usize;
        took[place.min(last)].as_secs_f64() * 1000.0
    };
    println!(
        "{what:<40} {:>9.1} {:>9.1} {:>9.1}",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
