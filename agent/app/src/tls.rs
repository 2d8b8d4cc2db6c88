//! Whom the agent trusts: the machine's certificate authorities, or exactly one certificate. There is no third way.

use std::fmt;
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::fail::Fail;

/// SHA-256 of a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl Fingerprint {
    /// Reads 64 hex digits; colons and spaces between them are left out.
    ///
    /// # Errors
    /// [`Fail::FingerprintMalformed`].
    pub fn parse(text: &str) -> Result<Self, Fail> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !matches!(c, ':' | ' '))
            .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
            .collect::<Option<_>>()
            .ok_or(Fail::FingerprintMalformed)?;
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return Err(Fail::FingerprintMalformed);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Self(bytes))
    }
}

/// The client's TLS, for the API, the session's socket and the media WebSocket alike.
///
/// # Errors
/// [`Fail::Service`] when this machine's certificate store cannot be used.
pub fn client_config(fingerprint: Option<Fingerprint>) -> Result<ClientConfig, Fail> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let detail = |error: Error| Fail::Service { detail: format!("TLS cannot be set up: {error}") };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(detail)?;
    let builder = match fingerprint {
        Some(fingerprint) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(ExactlyThis { fingerprint, provider })),
        None => builder.with_platform_verifier().map_err(detail)?,
    };
    Ok(builder.with_no_client_auth())
}

/// Accepts one certificate and no other, whatever it says of itself; the handshake's signature is checked as ever.
#[derive(Debug)]
struct ExactlyThis {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ExactlyThis {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if digest(&SHA256, end_entity).as_ref() == self.fingerprint.0 {
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

/// What is wrong with the far side's certificate, if that is what an error is about.
#[must_use]
pub fn certificate_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a CertificateError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(Error::InvalidCertificate(why)) = error.downcast_ref::<Error>() {
            return Some(why);
        }
        // An io::Error shows its inside only by `get_ref`; its `source` skips a level.
        if let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref)
            && let Some(found) = certificate_error(inner)
        {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_has_64_digits() {
        let text = "ab".repeat(32);
        let colons =
            text.as_bytes().chunks(2).map(|c| std::str::from_utf8(c).unwrap()).collect::<Vec<_>>().join(":");
        assert_eq!(Fingerprint::parse(&text).unwrap(), Fingerprint::parse(&colons).unwrap());
        assert_eq!(Fingerprint::parse(&text.to_uppercase()).unwrap(), Fingerprint([0xab; 32]));
        for wrong in ["", "ab", &text[1..], &format!("{text}0"), &text.replace('a', "x")] {
            assert!(matches!(Fingerprint::parse(wrong), Err(Fail::FingerprintMalformed)), "{wrong}");
        }
    }
}
