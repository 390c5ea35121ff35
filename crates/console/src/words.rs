//! A command line into words, as a shell would for plain quoting.

/// The words of a line: spaces part them, `'…'` and `"…"` hold them together, `\` takes the next
/// character as it is (inside `"…"` only before `"` and `\`).
///
/// # Errors
///
/// A quote that is not closed.
pub fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("a ' is not closed".to_string()),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next() {
                        Some('"') => break,
                        Some('\\') if matches!(rest.peek(), Some('"' | '\\')) => {
                            word.extend(rest.next());
                        }
                        Some(c) => word.push(c),
                        None => return Err("a \" is not closed".to_string()),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(rest.next()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, words: &[&str]) {
        assert_eq!(split(line).unwrap(), words, "{line}");
    }

    #[test]
    fn quotes_hold_words_together() {
        check("/dev logs backend", &["/dev", "logs", "backend"]);
        check("  a\t b  ", &["a", "b"]);
        check(
            r#"search 'a b' "c \"d\" \n" e\ f"#,
            &["search", "a b", r#"c "d" \n"#, "e f"],
        );
        check("''", &[""]);
        check("", &[]);
        assert!(split("it's").is_err() && split("\"").is_err());
    }
}
