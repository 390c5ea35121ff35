//! Query strings.

use std::fmt::Write;

/// `key=value&…` of those that have a value, percent-encoded (RFC 3986).
pub(crate) fn query(pairs: &[(&str, Option<&str>)]) -> String {
    let mut out = String::new();
    for (key, value) in pairs {
        let Some(value) = value else { continue };
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(key);
        out.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    out.push(char::from(byte));
                }
                _ => {
                    let _ = write!(out, "%{byte:02X}");
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_an_address_is_encoded() {
        assert_eq!(
            query(&[("name", Some("a b&c=ä/+")), ("x", None)]),
            "name=a%20b%26c%3D%C3%A4%2F%2B"
        );
        assert_eq!(query(&[("a", Some("1")), ("b", Some("2"))]), "a=1&b=2");
        assert_eq!(query(&[]), "");
    }
}
