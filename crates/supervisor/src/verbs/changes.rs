//! `changes`: what changed since the last healthy run. Git is asked beside the loop.

use forge_api::Problem;

use crate::crash::Compared;
use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn changes(&self, name: &str) -> Result<Compared, Problem> {
        let names = self.resolve(&[name.to_string()])?;
        let [name] = names.as_slice() else {
            return Err(Problem::usage(format!(
                "`{name}` means several processes: {}",
                names.join(", ")
            )));
        };
        self.compared(name)
            .ok_or_else(|| Problem::unknown(format!("no process `{name}`")))
    }
}
