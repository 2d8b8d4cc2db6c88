//! How a receipt grows on the way to the consoles: a part carries some entries and the agent's signature of everything
//! up to its end; a console answers with its own.
//!
//! A part is `from u16 | (header, if from is 0) | count u16 | entries | signature 64`; an answer `entries u16 |
//! signature 64`.

use super::{Entry, Header, MAX_ENTRIES, Party, Receipt, ReceiptError};
use crate::bytes::Reader;

/// The largest part, in bytes: it fits into one message.
pub const MAX_PART: usize = farhand_protocol::channel::MAX_RECEIPT_PART;
/// An answer's length in bytes.
pub const SIGNED: usize = farhand_protocol::channel::RECEIPT_SIGNED;

/// Some entries, with the agent's signature of all up to their end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Number of the first entry.
    pub from: u16,
    /// The header, with the first entry.
    pub header: Option<Header>,
    /// Entries, in order.
    pub entries: Vec<Entry>,
    /// The agent's Ed25519 signature.
    pub signature: [u8; 64],
}

impl Part {
    /// The parts of a receipt from an entry on; at least one, so that a console can answer.
    #[must_use]
    pub fn cut(receipt: &Receipt, mut from: u16, seed: &[u8; 32]) -> Vec<Vec<u8>> {
        let mut parts = Vec::new();
        loop {
            let mut out = from.to_be_bytes().to_vec();
            if from == 0 {
                out.extend_from_slice(&receipt.header().write());
            }
            let mut until = from;
            let mut body = Vec::new();
            for entry in &receipt.entries()[usize::from(from)..] {
                let mut bytes = Vec::new();
                entry.write(&mut bytes);
                if out.len() + body.len() + bytes.len() + SIGNED > MAX_PART {
                    break;
                }
                body.extend_from_slice(&bytes);
                until += 1;
            }
            out.extend_from_slice(&(until - from).to_be_bytes());
            out.extend_from_slice(&body);
            out.extend_from_slice(&receipt.sign_at(Party::Agent, seed, until).signature);
            parts.push(out);
            if until == receipt.count() {
                return parts;
            }
            from = until;
        }
    }

    /// Reads a part.
    ///
    /// # Errors
    /// [`ReceiptError`] for anything but one whole part within its limits.
    pub fn read(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > MAX_PART {
            return Err(crate::bytes::ReadError::Long.into());
        }
        let mut reader = Reader::new(bytes);
        let from = u16::from_be_bytes(reader.array()?);
        let header = if from == 0 { Some(Header::read(&mut reader)?) } else { None };
        let count = u16::from_be_bytes(reader.array()?);
        if usize::from(from) + usize::from(count) > MAX_ENTRIES {
            return Err(ReceiptError::Full);
        }
        let entries = (0..count).map(|_| Entry::read(&mut reader)).collect::<Result<_, _>>()?;
        let signature = reader.array()?;
        reader.end()?;
        Ok(Self { from, header, entries, signature })
    }
}

/// A console's answer: it signed so many entries.
#[must_use]
pub fn write_signed(entries: u16, signature: &[u8; 64]) -> Vec<u8> {
    [&entries.to_be_bytes()[..], signature].concat()
}

/// Reads a console's answer; nothing when it is none.
#[must_use]
pub fn read_signed(bytes: &[u8]) -> Option<(u16, [u8; 64])> {
    let mut reader = Reader::new(bytes);
    let (entries, signature) = (reader.array().ok()?, reader.array().ok()?);
    reader.end().ok()?;
    Some((u16::from_be_bytes(entries), signature))
}
