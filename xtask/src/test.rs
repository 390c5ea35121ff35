//! `cargo xtask test`: passes all tests on a machine that has Rust and little else.
//!
//! The end-to-end tests run real services. What is missing of them is named, with its reason, before
//! it is installed; on a machine where this command may not install, it says what to install.

use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::needs::{self, Need};
use crate::project;

/// Another program that installs at the same time is waited for, in seconds.
const LOCK: &str = "DPkg::Lock::Timeout=500";
/// The lock of the package lists is not covered by that option; these are our own attempts.
const ATTEMPTS: u32 = 6;
const PAUSE: Duration = Duration::from_secs(20);

/// Installs what is missing, builds all programs and runs all tests.
///
/// # Errors
///
/// Something is missing and cannot be installed, or a build or test fails.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    provide()?;
    // Tests of one package run programs of another one, which `cargo test` does not build for them.
    project::run(project::cargo().args(["build", "--workspace", "--bins"]))?;
    project::run(
        project::cargo()
            .args(["test", "--workspace"])
            .args(arguments),
    )
}

fn provide() -> Result<()> {
    let missing = needs::missing();
    if missing.is_empty() {
        println!("All programs that the tests need are installed.");
    } else {
        println!("The tests need these Debian packages, which are not installed:");
        for Need { package, why, .. } in &missing {
            println!("  {package:<13} {why}");
        }
        install(&missing.iter().map(|need| need.package).collect::<Vec<_>>())?;
        let left: Vec<_> = needs::missing().iter().map(|need| need.package).collect();
        ensure!(
            left.is_empty(),
            "installed, but still not found: {}",
            left.join(", ")
        );
    }
    if let Some(trouble) = needs::node_trouble() {
        bail!("{trouble}; install a newer one and put it first in PATH");
    }
    println!(
        "Node packages of examples/shop come from the npm registry, as its lock file pins them:"
    );
    let shop = project::root().join("examples/shop");
    project::run(
        Command::new("sh")
            .arg("scripts/install.sh")
            .current_dir(shop),
    )
}

fn install(packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get install {}", packages.join(" "));
    ensure!(
        project::find("apt-get").is_some(),
        "this machine has no apt-get; install what these Debian packages hold: {}",
        packages.join(", ")
    );
    let Some(apt) = superuser()? else {
        bail!("installing needs root, and sudo is not available; run as root: {by_hand}");
    };
    println!(
        "Installing them by apt-get. Where Debian also starts PostgreSQL and Redis as services of"
    );
    println!("the machine, the tests leave those alone: they run their own.");
    update(apt);
    let mut command = apt_get(apt);
    command.args(["install", "--yes", "--no-install-recommends"]);
    project::run(command.args(packages))
}

/// The words before `apt-get`; none where it cannot be run with root's rights.
fn superuser() -> Result<Option<&'static [&'static str]>> {
    let id = Command::new("id").arg("-u").output()?;
    if id.stdout.trim_ascii() == b"0" {
        return Ok(Some(&["env"]));
    }
    if project::find("sudo").is_none() {
        return Ok(None);
    }
    let mut silent = Command::new("sudo");
    silent.args(["-n", "true"]).stderr(Stdio::null());
    let allowed = silent.status()?.success() || io::stdin().is_terminal();
    Ok(allowed.then_some(&["sudo", "env"]))
}

fn apt_get(words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", LOCK])
        .stdin(Stdio::null());
    command
}

/// Fetches the package lists, once; a failure is a warning, since old lists may do.
fn update(words: &[&str]) {
    for attempt in 1..=ATTEMPTS {
        let Err(error) = project::run(apt_get(words).args(["update", "--quiet"])) else {
            break;
        };
        eprintln!("warning: {error:#}");
        if attempt < ATTEMPTS {
            eprintln!("trying again in {} s", PAUSE.as_secs());
            thread::sleep(PAUSE);
        }
    }
}
