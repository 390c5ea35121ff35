//! Stacks that a structured log keeps in the quotes of one line, made lines again.

use serde_json::Value;

/// What a quoted stack has.
const MARKS: [&str; 9] = [
    "\\n    at ",
    "\\n\\tat ",
    "\\n  File ",
    "\\n\\t/",
    "\\n   at ",
    "\\n#0 ",
    "\\ngoroutine ",
    "\\n      at ",
    ":in `",
];
/// Names under which logs keep messages, the most telling first.
const MESSAGES: [&str; 6] = ["error", "err", "exception", "message", "msg", "event"];

/// The lines of the stack in a record, or nothing where there is none.
pub(crate) fn unfold(text: &str) -> Option<Vec<String>> {
    if !MARKS.iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let from_json = text
        .find('{')
        .and_then(|start| serde_json::from_str::<Value>(&text[start..]).ok())
        .and_then(|record| from_record(&record));
    Some(from_json.unwrap_or_else(|| from_quotes(text)))
}

fn from_record(record: &Value) -> Option<Vec<String>> {
    let stack = find_stack(record, 0)?;
    let mut lines: Vec<String> = stack
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    let first = lines.first()?;
    let is_head = first.contains(": ") || first.starts_with("Traceback");
    if !is_head {
        let message = MESSAGES.iter().find_map(|name| text_of(record.get(*name)?));
        if let Some(message) = message {
            // Loggers of Go keep bare goroutines: the record is told as they write it to a console.
            let record = if stack.contains("\n\t/") {
                "\tERROR\t"
            } else {
                ""
            };
            lines.insert(0, format!("{record}{}", message.lines().next()?));
        }
    }
    Some(lines)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) => {
            let message = map.get("message").and_then(Value::as_str)?;
            let class = map.get("type").or_else(|| map.get("name"));
            Some(match class.and_then(Value::as_str) {
                Some(class) => format!("{class}: {message}"),
                None => message.to_owned(),
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// The first text of several lines that looks like a stack.
fn find_stack(value: &Value, depth: usize) -> Option<&str> {
    match value {
        Value::String(text) => {
            let frames = [
                "\n    at ",
                "\n\tat ",
                "  File \"",
                "\n\t/",
                "\n   at ",
                "\n#0 ",
                "\n      at ",
            ];
            let stack = frames.iter().any(|frame| text.contains(frame)) || text.contains(":in `");
            (stack && text.contains('\n')).then_some(text)
        }
        Value::Object(map) if depth < 6 => {
            map.values().find_map(|value| find_stack(value, depth + 1))
        }
        Value::Array(list) if depth < 6 => {
            list.iter().find_map(|value| find_stack(value, depth + 1))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

/// For records of other forms: what is in the quotes around the first mark.
fn from_quotes(text: &str) -> Vec<String> {
    let mark = MARKS.iter().filter_map(|mark| text.find(mark)).min();
    let mark = mark.unwrap_or(0);
    let start = text[..mark].rfind("=\"").map_or(0, |at| at + 2);
    let inner = &text[start..];
    let plain = inner
        .replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("\\\"", "\"");
    plain.lines().map(str::to_owned).collect()
}
