//! The user's file: other keys, another theme. What it gets wrong is told, the rest applies.

use std::collections::BTreeMap;
use std::path::Path;

use crate::keymap::Keymap;
use crate::theme::ThemeName;

/// What the user has chosen.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Settings {
    pub(crate) keys: Keymap,
    pub(crate) theme: ThemeName,
    /// What is wrong with the file.
    pub(crate) mistakes: Vec<String>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    theme: Option<String>,
    keys: BTreeMap<String, Keys>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    Many(Vec<String>),
}

impl Settings {
    /// Reads the file; `FORGE_THEME` and a terminal without colours win over it.
    pub(crate) fn read(path: &Path, colour: bool) -> Self {
        let mut settings = match std::fs::read_to_string(path) {
            Ok(text) => Settings::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Settings::default(),
            Err(error) => Settings {
                mistakes: vec![error.to_string()],
                ..Settings::default()
            },
        };
        for mistake in &mut settings.mistakes {
            *mistake = format!("{}: {mistake}", path.display());
        }
        if let Some(name) = std::env::var_os("FORGE_THEME") {
            let name = name.to_string_lossy();
            match ThemeName::named(&name) {
                Some(theme) => settings.theme = theme,
                None => settings.mistakes.push(no_theme(&name)),
            }
        }
        if !colour {
            settings.theme = ThemeName::None;
        }
        settings
    }

    fn parse(text: &str) -> Self {
        let mut settings = Settings::default();
        let file: File = match toml::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                let first = error.message().lines().next().unwrap_or_default();
                settings.mistakes.push(first.to_string());
                return settings;
            }
        };
        if let Some(name) = file.theme {
            match ThemeName::named(&name) {
                Some(theme) => settings.theme = theme,
                None => settings.mistakes.push(no_theme(&name)),
            }
        }
        for (action, keys) in file.keys {
            let keys = match keys {
                Keys::One(key) => vec![key],
                Keys::Many(keys) => keys,
            };
            if let Err(mistake) = settings.keys.set(&action, &keys) {
                settings.mistakes.push(mistake);
            }
        }
        settings
    }
}

fn no_theme(name: &str) -> String {
    format!("`{name}` is no theme: terminal, dark, light or none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_theme_are_taken_and_mistakes_told() {
        let settings =
            Settings::parse("theme = \"light\"\n[keys]\nstop = \"ctrl-k\"\nflly = [\"x\"]\n");
        assert_eq!(settings.theme, ThemeName::Light);
        assert_eq!(settings.mistakes.len(), 1, "{:?}", settings.mistakes);
        assert!(settings.mistakes[0].contains("flly"));
        assert_eq!(Settings::parse("theme = 3").mistakes.len(), 1);
        assert_eq!(Settings::parse("them = \"x\"").mistakes.len(), 1);
        assert_eq!(Settings::parse(""), Settings::default());
    }
}
