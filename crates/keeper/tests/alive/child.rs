//! What the children of the tests do.

use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// `child WHAT …`.
pub(crate) fn run() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(2).collect();
    let number = |place: usize| words[place].parse::<u64>().expect("a number");
    match words[0].as_str() {
        "lines" => {
            lines(Path::new(&words[1]));
            return ExitCode::from(42);
        }
        "soon" => {
            let up_to_us = number(1) * 1000;
            let chance = std::process::id() as u64 * 7_919 % up_to_us;
            forge_os::pause(Duration::from_micros(chance));
            return ExitCode::from(42);
        }
        "fds" => {
            let mut open: Vec<String> = std::fs::read_dir("/proc/self/fd")
                .expect("fds")
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect();
            open.sort();
            // The last is the folder that is being read.
            open.pop();
            println!("{}", open.join(" "));
        }
        "echo" => {
            let mut all = Vec::new();
            std::io::stdin().read_to_end(&mut all).expect("read");
            std::io::stdout().write_all(&all).expect("write");
        }
        "respawn" => respawn(number(1)),
        other => panic!("{other}"),
    }
    ExitCode::SUCCESS
}

/// Numbered lines, in bursts, until there is this file.
fn lines(enough: &Path) {
    let mut out = std::io::stdout().lock();
    let mut number = 0;
    while !enough.exists() {
        for _ in 0..50 {
            out.write_all(line(number).as_bytes()).expect("write");
            number += 1;
        }
        forge_os::pause(Duration::from_micros(200));
    }
}

/// Processes that live for a moment, each in a session of its own, and start the next one first.
fn respawn(count: u64) {
    let script = "trap '' TERM; setsid sh -c \"$0\" \"$0\" & exit 0";
    for _ in 0..count {
        let child = std::process::Command::new("setsid")
            .args(["sh", "-c", script, script])
            .spawn();
        child.expect("spawn").wait().expect("wait");
    }
    println!("ready");
    loop {
        forge_os::pause(Duration::from_secs(1000));
    }
}

/// The line with this number.
pub(crate) fn line(number: u64) -> String {
    let body = format!("{number:012} {}", "x".repeat((number % 80) as usize));
    format!("{body} {:08x}\n", forge_facts::crc32(body.as_bytes()))
}
