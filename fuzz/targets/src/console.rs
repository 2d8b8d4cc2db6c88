//! What the desktop console reads of others: an offer of a newer version, and addresses that any page can open.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use farhand_console_core::deep_link::{DeepLink, SCHEME, is_session};
use farhand_console_core::update::{MAX_PACKAGE, Release, UpdateError, Version};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

/// The seed of the key that the corpus is signed with. It signs nothing else.
const SEED: [u8; 32] = *b"a key for fuzzing and no release";
const TARGET: &str = "linux-x86_64-deb";

/// The bytes as an offer of a newer version: as they are, and with a genuine signature over them.
pub fn release(data: &[u8]) {
    let _ = std::str::from_utf8(data).map(Version::parse);
    let Ok(offered) = serde_json::from_slice::<Release>(data) else { return };
    let key = Ed25519KeyPair::from_seed_unchecked(&SEED).expect("a seed has 32 bytes");
    let public = key.public_key().as_ref();
    let ours = Version::parse("0.1.0").expect("three numbers");
    let signed = Release { signature: STANDARD.encode(key.sign(&offered.signed_text())), ..offered.clone() };
    let genuine = signed.signature == offered.signature;
    for (release, genuine) in [(&offered, genuine), (&signed, true)] {
        match release.judge(public, TARGET, ours) {
            Ok(version) => {
                assert!(genuine, "nobody signed this");
                assert!(version > ours, "an older one is no update");
                assert_eq!(release.target, TARGET);
                assert!((1..=MAX_PACKAGE).contains(&release.size));
                assert!(
                    !release.package.contains(['/', '\\', '\0', '\n']) && !release.package.starts_with('.')
                );
            }
            Err(
                UpdateError::Malformed
                | UpdateError::Signature
                | UpdateError::Target
                | UpdateError::NotNewer
                | UpdateError::Package
                | UpdateError::File(_),
            ) => {}
        }
    }
}

/// The bytes as an address that the desktop was asked to open.
pub fn deep_link(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for text in [text.as_ref(), &format!("{SCHEME}://{text}"), &format!("{SCHEME}://session/{text}")] {
        match DeepLink::parse(text) {
            Some(DeepLink::Session(id)) => {
                assert!(is_session(&id), "{id:?}");
                let again = format!("{SCHEME}://session/{id}");
                assert_eq!(DeepLink::parse(&again), Some(DeepLink::Session(id)), "it is read the same again");
            }
            Some(DeepLink::Home) | None => {}
        }
    }
}
