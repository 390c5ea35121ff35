//! Following `extends`: a process laid over the one that it starts from.

use std::collections::HashMap;
use std::sync::Arc;

use crate::document::{Document, Written};
use crate::finding::Sink;
use crate::layers::lay;
use crate::near::did_you_mean;
use crate::tree::{Entry, Kind, Map, Span};
use crate::visible::quoted;

/// Longest chain of `extends`.
const MAX_CHAIN: usize = 32;
/// Values that all `extends` of a file may take over, each counted as often as it is taken.
const MAX_COPIED: usize = 200_000;

/// The fields of a process, `extends` followed.
#[derive(Debug, Clone)]
pub(crate) struct Complete {
    pub(crate) map: Arc<Map>,
    /// What it extends could not be found: it may lack fields through no fault of its own.
    pub(crate) broken: bool,
}

/// Follows `extends`: the processes of all profiles, each complete.
pub(crate) fn resolve_extends(document: &Document, sink: &mut Sink) -> Vec<Vec<Complete>> {
    let mut resolver = Resolver {
        document,
        index: HashMap::new(),
        done: document
            .profiles
            .iter()
            .map(|p| vec![None; p.processes.len()])
            .collect(),
        copied: 0,
        sink,
    };
    for (p, profile) in document.profiles.iter().enumerate() {
        for (q, process) in profile.processes.iter().enumerate() {
            resolver
                .index
                .insert((&profile.name, &process.name), (p, q));
        }
    }
    let shape: Vec<usize> = document
        .profiles
        .iter()
        .map(|p| p.processes.len())
        .collect();
    shape
        .iter()
        .enumerate()
        .map(|(p, count)| {
            (0..*count)
                .map(|q| resolver.resolve((p, q), &mut Vec::new()))
                .collect()
        })
        .collect()
}

struct Resolver<'a> {
    document: &'a Document,
    index: HashMap<(&'a str, &'a str), (usize, usize)>,
    done: Vec<Vec<Option<Complete>>>,
    /// Values taken over so far.
    copied: usize,
    sink: &'a mut Sink,
}

impl Resolver<'_> {
    fn written(&self, at: (usize, usize)) -> &Written {
        &self.document.profiles[at.0].processes[at.1]
    }

    fn full_name(&self, at: (usize, usize)) -> String {
        format!(
            "{}.{}",
            self.document.profiles[at.0].name,
            self.written(at).name
        )
    }

    fn resolve(&mut self, at: (usize, usize), chain: &mut Vec<(usize, usize)>) -> Complete {
        if let Some(done) = &self.done[at.0][at.1] {
            return done.clone();
        }
        let own = self.written(at).map.clone();
        chain.push(at);
        let result = match self.base_of(at, &own, chain) {
            None => Complete {
                broken: own.get("extends").is_some(),
                map: own,
            },
            Some(base) => {
                let below = self.resolve(base, chain);
                let via: Arc<str> = self.full_name(base).into();
                Complete {
                    map: Arc::new(lay(&self.inherited(&below.map), &own, Some(&via), "")),
                    broken: below.broken,
                }
            }
        };
        chain.pop();
        self.done[at.0][at.1] = Some(result.clone());
        result
    }

    /// What a process gives to those that extend it.
    fn inherited(&mut self, below: &Map) -> Map {
        let taken = below
            .entries
            .iter()
            .filter(|entry| !matches!(&*entry.key.text, "name" | "extends"));
        let entries: Vec<Entry> = taken.cloned().collect();
        self.copied += entries
            .iter()
            .map(|entry| entry.value.size as usize)
            .sum::<usize>();
        Map { entries }
    }

    /// The process that this one extends, where it may.
    fn base_of(
        &mut self,
        at: (usize, usize),
        own: &Map,
        chain: &[(usize, usize)],
    ) -> Option<(usize, usize)> {
        let node = own.get("extends")?;
        let Kind::Scalar(scalar) = &node.kind else {
            return None; // Its reader notes it.
        };
        let Some(base) = self.find(at.0, &scalar.text) else {
            self.unknown(at.0, &scalar.text, node.span);
            return None;
        };
        if let Some(from) = chain.iter().position(|link| *link == base) {
            let mut names: Vec<String> = chain[from..]
                .iter()
                .map(|link| self.full_name(*link))
                .collect();
            names.push(self.full_name(base));
            self.sink
                .error(
                    node.span,
                    format!("`extends` goes in a circle: {}", names.join(" -> ")),
                )
                .help("remove one of these `extends`");
            return None;
        }
        if self.copied > MAX_COPIED {
            self.sink.error(
                node.span,
                "too much is taken over by `extends` in this file",
            );
            return None;
        }
        if chain.len() >= MAX_CHAIN {
            self.sink.error(
                node.span,
                format!("more than {MAX_CHAIN} processes extend one another"),
            );
            return None;
        }
        Some(base)
    }

    /// A process of this name here, else one that the name's parts name: `profile.name`.
    fn find(&self, profile: usize, name: &str) -> Option<(usize, usize)> {
        let here = self.document.profiles[profile].name.as_str();
        let in_profile = |profile: &str, name: &str| self.index.get(&(profile, name)).copied();
        in_profile(here, name).or_else(|| {
            name.match_indices('.')
                .find_map(|(dot, _)| in_profile(&name[..dot], &name[dot + 1..]))
        })
    }

    fn unknown(&mut self, profile: usize, name: &str, span: Span) {
        if self.sink.is_full() {
            self.sink.error(span, "there is no such process to extend");
            return;
        }
        let here = &self.document.profiles[profile];
        let elsewhere: Vec<String> = self
            .document
            .profiles
            .iter()
            .flat_map(|p| {
                p.processes
                    .iter()
                    .map(move |q| format!("{}.{}", p.name, q.name))
            })
            .collect();
        let bare = name.rsplit('.').next().unwrap_or(name);
        let same = elsewhere
            .iter()
            .find(|full| full.ends_with(&format!(".{bare}")));
        let names = here.processes.iter().map(|q| &*q.name);
        let help = match same {
            Some(full) => Some(format!("did you mean `{full}`?")),
            None => did_you_mean(name, names.chain(elsewhere.iter().map(String::as_str))),
        };
        self.sink
            .error(
                span,
                format!("there is no process {} to extend", quoted(name)),
            )
            .maybe_help(help);
    }
}
