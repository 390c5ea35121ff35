//! What a unified diff says: where lines were changed, and in which functions.

use serde::{Deserialize, Serialize};

/// Hunks and lines of a hunk that are kept.
const MOST: usize = 100;
const LONGEST_LINE: usize = 240;

/// A changed place of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// Its first line in the file as it is now.
    pub line: u32,
    /// How many lines were removed and added.
    pub removed: u32,
    /// How many lines were added.
    pub added: u32,
    /// The function that it lies in, as Git recognises it.
    pub function: Option<String>,
    /// The lines, behind `-` and `+`, with secrets masked.
    pub lines: Vec<String>,
}

/// The hunks of a diff of one file.
pub(crate) fn read(diff: &str) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    for line in diff.lines() {
        if let Some(head) = line.strip_prefix("@@ ") {
            if hunks.len() == MOST {
                break;
            }
            hunks.extend(hunk(head));
        } else if line.starts_with(['-', '+'])
            && let Some(hunk) = hunks.last_mut()
        {
            // A change may be in the line of a function itself, which Git names of the one before.
            if let Some(name) = declared(&line[1..]) {
                hunk.function = Some(name);
            }
            if hunk.lines.len() < MOST {
                let text = crate::trace::cut(line, LONGEST_LINE);
                hunk.lines.push(crate::mask::mask(&text).into_owned());
            }
        }
    }
    hunks
}

/// `-12,3 +12,5 @@ func (s *Store) Get(id int) {`
fn hunk(head: &str) -> Option<Hunk> {
    let (places, context) = head.split_once(" @@")?;
    let (old, new) = places.split_once(' ')?;
    let part = |text: &str| -> Option<(u32, u32)> {
        let text = text.trim_start_matches(['-', '+']);
        let (line, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((line.parse().ok()?, count.parse().ok()?))
    };
    let (_, removed) = part(old)?;
    let (line, added) = part(new)?;
    Some(Hunk {
        line: line.max(1),
        removed,
        added,
        function: name(context),
        lines: Vec::new(),
    })
}

/// The name in a line that begins a function.
fn name(context: &str) -> Option<String> {
    declared(context).or_else(|| {
        // Languages without a word for it: the name stands before the brackets.
        let before = context
            .split('(')
            .next()
            .filter(|before| before.len() < context.trim_end().len())?;
        let name = before.rsplit(|c: char| !is_name(c)).next()?;
        let keyword = ["if", "for", "while", "switch", "return", "catch"].contains(&name);
        (!name.is_empty() && !keyword).then(|| name.to_owned())
    })
}

/// The name behind a word that declares functions.
fn declared(line: &str) -> Option<String> {
    let words = [
        "func ",
        "fn ",
        "def ",
        "defp ",
        "function ",
        "function* ",
        "sub ",
        "fun ",
    ];
    for word in words {
        let Some((before, after)) = line.split_once(word) else {
            continue;
        };
        if !(before.is_empty() || before.ends_with([' ', '\t', '('])) {
            continue;
        }
        // A receiver stands before the name in Go.
        let after = after.trim_start();
        let after = match after.strip_prefix('(') {
            Some(receiver) => receiver.split_once(')')?.1.trim_start(),
            None => after,
        };
        let end = after
            .find(|c: char| !is_name(c) && c != '.')
            .unwrap_or(after.len());
        let name = after[..end].trim_start_matches("self.");
        if !name.is_empty() {
            return Some(name.to_owned());
        }
    }
    None
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || "_$?!".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_functions_are_read() {
        let diff = "diff --git a/user.go b/user.go\n--- a/user.go\n+++ b/user.go\n@@ -12 +12,2 @@ func (s *Store) GetUserOrders(id int) {\n-\treturn nil\n+\tvar u *User\n+\treturn u.Orders\n@@ -30,0 +32 @@\n+func added() {}\n";
        let hunks = read(diff);
        let told: Vec<_> = hunks
            .iter()
            .map(|hunk| {
                (
                    hunk.line,
                    hunk.removed,
                    hunk.added,
                    hunk.function.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [(12, 1, 2, Some("GetUserOrders")), (32, 0, 1, Some("added"))]
        );
        assert_eq!(hunks[0].lines.len(), 3);
    }

    #[test]
    fn functions_of_many_languages_are_recognised() {
        for (line, expected) in [
            ("pub(crate) fn load(path: &Path) -> Config {", Some("load")),
            ("    def total(self, items):", Some("total")),
            ("async function render(req) {", Some("render")),
            ("int main(int argc, char **argv)", Some("main")),
            ("  public Order find(long id) {", Some("find")),
            ("    def self.call(env)", Some("call")),
            ("const x = 1;", None),
        ] {
            assert_eq!(name(line).as_deref(), expected, "{line}");
        }
    }
}
