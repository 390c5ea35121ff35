//! Repeats folded: a model does not need to read that a connection was refused 214 times.
//!
//! Lines count as the same when they differ in times and durations only. Repeats of up to
//! [`LONGEST`] lines are found, as retries often write more than one.

/// The longest repeat, in lines.
const LONGEST: usize = 4;

/// Lines that came so many times, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Folded<T> {
    /// Where the first of them stood among all lines.
    pub(crate) start: usize,
    /// The last of them.
    pub(crate) lines: Vec<T>,
    pub(crate) count: usize,
}

/// Folds lines; `key` is what makes two of them the same.
pub(crate) fn fold<T>(lines: Vec<T>, key: impl Fn(&T) -> String) -> Vec<Folded<T>> {
    let keys: Vec<String> = lines.iter().map(key).collect();
    let mut lines: Vec<Option<T>> = lines.into_iter().map(Some).collect();
    let mut folded = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let (period, count) = repeat(&keys[at..]);
        let last = at + period * (count - 1);
        folded.push(Folded {
            start: at,
            lines: lines[last..last + period]
                .iter_mut()
                .filter_map(Option::take)
                .collect(),
            count,
        });
        at += period * count;
    }
    folded
}

/// How many lines at the beginning come how many times; one line once where nothing repeats.
fn repeat(keys: &[String]) -> (usize, usize) {
    let mut best = (1, 1);
    for period in 1..=LONGEST.min(keys.len() / 2) {
        let mut count = 1;
        while let Some(next) = keys.get(period * count..period * (count + 1)) {
            if *next != keys[..period] {
                break;
            }
            count += 1;
        }
        // The most lines folded; of equals the shortest repeat.
        if count > 1 && period * (count - 1) > best.0 * (best.1 - 1) {
            best = (period, count);
        }
    }
    best
}

/// A line without what differs from one time to the next: times of day, dates, durations.
pub(crate) fn essence(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let before = &rest[..at];
        out.push_str(before);
        rest = &rest[at..];
        let word_before = before
            .chars()
            .next_back()
            .is_some_and(char::is_alphanumeric);
        let end = rest
            .find(|c: char| {
                !(c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '-' | '+' | ',' | 'µ'))
            })
            .unwrap_or(rest.len());
        let word = &rest[..end];
        if !word_before && (is_time(word) || is_duration(word)) {
            out.push('#');
        } else {
            out.push_str(word);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// `14:30:15.123`, `2025-11-21T14:30:15Z`, `2025-11-21`, seconds since 1970 as in JSON.
fn is_time(word: &str) -> bool {
    let word = word.trim_end_matches([',', '.', ':', ']']);
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let colons = word.matches(':').count();
    let date = word.len() >= 10 && word.as_bytes()[4] == b'-' && word.as_bytes()[7] == b'-';
    let others = word
        .bytes()
        .filter(|b| b.is_ascii_alphabetic() && !matches!(b, b'T' | b'Z'))
        .count();
    let epoch = digits >= 10 && word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (others == 0 && digits >= 4 && (date || colons >= 1) && !is_address(word)) || epoch
}

/// `127.0.0.1:5432` is no time.
fn is_address(word: &str) -> bool {
    word.split(':')
        .next()
        .is_some_and(|host| host.matches('.').count() == 3)
}

/// `12ms`, `1.5s`, `340µs`.
fn is_duration(word: &str) -> bool {
    let word = word.trim_end_matches([',', '.', ':']);
    let number = word.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == 'µ');
    let unit = &word[number.len()..];
    !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && matches!(unit, "ns" | "us" | "µs" | "ms" | "s" | "m" | "min" | "h")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(lines: &[&str]) -> Vec<String> {
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        fold(lines, |line| essence(line))
            .into_iter()
            .map(|one| format!("{}×{}", one.lines.join("+"), one.count))
            .collect()
    }

    #[test]
    fn what_repeats_is_told_once_also_in_pairs() {
        assert_eq!(folded(&["a", "a", "a", "b"]), ["a×3", "b×1"]);
        assert_eq!(
            folded(&["a", "b", "a", "b", "a", "b", "c"]),
            ["a+b×3", "c×1"]
        );
        assert_eq!(folded(&["a", "b", "c"]), ["a×1", "b×1", "c×1"]);
        assert_eq!(folded(&[]), [""; 0]);
    }

    #[test]
    fn times_and_durations_do_not_make_lines_differ_and_figures_do() {
        assert_eq!(
            folded(&["14:30:15.1 retry in 5s", "14:30:20.2 retry in 10s"]),
            ["14:30:20.2 retry in 10s×2"]
        );
        assert_eq!(
            folded(&[
                "2025-11-21T14:30:15Z x (45ms)",
                "2025-11-21T14:31:15Z x (1.5s)"
            ])
            .len(),
            1
        );
        assert_eq!(folded(&["GET /users/1 200", "GET /users/2 200"]).len(), 2);
        assert_eq!(folded(&["at db:5432", "at db:5433"]).len(), 2);
        assert_eq!(folded(&["127.0.0.1:5432", "127.0.0.1:5433"]).len(), 2);
    }
}
