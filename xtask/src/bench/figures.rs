//! From many runs to one line.

use std::time::Duration;

/// The one in the middle.
pub(super) fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Prints the least, the median and the most of these.
pub(super) fn show(what: &str, times: &[Duration]) {
    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    let least = times.iter().min().copied().unwrap_or_default();
    let most = times.iter().max().copied().unwrap_or_default();
    println!(
        "{what:<44} {:>10} {:>10} {:>10}",
        ms(least),
        ms(median(times)),
        ms(most)
    );
}

/// Prints how the medians of two compare.
pub(super) fn ratio(what: &str, ours: &[Duration], theirs: &[Duration]) {
    let ratio = median(ours).as_secs_f64() / median(theirs).as_secs_f64().max(1e-9);
    println!("{:<44} {ratio:>21.2} ×", format!("  {what}"));
}
