//! Ports that are open and should not be, and ports that should be and are not.

use super::Kind;
use super::rules::Look;

impl Look<'_> {
    /// Compares the ports that are open with those that were declared, by anybody.
    pub(super) fn ports(&mut self) {
        let Some(usage) = self.process.usage.filter(|usage| !usage.pids.is_empty()) else {
            return;
        };
        if usage.listening.is_none() {
            return;
        }
        let hold = self.thresholds.port_for;
        let listening = usage.ports();
        let everybody = || {
            self.facts
                .processes
                .iter()
                .flat_map(|other| other.declared_ports)
        };
        let undeclared: Vec<u16> = listening
            .iter()
            .copied()
            .filter(|port| !everybody().any(|declared| declared == port))
            .collect();
        for port in undeclared {
            let message = format!("listens on port {port}, which nobody declared");
            let figures = vec![("port", f64::from(port))];
            self.tell(
                Kind::UndeclaredPort,
                u64::from(port),
                hold,
                None,
                message,
                figures,
            );
        }
        if self.process.ready_since.is_none() || self.process.listens_elsewhere {
            return;
        }
        for port in self.process.declared_ports {
            if listening.contains(port) {
                continue;
            }
            let message = format!("nobody listens on port {port}, which it declares");
            let figures = vec![("port", f64::from(*port))];
            self.tell(
                Kind::SilentPort,
                u64::from(*port),
                hold,
                None,
                message,
                figures,
            );
        }
    }
}
