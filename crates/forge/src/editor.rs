//! The user's editor, opened at a line: each has its own way to be told.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::failure::{Failure, Outcome, exit};

/// Opens a file in `$VISUAL`, else `$EDITOR`, and waits for its end.
pub(crate) fn open(file: &Path, line: Option<u32>, column: Option<u32>) -> Outcome {
    let set = |name| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    };
    let Some(editor) = set("VISUAL").or_else(|| set("EDITOR")) else {
        return Err(Failure::failed("no editor is known")
            .hint("set VISUAL or EDITOR, such as VISUAL='code --wait' or EDITOR=vim"));
    };
    let place = arguments(&editor, file, line, column);
    // The variable is a command line, as everywhere: options and quotes are the shell's to read.
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$@\""))
        .arg("sh")
        .args(place)
        .status()
        .map_err(|error| Failure::failed(format!("cannot run `{editor}`: {error}")))?;
    match status.success() {
        true => Ok(exit::DONE),
        false => Err(Failure::failed(format!("`{editor}` has failed: {status}"))),
    }
}

/// What an editor is given so that it opens this place.
fn arguments(editor: &str, file: &Path, line: Option<u32>, column: Option<u32>) -> Vec<OsString> {
    let Some(line) = line else {
        return vec![file.into()];
    };
    let column = column.unwrap_or(1);
    let joined = |end: String| {
        let mut place = file.as_os_str().to_os_string();
        place.push(end);
        place
    };
    let words = editor.split_whitespace();
    let mut names = words.map(|word| {
        word.rsplit('/')
            .next()
            .unwrap_or(word)
            .trim_matches(['\'', '"'])
    });
    let known = names.find_map(style);
    match known.unwrap_or(Style::Plus) {
        Style::Plus => vec![format!("+{line}").into(), file.into()],
        Style::PlusColumn => vec![format!("+{line}:{column}").into(), file.into()],
        Style::PlusComma => vec![format!("+{line},{column}").into(), file.into()],
        Style::Goto => vec!["--goto".into(), joined(format!(":{line}:{column}"))],
        Style::Colon => vec![joined(format!(":{line}:{column}"))],
        Style::LineOption => vec!["--line".into(), line.to_string().into(), file.into()],
        Style::Short => vec!["-l".into(), line.to_string().into(), file.into()],
        Style::None => vec![file.into()],
    }
}

/// How an editor is told a line.
#[derive(Debug, Clone, Copy)]
enum Style {
    /// `+12 file`
    Plus,
    /// `+12:3 file`
    PlusColumn,
    /// `+12,3 file`
    PlusComma,
    /// `--goto file:12:3`
    Goto,
    /// `file:12:3`
    Colon,
    /// `--line 12 file`
    LineOption,
    /// `-l 12 file`
    Short,
    /// Not at all.
    None,
}

fn style(name: &str) -> Option<Style> {
    Some(match name {
        "vi" | "vim" | "nvim" | "gvim" | "view" | "ex" | "ne" | "joe" | "jed" | "gedit" => {
            Style::Plus
        }
        "emacs" | "emacsclient" | "kak" => Style::PlusColumn,
        "nano" | "pico" => Style::PlusComma,
        "code" | "code-insiders" | "codium" | "vscodium" | "cursor" | "windsurf" => Style::Goto,
        "hx" | "helix" | "subl" | "sublime_text" | "zed" | "zeditor" | "atom" | "micro"
        | "lapce" => Style::Colon,
        "idea" | "pycharm" | "webstorm" | "goland" | "clion" | "rubymine" | "rustrover"
        | "phpstorm" | "rider" | "kate" => Style::LineOption,
        "mate" => Style::Short,
        "notepad" | "open" | "xdg-open" => Style::None,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_editor_is_told_the_line_in_its_own_way() {
        for (editor, expected) in [
            ("vim", "+12|/w/my app.py"),
            ("/usr/bin/nvim -f", "+12|/w/my app.py"),
            ("code --wait", "--goto|/w/my app.py:12:3"),
            ("flatpak run emacsclient -t", "+12:3|/w/my app.py"),
            ("nano", "+12,3|/w/my app.py"),
            ("hx", "/w/my app.py:12:3"),
            ("idea", "--line|12|/w/my app.py"),
            ("some-editor", "+12|/w/my app.py"),
        ] {
            let words = arguments(editor, Path::new("/w/my app.py"), Some(12), Some(3));
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            assert_eq!(words.join("|"), expected, "{editor}");
        }
        let words = arguments("vim", Path::new("/w/a"), None, None);
        assert_eq!(words, ["/w/a"]);
    }
}
