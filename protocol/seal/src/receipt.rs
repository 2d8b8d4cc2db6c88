//! The consent receipt: what was asked, granted, refused, taken back and done in a session, as a chain of hashes that
//! both ends sign. The customer keeps it as one file; anybody can check it without a network.
//!
//! Layout, numbers big endian, texts after their length (see [`crate::bytes`]):
//! `magic "FHRC" | version u8 = 1 | header | count u16 | entries | signatures u8 |
//! (role u8 | key 32 | entries u16 | signature 64)…`.
//! The header is `session text | started u64 | agent key 32 | technician name, organisation | customer name,
//! organisation`, an entry `at u64 | who u8 | technician u8 | what u8 | rights u16 | text`. Hash 0 is of the header, hash
//! n of hash n − 1 and entry n; signed is the role, the last hash that is signed, and the number of entries until there.
//! The agent signs all of it; a console signs as far as it went along ([`witness`]).

mod part;
pub mod restarts;
mod text;
pub mod witness;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use farhand_protocol::ParticipantId;
use farhand_protocol::rights::Rights;
use farhand_protocol::session::MAX_NAME;
use sha2::{Digest, Sha512};

pub use self::part::{MAX_PART, Part, SIGNED, read_signed, write_signed};
pub use self::text::{begin_text, begun, number, plain};
use crate::LABEL;
use crate::bytes::{ReadError, Reader, lv_cat, put};
use crate::context::{Identity, MAX_SESSION, read_rights, write_rights};

/// The most entries of a receipt.
pub const MAX_ENTRIES: usize = 4096;
/// The longest text of an entry, in bytes; a longer one is cut.
pub const MAX_TEXT: usize = 300;
/// The most signatures of a receipt.
pub const MAX_SIGNATURES: usize = 33;
/// The largest receipt, in bytes.
pub const MAX_RECEIPT: usize = 2 * 1024 * 1024;

const MAGIC: &[u8; 5] = b"FHRC\x01";

/// Who did what an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Who {
    /// The customer, on their own machine.
    Customer = 0,
    /// A technician.
    Technician = 1,
    /// The agent itself: a limit, a lost connection, a locked desktop, the service.
    Agent = 2,
}

impl Who {
    /// Everybody, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Customer, Self::Technician, Self::Agent];
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum What {
    /// A technician's console and the agent knew each other; the text is [`begin_text`].
    Begin = 0,
    /// Rights were asked for.
    Ask = 1,
    /// Rights were granted; all that are held now.
    Grant = 2,
    /// What was asked was refused, or nobody answered.
    Refusal = 3,
    /// Rights were taken back or given up; all that are still held.
    Withdrawal = 4,
    /// Everything was put on hold; the text names the reasons.
    Hold = 5,
    /// It went on.
    Resume = 6,
    /// A file was sent; the text is its name and size.
    File = 7,
    /// A command was run; the text is the command.
    Command = 8,
    /// The session ended; the text says why.
    End = 9,
    /// There was no room for more: of what follows only the end is in the receipt.
    Full = 10,
    /// The customer's computer was to be restarted, or came back from it; the text is one of [`restarts`].
    Restart = 11,
}

impl What {
    /// Everything, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::Begin,
        Self::Ask,
        Self::Grant,
        Self::Refusal,
        Self::Withdrawal,
        Self::Hold,
        Self::Resume,
        Self::File,
        Self::Command,
        Self::End,
        Self::Full,
        Self::Restart,
    ];
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, milliseconds since 1970 on the agent's clock.
    pub at: u64,
    /// Who.
    pub who: Who,
    /// Which technician it is about, by their number in the session; 0 for none.
    pub technician: ParticipantId,
    /// What.
    pub what: What,
    /// Which rights.
    pub rights: Rights,
    /// What else there is to say, at most [`MAX_TEXT`] bytes. It may come from the far side: see [`plain`].
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
    /// A technician's console, with the key of one of the beginnings.
    Technician = 1,
}

/// A signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Whose.
    pub by: Party,
    /// Ed25519 key.
    pub key: [u8; 32],
    /// So many entries are signed, from the first.
    pub entries: u16,
    /// Ed25519 signature.
    pub signature: [u8; 64],
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    header: Header,
    entries: Vec<Entry>,
    /// Of the header, and after each entry.
    hashes: Vec<[u8; 64]>,
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
    /// Something stands behind the end, or the end that wrote it signed already.
    #[error("the receipt is closed")]
    Closed,
    /// The agent's signature does not fit: entries were changed, left out, added or moved, or somebody else signed.
    #[error("the signature of the customer's side does not fit: the receipt was changed, or is forged")]
    Agent,
    /// A technician's signature does not fit.
    #[error("the signature of the technician's side does not fit: the receipt was changed, or is forged")]
    Technician,
    /// A signature is by somebody who had no part in the session, or is there twice.
    #[error("a signature is by somebody who had no part in the session")]
    Stranger,
    /// The agent did not sign all of it.
    #[error("the signature of the customer's side is missing")]
    Unsigned,
}

/// What an end signs.
fn signed_text(by: Party, hash: &[u8; 64], entries: u16) -> Vec<u8> {
    lv_cat(&[LABEL, b"receipt", &[by as u8], hash, &entries.to_be_bytes()])
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
        Self { header, entries: Vec::new(), hashes: vec![hash], signatures: Vec::new() }
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

    /// How many entries there are.
    #[must_use]
    pub fn count(&self) -> u16 {
        u16::try_from(self.entries.len()).expect("there are at most 4096 entries")
    }

    /// The hash over everything so far.
    #[must_use]
    pub fn hash(&self) -> &[u8; 64] {
        self.hashes.last().expect("the header's is always there")
    }

    /// The hash over the header and so many entries; nothing beyond the last.
    #[must_use]
    pub fn hash_at(&self, entries: u16) -> Option<&[u8; 64]> {
        self.hashes.get(usize::from(entries))
    }

    /// Whether the session's end is in it.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.entries.last().is_some_and(|entry| entry.what == What::End)
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
        if self.ended() || self.signatures.iter().any(|signed| signed.by == Party::Agent) {
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
        self.hashes.push(chain(b"entry", self.hash(), &bytes));
        self.entries.push(entry);
        Ok(())
    }

    fn last_time(&self) -> u64 {
        self.entries.last().map_or(self.header.started, |entry| entry.at)
    }

    /// One end's signature of all of it.
    #[must_use]
    pub fn sign(&self, by: Party, seed: &[u8; 32]) -> Signed {
        self.sign_at(by, seed, self.count())
    }

    /// One end's signature of so many entries, or all where there are fewer.
    #[must_use]
    pub fn sign_at(&self, by: Party, seed: &[u8; 32], entries: u16) -> Signed {
        let key = SigningKey::from_bytes(seed);
        let entries = entries.min(self.count());
        let signature = key.sign(&signed_text(by, &self.hashes[usize::from(entries)], entries));
        Signed { by, key: key.verifying_key().to_bytes(), entries, signature: signature.to_bytes() }
    }

    /// Puts a signature to it, after checking it; in the place of an earlier one by the same key.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn attach(&mut self, signed: Signed) -> Result<(), ReceiptError> {
        self.check(&signed)?;
        let there = self.signatures.iter().position(|other| other.key == signed.key);
        match there {
            Some(at) if self.signatures[at].entries <= signed.entries => self.signatures[at] = signed,
            Some(_) => {}
            None if self.signatures.len() >= MAX_SIGNATURES => return Err(ReceiptError::Full),
            None => self.signatures.push(signed),
        }
        Ok(())
    }

    fn check(&self, signed: &Signed) -> Result<(), ReceiptError> {
        let wrong = match signed.by {
            Party::Agent if signed.key != self.header.key => return Err(ReceiptError::Agent),
            Party::Agent if signed.entries != self.count() => return Err(ReceiptError::Unsigned),
            Party::Agent => ReceiptError::Agent,
            Party::Technician if !self.technicians().any(|(_, key)| key == signed.key) => {
                return Err(ReceiptError::Stranger);
            }
            Party::Technician => ReceiptError::Technician,
        };
        let hash = self.hash_at(signed.entries).ok_or(wrong)?;
        let key = VerifyingKey::from_bytes(&signed.key).map_err(|_| wrong)?;
        let text = signed_text(signed.by, hash, signed.entries);
        key.verify_strict(&text, &Signature::from_bytes(&signed.signature)).map_err(|_| wrong)
    }

    /// The technicians whose consoles proved a key: their numbers and keys.
    pub fn technicians(&self) -> impl Iterator<Item = (ParticipantId, [u8; 32])> {
        self.entries
            .iter()
            .filter(|entry| entry.what == What::Begin)
            .filter_map(|entry| Some((entry.technician, begun(&entry.text).0?)))
    }

    /// How many entries, from the first, a technician's console signed at most.
    #[must_use]
    pub fn countersigned(&self) -> Option<u16> {
        self.signatures
            .iter()
            .filter(|signed| signed.by == Party::Technician)
            .map(|signed| signed.entries)
            .max()
    }

    /// Checks what needs no network: that every signature fits to the entries, each by somebody else, and that the
    /// agent's is of all of them.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(&self) -> Result<(), ReceiptError> {
        // The agent's first: it is of everything, and tells most of what is wrong.
        for by in [Party::Agent, Party::Technician] {
            self.signatures
                .iter()
                .filter(|signed| signed.by == by)
                .try_for_each(|signed| self.check(signed))?;
        }
        for (at, signed) in self.signatures.iter().enumerate() {
            if self.signatures[..at].iter().any(|other| other.key == signed.key) {
                return Err(ReceiptError::Stranger);
            }
        }
        let agent = self.signatures.iter().any(|signed| signed.by == Party::Agent);
        if agent { Ok(()) } else { Err(ReceiptError::Unsigned) }
    }

    /// How many entries, from the first, still are as a technician's console signed them, when the receipt as a whole
    /// does not verify.
    #[must_use]
    pub fn fits_until(&self) -> Option<u16> {
        let fitting = self.signatures.iter().filter(|signed| signed.by == Party::Technician);
        fitting.filter(|signed| self.check(signed).is_ok()).map(|signed| signed.entries).max()
    }

    /// The file's bytes, one spelling only.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.header.write());
        out.extend_from_slice(&self.count().to_be_bytes());
        for entry in &self.entries {
            entry.write(&mut out);
        }
        out.push(u8::try_from(self.signatures.len()).expect("there are at most 33 signatures"));
        for signed in &self.signatures {
            out.push(signed.by as u8);
            out.extend_from_slice(&signed.key);
            out.extend_from_slice(&signed.entries.to_be_bytes());
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
            let key = reader.array()?;
            let entries = u16::from_be_bytes(reader.array()?);
            receipt.signatures.push(Signed { by, key, entries, signature: reader.array()? });
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
        out.extend_from_slice(&[self.who as u8, self.technician, self.what as u8]);
        out.extend_from_slice(&write_rights(self.rights).to_be_bytes());
        put(out, self.text.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let at = u64::from_be_bytes(reader.array()?);
        let [who, technician, what] = reader.array()?;
        let who = *Who::ALL.get(usize::from(who)).ok_or(ReadError::Malformed)?;
        let what = *What::ALL.get(usize::from(what)).ok_or(ReadError::Malformed)?;
        let rights = read_rights(u16::from_be_bytes(reader.array()?)).ok_or(ReadError::Malformed)?;
        Ok(Self { at, who, technician, what, rights, text: reader.text(MAX_TEXT)? })
    }
}

fn chain(kind: &[u8], before: &[u8], bytes: &[u8]) -> [u8; 64] {
    Sha512::digest(lv_cat(&[LABEL, b"receipt", kind, before, bytes])).into()
}

fn cut(text: &mut String, limit: usize) {
    text.truncate(text.floor_char_boundary(limit));
}

#[cfg(test)]
pub(crate) mod tests {
    use farhand_protocol::rights::Right;

    use super::*;

    pub(crate) const AGENT: [u8; 32] = [1; 32];
    pub(crate) const CONSOLE: [u8; 32] = [2; 32];
    const STRANGER: [u8; 32] = [3; 32];

    pub(crate) fn header() -> Header {
        Header {
            session: "s-1".into(),
            started: 1_000,
            key: public_key(&AGENT),
            technician: ada(),
            customer: Identity::default(),
        }
    }

    pub(crate) fn ada() -> Identity {
        Identity { name: "Ada".into(), organisation: "Example Help".into() }
    }

    pub(crate) fn entry(at: u64, who: Who, what: What, rights: Rights, text: &str) -> Entry {
        let technician = u8::from(who == Who::Technician || what == What::Begin);
        Entry { at, who, technician, what, rights, text: text.into() }
    }

    pub(crate) fn receipt() -> Receipt {
        let mut receipt = Receipt::new(header());
        let view = Rights::of(&[Right::View]);
        let begin = begin_text(&public_key(&CONSOLE), &ada());
        for (at, who, what, rights, text) in [
            (1_000, Who::Agent, What::Begin, Rights::ALL, begin.as_str()),
            (2_000, Who::Technician, What::Ask, view, ""),
            (3_000, Who::Customer, What::Grant, view, ""),
            (4_000, Who::Technician, What::File, view, "Rechnung ä.pdf, 3 KB"),
            (5_000, Who::Technician, What::Command, view, "ls -l"),
            (6_000, Who::Customer, What::End, Rights::EMPTY, "stopped"),
        ] {
            receipt.add(entry(at, who, what, rights, text)).unwrap();
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
        assert_eq!(read.countersigned(), Some(6));
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

    /// xorshift64*, so that a failure can be repeated.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
        }
    }

    #[test]
    fn a_thousand_random_tamperings_are_all_refused() {
        let whole = signed();
        let bytes = whole.write();
        let mut dice = Dice(0x5eed);
        let mut refused = 0;
        while refused < 1_000 {
            let mut changed = bytes.clone();
            match dice.below(6) {
                0 => {
                    let at = dice.below(changed.len());
                    changed[at] = dice.below(256) as u8;
                }
                1 => changed.truncate(dice.below(bytes.len())),
                2 => {
                    let (from, length) = (dice.below(bytes.len()), 1 + dice.below(40));
                    changed.drain(from..bytes.len().min(from + length));
                }
                3 => {
                    let (from, to) = (dice.below(bytes.len()), dice.below(bytes.len()));
                    let piece = bytes[from..bytes.len().min(from + 1 + dice.below(40))].to_vec();
                    changed.splice(to..to, piece);
                }
                4 => {
                    let (a, b) = (dice.below(bytes.len()), dice.below(bytes.len()));
                    changed.swap(a, b);
                }
                _ => {
                    // Entries moved, left out or doubled, written anew as a whole, and signed anew by a stranger.
                    let mut entries = whole.entries.clone();
                    let (a, b) = (dice.below(entries.len()), dice.below(entries.len()));
                    match dice.below(4) {
                        0 => entries.swap(a, b),
                        1 => drop(entries.remove(a)),
                        2 => entries[a].rights = Rights::of(&[Right::Control]),
                        _ => entries[a].text.push('!'),
                    }
                    let mut other = Receipt::new(whole.header.clone());
                    for entry in entries {
                        let _ = other.add(entry);
                    }
                    other.signatures = match dice.below(2) {
                        0 => whole.signatures.clone(),
                        _ => vec![Signed { by: Party::Agent, ..other.sign(Party::Agent, &STRANGER) }],
                    };
                    if other.entries == whole.entries && other.signatures == whole.signatures {
                        continue;
                    }
                    changed = other.write();
                }
            }
            if changed == bytes {
                continue;
            }
            let verified = Receipt::read(&changed).and_then(|receipt| receipt.verify());
            assert!(verified.is_err(), "tampering {refused} was taken");
            refused += 1;
        }
    }

    #[test]
    fn entries_cannot_be_left_out_added_or_moved() {
        let whole = signed();
        let again = |entries: Vec<Entry>| {
            let mut bytes = MAGIC.to_vec();
            bytes.extend_from_slice(&whole.header.write());
            bytes.extend_from_slice(&u16::try_from(entries.len()).unwrap().to_be_bytes());
            entries.iter().for_each(|entry| entry.write(&mut bytes));
            let tail = whole.write();
            bytes.extend_from_slice(&tail[tail.len() - 1 - 2 * 99..]);
            Receipt::read(&bytes).and_then(|receipt| receipt.verify())
        };
        assert_eq!(again(whole.entries.clone()), Ok(()));
        let mut without = whole.entries.clone();
        without.remove(2);
        assert_eq!(again(without), Err(ReceiptError::Unsigned));
        let mut moved = whole.entries.clone();
        moved.swap(1, 2);
        assert_eq!(again(moved), Err(ReceiptError::Time));
        let mut other = whole.entries.clone();
        other[3].text = "harmless.txt".into();
        assert_eq!(again(other), Err(ReceiptError::Agent));
        let mut more = whole.entries.clone();
        more.push(whole.entries[5].clone());
        assert_eq!(again(more), Err(ReceiptError::Closed));
        let mut closed = whole.clone();
        assert_eq!(closed.add(closed.entries[4].clone()), Err(ReceiptError::Closed));
    }

    #[test]
    fn nobody_else_signs() {
        let mut receipt = receipt();
        assert_eq!(receipt.verify(), Err(ReceiptError::Unsigned));
        let forged = receipt.sign(Party::Agent, &CONSOLE);
        assert_eq!(receipt.attach(forged), Err(ReceiptError::Agent));
        let stranger = receipt.sign(Party::Technician, &STRANGER);
        assert_eq!(receipt.attach(stranger), Err(ReceiptError::Stranger));
        // The agent's own signature does not pass for a technician's, nor the other way round.
        let agent = receipt.sign(Party::Agent, &AGENT);
        assert!(receipt.attach(Signed { by: Party::Technician, ..agent }).is_err());
        let console = receipt.sign(Party::Technician, &CONSOLE);
        assert!(receipt.attach(Signed { by: Party::Agent, ..console }).is_err());
        receipt.signatures.push(forged);
        assert_eq!(receipt.verify(), Err(ReceiptError::Agent));
        receipt.signatures = vec![agent, agent];
        assert_eq!(receipt.verify(), Err(ReceiptError::Stranger), "twice");
    }

    #[test]
    fn a_technician_may_have_signed_a_beginning_only() {
        let whole = receipt();
        let mut receipt = Receipt::new(header());
        for entry in &whole.entries[..3] {
            receipt.add(entry.clone()).unwrap();
        }
        let early = receipt.sign(Party::Technician, &CONSOLE);
        receipt.attach(early).unwrap();
        for entry in &whole.entries[3..] {
            receipt.add(entry.clone()).unwrap();
        }
        let agent = receipt.sign(Party::Agent, &AGENT);
        receipt.attach(agent).unwrap();
        let read = Receipt::read(&receipt.write()).unwrap();
        assert_eq!(read.verify(), Ok(()));
        assert_eq!(read.countersigned(), Some(3));
        // What the technician's console signed still shows when the rest was changed.
        let mut changed = read;
        changed.entries[4].text = "rm -r /".into();
        let changed = Receipt::read(&changed.write()).unwrap();
        assert_eq!(changed.verify(), Err(ReceiptError::Agent));
        assert_eq!(changed.fits_until(), Some(3));
    }

    #[test]
    fn long_texts_are_cut_between_letters_and_clocks_that_go_back_do_not() {
        let mut receipt = Receipt::new(header());
        receipt.add(entry(5_000, Who::Technician, What::Ask, Rights::EMPTY, "")).unwrap();
        let text = "ä".repeat(200);
        receipt.add(entry(7, Who::Agent, What::Command, Rights::EMPTY, &text)).unwrap();
        let last = receipt.entries().last().unwrap();
        assert_eq!((last.at, last.text.len()), (5_000, MAX_TEXT));
    }
}
