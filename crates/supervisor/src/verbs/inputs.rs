//! `send`, and what `attach` types; the size of a terminal.

use forge_api::{InputRequest, NamesAnswer, Problem, ResizeRequest};
use forge_facts::{Order, TerminalSize};

use crate::supervisor::Supervisor;

/// What one request may carry; more comes in several.
const MOST: usize = 1 << 20;

impl Supervisor {
    pub(crate) fn input(&mut self, request: InputRequest) -> Result<NamesAnswer, Problem> {
        let names = self.live_targets(&request.target)?;
        let mut data = request.text.into_bytes();
        data.extend(request.bytes);
        if data.len() > MOST {
            return Err(Problem::usage(format!(
                "{} bytes are too many for one request; send at most {MOST}",
                data.len()
            )));
        }
        let mut reached = Vec::new();
        for name in names {
            let Some(managed) = self.managed.get(&name) else {
                continue;
            };
            if managed.adopted.is_some() {
                return Err(Problem::failed(format!(
                    "{name} was taken over while it ran: its input is not Forge's"
                )));
            }
            if let Some(run) = managed.present {
                managed.order(Order::Input {
                    run,
                    data: data.clone(),
                    eof: request.eof,
                });
                reached.push(name);
            }
        }
        Ok(NamesAnswer { names: reached })
    }

    pub(crate) fn resize(&mut self, request: &ResizeRequest) -> Result<NamesAnswer, Problem> {
        let names = self.live_targets(&request.target)?;
        let size = TerminalSize {
            rows: request.rows.clamp(1, 10_000),
            cols: request.cols.clamp(1, 10_000),
        };
        for name in &names {
            let Some(managed) = self.managed.get_mut(name) else {
                continue;
            };
            managed.terminal = size;
            if let Some(run) = managed.present {
                managed.order(Order::Resize { run, size });
            }
        }
        self.remember_soon();
        Ok(NamesAnswer { names })
    }
}
