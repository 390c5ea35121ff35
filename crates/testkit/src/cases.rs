//! A small test runner for programs that must be more than a test, such as their own children's init: names
//! are sentences, several cases run at once, and words of the command line choose among them.

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// A case: what must come out, as a sentence, and the test of it.
pub type Case = (&'static str, fn());

/// How many run at once.
const AT_ONCE: usize = 4;

/// Runs all cases whose sentences contain one of the words of the command line, or all; `--list` names
/// them. `kind` is what one is called where it is told.
pub fn run_cases(kind: &str, groups: &[&[Case]]) -> ExitCode {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let chosen: Vec<Case> = groups
        .iter()
        .flat_map(|group| group.iter().copied())
        .filter(|(name, _)| words.is_empty() || words.iter().any(|word| name.contains(word)))
        .collect();
    if std::env::args().any(|word| word == "--list") {
        for (name, _) in &chosen {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((name, test)) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begun = Instant::now();
                    let ok = catch_unwind(test).is_ok();
                    let word = if ok { "ok" } else { "FAILED" };
                    let took = begun.elapsed().as_millis();
                    println!("{kind} {name} ... {word} ({took} ms)");
                    if !ok && let Ok(mut failed) = failed.lock() {
                        failed.push(*name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    let passed = chosen.len() - failed.len();
    println!("\n{passed} passed, {} failed", failed.len());
    for name in &failed {
        println!("  {name}");
    }
    ExitCode::from(u8::from(!failed.is_empty()))
}
