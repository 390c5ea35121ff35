//! Values that are not for everybody's eyes.

use std::collections::BTreeSet;
use std::sync::Arc;

use forge_diagnose::mask;

use crate::environment::Environment;
use crate::supervisor::Supervisor;

/// Shown instead of the value of a setting.
pub(crate) const MASK: &str = "********";

/// Shorter values are words that occur anywhere.
const SHORTEST: usize = 6;

/// What everybody's machine has for a password, or a variable for a mode: no secret, but a word that
/// stands in names and messages.
const WORDS: [&str; 22] = [
    "admin123",
    "changeme",
    "default",
    "development",
    "disabled",
    "elastic",
    "enabled",
    "example",
    "localhost",
    "minioadmin",
    "mongodb",
    "mysecretpassword",
    "mysql",
    "password",
    "postgres",
    "postgresql",
    "production",
    "rabbitmq",
    "secret",
    "staging",
    "testing",
    "username",
];

/// The values that must not be told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    pub(crate) fn of(environment: &Environment) -> Self {
        let secret = environment
            .iter()
            .filter(|(name, _)| forge_config::looks_secret(name));
        Secrets::from_values(secret.map(|(_, value)| value.clone()).collect())
    }

    fn from_values(values: BTreeSet<String>) -> Self {
        let secret = |value: &String| value.len() >= SHORTEST && !is_word(value);
        let mut values: Vec<String> = values.into_iter().filter(secret).collect();
        // A value that holds another one goes first.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Secrets(values)
    }

    /// The text without these values, and without what looks like a secret by its form.
    pub(crate) fn mask(&self, text: &str) -> String {
        let mut masked = mask(text).into_owned();
        self.hide(&mut masked);
        masked
    }

    /// The text without these values.
    pub(crate) fn hide(&self, text: &mut String) {
        for value in &self.0 {
            if text.contains(value.as_str()) {
                *text = text.replace(value.as_str(), forge_diagnose::MASK);
            }
        }
    }
}

impl Supervisor {
    /// The values of all variables of all processes whose names look secret.
    pub(crate) fn secrets(&self) -> Secrets {
        let mut values = BTreeSet::new();
        let mut seen: Vec<*const Environment> = Vec::new();
        for (name, managed) in &self.managed {
            // Most processes have the environment of one client.
            let client = Arc::as_ptr(&managed.environment);
            if !seen.contains(&client) {
                seen.push(client);
                let all = managed.environment.iter();
                let secret = all.filter(|(name, _)| forge_config::looks_secret(name));
                values.extend(secret.map(|(_, value)| value.clone()));
            }
            let specs = [self.core.spec(name), self.core.latest_spec(name)];
            for (name, value) in specs.into_iter().flatten().flat_map(|spec| &spec.env) {
                if let (true, Some(value)) = (forge_config::looks_secret(name), value)
                    && let Ok(text) = value.resolve(|name: &str| self.port_of(name))
                {
                    values.insert(text);
                }
            }
        }
        values.retain(|value| !self.managed.contains_key(value));
        Secrets::from_values(values)
    }
}

fn is_word(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    WORDS.binary_search(&lower.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_stand_everywhere_are_no_secrets() {
        assert!(WORDS.is_sorted());
        let pairs = [
            ("POSTGRES_PASSWORD", "postgres"),
            ("APP_SECRET", "swordfish"),
        ];
        let environment = pairs.map(|(name, value)| (name.to_string(), value.to_string()));
        let secrets = Secrets::of(&environment.into_iter().collect());
        let mut text = "postgres says swordfish".to_string();
        secrets.hide(&mut text);
        assert_eq!(text, "postgres says ••••••");
    }
}
