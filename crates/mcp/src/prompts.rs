//! Prompts: tasks that people start with a word.

use rmcp::ErrorData;
use rmcp::model::{GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, Role};

pub(crate) fn all() -> Vec<Prompt> {
    vec![
        Prompt::new(
            "bring_up",
            Some("Bring the development environment up and repair what does not come up"),
            Some(vec![
                PromptArgument::new("profile")
                    .with_description("The profile; without it the default one")
                    .with_required(false),
            ]),
        )
        .with_title("Bring the environment up"),
        Prompt::new(
            "find_failure",
            Some("Find out why a process fails, and propose a correction"),
            Some(vec![
                PromptArgument::new("process")
                    .with_description("The process; without it the one in trouble")
                    .with_required(false),
            ]),
        )
        .with_title("Find out why it fails"),
    ]
}

/// # Errors
///
/// A prompt that there is not.
pub(crate) fn get(
    name: &str,
    arguments: Option<&JsonObject>,
) -> Result<GetPromptResult, ErrorData> {
    let word = |key: &str| {
        let text = arguments?.get(key)?.as_str()?.trim();
        // It becomes part of a sentence.
        let fits = !text.is_empty() && text.len() <= 100 && !text.contains(char::is_control);
        fits.then(|| text.to_string())
    };
    let text = match name {
        "bring_up" => bring_up(word("profile")),
        "find_failure" => find_failure(word("process")),
        _ => {
            return Err(ErrorData::invalid_params(
                format!("there is no prompt `{name}`; there are bring_up and find_failure"),
                None,
            ));
        }
    };
    Ok(GetPromptResult::new(vec![PromptMessage::new_text(
        Role::User,
        text,
    )]))
}

fn bring_up(profile: Option<String>) -> String {
    let which = match profile {
        Some(profile) => format!("profile \"{profile}\""),
        None => "the default profile".to_string(),
    };
    format!(
        "Bring up {which} of this workspace with the tools of Forge.\n\
         1. `status`: what runs already stays as it is.\n\
         2. `start`, and wait for its answer. If there is no .forge/processes.yml, use `detect`, show me what you would write, and write it once I agree.\n\
         3. For each process that failed: `crash`, then `logs` where that does not suffice. Name the cause and the place. Correct what is clearly a mistake of configuration; ask me before you change code.\n\
         4. Where a port is taken: `ports` with that port; do not end what Forge has not started.\n\
         5. When all are ready, tell me in a few lines what runs and at which addresses."
    )
}

fn find_failure(process: Option<String>) -> String {
    let which = match process {
        Some(process) => format!("the process \"{process}\""),
        None => "the process that is in trouble (`status` tells which)".to_string(),
    };
    format!(
        "Find out why {which} fails.\n\
         1. `why`: the chain of reasons. Follow it to the process at its end.\n\
         2. `crash` for that process: kind, place, source, recent changes.\n\
         3. `changes`, and `search_logs` for the first occurrence, where the report does not suffice.\n\
         4. Read the code at the place. Explain the cause in a few sentences, and propose the smallest correction.\n\
         5. Once it is made: `wait` until it is ready (it starts again by itself when a file changes, else `restart`), and `logs` with `new: true` to see that the error is gone."
    )
}
