//! Proving to PostgreSQL who we are: MD5, and SCRAM-SHA-256 (RFC 5802 and 7677) without channel binding.

use std::num::NonZeroU32;

use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac, pbkdf2};

use crate::{base64, md5};

/// More rounds than any server asks for; one that asks for more wants to keep us busy.
const MOST_ROUNDS: u32 = 1_000_000;

/// The answer to a server that wants MD5.
pub(super) fn md5(user: &str, password: &str, salt: &[u8]) -> String {
    let inner = md5::hex(&[password.as_bytes(), user.as_bytes()]);
    format!("md5{}", md5::hex(&[inner.as_bytes(), salt]))
}

/// One exchange.
pub(super) struct Scram {
    password: String,
    nonce: String,
    /// What the server must send in the end.
    expected: Option<String>,
}

impl Scram {
    pub(super) const NAME: &'static str = "SCRAM-SHA-256";

    /// `None` where there are no random numbers.
    pub(super) fn begin(password: &str) -> Option<Self> {
        let mut nonce = [0; 18];
        SystemRandom::new().fill(&mut nonce).ok()?;
        Some(Scram::with_nonce(password, &base64::encode(&nonce)))
    }

    fn with_nonce(password: &str, nonce: &str) -> Self {
        Scram {
            password: password.to_string(),
            nonce: nonce.to_string(),
            expected: None,
        }
    }

    /// The first message. The name stands in the startup message and is empty here.
    pub(super) fn first(&self) -> String {
        format!("n,,n=,r={}", self.nonce)
    }

    /// The answer to the server's challenge; `None` if that is none.
    pub(super) fn answer(&mut self, challenge: &[u8]) -> Option<String> {
        let bare = format!("n=,r={}", self.nonce);
        self.answer_to(&bare, challenge)
    }

    fn answer_to(&mut self, bare: &str, challenge: &[u8]) -> Option<String> {
        let challenge = std::str::from_utf8(challenge).ok()?;
        let field = |name: &str| {
            challenge
                .split(',')
                .find_map(|field| field.strip_prefix(name))
        };
        let nonce = field("r=")?;
        let salt = base64::decode(field("s=")?)?;
        let rounds: u32 = field("i=")?.parse().ok()?;
        if !nonce.starts_with(&self.nonce) || rounds > MOST_ROUNDS {
            return None;
        }
        let mut salted = [0; 32];
        let rounds = NonZeroU32::new(rounds)?;
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(
            algorithm,
            rounds,
            &salt,
            self.password.as_bytes(),
            &mut salted,
        );
        let client_key = sign(&salted, b"Client Key");
        let stored = digest::digest(&digest::SHA256, client_key.as_ref());
        let last = format!("c=biws,r={nonce}");
        let all = format!("{bare},{challenge},{last}");
        let signature = sign(stored.as_ref(), all.as_bytes());
        let pairs = client_key.as_ref().iter().zip(signature.as_ref());
        let proof: Vec<u8> = pairs.map(|(key, sign)| key ^ sign).collect();
        let server_key = sign(&salted, b"Server Key");
        let expected = sign(server_key.as_ref(), all.as_bytes());
        self.expected = Some(format!("v={}", base64::encode(expected.as_ref())));
        Some(format!("{last},p={}", base64::encode(&proof)))
    }

    /// Whether the server's last message proves that it knows the password too.
    pub(super) fn is_proved_by(&self, last: &[u8]) -> bool {
        self.expected
            .as_ref()
            .is_some_and(|expected| expected.as_bytes() == last)
    }
}

fn sign(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exchange_is_that_of_the_standard() {
        // RFC 7677, section 3.
        let mut scram = Scram::with_nonce("pencil", "rOprNGfwEbeRWgbNEkqO");
        let challenge = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let answer = scram.answer_to("n=user,r=rOprNGfwEbeRWgbNEkqO", challenge);
        assert_eq!(
            answer.as_deref(),
            Some(
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
            )
        );
        assert!(scram.is_proved_by(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!scram.is_proved_by(b"v=x"));
    }

    #[test]
    fn a_challenge_that_is_none_has_no_answer() {
        let mut scram = Scram::with_nonce("p", "abc");
        for challenge in [
            "",
            "r=abd,s=AAAA,i=1",
            "r=abcd,s=!,i=1",
            "r=abcd,s=AAAA,i=0",
            "r=abcd,s=AAAA,i=4000000000",
            "r=abcd,s=AAAA,i=99999999999",
        ] {
            assert_eq!(scram.answer(challenge.as_bytes()), None, "{challenge}");
        }
        assert!(!scram.is_proved_by(b""));
    }

    #[test]
    fn md5_is_salted_twice() {
        assert_eq!(
            md5("md5_user", "password", &[0x2a, 0x3d, 0x8f, 0xe0]),
            "md562af4dd09bbb41884907a838a3233294"
        );
    }
}
