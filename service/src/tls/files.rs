//! Certificate files that somebody else renews: they are looked at from time to time, and shown when they changed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::{Identity, Shown, TlsError};
use crate::clock::Clock;

/// The files are looked at this often.
pub const EVERY: Duration = Duration::from_secs(10 * 60);

/// The files.
pub struct Files {
    certificate: PathBuf,
    key: PathBuf,
    shown: Arc<Shown>,
    clock: Clock,
}

impl Files {
    /// From their paths.
    #[must_use]
    pub fn new(certificate: PathBuf, key: PathBuf, shown: Arc<Shown>, clock: Clock) -> Self {
        Self { certificate, key, shown, clock }
    }

    /// Looks, until the service ends.
    pub async fn run(self, mut ending: watch::Receiver<bool>) {
        let mut seen = self.stamp();
        loop {
            let next = self.clock.now().unix_ms + u64::try_from(EVERY.as_millis()).unwrap_or(u64::MAX);
            tokio::select! {
                () = self.clock.until(next) => {}
                () = crate::app::ended(&mut ending) => return,
            }
            let stamp = self.stamp();
            if stamp != seen {
                match self.show() {
                    // Half of a pair may have been written so far: looked at again next time.
                    Err(error) => {
                        tracing::warn!(%error, "the certificate files changed and cannot be used yet")
                    }
                    Ok(()) => {
                        tracing::info!("the certificate files changed, and are shown from now on");
                        seen = stamp;
                    }
                }
            }
        }
    }

    fn show(&self) -> Result<(), TlsError> {
        self.shown.replace(&Identity::read(&self.certificate, &self.key, false)?)
    }

    fn stamp(&self) -> [Option<(SystemTime, u64)>; 2] {
        [&self.certificate, &self.key].map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }
}

#[cfg(test)]
mod tests {
    use rustls_pki_types::ServerName;
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::super::{CERTIFICATE_FILE, KEY_FILE, crypto};
    use super::*;
    use crate::config::CertificateSource;

    /// A pair in a folder of its own.
    fn pair(folder: &tempfile::TempDir) -> (PathBuf, PathBuf) {
        Identity::load(&CertificateSource::SelfSigned, folder.path(), &[]).unwrap();
        (folder.path().join(CERTIFICATE_FILE), folder.path().join(KEY_FILE))
    }

    /// Whether a client that trusts this certificate alone gets through.
    async fn is_shown(shown: &Arc<Shown>, certificate: &std::path::Path) -> bool {
        let identity = Identity::read(certificate, &certificate.with_file_name(KEY_FILE), true).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(identity.chain[0].clone()).unwrap();
        let client = rustls::ClientConfig::builder_with_provider(crypto())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (near, far) = tokio::io::duplex(64 * 1024);
        let acceptor = TlsAcceptor::from(Arc::new(Arc::clone(shown).server_config()));
        let name = ServerName::try_from("localhost").unwrap();
        let connect = TlsConnector::from(Arc::new(client)).connect(name, near);
        let (connected, _) = tokio::join!(connect, acceptor.accept(far));
        connected.is_ok()
    }

    #[tokio::test]
    async fn renewed_files_are_shown_and_half_a_pair_is_not() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ((certificate, key), (next, next_key)) = (pair(&old), pair(&new));
        let before = old.path().join("before.pem");
        std::fs::copy(&certificate, &before).unwrap();
        let shown = Arc::new(Shown::new(&Identity::read(&certificate, &key, false).unwrap()).unwrap());
        let files = Files::new(certificate.clone(), key.clone(), Arc::clone(&shown), Clock::machine());
        assert!(is_shown(&shown, &certificate).await);
        // Another program has written one of the two files so far.
        std::fs::copy(&next, &certificate).unwrap();
        assert!(matches!(files.show(), Err(TlsError::Pair { .. })));
        std::fs::copy(&before, &certificate).unwrap();
        assert!(is_shown(&shown, &certificate).await, "what was shown before still is");
        std::fs::copy(&next, &certificate).unwrap();
        std::fs::copy(&next_key, &key).unwrap();
        files.show().unwrap();
        assert!(is_shown(&shown, &next).await);
    }

    #[tokio::test]
    async fn the_files_are_looked_at_as_time_passes() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ((certificate, key), (next, next_key)) = (pair(&old), pair(&new));
        let shown = Arc::new(Shown::new(&Identity::read(&certificate, &key, false).unwrap()).unwrap());
        let clock = Clock::moved_by_hand(0);
        let files = Files::new(certificate.clone(), key.clone(), Arc::clone(&shown), clock.clone());
        let (ending, ended) = watch::channel(false);
        let running = tokio::spawn(files.run(ended));
        // It has begun to wait, with the old files seen, when its turn is over.
        tokio::task::yield_now().await;
        std::fs::copy(&next_key, &key).unwrap();
        std::fs::copy(&next, &certificate).unwrap();
        let reached = async {
            while !is_shown(&shown, &next).await {
                clock.advance(EVERY);
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reached).await.unwrap();
        ending.send_replace(true);
        running.await.unwrap();
    }
}
