//! What one look at a machine with 500 more processes costs, beside other programs that look at them.
//!
//! `cargo run --release -p forge-inspect --example peers [COUNT]`. CPU time, median of many looks; what counts are
//! the ratios of one call. Forge's look is the dearest it has: all processes are managed, each in a tree of its own,
//! with their open files, storage and connections, which the others leave out.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use forge_inspect::{Moment, Root, Sampler, Settings};
use forge_os::process_table::{ProcessTable, thread_cpu_time, ticks_to_duration};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

const LOOKS: usize = 40;

fn main() {
    let count = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let count: usize = count.unwrap_or(500);
    let mut shells: Vec<Child> = (0..count).map(|_| idle()).collect();
    let root = |child: &Child| {
        Root::from_leader(child.id().to_string().as_str().into(), child.id() as i32)
    };
    let roots: Vec<Root> = shells.iter().map(root).collect();
    let mut sampler = Sampler::open(Settings::default()).expect("/proc is there");
    for _ in 0..3 {
        sampler.sample(&roots, Moment::now());
    }
    let forge = median(|| drop(sampler.sample(&roots, Moment::now())));
    println!("one look, {count} idle processes beside those of the machine");
    println!("  {:<28} {:>8.2} ms", "forge", ms(forge));
    let tell = |name: &str, cost: Duration| {
        let ratio = cost.as_secs_f64() / forge.as_secs_f64();
        println!(
            "  {name:<28} {:>8.2} ms {ratio:>6.1} times as much",
            ms(cost)
        );
    };
    let mut system = System::new().expect("/proc is there");
    let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
    let kind = kind.with_disk_usage().without_tasks();
    let mut refresh = || {
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
    };
    refresh();
    tell("sysinfo, without threads", median(refresh));
    tell(
        "ps -eo pid,pcpu,rss,nlwp",
        of_program("ps", &["-eo", "pid,pcpu,rss,nlwp"]),
    );
    tell("ps aux", of_program("ps", &["aux"]));
    tell("top -b -n 1", of_program("top", &["-b", "-n", "1"]));
    for shell in &mut shells {
        // Closing its input ends it.
        drop(shell.stdin.take());
        let _ = shell.wait();
    }
}

fn idle() -> Child {
    Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("cat runs")
}

fn median(mut look: impl FnMut()) -> Duration {
    let mut costs: Vec<Duration> = (0..LOOKS)
        .map(|_| {
            let begin = thread_cpu_time();
            look();
            thread_cpu_time() - begin
        })
        .collect();
    costs.sort();
    costs[LOOKS / 2]
}

/// The mean of many runs: the kernel counts the time of ended children in steps of 10 ms.
fn of_program(program: &str, words: &[&str]) -> Duration {
    let mut table = ProcessTable::open().expect("/proc is there");
    let own = std::process::id() as i32;
    let mut ended = || ticks_to_duration(table.stat(own).expect("it lives").children_ticks());
    let begin = ended();
    for _ in 0..LOOKS {
        let mut command = Command::new(program);
        let command = command
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command.status().expect("it is installed");
    }
    (ended() - begin) / LOOKS as u32
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
