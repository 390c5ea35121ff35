//! Dependencies between our crates point down, and each crate only to what it may know.

use serde_json::Value;

use super::Finding;
use super::files::File;

/// A crate of ours: its layer, and the crates of ours that it may use.
struct Room {
    name: &'static str,
    layer: u8,
    knows: Knows,
}

enum Knows {
    Only(&'static [&'static str]),
    Everything,
}

const fn room(name: &'static str, layer: u8, knows: &'static [&'static str]) -> Room {
    Room {
        name,
        layer,
        knows: Knows::Only(knows),
    }
}

const ROOMS: &[Room] = &[
    room("forge-facts", 0, &[]),
    room("forge-core", 0, &["forge-facts"]),
    room("forge-os", 1, &[]),
    room("forge-config", 1, &["forge-core", "forge-facts"]),
    room("forge-logs", 1, &["forge-facts"]),
    room("forge-inspect", 1, &["forge-os"]),
    room(
        "forge-probe",
        1,
        &["forge-core", "forge-os", "forge-inspect"],
    ),
    room("forge-api", 1, &[]),
    room("forge-services", 1, &[]),
    room("forge-detect", 1, &["forge-config"]),
    room("forge-diagnose", 1, &["forge-facts", "forge-logs"]),
    room(
        "forge-exchange",
        1,
        &["forge-config", "forge-core", "forge-facts"],
    ),
    room("forge-console", 2, &["forge-api"]),
    room("forge-mcp", 2, &["forge-api"]),
    room("forge-keeper", 2, &["forge-facts", "forge-os"]),
    room(
        "forge-supervisor",
        2,
        &[
            "forge-facts",
            "forge-core",
            "forge-os",
            "forge-config",
            "forge-logs",
            "forge-inspect",
            "forge-probe",
            "forge-api",
            "forge-services",
            "forge-diagnose",
        ],
    ),
    Room {
        name: "forge",
        layer: 3,
        knows: Knows::Everything,
    },
    Room {
        name: "forge-testkit",
        layer: 3,
        knows: Knows::Everything,
    },
    room("forge-demo", 3, &[]),
    room(
        "xtask",
        3,
        &[
            "forge-api",
            "forge-config",
            "forge-core",
            "forge-detect",
            "forge-diagnose",
            "forge-exchange",
            "forge-facts",
            "forge-logs",
        ],
    ),
];

/// Crates that only tests may use.
const FOR_TESTS: [&str; 2] = ["forge-testkit", "forge-demo"];

/// Findings about the packages that Cargo's metadata describes.
pub(crate) fn check(metadata: &Value) -> Vec<Finding> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.flat_map(check_package).collect()
}

/// Every crate takes the workspace's lints; one without them would be checked by nobody.
pub(crate) fn check_lints(file: &File) -> Option<Finding> {
    let mut lines = file.text.lines().map(str::trim);
    let found = lines.any(|line| line == "[lints]")
        && lines.next().is_some_and(|line| line == "workspace = true");
    let is_package = file.text.lines().any(|line| line.trim() == "[package]");
    (is_package && !found).then(|| {
        Finding::new(
            &file.path,
            "add `[lints]` with `workspace = true`, as in the other crates",
        )
    })
}

fn check_package(package: &Value) -> Vec<Finding> {
    let name = package["name"].as_str().unwrap_or_default();
    let Some(room) = find(name) else {
        let message =
            format!("the crate {name} is in no layer; add it to the table of xtask's tidy");
        return vec![Finding::new(name, message)];
    };
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let ours = dependencies.filter_map(|dependency| {
        let target = find(dependency["name"].as_str()?)?;
        let problem = problem(room, target, dependency["kind"].as_str() == Some("dev"))?;
        Some(Finding::new(
            name,
            format!("must not depend on {}: {problem}", target.name),
        ))
    });
    ours.collect()
}

fn problem(room: &Room, target: &Room, dev: bool) -> Option<&'static str> {
    let for_tests = FOR_TESTS.contains(&target.name);
    let known = match room.knows {
        Knows::Only(names) => names.contains(&target.name),
        Knows::Everything => !for_tests,
    };
    match dev {
        _ if known => None,
        true if for_tests || target.layer < room.layer => None,
        true => Some("a test may use what lies below its crate, and the test crates"),
        false if for_tests => Some("it is for tests only; make it a dev-dependency"),
        false if target.layer > room.layer => Some("dependencies point down"),
        false => Some("the layer table does not let it know that crate"),
    }
}

fn find(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn findings(name: &str, dependency: &str, kind: Option<&str>) -> Vec<String> {
        let metadata = json!({"packages": [
            {"name": name, "dependencies": [{"name": dependency, "kind": kind}]}
        ]});
        let findings = check(&metadata).into_iter();
        findings.map(|finding| finding.message).collect()
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        let found = findings("forge-core", "forge-supervisor", None);
        assert_eq!(
            found,
            ["must not depend on forge-supervisor: dependencies point down"]
        );
    }

    #[test]
    fn an_arrow_down_that_is_not_in_the_table_is_found() {
        assert_eq!(findings("forge-keeper", "forge-core", None).len(), 1);
        assert_eq!(findings("forge-keeper", "forge-os", None), [""; 0]);
    }

    #[test]
    fn test_crates_are_for_tests() {
        assert_eq!(findings("forge", "forge-testkit", None).len(), 1);
        assert_eq!(findings("forge-os", "forge-testkit", Some("dev")), [""; 0]);
    }

    #[test]
    fn crates_of_others_are_no_concern_and_unknown_ones_of_ours_are() {
        assert_eq!(findings("forge-os", "libc", None), [""; 0]);
        assert_eq!(findings("forge-new", "libc", None).len(), 1);
    }

    #[test]
    fn no_room_is_allowed_what_lies_above_it() {
        for room in ROOMS {
            let Knows::Only(names) = room.knows else {
                continue;
            };
            for target in names.iter().filter_map(|name| find(name)) {
                assert!(
                    target.layer <= room.layer,
                    "{} → {}",
                    room.name,
                    target.name
                );
            }
        }
    }

    #[test]
    fn a_crate_without_the_common_lints_is_found() {
        let manifest = |text: &str| File {
            path: "crates/x/Cargo.toml".into(),
            text: text.into(),
        };
        assert!(check_lints(&manifest("[package]\nname = \"x\"\n")).is_some());
        assert!(check_lints(&manifest("[package]\n\n[lints]\nworkspace = true\n")).is_none());
        assert!(check_lints(&manifest("[workspace]\n")).is_none());
    }
}
