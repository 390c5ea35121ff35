//! Secrets in text that agents read: values of variables and fields whose names look secret, and
//! passwords in addresses. What the API masks is masked already; this is for lines that processes write
//! and for files that people write.

use serde_json::Value;

/// Shown instead of a secret.
const MASK: &str = "********";

/// Words in the names of secrets, as for the environment.
const SECRET: [&str; 5] = ["TOKEN", "PASSWORD", "PASSWD", "SECRET", "APIKEY"];

/// The text without its secrets.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        out.push_str(&line_without(line));
    }
    out
}

/// All texts within a value.
pub(crate) fn value(value: &mut Value) {
    match value {
        Value::String(one) => {
            if one.contains(['=', ':']) {
                *one = text(one);
            }
        }
        Value::Array(all) => all.iter_mut().for_each(self::value),
        Value::Object(fields) => fields.values_mut().for_each(self::value),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether values under this name are secret.
fn is_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    if SECRET.iter().any(|word| upper.contains(word)) {
        // `tokens: 512` and `token_count` are figures; `TOKENS` of an environment may not be.
        return !(upper.ends_with("TOKENS") || upper.contains("TOKEN_COUNT"));
    }
    let parts = || upper.split(['_', '-']);
    let shouted = name.contains('_') && name == upper;
    upper.ends_with("API_KEY")
        || upper.ends_with("ACCESS_KEY")
        || upper.ends_with("PRIVATE_KEY")
        || (shouted && parts().any(|part| part == "KEY" || part == "KEYS"))
}

fn line_without(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, after) = rest.split_at(at);
        let sign = &after[..1];
        let behind = &after[1..];
        out.push_str(before);
        out.push_str(sign);
        rest = behind;
        if sign == ":" && behind.starts_with("//") {
            let (shown, left) = address(behind);
            out.push_str(&shown);
            rest = left;
            continue;
        }
        let name = name_before(before);
        if !is_secret(name) || (sign == ":" && is_prose(before, name)) {
            continue;
        }
        let (gap, secret, left) = value_after(behind);
        // A word that names a variable or asks a question is no value.
        if secret.is_empty() || secret.starts_with('$') || secret == "null" {
            continue;
        }
        out.push_str(gap);
        out.push_str(MASK);
        rest = left;
    }
    out.push_str(rest);
    out
}

/// The name at the end of what stands before a sign: `export API_KEY`, `"token"`.
fn name_before(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    let start = text
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        .map_or(0, |at| {
            at + text[at..].chars().next().map_or(1, char::len_utf8)
        });
    &text[start..]
}

/// Whether a name before a colon is a word of a sentence (`unexpected token: }`), not a key.
fn is_prose(before: &str, name: &str) -> bool {
    let shouted = name == name.to_ascii_uppercase();
    let before = before.trim_end();
    let quoted = before.ends_with(['"', '\'']);
    let start = before.len().saturating_sub(name.len());
    let ahead = before.get(..start).unwrap_or_default().trim_end();
    !shouted && !quoted && !ahead.is_empty() && !ahead.ends_with(['{', ',', '-', '[', '(', '\n'])
}

/// What stands between sign and value, the value, and the rest.
fn value_after(text: &str) -> (&str, &str, &str) {
    let begin = text.len() - text.trim_start_matches([' ', '\t']).len();
    let (gap, rest) = text.split_at(begin);
    for quote in ['"', '\''] {
        if let Some(inside) = rest.strip_prefix(quote) {
            let end = inside.find(quote).unwrap_or(inside.trim_end().len());
            return (&text[..begin + 1], &inside[..end], &inside[end..]);
        }
    }
    let end = rest.find([' ', '\t', '\r', '\n', ',', ';', '&', '"', '\'', ')', '}']);
    let (secret, left) = rest.split_at(end.unwrap_or(rest.len()));
    (gap, secret, left)
}

/// `//user:password@host…` without the password.
fn address(text: &str) -> (String, &str) {
    let end = text[2..]
        .find(['/', ' ', '"', '\'', '\n', '?'])
        .map_or(text.len(), |at| at + 2);
    let (authority, rest) = text.split_at(end);
    let shown = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:{MASK}@{host}"),
            None => authority.to_string(),
        },
        None => authority.to_string(),
    };
    (shown, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_nothing_else() {
        for (line, shown) in [
            ("API_KEY=abc def", "API_KEY=******** def"),
            (
                "export DB_PASSWORD='a b' x",
                "export DB_PASSWORD='********' x",
            ),
            ("  STRIPE_SECRET: sk_live_1", "  STRIPE_SECRET: ********"),
            (
                r#"{"token": "abc", "user": "bob"}"#,
                r#"{"token": "********", "user": "bob"}"#,
            ),
            (
                "postgres://bob:pw@db:5432/x?y",
                "postgres://bob:********@db:5432/x?y",
            ),
            ("url=http://h/p", "url=http://h/p"),
            ("SESSION_KEY=x", "SESSION_KEY=********"),
            ("primary_key: id", "primary_key: id"),
            ("key: value", "key: value"),
            ("monkey=banana", "monkey=banana"),
            ("TOKEN=$OTHER", "TOKEN=$OTHER"),
            ("max_tokens=512", "max_tokens=512"),
            (
                "SyntaxError: unexpected token: x",
                "SyntaxError: unexpected token: x",
            ),
            ("12:30:15 é: ü=ß", "12:30:15 é: ü=ß"),
            ("a=1\nAUTH_TOKEN=2\n", "a=1\nAUTH_TOKEN=********\n"),
        ] {
            assert_eq!(text(line), shown);
        }
    }
}
