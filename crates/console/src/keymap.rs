//! What can be done by a key, by which key, and where. Help, footer and settings read the same table.

mod key;
mod table;

#[cfg(test)]
mod tests;

use crossterm::event::KeyEvent;

use key::Key;
pub(crate) use table::{
    ALL, Action, ENTRIES, EVENTS, Entry, GRAPH, LOGS, MONITOR, PORTS, PROCESSES, Places,
};

/// Which key does what.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Keymap {
    /// The keys of each entry of [`ENTRIES`].
    keys: Vec<Vec<Key>>,
}

impl Default for Keymap {
    fn default() -> Self {
        let usual = |entry: &Entry| {
            entry
                .keys
                .iter()
                .filter_map(|key| Key::parse(key).ok())
                .collect()
        };
        Keymap {
            keys: ENTRIES.iter().map(usual).collect(),
        }
    }
}

impl Keymap {
    /// Gives an action other keys. They are taken from others that have them in the same place.
    ///
    /// # Errors
    ///
    /// An unknown action or key.
    pub(crate) fn set(&mut self, name: &str, keys: &[String]) -> Result<(), String> {
        let at = ENTRIES.iter().position(|entry| entry.name == name);
        let at =
            at.ok_or_else(|| format!("`{name}` is no action; `?` in the console lists them"))?;
        let keys = keys
            .iter()
            .map(|key| Key::parse(key))
            .collect::<Result<Vec<_>, _>>()?;
        for (other, taken) in self.keys.iter_mut().enumerate() {
            if ENTRIES[other].places & ENTRIES[at].places != 0 {
                taken.retain(|key| !keys.contains(key));
            }
        }
        self.keys[at] = keys;
        Ok(())
    }

    /// What this key does in a view.
    pub(crate) fn action(&self, event: &KeyEvent, place: Places) -> Option<Action> {
        let key = Key::of(event);
        let found = ENTRIES.iter().zip(&self.keys);
        let mut found =
            found.filter(|(entry, keys)| entry.places & place != 0 && keys.contains(&key));
        found.next().map(|(entry, _)| entry.action)
    }

    /// The names of the keys of an action.
    pub(crate) fn names(&self, action: Action, place: Places) -> Vec<String> {
        let mut found = ENTRIES.iter().zip(&self.keys);
        let found = found.find(|(entry, _)| entry.action == action && entry.places & place != 0);
        found
            .map(|(_, keys)| keys.iter().map(|key| key.name()).collect())
            .unwrap_or_default()
    }
}
