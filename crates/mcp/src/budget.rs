//! Bounds: how much of a line and of a text is told.

/// A text of at most so many characters; what is left out is said.
pub(crate) fn clip(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else {
        return text.to_string();
    };
    let rest = text[end..].chars().count();
    format!("{}… (+{rest} characters)", &text[..end])
}

/// Lines from the end that fit into so many characters, line ends counted; at least one.
pub(crate) fn last_that_fit<T>(lines: &[T], most: usize, size: impl Fn(&T) -> usize) -> usize {
    fitting(lines.iter().rev(), most, size)
}

/// Lines from the beginning that fit into so many characters; at least one.
pub(crate) fn first_that_fit<T>(lines: &[T], most: usize, size: impl Fn(&T) -> usize) -> usize {
    fitting(lines.iter(), most, size)
}

fn fitting<'a, T: 'a>(
    lines: impl Iterator<Item = &'a T>,
    most: usize,
    size: impl Fn(&T) -> usize,
) -> usize {
    let mut total = 0usize;
    let mut count = 0;
    for line in lines {
        total = total.saturating_add(size(line) + 1);
        if total > most && count > 0 {
            break;
        }
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        assert_eq!(clip("äöü", 3), "äöü");
        assert_eq!(clip("äöüß", 3), "äöü… (+1 characters)");
        assert_eq!(clip("", 0), "");
    }

    #[test]
    fn at_least_one_line_is_told() {
        let lines = ["aaaa", "bb", "cccc"];
        let size = |line: &&str| line.len();
        assert_eq!(last_that_fit(&lines, 1, size), 1);
        assert_eq!(last_that_fit(&lines, 8, size), 2);
        assert_eq!(first_that_fit(&lines, 8, size), 2);
        assert_eq!(first_that_fit(&lines, 80, size), 3);
        assert_eq!(last_that_fit(&[], 80, |line: &&str| line.len()), 0);
    }
}
