//! The HTTPS certificate and the TLS settings (N2): TLS 1.3, and TLS 1.2 with ECDHE and AES-256-GCM-SHA384 only.

pub mod acme;
pub mod files;
mod shown;

use std::io::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::crypto::{CryptoProvider, ring as provider};
use rustls::sign::CertifiedKey;
use rustls::{CipherSuite, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

pub use self::shown::{CHALLENGE, Shown};
use crate::config::CertificateSource;
use crate::identity::{hex, sha256};

/// The self-signed certificate's file in the data folder.
pub const CERTIFICATE_FILE: &str = "https-certificate.pem";
/// Its key's file.
pub const KEY_FILE: &str = "https-key.pem";
/// How long a self-signed certificate is valid. Programs pin it, so it is not renewed behind their backs.
const SELF_SIGNED_DAYS: u64 = 5 * 365;

/// What is wrong with the certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("The {what} {path} cannot be read: {why}. Check the path and that this user may read it.")]
    Read {
        /// `certificate` or `private key`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A file cannot be written.
    #[error(
        "The self-signed certificate cannot be kept in {path}: {why}. Check that this user may write there."
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A file holds no such thing.
    #[error("The file {path} holds no usable {what}: {why}. It should be a PEM file.")]
    Pem {
        /// What was looked for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Certificate and key are not a pair, or of a kind that cannot be served.
    #[error(
        "The certificate {certificate} and the private key {key} cannot be used together: {why}. Give the key that the \
         certificate was made for (RSA of 2048 bits or more, or ECDSA P-256 or P-384)."
    )]
    Pair {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
        /// Why.
        why: String,
    },
    /// No certificate could be made.
    #[error("A certificate cannot be made: {0}")]
    Make(String),
}

/// A certificate that the service shows.
pub struct Identity {
    /// The chain, the service's own first.
    pub chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    /// Whether no authority vouches for it.
    pub self_signed: bool,
    /// SHA-256 of the service's own certificate, lower-case hex.
    pub fingerprint: String,
    /// Where the chain was read.
    pub certificate_file: PathBuf,
    /// Where the key was read.
    pub key_file: PathBuf,
}

impl Identity {
    /// Loads the certificate; a self-signed one is made on the first start, for these names besides the usual ones.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load(source: &CertificateSource, data: &Path, names: &[String]) -> Result<Self, TlsError> {
        match source {
            CertificateSource::Files { certificate, key } => Self::read(certificate, key, false),
            CertificateSource::SelfSigned => Self::self_signed(data, names),
            // Until the authority has issued the first one, a self-signed one answers.
            CertificateSource::Acme(_) => match acme::kept(data) {
                Some((certificate, key)) => Self::read(&certificate, &key, false),
                None => Ok(Self { self_signed: false, ..Self::self_signed(data, names)? }),
            },
        }
    }

    fn self_signed(data: &Path, names: &[String]) -> Result<Self, TlsError> {
        let (certificate, key) = (data.join(CERTIFICATE_FILE), data.join(KEY_FILE));
        if !certificate.exists() || !key.exists() {
            make(&certificate, &key, names)?;
        }
        Self::read(&certificate, &key, true)
    }

    /// Reads without making anything.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn read(certificate: &Path, key: &Path, self_signed: bool) -> Result<Self, TlsError> {
        let pem = |what, path: &Path| {
            std::fs::read(path).map_err(|e| TlsError::Read {
                what,
                path: path.to_owned(),
                why: e.to_string(),
            })
        };
        let chain = pem("certificate", certificate)?;
        let parsed = Self::parse(&chain, &pem("private key", key)?, certificate, key)?;
        Ok(Self { self_signed, ..parsed })
    }

    /// From PEM, with the files that it is from or for.
    fn parse(chain: &[u8], private: &[u8], certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let unusable = |what, path: &Path, why: String| TlsError::Pem { what, path: path.to_owned(), why };
        let chain = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| unusable("certificate", certificate, e.to_string()))?;
        let Some(own) = chain.first() else {
            return Err(unusable("certificate", certificate, "no certificate stands in it".into()));
        };
        let fingerprint = hex(&sha256(own));
        let private = PrivateKeyDer::from_pem_slice(private)
            .map_err(|e| unusable("private key", key, e.to_string()))?;
        Ok(Self {
            chain,
            key: private,
            self_signed: false,
            fingerprint,
            certificate_file: certificate.to_owned(),
            key_file: key.to_owned(),
        })
    }

    /// The settings for a listener that shows this certificate and no other.
    ///
    /// # Errors
    /// [`TlsError::Pair`] when certificate and key do not fit.
    pub fn server_config(&self) -> Result<ServerConfig, TlsError> {
        Ok(Arc::new(Shown::new(self)?).server_config())
    }

    /// Certificate and key as they sign.
    fn certified(&self) -> Result<CertifiedKey, TlsError> {
        CertifiedKey::from_der(self.chain.clone(), self.key.clone_key(), &crypto()).map_err(|why| {
            TlsError::Pair {
                certificate: self.certificate_file.clone(),
                key: self.key_file.clone(),
                why: why.to_string(),
            }
        })
    }
}

/// The cryptography that is spoken (N2).
#[must_use]
pub fn crypto() -> Arc<CryptoProvider> {
    let mut provider = provider::default_provider();
    provider.cipher_suites.retain(|suite| {
        matches!(
            suite.suite(),
            CipherSuite::TLS13_AES_256_GCM_SHA384
                | CipherSuite::TLS13_CHACHA20_POLY1305_SHA256
                | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
                | CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
        )
    });
    Arc::new(provider)
}

fn make(certificate: &Path, key: &Path, names: &[String]) -> Result<(), TlsError> {
    let failed = |e: rcgen::Error| TlsError::Make(e.to_string());
    let mut all = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    for name in names {
        let usable = name.parse::<IpAddr>().is_ok()
            || name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        if usable && !name.is_empty() && !all.contains(name) {
            all.push(name.clone());
        }
    }
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
    let mut params = CertificateParams::new(all).map_err(failed)?;
    params.distinguished_name.push(DnType::CommonName, "Farhand self-signed");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let day = Duration::from_secs(24 * 60 * 60);
    let now = SystemTime::now();
    params.not_before = (now - day).into();
    params.not_after = (now + day * u32::try_from(SELF_SIGNED_DAYS).unwrap_or(u32::MAX)).into();
    let made = params.self_signed(&pair).map_err(failed)?;
    write_secret(key, pair.serialize_pem().as_bytes())
        .map_err(|e| TlsError::Write { path: key.to_owned(), why: e.to_string() })?;
    write_secret(certificate, made.pem().as_bytes())
        .map_err(|e| TlsError::Write { path: certificate.to_owned(), why: e.to_string() })
}

/// Writes a file that only this user may read: whole or not at all.
///
/// # Errors
/// The operating system's.
pub fn write_secret(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", crate::identity::random_id(4)));
    let beside = path.with_file_name(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(&beside)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        std::fs::remove_file(&beside).ok();
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_self_signed_certificate_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let load = || {
            Identity::load(&CertificateSource::SelfSigned, folder.path(), &["box.example".into()]).unwrap()
        };
        let (first, second) = (load(), load());
        assert_eq!(first.fingerprint, second.fingerprint);
        assert_eq!(first.fingerprint.len(), 64);
        first.server_config().unwrap();
        let (_, parsed) = x509_parser::parse_x509_certificate(&first.chain[0]).unwrap();
        let names = format!("{:?}", parsed.subject_alternative_name().unwrap().unwrap().value.general_names);
        assert!(names.contains("localhost") && names.contains("box.example"), "{names}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join(KEY_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn only_the_named_suites_are_spoken() {
        let names: Vec<_> = crypto().cipher_suites.iter().map(|s| format!("{:?}", s.suite())).collect();
        assert_eq!(
            names,
            [
                "TLS13_AES_256_GCM_SHA384",
                "TLS13_CHACHA20_POLY1305_SHA256",
                "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            ]
        );
    }

    #[test]
    fn bad_files_are_sentences() {
        let folder = tempfile::tempdir().unwrap();
        let load =
            |name: &str| Identity::load(&CertificateSource::SelfSigned, &folder.path().join(name), &[]);
        for name in ["a", "b"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            load(name).unwrap();
        }
        let file = |name: &str| folder.path().join(name);
        let said = |certificate: PathBuf, key: PathBuf| match Identity::read(&certificate, &key, false)
            .and_then(|i| i.server_config().map(drop))
        {
            Ok(()) => String::new(),
            Err(e) => e.to_string(),
        };
        let (a, a_key, b_key) =
            (file("a").join(CERTIFICATE_FILE), file("a").join(KEY_FILE), file("b").join(KEY_FILE));
        assert_eq!(said(a.clone(), a_key.clone()), "");
        assert!(said(file("none"), a_key.clone()).contains("cannot be read"));
        assert!(said(a_key.clone(), a_key).contains("no usable certificate"));
        assert!(said(a.clone(), a.clone()).contains("no usable private key"));
        assert!(said(a, b_key).contains("cannot be used together"));
    }
}
