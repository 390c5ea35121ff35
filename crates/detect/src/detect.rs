//! The way through all detectors.

use std::path::Path;

use crate::machine::Machine;
use crate::model::{Candidate, Detection};
use crate::repo::Repo;
use crate::{compose, lang, node, procfile, select, services, tasks};

/// What a repository suggests to run, with services as this machine can start them.
pub fn detect(folder: &Path, machine: &dyn Machine) -> Detection {
    let repo = Repo::scan(folder);
    let mut candidates: Vec<Candidate> = Vec::new();
    for detector in DETECTORS {
        candidates.extend(detector(&repo));
    }
    tasks::apply(&repo, &mut candidates);
    let composed = compose::services(&repo);
    let whole = compose::detect(&composed, &candidates);
    let processes = select::select(&repo, candidates, whole);
    let services = services::detect(&repo, &composed, &processes, machine);
    Detection {
        processes,
        services,
    }
}

const DETECTORS: [fn(&Repo) -> Vec<Candidate>; 12] = [
    procfile::detect,
    node::detect,
    lang::python::detect,
    lang::ruby::detect,
    lang::elixir::detect,
    lang::php::detect,
    lang::go::detect,
    lang::rust::detect,
    lang::jvm::detect,
    lang::dotnet::detect,
    lang::deno::detect,
    lang::sites::detect,
];
