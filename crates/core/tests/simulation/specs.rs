//! The processes of a history: a few, some of which need others.

use std::time::Duration;

use forge_core::spec::{
    CommandSpec, Condition, Dependency, HealthCheck, OnDown, Probe, ProcessSpec, RestartPolicy,
};
use forge_core::template::Template;

use crate::chance::Chance;

pub(crate) fn some(chance: &mut Chance) -> Vec<ProcessSpec> {
    let mut specs: Vec<ProcessSpec> = Vec::new();
    for place in 0..chance.between(1, 5) {
        let command = CommandSpec::Shell(Template::text("run"));
        let mut spec = ProcessSpec::new("dev", &format!("p{place}"), command, "/".into());
        match chance.below(4) {
            0 => {
                spec.oneshot = true;
                spec.restart.policy = RestartPolicy::Never;
            }
            1 => spec.health_check = Some(HealthCheck::new(Probe::Notify)),
            _ => {}
        }
        if !spec.oneshot {
            let policies = [
                RestartPolicy::OnFailure,
                RestartPolicy::Always,
                RestartPolicy::Never,
            ];
            spec.restart.policy = policies[chance.below(3)];
        }
        spec.restart.delay = Duration::from_secs([0, 1, 5][chance.below(3)]);
        spec.restart.max_restarts = chance.below(4) as u32;
        for on in &specs {
            if chance.below(3) != 0 {
                continue;
            }
            let condition = match (on.oneshot, chance.below(2)) {
                (true, 0) => Condition::Completed,
                (true, _) => Condition::Exited,
                (false, 0) => Condition::Started,
                (false, _) => Condition::Healthy,
            };
            let on_down = [OnDown::Ignore, OnDown::Restart, OnDown::Stop][chance.below(3)];
            let on = on.name.clone();
            spec.depends_on.push(Dependency {
                on,
                condition,
                on_down,
            });
        }
        specs.push(spec);
    }
    specs
}
