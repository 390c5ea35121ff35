//! `why`: why a process is, or is not, up, and where each of its settings came from.

use forge_api::{Because, Problem, WhyAnswer, WhySetting};
use forge_core::event::Outcome;

use crate::secrets::MASK;
use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn why(&self, name: &str, secrets: bool) -> Result<WhyAnswer, Problem> {
        let names = self.resolve(&[name.to_string()])?;
        let [name] = names.as_slice() else {
            return Err(Problem::usage(format!(
                "`{name}` means several processes: {}",
                names.join(", ")
            )));
        };
        let Some(view) = self.core.view(name) else {
            return Err(Problem::unknown(format!("no process `{name}`")));
        };
        let reasons = self.core.why(name, crate::clock::mono());
        let summary = match self.core.outcome(name) {
            Outcome::Ready => view
                .health_detail
                .as_ref()
                .map_or("it runs".to_string(), |(how, _)| format!("it runs: {how}")),
            Outcome::Done => "it has ended well".to_string(),
            Outcome::Pending(what) | Outcome::Failed(what) => what,
            Outcome::Down => "nobody wants it up".to_string(),
        };
        Ok(WhyAnswer {
            name: name.clone(),
            status: view.status.name().to_string(),
            summary,
            because: reasons
                .into_iter()
                .map(|reason| Because {
                    text: reason.text,
                    process: Some(reason.process),
                })
                .collect(),
            settings: self.settings_of(name, secrets),
        })
    }

    /// Where each setting came from, by the file as it is now.
    fn settings_of(&self, name: &str, secrets: bool) -> Vec<WhySetting> {
        let Some((managed, spec)) = self.managed.get(name).zip(self.core.latest_spec(name)) else {
            return Vec::new();
        };
        let Ok(config) = self.load_config(&managed.environment, Some(&spec.profile)) else {
            // A broken file is told by `check`; why it runs does not depend on it.
            return Vec::new();
        };
        let settings = config.origins(&spec.profile, name).into_iter();
        settings
            .map(|setting| WhySetting {
                value: match setting.value {
                    Some(_) if setting.secret && !secrets => MASK.to_string(),
                    Some(value) => value,
                    None => "(removed)".to_string(),
                },
                key: setting.key,
                from: setting.from,
            })
            .collect()
    }
}
