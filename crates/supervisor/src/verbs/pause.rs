//! `pause` and `resume`: SIGSTOP and SIGCONT to whole trees.

use forge_api::{NamesAnswer, Problem, TargetsRequest};
use forge_core::event::{Event, Status};

use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn pause(
        &mut self,
        request: &TargetsRequest,
        stop: bool,
    ) -> Result<NamesAnswer, Problem> {
        let mut names = self.resolve(&request.targets)?;
        names.retain(|name| {
            self.core.view(name).is_some_and(|view| {
                let paused = view.status == Status::Paused;
                view.pid.is_some() && paused != stop
            })
        });
        let event = match stop {
            true => Event::Pause(names.clone()),
            false => Event::Resume(names.clone()),
        };
        self.tell(event);
        self.remember_now();
        Ok(NamesAnswer { names })
    }
}
