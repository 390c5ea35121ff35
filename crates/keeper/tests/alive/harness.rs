//! A small test runner: names are sentences, several run at once, a filter may be given.

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// A test and its name.
pub(crate) type Test = (&'static str, fn());

/// How many run at once.
const AT_ONCE: usize = 4;

/// Runs all tests whose names contain one of the words of the command line.
pub(crate) fn run(groups: &[&[Test]]) -> ExitCode {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|w| !w.starts_with('-'))
        .collect();
    let chosen: Vec<Test> = groups
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
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((name, test)) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begun = Instant::now();
                    let ok = catch_unwind(test).is_ok();
                    let word = if ok { "ok" } else { "FAILED" };
                    println!(
                        "test {name} ... {word} ({} ms)",
                        begun.elapsed().as_millis()
                    );
                    if !ok && let Ok(mut failed) = failed.lock() {
                        failed.push(*name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    println!(
        "\n{} passed, {} failed",
        chosen.len() - failed.len(),
        failed.len()
    );
    for name in &failed {
        println!("  {name}");
    }
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
