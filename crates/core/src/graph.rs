//! Who needs whom: edges both ways, an order in which dependencies come first, and levels.
//!
//! Files are checked for cycles before they get here. Should one come all the same, its edges that
//! point against the order are *loops*: they are never met, and nothing waits or recurses on them.

use std::collections::HashMap;

use crate::spec::{Condition, ProcessSpec};

/// One need of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The process at this place.
    Known(usize),
    /// No process has that name.
    Missing,
    /// Part of a cycle.
    Loop,
}

/// The graph of a workspace. Places are those of the slots that it was built from.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// For each process the targets of its `depends_on`, in the same order.
    pub(crate) needs: Vec<Vec<Target>>,
    /// For each process who needs it: place of the dependent, place of the edge in its list.
    pub(crate) needed_by: Vec<Vec<(usize, usize)>>,
    /// All places, dependencies before dependents.
    pub(crate) order: Vec<usize>,
    /// For each process how many steps it is above one that needs nothing.
    pub(crate) level: Vec<usize>,
    /// For each process whether somebody waits for a line of its output.
    pub(crate) listened_to: Vec<bool>,
}

impl Graph {
    /// The graph of these processes; `index` tells the place of a name.
    pub(crate) fn new(specs: &[&ProcessSpec], index: &HashMap<String, usize>) -> Self {
        let count = specs.len();
        let mut graph = Graph {
            needs: Vec::with_capacity(count),
            needed_by: vec![Vec::new(); count],
            order: Vec::with_capacity(count),
            level: vec![0; count],
            listened_to: vec![false; count],
        };
        for (place, spec) in specs.iter().enumerate() {
            let mut targets = Vec::with_capacity(spec.depends_on.len());
            for (edge, dependency) in spec.depends_on.iter().enumerate() {
                let Some(&target) = index.get(&dependency.on) else {
                    targets.push(Target::Missing);
                    continue;
                };
                targets.push(Target::Known(target));
                graph.needed_by[target].push((place, edge));
                if let Condition::Log(_) = dependency.condition {
                    graph.listened_to[target] = true;
                }
            }
            graph.needs.push(targets);
        }
        graph.sort();
        graph
    }

    /// Kahn's algorithm; ties keep the order of definition.
    fn sort(&mut self) {
        let count = self.needs.len();
        let mut open: Vec<usize> = self.needs.iter().map(|targets| known(targets)).collect();
        let mut placed = vec![false; count];
        let mut ready: std::collections::BinaryHeap<std::cmp::Reverse<usize>> = (0..count)
            .filter(|place| open[*place] == 0)
            .map(std::cmp::Reverse)
            .collect();
        let mut unplaced = 0;
        while self.order.len() < count {
            let place = match ready.pop() {
                Some(std::cmp::Reverse(place)) => place,
                None => {
                    while placed[unplaced] {
                        unplaced += 1;
                    }
                    self.break_loop(unplaced, &placed);
                    unplaced
                }
            };
            if std::mem::replace(&mut placed[place], true) {
                continue;
            }
            self.order.push(place);
            self.level[place] = self.height(place);
            for (dependent, _) in &self.needed_by[place] {
                open[*dependent] = open[*dependent].saturating_sub(1);
                if open[*dependent] == 0 && !placed[*dependent] {
                    ready.push(std::cmp::Reverse(*dependent));
                }
            }
        }
    }

    fn height(&self, place: usize) -> usize {
        let below = self.needs[place].iter().filter_map(|target| match target {
            Target::Known(target) => Some(self.level[*target] + 1),
            Target::Missing | Target::Loop => None,
        });
        below.max().unwrap_or(0)
    }

    /// Turns the needs of `place` that have no place in the order yet into loops.
    fn break_loop(&mut self, place: usize, placed: &[bool]) {
        for edge in 0..self.needs[place].len() {
            let Target::Known(target) = self.needs[place][edge] else {
                continue;
            };
            if !placed[target] {
                self.needs[place][edge] = Target::Loop;
                self.needed_by[target].retain(|by| *by != (place, edge));
            }
        }
    }
}

fn known(targets: &[Target]) -> usize {
    let known = |target: &&Target| matches!(target, Target::Known(_));
    targets.iter().filter(known).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{CommandSpec, Dependency, OnDown};
    use crate::template::Template;

    fn graph(text: &str) -> (Graph, Vec<String>) {
        let specs: Vec<ProcessSpec> = text
            .split_whitespace()
            .map(|word| {
                let (name, needs) = word.split_once(':').unwrap_or((word, ""));
                let command = CommandSpec::Shell(Template::text("true"));
                let mut spec = ProcessSpec::new("dev", name, command, "/".into());
                spec.depends_on = needs
                    .split(',')
                    .filter(|on| !on.is_empty())
                    .map(|on| Dependency {
                        on: on.to_string(),
                        condition: Condition::Healthy,
                        on_down: OnDown::Ignore,
                    })
                    .collect();
                spec
            })
            .collect();
        let names: Vec<String> = specs.iter().map(|spec| spec.name.clone()).collect();
        let index = names.iter().cloned().zip(0..).collect();
        (Graph::new(&specs.iter().collect::<Vec<_>>(), &index), names)
    }

    fn order(text: &str) -> String {
        let (graph, names) = graph(text);
        let names: Vec<&str> = graph.order.iter().map(|p| names[*p].as_str()).collect();
        names.join(" ")
    }

    #[test]
    fn dependencies_come_first_and_ties_keep_the_order_of_the_file() {
        assert_eq!(order("web:api api:db,cache cache db"), "cache db api web");
        assert_eq!(order("c b a"), "c b a");
    }

    #[test]
    fn levels_tell_what_starts_together() {
        let (graph, _) = graph("web:api,db api:db db cache");
        assert_eq!(graph.level, [2, 1, 0, 0]);
    }

    #[test]
    fn a_name_that_nobody_has_is_missing() {
        let (graph, _) = graph("web:ghost");
        assert_eq!(graph.needs[0], [Target::Missing]);
    }

    #[test]
    fn a_cycle_is_broken_and_the_rest_keeps_its_order() {
        let (graph, names) = graph("a:b b:c c:a d:a self:self");
        assert_eq!(graph.order.len(), names.len());
        let loops: usize = graph
            .needs
            .iter()
            .flatten()
            .filter(|target| **target == Target::Loop)
            .count();
        assert_eq!(loops, 2);
    }

    #[test]
    fn the_same_dependency_twice_is_two_edges() {
        assert_eq!(order("a:b,b b"), "b a");
    }
}
