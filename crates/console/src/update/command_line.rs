//! The line that begins with `/`: typing, completing, the history.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::slash;
use crate::message::Command;
use crate::model::line::{TypedLine, word_start};
use crate::model::{CommandLine, Model};
use crate::setup::Completion;

/// Lines of history that are kept.
const HISTORY: usize = 1000;

/// Opens the line with this text in it.
pub(super) fn open(model: &mut Model, text: &str) -> Vec<Command> {
    model.command = Some(CommandLine {
        line: TypedLine::new(text),
        ..CommandLine::default()
    });
    changed(model)
}

/// Takes a key.
pub(super) fn press(model: &mut Model, key: &KeyEvent) -> Vec<Command> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let Some(command) = &mut model.command else {
        return Vec::new();
    };
    if let Some(waiting) = &mut command.waiting
        && key.code != KeyCode::Esc
    {
        waiting.push(*key);
        return Vec::new();
    }
    match key.code {
        KeyCode::Tab if command.asked => {
            command.waiting = Some(Vec::new());
            return Vec::new();
        }
        KeyCode::Esc => return close(model),
        KeyCode::Char('c' | 'g') if ctrl => return close(model),
        KeyCode::Backspace if command.line.text().is_empty() => return close(model),
        KeyCode::Enter => return enter(model),
        KeyCode::Tab => return choose(model, 1),
        KeyCode::BackTab => return choose(model, -1),
        KeyCode::Up => return recall(model, 1),
        KeyCode::Down => return recall(model, -1),
        KeyCode::Char('p') if ctrl => return recall(model, 1),
        KeyCode::Char('n') if ctrl => return recall(model, -1),
        _ => {}
    }
    if !command.line.key(key) {
        return Vec::new();
    }
    // Who types the slash again means the one that stands there.
    if command.line.text() == "/" {
        command.line = TypedLine::default();
    }
    changed(model)
}

/// The line has changed: other completions, and a search is shown as it is typed.
pub(super) fn changed(model: &mut Model) -> Vec<Command> {
    let Some(command) = &mut model.command else {
        return Vec::new();
    };
    command.error = None;
    command.chosen = None;
    command.recalled = None;
    let before = command.line.before().to_string();
    slash::preview(model, &before);
    offer(model, before)
}

fn offer(model: &mut Model, before: String) -> Vec<Command> {
    let own = slash::complete(model, &before);
    let Some(command) = &mut model.command else {
        return Vec::new();
    };
    let asks = slash::is_grammar(&before);
    command.completions = own;
    command.asked = asks;
    if asks {
        vec![Command::Complete(before)]
    } else {
        Vec::new()
    }
}

/// Completions have been found for a line; for a former one they are of no use.
pub(super) fn completions(model: &mut Model, line: &str, found: Vec<Completion>) -> Vec<Command> {
    let mut keys = None;
    if let Some(command) = &mut model.command
        && command.line.before() == line
    {
        command.asked = false;
        keys = command.waiting.take();
        let new = found.into_iter().filter(|one| !one.value.is_empty());
        for one in new.take(500) {
            if !command
                .completions
                .iter()
                .any(|known| known.value == one.value)
            {
                command.completions.push(one);
            }
        }
    }
    let Some(keys) = keys else { return Vec::new() };
    let mut commands = choose(model, 1);
    for key in keys {
        commands.extend(super::keys::press(model, &key));
    }
    commands
}

/// Puts the next completion into the line; the only one is followed by a blank.
fn choose(model: &mut Model, by: isize) -> Vec<Command> {
    let Some(command) = &mut model.command else {
        return Vec::new();
    };
    let count = command.completions.len();
    match count {
        0 => Vec::new(),
        1 => {
            let value = command.completions[0].value.clone();
            let blank = if value.ends_with('/') || value.ends_with('=') {
                ""
            } else {
                " "
            };
            command.line.replace_word(&format!("{value}{blank}"));
            changed(model)
        }
        _ => {
            let shared = shared_beginning(&command.completions);
            let word = command.line.before()[word_start(command.line.before())..].to_string();
            if command.chosen.is_none() && shared.len() > word.len() && shared.starts_with(&word) {
                command.line.replace_word(&shared);
                return changed(model);
            }
            let at = match command.chosen {
                Some(at) => (at as isize + by).rem_euclid(count as isize) as usize,
                None if by < 0 => count - 1,
                None => 0,
            };
            command.chosen = Some(at);
            let value = command.completions[at].value.clone();
            command.line.replace_word(&value);
            Vec::new()
        }
    }
}

fn shared_beginning(all: &[Completion]) -> String {
    let mut shared = all.first().map(|one| one.value.clone()).unwrap_or_default();
    for one in all {
        let same = shared
            .chars()
            .zip(one.value.chars())
            .take_while(|(a, b)| a == b);
        let length = same.map(|(c, _)| c.len_utf8()).sum();
        shared.truncate(length);
    }
    shared
}

fn recall(model: &mut Model, by: isize) -> Vec<Command> {
    let history = &model.history;
    let Some(command) = &mut model.command else {
        return Vec::new();
    };
    let next = match command.recalled {
        None if by > 0 => Some(0),
        None => return Vec::new(),
        Some(at) => at.checked_add_signed(by),
    };
    if command.recalled.is_none() {
        command.own = command.line.text().to_string();
    }
    let text = match next {
        Some(at) => match history.iter().rev().nth(at) {
            Some(line) => line.clone(),
            None => return Vec::new(),
        },
        None => command.own.clone(),
    };
    command.recalled = next;
    command.line = TypedLine::new(&text);
    command.completions.clear();
    command.error = None;
    Vec::new()
}

fn enter(model: &mut Model) -> Vec<Command> {
    let Some(command) = &mut model.command else {
        return Vec::new();
    };
    // A completion that was chosen is in the line already.
    let text = command
        .line
        .text()
        .trim()
        .trim_start_matches('/')
        .to_string();
    if text.is_empty() {
        return close(model);
    }
    match slash::run(model, &text) {
        Ok(mut commands) => {
            model.command = None;
            if model.history.last() != Some(&text) {
                model.history.retain(|line| *line != text);
                model.history.push(text.clone());
                let over = model.history.len().saturating_sub(HISTORY);
                model.history.drain(..over);
                commands.push(Command::Remember(text));
            }
            commands
        }
        Err(mistake) => {
            if let Some(command) = &mut model.command {
                command.error = Some(mistake);
            }
            Vec::new()
        }
    }
}

fn close(model: &mut Model) -> Vec<Command> {
    model.command = None;
    Vec::new()
}
