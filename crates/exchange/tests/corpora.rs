//! Configurations of public projects load with a report, where a corpus is at hand.

mod common;

use std::path::PathBuf;

use common::{Workspace, done_in};

/// The files below `configs/` in the folder that `FORGE_CORPORA` names.
fn files() -> Option<Vec<PathBuf>> {
    let folder = PathBuf::from(std::env::var_os("FORGE_CORPORA")?).join("configs");
    let mut files = Vec::new();
    for kind in std::fs::read_dir(folder).ok()? {
        let kind = kind.expect("an entry").path();
        if kind.is_dir() {
            let inside = std::fs::read_dir(kind).expect("a folder");
            files.extend(inside.map(|entry| entry.expect("an entry").path()));
        }
    }
    files.sort();
    Some(files)
}

#[test]
fn every_public_configuration_loads_with_a_report() {
    let Some(files) = files() else {
        eprintln!("skipped: FORGE_CORPORA names no folder");
        return;
    };
    for native in [false, true] {
        let mut counts = (0, 0, 0, 0);
        for path in &files {
            let name = path.file_name().expect("a name").to_string_lossy();
            let name = name.rsplit("__").next().expect("a part").to_string();
            let workspace = Workspace::new();
            workspace.write(&name, &std::fs::read_to_string(path).expect("text"));
            let done = done_in(&workspace, &name, native);
            assert!(!done.names().is_empty(), "{}", path.display());
            let (exact, near, gone) = done.imported.report.counts();
            counts = (
                counts.0 + done.names().len(),
                counts.1 + exact,
                counts.2 + near,
                counts.3 + gone,
            );
            if std::env::var_os("FORGE_SHOW").is_some() && !native {
                println!(
                    "==== {} ({:?})\n{}",
                    path.display(),
                    done.format(),
                    done.text
                );
                println!("{}", done.told().join("\n"));
            }
        }
        println!(
            "{} files, {} processes: {} exact, {} approximated, {} dropped (native: {native})",
            files.len(),
            counts.0,
            counts.1,
            counts.2,
            counts.3
        );
    }
}
