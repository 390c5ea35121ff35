//! `--to forge` and `--to json`: the profile alone, in the words of its file.

use crate::edit::profile_text;
use crate::value::Value;

use super::ExportSource;

pub(super) fn text(source: &ExportSource<'_>) -> String {
    profile_text(&source.profile.name, &source.written_drafts())
}

pub(super) fn json(source: &ExportSource<'_>) -> String {
    let drafts = source.written_drafts();
    let list = Value::List(drafts.iter().map(|draft| draft.value()).collect());
    let document = Value::map([(source.profile.name.as_str(), list)]);
    document.to_json_text(0) + "\n"
}
