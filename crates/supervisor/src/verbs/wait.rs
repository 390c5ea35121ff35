//! `wait`: an answer once something has happened.

use std::collections::BTreeMap;

use forge_api::{Problem, WaitAnswer, WaitFor, WaitRequest};

use crate::input::Reply;
use crate::supervisor::Supervisor;
use crate::waiters::{Until, Wait, Waiter};

impl Supervisor {
    pub(crate) fn wait(&mut self, request: WaitRequest, reply: Reply<WaitAnswer>) {
        let names = match self.resolve(std::slice::from_ref(&request.target)) {
            Ok(names) => names,
            Err(problem) => {
                let _ = reply.send(Err(problem));
                return;
            }
        };
        let until = match request.until {
            WaitFor::Ready => Until::Ready,
            WaitFor::Exit => Until::Exit(self.present_runs(&names)),
            WaitFor::Log(pattern) => {
                if let Err(error) = regex::Regex::new(&pattern) {
                    let problem = Problem::usage(format!("log: no regular expression: {error}"));
                    let _ = reply.send(Err(problem));
                    return;
                }
                Until::Log {
                    pattern,
                    scans: BTreeMap::new(),
                    line: None,
                }
            }
        };
        self.next_connection += 1;
        let wait = Wait {
            id: self.next_connection,
            reply,
            names,
            until,
        };
        self.waiters.push(Waiter::wait(wait, request.timeout_ms));
        self.changed();
    }

    /// The runs that are there, or the ones that were there last when they are over already.
    fn present_runs(&self, names: &[String]) -> BTreeMap<String, Option<forge_facts::RunId>> {
        names
            .iter()
            .map(|name| {
                let run = self.core.view(name).and_then(|view| view.run);
                (name.clone(), run)
            })
            .collect()
    }
}
