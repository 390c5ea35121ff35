//! `$NAME`, `${NAME:-default}` and `$$` of other tools, said as Forge says them.

/// A text that Forge is to take as it is, in a value where Forge replaces references.
pub(crate) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '$' && matches!(chars.peek(), Some('$' | '{')) {
            out.push('$');
        }
    }
    out
}

/// A piece of a text with references.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Dollar,
    Reference {
        name: &'a str,
        /// `:-`, `-`, `:?`, `?`, `:+`, `+`, `:=`, `=`, or nothing.
        operator: &'a str,
        word: &'a str,
    },
}

/// What became of the references of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Translated {
    pub(crate) text: String,
    /// A reference was found.
    pub(crate) referred: bool,
    /// What Forge says differently.
    pub(crate) notes: Vec<String>,
}

/// A value of a compose-like file (`$NAME`, `${NAME-x}`, `$$`) as a value of Forge's file. What is not
/// set is empty there, so it is here.
pub(crate) fn value(text: &str) -> Translated {
    let mut done = Translated::default();
    translate(text, &mut done, 0);
    done
}

fn translate(text: &str, done: &mut Translated, depth: usize) {
    for piece in pieces(text) {
        let (name, operator, word) = match piece {
            Piece::Text(text) => {
                done.text.push_str(&literal(text));
                continue;
            }
            Piece::Dollar => {
                done.text.push_str("$$");
                continue;
            }
            Piece::Reference {
                name,
                operator,
                word,
            } => (name, operator, word),
        };
        done.referred = true;
        let mut note = |what: &str| {
            done.notes.push(format!("`${{{name}{operator}…}}` {what}"));
        };
        match operator {
            "-" => note("became `:-`: an empty variable counts as unset"),
            ":?" | "?" => note("is empty where it is not set, and no error"),
            ":=" | "=" => note("became `:-`: nothing is assigned"),
            ":+" | "+" => note("has no equivalent and is left empty"),
            _ => {}
        }
        match operator {
            ":+" | "+" => {}
            ":?" | "?" => done.text.push_str(&format!("${{{name}:-}}")),
            _ if depth < 8 => {
                done.text.push_str(&format!("${{{name}:-"));
                translate(word, done, depth + 1);
                done.text.push('}');
            }
            _ => done.text.push_str(&format!("${{{name}:-}}")),
        }
    }
}

/// A command of a file whose text is expanded before it is read: `$$` becomes `$`, and references are
/// left to the shell, which knows the same variables. Whether there were any is told.
pub(crate) fn command(text: &str) -> Translated {
    let mut done = Translated::default();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        done.text.push_str(&rest[..=at]);
        let behind = &rest[at + 1..];
        rest = behind.strip_prefix('$').unwrap_or(behind);
        let names = behind.trim_start_matches('{');
        done.referred |= names.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    }
    done.text.push_str(rest);
    done
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        if at > 0 {
            pieces.push(Piece::Text(&rest[..at]));
        }
        let behind = &rest[at + 1..];
        if let Some(after) = behind.strip_prefix('$') {
            pieces.push(Piece::Dollar);
            rest = after;
        } else if let Some((piece, after)) = braced(behind) {
            pieces.push(piece);
            rest = after;
        } else {
            let end = name_end(behind);
            match &behind[..end] {
                "" if behind.starts_with('{') => pieces.push(Piece::Dollar),
                "" => pieces.push(Piece::Text("$")),
                name => pieces.push(Piece::Reference {
                    name,
                    operator: "",
                    word: "",
                }),
            }
            rest = &behind[end..];
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// `{NAME}` or `{NAME:-word}`, behind the dollar sign.
fn braced(behind: &str) -> Option<(Piece<'_>, &str)> {
    let inside = behind.strip_prefix('{')?;
    let end = name_end(inside);
    let (name, tail) = inside.split_at(end);
    if name.is_empty() {
        return None;
    }
    let operator = [":-", ":?", ":+", ":=", "-", "?", "+", "="]
        .into_iter()
        .find(|operator| tail.starts_with(operator))
        .unwrap_or("");
    let tail = &tail[operator.len()..];
    let mut depth = 1;
    for (at, c) in tail.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let word = &tail[..at];
            let known = !operator.is_empty() || word.is_empty();
            return known.then_some((
                Piece::Reference {
                    name,
                    operator,
                    word,
                },
                &tail[at + 1..],
            ));
        }
    }
    None
}

fn name_end(text: &str) -> usize {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    match starts {
        true => text
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(text.len()),
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_said_as_forge_says_them() {
        let check = |text: &str, expect: &str| assert_eq!(value(text).text, expect, "{text}");
        check("$USER-${HOME}", "${USER:-}-${HOME:-}");
        check("${A-x} ${B:-${C}} ${D:?why}", "${A:-x} ${B:-${C:-}} ${D:-}");
        check("$$X cost $5 $$", "$$X cost $5 $$");
        check("${A:+b}c", "c");
        check("${not a name}", "$${not a name}");
        assert_eq!(value("${A-x}").notes.len(), 1);
    }

    #[test]
    fn commands_keep_their_references_for_the_shell() {
        assert_eq!(
            command("echo $$X ${Y} $(date) $").text,
            "echo $X ${Y} $(date) $"
        );
        assert!(!command("echo $(date) $$").referred);
        assert!(command("echo $X").referred);
    }

    #[test]
    fn a_literal_text_survives_forge() {
        assert_eq!(literal("$a ${b} $$ $"), "$a $${b} $$$ $");
    }
}
