//! What it costs to list ports and to look who holds one, with many programs that listen, beside `ss -ltnp`.
//!
//! `cargo run --release -p forge-inspect --example ports [COUNT]`; 500 programs by default.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use forge_inspect::{Viewpoint, orphans, ports};
use forge_os::process_table::thread_cpu_time;
use forge_os::sockets::Protocol;

const LOOKS: usize = 20;

fn main() {
    let word = std::env::args().nth(1);
    if word.as_deref() == Some("listen") {
        return listen();
    }
    let count = word.and_then(|word| word.parse().ok()).unwrap_or(500);
    let mut programs: Vec<(Child, u16)> = (0..count).map(|_| start()).collect();
    let (_, port) = programs[count / 2];
    let viewpoint = Viewpoint::of_workspace(std::path::Path::new("/somewhere"));
    println!("{count} programs that listen");
    measure("all ports", || {
        let table = ports::table(&viewpoint).expect("lists");
        assert!(table.iter().filter(|port| port.pid.is_some()).count() >= count);
    });
    measure("who holds one", || {
        let held = ports::holders_seen_by(&viewpoint, port, &[Protocol::Tcp]).expect("lists");
        assert!(held[0].pid.is_some());
    });
    measure("orphans", || {
        let live = orphans::Live::default();
        orphans::find(std::path::Path::new("/somewhere"), &live, &[]).expect("looks");
    });
    measure("ss -ltnp", || {
        let ss = Command::new("ss")
            .arg("-ltnp")
            .stdout(Stdio::null())
            .status();
        if ss.is_err() {
            println!("skipped: ss is not installed");
        }
    });
    for (program, _) in &mut programs {
        drop(program.stdin.take());
        let _ = program.wait();
    }
}

/// Listens until its input ends.
fn listen() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    println!("{}", listener.local_addr().expect("is bound").port());
    let _ = std::io::stdin().read(&mut [0]);
}

fn start() -> (Child, u16) {
    let own = std::env::current_exe().expect("is known");
    let mut child = Command::new(own)
        .arg("listen")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut line = String::new();
    let output = child.stdout.take().expect("is piped");
    BufReader::new(output).read_line(&mut line).expect("reads");
    (child, line.trim().parse().expect("a port"))
}

fn measure(what: &str, mut deed: impl FnMut()) {
    let mut times: Vec<(Duration, Duration)> = (0..LOOKS)
        .map(|_| {
            let (begin, cpu) = (Instant::now(), thread_cpu_time());
            deed();
            (begin.elapsed(), thread_cpu_time() - cpu)
        })
        .collect();
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let (wall, cpu) = times[LOOKS / 2];
    println!(
        "  {what:<14} {:>7.2} ms (least {:.2}), of which CPU of this thread {:.2}",
        ms(wall),
        ms(times[0].0),
        ms(cpu)
    );
}
