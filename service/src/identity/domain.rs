//! Whether a domain is an organisation's own: by a TXT record or by a file that only its owner can put there. The
//! façade before the resolver and the HTTP client; what they answer is the far side's and is bounded.

use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;

use super::random_id;
use crate::outward::{Outward, OutwardError};

/// Before the domain's name, where the record stands.
const TXT_PREFIX: &str = "_farhand";
/// Where the file stands.
const FILE: &str = "/.well-known/farhand.txt";
/// What the proof begins with.
const PROOF: &str = "farhand-verification=";
/// Each look takes at most this long.
const WITHIN: Duration = Duration::from_secs(8);
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

/// What a look at both places comes to: `Ok` when either holds the proof, else the code of what to mend.
///
/// # Errors
/// The code.
pub fn verdict(record: Found, file: Found) -> Result<(), &'static str> {
    match (record, file) {
        (Found::Proof, _) | (_, Found::Proof) => Ok(()),
        (Found::Other, _) => Err("other_record"),
        (_, Found::Other) => Err("other_file"),
        (Found::Unreachable, Found::Unreachable) => Err("unreachable"),
        (_, Found::Nothing) => Err("no_file"),
        (Found::Nothing, Found::Unreachable) => Err("no_record"),
    }
}

/// Looks domains up.
#[derive(Clone)]
pub struct Lookups {
    resolver: Option<Arc<TokioResolver>>,
    outward: Outward,
}

impl std::fmt::Debug for Lookups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lookups(..)")
    }
}

impl Lookups {
    /// With this machine's resolver. Nothing is asked before it is needed.
    #[must_use]
    pub fn new(outward: Outward) -> Self {
        let resolver = match TokioResolver::builder_tokio().and_then(|builder| builder.build()) {
            Ok(resolver) => Some(Arc::new(resolver)),
            Err(error) => {
                tracing::warn!(%error, "no resolver is set up, so domains cannot be verified by TXT records");
                None
            }
        };
        Self { resolver, outward }
    }

    /// What the TXT record says.
    pub async fn record(&self, domain: &str, proof: &str) -> Found {
        let Some(resolver) = &self.resolver else { return Found::Unreachable };
        // With its dot: no search list is tried.
        let name = format!("{}.", txt_name(domain));
        match tokio::time::timeout(WITHIN, resolver.txt_lookup(name)).await {
            Ok(Ok(lookup)) => {
                let texts = lookup.answers().iter().take(50).filter_map(|record| {
                    let hickory_resolver::proto::rr::RData::TXT(txt) = &record.data else { return None };
                    Some(txt.txt_data.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect())
                });
                Found::of(texts, proof)
            }
            Ok(Err(error)) if error.is_no_records_found() || error.is_nx_domain() => Found::Nothing,
            Ok(Err(_)) | Err(_) => Found::Unreachable,
        }
    }

    /// What the file says.
    pub async fn file(&self, domain: &str, proof: &str) -> Found {
        match self.outward.get(&file_url(domain), MAX_FILE).await {
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
        assert_eq!(verdict(Found::Nothing, Found::Unreachable), Err("no_record"));
        assert_eq!(verdict(Found::Unreachable, Found::Unreachable), Err("unreachable"));
    }
}
