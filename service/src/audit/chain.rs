//! The chain of audit entries: each carries the hash of the one before, and a head that the vault vouches for says where
//! the chain begins and ends. Whoever changes, removes, reorders or cuts off entries without the key is found out.
//!
//! Pure: no database, no key and no clock.

use std::fmt;

use crate::identity::sha256;

/// SHA-256.
pub type Hash = [u8; 32];

/// One entry as it stands in the chain. Address and detail are sealed, and are hashed as they are sealed: the chain can
/// be checked without opening anything, and still can when the tenant's key was destroyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 1 and up, without gaps.
    pub number: u64,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// The session it concerns.
    pub session: Option<String>,
    /// `ok`, or the code of the refusal.
    pub outcome: String,
    /// Whether it is a security event.
    pub security: bool,
    /// Where from, sealed.
    pub address: Vec<u8>,
    /// Further facts, sealed.
    pub detail: Vec<u8>,
    /// Hash of the entry before, or the chain's base.
    pub previous: Hash,
}

impl Entry {
    /// The entry's hash, which the next one carries. Every field goes in with its length, so that no two entries give the
    /// same bytes.
    #[must_use]
    pub fn hash(&self, tenant: &str) -> Hash {
        let mut bytes = Canonical::new("farhand audit entry 1", tenant);
        bytes.number(self.number);
        bytes.number(self.at);
        bytes.word(self.actor.as_bytes());
        bytes.word(self.action.as_bytes());
        bytes.number(u64::from(self.session.is_some()));
        bytes.word(self.session.as_deref().unwrap_or_default().as_bytes());
        bytes.word(self.outcome.as_bytes());
        bytes.number(u64::from(self.security));
        bytes.word(&self.address);
        bytes.word(&self.detail);
        bytes.word(&self.previous);
        sha256(&bytes.0)
    }
}

/// Where a chain begins and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The first entry that is kept. Entries before it were removed when their time was over.
    pub first: u64,
    /// What the first entry carries as the hash of the one before.
    pub base: Hash,
    /// The last entry; one less than `first` in a chain without entries.
    pub last: u64,
    /// The last entry's hash.
    pub hash: Hash,
    /// The entry at which the service found the chain forged while it wrote; 0 for never.
    pub broken_at: u64,
}

impl Head {
    /// The head of a chain without entries.
    #[must_use]
    pub fn start(tenant: &str) -> Self {
        let base = sha256(&Canonical::new("farhand audit chain 1", tenant).0);
        Self { first: 1, base, last: 0, hash: base, broken_at: 0 }
    }

    /// What is vouched for.
    #[must_use]
    pub fn bytes(&self, tenant: &str) -> Vec<u8> {
        let mut bytes = Canonical::new("farhand audit head 1", tenant);
        for number in [self.first, self.last, self.broken_at] {
            bytes.number(number);
        }
        bytes.word(&self.base);
        bytes.word(&self.hash);
        bytes.0
    }

    /// Makes `entry` the last one: it gets its number and the hash of the one before.
    pub fn append(&mut self, tenant: &str, entry: &mut Entry) {
        entry.number = self.last + 1;
        entry.previous = self.hash;
        self.last = entry.number;
        self.hash = entry.hash(tenant);
    }
}

struct Canonical(Vec<u8>);

impl Canonical {
    fn new(purpose: &str, tenant: &str) -> Self {
        let mut bytes = Self(Vec::with_capacity(512));
        bytes.word(purpose.as_bytes());
        bytes.word(tenant.as_bytes());
        bytes
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn word(&mut self, word: &[u8]) {
        self.number(word.len() as u64);
        self.0.extend_from_slice(word);
    }
}

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// There are entries but no head, or a head where there should be a chain.
    NoHead,
    /// The head is not what the service wrote.
    HeadForged,
    /// The service itself found the chain forged when it wrote this entry.
    FoundBroken {
        /// The entry.
        at: u64,
    },
    /// Entries are not there.
    Missing {
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// An entry is there that the head does not know.
    Beyond {
        /// The entry.
        number: u64,
    },
    /// This entry, or what it says of the one before, was changed.
    Changed {
        /// The entry that does not fit the one before it.
        number: u64,
    },
    /// What is sealed in this entry does not open.
    Sealed {
        /// The entry.
        number: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHead => f.write_str("the chain's head is not there"),
            Self::HeadForged => f.write_str("the chain's head is not what the service wrote"),
            Self::FoundBroken { at } => {
                write!(f, "the service found the chain changed when it wrote entry {at}")
            }
            Self::Missing { from, to } if from == to => write!(f, "entry {from} is missing"),
            Self::Missing { from, to } => write!(f, "entries {from} to {to} are missing"),
            Self::Beyond { number } => write!(f, "entry {number} stands beyond the end"),
            Self::Changed { number } => {
                write!(f, "entry {number} does not follow from the one before: one of the two was changed")
            }
            Self::Sealed { number } => {
                write!(f, "what is sealed in entry {number} does not open: it was changed or moved")
            }
        }
    }
}

/// Findings that are named; beyond them they are only counted.
const NAMED: usize = 100;

/// What came out of checking a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries looked at.
    pub entries: u64,
    /// The first findings.
    pub findings: Vec<Finding>,
    /// Findings in all.
    pub wrong: u64,
}

impl Report {
    /// Notes a finding.
    pub fn add(&mut self, finding: Finding) {
        self.wrong += 1;
        if self.findings.len() < NAMED {
            self.findings.push(finding);
        }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.wrong == 0
    }
}

/// Checks one chain, entry by entry.
pub struct Verifier {
    tenant: String,
    head: Head,
    next: u64,
    /// Hash of the entry before; unknown after a gap.
    hash: Option<Hash>,
    report: Report,
}

impl Verifier {
    /// Begins with the chain's head; `vouched` says whether its vouch is right.
    #[must_use]
    pub fn new(tenant: &str, head: Head, vouched: bool) -> Self {
        let mut report = Report::default();
        if !vouched {
            report.add(Finding::HeadForged);
        }
        if head.broken_at > 0 {
            report.add(Finding::FoundBroken { at: head.broken_at });
        }
        Self { tenant: tenant.to_owned(), next: head.first, hash: Some(head.base), head, report }
    }

    /// The next entry, in the order of their numbers. `opens` says whether what is sealed in it opens, or could not be
    /// asked because the key was destroyed.
    pub fn handle(&mut self, entry: &Entry, opens: bool) {
        self.report.entries += 1;
        let number = entry.number;
        if number < self.next || number > self.head.last {
            self.report.add(Finding::Beyond { number });
            return;
        }
        if number > self.next {
            self.report.add(Finding::Missing { from: self.next, to: number - 1 });
            self.hash = None;
        }
        if self.hash.is_some_and(|hash| hash != entry.previous) {
            self.report.add(Finding::Changed { number });
        }
        if !opens {
            self.report.add(Finding::Sealed { number });
        }
        self.hash = Some(entry.hash(&self.tenant));
        self.next = number + 1;
    }

    /// No entry is left.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let last = self.head.last;
        if self.next <= last {
            self.report.add(Finding::Missing { from: self.next, to: last });
        } else if self.hash != Some(self.head.hash) {
            self.report.add(Finding::Changed { number: last });
        }
        self.report
    }
}

#[cfg(test)]
mod tests;
