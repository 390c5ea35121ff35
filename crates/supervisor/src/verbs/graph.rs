//! `graph`: who needs whom.

use forge_api::{GraphAnswer, GraphNode, Problem};
use forge_core::spec::Condition;

use crate::supervisor::Supervisor;

impl Supervisor {
    pub(crate) fn graph(&self, profile: Option<&str>) -> Result<GraphAnswer, Problem> {
        if let Some(profile) = profile
            && !self.profiles.iter().any(|known| known == profile)
        {
            return Err(
                Problem::usage(format!("profile `{profile}` was not started"))
                    .with_hint(format!("`forge dev start -p {profile}` starts it")),
            );
        }
        let levels = self.core.order().into_iter().enumerate();
        let nodes = levels.flat_map(|(level, names)| {
            names.into_iter().filter_map(move |name| {
                let spec = self.core.latest_spec(&name)?;
                if profile.is_some_and(|profile| spec.profile != profile) {
                    return None;
                }
                let view = self.core.view(&name)?;
                let needs = spec.depends_on.iter();
                Some(GraphNode {
                    needs: needs
                        .map(|need| (need.on.clone(), word(&need.condition)))
                        .collect(),
                    status: view.status.name().to_string(),
                    level,
                    name,
                })
            })
        });
        Ok(GraphAnswer {
            nodes: nodes.collect(),
        })
    }
}

fn word(condition: &Condition) -> String {
    match condition {
        Condition::Started => "started".to_string(),
        Condition::Healthy => "healthy".to_string(),
        Condition::Completed => "completed".to_string(),
        Condition::Exited => "exited".to_string(),
        Condition::Log(pattern) => format!("log={}", pattern.0),
    }
}
