//! Levels that are no words: letters at the beginnings of lines, statuses, numbers in fields, signs.
//!
//! Each is told by up to five bytes. They are compared for many places at once, without a branch, which
//! the compiler turns into wide instructions; only where one of them fits is looked more closely.

/// So many bytes behind the end of a text may be read.
pub(super) const PADDING: usize = AT_ONCE + 4;

/// How many places are compared at once.
const AT_ONCE: usize = 32;

/// The first mark before `until` in a text that is written small and padded.
pub(super) fn first(text: &[u8], until: usize, warnings: bool) -> Option<usize> {
    match warnings {
        true => first_of::<true>(text, until),
        false => first_of::<false>(text, until),
    }
}

fn first_of<const WARNINGS: bool>(text: &[u8], until: usize) -> Option<usize> {
    let mut at = 0;
    while at < until {
        let place = |ahead: usize| -> Option<&[u8; AT_ONCE]> {
            text.get(at + ahead..at + ahead + AT_ONCE)?.try_into().ok()
        };
        let (a, b, c, d, e) = (place(0)?, place(1)?, place(2)?, place(3)?, place(4)?);
        let mut fits = [false; AT_ONCE];
        for i in 0..AT_ONCE {
            fits[i] = may_be::<WARNINGS>(a[i], b[i], c[i], d[i], e[i]);
        }
        if fits.iter().fold(false, |any, one| any | one) {
            let places = (at..until.min(at + AT_ONCE)).filter(|place| fits[place - at]);
            for place in places {
                let (before, mark) = text.split_at(place);
                if is::<WARNINGS>(mark, before) {
                    return Some(place);
                }
            }
        }
        at += AT_ONCE;
    }
    None
}

/// Whether five bytes may be the beginning of a mark: no branches, and few comparisons, even where
/// that lets pass more than is meant.
#[inline(always)]
fn may_be<const WARNINGS: bool>(a: u8, b: u8, c: u8, d: u8, e: u8) -> bool {
    // `c`, `e` and `f`.
    let letter = (b.wrapping_sub(b'c') <= 3) | ((b == b'w') & WARNINGS);
    // Of 50 to 69, or 40000 and above; of warnings 40 to 49, or 30000 and above.
    let least = if WARNINGS { b'3' } else { b'4' };
    let number = |x: u8| x.wrapping_sub(least) <= b'6' - least;
    let status = (b == b'5') | ((b == b'4') & WARNINGS);
    // A tab or the end of a line, and what else stands before a column.
    let apart = (a.wrapping_sub(b'\t') <= 1) | (a == b' ') | (a == b'[') | (a == b'|');
    let digit = c.wrapping_sub(b'0') <= 9;
    let key = (a == b'l') | (a == b'y');
    apart & (status & digit | letter & (c < b'a') | (b == b'<'))
        | key & ((b == b'"') & (c == b':') & (number(d) | number(e)) | (b == b'=') & number(c))
        | (a == b'"') & letter & (c == b'"')
        | (a == b' ') & (b == b'#') & (c == b' ') & WARNINGS
        | (a >= 0xc3)
}

/// Whether a text begins with a mark, behind what stands before it.
fn is<const WARNINGS: bool>(text: &[u8], before: &[u8]) -> bool {
    let at = |place: usize| text.get(place).copied().unwrap_or(b'\n');
    match at(0) {
        b'\n' | b' ' | b'[' | b'\t' | b'|' => match at(1) {
            b'0'..=b'9' => is_status(text, before),
            // Of Redis.
            b'#' => true,
            // `E0101 …`, `E, [2026-…`, `E/Tag( 1):`, `e: file://…`, `<3>…`, also behind `web | `.
            _ if begins_a_line(at(0), before) => {
                at(1) == b'<' || at(2).is_ascii_digit() || b",/: \t".contains(&at(2))
            }
            _ => matches!(at(2), b' ' | b'\t'),
        },
        b'l' | b'y' => {
            let digits = text[1..]
                .iter()
                .skip_while(|b| matches!(b, b'"' | b':' | b' ' | b'='))
                .take_while(|b| b.is_ascii_digit());
            matches!(digits.count(), 2 | 5)
        }
        0xc3.. => is_sign(text, WARNINGS),
        _ => true,
    }
}

/// Whether nothing but blanks stands before it in its line, or behind a `|`.
fn begins_a_line(first: u8, before: &[u8]) -> bool {
    let mut back = [first].into_iter().chain(before.iter().rev().copied());
    back.find(|b| !matches!(b, b' ' | b'\t'))
        .is_some_and(|b| matches!(b, b'\n' | b'|'))
}

/// Three digits and an end, and not the size behind the status of an access: `" 200 512 "`.
fn is_status(text: &[u8], before: &[u8]) -> bool {
    let at = |place: usize| text.get(place).copied().unwrap_or(b'\n');
    let three = at(2).is_ascii_digit() && at(3).is_ascii_digit();
    let size = matches!(before, [.., b'"', b' ', x, y, z]
        if x.is_ascii_digit() && y.is_ascii_digit() && z.is_ascii_digit());
    three && !at(4).is_ascii_alphanumeric() && at(4) != b'.' && !size
}

fn is_sign(text: &[u8], warnings: bool) -> bool {
    const ERRORS: [&str; 9] = ["✖", "✘", "✗", "✕", "× ", "❌", "⨯", "🛑", "🚨"];
    let begins = |sign: &str| text.starts_with(sign.as_bytes());
    ERRORS.iter().any(|sign| begins(sign)) || warnings && begins("⚠")
}
