//! Who somebody is: passwords, second methods, tokens and the throttles in front of them.

mod common;
pub mod domain;
pub mod guards;
pub mod passkey;
pub mod password;
pub mod pending;
pub mod program;
pub mod ranges;
pub mod recovery;
pub mod throttle;
mod token;
pub mod totp;

use ring::rand::{SecureRandom as _, SystemRandom};

pub use self::token::{Token, TokenHash};

/// Random bytes of the operating system.
///
/// # Panics
/// When the operating system has none to give, without which nothing here could be safe.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random identifier: `bytes` random bytes (at most 32) in lower-case hex.
#[must_use]
pub fn random_id(bytes: usize) -> String {
    hex(&random::<32>()[..bytes.min(32)])
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}
