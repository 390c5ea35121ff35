//! Proving to MySQL who we are, by the two methods that servers use.

use ring::digest::{self, Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

/// A method that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// MariaDB's, and old MySQL's.
    Native,
    /// MySQL's since version 8.
    CachingSha2,
    /// The password as it is; only where nobody can read along.
    Clear,
}

impl Method {
    pub(super) fn by_name(name: &[u8]) -> Option<Self> {
        match name {
            b"mysql_native_password" => Some(Method::Native),
            b"caching_sha2_password" => Some(Method::CachingSha2),
            b"mysql_clear_password" => Some(Method::Clear),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Method::Native => "mysql_native_password",
            Method::CachingSha2 => "caching_sha2_password",
            Method::Clear => "mysql_clear_password",
        }
    }

    /// The answer to a salt of 20 bytes.
    pub(super) fn answer(self, password: &str, salt: &[u8]) -> Vec<u8> {
        let password = password.as_bytes();
        match self {
            Method::Clear => [password, b"\0"].concat(),
            _ if password.is_empty() => Vec::new(),
            // The one hashes the salt before, the other behind.
            Method::Native => {
                let once = hash(&SHA1_FOR_LEGACY_USE_ONLY, &[password]);
                let twice = hash(&SHA1_FOR_LEGACY_USE_ONLY, &[&once]);
                xor(&once, &hash(&SHA1_FOR_LEGACY_USE_ONLY, &[salt, &twice]))
            }
            Method::CachingSha2 => {
                let once = hash(&SHA256, &[password]);
                let twice = hash(&SHA256, &[&once]);
                xor(&once, &hash(&SHA256, &[&twice, salt]))
            }
        }
    }
}

fn hash(algorithm: &'static Algorithm, parts: &[&[u8]]) -> Vec<u8> {
    digest::digest(algorithm, &parts.concat()).as_ref().to_vec()
}

fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(a, b)| a ^ b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_knows_the_double_hash_can_check_the_answer() {
        let salt = [7; 20];
        for (method, algorithm) in [
            (Method::Native, &SHA1_FOR_LEGACY_USE_ONLY),
            (Method::CachingSha2, &SHA256),
        ] {
            let answer = method.answer("secret", &salt);
            let stored = hash(algorithm, &[&hash(algorithm, &[b"secret"])]);
            let mask = match method {
                Method::Native => hash(algorithm, &[&salt, &stored]),
                _ => hash(algorithm, &[&stored, &salt]),
            };
            assert_eq!(hash(algorithm, &[&xor(&answer, &mask)]), stored);
            assert!(method.answer("", &salt).is_empty());
            assert_eq!(Method::by_name(method.name().as_bytes()), Some(method));
        }
    }
}
