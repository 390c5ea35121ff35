//! How well levels are recognised in lines of many programs, where a corpus is at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use forge_logs::{Level, Leveller, level_of};

/// Least share of lines whose level must be acceptable.
const LEAST: f64 = 0.97;

#[derive(serde::Deserialize)]
struct Case {
    line: String,
    accept: Vec<Option<String>>,
    source: String,
}

/// Looks for `levels/*.jsonl` in the folder that `FORGE_CORPORA` names.
fn cases() -> Option<Vec<Case>> {
    let folder = PathBuf::from(std::env::var_os("FORGE_CORPORA")?).join("levels");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the corpus folder can be read") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|it| it == "jsonl") {
            let text = std::fs::read_to_string(&path).expect("a corpus can be read");
            cases.extend(
                text.lines()
                    .map(|line| serde_json::from_str::<Case>(line).expect("a case")),
            );
        }
    }
    Some(cases)
}

fn score(cases: &[Case], mut level: impl FnMut(&Case) -> Option<Level>) -> f64 {
    let mut wrong: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases {
        let found = level(case);
        if !case
            .accept
            .iter()
            .any(|it| it.as_deref() == found.map(Level::name))
        {
            *wrong.entry(&case.source).or_default() += 1;
            println!(
                "{}: {found:?}, not {:?}: {:?}",
                case.source, case.accept, case.line
            );
        }
    }
    let share = 1.0 - wrong.values().sum::<usize>() as f64 / cases.len() as f64;
    println!("{:.2}% of {}; wrong: {wrong:?}", share * 100.0, cases.len());
    share
}

#[test]
fn the_cases_of_this_project_have_their_levels() {
    let text = include_str!("data/levels.jsonl");
    let cases: Vec<Case> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a case"))
        .collect();
    let share = score(&cases, |case| level_of(case.line.as_bytes()));
    assert!(share >= 1.0, "all of them");
}

#[test]
fn each_line_by_itself_has_an_acceptable_level() {
    match cases() {
        Some(cases) => assert!(score(&cases, |case| level_of(case.line.as_bytes())) >= LEAST),
        None => eprintln!("skipped: FORGE_CORPORA names no folder"),
    }
}

#[test]
fn the_lines_of_each_source_in_order_have_an_acceptable_level() {
    let Some(cases) = cases() else {
        eprintln!("skipped: FORGE_CORPORA names no folder");
        return;
    };
    let mut leveller = Leveller::default();
    let mut source = String::new();
    let share = score(&cases, |case| {
        if source != case.source {
            source.clone_from(&case.source);
            leveller.reset();
        }
        leveller.next(case.line.as_bytes())
    });
    assert!(share >= LEAST);
}
