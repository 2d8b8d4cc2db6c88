//! Trust in the media service's QUIC certificate: exactly those that the offer names by hash.

use std::sync::Arc;

use ring::digest;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

/// Bytes of a SHA-256.
const HASH_LEN: usize = 32;

/// Accepts a certificate when its SHA-256 is among those given, and nothing else; that the far side holds its key is
/// verified as ever.
#[derive(Debug)]
pub(crate) struct Pinned {
    hashes: Vec<[u8; HASH_LEN]>,
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    /// From lower-case hex. What is no SHA-256 matches nothing.
    pub(crate) fn new(hashes: &[String], provider: Arc<CryptoProvider>) -> Self {
        Self { hashes: hashes.iter().filter_map(|hash| from_hex(hash)).collect(), provider }
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = digest::digest(&digest::SHA256, end_entity);
        if self.hashes.iter().any(|hash| hash == shown.as_ref()) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn from_hex(text: &str) -> Option<[u8; HASH_LEN]> {
    if !text.is_ascii() || text.len() != 2 * HASH_LEN {
        return None;
    }
    let mut bytes = [0; HASH_LEN];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verify(hashes: &[&str], certificate: &[u8]) -> bool {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let hashes: Vec<String> = hashes.iter().map(|hash| (*hash).to_owned()).collect();
        let name = ServerName::try_from("farhand-media").unwrap();
        let certificate = CertificateDer::from(certificate);
        Pinned::new(&hashes, provider)
            .verify_server_cert(&certificate, &[], &name, &[], UnixTime::now())
            .is_ok()
    }

    #[test]
    fn only_a_named_certificate_is_accepted() {
        // SHA-256 of "abc", FIPS 180-2.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let other = "00".repeat(32);
        assert!(verify(&[&other, abc], b"abc"));
        assert!(!verify(&[&other], b"abc"));
        assert!(!verify(&[], b"abc"));
        assert!(!verify(&["", "abc", &abc[..62], &"é".repeat(32)], b"abc"));
    }
}
