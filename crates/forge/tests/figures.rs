//! Figures are those of the kernel and of the program itself: a program that holds known memory and files,
//! burns a known share of a core, and writes and sends known bytes, some of it in children and over
//! connections that are shorter than a sample.

mod common;

use std::path::Path;

use common::lives::{Lives, process};
use serde_json::Value;

/// It means to use 20% of a core itself and 10% in children that end, to write 2 MB/s to disk, and to send 1 MB/s
/// in short connections to itself. What it really did it notes: on a busy machine it falls behind.
const PROGRAM: &str = r#"
import os, socket, subprocess, sys, threading, time
held = b'x' * (100 << 20)
files = [open('/dev/null') for _ in range(40)]
server = socket.create_server(('127.0.0.1', 0))
def serve():
    while True:
        connection, _ = server.accept()
        with connection:
            while connection.recv(1 << 16): pass
threading.Thread(target=serve, daemon=True).start()
log = open('written', 'wb', buffering=0)
begun = time.monotonic()
def passed(): return time.monotonic() - begun
def burn():
    while True:
        if sum(os.times()[:2]) - used < 0.2 * passed(): sum(range(2000))
        else: time.sleep(0.005)
def children():
    code = 'import time\nwhile time.process_time() < 0.3: pass'
    while True:
        if sum(os.times()[2:4]) < 0.1 * passed(): subprocess.run([sys.executable, '-S', '-E', '-c', code])
        else: time.sleep(0.05)
def send():
    global sent
    while True:
        if sent < 1e6 * passed():
            with socket.create_connection(server.getsockname()) as connection:
                connection.sendall(b'x' * 100000)
                time.sleep(0.01)
            sent += 100000
        else: time.sleep(0.02)
def note():
    with open('truth', 'a') as truth:
        while True:
            print(time.time(), sum(os.times()[:4]) * 100, written, sent, file=truth, flush=True)
            time.sleep(0.1)
written = sent = 0
used = sum(os.times()[:2])
for deed in (burn, children, send, note): threading.Thread(target=deed, daemon=True).start()
while True:
    if written < 2e6 * passed():
        log.write(b'x' * 200000)
        os.fdatasync(log.fileno())
        written += 200000
        if written % 20000000 == 0: log.truncate(0); log.seek(0)
    else: time.sleep(0.02)
"#;

/// What the program has noted: at a time, CPU in percent of a second, bytes written, bytes sent.
fn truth(folder: &Path) -> Vec<[f64; 4]> {
    let text = std::fs::read_to_string(folder.join("truth")).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let numbers = |line: &str| {
        let numbers = line.split(' ').filter_map(|word| word.parse().ok());
        numbers.collect::<Vec<f64>>().try_into().expect("four")
    };
    whole.lines().map(numbers).collect()
}

/// Whether the mean of a series is what the program did meanwhile, and that is worth a comparison.
fn agrees(one: &Value, metric: &str, truth: &[[f64; 4]], kind: usize, share: f64) -> bool {
    let points = one["history"][metric]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    // In the first seconds the program begins.
    let points = points.get(4..).unwrap_or_default();
    let time = |point: &Value| point[0].as_f64().expect("a time");
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return false;
    };
    let at = |time: f64| truth.iter().find(|line| line[0] >= time);
    // A point is about the second that ended when it was taken.
    let (Some(begin), Some(end)) = (at(time(first) - 1.0), at(time(last))) else {
        return false;
    };
    let sum: f64 = points.iter().filter_map(|point| point[1].as_f64()).sum();
    let mean = sum / points.len() as f64;
    let expected = (end[kind] - begin[kind]) / (end[0] - begin[0]);
    println!(
        "{metric}: {mean:.1} told, {expected:.1} noted, {} samples",
        points.len()
    );
    points.len() >= 12 && expected > 0.0 && (mean - expected).abs() <= expected * share
}

#[test]
fn each_figure_is_within_five_percent_of_the_truth() {
    // Not a folder in memory: that is no storage.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let program = folder.path().join("known.py");
    std::fs::write(&program, PROGRAM).expect("a file");
    let config = format!(
        "dev:\n  - name: known\n    command: [python3, '{}']\n    cwd: '{}'\n",
        program.display(),
        folder.path().display()
    );
    let lives = Lives::start(&config, &[]);
    let monitor = lives.monitor_until("figures near the truth", |monitor| {
        let (known, truth) = (process(monitor, "known"), truth(folder.path()));
        // 3 points of about 30.
        agrees(known, "cpu_percent", &truth, 1, 0.1)
            && agrees(known, "disk_write_bytes_per_s", &truth, 2, 0.05)
            && agrees(known, "net_rx_bytes_per_s", &truth, 3, 0.05)
            && agrees(known, "net_tx_bytes_per_s", &truth, 3, 0.05)
    });
    let known = process(&monitor, "known");
    let pids = known["pids"].as_array().expect("a list");
    let pid = known["pid"].as_i64().expect("a pid");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let of_kernel = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let number = line.expect("a line").trim().trim_end_matches(" kB");
        number.parse::<f64>().expect("a number")
    };
    let told = |field: &str| known[field].as_f64().expect("a number");
    // A child may be there at the moment.
    let spare = (pids.len() - 1) as f64;
    let memory = of_kernel("VmRSS:") * 1024.0;
    let most = memory * 1.05 + spare * 2e7;
    assert!(
        (memory * 0.95..most).contains(&told("memory_bytes")),
        "{known}"
    );
    let threads = of_kernel("Threads:");
    assert!(
        (threads..=threads + spare).contains(&told("threads")),
        "{known}"
    );
    let files = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("it lives")
        .count() as f64;
    assert!(files >= 43.0);
    // Connections and a child's pipes come and go.
    assert!((told("open_files") - files).abs() <= 8.0, "{files} {known}");
    // Never below nothing, and never a leap: what was counted is not counted again when its holder ends.
    for (metric, most) in [
        ("cpu_percent", 230.0),
        ("net_tx_bytes_per_s", 1e7),
        ("disk_write_bytes_per_s", 3e7),
    ] {
        let points = known["history"][metric].as_array().expect("a list");
        let values = points
            .iter()
            .map(|point| point[1].as_f64().expect("a number"));
        let wild: Vec<f64> = values
            .filter(|value| !(0.0..=most).contains(value))
            .collect();
        assert!(wild.is_empty(), "{metric} {wild:?}");
    }
}
