//! `cargo xtask deny`: what comes from outside has licences, sources and no known holes as `deny.toml`
//! allows them.

use anyhow::Result;

use crate::project;

/// Installs cargo-deny where it is missing and checks.
///
/// # Errors
///
/// Something is not allowed. Where it cannot be installed, that is said, and nothing is checked.
pub(crate) fn run() -> Result<()> {
    let there = project::cargo()
        .args(["deny", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !there {
        println!("cargo-deny is missing; it is built and installed once (a few minutes).");
        // Its default features are for repositories of Git and for archives, which are not allowed here.
        let install = ["install", "cargo-deny", "--locked", "--no-default-features"];
        if project::run(project::cargo().args(install)).is_err() {
            println!();
            println!(
                "NOT CHECKED: licences, sources and advisories. cargo-deny cannot be installed here."
            );
            return Ok(());
        }
    }
    project::run(project::cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    if project::run(project::cargo().args(["deny", "fetch", "db"])).is_err() {
        println!();
        println!(
            "NOT CHECKED: advisories. Their database cannot be fetched from this machine's network;"
        );
        println!("`cargo deny check advisories` checks them where it can.");
        return Ok(());
    }
    project::run(project::cargo().args(["deny", "check", "--disable-fetch", "advisories"]))
}
