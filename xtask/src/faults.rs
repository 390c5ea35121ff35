//! `cargo xtask faults`: injects faults into the real program, below an init that reaps at once and below
//! one that never does: what becomes of an orphan must make no difference.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::project;

/// Builds the programs and runs all faults whose sentences contain one of the words, in both surroundings.
///
/// # Errors
///
/// The build or a fault fails.
pub(crate) fn run(words: &[String]) -> Result<()> {
    project::run(project::cargo().args(["build", "--package", "forge", "--bins"]))?;
    let build = [
        "test",
        "--package",
        "forge",
        "--test",
        "faults",
        "--no-run",
        "--message-format=json",
    ];
    let output = project::cargo()
        .args(build)
        .stderr(std::process::Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the faults cannot be built");
    let program = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "faults")
        .find_map(|message| message["executable"].as_str().map(str::to_string))
        .context("cargo names no program")?;
    let mut failed = Vec::new();
    for init in ["reaps", "never"] {
        println!(
            "\n== below an init that {}",
            if init == "reaps" {
                "reaps at once"
            } else {
                "never reaps"
            }
        );
        let mut command = std::process::Command::new(&program);
        command
            .args(["init", init])
            .args(words)
            .current_dir(project::root().join("crates/forge"));
        if project::run(&mut command).is_err() {
            failed.push(init);
        }
    }
    ensure!(
        failed.is_empty(),
        "faults do harm (below an init: {})",
        failed.join(", ")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::project;

    fn sources(folder: &Path, into: &mut String) {
        for entry in fs::read_dir(folder).expect("ours").flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => sources(&path, into),
                false if path.extension().is_some_and(|kind| kind == "rs") => {
                    into.push_str(&fs::read_to_string(&path).expect("text"));
                }
                false => {}
            }
        }
    }

    #[test]
    fn every_test_that_the_documents_name_is_there() {
        let mut code = String::new();
        sources(&project::root().join("crates"), &mut code);
        for page in ["docs/faults.md", "docs/security.md"] {
            let text = fs::read_to_string(project::root().join(page)).expect("a page");
            let quoted = text.split('`').skip(1).step_by(2);
            let names = quoted.filter(|name| name.matches('_').count() > 2 && !name.contains(' '));
            for name in names {
                let there =
                    code.contains(&format!("fn {name}()")) || code.contains(&format!("\"{name}\""));
                assert!(there, "{page} names {name}, which is no test");
            }
        }
    }
}
