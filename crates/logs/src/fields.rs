//! Message and fields of structured lines: JSON objects and `key=value` pairs.

use std::borrow::Cow;

use serde_json::Value;

use crate::text::strip_ansi;

/// Keys under which a message stands, by how much they are to be trusted.
const MESSAGES: [&str; 14] = [
    "msg",
    "message",
    "@m",
    "@mt",
    "MESSAGE",
    "Message",
    "event",
    "short_message",
    "text",
    "textPayload",
    "body",
    "log",
    "fields.message",
    "jsonPayload.message",
];

/// Most fields of a line, and how deep objects are opened.
const MOST: usize = 256;
const DEPTH: usize = 4;

/// A line taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Structured {
    /// What is said, where a field says so.
    pub message: Option<String>,
    /// All fields in order, those of inner objects as `outer.inner`; strings as they are, other
    /// values as JSON.
    pub fields: Vec<(String, String)>,
}

impl Structured {
    /// The value of a field by its whole name; the first, where there are several.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Takes a line apart that is JSON (also behind a time or a prefix) or ends in `key=value` pairs;
/// `None` for prose.
pub fn structure(line: &[u8]) -> Option<Structured> {
    let plain = strip_ansi(line);
    let text = plain.trim_ascii();
    if text.ends_with(b"}")
        && let Some(found) = json(text)
    {
        return Some(found);
    }
    memchr::memchr(b'=', text)?;
    pairs(&String::from_utf8_lossy(text))
}

fn json(text: &[u8]) -> Option<Structured> {
    let at = memchr::memchr(b'{', text)?;
    let Value::Object(object) = serde_json::from_slice(&text[at..]).ok()? else {
        return None;
    };
    if object.is_empty() {
        return None;
    }
    let mut found = Structured::default();
    for (key, value) in object {
        flatten(key, value, DEPTH, &mut found.fields);
    }
    // Behind a head of text, the text is the message, and the object holds only what belongs to it.
    let bare = !text[..at].iter().any(u8::is_ascii_alphabetic);
    if bare || found.fields.iter().any(|(key, _)| key == "level") {
        found.message = message(&found);
    }
    Some(found)
}

fn message(found: &Structured) -> Option<String> {
    let key = MESSAGES.iter().find_map(|key| found.get(key))?;
    Some(key.to_string())
}

fn flatten(key: String, value: Value, depth: usize, out: &mut Vec<(String, String)>) {
    if out.len() >= MOST {
        return;
    }
    match value {
        Value::String(text) => out.push((key, text)),
        Value::Object(object) if depth > 1 => {
            for (inner, value) in object {
                flatten(format!("{key}.{inner}"), value, depth - 1, out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            out.push((key, value.to_string()))
        }
    }
}

/// Pairs at the end of a line: all of it, or what follows a message.
fn pairs(text: &str) -> Option<Structured> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut first = None;
    let mut rest = text;
    while !rest.is_empty() && fields.len() < MOST {
        let start = text.len() - rest.len();
        match pair(rest) {
            Some((key, value, length)) => {
                first.get_or_insert(start);
                fields.push((key.to_string(), value.into_owned()));
                rest = rest[length..].trim_start();
            }
            None => {
                // Prose between pairs: they are part of it.
                fields.clear();
                first = None;
                let word = rest.find([' ', '\t']).unwrap_or(rest.len());
                rest = rest[word..].trim_start();
            }
        }
    }
    let whole = first? == 0;
    if whole && fields.len() < 2 {
        return None;
    }
    let mut found = Structured {
        message: None,
        fields,
    };
    if whole || found.get("msg").is_some() {
        found.message = message(&found);
    }
    Some(found)
}

/// `key=value` or `key="quoted value"`: both, and the length in bytes.
fn pair(text: &str) -> Option<(&str, Cow<'_, str>, usize)> {
    let key = text
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || b"._-@/".contains(b))
        .count();
    if key == 0 || text.as_bytes().get(key) != Some(&b'=') {
        return None;
    }
    let value = &text[key + 1..];
    if let Some(inner) = value.strip_prefix('"') {
        let end = closing_quote(inner)?;
        let quoted = &value[..end + 2];
        let read = serde_json::from_str::<String>(quoted);
        let value = read.map_or_else(|_| Cow::Borrowed(&inner[..end]), Cow::Owned);
        return Some((&text[..key], value, key + 1 + quoted.len()));
    }
    let length = value.find([' ', '\t']).unwrap_or(value.len());
    // A comma after the value separates pairs in prose-like lines.
    let shown = value[..length].trim_end_matches(',');
    Some((&text[..key], Cow::Borrowed(shown), key + 1 + length))
}

fn closing_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// A condition on a field: `KEY=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldIs {
    key: String,
    value: String,
}

/// The text is no condition on a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no KEY=VALUE; write for example `status=500` or `user.id=7`")]
pub struct NotAField(pub String);

impl std::str::FromStr for FieldIs {
    type Err = NotAField;

    fn from_str(text: &str) -> Result<Self, NotAField> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(FieldIs {
                key: key.to_string(),
                value: value.to_string(),
            }),
            _ => Err(NotAField(text.to_string())),
        }
    }
}

impl FieldIs {
    /// Whether a line taken apart has the field with this value. The last part of a name will do
    /// for all of it: `id` finds `user.id`.
    pub fn holds(&self, structured: &Structured) -> bool {
        structured.fields.iter().any(|(key, value)| {
            *value == self.value
                && key
                    .strip_suffix(self.key.as_str())
                    .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
    }

    /// Whether a line has the field with this value.
    pub fn matches(&self, line: &[u8]) -> bool {
        let wanted = self.literal();
        let possible = wanted.is_empty() || memchr::memmem::find(line, wanted.as_bytes()).is_some();
        (possible || memchr::memchr(0x1b, line).is_some())
            && structure(line).is_some_and(|structured| self.holds(&structured))
    }

    /// Text that a line with this field contains in any case, whatever it is escaped like: the
    /// longest stretch of letters and digits of the value or, where there is none, of the key.
    pub(crate) fn literal(&self) -> &str {
        let longest = |text: &'_ str| -> (usize, usize) {
            let mut best = (0, 0);
            let mut from = 0;
            for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
                if !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
                    if at - from > best.1 - best.0 {
                        best = (from, at);
                    }
                    from = at + c.len_utf8();
                }
            }
            best
        };
        let (from, to) = longest(&self.value);
        if to > from {
            return &self.value[from..to];
        }
        // Of a name, the last part stands in the line as it is.
        let last = self.key.rsplit('.').next().unwrap_or(&self.key);
        let (from, to) = longest(last);
        &last[from..to]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Vec<(String, String)> {
        structure(line.as_bytes()).map_or(Vec::new(), |found| found.fields)
    }

    #[test]
    fn json_has_a_message_and_fields_by_their_paths() {
        let found =
            structure(br#"{"level":30,"msg":"done","req":{"id":7,"tags":["a"]},"ok":true}"#);
        let found = found.unwrap();
        assert_eq!(found.message.as_deref(), Some("done"));
        assert_eq!(found.get("req.id"), Some("7"));
        assert_eq!(found.get("req.tags"), Some("[\"a\"]"));
        assert_eq!(found.get("ok"), Some("true"));
        assert_eq!(structure(b"{}"), None);
        assert_eq!(structure(b"{not json}"), None);
    }

    #[test]
    fn an_object_behind_a_message_only_adds_fields() {
        let found = structure(b"2026-11-23T02:54:46Z\tINFO\tlistening\t{\"port\": 8080}").unwrap();
        assert_eq!(
            (found.message.as_deref(), found.get("port")),
            (None, Some("8080"))
        );
    }

    #[test]
    fn pairs_have_quotes_and_escapes() {
        let found = structure(br#"level=info msg="said \"hi\"" addr=:8080 took=3ms"#).unwrap();
        assert_eq!(found.message.as_deref(), Some("said \"hi\""));
        assert_eq!(found.get("addr"), Some(":8080"));
        let behind = structure(b"\x1b[32mINF\x1b[0m started \x1b[36maddr=\x1b[0m:8080").unwrap();
        assert_eq!(
            (behind.message.as_deref(), behind.get("addr")),
            (None, Some(":8080"))
        );
    }

    #[test]
    fn prose_with_an_equals_sign_has_no_fields() {
        assert!(fields("set x=1 and go on").is_empty());
        assert!(fields("x = 1").is_empty());
        assert!(fields("a=1").is_empty());
        assert!(fields("just words").is_empty());
    }

    #[test]
    fn a_condition_names_the_last_part_or_all_of_a_field() {
        let line = br#"{"msg":"x","user":{"id":"a\/b c"},"status":500}"#;
        let is = |text: &str| text.parse::<FieldIs>().unwrap().matches(line);
        assert!(is("status=500") && is("user.id=a/b c") && is("id=a/b c"));
        assert!(!is("status=50") && !is("ser.id=a/b c") && !is("us=500"));
        assert_eq!("status".parse::<FieldIs>(), Err(NotAField("status".into())));
        assert!("=x".parse::<FieldIs>().is_err());
    }

    #[test]
    fn conditions_hold_whatever_a_line_is_coloured_like() {
        let is: FieldIs = "addr=:8080".parse().unwrap();
        assert!(is.matches(b"up \x1b[36maddr=\x1b[0m:80\x1b[1m80"));
    }
}
