//! Which certificate a connection is shown: the service's own, which may be replaced while it runs, or the proof that a
//! certificate authority asks for (RFC 8737).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{Identity, TlsError, crypto};

/// The protocol by which an authority asks for the proof (RFC 8737, 6.2).
pub const CHALLENGE: &[u8] = b"acme-tls/1";

/// What is shown.
#[derive(Debug)]
pub struct Shown {
    own: RwLock<Arc<CertifiedKey>>,
    /// By host name.
    proofs: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Shown {
    /// This certificate.
    ///
    /// # Errors
    /// [`TlsError::Pair`] when certificate and key do not fit.
    pub fn new(identity: &Identity) -> Result<Self, TlsError> {
        Ok(Self { own: RwLock::new(Arc::new(identity.certified()?)), proofs: Mutex::default() })
    }

    /// From the next connection on, this certificate.
    ///
    /// # Errors
    /// [`TlsError::Pair`] when certificate and key do not fit; then nothing changes.
    pub fn replace(&self, identity: &Identity) -> Result<(), TlsError> {
        let certified = Arc::new(identity.certified()?);
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = certified;
        Ok(())
    }

    /// Shows a proof for a host name until [`Self::withdraw`].
    pub(super) fn prove(&self, host: String, proof: CertifiedKey) {
        self.proofs.lock().unwrap_or_else(PoisonError::into_inner).insert(host, Arc::new(proof));
    }

    /// Shows no proof any more.
    pub(super) fn withdraw(&self) {
        self.proofs.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The settings for the listener (N2).
    ///
    /// # Panics
    /// Never: the suites that are spoken fit the versions that are spoken.
    #[must_use]
    pub fn server_config(self: Arc<Self>) -> ServerConfig {
        let mut config = ServerConfig::builder_with_provider(crypto())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .expect("there are suites for both versions")
            .with_no_client_auth()
            .with_cert_resolver(self);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec(), CHALLENGE.to_vec()];
        config
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut asked = hello.alpn().into_iter().flatten();
        if asked.next() == Some(CHALLENGE) && asked.next().is_none() {
            let host = hello.server_name()?.to_ascii_lowercase();
            return self.proofs.lock().unwrap_or_else(PoisonError::into_inner).get(&host).cloned();
        }
        Some(Arc::clone(&self.own.read().unwrap_or_else(PoisonError::into_inner)))
    }
}
