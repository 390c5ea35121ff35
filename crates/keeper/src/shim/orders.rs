//! What a shim does for each order.

use forge_facts::{Fact, LogRules, Order, RunId};

use super::Shim;

impl Shim {
    /// Carries out an order of the supervisor.
    pub(super) fn obey(&mut self, order: Order) {
        match order {
            Order::Launch(launch) => self.launch(&launch),
            Order::Signal { run, signal, scope } => self.signal(run, signal, scope),
            Order::Stop {
                run,
                signal,
                scope,
                timeout_ms,
            } => self.stop(run, signal, scope, timeout_ms),
            Order::Input { run, data, eof } => self.input(run, &data, eof),
            Order::Resize { run, size } => self.resize(run, size),
            Order::Watch => self.watch(),
            Order::Log(rules) => self.new_rules(rules),
            Order::Known(seq) => self.journal.set_known(seq),
            Order::Ping => self.tell(&Fact::Pong),
            Order::Release => {
                if let Some(why) = self.why_not_released() {
                    self.refuse("release", None, why);
                }
            }
        }
    }

    /// Says that an order was not carried out.
    pub(super) fn refuse(&mut self, order: &str, run: Option<RunId>, why: String) {
        let fact = Fact::Refused {
            order: order.to_string(),
            run,
            why,
        };
        self.tell(&fact);
    }

    /// Ends as soon as this turn is over, or says why not.
    pub(super) fn why_not_released(&mut self) -> Option<String> {
        match &self.run {
            Some(run) => Some(format!("run {} is not over", run.id)),
            None => {
                self.released = true;
                None
            }
        }
    }

    /// An order for a run that is over: whoever gave it has missed its end.
    pub(super) fn tell_end_again(&mut self, order: &str, id: RunId) {
        match self.journal.end_of(id) {
            Some((seq, entry)) => self.tell_entry(seq, entry),
            None => self.refuse(order, Some(id), "there is no such run".to_string()),
        }
    }

    fn new_rules(&mut self, rules: LogRules) {
        if let Some(run) = &mut self.run {
            for outlet in &mut run.outlets {
                outlet.channel.log_mut().set_rules(rules);
                let block_max = std::time::Duration::from_millis(rules.block_max_ms);
                outlet.channel.set_block_max(block_max);
            }
        }
        self.change_rules(rules);
    }
}
