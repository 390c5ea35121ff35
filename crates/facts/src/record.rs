//! One record is one line: checksum, kind, fields. The frozen form of everything that is said.

use std::fmt;

/// A line of the protocol or of a journal: a kind and fields that may repeat.
///
/// Text form, without the newline: `crc32 kind key=value key=value …`, where the checksum is 8 hex
/// digits over everything behind the first space, and in a value every byte that is not a printable
/// ASCII character, and `%` and space, is written `%hh`. Values are bytes: paths, arguments and
/// variables need not be UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    kind: String,
    fields: Vec<(String, Vec<u8>)>,
}

/// A line that is no record, or a record that lacks what its kind needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed record: {}", self.0)
    }
}

impl std::error::Error for Malformed {}

impl Record {
    /// A record of this kind (lower-case letters and hyphens) without fields.
    pub fn new(kind: &str) -> Self {
        debug_assert!(kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
        Record {
            kind: kind.to_string(),
            fields: Vec::new(),
        }
    }

    /// The kind.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Adds a field; the same key may be added many times, order is kept.
    pub fn with(mut self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((key.to_string(), value.as_ref().to_vec()));
        self
    }

    /// Adds a field in its `Display` form.
    pub fn with_display(self, key: &str, value: impl fmt::Display) -> Self {
        self.with(key, value.to_string())
    }

    /// Adds a field where there is a value.
    pub fn with_some(self, key: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.with_display(key, value),
            None => self,
        }
    }

    /// The first value of this key.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.fields
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, v)| v.as_slice())
    }

    /// All values of this key, in order.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.fields
            .iter()
            .filter(move |(k, _)| k == key)
            .map(|(_, v)| v.as_slice())
    }

    /// The first value of this key as text.
    pub fn text(&self, key: &str) -> Result<&str, Malformed> {
        let value = self.get(key).ok_or_else(|| self.lacks(key))?;
        std::str::from_utf8(value)
            .map_err(|_| Malformed(format!("{}: {key} is no UTF-8", self.kind)))
    }

    /// The first value of this key, parsed.
    pub fn parse<T: std::str::FromStr>(&self, key: &str) -> Result<T, Malformed> {
        let text = self.text(key)?;
        text.parse()
            .map_err(|_| Malformed(format!("{}: {key}={text} cannot be read", self.kind)))
    }

    /// The first value of this key, parsed, where the key is present.
    pub fn parse_some<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>, Malformed> {
        match self.get(key) {
            Some(_) => self.parse(key).map(Some),
            None => Ok(None),
        }
    }

    fn lacks(&self, key: &str) -> Malformed {
        Malformed(format!("{} lacks {key}", self.kind))
    }

    /// The line, with its newline.
    pub fn encode(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(64);
        line.extend_from_slice(b"00000000 ");
        line.extend_from_slice(self.kind.as_bytes());
        for (key, value) in &self.fields {
            line.push(b' ');
            line.extend_from_slice(key.as_bytes());
            line.push(b'=');
            escape(value, &mut line);
        }
        let sum = format!("{:08x}", crc32(&line[9..]));
        line[..8].copy_from_slice(sum.as_bytes());
        line.push(b'\n');
        line
    }

    /// Reads a line, with or without its newline.
    pub fn decode(line: &[u8]) -> Result<Self, Malformed> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let wrong = |why: &str| Malformed(format!("{why}: {}", shorten(line)));
        if line.len() < 10 || line[8] != b' ' {
            return Err(wrong("no checksum"));
        }
        let (sum, body) = (&line[..8], &line[9..]);
        if format!("{:08x}", crc32(body)).as_bytes() != sum {
            return Err(wrong("wrong checksum"));
        }
        let mut words = body.split(|b| *b == b' ');
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| wrong("no UTF-8"));
        let kind = text(words.next().unwrap_or_default())?;
        let mut fields = Vec::new();
        for word in words {
            let equals = word
                .iter()
                .position(|b| *b == b'=')
                .ok_or_else(|| wrong("a field without `=`"))?;
            let value = unescape(&word[equals + 1..]).ok_or_else(|| wrong("a bad escape"))?;
            fields.push((text(&word[..equals])?, value));
        }
        Ok(Record { kind, fields })
    }
}

fn escape(value: &[u8], into: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in value {
        match byte {
            b'!'..=b'$' | b'&'..=b'~' => into.push(*byte),
            other => {
                into.push(b'%');
                into.push(HEX[usize::from(other >> 4)]);
                into.push(HEX[usize::from(other & 15)]);
            }
        }
    }
}

fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut value = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'%' {
            let high = char::from(*bytes.next()?).to_digit(16)?;
            let low = char::from(*bytes.next()?).to_digit(16)?;
            value.push((high * 16 + low) as u8);
        } else {
            value.push(*byte);
        }
    }
    Some(value)
}

fn shorten(line: &[u8]) -> String {
    String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned()
}

/// CRC-32 as in IEEE 802.3 and gzip (RFC 1952, section 8).
pub fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    let mut crc = !0u32;
    for byte in bytes {
        crc = TABLE[((crc ^ u32::from(*byte)) & 255) as usize] ^ (crc >> 8);
    }
    !crc
}

const fn table() -> [u32; 256] {
    let mut table = [0u32; 256];
    let mut n = 0;
    while n < 256 {
        let mut value = n as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                0xedb8_8320 ^ (value >> 1)
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[n] = value;
        n += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_standard_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn any_bytes_come_back_as_they_were() {
        let all: Vec<u8> = (0..=255).collect();
        let record = Record::new("launch")
            .with("argv", &all)
            .with("argv", b"")
            .with_display("run", 7);
        let line = record.encode();
        assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1);
        assert_eq!(Record::decode(&line), Ok(record));
    }

    #[test]
    fn every_single_damage_is_noticed() {
        let line = Record::new("exit").with_display("code", 3).encode();
        for cut in 0..line.len() - 1 {
            assert!(Record::decode(&line[..cut]).is_err(), "cut at {cut}");
        }
        for place in 0..line.len() - 1 {
            let mut bad = line.clone();
            bad[place] ^= 1;
            assert!(Record::decode(&bad).is_err(), "flipped at {place}");
        }
    }
}
