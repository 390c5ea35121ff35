//! What an edit keeps, and what it changes.

use super::*;
use crate::value::Value;

fn draft(name: &str, command: &str) -> Draft {
    let mut draft = Draft::new(name, name, Default::default());
    draft.set("command", Value::text(command));
    draft
}

fn replace(text: &str, drafts: &[Draft], unchanged: &[&str]) -> Result<String, EditError> {
    let unchanged = unchanged.iter().map(|name| name.to_string()).collect();
    let how = How::Replace {
        unchanged: &unchanged,
    };
    save(text, "dev", drafts, how)
}

const FILE: &str = "# ours
x-base: &base {tty: true} # shared
dev:
  # the page
  - name: web   # in front
    command: |
      echo hi
      # not a comment
    <<: *base

  # the service
  - name: api
    command: go run .
    # port: 8080

# for tests
test:
  - {name: unit, command: npm test}
";

#[test]
fn a_new_profile_goes_to_the_end() {
    let text = save(FILE, "ci", &[draft("a", "x")], How::Append).expect("saved");
    assert_eq!(text, format!("{FILE}\nci:\n  - name: a\n    command: x\n"));
    let text = save("", "ci", &[draft("a", "x")], How::Append).expect("saved");
    assert_eq!(text, "ci:\n  - name: a\n    command: x\n");
    let text = save("a:\n- {name: x, command: z}", "b", &[], How::Append).expect("saved");
    assert_eq!(text, "a:\n- {name: x, command: z}\n\nb: []\n");
}

#[test]
fn processes_are_added_behind_the_last_one() {
    let text = save(FILE, "dev", &[draft("db", "x")], How::Append).expect("saved");
    let expected = FILE.replace(
        "    # port: 8080\n",
        "    # port: 8080\n\n  - name: db\n    command: x\n",
    );
    assert_eq!(text, expected);
    let clash = save(FILE, "dev", &[draft("api", "x")], How::Append);
    assert_eq!(clash, Err(EditError::Exists(vec!["api".into()])));
}

#[test]
fn what_has_not_changed_keeps_its_text() {
    let text = replace(
        FILE,
        &[draft("web", "?"), draft("api", "new"), draft("z", "z")],
        &["web"],
    );
    let expected = FILE.replace(
        "    command: go run .\n    # port: 8080\n",
        "    command: new\n\n  - name: z\n    command: z\n",
    );
    assert_eq!(text, Ok(expected));
}

#[test]
fn what_is_gone_goes_with_its_comment() {
    let text = replace(FILE, &[draft("api", "?")], &["api"]).expect("saved");
    assert!(!text.contains("the page") && !text.contains("hi"));
    assert!(
        text.contains("  # the service\n  - name: api\n    command: go run .\n    # port: 8080\n")
    );
    let text = replace(FILE, &[], &[]).expect("saved");
    assert!(text.contains("\ndev: []\n") && text.contains("# for tests"));
}

#[test]
fn lists_in_brackets_and_empty_profiles_are_filled() {
    let text = save(FILE, "test", &[draft("b", "y: z")], How::Append).expect("saved");
    assert!(
        text.contains("  - {name: unit, command: npm test}\n  - name: b\n    command: \"y: z\"\n")
    );
    let flow = "test: [{name: a, command: x}] # t\nb: []\n";
    let text = save(flow, "test", &[draft("b", "z")], How::Append).expect("saved");
    assert_eq!(
        text,
        "test: [{name: a, command: x}, {name: b, command: z}] # t\nb: []\n"
    );
    let text = save(flow, "b", &[draft("b", "z")], How::Append).expect("saved");
    assert_eq!(
        text,
        "test: [{name: a, command: x}] # t\nb: [{name: b, command: z}]\n"
    );
    let text = save(
        "dev: # soon\nx: []\n",
        "dev",
        &[draft("a", "x")],
        How::Append,
    )
    .expect("saved");
    assert_eq!(text, "dev: # soon\n  - name: a\n    command: x\nx: []\n");
}

#[test]
fn line_endings_and_dashes_at_the_margin_are_kept() {
    let file = "dev:\r\n- name: a\r\n  command: x\r\ntest:\r\n- name: t\r\n  command: x\r\n";
    let text = save(file, "dev", &[draft("b", "z")], How::Append).expect("saved");
    assert_eq!(
        text,
        "dev:\r\n- name: a\r\n  command: x\r\n- name: b\r\n  command: z\r\ntest:\r\n- name: t\r\n  command: x\r\n"
    );
}

#[test]
fn what_cannot_be_done_safely_is_refused() {
    let anchored = "dev:\n  - &a\n    name: a\n    command: x\nx-b: *a\n";
    assert!(matches!(
        replace(anchored, &[draft("b", "x")], &[]),
        Err(EditError::Form(_))
    ));
    let alias = "test: &t\n  - {name: a, command: x}\ndev: *t\n";
    assert!(matches!(replace(alias, &[], &[]), Err(EditError::Form(_))));
    let braces = "{dev: [{name: a, command: x}]}\n";
    assert!(matches!(
        save(braces, "b", &[], How::Append),
        Err(EditError::Form(_))
    ));
    assert!(matches!(
        save("a: [", "b", &[], How::Append),
        Err(EditError::Unreadable { .. })
    ));
}
