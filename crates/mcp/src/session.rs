//! What is remembered while one agent is connected.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RoleServer};

use crate::host::{Host, Options};

/// Most places that are remembered; an agent that asks for more different things sees some again.
const PLACES: usize = 200;

/// One agent.
pub(crate) struct Session {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) options: Options,
    /// Where the last look at something ended.
    seen: Mutex<BTreeMap<String, String>>,
}

impl Session {
    pub(crate) fn new(host: Arc<dyn Host>, options: Options) -> Self {
        Session {
            host,
            options,
            seen: Mutex::new(BTreeMap::new()),
        }
    }

    pub(crate) fn host(&self) -> &dyn Host {
        self.host.as_ref()
    }

    /// Where the last look at this ended.
    pub(crate) fn seen(&self, what: &str) -> Option<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(what).cloned()
    }

    /// A look at this has ended here.
    pub(crate) fn remember(&self, what: String, place: String) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= PLACES && !seen.contains_key(&what) {
            seen.pop_first();
        }
        seen.insert(what, place);
    }
}

/// Who calls a tool, and how it is told how far the tool is.
pub(crate) struct Caller {
    /// The agent's name, as it may stand in names of groups.
    pub(crate) agent: String,
    pub(crate) progress: Option<(Peer<RoleServer>, ProgressToken)>,
}

impl Caller {
    /// Tells how far it is, where the agent wants to know; many wait longer then.
    pub(crate) async fn tell(&self, done: usize, total: usize, message: String) {
        if let Some((peer, token)) = &self.progress {
            let progress = ProgressNotificationParam::new(token.clone(), done as f64)
                .with_total(total as f64)
                .with_message(message);
            // An agent that has left needs no progress.
            let _ = peer.notify_progress(progress).await;
        }
    }
}

/// A name as it may stand in names of groups and variables.
pub(crate) fn plain_name(name: &str) -> String {
    let mut plain: String = name
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '.' | '_' | '-' => c,
            'A'..='Z' => c.to_ascii_lowercase(),
            _ => '-',
        })
        .take(60)
        .collect();
    plain = plain.trim_matches('-').to_string();
    match plain.is_empty() {
        true => "agent".to_string(),
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[test]
    fn names_of_agents_become_plain() {
        assert_eq!(plain_name("Claude Code"), "claude-code");
        assert_eq!(plain_name("\u{202e}../x\n"), "..-x");
        assert_eq!(plain_name(""), "agent");
        assert_eq!(plain_name(&"x".repeat(500)).len(), 60);
    }
}
