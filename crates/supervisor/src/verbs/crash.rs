//! `crashes`, `crash` and `crash revert`: whose reports are meant. They are files, read beside the loop.

use forge_api::Problem;

use crate::crash::Store;
use crate::input::Reply;
use crate::supervisor::Supervisor;

/// Where reports lie, and which processes are meant.
pub(crate) struct CrashPlace {
    pub(crate) layout: forge_facts::layout::Layout,
    pub(crate) names: Meant,
}

/// Processes whose reports are meant.
pub(crate) enum Meant {
    All,
    These(Vec<String>),
    /// Nobody knows this name any more; there may be reports of it.
    Former(String, Problem),
}

impl Meant {
    /// Whether this one is meant.
    pub(crate) fn is(&self, process: &str) -> bool {
        match self {
            Meant::All => true,
            Meant::These(names) => names.iter().any(|name| name == process),
            Meant::Former(name, _) => name == process,
        }
    }
}

impl CrashPlace {
    pub(crate) fn store(&self) -> Store {
        Store::of(&self.layout)
    }

    /// Why there is no report.
    pub(crate) fn nothing(&self, id: Option<u64>) -> Problem {
        match (&self.names, id) {
            (Meant::Former(_, unknown), _) => unknown.clone(),
            (Meant::All, None) => Problem::unknown("nothing has crashed here"),
            (Meant::All, Some(id)) => Problem::unknown(format!("there is no crash {id}")),
            (Meant::These(names), None) => {
                Problem::unknown(format!("no crash of {} is known", names.join(", ")))
            }
            (Meant::These(names), Some(id)) => {
                Problem::unknown(format!("there is no crash {id} of {}", names.join(", ")))
            }
        }
    }
}

impl Supervisor {
    pub(crate) fn crash_place(&self, name: Option<String>) -> CrashPlace {
        let names = match name {
            None => Meant::All,
            Some(name) => match self.resolve(std::slice::from_ref(&name)) {
                Ok(names) => Meant::These(names),
                Err(unknown) => Meant::Former(name, unknown),
            },
        };
        CrashPlace {
            layout: self.layout.clone(),
            names,
        }
    }

    /// The same once the report that is meant is finished.
    pub(crate) fn finished_crash(
        &mut self,
        name: Option<String>,
        id: Option<u64>,
        reply: Reply<()>,
    ) {
        let place = self.crash_place(name);
        let known = self.managed.keys().cloned();
        let names: Vec<String> = known.filter(|name| place.names.is(name)).collect();
        self.crashes.when_finished(id, &names, reply);
    }
}
