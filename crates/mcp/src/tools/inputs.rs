//! `send` and `signal`.

use forge_api::{InputRequest, NamesAnswer, SignalRequest, path};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::arguments::yes;
use crate::link;
use crate::reply::{Answer, Reply};
use crate::session::{Caller, Session};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Send {
    /// A name, group or glob.
    target: String,
    /// What to write.
    #[serde(default)]
    text: String,
    /// End it with a newline.
    #[serde(default = "yes")]
    newline: bool,
    /// Close the input behind it.
    #[serde(default)]
    eof: bool,
}

pub(crate) async fn send(session: &Session, given: Send, _: &Caller) -> Answer {
    let mut text = given.text;
    if given.newline && !(text.is_empty() && given.eof) {
        text.push('\n');
    }
    let request = InputRequest {
        target: given.target,
        text,
        bytes: Vec::new(),
        eof: given.eof,
    };
    let answer: NamesAnswer = link::once(session.host(), path::INPUT, &request).await?;
    let told = match answer.names.is_empty() {
        true => "nobody took it: nothing of that runs".to_string(),
        false => format!(
            "sent to {}; `logs` with `new: true` shows what follows",
            answer.names.join(", ")
        ),
    };
    let none = answer.names.is_empty();
    Ok(Reply::new(told, json!({ "names": answer.names })).failed_if(none))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signal {
    /// A name, group or glob.
    target: String,
    /// Such as "SIGHUP", "USR1" or "10".
    signal: String,
    /// The whole tree, not its topmost process alone.
    #[serde(default)]
    tree: bool,
}

pub(crate) async fn signal(session: &Session, given: Signal, _: &Caller) -> Answer {
    let request = SignalRequest {
        target: given.target,
        signal: given.signal,
        tree: given.tree,
    };
    let answer: NamesAnswer = link::once(session.host(), path::SIGNAL, &request).await?;
    let told = match answer.names.is_empty() {
        true => "nobody got it: nothing of that runs".to_string(),
        false => format!("sent {} to {}", request.signal, answer.names.join(", ")),
    };
    let none = answer.names.is_empty();
    Ok(Reply::new(told, json!({ "names": answer.names })).failed_if(none))
}
