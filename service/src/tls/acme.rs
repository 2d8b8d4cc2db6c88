//! Certificates from an authority by ACME (RFC 8555), proven on the HTTPS port itself (TLS-ALPN-01, RFC 8737): no other
//! port, no web server beside, no program to install.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivateKeyDer;
use tokio::sync::watch;

use super::{Identity, Shown, TlsError, crypto, write_secret};
use crate::clock::Clock;

/// The account's file in the data folder.
pub const ACCOUNT_FILE: &str = "acme-account.json";
/// The certificate's file.
pub const CERTIFICATE_FILE: &str = "acme-certificate.pem";
/// Its key's file.
pub const KEY_FILE: &str = "acme-key.pem";
/// After a failure; doubled with each further one. Authorities count failures.
const RETRY: Duration = Duration::from_secs(15 * 60);
/// The longest pause between two tries.
const RETRY_AT_MOST: Duration = Duration::from_secs(12 * 60 * 60);
/// How long the authority may take to look, and to issue.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));

/// Which authority, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcmeSettings {
    /// The authority's directory.
    pub directory: String,
    /// Whom the authority may write to, an e-mail address.
    pub contact: Option<String>,
    /// The certificate (PEM) that vouches for an authority of one's own; without it, those that everybody trusts.
    pub root: Option<PathBuf>,
    /// The host name that the certificate is for.
    pub host: String,
}

/// Why no certificate was had.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The authority refused, or could not be reached.
    #[error("the certificate authority: {0}")]
    Authority(#[from] instant_acme::Error),
    /// The authority offers no proof on the HTTPS port.
    #[error("the certificate authority offers no proof by TLS-ALPN-01")]
    NoProof,
    /// The proof was not found.
    #[error(
        "the certificate authority did not find the proof: it must reach this service under its name on TCP 443"
    )]
    NotProven,
    /// Something here failed.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A file in the data folder.
    #[error("{0} cannot be read or written: {1}")]
    File(PathBuf, String),
}

/// Certificate and key, where they were issued already.
pub(super) fn kept(data: &Path) -> Option<(PathBuf, PathBuf)> {
    let (certificate, key) = (data.join(CERTIFICATE_FILE), data.join(KEY_FILE));
    (certificate.exists() && key.exists()).then_some((certificate, key))
}

/// Gets certificates and renews them.
pub struct Acme {
    settings: AcmeSettings,
    data: PathBuf,
    shown: Arc<Shown>,
    clock: Clock,
}

impl Acme {
    /// From its parts.
    #[must_use]
    pub fn new(settings: AcmeSettings, data: PathBuf, shown: Arc<Shown>, clock: Clock) -> Self {
        Self { settings, data, shown, clock }
    }

    /// Gets and renews, until the service ends.
    pub async fn run(self, mut ending: watch::Receiver<bool>) {
        let mut failures = 0;
        loop {
            let now = self.clock.now().unix_ms;
            let next = match self.renew_at() {
                Some(at) if at > now => at,
                Some(_) | None => match self.renew().await {
                    Ok(()) => {
                        failures = 0;
                        tracing::info!(host = self.settings.host, "a certificate was issued");
                        // A certificate that is due at once would be asked for without end.
                        self.renew_at().unwrap_or(0).max(now + millis(RETRY))
                    }
                    Err(error) => {
                        let pause = (RETRY * 2_u32.pow(failures)).min(RETRY_AT_MOST);
                        failures = (failures + 1).min(10);
                        tracing::error!(%error, minutes = pause.as_secs() / 60, "no certificate; it is tried again later");
                        now + millis(pause)
                    }
                },
            };
            tokio::select! {
                () = self.clock.until(next) => {}
                () = crate::app::ended(&mut ending) => return,
            }
        }
    }

    /// When the certificate is due, in milliseconds since 1970: after two thirds of its life. `None` when there is none
    /// for this name.
    fn renew_at(&self) -> Option<u64> {
        let (certificate, key) = kept(&self.data)?;
        let identity = Identity::read(&certificate, &key, false).ok()?;
        let (_, parsed) = x509_parser::parse_x509_certificate(identity.chain.first()?).ok()?;
        let names = parsed.subject_alternative_name().ok()??;
        let for_us = names.value.general_names.iter().any(|name| match name {
            x509_parser::extensions::GeneralName::DNSName(name) => {
                name.eq_ignore_ascii_case(&self.settings.host)
            }
            // Names of other kinds are not ours.
            _ => false,
        });
        let validity = parsed.validity();
        let (from, to) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        let due = from + (to - from) / 3 * 2;
        for_us.then(|| u64::try_from(due).unwrap_or(0) * 1000)
    }

    /// Gets a certificate and shows it.
    ///
    /// # Errors
    /// [`AcmeError`]; what was shown before still is.
    pub async fn renew(&self) -> Result<(), AcmeError> {
        let issued = self.order().await;
        self.shown.withdraw();
        let (chain, key) = issued?;
        let (certificate_file, key_file) = (self.data.join(CERTIFICATE_FILE), self.data.join(KEY_FILE));
        // Tried before it is kept: a pair that does not fit must not be found at the next start.
        let tried = Identity::parse(chain.as_bytes(), key.as_bytes(), &certificate_file, &key_file)?;
        self.shown.replace(&tried)?;
        for (path, content) in [(&key_file, &key), (&certificate_file, &chain)] {
            write_secret(path, content.as_bytes())
                .map_err(|e| AcmeError::File(path.clone(), e.to_string()))?;
        }
        Ok(())
    }

    /// Chain and key, both PEM.
    async fn order(&self) -> Result<(String, String), AcmeError> {
        let account = self.account().await?;
        let names = [Identifier::Dns(self.settings.host.clone())];
        let mut order = account.new_order(&NewOrder::new(&names)).await?;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            match authorization.status {
                AuthorizationStatus::Valid => continue,
                AuthorizationStatus::Pending => {}
                AuthorizationStatus::Invalid
                | AuthorizationStatus::Revoked
                | AuthorizationStatus::Expired
                | AuthorizationStatus::Deactivated => return Err(AcmeError::NotProven),
            }
            let mut challenge =
                authorization.challenge(ChallengeType::TlsAlpn01).ok_or(AcmeError::NoProof)?;
            let expected = challenge.key_authorization();
            let proof = proof(&self.settings.host, expected.digest().as_ref())?;
            self.shown.prove(self.settings.host.to_ascii_lowercase(), proof);
            challenge.set_ready().await?;
        }
        if order.poll_ready(&PATIENCE).await? != OrderStatus::Ready {
            return Err(AcmeError::NotProven);
        }
        let made = |e: rcgen::Error| TlsError::Make(e.to_string());
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(made)?;
        let mut params = CertificateParams::new(vec![self.settings.host.clone()]).map_err(made)?;
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&key).map_err(made)?;
        order.finalize_csr(request.der()).await?;
        let chain = order.poll_certificate(&PATIENCE).await?;
        Ok((chain, key.serialize_pem()))
    }

    /// The account, made with the authority at the first time.
    async fn account(&self) -> Result<Account, AcmeError> {
        let path = self.data.join(ACCOUNT_FILE);
        let failed = |why: String| AcmeError::File(path.clone(), why);
        let builder = match &self.settings.root {
            Some(root) => Account::builder_with_root(root)?,
            None => Account::builder()?,
        };
        match std::fs::read(&path) {
            Ok(bytes) => {
                let kept: Kept = serde_json::from_slice(&bytes).map_err(|e| failed(e.to_string()))?;
                // An account belongs to one authority.
                if kept.directory == self.settings.directory {
                    return Ok(builder.from_credentials(kept.credentials).await?);
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(failed(e.to_string())),
        }
        let contact = self.settings.contact.as_ref().map(|address| format!("mailto:{address}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let new =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) = builder.create(&new, self.settings.directory.clone(), None).await?;
        let kept = Kept { directory: self.settings.directory.clone(), credentials };
        let text = serde_json::to_vec_pretty(&kept).map_err(|e| failed(e.to_string()))?;
        write_secret(&path, &text).map_err(|e| failed(e.to_string()))?;
        Ok(account)
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    directory: String,
    credentials: AccountCredentials,
}

/// The certificate that proves the name: self-signed, with the digest that the authority expects (RFC 8737, 3).
fn proof(host: &str, digest: &[u8]) -> Result<CertifiedKey, TlsError> {
    let made = |e: rcgen::Error| TlsError::Make(e.to_string());
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(made)?;
    let mut params = CertificateParams::new(vec![host.to_owned()]).map_err(made)?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key).map_err(made)?;
    let private = PrivateKeyDer::try_from(key.serialize_der()).map_err(|e| TlsError::Make(e.to_owned()))?;
    // Not `from_der`, which refuses the extension that it does not know, as everybody but the authority should.
    let private =
        crypto().key_provider.load_private_key(private).map_err(|e| TlsError::Make(e.to_string()))?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], private))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
