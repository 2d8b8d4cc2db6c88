//! Whether a domain is an organisation's own: by a TXT record or by a file that only its owner can put there. The
//! façade before the resolver and the HTTP client; what they answer is the far side's and is bounded.

use std::time::Duration;

use super::random_id;
use crate::names::Names;
use crate::outward::{Outward, OutwardError};

/// Before the domain's name, where the record stands.
const TXT_PREFIX: &str = "_farhand";
/// Where the file stands.
pub const FILE: &str = "/.well-known/farhand.txt";
/// What the proof begins with.
const PROOF: &str = "farhand-verification=";
/// A proof that was found and is not there any more is waited for this long; then the domain is not shown as verified.
pub const GRACE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Bytes of the file that are read.
const MAX_FILE: usize = 1024;

/// A new proof, to be put there.
#[must_use]
pub fn proof() -> String {
    format!("{PROOF}{}", random_id(16))
}

/// The name of the TXT record.
#[must_use]
pub fn txt_name(domain: &str) -> String {
    format!("{TXT_PREFIX}.{domain}")
}

/// The address of the file.
#[must_use]
pub fn file_url(domain: &str) -> String {
    format!("https://{domain}{FILE}")
}

/// A domain's name as it is compared; `None` for what is none: no address, no single label, no characters but letters,
/// digits and dashes (write others in their `xn--` form).
#[must_use]
pub fn name(text: &str) -> Option<String> {
    let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let label = |label: &str| {
        let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        plain && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let labels: Vec<&str> = name.split('.').collect();
    let top = labels.last().is_some_and(|top| top.bytes().any(|b| b.is_ascii_alphabetic()));
    (labels.len() >= 2 && name.len() <= 240 && top && labels.into_iter().all(label)).then_some(name)
}

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The proof.
    Proof,
    /// Nothing of ours.
    Nothing,
    /// A proof, but not this one.
    Other,
    /// The other side could not be reached.
    Unreachable,
}

impl Found {
    fn of(texts: impl Iterator<Item = String>, proof: &str) -> Self {
        texts.fold(Self::Nothing, |found, text| match (found, text.trim()) {
            (Self::Proof, _) => Self::Proof,
            (_, text) if text == proof => Self::Proof,
            (_, text) if text.starts_with(PROOF) => Self::Other,
            (found, _) => found,
        })
    }
}

/// What to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A record with another proof.
    OtherRecord,
    /// A file with another proof.
    OtherFile,
    /// Both places were looked at, and hold nothing of ours.
    Nothing,
    /// No record; the file could not be asked for.
    NoRecord,
    /// No file; the record could not be asked for.
    NoFile,
    /// Neither could be asked for.
    Unreachable,
}

impl Missing {
    /// As the API tells it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OtherRecord => "other_record",
            Self::OtherFile => "other_file",
            Self::Nothing => "nothing",
            Self::NoRecord => "no_record",
            Self::NoFile => "no_file",
            Self::Unreachable => "unreachable",
        }
    }

    /// Whether the proof is gone for all that can be told. Where no DNS server answers, it may be our own network.
    fn gone(self) -> bool {
        match self {
            Self::OtherRecord | Self::OtherFile | Self::Nothing | Self::NoRecord => true,
            Self::NoFile | Self::Unreachable => false,
        }
    }
}

/// What a look at both places comes to: `Ok` when either holds the proof.
///
/// # Errors
/// [`Missing`].
pub fn verdict(record: Found, file: Found) -> Result<(), Missing> {
    match (record, file) {
        (Found::Proof, _) | (_, Found::Proof) => Ok(()),
        (Found::Other, _) => Err(Missing::OtherRecord),
        (_, Found::Other) => Err(Missing::OtherFile),
        (Found::Nothing, Found::Nothing) => Err(Missing::Nothing),
        (Found::Nothing, Found::Unreachable) => Err(Missing::NoRecord),
        (Found::Unreachable, Found::Nothing) => Err(Missing::NoFile),
        (Found::Unreachable, Found::Unreachable) => Err(Missing::Unreachable),
    }
}

/// How a domain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Since when it is proven, milliseconds since 1970.
    pub verified_at: Option<u64>,
    /// Since when a proof that was there is missing.
    pub lost_at: Option<u64>,
}

/// What a look changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    Same,
    /// The domain is proven from now on.
    Proven,
    /// The proof is missing for the first time.
    Missed,
    /// It was missing for [`GRACE`]: the domain is not proven any more.
    Withdrawn,
}

impl Proven {
    /// How it stands after a look. What is proven stays so for [`GRACE`] without its proof, and without end while nobody
    /// can be asked.
    #[must_use]
    pub fn after(self, found: Result<(), Missing>, now: u64) -> (Self, Change) {
        let grace = u64::try_from(GRACE.as_millis()).unwrap_or(u64::MAX);
        match (found, self.verified_at, self.lost_at) {
            (Ok(()), Some(_), _) => (Self { lost_at: None, ..self }, Change::Same),
            (Ok(()), None, _) => (Self { verified_at: Some(now), lost_at: None }, Change::Proven),
            (Err(missing), Some(_), Some(lost)) if missing.gone() && now >= lost.saturating_add(grace) => {
                (Self { verified_at: None, lost_at: None }, Change::Withdrawn)
            }
            (Err(missing), Some(_), None) if missing.gone() => {
                (Self { lost_at: Some(now), ..self }, Change::Missed)
            }
            (Err(_), _, _) => (self, Change::Same),
        }
    }

    /// Until when it is shown without its proof, milliseconds since 1970.
    #[must_use]
    pub fn shown_until(self) -> Option<u64> {
        let grace = u64::try_from(GRACE.as_millis()).unwrap_or(u64::MAX);
        self.verified_at.and(self.lost_at).map(|lost| lost.saturating_add(grace))
    }
}

/// Looks domains up.
#[derive(Clone, Debug)]
pub struct Lookups {
    names: Names,
    outward: Outward,
}

impl Lookups {
    /// Records by these names, files by these requests. Nothing is asked before it is needed.
    #[must_use]
    pub fn new(names: Names, outward: Outward) -> Self {
        Self { names, outward }
    }

    /// Looks at both places, and says what it comes to.
    ///
    /// # Errors
    /// [`Missing`].
    pub async fn look(&self, domain: &str, proof: &str) -> Result<(), Missing> {
        let url = file_url(domain);
        let (record, file) = tokio::join!(self.record(domain, proof), self.file(&url, proof));
        verdict(record, file)
    }

    /// What the TXT record says.
    pub async fn record(&self, domain: &str, proof: &str) -> Found {
        match self.names.texts(&txt_name(domain)).await {
            Ok(texts) => Found::of(texts.into_iter(), proof),
            Err(crate::names::Unanswered) => Found::Unreachable,
        }
    }

    /// What the file at this address says.
    pub async fn file(&self, url: &str, proof: &str) -> Found {
        match self.outward.get(url, MAX_FILE).await {
            Ok(text) => Found::of(text.lines().map(str::to_owned), proof),
            Err(OutwardError::Status(_) | OutwardError::TooLong(_)) => Found::Nothing,
            Err(OutwardError::Address(_) | OutwardError::Private(_) | OutwardError::Failed(_)) => {
                Found::Unreachable
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_domains_are_known_from_others() {
        assert_eq!(name(" Example.ORG. ").unwrap(), "example.org");
        assert_eq!(name("xn--bcher-kva.example").unwrap(), "xn--bcher-kva.example");
        for bad in [
            "",
            "localhost",
            "192.0.2.1",
            "a..b",
            "-a.example",
            "a/b.example",
            "a@b.example",
            "bücher.de",
            ".",
        ] {
            assert_eq!(name(bad), None, "{bad}");
        }
        assert_eq!(name(&format!("{}.example", "a".repeat(64))), None);
    }

    #[test]
    fn the_proof_is_found_among_other_texts() {
        let texts = |list: &[&str]| Found::of(list.iter().map(|t| (*t).to_owned()), "farhand-verification=1");
        assert_eq!(texts(&["v=spf1 -all", " farhand-verification=1\n"]), Found::Proof);
        assert_eq!(texts(&["farhand-verification=2"]), Found::Other);
        assert_eq!(texts(&["farhand-verification=1", "farhand-verification=2"]), Found::Proof);
        assert_eq!(texts(&[]), Found::Nothing);
        assert_eq!(verdict(Found::Unreachable, Found::Proof), Ok(()));
        assert_eq!(verdict(Found::Proof, Found::Nothing), Ok(()));
        assert_eq!(verdict(Found::Nothing, Found::Unreachable), Err(Missing::NoRecord));
        assert_eq!(verdict(Found::Unreachable, Found::Unreachable), Err(Missing::Unreachable));
    }

    #[test]
    fn a_proof_that_is_gone_is_waited_for_and_then_counts_no_more() {
        let grace = u64::try_from(GRACE.as_millis()).unwrap();
        let none = Proven { verified_at: None, lost_at: None };
        assert_eq!(none.after(Err(Missing::Nothing), 1), (none, Change::Same));
        let (proven, change) = none.after(Ok(()), 5);
        assert_eq!((proven.verified_at, change), (Some(5), Change::Proven));
        // Nobody can be asked: nothing is known, and nothing changes, for however long.
        for unknown in [Missing::Unreachable, Missing::NoFile] {
            assert_eq!(proven.after(Err(unknown), u64::MAX), (proven, Change::Same));
        }
        for gone in [Missing::OtherRecord, Missing::OtherFile, Missing::Nothing, Missing::NoRecord] {
            let (missed, change) = proven.after(Err(gone), 10);
            assert_eq!((missed.verified_at, missed.lost_at, change), (Some(5), Some(10), Change::Missed));
            assert_eq!(missed.shown_until(), Some(10 + grace));
            assert_eq!(missed.after(Err(gone), 9 + grace), (missed, Change::Same));
            assert_eq!(missed.after(Ok(()), 9 + grace), (proven, Change::Same), "put back in time");
            assert_eq!(missed.after(Err(gone), 10 + grace), (none, Change::Withdrawn));
        }
    }
}
