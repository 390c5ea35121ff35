//! Did you mean …?

/// Candidates looked at: nobody has more, and files may be hostile.
const MAX_CANDIDATES: usize = 1000;

/// The candidate that was probably meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    near(word, candidates).first().copied()
}

/// Candidates that may have been meant, best first, at most three.
pub(crate) fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // Distances of long words cost much and tell nothing.
    if word.is_empty() || word.chars().count() > 100 {
        return Vec::new();
    }
    let lower = word.to_lowercase();
    let allowed = (word.chars().count() / 3).clamp(1, 4);
    let mut scored: Vec<(usize, &str)> = candidates
        .into_iter()
        .take(MAX_CANDIDATES)
        .filter_map(|candidate| score(&lower, candidate, allowed).map(|s| (s, candidate)))
        .collect();
    scored.sort();
    scored.dedup();
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

fn score(lower: &str, candidate: &str, allowed: usize) -> Option<usize> {
    let other = candidate.to_lowercase();
    if lower == other {
        return Some(0);
    }
    if lower.replace('-', "_") == other.replace('-', "_") {
        return Some(0);
    }
    let distance = strsim::osa_distance(lower, &other);
    if distance <= allowed && distance < other.chars().count() {
        return Some(distance);
    }
    // `db` for `test-db`, `environment` for `env`: one within the other.
    let (short, long) = if lower.len() < other.len() {
        (lower, other.as_str())
    } else {
        (other.as_str(), lower)
    };
    (short.len() >= 3 && (long.starts_with(short) || long.ends_with(short))).then_some(allowed + 1)
}

/// "did you mean `a`?", "did you mean `a` or `b`?"
pub(crate) fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let found = near(word, candidates);
    let quoted: Vec<String> = found.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => None,
        [rest @ .., last] if !rest.is_empty() => {
            Some(format!("did you mean {} or {last}?", rest.join(", ")))
        }
        [one, ..] => Some(format!("did you mean {one}?")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_what_was_meant_and_nonsense_finds_nothing() {
        let fields = ["command", "cwd", "env", "env_file", "depends_on"];
        assert_eq!(nearest("comand", fields), Some("command"));
        assert_eq!(nearest("Command", fields), Some("command"));
        assert_eq!(nearest("depends-on", fields), Some("depends_on"));
        assert_eq!(nearest("environment", fields), Some("env"));
        assert_eq!(nearest("xyzzy", fields), None);
        assert_eq!(nearest("", fields), None);
    }
}
