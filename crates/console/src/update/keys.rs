//! Who gets a key: the attached terminal, what stands above the view, the command line, the view.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{actions, command_line, dialogs};
use crate::keymap::Action;
use crate::message::Command;
use crate::model::Model;
use crate::model::screen::encode;

pub(super) fn press(model: &mut Model, key: &KeyEvent) -> Vec<Command> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    if model.screen.is_some() {
        return attached(model, key);
    }
    if let Some((first, second)) = escaped(model, key) {
        let mut commands = press(model, &first);
        commands.extend(press(model, &second));
        return commands;
    }
    let action = model.keys.action(key, model.view.place());
    if matches!(action, Some(Action::Suspend | Action::Redraw)) {
        return action
            .map(|action| actions::act(model, action))
            .unwrap_or_default();
    }
    if model.command.is_some() {
        return command_line::press(model, key);
    }
    if model.dialog.is_some() {
        return dialogs::press(model, key);
    }
    match action {
        Some(action) => actions::act(model, action),
        None => Vec::new(),
    }
}

/// Esc and a character that come at once look like one key with Alt. Where that means nothing, the two
/// are meant.
fn escaped(model: &Model, key: &KeyEvent) -> Option<(KeyEvent, KeyEvent)> {
    let KeyCode::Char(c) = key.code else {
        return None;
    };
    let edits = model.command.is_some() && matches!(c, 'b' | 'f');
    let bound = model.keys.action(key, model.view.place()).is_some();
    if !key.modifiers.contains(KeyModifiers::ALT) || edits || bound {
        return None;
    }
    let rest = KeyEvent::new(key.code, key.modifiers - KeyModifiers::ALT);
    Some((KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), rest))
}

/// Pasted text goes where keys go that are typed.
pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Command> {
    if let Some(screen) = &mut model.screen {
        if !screen.tty {
            screen.line.insert(text);
            return Vec::new();
        }
        let bytes = match screen.parser.screen().bracketed_paste() {
            true => format!("\u{1b}[200~{text}\u{1b}[201~").into_bytes(),
            false => text.replace('\n', "\r").into_bytes(),
        };
        let target = screen.process.clone();
        return vec![Command::Input {
            target,
            bytes,
            eof: false,
        }];
    }
    match &mut model.command {
        Some(command) => {
            command.line.insert(text);
            command_line::changed(model)
        }
        None => Vec::new(),
    }
}

fn attached(model: &mut Model, key: &KeyEvent) -> Vec<Command> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let leaves = ctrl && matches!(key.code, KeyCode::Char(']' | '5'));
    let Some(screen) = &mut model.screen else {
        return Vec::new();
    };
    if leaves || screen.ended.is_some() {
        let name = screen.process.clone();
        let ended = screen.ended.is_some();
        model.screen = None;
        if !ended {
            model.say(format!("left {name}; it runs on"));
        }
        return vec![Command::Detach, Command::Redraw];
    }
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let page = isize::try_from(screen.parser.screen().size().0.get()).unwrap_or(10);
    match key.code {
        KeyCode::PageUp if shift => screen.scroll(page),
        KeyCode::PageDown if shift => screen.scroll(-page),
        _ => {
            screen.scroll(isize::MIN);
            return type_into(screen, key);
        }
    }
    Vec::new()
}

fn type_into(screen: &mut crate::model::screen::Screen, key: &KeyEvent) -> Vec<Command> {
    let target = screen.process.clone();
    if screen.tty {
        let bytes = encode(key, screen.parser.screen().application_cursor());
        if bytes.is_empty() {
            return Vec::new();
        }
        return vec![Command::Input {
            target,
            bytes,
            eof: false,
        }];
    }
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => {
            let text = format!("{}\n", std::mem::take(&mut screen.line).text());
            screen.write(text.as_bytes());
            vec![Command::Input {
                target,
                bytes: text.into_bytes(),
                eof: false,
            }]
        }
        KeyCode::Char('d') if ctrl => vec![Command::Input {
            target,
            bytes: Vec::new(),
            eof: true,
        }],
        _ => {
            screen.line.key(key);
            Vec::new()
        }
    }
}
