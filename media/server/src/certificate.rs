//! The certificates of the UDP port: our own, short-lived, pinned by their hashes.
//!
//! Browsers take a self-signed certificate by its hash when its key is ECDSA on P-256 and it lives at most 14 days
//! (W3C WebTransport, "serverCertificateHashes"). A new one is made before the present one runs out, and is shown only
//! after offers have named it for a while.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use ring::digest;
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// From a day before now, for clocks that are behind.
const BACKDATED: Duration = DAY;
/// In all 13 days of the 14 that browsers allow.
const LIFETIME: Duration = Duration::from_secs(12 * 24 * 60 * 60);
/// The next one is made, and named in offers, when the present one has so long left.
const PREPARE: Duration = Duration::from_secs(4 * 24 * 60 * 60);
/// The next one is shown when the present one has so long left.
const SWITCH: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Why no certificate could be made.
pub(crate) type CertificateError = Box<dyn std::error::Error + Send + Sync>;

/// A certificate with its key.
#[derive(Clone, Debug)]
struct Own {
    key: Arc<CertifiedKey>,
    hash: String,
    ends: SystemTime,
}

impl Own {
    fn make(now: SystemTime) -> Result<Self, CertificateError> {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let ends = now + LIFETIME;
        let mut params = CertificateParams::new(vec!["farhand-media".to_owned()])?;
        params.not_before = (now - BACKDATED).into();
        params.not_after = ends.into();
        let der = params.self_signed(&pair)?.der().clone();
        let hash = hex(digest::digest(&digest::SHA256, &der).as_ref());
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.serialize_der()));
        let key = CertifiedKey::new(vec![der], any_ecdsa_type(&private)?);
        Ok(Self { key: Arc::new(key), hash, ends })
    }

    fn has_left(&self, now: SystemTime) -> Duration {
        self.ends.duration_since(now).unwrap_or_default()
    }
}

#[derive(Debug)]
struct Rotation {
    shown: Own,
    next: Option<Own>,
}

impl Rotation {
    fn handle_time(&mut self, now: SystemTime) -> Result<(), CertificateError> {
        let left = self.shown.has_left(now);
        if left < PREPARE && self.next.is_none() {
            self.next = Some(Own::make(now)?);
        }
        if left < SWITCH
            && let Some(next) = self.next.take()
        {
            self.shown = next;
        }
        Ok(())
    }
}

/// The certificate that is shown, and the one that comes after it.
#[derive(Debug)]
pub(crate) struct Certificates(Mutex<Rotation>);

impl Certificates {
    pub(crate) fn new(now: SystemTime) -> Result<Self, CertificateError> {
        Ok(Self(Mutex::new(Rotation { shown: Own::make(now)?, next: None })))
    }

    /// Rotates when it is time; called every some minutes.
    pub(crate) fn handle_time(&self, now: SystemTime) -> Result<(), CertificateError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).handle_time(now)
    }

    /// The hashes that an offer names.
    pub(crate) fn hashes(&self) -> Vec<String> {
        let rotation = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        [Some(&rotation.shown), rotation.next.as_ref()]
            .into_iter()
            .flatten()
            .map(|own| own.hash.clone())
            .collect()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.lock().unwrap_or_else(PoisonError::into_inner).shown.key.clone())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_named_before_it_is_shown_and_shown_before_the_old_one_ends() {
        let start = SystemTime::now();
        let mut rotation = Rotation { shown: Own::make(start).unwrap(), next: None };
        let first = rotation.shown.hash.clone();
        let mut named = vec![first.clone()];
        let mut now = start;
        while now < start + 40 * DAY {
            now += DAY / 24;
            rotation.handle_time(now).unwrap();
            assert!(named.contains(&rotation.shown.hash), "shown before it was named");
            assert!(rotation.shown.has_left(now) >= 2 * DAY, "shown when nearly over");
            named = vec![rotation.shown.hash.clone()];
            named.extend(rotation.next.as_ref().map(|own| own.hash.clone()));
        }
        assert_ne!(rotation.shown.hash, first);
    }

    #[test]
    fn a_certificate_lives_no_longer_than_browsers_allow() {
        assert!(BACKDATED + LIFETIME <= 14 * DAY);
    }
}
