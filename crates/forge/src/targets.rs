//! Which processes a word means: a name, a group, or a glob. For what is answered without a
//! supervisor; with one, it decides.

use crate::failure::Failure;

/// A name and the groups it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// The process.
    pub(crate) name: String,
    /// Its groups.
    pub(crate) groups: Vec<String>,
}

/// The names that the targets mean, in the order of `known`; all where no target is given. A word
/// means the process of that name, else the group, else a glob over the names of processes.
///
/// # Errors
///
/// A target that means nothing (exit code 3), with names that are near.
pub(crate) fn resolve(targets: &[String], known: &[Named]) -> Result<Vec<String>, Failure> {
    let mut chosen = vec![targets.is_empty(); known.len()];
    for target in targets {
        let found = meant(target, known);
        if found.is_empty() {
            return Err(unknown(target, known));
        }
        found.into_iter().for_each(|at| chosen[at] = true);
    }
    let names = known.iter().zip(chosen).filter(|(_, chosen)| *chosen);
    Ok(names.map(|(named, _)| named.name.clone()).collect())
}

fn meant(target: &str, known: &[Named]) -> Vec<usize> {
    let those = |means: &dyn Fn(&Named) -> bool| -> Vec<usize> {
        (0..known.len()).filter(|at| means(&known[*at])).collect()
    };
    let by_name = those(&|named| named.name == target);
    if !by_name.is_empty() {
        return by_name;
    }
    let by_group = those(&|named| named.groups.iter().any(|group| group == target));
    if !by_group.is_empty() {
        return by_group;
    }
    match globset::Glob::new(target) {
        Ok(glob) => {
            let glob = glob.compile_matcher();
            those(&|named| glob.is_match(&named.name))
        }
        Err(_) => Vec::new(),
    }
}

/// "no process `bakend`", with a hint.
pub(crate) fn unknown(target: &str, known: &[Named]) -> Failure {
    let failure = Failure::unknown(format!("no process, group or glob `{target}` here"));
    let mut words: Vec<&str> = Vec::new();
    for named in known {
        words.push(&named.name);
        words.extend(named.groups.iter().map(String::as_str));
    }
    let near = near(target, &words);
    if !near.is_empty() {
        let quoted: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
        return failure.hint(format!("did you mean {}?", quoted.join(" or ")));
    }
    if known.is_empty() {
        return failure.hint("`forge dev profiles` lists what the file names");
    }
    let mut names: Vec<&str> = known.iter().map(|named| named.name.as_str()).collect();
    let more = names.len().saturating_sub(12);
    names.truncate(12);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    failure.hint(format!("there are {}{more}", names.join(", ")))
}

/// Words that differ little from this one, best first, at most three.
pub(crate) fn near<'a>(word: &str, words: &[&'a str]) -> Vec<&'a str> {
    // A third of the letters may be wrong; of a single one nothing would be left.
    let limit = (word.chars().count() / 3).clamp(1, 3);
    let mut scored: Vec<(usize, &str)> = words
        .iter()
        .filter_map(|other| {
            let inside = word.len() >= 3
                && other.len() >= 3
                && (other.contains(word) || word.contains(*other));
            match distance(word, other) {
                away if away <= limit => Some((away, *other)),
                _ if inside => Some((limit + 1, *other)),
                _ => None,
            }
        })
        .collect();
    scored.sort_unstable();
    scored.dedup();
    scored.into_iter().take(3).map(|(_, other)| other).collect()
}

/// Edits between two words, two neighbours swapped being one (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    // Names have tens of characters; what is longer is no slip.
    if a.len() > 100 || b.len() > 100 {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<Named> {
        [
            ("api-a", "api"),
            ("api-b", "api"),
            ("backend", ""),
            ("web.1", "front"),
        ]
        .map(|(name, group)| Named {
            name: name.to_string(),
            groups: vec![group.to_string()],
        })
        .to_vec()
    }

    fn check(targets: &[&str], names: &[&str]) {
        let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
        assert_eq!(resolve(&targets, &known()).unwrap(), names);
    }

    #[test]
    fn a_target_is_a_name_a_group_or_a_glob() {
        check(&[], &["api-a", "api-b", "backend", "web.1"]);
        check(&["backend", "api-b"], &["api-b", "backend"]);
        check(&["api"], &["api-a", "api-b"]);
        check(&["api-*", "web.?"], &["api-a", "api-b", "web.1"]);
        check(&["api-[!a]"], &["api-b"]);
    }

    #[test]
    fn an_unknown_target_exits_3_and_names_what_is_near() {
        let failure = resolve(&["bakcend".to_string()], &known()).unwrap_err();
        assert_eq!(failure.code, 3);
        assert_eq!(failure.hint.as_deref(), Some("did you mean `backend`?"));
        let failure = resolve(&["zzz".to_string()], &known()).unwrap_err();
        let hint = failure.hint.unwrap();
        assert_eq!(hint, "there are api-a, api-b, backend, web.1");
    }
}
