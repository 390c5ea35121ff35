//! How soon a line is on the output of `forge dev logs -f`, and what followers cost those who write.
//!
//! Processes write lines that say when they were written; whoever reads the follower's output takes the
//! time at which each arrives. The processes are this program itself ([`write_stamps`]), and `tail -f`
//! on a file shows what the machine can do.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use super::place::Place;

/// Lines of each process.
const LINES: usize = 2000;

/// What comes between two writes, in microseconds: on the average.
const PAUSE: u64 = 2000;

/// Measures one process, ten, bursts, and ten followers of which one stands still.
///
/// # Errors
///
/// One of the commands fails, or a line is missing or doubled.
pub(super) fn run(forge: &Path) -> Result<()> {
    println!(
        "{:<34} {:>10} {:>10} {:>10}",
        "until a line is shown", "median", "p99", "most"
    );
    beside()?;
    followed(forge, "one process", 1, 1, 1)?;
    followed(forge, "one process, bursts of 5", 1, 5, 1)?;
    followed(forge, "ten processes", 10, 1, 1)?;
    followed(forge, "ten followers, one stopped", 1, 1, 10)
}

/// Writes lines of a number and the time, `burst` at once, and at last how long the longest write took.
/// Begins when the file `go` is there.
///
/// # Errors
///
/// Nobody reads.
pub(crate) fn write_stamps(lines: &str, burst: &str) -> Result<()> {
    let (lines, burst): (usize, usize) = (lines.parse()?, burst.parse()?);
    while !Path::new("go").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut out = std::io::stdout().lock();
    let mut random = now() | 1;
    let mut longest = 0;
    for number in 0..lines {
        let begun = now();
        out.write_all(format!("{number} {begun}\n").as_bytes())?;
        longest = longest.max(now() - begun);
        if (number + 1) % burst == 0 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let pause = PAUSE * burst as u64;
            std::thread::sleep(Duration::from_micros(pause / 2 + random % pause));
        }
    }
    out.write_all(format!("end {longest}\n").as_bytes())?;
    Ok(())
}

/// The same with `tail -f` on a file.
fn beside() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    let out = fs::File::create(&file)?;
    let mut writer = Command::new(std::env::current_exe()?)
        .args(["stamps", &LINES.to_string(), "1"])
        .current_dir(folder.path())
        .stdout(out)
        .spawn()?;
    let mut tail = Command::new("tail");
    tail.args(["-n", "+1", "-f"]).arg(&file);
    let reader = Reader::start(tail, 1)?;
    fs::write(folder.path().join("go"), "")?;
    let seen = reader.end()?;
    writer.wait()?;
    show("tail -f on a file", &seen.took);
    Ok(())
}

/// Ten processes or one, ten followers or one; the last of ten stands still and catches up.
fn followed(
    forge: &Path,
    what: &str,
    processes: usize,
    burst: usize,
    followers: usize,
) -> Result<()> {
    let own = std::env::current_exe()?;
    let mut config = String::from("dev:\n");
    for number in 0..processes {
        let own = own.display();
        config.push_str(&format!(
            "  - name: w{number}\n    command: ['{own}', stamps, '{LINES}', '{burst}']\n    auto_restart: false\n"
        ));
    }
    let place = Place::new(forge, &config)?;
    place.time(&["dev", "start"])?;
    let mut readers = Vec::new();
    for _ in 0..followers {
        readers.push(Reader::start(
            place.command(&["dev", "logs", "-f"]),
            processes,
        )?);
    }
    // They watch before anything is written.
    std::thread::sleep(Duration::from_secs(1));
    let stopped = (followers > 1).then(|| readers.pop()).flatten();
    if let Some(stopped) = &stopped {
        signal(&stopped.child, "-STOP")?;
    }
    fs::write(place.beside("work/go"), "")?;
    let mut took = Vec::new();
    let mut longest = 0;
    for reader in readers {
        let seen = reader.end()?;
        took.extend(seen.took);
        longest = longest.max(seen.longest);
    }
    show(what, &took);
    if let Some(stopped) = stopped {
        signal(&stopped.child, "-CONT")?;
        let seen = stopped.end()?;
        println!(
            "  the stopped one has caught up: {} lines, none missing",
            seen.took.len()
        );
    }
    println!(
        "  the longest write of a process: {:.2} ms",
        longest as f64 / 1e6
    );
    Ok(())
}

/// What a reader has seen.
struct Seen {
    /// How long each line took, in nanoseconds.
    took: Vec<u64>,
    /// The longest write of those who wrote.
    longest: u64,
}

/// Reads a follower's output until all processes have said that they are at the end.
struct Reader {
    child: Child,
    thread: JoinHandle<Result<Seen>>,
}

impl Reader {
    fn start(mut command: Command, processes: usize) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().context("its output")?;
        let thread = std::thread::spawn(move || read(BufReader::new(out), processes));
        Ok(Reader { child, thread })
    }

    fn end(self) -> Result<Seen> {
        let Reader { mut child, thread } = self;
        let seen = thread.join();
        child.kill()?;
        child.wait()?;
        seen.map_err(|_| anyhow::anyhow!("the reader failed"))?
    }
}

fn read(out: impl BufRead, processes: usize) -> Result<Seen> {
    let mut took = Vec::new();
    let mut next = std::collections::BTreeMap::new();
    let (mut longest, mut ended) = (0, 0);
    for line in out.lines() {
        let line = line?;
        let arrived = now();
        let mut words = line.rsplit(' ');
        let stamp: u64 = words.next().context("a time")?.parse()?;
        let number = words.next().context("a number")?;
        if number == "end" {
            longest = longest.max(stamp);
            ended += 1;
            if ended == processes {
                break;
            }
            continue;
        }
        let who = line.split(' ').next().unwrap_or_default();
        let who = if who == number { "" } else { who };
        let next = next.entry(who.to_string()).or_insert(0);
        ensure!(*next == number.parse::<usize>()?, "{line}: {next} was next");
        *next += 1;
        took.push(arrived.saturating_sub(stamp));
    }
    ensure!(took.len() == processes * LINES, "{} lines", took.len());
    Ok(Seen { took, longest })
}

fn signal(child: &Child, signal: &str) -> Result<()> {
    let mut kill = Command::new("kill");
    let status = kill.args([signal, &child.id().to_string()]).status()?;
    ensure!(status.success(), "kill failed");
    Ok(())
}

fn show(what: &str, took: &[u64]) {
    let mut took = took.to_vec();
    took.sort_unstable();
    let at = |share: usize| {
        let at = (took.len() * share / 100).min(took.len().saturating_sub(1));
        format!("{:.2} ms", took.get(at).copied().unwrap_or(0) as f64 / 1e6)
    };
    println!("{what:<34} {:>10} {:>10} {:>10}", at(50), at(99), at(100));
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}
