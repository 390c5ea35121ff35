//! `cargo xtask demo`: from a fresh clone to a running environment, with one command.

use std::process::Command;

use anyhow::Result;

use crate::project;

/// Builds Forge and the demo services, starts `examples/demo`, and says what to try next.
///
/// # Errors
///
/// The build or the start fails.
pub(crate) fn run(release: bool) -> Result<()> {
    let mut build = project::cargo();
    build.args(["build", "--package", "forge", "--package", "forge-demo"]);
    if release {
        build.arg("--release");
    }
    project::run(&mut build)?;

    let built = project::target_folder()?.join(if release { "release" } else { "debug" });
    let example = project::root().join("examples/demo");
    let path = project::path_with(&built)?;
    let forge = |words: &[&str]| {
        let mut command = Command::new(built.join("forge"));
        command.args(words).current_dir(&example).env("PATH", &path);
        command
    };
    project::run(&mut forge(&["dev", "start"]))?;
    project::run(&mut forge(&["dev", "status"]))?;

    println!(
        "
The demo runs on after this command. What to try next:

  export PATH=\"{built}:$PATH\"; cd {example}
  forge dev logs -f               follow all output; Ctrl-C ends the following, not the demo
  forge dev logs --level warn
  forge dev start load            something to watch in the figures of `forge dev status`
  forge dev restart api
  forge dev stop                  ends the demo

The page at the address above has a button that crashes the api.",
        built = built.display(),
        example = example.display(),
    );
    Ok(())
}
