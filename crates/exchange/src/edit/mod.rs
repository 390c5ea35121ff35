//! Writes a profile into the text of `.forge/processes.yml`: whole lines are put in, taken out or
//! replaced, every other byte stays as it is.

mod layout;
mod proof;

use std::collections::BTreeSet;
use std::fmt;

use crate::draft::Draft;
use layout::{Item, Layout, Place};

/// Indentation of the items of a profile that is written anew.
const INDENT: usize = 2;

/// What happens to a profile that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How<'a> {
    /// Processes are added behind those that are there; none may have the name of another.
    Append,
    /// The profile holds these processes afterwards and no others. The text of those named here stays
    /// as it is.
    Replace {
        /// Names of processes that have not changed.
        unchanged: &'a BTreeSet<String>,
    },
}

/// Why a file was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditError {
    /// The file as it is cannot be read.
    Unreadable {
        /// The line.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// Processes of these names are there already.
    Exists(Vec<String>),
    /// It is written in a way that cannot be changed line by line.
    Form(String),
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EditError::Unreadable { line, why } => write!(f, "line {line}: {why}"),
            EditError::Exists(names) => write!(
                f,
                "the profile has processes of these names already: {}",
                names.join(", ")
            ),
            EditError::Form(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for EditError {}

/// A profile as text of its own.
pub(crate) fn profile_text(profile: &str, drafts: &[Draft]) -> String {
    let key = crate::emit::scalar(profile, false);
    match drafts.is_empty() {
        true => format!("{key}: []\n"),
        false => format!("{key}:\n{}", items_text(drafts, INDENT, false)),
    }
}

fn items_text(drafts: &[Draft], indent: usize, spaced: bool) -> String {
    let mut text = String::new();
    for (at, draft) in drafts.iter().enumerate() {
        if at > 0 && spaced {
            text.push('\n');
        }
        text.push_str(&draft.text(indent));
    }
    text
}

/// The text of the file with these processes as a profile.
///
/// # Errors
///
/// The file is no valid YAML, has such processes already, or cannot be changed without touching more.
pub fn save(
    existing: &str,
    profile: &str,
    drafts: &[Draft],
    how: How<'_>,
) -> Result<String, EditError> {
    let layout = Layout::of(existing)?;
    let text = match layout.place(profile)? {
        Place::Nowhere => append_profile(&layout, profile, drafts),
        Place::Empty { key_line } => fill_profile(&layout, key_line, profile, drafts),
        Place::Flow { lines, names } => match how {
            How::Append => append_to_flow(&layout, &lines, &names, drafts)?,
            How::Replace { .. } => {
                let block = profile_text(profile, drafts);
                layout.with(lines, &block)
            }
        },
        Place::Block { items, indent } => match how {
            How::Append => append_items(&layout, &items, indent, drafts)?,
            How::Replace { unchanged } => {
                replace_items(&layout, profile, &items, indent, drafts, unchanged)
            }
        },
    };
    proof::check(existing, &text, profile, drafts, how)?;
    Ok(text)
}

fn append_profile(layout: &Layout<'_>, profile: &str, drafts: &[Draft]) -> String {
    let end = layout.end_line();
    let gap = match layout.is_blank_before(end) {
        true => "",
        false => "\n",
    };
    let block = format!("{gap}{}", profile_text(profile, drafts));
    layout.with(end..end, &block)
}

fn fill_profile(layout: &Layout<'_>, key_line: usize, profile: &str, drafts: &[Draft]) -> String {
    let line = layout.line(key_line);
    let comment = line
        .find(" #")
        .map(|at| line[at..].trim_end())
        .unwrap_or("");
    let block = profile_text(profile, drafts);
    let (first, rest) = block.split_once('\n').unwrap_or((&block, ""));
    layout.with(key_line..key_line + 1, &format!("{first}{comment}\n{rest}"))
}

fn clashes<'a>(
    names: impl IntoIterator<Item = &'a str>,
    drafts: &[Draft],
) -> Result<(), EditError> {
    let known: BTreeSet<&str> = names.into_iter().collect();
    let clashes: Vec<String> = drafts
        .iter()
        .filter(|draft| known.contains(draft.name.as_str()))
        .map(|draft| draft.name.clone())
        .collect();
    match clashes.is_empty() {
        true => Ok(()),
        false => Err(EditError::Exists(clashes)),
    }
}

fn append_to_flow(
    layout: &Layout<'_>,
    lines: &std::ops::Range<usize>,
    names: &[String],
    drafts: &[Draft],
) -> Result<String, EditError> {
    clashes(names.iter().map(String::as_str), drafts)?;
    let text = layout.text(lines.clone());
    let at = text
        .rfind(']')
        .ok_or_else(|| EditError::Form("the end of the profile's list is not found".into()))?;
    let more: Vec<String> = drafts
        .iter()
        .map(|draft| crate::emit::flow(&draft.value()))
        .collect();
    let comma = match names.is_empty() || text[..at].trim_end().ends_with(',') {
        true => "",
        false => ", ",
    };
    let changed = format!("{}{comma}{}{}", &text[..at], more.join(", "), &text[at..]);
    Ok(layout.with(lines.clone(), &changed))
}

fn append_items(
    layout: &Layout<'_>,
    items: &[Item],
    indent: usize,
    drafts: &[Draft],
) -> Result<String, EditError> {
    clashes(items.iter().map(|item| item.name.as_str()), drafts)?;
    let end = items.last().map_or(0, |item| item.lines.end);
    let spaced = layout.spaced(items);
    let mut block = items_text(drafts, indent, spaced);
    if spaced {
        block.insert(0, '\n');
    }
    Ok(layout.with(end..end, &block))
}

fn replace_items(
    layout: &Layout<'_>,
    profile: &str,
    items: &[Item],
    indent: usize,
    drafts: &[Draft],
    unchanged: &BTreeSet<String>,
) -> String {
    let spaced = layout.spaced(items);
    let find = |name: &str| drafts.iter().find(|draft| draft.name == name);
    if drafts.is_empty() {
        let (Some(first), Some(last)) = (items.first(), items.last()) else {
            return layout.with(0..0, "");
        };
        let lines = layout.key_line(profile)..last.lines.end;
        debug_assert!(lines.start < first.lines.start);
        return layout.with(lines, &profile_text(profile, drafts));
    }
    // From the end, so that the lines above keep their numbers.
    let mut changes: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    for item in items {
        match find(&item.name) {
            Some(_) if unchanged.contains(&item.name) => {}
            Some(draft) => {
                let bare = Draft {
                    comments: Vec::new(),
                    ..draft.clone()
                };
                changes.push((item.lines.clone(), bare.text(indent)));
            }
            None => changes.push((layout.with_comments(item), String::new())),
        }
    }
    let known: BTreeSet<&str> = items.iter().map(|item| item.name.as_str()).collect();
    let new: Vec<Draft> = drafts
        .iter()
        .filter(|draft| !known.contains(draft.name.as_str()))
        .cloned()
        .collect();
    if let (Some(last), false) = (items.last(), new.is_empty()) {
        let gap = if spaced { "\n" } else { "" };
        let block = format!("{gap}{}", items_text(&new, indent, spaced));
        changes.push((last.lines.end..last.lines.end, block));
    }
    layout.with_all(changes)
}

#[cfg(test)]
mod tests;
