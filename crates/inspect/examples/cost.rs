//! What sampling costs: CPU time of one look at 100 and at 500 managed processes, each below a shim.
//!
//! `cargo run --release -p forge-inspect --example cost [COUNT…]`. The processes do nothing; a quiet look is
//! one before which nothing was started on the whole machine, a busy one has ten processes
//! started before it.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use forge_inspect::{History, Moment, Root, Sample, Sampler, Settings};
use forge_os::process_table::thread_cpu_time;

const LOOKS: usize = 40;

fn main() {
    let counts: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    for count in if counts.is_empty() {
        vec![100, 500]
    } else {
        counts
    } {
        measure_tree(count);
        measure(count);
    }
}

/// One tree of so many processes.
fn measure_tree(count: usize) {
    let script = format!("exec 3<&0; for n in $(seq {count}); do cat <&3 & done; wait");
    let mut shim = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("sh runs");
    let roots = [Root::below_shim("tree".into(), shim.id() as i32)];
    let settings = Settings {
        measure_memory_every: None,
        ..Settings::default()
    };
    let mut sampler = Sampler::open(settings).expect("/proc is there");
    let mut sample = sampler.sample(&roots, Moment::now());
    while sample.processes[0].1.pids.len() != count {
        sample = sampler.sample(&roots, Moment::now());
    }
    println!("one tree of {count} processes");
    let quiet = median(|| cost(|| sample = sampler.sample(&roots, Moment::now())));
    report("quiet look", quiet);
    end(&mut shim);
}

fn measure(count: usize) {
    let mut shims: Vec<Child> = (0..count).map(|_| shim()).collect();
    let root =
        |(n, shim): (usize, &Child)| Root::below_shim(format!("p{n}").into(), shim.id() as i32);
    let roots: Vec<Root> = shims.iter().enumerate().map(root).collect();
    let settings = Settings {
        measure_memory_every: None,
        ..Settings::default()
    };
    let mut sampler = Sampler::open(settings).expect("/proc is there");
    let first = cost(|| drop(sampler.sample(&roots, Moment::now())));
    let mut sample = sampler.sample(&roots, Moment::now());
    while !sample
        .processes
        .iter()
        .all(|(_, usage)| usage.pids.len() == 1)
    {
        sample = sampler.sample(&roots, Moment::now());
    }
    println!("{count} processes below {count} shims");
    println!("  first look          {:>8.3} ms", ms(first));
    let quiet = median(|| cost(|| sample = sampler.sample(&roots, Moment::now())));
    report("quiet look", quiet);
    let busy = median(|| {
        let mut started: Vec<Child> = (0..10).map(|_| sleeper()).collect();
        let cost = cost(|| sample = sampler.sample(&roots, Moment::now()));
        started.iter_mut().for_each(end);
        cost
    });
    report("busy look", busy);
    let pids: Vec<i32> = sample.processes[..5]
        .iter()
        .map(|(_, usage)| usage.pids[0])
        .collect();
    let _listener = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
    let ports = median(|| cost(|| drop(sampler.listening_ports_of(&pids))));
    println!("  ports of 5 pids     {:>8.3} ms", ms(ports));
    measure_history(&sample);
    shims.iter_mut().for_each(end);
}

fn measure_history(sample: &Sample) {
    let keep = Duration::from_secs(6 * 3600);
    let mut history = History::new(keep);
    let folder = std::env::temp_dir().join(format!("forge-cost-{}", std::process::id()));
    let mut second = 0;
    let mut next = || {
        second += 1;
        let mut next = sample.clone();
        next.at.unix += Duration::from_secs(second);
        next
    };
    let record = median(|| {
        let sample = next();
        cost(|| history.record(&sample))
    });
    report("recording it", record);
    history.save(&folder).expect("the folder is writable");
    let save = median(|| {
        (0..10).for_each(|_| history.record(&next()));
        cost(|| history.save(&folder).expect("the folder is writable"))
    });
    report("saving each 10 s", save / 10);
    println!(
        "  history             {:>8.2} MiB at most",
        history.size() as f64 / 1048576.0
    );
    let _ = std::fs::remove_dir_all(&folder);
}

/// A parent with one idle child, both of which end with this program's end of the pipe.
fn shim() -> Child {
    Command::new("sh")
        // A shell gives a background child no input of its own unless told to.
        .args(["-c", "exec 3<&0; cat <&3 & wait"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("sh runs")
}

fn sleeper() -> Child {
    Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("cat runs")
}

fn end(child: &mut Child) {
    // Closing its input ends it, and whatever reads from that.
    drop(child.stdin.take());
    let _ = child.wait();
}

fn cost(deed: impl FnOnce()) -> Duration {
    let begin = thread_cpu_time();
    deed();
    thread_cpu_time() - begin
}

fn median(mut measure: impl FnMut() -> Duration) -> Duration {
    let mut costs: Vec<Duration> = (0..LOOKS).map(|_| measure()).collect();
    costs.sort();
    costs[LOOKS / 2]
}

fn report(what: &str, cost: Duration) {
    println!(
        "  {what:<19} {:>8.3} ms, {:.3}% of a core",
        ms(cost),
        ms(cost) / 10.0
    );
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
