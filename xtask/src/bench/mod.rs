//! `cargo xtask bench`: what Forge costs as a whole program, beside what the shell needs for the same.
//!
//! Figures are medians of several runs of one build on one machine; what counts are the ratios of one
//! call. Nothing here judges: the figures go into `docs/benchmarks.md`, with the machine and the date.

mod figures;
mod follow;
mod idle;
mod life;
mod logs;
mod place;

use anyhow::Result;

use crate::project;

/// Builds the release programs and measures them; with words, only the parts of these names.
///
/// # Errors
///
/// The build, or one of the commands that are measured, fails.
pub(crate) fn run(parts: &[&str]) -> Result<()> {
    project::run(project::cargo().args(["build", "--release", "--package", "forge"]))?;
    let forge = project::target_folder()?.join("release/forge");
    let wanted = |name: &str| parts.is_empty() || parts.contains(&name);
    println!("{:<44} {:>10} {:>10} {:>10}", "", "least", "median", "most");
    if wanted("start") {
        for count in [1, 10, 100] {
            life::start_and_stop(&forge, count)?;
        }
        life::chain(&forge)?;
    }
    if wanted("restart") {
        life::restart(&forge)?;
    }
    if wanted("kill") {
        life::back_after_kills(&forge)?;
    }
    if wanted("idle") {
        idle::run(&forge)?;
    }
    if wanted("logs") {
        logs::one_writer(&forge)?;
        logs::many_writers(&forge)?;
    }
    if wanted("follow") {
        follow::run(&forge)?;
    }
    Ok(())
}

pub(crate) use follow::write_stamps;
pub(crate) use logs::write_lines;
