//! What a browser says that an authenticator said.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use farhand_protocol::api::{PasskeyAssertion, PasskeyAttestation};
use farhand_service::identity::passkey::{Challenge, PublicKey, Site, register, verify};

/// The bytes as an attestation, and as an authenticator's answer with its signature.
pub fn passkey(data: &[u8]) {
    let site = Site::of("support.example").expect("a name is a site");
    let challenge = Challenge::generate();
    let client = |kind: &str| {
        let said = serde_json::json!({
            "type": kind, "challenge": challenge.text(), "origin": "https://support.example",
        });
        URL_SAFE_NO_PAD.encode(said.to_string())
    };
    let (first, rest) = data.split_at(data.len().min(16));
    let attestation = PasskeyAttestation {
        id: URL_SAFE_NO_PAD.encode(first),
        client_data: client("webauthn.create"),
        attestation: URL_SAFE_NO_PAD.encode(rest),
    };
    if let Ok(made) = register(&site, &challenge, &attestation) {
        let (algorithm, bytes) = made.key.parts();
        assert_eq!(PublicKey::from_parts(algorithm, bytes), Some(made.key.clone()), "a kept key reads back");
    }
    for algorithm in [-8, -7, -257] {
        let key = PublicKey::from_parts(algorithm, first).expect("an algorithm that is known");
        let answer = PasskeyAssertion {
            id: String::new(),
            client_data: client("webauthn.get"),
            authenticator_data: URL_SAFE_NO_PAD.encode(rest),
            signature: URL_SAFE_NO_PAD.encode(first),
            user: None,
        };
        assert!(verify(&site, &challenge, &key, 0, &answer).is_err(), "nobody signed this");
    }
    let _ =
        serde_json::from_slice::<PasskeyAttestation>(data).map(|a| register(&site, &challenge, &a).is_ok());
}
