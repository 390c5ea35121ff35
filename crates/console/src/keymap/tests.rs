//! Keys mean one thing, and can be changed.

use crossterm::event::{KeyCode, KeyModifiers};

use super::*;

fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new(code, modifiers)
}

#[test]
fn every_usual_key_is_a_key_and_means_one_thing_in_a_view() {
    for (at, entry) in ENTRIES.iter().enumerate() {
        for key in entry.keys {
            let parsed = Key::parse(key).unwrap();
            let others = ENTRIES[at + 1..]
                .iter()
                .filter(|other| other.places & entry.places != 0);
            for other in others {
                let same = other
                    .keys
                    .iter()
                    .any(|other| Key::parse(other).unwrap() == parsed);
                assert!(!same, "{key}: {} and {}", entry.name, other.name);
            }
        }
    }
}

#[test]
fn keys_can_be_changed_and_then_belong_to_nobody_else() {
    let mut keys = Keymap::default();
    keys.set("stop", &["ctrl-k".into(), "s".into()]).unwrap();
    let s = press(KeyCode::Char('s'), KeyModifiers::NONE);
    let k = press(KeyCode::Char('k'), KeyModifiers::CONTROL);
    assert_eq!(keys.action(&s, PROCESSES), Some(Action::Stop));
    assert_eq!(keys.action(&k, PROCESSES), Some(Action::Stop));
    assert_eq!(keys.action(&s, LOGS), Some(Action::Search));
    assert_eq!(keys.names(Action::Start, PROCESSES), [""; 0]);
    assert!(keys.set("stop", &["hyper-x".into()]).is_err());
    assert!(keys.set("stopp", &["x".into()]).is_err());
}

#[test]
fn shift_is_in_the_character() {
    let keys = Keymap::default();
    let key = press(KeyCode::Char('S'), KeyModifiers::SHIFT);
    assert_eq!(keys.action(&key, PROCESSES), Some(Action::StartAll));
    let key = press(KeyCode::BackTab, KeyModifiers::SHIFT);
    assert_eq!(keys.action(&key, PROCESSES), Some(Action::PreviousView));
    assert_eq!(Key::parse("shift-tab").unwrap().name(), "Shift-Tab");
}
