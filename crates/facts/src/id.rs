//! Names of runs: sortable by time, unique on a machine, short enough to type.

use std::fmt;
use std::str::FromStr;

/// One life of a process, from spawn to exit.
///
/// 64 bits: milliseconds since 1970 in the upper 44, chance in the lower 20. Written as 13 digits of
/// Crockford's base 32, so that text order is time order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl RunId {
    /// An id for a run that begins at `unix_ms`; `chance` tells apart runs of one millisecond.
    pub fn new(unix_ms: u64, chance: u32) -> Self {
        RunId((unix_ms << 20) | u64::from(chance & 0xf_ffff))
    }

    /// Milliseconds since 1970 at which the run was ordered.
    pub fn unix_ms(self) -> u64 {
        self.0 >> 20
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; 13];
        for (place, digit) in text.iter_mut().enumerate() {
            let shift = 60 - 5 * place as u32;
            *digit = DIGITS[((self.0 >> shift) & 31) as usize];
        }
        f.write_str(std::str::from_utf8(&text).expect("digits are ASCII"))
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not the id of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotARunId(String);

impl fmt::Display for NotARunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a run id (13 letters and digits)", self.0)
    }
}

impl std::error::Error for NotARunId {}

impl FromStr for RunId {
    type Err = NotARunId;

    fn from_str(text: &str) -> Result<Self, NotARunId> {
        let wrong = || NotARunId(text.to_string());
        if text.len() != 13 {
            return Err(wrong());
        }
        let mut value: u64 = 0;
        for (place, byte) in text.bytes().enumerate() {
            let digit = DIGITS
                .iter()
                .position(|d| *d == byte.to_ascii_lowercase())
                .ok_or_else(wrong)? as u64;
            if place == 0 && digit > 15 {
                return Err(wrong());
            }
            value = (value << 5) | digit;
        }
        Ok(RunId(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back_is_the_same_id_and_sorts_by_time() {
        let older = RunId::new(1_700_000_000_000, 0xf_ffff);
        let newer = RunId::new(1_700_000_000_001, 0);
        assert_eq!(older.to_string().parse(), Ok(older));
        assert_eq!(RunId(u64::MAX).to_string().parse(), Ok(RunId(u64::MAX)));
        assert!(older.to_string() < newer.to_string());
        assert_eq!(newer.unix_ms(), 1_700_000_000_001);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "last",
            "000000000000u",
            "g000000000000",
            "00000000000000",
        ] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }
}
