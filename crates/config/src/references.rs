//! What processes of a profile say about one another: dependencies, circles, ports, names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use forge_core::spec::{Condition, Dependency, PortSpec};

use crate::finding::Sink;
use crate::near::did_you_mean;
use crate::profile::{Entry, fixed_ports};
use crate::short_forms::Wanted;
use crate::tree::Span;
use crate::visible::quoted;
use crate::words::ConditionWord;

/// Circles told of one profile.
const MAX_CIRCLES: usize = 20;

/// Checks a profile as a whole; the dependencies of each entry.
pub(crate) fn check(profile: &str, entries: &[Entry], sink: &mut Sink) -> Vec<Vec<Dependency>> {
    let index = Index::new(entries);
    same_names(profile, entries, sink);
    same_ports(profile, entries, sink);
    replicated_ports(entries, sink);
    port_references(profile, entries, &index, sink);
    let edges: Vec<Vec<Edge>> = (0..entries.len())
        .map(|at| edges(profile, entries, at, &index, sink))
        .collect();
    circles(entries, &edges, sink);
    edges
        .iter()
        .enumerate()
        .map(|(at, edges)| dependencies(entries, at, edges, sink))
        .collect()
}

/// Who is meant by a name.
struct Index<'a> {
    names: HashMap<&'a str, usize>,
    replicas: HashMap<String, usize>,
    groups: BTreeMap<&'a str, Vec<usize>>,
}

/// A dependency between entries: on which, as said where; `replica` where only one of it is meant.
struct Edge<'a> {
    to: usize,
    replica: Option<String>,
    wanted: &'a Wanted,
}

impl<'a> Index<'a> {
    fn new(entries: &'a [Entry]) -> Self {
        let mut index = Index {
            names: HashMap::new(),
            replicas: HashMap::new(),
            groups: BTreeMap::new(),
        };
        for (at, entry) in entries.iter().enumerate() {
            index.names.insert(&entry.spec.name, at);
            if entry.replicas > 1 {
                index
                    .replicas
                    .extend(entry.names().into_iter().map(|name| (name, at)));
            }
            for group in &entry.spec.groups {
                index.groups.entry(group).or_default().push(at);
            }
        }
        index
    }

    fn known(&self) -> impl Iterator<Item = &str> {
        let names = self.names.keys().chain(self.groups.keys()).copied();
        names.chain(self.replicas.keys().map(String::as_str))
    }
}

fn same_names(profile: &str, entries: &[Entry], sink: &mut Sink) {
    let mut first: HashMap<String, Span> = HashMap::new();
    for entry in entries {
        for name in entry.names() {
            if let Some(before) = first.insert(name.clone(), entry.name_span) {
                sink.error(entry.name_span, format!("two processes of profile `{profile}` are named `{name}`"))
                    .related(before, "the other is here")
                    .help("a process with `replicas` takes the names `name-1`, `name-2`, …; give one of them another name");
                break;
            }
        }
    }
}

fn same_ports(profile: &str, entries: &[Entry], sink: &mut Sink) {
    let mut first: HashMap<u16, (usize, Span)> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        for (port, span) in fixed_ports(entry) {
            let span = span.unwrap_or(entry.name_span);
            let Some((other, before)) = first.get(&port).copied() else {
                first.insert(port, (at, span));
                continue;
            };
            if other == at {
                continue; // In `port` and `ports` of one process: said twice, meant once.
            }
            let (a, b) = (&entries[other].spec.name, &entry.spec.name);
            let varies = entry.port_from_variable || entries[other].port_from_variable;
            // Where one has it from the other by `extends`, the place is the same.
            let inherited = before == span;
            let (before, span) = match inherited {
                true => (entries[other].name_span, entry.name_span),
                false => (before, span),
            };
            sink.error(
                span,
                format!("`{a}` and `{b}` of profile `{profile}` both use port {port}"),
            )
            .related(before, format!("`{a}`"))
            .help("give one of them another port, or `port: auto`")
            .only_for(varies.then_some(profile));
        }
    }
}

fn replicated_ports(entries: &[Entry], sink: &mut Sink) {
    for entry in entries.iter().filter(|entry| entry.replicas > 1) {
        let (name, count) = (&entry.spec.name, entry.replicas);
        if let (Some(PortSpec::Fixed(port)), Some(span)) = (entry.spec.port, entry.port_span) {
            sink.error(
                span,
                format!(
                    "`{name}` runs {count} times and cannot listen {count} times on port {port}"
                ),
            )
            .help("write `port: auto`; each replica then gets its own");
        }
        if let (Some(span), false) = (entry.ports_span, entry.spec.ports.is_empty()) {
            sink.error(
                span,
                format!(
                    "`{name}` runs {count} times and cannot listen {count} times on these ports"
                ),
            )
            .help("remove `ports`, or `replicas`");
        }
    }
}

fn port_references(profile: &str, entries: &[Entry], index: &Index<'_>, sink: &mut Sink) {
    for (at, entry) in entries.iter().enumerate() {
        for (name, span) in &entry.ports {
            if sink.is_full() {
                return;
            }
            let exact = index.names.get(name.as_str());
            let Some(&target) = exact.or_else(|| index.replicas.get(name)) else {
                let with_port = entries.iter().filter(|e| e.spec.port.is_some());
                let help = did_you_mean(name, with_port.map(|e| e.spec.name.as_str()));
                let message = format!(
                    "profile `{profile}` has no process {}, whose port is asked for",
                    quoted(name)
                );
                sink.error(*span, message).maybe_help(help);
                continue;
            };
            let other = &entries[target];
            let (other_name, count) = (&other.spec.name, other.replicas);
            if !other.has_port_field {
                sink.error(
                    *span,
                    format!("`{other_name}`, whose port is asked for, has no `port`"),
                )
                .related(other.name_span, format!("`{other_name}` is here"))
                .help(format!(
                    "add `port: auto`, or the port that it uses, to `{other_name}`"
                ));
            } else if count > 1 && exact.is_some() && target != at {
                sink.error(
                    *span,
                    format!("`{name}` runs {count} times: which port is meant?"),
                )
                .help(format!("name one of them: `${{process.{name}-1.port}}`"));
            }
        }
    }
}

/// Who this entry depends on.
fn edges<'a>(
    profile: &str,
    entries: &'a [Entry],
    at: usize,
    index: &Index<'_>,
    sink: &mut Sink,
) -> Vec<Edge<'a>> {
    let entry = &entries[at];
    let mut edges = Vec::new();
    for wanted in &entry.wanted {
        let name = wanted.name.as_str();
        let to = |to| Edge {
            to,
            replica: None,
            wanted,
        };
        if let Some(&target) = index.names.get(name) {
            match target == at {
                true => depends_on_itself(entry, wanted, sink),
                false => edges.push(to(target)),
            }
        } else if let Some(&target) = index.replicas.get(name) {
            match target == at {
                true => depends_on_itself(entry, wanted, sink),
                false => edges.push(Edge {
                    replica: Some(name.to_string()),
                    ..to(target)
                }),
            }
        } else if let Some(members) = index.groups.get(name) {
            edges.extend(
                members
                    .iter()
                    .filter(|member| **member != at)
                    .map(|member| to(*member)),
            );
        } else if sink.is_full() {
            sink.error(wanted.span, "unknown dependency");
        } else {
            let message = format!(
                "`{}` depends on {}, which is no process of profile `{profile}`",
                entry.spec.name,
                quoted(name)
            );
            let help = did_you_mean(name, index.known()).unwrap_or_else(|| {
                format!(
                    "add `- name: {}` to the profile, or remove it here",
                    crate::visible::visible(name)
                )
            });
            sink.error(wanted.span, message).help(help);
        }
    }
    edges
}

fn depends_on_itself(entry: &Entry, wanted: &Wanted, sink: &mut Sink) {
    let name = &entry.spec.name;
    sink.error(wanted.span, format!("`{name}` depends on itself"))
        .help("remove it here");
}

/// Finds circles by walking along the edges; each is told once, its members in order.
fn circles(entries: &[Entry], edges: &[Vec<Edge<'_>>], sink: &mut Sink) {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let mut state = vec![NEW; entries.len()];
    let mut told: BTreeSet<Vec<usize>> = BTreeSet::new();
    for start in 0..entries.len() {
        if state[start] != NEW {
            continue;
        }
        // A path of entries, each with the number of the edge that is walked next.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        state[start] = OPEN;
        while let Some((at, next)) = path.last_mut() {
            let Some(edge) = edges[*at].get(*next) else {
                state[*at] = DONE;
                path.pop();
                continue;
            };
            *next += 1;
            match state[edge.to] {
                NEW => {
                    state[edge.to] = OPEN;
                    path.push((edge.to, 0));
                }
                OPEN => {
                    let from = path
                        .iter()
                        .position(|(member, _)| *member == edge.to)
                        .unwrap_or(0);
                    let members: Vec<usize> =
                        path[from..].iter().map(|(member, _)| *member).collect();
                    let mut key = members.clone();
                    key.sort_unstable();
                    if told.len() < MAX_CIRCLES && told.insert(key) {
                        circle(entries, edges, &members, sink);
                    }
                }
                _ => {}
            }
        }
    }
}

fn circle(entries: &[Entry], edges: &[Vec<Edge<'_>>], members: &[usize], sink: &mut Sink) {
    // Begin with the one that stands first in the file, as a reader would.
    let first = (0..members.len())
        .min_by_key(|at| members[*at])
        .unwrap_or(0);
    let ring: Vec<usize> = members[first..]
        .iter()
        .chain(&members[..first])
        .copied()
        .collect();
    let place = |from: usize, to: usize| {
        let edge = edges[from].iter().find(|edge| edge.to == to);
        edge.map_or(entries[from].name_span, |edge| edge.wanted.span)
    };
    let names: Vec<&str> = ring
        .iter()
        .chain(&ring[..1])
        .map(|member| entries[*member].spec.name.as_str())
        .collect();
    let message = format!("dependency cycle: {}", names.join(" -> "));
    let finding = sink.error(place(ring[0], ring[1 % ring.len()]), message);
    finding.help("remove one of these dependencies");
    for at in 1..ring.len().min(6) {
        let (from, to) = (ring[at], ring[(at + 1) % ring.len()]);
        let label = format!("`{}` needs `{}`", names[at], names[at + 1]);
        finding.related(place(from, to), label);
    }
    finding.label(format!("`{}` needs `{}`", names[0], names[1]));
}

fn dependencies(
    entries: &[Entry],
    at: usize,
    edges: &[Edge<'_>],
    sink: &mut Sink,
) -> Vec<Dependency> {
    let mut list: Vec<Dependency> = Vec::new();
    for edge in edges {
        let target = &entries[edge.to];
        let condition = condition(edge.wanted, target.spec.oneshot, sink);
        if target.spec.schedule.is_some() {
            let (name, other) = (&entries[at].spec.name, &target.spec.name);
            sink.warning(
                edge.wanted.span,
                format!("`{name}` waits for `{other}`, which runs by the clock only"),
            )
            .help(format!(
                "start it by hand when needed: `forge dev start {other}`"
            ));
        }
        let names = match &edge.replica {
            Some(replica) => vec![replica.clone()],
            None => target.names(),
        };
        for on in names {
            if !list.iter().any(|known| known.on == on) {
                list.push(Dependency {
                    on,
                    condition: condition.clone(),
                    on_down: edge
                        .wanted
                        .how
                        .on_down
                        .as_ref()
                        .map_or_else(Default::default, |at| at.value),
                });
            }
        }
    }
    list
}

/// Unless it is said, a long-running process must be ready and a oneshot done.
fn condition(wanted: &Wanted, oneshot: bool, sink: &mut Sink) -> Condition {
    let how = &wanted.how;
    if let (Some(word), Some(log)) = (&how.condition, &how.log) {
        sink.error(log.key, "a dependency has both `condition` and `log`")
            .related(word.key, "`condition` is here")
            .help("keep one of them");
    }
    if let Some(log) = &how.log {
        return Condition::Log(log.value.clone());
    }
    match how.condition.as_ref().map(|at| at.value) {
        Some(ConditionWord::Started) => Condition::Started,
        Some(ConditionWord::Healthy) => Condition::Healthy,
        Some(ConditionWord::Completed) => Condition::Completed,
        Some(ConditionWord::Exited) => Condition::Exited,
        None if oneshot => Condition::Completed,
        None => Condition::Healthy,
    }
}
