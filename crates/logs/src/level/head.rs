//! The head of a line: times, pids, names, brackets, and among them a word that is a level.

mod columns;

use super::{Level, words};
use columns::{
    bracket_closes, has_time, is_aside, is_request, is_something_else, is_time, is_time_name,
    level_in_brackets,
};

/// What the head holds.
pub(super) struct Head {
    pub(super) level: Option<Level>,
    /// Where the message begins.
    pub(super) end: usize,
    /// Whether the message is JSON.
    pub(super) json: bool,
}

/// Most words of a head.
const MOST: usize = 16;

/// Goes over what loggers put before a message, until a level is found or the message begins.
pub(super) fn parse(line: &str) -> Head {
    let mut scan = Scan {
        line,
        at: 0,
        timed: false,
        grouped: false,
        names: 0,
        foreign: false,
        sign: None,
    };
    for _ in 0..MOST {
        scan.skip_separators();
        let rest = &line[scan.at..];
        let found = match rest.as_bytes().first() {
            None => break,
            Some(b'{') if !is_aside(rest) => {
                return Head {
                    level: None,
                    end: scan.at,
                    json: true,
                };
            }
            Some(open @ (b'[' | b'(' | b'<' | b'{')) => scan.group(*open),
            Some(_) => scan.word(),
        };
        match found {
            Next::Level(level) => {
                return Head {
                    level: Some(level),
                    end: scan.at,
                    json: false,
                };
            }
            Next::More => {}
            Next::Message => break,
        }
    }
    Head {
        level: None,
        end: scan.sign.unwrap_or(scan.at),
        json: false,
    }
}

enum Next {
    Level(Level),
    More,
    Message,
}

struct Scan<'a> {
    line: &'a str,
    at: usize,
    /// A time has been seen; something in brackets has.
    timed: bool,
    grouped: bool,
    /// How many words were seen that may be names of hosts, threads, loggers.
    names: usize,
    /// The last of them was an ordinary word, as a message may begin with.
    foreign: bool,
    /// Where a sign stands that may turn out to begin the message (`✘ [ERROR] …`).
    sign: Option<usize>,
}

impl Scan<'_> {
    fn skip_separators(&mut self) {
        let rest = &self.line[self.at..];
        let skipped = rest.trim_start_matches(|c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    '|' | '-'
                        | '–'
                        | '—'
                        | ':'
                        | '>'
                        | '»'
                        | '•'
                        | '·'
                        | '*'
                        | '='
                        | '│'
                        | '┃'
                        | '╷'
                        | '╵'
                        | ','
                        | ']'
                        | '!'
                        | '~'
                )
        });
        // A word like `--verbose` is not a separator and a name; `|-INFO` is no such word.
        let taken = &rest[..rest.len() - skipped.len()];
        let flag = taken.ends_with('-')
            && !taken.contains('|')
            && skipped.starts_with(|c: char| c.is_alphanumeric());
        self.at += if flag {
            taken.trim_end_matches('-').len()
        } else {
            taken.len()
        };
        if flag {
            self.names = MOST;
        }
    }

    /// Brackets: they hold a level, or are skipped.
    fn group(&mut self, open: u8) -> Next {
        let rest = &self.line[self.at..];
        let close = match open {
            b'[' => ']',
            b'(' => ')',
            b'{' => '}',
            _ => '>',
        };
        if let Some(behind) = rest.strip_prefix("[ ")
            && !behind.contains(']')
        {
            // `[ Info: …`, the beginning of a frame around several lines.
            self.at += 2;
            return Next::More;
        }
        let Some(length) = rest.find(close).filter(|length| *length <= 160) else {
            return Next::Message;
        };
        let inner = rest[1..length].trim();
        if let Some(level) = level_in_brackets(inner, open) {
            return Next::Level(level);
        }
        if self.foreign {
            return Next::Message;
        }
        self.timed |= has_time(inner);
        self.grouped = true;
        self.at += length + 1;
        Next::More
    }

    fn word(&mut self) -> Next {
        let rest = &self.line[self.at..];
        let length = rest
            .find(|c: char| c.is_whitespace() || c == '|')
            .unwrap_or(rest.len());
        let word = &rest[..length];
        let behind = &rest[length..];
        if let Some(level) = self.level_word(word, behind) {
            return Next::Level(level);
        }
        // `ERROR][core]`, `app[12]`: what is in brackets comes next.
        let length = match word.find('[') {
            Some(at) if at > 0 && !word[..at].contains('=') => at,
            _ => length,
        };
        let word = &rest[..length];
        let next = self.classify(word);
        if matches!(next, Next::More) {
            self.at += length;
        }
        next
    }

    /// Whether a word may stand in a head.
    fn classify(&mut self, word: &str) -> Next {
        if is_time(word) || is_time_name(word) {
            self.timed |= has_time(word);
            return Next::More;
        }
        let mut chars = word.chars();
        if chars
            .next()
            .is_some_and(|c| !c.is_alphanumeric() && !c.is_ascii())
            && word.len() <= 6
        {
            self.sign.get_or_insert(self.at);
            return if self.names == 0 {
                Next::More
            } else {
                Next::Message
            };
        }
        self.names += 1;
        if self.names > 6 {
            return Next::Message;
        }
        if word.contains('=') {
            return if self.timed && !word.contains('"') {
                Next::More
            } else {
                Next::Message
            };
        }
        // A category before the time, as `APPREAD 1117869872 …`.
        let behind = self.line[self.at + word.len()..].trim_start();
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        if !self.timed
            && self.names == 1
            && digits >= 9
            && word.bytes().all(|b| b.is_ascii_uppercase())
        {
            return Next::More;
        }
        let name_like = word.ends_with(':')
            || word
                .bytes()
                .any(|b| b.is_ascii_digit() || b"._/@#\\$".contains(&b))
            || (self.timed
                && word.len() > 1
                && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
        if name_like && (self.timed || self.names == 1) {
            return if word.starts_with(['/', '"', '\'', '`', '.']) {
                Next::Message
            } else {
                Next::More
            };
        }
        // One ordinary word behind a time may be a host or a thread.
        if self.timed
            && !self.grouped
            && !self.foreign
            && self.names == 1
            && word
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        {
            self.foreign = true;
            self.sign.get_or_insert(self.at);
            return Next::More;
        }
        Next::Message
    }

    fn level_word(&self, token: &str, behind: &str) -> Option<Level> {
        if self.names >= MOST {
            return None;
        }
        let length = token
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(token.len());
        let (word, suffix) = token.split_at(length);
        let capitals = word.len() > 1
            && word
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let column = behind.starts_with("  ")
            || behind.starts_with('\t')
            || behind.starts_with(" |")
            || behind.starts_with('|');
        // `http: panic serving …` of Go names a package; only of a request is it a level.
        let package = word == "http" && !is_request(behind);
        if let Some(level) = words::level(word).filter(|_| !package) {
            let stands = match suffix.as_bytes().first() {
                Some(b':') if capitals => !suffix.starts_with("::"),
                Some(b':') => {
                    suffix == ":"
                        && words::stands_before_colon(word)
                        && !self.foreign
                        && !words::is_nothing(behind.trim())
                }
                Some(b'[') => !self.foreign && bracket_closes(suffix),
                // `error(scope): …`
                Some(b'(') if self.at == 0 && suffix.ends_with("):") => {
                    words::stands_before_colon(word)
                }
                Some(b'(' | b']' | b',') => capitals && words::stands_alone(word),
                None if capitals => {
                    (words::stands_alone(word) && !is_something_else(word, behind))
                        || (word == "LOG" && (column || behind.starts_with(" [")))
                }
                None => self.small_word(word, behind, column),
                Some(_) => false,
            };
            if stands {
                return Some(level);
            }
        }
        // `local.ERROR:` of Monolog.
        if let Some((channel, word)) = token.strip_suffix(':').and_then(|t| t.rsplit_once('.'))
            && word.bytes().all(|b| b.is_ascii_uppercase())
            && words::stands_alone(word)
            && channel
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        {
            return words::level(word);
        }
        self.single_letter(token, behind, column)
    }

    /// A level written small, without a colon.
    fn small_word(&self, word: &str, behind: &str, column: bool) -> bool {
        let small = word.bytes().all(|b| b.is_ascii_lowercase());
        let first = self.at == 0;
        if words::stands_first(&word.to_ascii_lowercase())
            && column
            && (self.timed || first)
            && !behind.trim().is_empty()
        {
            return true;
        }
        if !small || self.foreign {
            return false;
        }
        // `error pages: …` is about errors.
        let next = behind.split_ascii_whitespace().next().unwrap_or_default();
        let plain = matches!(word, "error" | "warning" | "warn" | "info") && !next.ends_with("s:");
        (first && plain && !behind.trim().is_empty())
            || (self.timed && self.names == 0 && words::stands_first(word))
    }

    /// `E` behind a time, before a name: logcat, MongoDB.
    fn single_letter(&self, token: &str, behind: &str, column: bool) -> Option<Level> {
        let bytes = token.as_bytes();
        let alone =
            bytes.len() == 1 || (bytes.len() == 2 && bytes[0] == b'D' && bytes[1].is_ascii_digit());
        if !self.timed || self.names > 0 || !alone {
            return None;
        }
        let next = behind.split_ascii_whitespace().next()?;
        let named = column
            || behind.split(' ').take(3).any(|word| word.ends_with(':'))
            || behind.find(": ").is_some_and(|colon| colon <= 48)
            || next.bytes().all(|b| b.is_ascii_uppercase())
            // `W path/file.cc:64] …`
            || (next.ends_with(']') && next.contains(':'));
        words::letter(bytes[0]).filter(|_| named)
    }
}
