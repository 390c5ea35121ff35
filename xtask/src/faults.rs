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
    let build = ["test", "--package", "forge", "--test", "faults", "--no-run", "--message-format=json"];
    let output = project::cargo().args(build).stderr(std::process::Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the faults cannot be built");
    let program = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "faults")
        .find_map(|message| message["executable"].as_str().map(str::to_string))
        .context("cargo names no program")?;
    let mut failed = Vec::new();
    for init in ["reaps", "never"] {
        println!("\n== below an init that {}", if init == "reaps" { "reaps at once" } else { "never reaps" });
        let mut command = std::process::Command::new(&program);
        command.args(["init", init]).args(words).current_dir(project::root().join("crates/forge"));
        if project::run(&mut command).is_err() {
            failed.push(init);
        }
    }
    ensure!(failed.is_empty(), "faults do harm (below an init: {})", failed.join(", "));
    Ok(())
}
