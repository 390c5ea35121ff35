//! What a script of a `package.json` starts in the end, through all scripts that it refers to.

use super::package::Package;
use crate::command::{Step, steps};
use crate::repo::join;
use crate::tools::Does;

/// One thing that a script runs, and for which package.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) does: Does,
    /// The port that its command says.
    pub(crate) port: Option<u16>,
    /// The folder of the package that it belongs to.
    pub(crate) folder: String,
    pub(crate) text: String,
}

/// What a script leads to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    pub(crate) leaves: Vec<Leaf>,
    /// It starts this script in all packages of its workspace.
    pub(crate) everywhere: bool,
    /// Packages that it was handed to by name or folder.
    pub(crate) handed: Vec<String>,
}

/// References deeper than this go in circles.
const MAX_DEPTH: u8 = 6;

/// Follows a script of a package.
pub(crate) fn follow<'a>(packages: &'a [Package], package: &'a Package, script: &str) -> Run {
    let run = Run::default();
    let mut follow = Follow { packages, run };
    follow.script(package, script, 0);
    follow.run
}

struct Follow<'a> {
    packages: &'a [Package],
    run: Run,
}

impl<'a> Follow<'a> {
    fn script(&mut self, package: &'a Package, name: &str, depth: u8) {
        if depth > MAX_DEPTH || self.run.leaves.len() > 200 {
            return;
        }
        let Some(text) = package.script(name) else {
            return;
        };
        for step in steps(text) {
            self.step(package, &step, depth);
        }
    }

    fn step(&mut self, package: &'a Package, step: &Step, depth: u8) {
        let words = step.words();
        if let Some(reference) = reference(&words) {
            return match reference.program(package) {
                true => self.step(package, &called(step), depth + 1),
                false => self.refer(package, step, &reference, depth),
            };
        }
        let folder = match &step.folder {
            Some(folder) => join(&package.folder, folder),
            None => package.folder.clone(),
        };
        if folder != package.folder {
            self.run.handed.push(folder.clone());
        }
        self.run.leaves.push(Leaf {
            does: step.does(),
            port: step.port(),
            folder,
            text: step.words.join(" "),
        });
    }

    fn refer(&mut self, package: &'a Package, step: &Step, reference: &Reference, depth: u8) {
        let before = self.run.leaves.len();
        let targets = self.targets(package, step, reference);
        self.run.everywhere |= reference.everywhere;
        for target in targets {
            if target.folder != package.folder && !reference.everywhere {
                self.run.handed.push(target.folder.clone());
            }
            for script in &reference.scripts {
                for name in matching(target, script) {
                    self.script(target, &name, depth + 1);
                }
            }
        }
        // `npm run with:env -- next dev`: the command stands behind the script's name.
        if let Some(command) = &reference.behind
            && self.run.leaves[before..]
                .iter()
                .all(|leaf| matches!(leaf.does, Does::Ends))
        {
            for step in steps(command) {
                self.step(package, &step, depth + 1);
            }
        }
        let starts =
            |script: &String| ["dev", "serve", "start", "develop"].contains(&script.as_str());
        if self.run.leaves.len() == before
            && reference.tool == "nx"
            && reference.scripts.iter().any(starts)
        {
            // Nx knows it from a `project.json`.
            self.run.leaves.push(Leaf {
                does: Does::Serves(Some(nx_port(package))),
                port: None,
                folder: package.folder.clone(),
                text: step.words.join(" "),
            });
        }
        let said = step.port();
        if let (Some(port), [leaf]) = (said, &mut self.run.leaves[before..]) {
            leaf.port = Some(port);
        }
    }

    /// The packages whose scripts are meant.
    fn targets(
        &self,
        package: &'a Package,
        step: &Step,
        reference: &Reference,
    ) -> Vec<&'a Package> {
        let packages = self.packages;
        let mut targets: Vec<&Package> = Vec::new();
        if reference.everywhere {
            targets.extend(packages.iter().filter(|other| package.holds(other)));
        }
        for filter in &reference.filters {
            targets.extend(packages.iter().filter(|other| named(other, filter)));
        }
        let prefix = step.folder.as_deref().unwrap_or(".");
        let folder = reference
            .folder
            .as_deref()
            .map(|folder| join(prefix, folder));
        if let Some(folder) = folder.or(step.folder.clone()) {
            let folder = join(&package.folder, &folder);
            targets.extend(packages.iter().filter(|other| other.folder == folder));
        } else if !reference.everywhere && reference.filters.is_empty() {
            targets.push(package);
        }
        targets
    }
}

/// A call of other scripts.
#[derive(Debug, Default, PartialEq)]
struct Reference {
    scripts: Vec<String>,
    filters: Vec<String>,
    folder: Option<String>,
    everywhere: bool,
    behind: Option<String>,
    tool: String,
}

impl Reference {
    /// Whether it is no script of the package, but a program that its manager runs.
    fn program(&self, package: &Package) -> bool {
        let plain = self.filters.is_empty() && self.folder.is_none() && !self.everywhere;
        let known = self
            .scripts
            .iter()
            .any(|name| name.contains('*') || package.script(name).is_some());
        plain && !known && ["yarn", "pnpm", "bun"].contains(&self.tool.as_str())
    }
}

/// `yarn next dev` and `bun run --hot server.ts` without the manager; Bun itself runs files.
fn called(step: &Step) -> Step {
    let mut words: Vec<String> = step.words[1..].to_vec();
    words.retain(|word| word != "run" && word != "exec");
    let file = words.iter().find(|word| !word.starts_with('-'));
    if file.is_some_and(|file| {
        [".ts", ".js", ".tsx", ".mjs"]
            .iter()
            .any(|end| file.ends_with(end))
    }) {
        words.retain(|word| !word.starts_with('-'));
        words.insert(0, "node".into());
    }
    Step {
        words,
        ..step.clone()
    }
}

/// The port of a server that Nx starts, as its generators set it.
fn nx_port(package: &Package) -> u16 {
    match package.uses(&["next", "@nestjs/core", "express", "@remix-run/react"]) {
        true => 3000,
        false => 4200,
    }
}

fn reference(words: &[&str]) -> Option<Reference> {
    let (first, rest) = words.split_first()?;
    let mut found = match *first {
        "npm" | "pnpm" | "yarn" | "bun" => manager(first, rest)?,
        "turbo" | "lerna" | "nx" | "moon" | "wsrun" | "ultra" => fan_out(first, rest)?,
        "run-p" | "run-s" | "npm-run-all" | "npm-run-all2" | "npm-run-all-next" => scripts(rest),
        "wireit" => return None,
        word => {
            let prefixes = ["npm:", "yarn:", "pnpm:", "bun:"];
            let script = prefixes
                .iter()
                .find_map(|prefix| word.strip_prefix(prefix))?;
            scripts(&[script])
        }
    };
    found.filters.retain(|filter| !filter.starts_with('!'));
    found.tool = first.to_string();
    (!found.scripts.is_empty()).then_some(found)
}

fn scripts(words: &[&str]) -> Reference {
    let names = words.iter().filter(|word| !word.starts_with('-'));
    // `run-p "dev:* -- --open"`: what follows a name is for the script.
    let names = names.filter_map(|word| word.split(' ').next());
    Reference {
        scripts: names.map(str::to_string).collect(),
        ..Reference::default()
    }
}

fn manager(manager: &str, words: &[&str]) -> Option<Reference> {
    let mut found = Reference::default();
    let mut words = words.iter().copied().peekable();
    let mut ran = false;
    while let Some(word) = words.next() {
        match word {
            "run" | "run-script" if !ran => ran = true,
            "-r" | "--recursive" | "--parallel" | "--workspaces" | "-ws" if manager != "yarn" => {
                found.everywhere = true
            }
            "workspaces" if manager == "yarn" => found.everywhere = true,
            "foreach" | "-A" | "-p" | "-pi" | "-piv" | "-Apiv" if found.everywhere => {}
            "workspace" if manager == "yarn" => {
                found.filters.extend(words.next().map(str::to_string))
            }
            "--filter" | "-F" | "-w" | "--workspace" if manager != "pnpm" || word != "-w" => {
                found.filters.extend(words.next().map(str::to_string));
            }
            "--prefix" | "--cwd" | "-C" | "--dir" => {
                found.folder = words.next().map(str::to_string)
            }
            "--" => {
                let rest: Vec<&str> = words.by_ref().collect();
                found.behind =
                    Some(rest.join(" ")).filter(|rest| !rest.starts_with('-') && !rest.is_empty());
            }
            word if word.starts_with('-') => {
                let value =
                    |options: &[&str]| options.iter().find_map(|option| word.strip_prefix(option));
                if let Some(filter) = value(&["--filter=", "--workspace=", "-w="]) {
                    found.filters.push(filter.to_string());
                } else if let Some(folder) = value(&["--prefix=", "--cwd=", "--dir="]) {
                    found.folder = Some(folder.to_string());
                }
            }
            word if found.scripts.is_empty() => found.scripts.push(word.to_string()),
            _ => {}
        }
    }
    if found.filters.iter().any(|filter| filter == "*") {
        found.everywhere = true;
    }
    Some(found)
}

fn fan_out(tool: &str, words: &[&str]) -> Option<Reference> {
    let mut found = Reference::default();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word {
            "run" | "run-many" | "serve" if tool != "nx" || word != "serve" => {}
            "--filter" | "--scope" | "-F" | "--projects" | "-p" => {
                let names = words.next().unwrap_or_default();
                found.filters.extend(names.split(',').map(str::to_string));
            }
            "-t" | "--target" | "--targets" => {
                found.scripts.extend(words.next().map(str::to_string));
            }
            "--" => break,
            word if word.starts_with('-') => {
                let value = |option| word.strip_prefix(option);
                let filter = value("--filter=")
                    .or(value("--scope="))
                    .or(value("--projects="));
                let target = value("--target=").or(value("--targets="));
                found.filters.extend(filter.map(str::to_string));
                found.scripts.extend(target.map(str::to_string));
            }
            // `nx dev web`, `nx serve api`, `turbo dev build`: a script and, for Nx, a project.
            word if found.scripts.is_empty() => match word.split_once([':', '#']) {
                Some((project, script)) if tool == "nx" || word.contains('#') => {
                    found.filters.push(project.to_string());
                    found.scripts.push(script.to_string());
                }
                _ => found.scripts.push(word.to_string()),
            },
            word if tool == "nx" => found.filters.push(word.to_string()),
            _ => {}
        }
    }
    found.everywhere = found.filters.iter().all(|filter| filter.starts_with('!'));
    Some(found)
}

/// Names of scripts that a reference means: `dev:*` means several.
fn matching(package: &Package, script: &str) -> Vec<String> {
    match script.split_once('*') {
        Some((begin, _)) => {
            let names = package.scripts.iter().map(|(name, _)| name);
            names
                .filter(|name| name.starts_with(begin))
                .cloned()
                .collect()
        }
        None => vec![script.to_string()],
    }
}

/// Whether a filter of a workspace means a package.
fn named(package: &Package, filter: &str) -> bool {
    let filter = filter.trim_matches(['{', '}', '.', '^']).trim_matches('"');
    let folder = filter.trim_start_matches("./").trim_start_matches('/');
    let short = package.name.rsplit('/').next().unwrap_or_default();
    let glob = |pattern: &str| {
        let (begin, end) = pattern.split_once('*').unwrap_or((pattern, ""));
        package.name.starts_with(begin) && package.name.ends_with(end)
    };
    package.name == filter
        || short == filter
        || package.folder == folder.trim_end_matches('/')
        || filter.contains('*')
            && (glob(filter) || package.folder.starts_with(folder.trim_end_matches('*')))
}
