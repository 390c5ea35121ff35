//! Which workspace is meant, and where its files lie.

use std::env;
use std::path::{Path, PathBuf};

use forge_facts::layout::Layout;

use crate::args::Global;
use crate::configuration;
use crate::failure::Failure;

/// The two folders below which every workspace has its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bases {
    /// What lasts.
    pub(crate) state: PathBuf,
    /// Sockets and FIFOs.
    pub(crate) runtime: PathBuf,
}

impl Bases {
    /// As the environment says.
    ///
    /// # Errors
    ///
    /// When there is neither a variable nor a home.
    pub(crate) fn from_environment() -> Result<Self, Failure> {
        Bases::choose(|name| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        })
    }

    fn choose(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, Failure> {
        // The base directory specification says to ignore relative paths there.
        let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
        let state = match variable("FORGE_STATE_DIR") {
            Some(own) => anchored(own)?,
            None => match absolute("XDG_STATE_HOME") {
                Some(base) => base.join("forge"),
                None => absolute("HOME")
                    .map(|home| home.join(".local/state/forge"))
                    .ok_or_else(|| {
                        Failure::usage("there is no folder for state: HOME is not set")
                            .hint("set FORGE_STATE_DIR to a folder that lasts")
                    })?,
            },
        };
        let runtime = match variable("FORGE_RUNTIME_DIR") {
            Some(own) => anchored(own)?,
            None => match absolute("XDG_RUNTIME_DIR") {
                Some(base) => base.join("forge"),
                None => PathBuf::from(format!("/tmp/forge-{}", forge_os::own_uid())),
            },
        };
        Ok(Bases { state, runtime })
    }

    /// The workspaces that have left state here, with the places of each.
    pub(crate) fn workspaces(&self) -> Vec<Place> {
        let Ok(folders) = std::fs::read_dir(self.state.join("workspaces")) else {
            return Vec::new();
        };
        let mut found: Vec<Place> = folders
            .flatten()
            .filter_map(|folder| {
                let text = std::fs::read_to_string(folder.path().join("workspace")).ok()?;
                let place = Place::of(Path::new(text.trim_end_matches('\n')), self);
                // A folder that was moved by hand belongs to no workspace.
                (place.layout.state() == folder.path()).then_some(place)
            })
            .collect();
        found.sort_by(|a, b| a.workspace().cmp(b.workspace()));
        found
    }
}

fn anchored(path: PathBuf) -> Result<PathBuf, Failure> {
    std::path::absolute(&path)
        .map_err(|error| Failure::usage(format!("cannot use {}: {error}", path.display())))
}

/// A workspace and its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where its files lie.
    pub(crate) layout: Layout,
}

impl Place {
    /// The workspace that the options and the current folder mean.
    ///
    /// # Errors
    ///
    /// When there is none (exit code 2).
    pub(crate) fn find(global: &Global) -> Result<Self, Failure> {
        let bases = Bases::from_environment()?;
        if let Some(named) = &global.workspace {
            let folder = match canonical(named) {
                Ok(folder) => folder,
                // Moved or removed while its processes run: its name still finds them.
                Err(failure) => match std::path::absolute(named) {
                    Ok(path) if Place::of(&path, &bases).layout.state().is_dir() => path,
                    _ => return Err(failure),
                },
            };
            let place = Place::of(&folder, &bases);
            if configuration::exists(&folder) || place.layout.state().is_dir() {
                return Ok(place);
            }
            return Err(Failure::usage(format!(
                "{} is no workspace: it has no .forge/processes.yml",
                folder.display()
            ))
            .hint("write one there, or name another folder with --workspace"));
        }
        let here = env::current_dir()
            .map_err(|error| Failure::usage(format!("there is no current folder: {error}")))?;
        let here = here.canonicalize().unwrap_or(here);
        if let Some(folder) = configuration::find_workspace(&here) {
            return Ok(Place::of(&folder, &bases));
        }
        // Its file may have been removed or renamed while processes run.
        let known = |folder: &&Path| Place::of(folder, &bases).layout.state().is_dir();
        match here.ancestors().find(known) {
            Some(folder) => Ok(Place::of(folder, &bases)),
            None => Err(Failure::usage(format!(
                "no workspace: neither {} nor a folder above it has .forge/processes.yml",
                here.display()
            ))
            .hint("go into the project's folder, or name it with --workspace DIR")),
        }
    }

    /// The places of the workspace at this absolute path.
    pub(crate) fn of(workspace: &Path, bases: &Bases) -> Self {
        Place {
            layout: Layout::new(workspace, &bases.state, &bases.runtime),
        }
    }

    /// The workspace's folder.
    pub(crate) fn workspace(&self) -> &Path {
        self.layout.workspace()
    }
}

fn canonical(path: &Path) -> Result<PathBuf, Failure> {
    path.canonicalize()
        .map_err(|error| Failure::usage(format!("cannot use {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases(variables: &[(&str, &str)]) -> Option<Bases> {
        Bases::choose(|name| {
            let found = variables.iter().find(|(key, _)| *key == name)?;
            Some(PathBuf::from(found.1))
        })
        .ok()
    }

    #[test]
    fn own_variables_come_first_then_xdg_then_the_home() {
        let both = [
            ("FORGE_STATE_DIR", "/s"),
            ("FORGE_RUNTIME_DIR", "/r"),
            ("XDG_STATE_HOME", "/x"),
        ];
        let found = bases(&both).unwrap();
        assert_eq!(found.state, Path::new("/s"));
        assert_eq!(found.runtime, Path::new("/r"));
        let xdg = [("XDG_STATE_HOME", "/x"), ("XDG_RUNTIME_DIR", "/run/u")];
        let found = bases(&xdg).unwrap();
        assert_eq!(found.state, Path::new("/x/forge"));
        assert_eq!(found.runtime, Path::new("/run/u/forge"));
        let found = bases(&[("HOME", "/h"), ("XDG_STATE_HOME", "relative")]).unwrap();
        assert_eq!(found.state, Path::new("/h/.local/state/forge"));
        assert!(found.runtime.starts_with("/tmp"));
        assert_eq!(bases(&[]), None);
    }

    #[test]
    fn every_workspace_that_left_state_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let bases = Bases {
            state: folder.path().join("s"),
            runtime: folder.path().join("r"),
        };
        for name in ["/w/b", "/w/a"] {
            let place = Place::of(Path::new(name), &bases);
            std::fs::create_dir_all(place.layout.state()).unwrap();
            std::fs::write(place.layout.workspace_file(), name).unwrap();
        }
        std::fs::create_dir_all(bases.state.join("workspaces/strange")).unwrap();
        let found = bases.workspaces();
        let names: Vec<_> = found.iter().map(Place::workspace).collect();
        assert_eq!(names, [Path::new("/w/a"), Path::new("/w/b")]);
    }
}
