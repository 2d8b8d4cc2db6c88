//! Passkeys (WebAuthn Level 3): what the browser is asked for, and what of its answer is believed. Attestation is not
//! asked for, so no authenticator is trusted for its maker; everything else of §7.1 and §7.2 is checked. Pure.

mod cose;
mod data;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use farhand_protocol::api::{PasskeyAssertion, PasskeyAttestation};
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::cose::{Algorithm, PublicKey};
use self::data::AuthenticatorData;
use super::{random, sha256};

/// Bytes of a challenge.
const CHALLENGE: usize = 32;
/// Bytes of a credential's identifier at most (§6.5.1).
const MAX_ID: usize = 1023;
/// Bytes of each part of an answer at most, before decoding.
const MAX_PART: usize = 12 * 1024;

/// Why an answer is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// A part cannot be read.
    #[error("the {0} cannot be read")]
    Unreadable(&'static str),
    /// It answers something else.
    #[error("it is not the answer to this question")]
    Challenge,
    /// It was made for another page.
    #[error("it was made for another site")]
    Origin,
    /// The authenticator did not check that the user is there and who they are.
    #[error("the device did not check who uses it")]
    NotVerified,
    /// The kind of key is none that is accepted.
    #[error("the kind of key is not accepted")]
    Algorithm,
    /// The signature does not fit.
    #[error("the signature does not fit")]
    Signature,
    /// The counter went back: there is a copy of the authenticator.
    #[error("the counter went back, so the key may have been copied")]
    Copied,
}

/// A question, which its answer repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge([u8; CHALLENGE]);

impl Challenge {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(random())
    }

    /// As it goes to the browser and comes back.
    #[must_use]
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

/// The site that passkeys belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The host's name, without port.
    pub id: String,
    /// `https://host:port`.
    pub origin: String,
}

impl Site {
    /// Of a host with its port as a browser names it; `None` for a bare address, which browsers give no passkeys.
    #[must_use]
    pub fn of(host: &str) -> Option<Self> {
        let id = crate::http::without_port(host).to_ascii_lowercase();
        let bare = id.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
        (!bare && !id.is_empty())
            .then(|| Self { id, origin: format!("https://{}", host.to_ascii_lowercase()) })
    }
}

/// Whom a passkey is made for.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// Identifies the user to the authenticator; says nothing about them.
    pub handle: &'a [u8],
    /// Address.
    pub email: &'a str,
    /// Name.
    pub name: &'a str,
    /// Where.
    pub organisation: &'a str,
}

/// `PublicKeyCredentialCreationOptions` as JSON.
#[must_use]
pub fn creation(site: &Site, holder: Holder<'_>, challenge: &Challenge, known: &[Vec<u8>]) -> Value {
    let kinds: Vec<_> =
        Algorithm::ALL.iter().map(|kind| json!({ "type": "public-key", "alg": kind.number() })).collect();
    json!({
        "rp": { "id": site.id, "name": format!("Farhand – {}", holder.organisation) },
        "user": { "id": URL_SAFE_NO_PAD.encode(holder.handle), "name": holder.email, "displayName": holder.name },
        "challenge": challenge.text(),
        "pubKeyCredParams": kinds,
        "timeout": super::pending::LASTS.as_millis() as u64,
        "attestation": "none",
        "excludeCredentials": credentials(known),
        "authenticatorSelection": {
            "residentKey": "required", "requireResidentKey": true, "userVerification": "required"
        },
    })
}

/// `PublicKeyCredentialRequestOptions` as JSON; without `known` the authenticator offers what it has for the site.
#[must_use]
pub fn request(site: &Site, challenge: &Challenge, known: &[Vec<u8>]) -> Value {
    json!({
        "rpId": site.id,
        "challenge": challenge.text(),
        "timeout": super::pending::LASTS.as_millis() as u64,
        "userVerification": "required",
        "allowCredentials": credentials(known),
    })
}

fn credentials(known: &[Vec<u8>]) -> Vec<Value> {
    known.iter().map(|id| json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(id) })).collect()
}

/// A new passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The credential's identifier.
    pub id: Vec<u8>,
    /// Its public key.
    pub key: PublicKey,
    /// The authenticator's counter; 0 where it has none.
    pub counter: u32,
}

/// Believes a new passkey, or not (§7.1).
///
/// # Errors
/// [`PasskeyError`].
pub fn register(
    site: &Site,
    challenge: &Challenge,
    answer: &PasskeyAttestation,
) -> Result<Registered, PasskeyError> {
    let id = part(&answer.id, "identifier")?;
    let client_data = part(&answer.client_data, "client data")?;
    check_client(&client_data, "webauthn.create", site, challenge)?;
    let object = part(&answer.attestation, "attestation")?;
    let object = data::cbor(&mut object.as_slice()).ok_or(PasskeyError::Unreadable("attestation"))?;
    let authenticator = object
        .as_map()
        .and_then(|map| map.iter().find(|(key, _)| key.as_text() == Some("authData")))
        .and_then(|(_, value)| value.as_bytes())
        .ok_or(PasskeyError::Unreadable("attestation"))?;
    let authenticator = AuthenticatorData::read(authenticator)?;
    authenticator.check(site)?;
    let made = authenticator.credential.ok_or(PasskeyError::Unreadable("authenticator data"))?;
    if made.id != id || id.is_empty() || id.len() > MAX_ID {
        return Err(PasskeyError::Unreadable("identifier"));
    }
    Ok(Registered { id, key: made.key, counter: authenticator.counter })
}

/// The credential that an answer names.
///
/// # Errors
/// [`PasskeyError::Unreadable`].
pub fn credential_of(answer: &PasskeyAssertion) -> Result<Vec<u8>, PasskeyError> {
    part(&answer.id, "identifier")
}

/// Believes an answer, or not (§7.2). Returns the counter to keep.
///
/// # Errors
/// [`PasskeyError`].
pub fn verify(
    site: &Site,
    challenge: &Challenge,
    key: &PublicKey,
    counter: u32,
    answer: &PasskeyAssertion,
) -> Result<u32, PasskeyError> {
    let client_data = part(&answer.client_data, "client data")?;
    check_client(&client_data, "webauthn.get", site, challenge)?;
    let bytes = part(&answer.authenticator_data, "authenticator data")?;
    let authenticator = AuthenticatorData::read(&bytes)?;
    authenticator.check(site)?;
    let signature = part(&answer.signature, "signature")?;
    let mut signed = bytes;
    signed.extend_from_slice(&sha256(&client_data));
    if !key.signed(&signed, &signature) {
        return Err(PasskeyError::Signature);
    }
    let counts = counter != 0 || authenticator.counter != 0;
    if counts && authenticator.counter <= counter {
        return Err(PasskeyError::Copied);
    }
    Ok(authenticator.counter)
}

fn part(text: &str, what: &'static str) -> Result<Vec<u8>, PasskeyError> {
    let unreadable = PasskeyError::Unreadable(what);
    if text.len() > MAX_PART {
        return Err(unreadable);
    }
    URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable)
}

fn check_client(json: &[u8], kind: &str, site: &Site, challenge: &Challenge) -> Result<(), PasskeyError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ClientData {
        r#type: String,
        challenge: String,
        origin: String,
        #[serde(default)]
        cross_origin: bool,
    }
    let client: ClientData =
        serde_json::from_slice(json).map_err(|_| PasskeyError::Unreadable("client data"))?;
    if client.r#type != kind || client.challenge != challenge.text() {
        return Err(PasskeyError::Challenge);
    }
    if client.cross_origin || !client.origin.eq_ignore_ascii_case(&site.origin) {
        return Err(PasskeyError::Origin);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
