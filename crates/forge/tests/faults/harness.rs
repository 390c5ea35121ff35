//! What faults share: chance that can be had again, and the init below which they run.

use std::process::{Command, ExitCode};
use std::time::Duration;

/// What a fault prints that cannot be injected here.
pub(crate) fn skip(why: &str) {
    println!("    skipped: {why}");
}

/// How often something is tried that chance decides: `FORGE_FAULTS` times as often as usual.
pub(crate) fn times(usual: usize) -> usize {
    let factor = std::env::var("FORGE_FAULTS").ok();
    usual * factor.and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Chance that can be had again: `FORGE_SEED` begins it.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new() -> Self {
        let given = std::env::var("FORGE_SEED").ok();
        let seed = given.and_then(|text| text.parse().ok());
        let seed = seed.unwrap_or_else(|| forge_os::now() % 1_000_000);
        println!("    FORGE_SEED={seed}");
        Chance(seed.wrapping_mul(2).wrapping_add(1))
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // SplitMix64 (Steele, Lea, Flood, 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    /// Lets a moment pass of up to so many milliseconds.
    pub(crate) fn moment(&mut self, most_ms: usize) {
        let micros = self.below(most_ms * 1000) as u64;
        forge_os::pause(Duration::from_micros(micros));
    }
}

/// Runs this program below itself: whoever loses its parent becomes a child of this process, which reaps
/// it at once (`reaps`) or never (`never`).
pub(crate) fn init(how: &str, words: &[String]) -> ExitCode {
    forge_os::become_root_of_orphans().expect("a subreaper");
    let own = std::env::current_exe().expect("this program");
    let mut child = Command::new(own).args(words).spawn().expect("it runs");
    let pid = i32::try_from(child.id()).expect("a pid");
    if how == "never" {
        let status = child.wait().expect("it is ours");
        let zombies = forge_os::children(std::process::id() as i32).len();
        println!("init that never reaps: {zombies} are left as zombies");
        return ExitCode::from(u8::from(!status.success()));
    }
    loop {
        // A look that takes nothing away, so that the one that counts is reaped last.
        match forge_os::peek_child() {
            Ok(Some((ended, status))) => {
                let _ = forge_os::reap(ended);
                if ended == pid {
                    return ExitCode::from(u8::from(status.code() != Some(0)));
                }
            }
            Ok(None) => forge_os::pause(Duration::from_millis(1)),
            Err(error) => panic!("waiting: {error}"),
        }
    }
}
