//! `cargo xtask long-run`: an environment that changes all the time, and Forge beside it, which must be
//! at the end what it was at the beginning: memory, descriptors, threads, disk.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::ground::{Ground, Usage, median, option, size, usage};

/// What was seen at one moment.
struct Look {
    supervisor: Usage,
    keeper: Usage,
    disk: u64,
}

/// Crashes and restarts, rotations, health that comes and goes, a oneshot again and again.
fn config(edit: u64) -> String {
    format!(
        "dev:
  - name: crasher
    command: 'echo begun; sleep 1; echo \"panic: round {edit}\" >&2; exit 1'
    restart: {{policy: always, delay: 200ms, backoff: 1, max_restarts: 100000, on_deterministic: retry}}
  - name: talker
    command: 'i=0; while :; do i=$((i+1)); echo \"line $i of many that are written to be rotated away\"; [ $((i % 50)) -ne 0 ] || sleep 0.02; done'
    log: {{max_size: 256KB, keep: 3}}
  - name: edited
    command: exec sleep 100000
    env: {{EDIT: '{edit}'}}
  - name: checked
    command: exec sleep 100000
    health_check: {{command: 'test $(( $(date +%s) / 7 % 2 )) = 0', interval: 200ms, retries: 1}}
  - name: again
    command: echo done
    schedule: {{every: 2s}}
  - name: calm
    command: exec sleep 100000
"
    )
}

/// `--minutes N` (60).
///
/// # Errors
///
/// A command fails, or something grows.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let lasts = Duration::from_secs(60 * option(words, "--minutes", 60)?);
    let ground = Ground::new(&config(0))?;
    // What never becomes ready (it crashes all the time) is not waited for.
    ground.time(&["dev", "start", "--no-wait"])?;
    let (supervisor, keeper) = (ground.pid("supervisor")?, ground.pid("keeper")?);
    let begun = Instant::now();
    let (mut looks, mut clients, mut round) = (Vec::new(), Vec::new(), 0);
    while begun.elapsed() < lasts {
        round += 1;
        change(&ground, round, &mut clients)?;
        std::thread::sleep(Duration::from_millis(500));
        looks.push(Look {
            supervisor: usage(supervisor).context("the supervisor has died")?,
            keeper: usage(keeper).context("the keeper has died")?,
            disk: size(&ground.state()),
        });
    }
    clients.into_iter().for_each(end);
    let status = ground.json(&["dev", "status", "--json"])?;
    let crashes = status["processes"][0]["restarts"].as_u64().unwrap_or(0);
    println!(
        "{round} rounds in {:.1} min, {crashes} restarts of the one that crashes",
        lasts.as_secs_f64() / 60.0
    );
    judge(&looks)
}

/// One round: clients come and go, the file changes, something is restarted.
fn change(ground: &Ground, round: u64, clients: &mut Vec<Child>) -> Result<()> {
    let follower = ground
        .command(&["dev", "logs", "-f"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    clients.push(follower);
    if clients.len() > 5 {
        end(clients.remove(0));
    }
    ground.time(&["dev", "status"])?;
    ground.time(&["dev", "logs", "-n", "50"])?;
    match round % 6 {
        0 => {
            ground.configure(&config(round))?;
            let _ = ground.command(&["dev", "reload"]).output()?;
        }
        1 => drop(ground.time(&["dev", "restart", "calm"])?),
        2 => drop(ground.time(&["dev", "monitor", "--once"])?),
        3 => drop(ground.time(&["dev", "crash", "crasher", "--json"])),
        4 => {
            ground.time(&["dev", "stop", "calm"])?;
            ground.time(&["dev", "start", "calm"])?;
        }
        _ => drop(ground.time(&["dev", "events", "--json"])?),
    }
    Ok(())
}

fn end(mut client: Child) {
    // Killed as it stands: a client that goes without a word is the usual one.
    let _ = client.kill();
    let _ = client.wait();
}

/// Compares the second quarter, when all had begun, with the last one.
fn judge(looks: &[Look]) -> Result<()> {
    let quarter = looks.len() / 4;
    ensure!(quarter > 1, "it was too short to say anything");
    let (early, late) = (
        &looks[quarter..2 * quarter],
        &looks[looks.len() - quarter..],
    );
    let mut grown = Vec::new();
    let mut compare = |what: &str, of: fn(&Look) -> u64, slack: u64| {
        let middle =
            |looks: &[Look]| median(&looks.iter().map(of).collect::<Vec<u64>>()).unwrap_or(0);
        let (before, after) = (middle(early), middle(late));
        println!("{what:<28} {before:>10} {after:>10}");
        if after > before + before / 5 + slack {
            grown.push(what.to_string());
        }
    };
    println!("{:<28} {:>10} {:>10}", "", "2nd quarter", "last");
    compare(
        "supervisor, memory (kB)",
        |look| look.supervisor.memory,
        6_000,
    );
    compare("supervisor, descriptors", |look| look.supervisor.open, 10);
    compare("supervisor, threads", |look| look.supervisor.threads, 4);
    compare("keeper, memory (kB)", |look| look.keeper.memory, 500);
    compare("keeper, descriptors", |look| look.keeper.open, 5);
    compare("disk (bytes)", |look| look.disk, 4 << 20);
    ensure!(grown.is_empty(), "not flat: {}", grown.join(", "));
    println!("all flat");
    Ok(())
}
