//! The consent receipt: what was asked, granted, refused, taken back and done in a session, as a chain of hashes that
//! both ends sign. The customer keeps it as one file; anybody can check it without a network.
//!
//! Layout, numbers big endian, texts after their length (see [`crate::bytes`]):
//! `magic "FHRC" | version u8 = 1 | header | count u16 | entries | signatures u8 | (role u8 | key 32 | signature 64)…`.
//! The header is `session text | started u64 | agent key 32 | technician name, organisation | customer name,
//! organisation`, an entry `at u64 | who u8 | what u8 | rights u16 | text`. Hash 0 is of the header, hash n of hash n − 1
//! and entry n; signed is the last hash with the number of entries.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use farhand_protocol::rights::Rights;
use farhand_protocol::session::MAX_NAME;
use sha2::{Digest, Sha512};

use crate::LABEL;
use crate::bytes::{ReadError, Reader, lv_cat, put};
use crate::context::{Identity, MAX_SESSION, read_rights, write_rights};

/// The most entries of a receipt.
pub const MAX_ENTRIES: usize = 4096;
/// The longest text of an entry, in bytes; a longer one is cut.
pub const MAX_TEXT: usize = 300;
/// The most signatures of a receipt.
pub const MAX_SIGNATURES: usize = 32;
/// The largest receipt, in bytes.
pub const MAX_RECEIPT: usize = 2 * 1024 * 1024;

const MAGIC: &[u8; 5] = b"FHRC\x01";

/// Who did what an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Who {
    /// The customer, on their own machine.
    Customer = 0,
    /// The technician.
    Technician = 1,
    /// The agent itself: a limit, a lost connection, a locked desktop.
    Agent = 2,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum What {
    /// The two ends knew each other; the rights are those offered.
    Begin = 0,
    /// Rights were asked for.
    Ask = 1,
    /// Rights were granted; all that are held now.
    Grant = 2,
    /// What was asked was refused, or nobody answered.
    Refusal = 3,
    /// Rights were taken back or given up; all that are still held.
    Withdrawal = 4,
    /// Everything was put on hold.
    Hold = 5,
    /// It went on.
    Resume = 6,
    /// A file was sent; the text is its name and size.
    File = 7,
    /// A command was run; the text is the command.
    Command = 8,
    /// The session ended; the text says why.
    End = 9,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, milliseconds since 1970 on the agent's clock.
    pub at: u64,
    /// Who.
    pub who: Who,
    /// What.
    pub what: What,
    /// Which rights.
    pub rights: Rights,
    /// What else there is to say, at most [`MAX_TEXT`] bytes.
    pub text: String,
}

/// Whose session it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The session's id.
    pub session: String,
    /// When the two ends met, milliseconds since 1970 on the agent's clock.
    pub started: u64,
    /// The agent's Ed25519 key, which the hand-shake proved to the console.
    pub key: [u8; 32],
    /// The technician, as the customer was shown them.
    pub technician: Identity,
    /// The customer, as the technician was shown them.
    pub customer: Identity,
}

/// Which end signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Party {
    /// The agent's, with the header's key.
    Agent = 0,
    /// A technician's console.
    Technician = 1,
}

/// A signature of the last hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Whose.
    pub by: Party,
    /// Ed25519 key.
    pub key: [u8; 32],
    /// Ed25519 signature.
    pub signature: [u8; 64],
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    header: Header,
    entries: Vec<Entry>,
    hash: [u8; 64],
    signatures: Vec<Signed>,
}

/// Why a receipt is not one, or nothing was added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not a receipt of this version.
    #[error("this is no receipt, or one that a newer program wrote")]
    Magic,
    /// It cannot be read.
    #[error("the receipt cannot be read: {0}")]
    Read(#[from] ReadError),
    /// More entries or signatures than there may be.
    #[error("the receipt has more entries than it may")]
    Full,
    /// An entry is older than the one before it.
    #[error("an entry is older than the one before it")]
    Time,
    /// An end signed already; nothing is added behind it.
    #[error("the receipt is signed and closed")]
    Closed,
    /// A signature does not fit to the entries: they were changed, or it is forged.
    #[error("a signature does not fit: the receipt was changed, or is forged")]
    Signature,
    /// The agent did not sign.
    #[error("the agent's signature is missing")]
    Unsigned,
}

/// What an end signs.
#[must_use]
fn signed_text(hash: &[u8; 64], entries: usize) -> Vec<u8> {
    lv_cat(&[LABEL, b"receipt", hash, &(entries as u64).to_be_bytes()])
}

/// The public key of an Ed25519 seed.
#[must_use]
pub fn public_key(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

impl Receipt {
    /// An empty one. Names that are too long are cut.
    #[must_use]
    pub fn new(mut header: Header) -> Self {
        cut(&mut header.session, MAX_SESSION);
        for identity in [&mut header.technician, &mut header.customer] {
            cut(&mut identity.name, MAX_NAME);
            cut(&mut identity.organisation, MAX_NAME);
        }
        let hash = chain(b"header", &[], &header.write());
        Self { header, entries: Vec::new(), hash, signatures: Vec::new() }
    }

    /// Whose session it was.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What happened, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Who signed.
    #[must_use]
    pub fn signatures(&self) -> &[Signed] {
        &self.signatures
    }

    /// The hash over everything so far.
    #[must_use]
    pub const fn hash(&self) -> &[u8; 64] {
        &self.hash
    }

    /// Adds an entry; its text is cut to [`MAX_TEXT`], and its time is never before the entry in front of it.
    ///
    /// # Errors
    /// [`ReceiptError::Full`], [`ReceiptError::Closed`].
    pub fn add(&mut self, mut entry: Entry) -> Result<(), ReceiptError> {
        entry.at = entry.at.max(self.last_time());
        cut(&mut entry.text, MAX_TEXT);
        self.push(entry)
    }

    fn push(&mut self, entry: Entry) -> Result<(), ReceiptError> {
        if !self.signatures.is_empty() {
            return Err(ReceiptError::Closed);
        }
        if self.entries.len() >= MAX_ENTRIES {
            return Err(ReceiptError::Full);
        }
        if entry.at < self.last_time() {
            return Err(ReceiptError::Time);
        }
        let mut bytes = Vec::new();
        entry.write(&mut bytes);
        self.hash = chain(b"entry", &self.hash, &bytes);
        self.entries.push(entry);
        Ok(())
    }

    fn last_time(&self) -> u64 {
        self.entries.last().map_or(self.header.started, |entry| entry.at)
    }

    /// One end's signature of all of it.
    #[must_use]
    pub fn sign(&self, by: Party, seed: &[u8; 32]) -> Signed {
        let key = SigningKey::from_bytes(seed);
        let signature = key.sign(&signed_text(&self.hash, self.entries.len()));
        Signed { by, key: key.verifying_key().to_bytes(), signature: signature.to_bytes() }
    }

    /// Puts a signature to it, after checking it.
    ///
    /// # Errors
    /// [`ReceiptError::Signature`], [`ReceiptError::Full`].
    pub fn attach(&mut self, signed: Signed) -> Result<(), ReceiptError> {
        self.check(&signed)?;
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(ReceiptError::Full);
        }
        if !self.signatures.contains(&signed) {
            self.signatures.push(signed);
        }
        Ok(())
    }

    fn check(&self, signed: &Signed) -> Result<(), ReceiptError> {
        if signed.by == Party::Agent && signed.key != self.header.key {
            return Err(ReceiptError::Signature);
        }
        let key = VerifyingKey::from_bytes(&signed.key).map_err(|_| ReceiptError::Signature)?;
        let text = signed_text(&self.hash, self.entries.len());
        key.verify_strict(&text, &Signature::from_bytes(&signed.signature))
            .map_err(|_| ReceiptError::Signature)
    }

    /// Checks what needs no network: that every signature fits to the entries, and that the agent's is among them.
    ///
    /// # Errors
    /// [`ReceiptError::Signature`], [`ReceiptError::Unsigned`].
    pub fn verify(&self) -> Result<(), ReceiptError> {
        self.signatures.iter().try_for_each(|signed| self.check(signed))?;
        let agent = self.signatures.iter().any(|signed| signed.by == Party::Agent);
        if agent { Ok(()) } else { Err(ReceiptError::Unsigned) }
    }

    /// The file's bytes, one spelling only.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.header.write());
        let count = u16::try_from(self.entries.len()).expect("there are at most 4096 entries");
        out.extend_from_slice(&count.to_be_bytes());
        for entry in &self.entries {
            entry.write(&mut out);
        }
        out.push(u8::try_from(self.signatures.len()).expect("there are at most 32 signatures"));
        for signed in &self.signatures {
            out.push(signed.by as u8);
            out.extend_from_slice(&signed.key);
            out.extend_from_slice(&signed.signature);
        }
        out
    }

    /// Reads a file. Its signatures are not checked: that is [`Receipt::verify`].
    ///
    /// # Errors
    /// [`ReceiptError`] for anything but one whole receipt within its limits.
    pub fn read(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > MAX_RECEIPT {
            return Err(ReadError::Long.into());
        }
        let mut reader = Reader::new(bytes.strip_prefix(MAGIC).ok_or(ReceiptError::Magic)?);
        let mut receipt = Self::new(Header::read(&mut reader)?);
        let count = usize::from(u16::from_be_bytes(reader.array()?));
        if count > MAX_ENTRIES {
            return Err(ReceiptError::Full);
        }
        for _ in 0..count {
            receipt.push(Entry::read(&mut reader)?)?;
        }
        let signatures = usize::from(reader.byte()?);
        if signatures > MAX_SIGNATURES {
            return Err(ReceiptError::Full);
        }
        for _ in 0..signatures {
            let by = match reader.byte()? {
                0 => Party::Agent,
                1 => Party::Technician,
                _ => return Err(ReadError::Malformed.into()),
            };
            receipt.signatures.push(Signed { by, key: reader.array()?, signature: reader.array()? });
        }
        reader.end()?;
        Ok(receipt)
    }
}

impl Header {
    fn write(&self) -> Vec<u8> {
        let mut out = lv_cat(&[self.session.as_bytes()]);
        out.extend_from_slice(&self.started.to_be_bytes());
        out.extend_from_slice(&self.key);
        for identity in [&self.technician, &self.customer] {
            put(&mut out, identity.name.as_bytes());
            put(&mut out, identity.organisation.as_bytes());
        }
        out
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let session = reader.text(MAX_SESSION)?;
        let started = u64::from_be_bytes(reader.array()?);
        let key = reader.array()?;
        let mut identity = || -> Result<Identity, ReadError> {
            Ok(Identity { name: reader.text(MAX_NAME)?, organisation: reader.text(MAX_NAME)? })
        };
        Ok(Self { session, started, key, technician: identity()?, customer: identity()? })
    }
}

impl Entry {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.at.to_be_bytes());
        out.extend_from_slice(&[self.who as u8, self.what as u8]);
        out.extend_from_slice(&write_rights(self.rights).to_be_bytes());
        put(out, self.text.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let at = u64::from_be_bytes(reader.array()?);
        let who = [Who::Customer, Who::Technician, Who::Agent];
        let who = *who.get(usize::from(reader.byte()?)).ok_or(ReadError::Malformed)?;
        let what = [
            What::Begin,
            What::Ask,
            What::Grant,
            What::Refusal,
            What::Withdrawal,
            What::Hold,
            What::Resume,
            What::File,
            What::Command,
            What::End,
        ];
        let what = *what.get(usize::from(reader.byte()?)).ok_or(ReadError::Malformed)?;
        let rights = read_rights(u16::from_be_bytes(reader.array()?)).ok_or(ReadError::Malformed)?;
        Ok(Self { at, who, what, rights, text: reader.text(MAX_TEXT)? })
    }
}

fn chain(kind: &[u8], before: &[u8], bytes: &[u8]) -> [u8; 64] {
    Sha512::digest(lv_cat(&[LABEL, b"receipt", kind, before, bytes])).into()
}

fn cut(text: &mut String, limit: usize) {
    text.truncate(text.floor_char_boundary(limit));
}

#[cfg(test)]
mod tests {
    use farhand_protocol::rights::Right;

    use super::*;

    const AGENT: [u8; 32] = [1; 32];
    const CONSOLE: [u8; 32] = [2; 32];

    fn receipt() -> Receipt {
        let ada = Identity { name: "Ada".into(), organisation: "Example Help".into() };
        let mut receipt = Receipt::new(Header {
            session: "s-1".into(),
            started: 1_000,
            key: public_key(&AGENT),
            technician: ada,
            customer: Identity::default(),
        });
        let view = Rights::of(&[Right::View]);
        for (at, who, what, rights, text) in [
            (1_000, Who::Agent, What::Begin, Rights::ALL, ""),
            (2_000, Who::Technician, What::Ask, view, ""),
            (3_000, Who::Customer, What::Grant, view, ""),
            (4_000, Who::Technician, What::File, view, "Rechnung ä.pdf, 3 KB"),
            (5_000, Who::Customer, What::End, Rights::EMPTY, "stopped"),
        ] {
            receipt.add(Entry { at, who, what, rights, text: text.into() }).unwrap();
        }
        receipt
    }

    fn signed() -> Receipt {
        let mut receipt = receipt();
        let (agent, console) =
            (receipt.sign(Party::Agent, &AGENT), receipt.sign(Party::Technician, &CONSOLE));
        receipt.attach(agent).unwrap();
        receipt.attach(console).unwrap();
        receipt
    }

    #[test]
    fn a_signed_receipt_is_read_and_verified() {
        let receipt = signed();
        let read = Receipt::read(&receipt.write()).unwrap();
        assert_eq!(read, receipt);
        assert_eq!(read.verify(), Ok(()));
        assert_eq!(read.signatures().len(), 2);
    }

    #[test]
    fn every_changed_byte_is_found() {
        let bytes = signed().write();
        for at in 0..bytes.len() {
            for bit in [1, 0x80] {
                let mut changed = bytes.clone();
                changed[at] ^= bit;
                let verified = Receipt::read(&changed).and_then(|receipt| receipt.verify());
                assert!(verified.is_err(), "byte {at} of {}", bytes.len());
            }
        }
        for end in 0..bytes.len() {
            assert!(Receipt::read(&bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn entries_cannot_be_left_out_added_or_moved() {
        let whole = signed();
        let mut without = whole.clone();
        without.entries.remove(2);
        assert_eq!(Receipt::read(&without.write()).unwrap().verify(), Err(ReceiptError::Signature));
        let mut moved = whole.clone();
        moved.entries.swap(1, 2);
        assert_eq!(Receipt::read(&moved.write()), Err(ReceiptError::Time));
        let mut more = whole.clone();
        more.entries.push(whole.entries[4].clone());
        assert_eq!(Receipt::read(&more.write()).unwrap().verify(), Err(ReceiptError::Signature));
        let mut closed = whole;
        assert_eq!(closed.add(closed.entries[4].clone()), Err(ReceiptError::Closed));
    }

    #[test]
    fn nobody_else_signs_for_the_agent() {
        let mut receipt = receipt();
        assert_eq!(receipt.verify(), Err(ReceiptError::Unsigned));
        let forged = receipt.sign(Party::Agent, &CONSOLE);
        assert_eq!(receipt.attach(forged), Err(ReceiptError::Signature));
        receipt.signatures.push(forged);
        assert_eq!(receipt.verify(), Err(ReceiptError::Signature));
    }

    #[test]
    fn long_texts_are_cut_between_letters_and_clocks_that_go_back_do_not() {
        let mut receipt = receipt();
        let text = "ä".repeat(200);
        receipt
            .add(Entry { at: 7, who: Who::Agent, what: What::Command, rights: Rights::EMPTY, text })
            .unwrap();
        let last = receipt.entries().last().unwrap();
        assert_eq!((last.at, last.text.len()), (5_000, MAX_TEXT));
    }
}
