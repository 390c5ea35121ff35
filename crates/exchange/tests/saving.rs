//! What runs is saved without disturbing the file.

mod common;

use common::Workspace;
use forge_core::spec::*;
use forge_core::template::Template;
use forge_exchange::save_running;

const FILE: &str = "# ours
dev:
  # the page
  - name: web   # in front
    command: npm run dev
    port: 3000
    env: {TOKEN: '${TOKEN:-none}'}
    depends_on: [db]

  - name: worker
    command: work
    replicas: 2
    depends_on: [web, db]

  # data
  - name: db
    command: postgres
# the end
";

fn running(workspace: &Workspace, names: &[&str]) -> (forge_config::Config, Vec<ProcessSpec>) {
    let config = workspace.load(FILE).expect("loads");
    let dev = config.profile("dev").expect("dev");
    let specs = dev.processes.iter();
    let specs = specs
        .filter(|spec| names.contains(&spec.name.as_str()))
        .cloned()
        .collect();
    (config, specs)
}

#[test]
fn what_runs_as_it_stands_there_changes_nothing() {
    let workspace = Workspace::new();
    let (config, specs) = running(&workspace, &["web", "worker-1", "worker-2", "db"]);
    let text = save_running(FILE, workspace.path(), Some(&config), "dev", &specs);
    assert_eq!(text.as_deref(), Ok(FILE));
}

#[test]
fn a_moved_port_and_a_process_by_hand_are_written() {
    let workspace = Workspace::new();
    let (config, mut specs) = running(&workspace, &["web", "db"]);
    specs[0].port = Some(PortSpec::Fixed(3001));
    let command = CommandSpec::Argv(vec![Template::text("sleep"), Template::text("1 0")]);
    specs.push(ProcessSpec::new(
        "dev",
        "adhoc",
        command,
        workspace.path().join("x"),
    ));
    let text = save_running(FILE, workspace.path(), Some(&config), "dev", &specs).expect("saved");
    assert!(
        text.starts_with("# ours\ndev:\n  # the page\n  - name: web\n"),
        "{text}"
    );
    assert!(
        text.contains("TOKEN: ${TOKEN:-none}") && text.contains("port: 3001"),
        "{text}"
    );
    assert!(text.contains("  # data\n  - name: db\n    command: postgres\n\n  - name: adhoc\n    command: [sleep, 1 0]\n    cwd: x\n# the end\n"), "{text}");
    assert!(!text.contains("worker"), "{text}");
    workspace.load(&text).expect("loads");
}

#[test]
fn another_profile_gets_the_words_of_the_file_without_what_does_not_run() {
    let workspace = Workspace::new();
    let (config, specs) = running(&workspace, &["web", "worker-1", "worker-2"]);
    let text = save_running(FILE, workspace.path(), Some(&config), "mine", &specs).expect("saved");
    let added = text.strip_prefix(FILE).expect("only added");
    assert_eq!(
        added,
        "\nmine:\n  - name: web\n    command: npm run dev\n    env:\n      TOKEN: ${TOKEN:-none}\n    port: 3000\n  - name: worker\n    command: work\n    depends_on: [web]\n    replicas: 2\n"
    );
    workspace.load(&text).expect("loads");
}
