use ciborium::Value as Cbor;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};

use super::*;

enum Signer {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// An authenticator of the tests' own.
struct Authenticator {
    signer: Signer,
    id: Vec<u8>,
    counter: u32,
    flags: u8,
}

impl Authenticator {
    fn es256() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { signer: Signer::Ec(pair), id: vec![7; 16], counter: 1, flags: 0b0000_0101 }
    }

    fn eddsa() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        Self { signer: Signer::Ed(pair), id: vec![9; 32], counter: 0, flags: 0b0000_0101 }
    }

    fn key(&self) -> Cbor {
        let int = |n: i64| Cbor::Integer(n.into());
        let pairs = match &self.signer {
            Signer::Ec(pair) => {
                let point = pair.public_key().as_ref();
                vec![
                    (int(1), int(2)),
                    (int(3), int(-7)),
                    (int(-1), int(1)),
                    (int(-2), Cbor::Bytes(point[1..33].to_vec())),
                    (int(-3), Cbor::Bytes(point[33..].to_vec())),
                ]
            }
            Signer::Ed(pair) => vec![
                (int(1), int(1)),
                (int(3), int(-8)),
                (int(-1), int(6)),
                (int(-2), Cbor::Bytes(pair.public_key().as_ref().to_vec())),
            ],
        };
        Cbor::Map(pairs)
    }

    fn data(&self, site: &str, with_key: bool) -> Vec<u8> {
        let mut bytes = sha256(site.as_bytes()).to_vec();
        bytes.push(self.flags | if with_key { 0b0100_0000 } else { 0 });
        bytes.extend_from_slice(&self.counter.to_be_bytes());
        if with_key {
            bytes.extend_from_slice(&[0; 16]);
            bytes.extend_from_slice(&u16::try_from(self.id.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(&self.id);
            ciborium::into_writer(&self.key(), &mut bytes).unwrap();
        }
        bytes
    }

    fn create(&self, site: &str, client: &Value) -> PasskeyAttestation {
        let text = |s: &str| Cbor::Text(s.into());
        let object = Cbor::Map(vec![
            (text("fmt"), text("none")),
            (text("attStmt"), Cbor::Map(vec![])),
            (text("authData"), Cbor::Bytes(self.data(site, true))),
        ]);
        let mut bytes = Vec::new();
        ciborium::into_writer(&object, &mut bytes).unwrap();
        PasskeyAttestation {
            id: URL_SAFE_NO_PAD.encode(&self.id),
            client_data: URL_SAFE_NO_PAD.encode(client.to_string()),
            attestation: URL_SAFE_NO_PAD.encode(bytes),
        }
    }

    fn get(&self, site: &str, client: &Value) -> PasskeyAssertion {
        let data = self.data(site, false);
        let client = client.to_string();
        let signed = [data.as_slice(), &sha256(client.as_bytes())].concat();
        let signature = match &self.signer {
            Signer::Ec(pair) => pair.sign(&SystemRandom::new(), &signed).unwrap().as_ref().to_vec(),
            Signer::Ed(pair) => pair.sign(&signed).as_ref().to_vec(),
        };
        PasskeyAssertion {
            id: URL_SAFE_NO_PAD.encode(&self.id),
            client_data: URL_SAFE_NO_PAD.encode(client),
            authenticator_data: URL_SAFE_NO_PAD.encode(data),
            signature: URL_SAFE_NO_PAD.encode(signature),
            user: None,
        }
    }
}

fn site() -> Site {
    Site::of("support.example:8443").unwrap()
}

fn client(kind: &str, challenge: &Challenge) -> Value {
    json!({ "type": kind, "challenge": challenge.text(), "origin": "https://support.example:8443" })
}

#[test]
fn a_passkey_is_made_and_then_believed() {
    for mut authenticator in [Authenticator::es256(), Authenticator::eddsa()] {
        let challenge = Challenge::generate();
        let made = authenticator.create("support.example", &client("webauthn.create", &challenge));
        let made = register(&site(), &challenge, &made).unwrap();
        assert_eq!(made.id, authenticator.id);
        let (algorithm, bytes) = made.key.parts();
        let key = PublicKey::from_parts(algorithm, bytes).unwrap();
        let challenge = Challenge::generate();
        if authenticator.counter != 0 {
            authenticator.counter += 1;
        }
        let answer = authenticator.get("support.example", &client("webauthn.get", &challenge));
        assert_eq!(verify(&site(), &challenge, &key, made.counter, &answer), Ok(authenticator.counter));
    }
}

#[test]
fn an_answer_for_another_question_page_or_purpose_is_refused() {
    let authenticator = Authenticator::es256();
    let challenge = Challenge::generate();
    let right = client("webauthn.create", &challenge);
    let with =
        |site_id: &str, client: &Value| register(&site(), &challenge, &authenticator.create(site_id, client));
    assert!(with("support.example", &right).is_ok());
    assert_eq!(with("evil.example", &right).unwrap_err(), PasskeyError::Origin);
    let mut other = right.clone();
    other["origin"] = "https://evil.example".into();
    assert_eq!(with("support.example", &other).unwrap_err(), PasskeyError::Origin);
    let mut framed = right.clone();
    framed["crossOrigin"] = true.into();
    assert_eq!(with("support.example", &framed).unwrap_err(), PasskeyError::Origin);
    let stale = client("webauthn.create", &Challenge::generate());
    assert_eq!(with("support.example", &stale).unwrap_err(), PasskeyError::Challenge);
    let purpose = client("webauthn.get", &challenge);
    assert_eq!(with("support.example", &purpose).unwrap_err(), PasskeyError::Challenge);
}

#[test]
fn a_user_who_was_not_checked_a_copy_and_another_key_are_refused() {
    let mut authenticator = Authenticator::es256();
    let challenge = Challenge::generate();
    let made = authenticator.create("support.example", &client("webauthn.create", &challenge));
    let made = register(&site(), &challenge, &made).unwrap();
    let right = client("webauthn.get", &challenge);
    let check = |answer: &PasskeyAssertion| verify(&site(), &challenge, &made.key, made.counter, answer);
    // The counter did not go on.
    assert_eq!(check(&authenticator.get("support.example", &right)), Err(PasskeyError::Copied));
    authenticator.counter = 2;
    assert!(check(&authenticator.get("support.example", &right)).is_ok());
    for flags in [0b0000_0001, 0b0000_0100, 0] {
        authenticator.flags = flags;
        assert_eq!(check(&authenticator.get("support.example", &right)), Err(PasskeyError::NotVerified));
    }
    let mut stranger = Authenticator::es256();
    stranger.counter = 9;
    assert_eq!(check(&stranger.get("support.example", &right)), Err(PasskeyError::Signature));
    authenticator.flags = 0b0000_0101;
    let mut tampered = authenticator.get("support.example", &right);
    tampered.signature.replace_range(10..11, if &tampered.signature[10..11] == "A" { "B" } else { "A" });
    assert!(check(&tampered).is_err());
}

#[test]
fn hostile_bytes_are_errors() {
    let challenge = Challenge::generate();
    let authenticator = Authenticator::es256();
    let whole = authenticator.create("support.example", &client("webauthn.create", &challenge));
    let bytes = URL_SAFE_NO_PAD.decode(&whole.attestation).unwrap();
    for cut in 0..bytes.len() {
        let cut = PasskeyAttestation { attestation: URL_SAFE_NO_PAD.encode(&bytes[..cut]), ..whole.clone() };
        assert!(register(&site(), &challenge, &cut).is_err());
    }
    // Deep nesting and a promise of many bytes cost nothing.
    for hostile in [vec![0x81; 100_000], vec![0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]] {
        let text = URL_SAFE_NO_PAD.encode(hostile);
        let answer = PasskeyAttestation { attestation: text, ..whole.clone() };
        assert!(register(&site(), &challenge, &answer).is_err());
    }
}

#[test]
fn a_bare_address_is_no_site() {
    assert_eq!(Site::of("127.0.0.1:8443"), None);
    assert_eq!(Site::of("[::1]:8443"), None);
    assert_eq!(Site::of("localhost:8443").unwrap().id, "localhost");
}
