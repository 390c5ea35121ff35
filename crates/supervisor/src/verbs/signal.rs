//! `signal`: one signal for what the command started, or for its tree.

use forge_api::{NamesAnswer, Problem, SignalRequest};
use forge_facts::{Order, Scope};

use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn signal(&mut self, request: &SignalRequest) -> Result<NamesAnswer, Problem> {
        let Some(signal) = forge_config::signal_number(&request.signal) else {
            return Err(Problem::usage(format!(
                "`{}` is no signal",
                request.signal.escape_debug()
            ))
            .with_hint("`USR1`, `SIGUSR1` and `10` name the same one"));
        };
        let names = self.live_targets(&request.target)?;
        let scope = match request.tree {
            true => Scope::Tree,
            false => Scope::Leader,
        };
        for name in &names {
            let Some(managed) = self.managed.get(name) else {
                continue;
            };
            let Some(run) = managed.present else { continue };
            match &managed.adopted {
                Some(adopted) => adopted.signal(signal, scope),
                None => managed.order(Order::Signal { run, signal, scope }),
            }
        }
        Ok(NamesAnswer { names })
    }

    /// What a target means of what lives.
    ///
    /// # Errors
    ///
    /// It means nothing (3), or nothing that lives (1).
    pub(crate) fn live_targets(&self, target: &str) -> Result<Vec<String>, Problem> {
        let mut names = self.resolve(&[target.to_string()])?;
        names.retain(|name| self.core.view(name).is_some_and(|view| view.pid.is_some()));
        if names.is_empty() {
            return Err(Problem::failed(format!("{target} does not run"))
                .with_hint(format!("`forge dev start {target}` starts it")));
        }
        Ok(names)
    }
}
