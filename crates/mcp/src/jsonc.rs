//! JSON as editors allow it in their settings: with comments, and with a comma behind the last entry.

/// The same as plain JSON, with spaces for what is not: every place in it is the same place in the
/// text.
pub(crate) fn plain(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut comma = None;
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'"', _) => {
                comma = None;
                at = behind_string(&bytes, at);
                continue;
            }
            (b'/', Some(b'/')) => {
                let end = bytes[at..].iter().position(|byte| *byte == b'\n');
                let end = end.map_or(bytes.len(), |length| at + length);
                bytes[at..end].fill(b' ');
                at = end;
                continue;
            }
            (b'/', Some(b'*')) => {
                let inside = bytes[at + 2..].windows(2);
                // One without an end stays, and is no JSON.
                let Some(length) = inside.into_iter().position(|two| two == b"*/") else {
                    break;
                };
                let end = at + length + 4;
                for byte in &mut bytes[at..end] {
                    if *byte != b'\n' {
                        *byte = b' ';
                    }
                }
                at = end;
                continue;
            }
            (b',', _) => comma = Some(at),
            (b'}' | b']', _) => {
                if let Some(comma) = comma.take() {
                    bytes[comma] = b' ';
                }
            }
            (byte, _) if byte.is_ascii_whitespace() => {}
            (_, _) => comma = None,
        }
        at += 1;
    }
    // Whole comments were replaced, byte by byte: what is left is text as before.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_string())
}

fn behind_string(bytes: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_comments_and_last_commas_go() {
        for (text, shown) in [
            ("{\"a\": 1, } // ü", "{\"a\": 1  }      "),
            ("[1, /* , */ ]", "[1          ]"),
            (
                "{\"a\": \"// ,]\", \"b\\\"\": [2,\n]}",
                "{\"a\": \"// ,]\", \"b\\\"\": [2 \n]}",
            ),
            ("{ /* open", "{ /* open"),
            ("\"open", "\"open"),
            ("/", "/"),
        ] {
            assert_eq!(plain(text), shown);
            assert_eq!(plain(text).len(), text.len());
        }
    }
}
