//! Words of a shell: quoting them, splitting them, and whether a command means the same to every shell.

/// A text as one word of `sh`.
pub(crate) fn quote(text: &str) -> String {
    let plain = !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&b));
    match plain {
        true => text.to_string(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Words as one command of `sh`.
pub(crate) fn join<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| quote(word.as_ref())).collect();
    words.join(" ")
}

/// The words of a command without operators, quotes removed; `None` where a quote is not closed.
pub(crate) fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => match chars.next()? {
                            c @ ('"' | '\\' | '$' | '`') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

/// Whether `sh` and `bash` do the same with this command: only what is surely portable is.
pub(crate) fn is_portable(command: &str) -> bool {
    const MARKS: [&str; 23] = [
        "[[", "((", "$'", "$\"", "<(", ">(", "<<<", "&>", ">&", "|&", "=(", "+=", "==", "**", "//",
        "^^", ",,", "${!", "\\", "{", "pipefail", ";&", "~",
    ];
    const WORDS: [&str; 29] = [
        "trap",
        "source",
        "function",
        "declare",
        "typeset",
        "local",
        "shopt",
        "pushd",
        "popd",
        "let",
        "select",
        "read",
        "printf",
        "ulimit",
        "wait",
        "kill",
        "type",
        "time",
        "enable",
        "history",
        "RANDOM",
        "SECONDS",
        "HOSTNAME",
        "UID",
        "EUID",
        "PIPESTATUS",
        "LINENO",
        "mapfile",
        "jobs",
    ];
    // `${NAME}` alone is the same everywhere.
    let plain = without_references(command);
    let urls = plain.replace("://", ":");
    let redirected = urls
        .replace("2>&1", "")
        .replace(">&2", "")
        .replace(">/dev/null", "")
        .replace("\\\n", " ");
    let words = || redirected.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
    !MARKS.iter().any(|mark| redirected.contains(mark))
        && !words().any(|word| WORDS.contains(&word) || word.starts_with("BASH"))
        && !redirected.contains("echo -")
}

/// Without `${NAME}` and `${NAME:-word}`.
fn without_references(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let behind = &rest[at + 2..];
        let name = behind.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        out.push_str(&rest[..at]);
        match name.strip_prefix('}') {
            Some(after) if name.len() < behind.len() => rest = after,
            _ => {
                out.push_str("${!");
                rest = behind;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_and_split_again() {
        let words = ["a", "b c", "it's", "", "$x", "\"q\"", "a\\b"];
        assert_eq!(
            split(&join(words)).as_deref(),
            Some(&words.map(String::from)[..])
        );
        assert_eq!(
            split("a \"b \\\" c\" d\\ e"),
            Some(vec!["a".into(), "b \" c".into(), "d e".into()])
        );
        assert_eq!(split("a 'b"), None);
    }

    #[test]
    fn only_what_is_surely_portable_is_called_so() {
        for same in [
            "npm run dev",
            "echo ${USER} >x && ls -l | wc",
            "curl http://x/y 2>&1",
            "exit 1",
        ] {
            assert!(is_portable(same), "{same}");
        }
        for other in [
            "echo $((RANDOM % 2))",
            "[[ -f x ]]",
            "trap '' SIGTERM",
            "cp {a,b} c",
            "echo -e x",
            "set -o pipefail; x",
            "echo ${X//a/b}",
            "source env",
            "x &> y",
        ] {
            assert!(!is_portable(other), "{other}");
        }
    }
}
