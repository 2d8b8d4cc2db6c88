//! Sealing end to end: the two ends of a session agree on keys through a service that learns nothing of them, and
//! seal every message of the media path. No clock, no socket, no runtime, and no source of randomness: whoever calls
//! hands in fresh random bytes.
//!
//! [`handshake`] makes a [`keys::Pair`] of keys from a code or a link, by CPace ([`cpace`]). The agent's
//! [`epochs::Epochs`] hands the session's secret to every console, pairwise sealed. [`message`] seals and opens.
//! [`receipt`] is what the customer takes home, and [`letter`] how the tenant gets it.
#![forbid(unsafe_code)]

#[cfg(any(feature = "ring", feature = "soft"))]
pub mod aead;
pub mod bytes;
pub mod context;
pub mod cpace;
#[cfg(any(feature = "ring", feature = "soft"))]
pub mod ends;
#[cfg(any(feature = "ring", feature = "soft"))]
pub mod epochs;
pub mod handshake;
pub mod keys;
#[cfg(any(feature = "ring", feature = "soft"))]
pub mod letter;
#[cfg(any(feature = "ring", feature = "soft"))]
pub mod message;
pub mod padding;
pub mod receipt;
pub mod secret;
#[cfg(feature = "vectors")]
pub mod vectors;
pub mod window;

/// A fresh number of random bytes for one input of an end.
pub type Random = [u8; handshake::RANDOM];

/// Names this version of the construction in every derivation; a change of any of them changes it.
pub const LABEL: &[u8] = b"farhand seal 1";

#[cfg(test)]
mod tests {
    /// The bytes of hex; white space is passed over.
    pub(crate) fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pairs = digits.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }
}
