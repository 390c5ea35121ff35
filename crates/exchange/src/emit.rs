//! Writes values as YAML that every reader takes for the same: Forge's and other tools'.

use crate::value::Value;

/// Longest list or map that is written in one line.
const WIDTH: usize = 88;

/// A value as the lines of a block, each with this indentation.
pub(crate) fn block(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    match value {
        Value::Map(entries) if !entries.is_empty() => map(entries, indent, &mut out),
        Value::List(items) if !items.is_empty() => list(items, indent, &mut out),
        other => {
            pad(indent, &mut out);
            out.push_str(&inline(other, indent, false));
            out.push('\n');
        }
    }
    out
}

/// A value in one line, as JSON-like flow.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_string(),
        Value::Text(text) => scalar(text, true),
        Value::Bare(text) => text.clone(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", scalar(key, true), flow(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn map(entries: &[(String, Value)], indent: usize, out: &mut String) {
    for (key, value) in entries {
        pad(indent, out);
        entry(key, value, indent, out);
    }
}

/// `key: value`, the cursor being where the key begins.
fn entry(key: &str, value: &Value, indent: usize, out: &mut String) {
    out.push_str(&scalar(key, false));
    out.push(':');
    let is_env = matches!(key, "env" | "environment" | "data" | "stringData");
    match value {
        Value::Map(entries) if !entries.is_empty() && (is_env || !fits(value, indent, key)) => {
            out.push('\n');
            map(entries, indent + 2, out);
        }
        Value::List(items) if !items.is_empty() && !fits(value, indent, key) => {
            out.push('\n');
            list(items, indent + 2, out);
        }
        _ => {
            out.push(' ');
            out.push_str(&inline(value, indent + 2, false));
            out.push('\n');
        }
    }
}

fn list(items: &[Value], indent: usize, out: &mut String) {
    for item in items {
        pad(indent, out);
        out.push_str("- ");
        match item {
            Value::Map(entries) if !entries.is_empty() => {
                let (first, rest) = (&entries[0], &entries[1..]);
                entry(&first.0, &first.1, indent + 2, out);
                map(rest, indent + 2, out);
            }
            other => {
                out.push_str(&inline(other, indent + 2, false));
                out.push('\n');
            }
        }
    }
}

/// A value behind `key: ` or `- `; text of several lines as a literal block of this indentation.
fn inline(value: &Value, indent: usize, in_flow: bool) -> String {
    let Value::Text(text) = value else {
        return flow(value);
    };
    if in_flow || !literal_can_say(text) {
        return scalar(text, in_flow);
    }
    let mut out = String::from(if text.ends_with('\n') { "|" } else { "|-" });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(indent, &mut out);
            out.push_str(line);
        }
    }
    out
}

fn literal_can_say(text: &str) -> bool {
    let first = text.chars().next();
    text.trim_end_matches('\n').contains('\n')
        && first.is_some_and(|c| !c.is_whitespace())
        && !text.ends_with("\n\n")
        && text.chars().all(|c| c == '\n' || c == '\t' || printable(c))
}

fn fits(value: &Value, indent: usize, key: &str) -> bool {
    fn simple(value: &Value, depth: usize) -> bool {
        match value {
            Value::Null | Value::Bare(_) => true,
            Value::Text(text) => !text.contains('\n'),
            Value::List(items) => depth < 2 && items.iter().all(|item| simple(item, depth + 1)),
            Value::Map(entries) => depth < 2 && entries.iter().all(|(_, v)| simple(v, depth + 1)),
        }
    }
    let lists_maps =
        matches!(value, Value::List(items) if items.iter().any(|i| matches!(i, Value::Map(_))));
    !lists_maps && simple(value, 0) && indent + key.len() + 2 + flow(value).chars().count() <= WIDTH
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Text in one line, quoted where it must be.
pub(crate) fn scalar(text: &str, in_flow: bool) -> String {
    if plain_can_say(text, in_flow) {
        return text.to_string();
    }
    let quotable = text.chars().all(printable);
    if quotable && (text.contains('"') || text.contains('\\')) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if printable(c) => out.push(c),
            c if (c as u32) < 0x100 => out.push_str(&format!("\\x{:02X}", c as u32)),
            c if (c as u32) < 0x1_0000 => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push_str(&format!("\\U{:08X}", c as u32)),
        }
    }
    out.push('"');
    out
}

fn printable(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}'
        )
}

fn plain_can_say(text: &str, in_flow: bool) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let begins = first.is_alphanumeric() || matches!(first, '.' | '/' | '_' | '$' | '(' | '^');
    let dashed = first == '-'
        && text.len() > 1
        && !text.starts_with("- ")
        && !text.starts_with("--- ")
        && text != "---";
    (begins || dashed)
        && text.chars().all(printable)
        && !text.ends_with([' ', ':', '\u{a0}'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("...")
        && !(in_flow && text.contains([',', '[', ']', '{', '}', ':']))
        && !looks_typed(text)
}

/// A reader could take it for a number, a flag, a date or nothing.
fn looks_typed(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let words = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "~", ".inf", ".nan",
    ];
    let numeric = text
        .trim_start_matches('-')
        .starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && text.chars().all(|c| {
            c.is_ascii_hexdigit()
                || matches!(c, '.' | '_' | ':' | '+' | '-' | 'x' | 'o' | 'X' | 'T' | 'Z')
        });
    words.contains(&lower.as_str()) || numeric
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ -~\n\t]{0,40}",
            any::<String>(),
            "(null|yes|1\\.10|0x1F|12:30|a: b|a #b|- a|\\[a|'|\"|\\\\n|~|#x|&a|\\*a|!t|%|@|`| x|x |x:)",
        ]
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = texts().prop_map(Value::Text);
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                proptest::collection::vec((texts(), inner), 0..4).prop_map(|entries| {
                    let mut map = Vec::new();
                    for (key, value) in entries {
                        crate::value::set(&mut map, &key, value);
                    }
                    Value::Map(map)
                }),
            ]
        })
    }

    fn back(node: &crate::node::Node) -> Value {
        use crate::node::Kind;
        match &node.kind {
            Kind::Null => Value::Null,
            Kind::Scalar { text, .. } => Value::Text(text.clone()),
            Kind::List(items) => Value::List(items.iter().map(|item| back(item)).collect()),
            Kind::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), back(&entry.value)))
                    .collect(),
            ),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in values()) {
            let text = block(&Value::map([("v", value.clone())]), 0);
            let read = crate::read_yaml::read(0, &text).expect(&text);
            prop_assert_eq!(read.get("v").map(|node| back(node)), Some(value.clone()), "{}", text);
            let read = crate::read_yaml::read(0, &format!("v: {}", flow(&value))).expect(&text);
            prop_assert_eq!(read.get("v").map(|node| back(node)), Some(value), "{}", text);
        }
    }

    #[test]
    fn look_alikes_are_quoted_and_scripts_are_blocks() {
        let value = Value::map([
            ("a", Value::text("1.10")),
            ("b", Value::bare("10s")),
            ("c", Value::text("one\ntwo\n")),
            ("d", Value::texts(["npm", "run dev", "a,b"])),
        ]);
        assert_eq!(
            block(&value, 2),
            "  a: \"1.10\"\n  b: 10s\n  c: |\n    one\n    two\n  d: [npm, run dev, \"a,b\"]\n"
        );
    }
}
