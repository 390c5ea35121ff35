//! A profile that goes out and comes back is the same profile.

mod common;
mod profiles;

use std::path::Path;

use common::{Workspace, done_in};
use forge_core::spec::*;
use forge_exchange::{ExportFormat, ExportSource, export};
use profiles::profile;
use proptest::prelude::*;

/// The same processes below this workspace.
fn moved(mut specs: Vec<ProcessSpec>, workspace: &Path) -> Profile {
    for (at, spec) in specs.iter_mut().enumerate() {
        let inside = spec
            .cwd
            .strip_prefix("/")
            .expect("below the root")
            .to_path_buf();
        spec.cwd = workspace.join(inside).components().collect();
        for port in &mut spec.ports {
            *port = 6000 + at as u16;
        }
    }
    Profile {
        name: "dev".into(),
        processes: specs,
    }
}

fn out(workspace: &Workspace, profile: &Profile, format: ExportFormat) -> String {
    let source = ExportSource {
        workspace: workspace.path(),
        profile,
        config: None,
    };
    export(&source, format).expect("exported").text()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn through_forge(specs in profile()) {
        let workspace = Workspace::new();
        let profile = moved(specs, workspace.path());
        let text = out(&workspace, &profile, ExportFormat::Forge);
        let back = workspace.load(&text).map_err(TestCaseError::fail)?;
        prop_assert_eq!(back.profile("dev"), Some(&profile), "{}", text);
    }

    #[test]
    fn through_json(specs in profile()) {
        let workspace = Workspace::new();
        let profile = moved(specs, workspace.path());
        let text = out(&workspace, &profile, ExportFormat::Json);
        let back = workspace.load(&text).map_err(TestCaseError::fail)?;
        prop_assert_eq!(back.profile("dev"), Some(&profile), "{}", text);
    }

    #[test]
    fn through_process_compose(specs in profile()) {
        let workspace = Workspace::new();
        let profile = moved(specs, workspace.path());
        let text = out(&workspace, &profile, ExportFormat::ProcessCompose);
        workspace.write("process-compose.yaml", &text);
        let done = done_in(&workspace, "process-compose.yaml", false);
        prop_assert_eq!(&done.profile, &profile, "{}\n{}", text, done.text);
    }

    #[test]
    fn through_a_procfile_as_far_as_it_goes(specs in profile()) {
        let workspace = Workspace::new();
        let mut profile = moved(specs, workspace.path());
        for spec in &mut profile.processes {
            spec.cwd = workspace.path().to_path_buf();
        }
        let text = out(&workspace, &profile, ExportFormat::Procfile);
        workspace.write("Procfile", &text);
        let done = done_in(&workspace, "Procfile", false);
        for (spec, back) in profile.processes.iter().zip(&done.profile.processes) {
            prop_assert_eq!(spec.name.replace('.', "-"), back.name.clone());
            if let (CommandSpec::Shell(out), CommandSpec::Shell(back)) = (&spec.command, &back.command)
                && out.needs().next().is_none()
                && !out.to_string().contains('\n')
            {
                prop_assert_eq!(out.to_string(), back.to_string());
            }
        }
        prop_assert_eq!(profile.processes.len(), done.profile.processes.len());
    }

    #[test]
    fn every_format_says_something_of_every_profile(specs in profile()) {
        let workspace = Workspace::new();
        let profile = moved(specs, workspace.path());
        for format in ExportFormat::ALL {
            prop_assert!(!out(&workspace, &profile, format).is_empty());
        }
    }
}

#[test]
fn equal_replicas_become_one_entry_again() {
    let workspace = Workspace::new();
    let text = "dev:\n  - name: w\n    command: echo ${process.w.port}\n    port: auto\n    groups: [g]\n    replicas: 3\n  - name: c\n    command: x\n    depends_on: [w]\n";
    let config = workspace.load(text).expect("loads");
    let profile = config.profile("dev").expect("dev");
    for format in [ExportFormat::Forge, ExportFormat::ProcessCompose] {
        let out = out(&workspace, profile, format);
        workspace.write("process-compose.yaml", &out);
        let back = match format {
            ExportFormat::Forge => workspace
                .load(&out)
                .expect("loads")
                .profile("dev")
                .cloned()
                .expect("dev"),
            _ => done_in(&workspace, "process-compose.yaml", false).profile,
        };
        assert_eq!(&back, profile, "{out}");
        assert!(out.contains("replicas: 3"), "{out}");
    }
}
