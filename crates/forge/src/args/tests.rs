//! What the grammar promises: docs and help name the same commands and options.

use std::collections::BTreeSet;

use clap::{Command, CommandFactory};

use super::Cli;

const DOCUMENT: &str = include_str!("../../../../docs/commands.md");

/// Every command with its whole name: `forge dev start`.
fn leaves(command: &Command, name: &str, found: &mut Vec<(String, Command)>) {
    let below: Vec<&Command> = command
        .get_subcommands()
        .filter(|one| one.get_name() != "help")
        .collect();
    // One that does something by itself, and has others below it, is one of them.
    let alone = name != "forge" && !command.is_subcommand_required_set();
    if below.is_empty() || (alone && command.get_arguments().any(|one| !one.is_global_set())) {
        found.push((name.to_string(), command.clone()));
    }
    for one in below {
        leaves(one, &format!("{name} {}", one.get_name()), found);
    }
}

fn commands() -> Vec<(String, Command)> {
    let mut found = Vec::new();
    leaves(&Cli::command(), "forge", &mut found);
    found
}

/// The part of the document about a command.
fn section(name: &str) -> &'static str {
    let heading = format!("## {name}\n");
    let from = DOCUMENT
        .find(&heading)
        .unwrap_or_else(|| panic!("no section `{name}`"));
    let rest = &DOCUMENT[from + heading.len()..];
    rest.split("\n## ").next().unwrap_or(rest)
}

#[test]
fn the_grammar_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_and_option_is_in_the_document() {
    for (name, command) in commands() {
        let text = section(&name);
        for option in command.get_arguments().filter(|one| !one.is_positional()) {
            if let Some(long) = option.get_long().filter(|long| *long != "help") {
                let known =
                    text.contains(&format!("`--{long}")) || text.contains(&format!(" --{long}"));
                assert!(known, "{name}: --{long}");
            }
            if let Some(short) = option.get_short().filter(|short| *short != 'h') {
                assert!(text.contains(&format!("`-{short}`")), "{name}: -{short}");
            }
        }
        assert!(text.contains("```\n"), "{name} has no example");
    }
}

#[test]
fn the_document_names_no_option_that_there_is_not() {
    for (name, command) in commands() {
        let known: BTreeSet<String> = command
            .get_arguments()
            .filter_map(|one| one.get_long())
            .map(str::to_string)
            .collect();
        for row in section(&name)
            .lines()
            .filter(|line| line.starts_with("| `-"))
        {
            let cell = row.split(" | ").next().unwrap_or(row);
            for word in cell
                .split(['`', ' ', ','])
                .filter_map(|word| word.strip_prefix("--"))
            {
                assert!(known.contains(word), "{name}: --{word}");
            }
        }
    }
}

#[test]
fn every_section_is_about_a_command() {
    let names: Vec<String> = commands().into_iter().map(|(name, _)| name).collect();
    for heading in DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("## forge "))
    {
        assert!(names.contains(&format!("forge {heading}")), "{heading}");
        let anchor = format!("(#forge-{})", heading.replace(' ', "-"));
        assert!(DOCUMENT.contains(&anchor), "{heading} is not in the list");
    }
}

#[test]
fn every_help_has_a_sentence_and_an_example() {
    for (name, command) in commands() {
        assert!(command.get_about().is_some(), "{name}");
        let after = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        assert!(after.contains("Example"), "{name}");
    }
}
