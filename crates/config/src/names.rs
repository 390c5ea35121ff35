//! Names of profiles, processes and groups.

/// Longest name.
pub(crate) const MAX_NAME: usize = 100;

/// `[A-Za-z0-9][A-Za-z0-9_.-]*`, at most 100 characters: a name is also part of file names.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// What to do about a text that is no name.
pub(crate) fn name_help(text: &str) -> String {
    if text.len() > MAX_NAME && text.bytes().all(is_name_byte) {
        return format!("use at most {MAX_NAME} characters");
    }
    let mut near: String = text
        .chars()
        .map(|c| match u8::try_from(c).is_ok_and(is_name_byte) {
            true => c,
            false => '-',
        })
        .collect();
    near = near
        .trim_matches(|c: char| !c.is_ascii_alphanumeric())
        .chars()
        .take(MAX_NAME)
        .collect();
    while near.contains("--") {
        near = near.replace("--", "-");
    }
    let rule = "letters, digits, `_`, `.` and `-`, beginning with a letter or digit";
    match is_name(&near) {
        true => format!("use {rule}: `{near}`"),
        false => format!("use {rule}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words() {
        for name in ["a", "0", "web-1", "my.app_2"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "",
            "-a",
            ".",
            "..",
            "a/b",
            "a b",
            "é",
            "a\u{202e}",
            &"x".repeat(101),
        ] {
            assert!(!is_name(name), "{name}");
        }
        assert!(name_help("my app!").ends_with("`my-app`"));
    }
}
