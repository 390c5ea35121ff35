//! The reference example of the contract loads as it stands.

mod common;

use std::path::Path;
use std::time::Duration;

use common::{Workspace, of, variable};
use forge_config::find_workspace;
use forge_core::spec::{CommandSpec, Condition, PortSpec, Probe, RestartPolicy};

const EXAMPLE: &str = include_str!("reference.yml");

#[test]
fn the_reference_example_loads_anywhere() {
    let workspace = Workspace::new(EXAMPLE);
    let config = workspace.config();
    let names = |profile: &str| -> Vec<String> {
        let profile = config.profile(profile).expect("the profile");
        profile
            .processes
            .iter()
            .map(|process| process.name.clone())
            .collect()
    };
    assert_eq!(names("dev"), ["frontend", "backend", "postgres", "redis"]);
    assert_eq!(names("test"), ["test-db", "test-runner"]);
    assert_eq!(
        config
            .default_profile()
            .map(|profile| profile.name.as_str()),
        Some("dev")
    );
    assert_eq!(
        config.files,
        [workspace.path().join(".forge/processes.yml")]
    );
    assert!(config.warnings.is_empty());
}

#[test]
fn its_processes_have_what_the_file_says_and_the_defaults() {
    let workspace = Workspace::new(EXAMPLE);
    let config = workspace.config();
    let frontend = of(&config, "dev", "frontend");
    assert_eq!(frontend.cwd, workspace.path().join("frontend"));
    assert_eq!(frontend.port, Some(PortSpec::Fixed(3000)));
    assert_eq!(
        variable(&frontend, "NODE_ENV").as_deref(),
        Some("development")
    );
    assert_eq!(
        variable(&frontend, "PORT").as_deref(),
        Some("${process.frontend.port}")
    );
    let check = frontend.health_check.expect("a check");
    let Probe::Http { url, status, .. } = check.probe else {
        panic!("not http");
    };
    assert_eq!(
        url.to_string(),
        "http://localhost:${process.frontend.port}/health"
    );
    assert_eq!(status, [(200, 399)]);
    assert_eq!(check.interval, Duration::from_secs(2));

    let backend = of(&config, "dev", "backend");
    let needs: Vec<&str> = backend
        .depends_on
        .iter()
        .map(|needed| needed.on.as_str())
        .collect();
    assert_eq!(needs, ["postgres", "redis"]);
    assert!(
        backend
            .depends_on
            .iter()
            .all(|needed| needed.condition == Condition::Healthy)
    );
    assert_eq!(backend.restart.policy, RestartPolicy::OnFailure);
    assert_eq!(backend.cwd, Path::new(&workspace.path().join("backend")));

    let postgres = of(&config, "dev", "postgres");
    let CommandSpec::Shell(command) = &postgres.command else {
        panic!("no shell");
    };
    assert_eq!(command.to_string(), "docker run -p 5432:5432 postgres:15");
    let check = postgres.health_check.expect("a check");
    assert!(
        matches!(check.probe, Probe::Command(CommandSpec::Shell(text)) if text.to_string() == "pg_isready")
    );
}

#[test]
fn a_workspace_is_found_from_below() {
    let workspace = Workspace::new(EXAMPLE).with("a/b/file", "");
    let deep = workspace.path().join("a/b");
    assert_eq!(find_workspace(&deep).as_deref(), Some(workspace.path()));
    assert_eq!(
        find_workspace(workspace.path()).as_deref(),
        Some(workspace.path())
    );
    assert_eq!(find_workspace(Path::new("/")), None);
}

#[test]
fn a_configuration_can_go_to_another_thread() {
    fn goes<T: Send>() {}
    goes::<forge_config::Config>();
    goes::<forge_config::Diagnostics>();
}

#[test]
fn an_empty_file_is_odd_and_no_mistake() {
    let config = Workspace::new("# nothing yet\n").config();
    assert!(config.profiles.is_empty());
    assert_eq!(
        config.warnings[0].message,
        "there is no profile in this file"
    );
}
