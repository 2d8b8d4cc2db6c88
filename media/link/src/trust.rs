//! Whom a program trusts: the machine's certificate authorities, or certificates that are named by their SHA-256.
//! There is no third way.

use std::fmt;
use std::sync::{Arc, Mutex};

use ring::digest::{SHA256, digest};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

/// Bytes of a SHA-256.
const HASH_LEN: usize = 32;

/// SHA-256 of a certificate. Prints as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; HASH_LEN]);

/// A text is no fingerprint: it has other than 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint has 64 hex digits")]
pub struct NoFingerprint;

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Fingerprint {
    /// The fingerprint of a certificate, given as DER.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        let mut bytes = [0; HASH_LEN];
        bytes.copy_from_slice(digest(&SHA256, certificate).as_ref());
        Self(bytes)
    }

    /// Reads 64 hex digits; colons and spaces between them are left out.
    ///
    /// # Errors
    /// [`NoFingerprint`].
    pub fn parse(text: &str) -> Result<Self, NoFingerprint> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !matches!(c, ':' | ' '))
            .take(2 * HASH_LEN + 1)
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or(NoFingerprint)?;
        if digits.len() != 2 * HASH_LEN {
            return Err(NoFingerprint);
        }
        let mut bytes = [0; HASH_LEN];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Self(bytes))
    }
}

/// Accepts a certificate when its SHA-256 is among those given, and nothing else, whatever it says of itself; that the
/// far side holds its key is verified as ever.
#[derive(Debug)]
pub struct Pinned {
    accepted: Vec<Fingerprint>,
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    /// Accepts exactly these.
    #[must_use]
    pub fn new(accepted: Vec<Fingerprint>, provider: Arc<CryptoProvider>) -> Self {
        Self { accepted, provider }
    }

    /// From lower-case hex. What is no SHA-256 matches nothing.
    #[must_use]
    pub fn from_hex(hashes: &[String], provider: Arc<CryptoProvider>) -> Self {
        Self::new(hashes.iter().filter_map(|hash| Fingerprint::parse(hash).ok()).collect(), provider)
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
        if self.accepted.contains(&Fingerprint::of(end_entity)) {
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

/// What a program trusts a service by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// This machine's certificate authorities.
    Authorities,
    /// One certificate and no other.
    Exactly(Fingerprint),
}

impl Trust {
    /// The client's TLS, for the API, the sockets and the media WebSocket alike.
    ///
    /// # Errors
    /// When this machine's certificate store cannot be used.
    pub fn client_config(&self) -> Result<ClientConfig, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match self {
            Self::Authorities => Arc::new(rustls_platform_verifier::Verifier::new(Arc::clone(&provider))?),
            Self::Exactly(fingerprint) => Arc::new(Pinned::new(vec![*fingerprint], Arc::clone(&provider))),
        };
        client_config(provider, verifier)
    }
}

fn client_config(
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, Error> {
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// Asks this machine's certificate authorities, and remembers which certificate it was about. For the question to a
/// person whether a certificate that nobody vouches for is the right one: the hand-shake fails as it always does.
#[derive(Debug)]
pub struct Witness {
    authorities: Arc<dyn ServerCertVerifier>,
    seen: Mutex<Option<Fingerprint>>,
}

impl Witness {
    /// A witness, and TLS that asks it.
    ///
    /// # Errors
    /// When this machine's certificate store cannot be used.
    pub fn new() -> Result<(Arc<Self>, ClientConfig), Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let authorities = Arc::new(rustls_platform_verifier::Verifier::new(Arc::clone(&provider))?);
        let witness = Arc::new(Self { authorities, seen: Mutex::new(None) });
        let config = client_config(provider, Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)?;
        Ok((witness, config))
    }

    /// The certificate that was shown last, accepted or not.
    #[must_use]
    pub fn seen(&self) -> Option<Fingerprint> {
        *self.seen.lock().expect("nobody panics while it is held")
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.seen.lock().expect("nobody panics while it is held") = Some(Fingerprint::of(end_entity));
        self.authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
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

    /// SHA-256 of "abc", FIPS 180-2.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn accepts(verifier: &Pinned, certificate: &[u8]) -> bool {
        let name = ServerName::try_from("farhand-media").unwrap();
        let certificate = CertificateDer::from(certificate);
        verifier.verify_server_cert(&certificate, &[], &name, &[], UnixTime::now()).is_ok()
    }

    fn verify(hashes: &[&str], certificate: &[u8]) -> bool {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let hashes: Vec<String> = hashes.iter().map(|hash| (*hash).to_owned()).collect();
        accepts(&Pinned::from_hex(&hashes, provider), certificate)
    }

    #[test]
    fn only_a_named_certificate_is_accepted() {
        let other = "00".repeat(32);
        assert!(verify(&[&other, ABC], b"abc"));
        assert!(!verify(&[&other], b"abc"));
        assert!(!verify(&[], b"abc"));
        assert!(!verify(&["", "abc", &ABC[..62], &"é".repeat(32)], b"abc"));
    }

    #[test]
    fn a_fingerprint_has_64_digits() {
        let text = "ab".repeat(32);
        let colons =
            text.as_bytes().chunks(2).map(|c| std::str::from_utf8(c).unwrap()).collect::<Vec<_>>().join(":");
        assert_eq!(Fingerprint::parse(&text).unwrap(), Fingerprint::parse(&colons).unwrap());
        assert_eq!(Fingerprint::parse(&text.to_uppercase()).unwrap(), Fingerprint([0xab; 32]));
        for wrong in ["", "ab", &text[1..], &format!("{text}0"), &text.replace('a', "x")] {
            assert_eq!(Fingerprint::parse(wrong), Err(NoFingerprint), "{wrong}");
        }
        assert_eq!(Fingerprint::of(b"abc").to_string(), ABC);
    }

    #[test]
    fn a_witness_accepts_nothing_that_the_authorities_do_not() {
        let (witness, _) = Witness::new().unwrap();
        assert_eq!(witness.seen(), None);
        let name = ServerName::try_from("farhand.example").unwrap();
        let shown = CertificateDer::from(&b"abc"[..]);
        assert!(witness.verify_server_cert(&shown, &[], &name, &[], UnixTime::now()).is_err());
        assert_eq!(witness.seen().unwrap().to_string(), ABC);
    }
}
