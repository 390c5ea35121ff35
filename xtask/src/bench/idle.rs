//! CPU and memory while nothing happens.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::life::sleepers;
use super::place::{Place, cpu_ns, memory_kb};

/// How long it is watched, and how long before that everything may come to rest.
const WATCH: Duration = Duration::from_secs(20);
const REST: Duration = Duration::from_secs(3);

pub(super) fn run(forge: &Path) -> Result<()> {
    let place = Place::new(forge, &sleepers(100, false))?;
    place.time(&["dev", "start"])?;
    std::thread::sleep(REST);
    let who = place.who()?;
    let both = || cpu_ns(who.supervisor) + cpu_ns(who.keeper);
    let before = both();
    std::thread::sleep(WATCH);
    let percent = (both().saturating_sub(before)) as f64 / WATCH.as_nanos() as f64 * 100.0;
    println!("idle with 100: supervisor and keeper {percent:.2} % of a core");
    let mut sizes: Vec<u64> = who
        .shims
        .iter()
        .filter_map(|shim| memory_kb(*shim).ok())
        .collect();
    sizes.sort_unstable();
    println!(
        "memory (PSS): supervisor {} kB, keeper {} kB, shim {} kB (median)",
        memory_kb(who.supervisor)?,
        memory_kb(who.keeper)?,
        sizes.get(sizes.len() / 2).copied().unwrap_or(0)
    );
    Ok(())
}
