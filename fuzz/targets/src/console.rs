//! What programs read of others about themselves: offers of a newer version, links that start a session, and addresses
//! that any page can open.

use farhand_console_core::deep_link::{DeepLink, SCHEME, is_session};
use farhand_release::minisign::{Signature, digest};
use farhand_release::release::MAX_FILE;
use farhand_release::start::{Link, SCHEME as START, Token};
use farhand_release::{Offer, PublicKey, ReleaseError, SecretKey, Version};

/// The key that the corpus is signed with. It signs nothing else.
fn key() -> SecretKey {
    SecretKey::from_seed(*b"fuzzing!", *b"a key for fuzzing and no release")
}

const PROGRAM: &str = "farhand-console";
const TARGET: &str = "linux-x86_64-deb";

/// The bytes as an offer of a newer version: as they are, and as a comment with a genuine signature over it.
pub fn release(data: &[u8]) {
    let key = key();
    let public = key.public();
    let text = String::from_utf8_lossy(data);
    let _ = (Version::parse(&text), text.parse::<PublicKey>(), SecretKey::read(&text));
    let genuine = Signature::read(&text).ok().is_some_and(|it| it.comment(&public).is_some());
    judge(data, &public, genuine);
    // A line end would make it another file.
    if !text.contains(['\n', '\r']) {
        judge(key.sign(&digest(b"package"), &text).as_bytes(), &public, true);
    }
}

fn judge(data: &[u8], key: &PublicKey, genuine: bool) {
    let ours = Version::parse("0.1.0").expect("three numbers");
    let judged = Offer::read(data, key).and_then(|offer| Ok((offer.judge(PROGRAM, TARGET, ours)?, offer)));
    match judged {
        Ok((version, offer)) => {
            let release = offer.release();
            assert!(genuine, "nobody signed this");
            assert!(version > ours, "an older one is no update");
            assert_eq!((release.program.as_str(), release.target.as_str()), (PROGRAM, TARGET));
            assert!((1..=MAX_FILE).contains(&release.size));
            assert!(!release.file.contains(['/', '\\', '\0', '\n']) && !release.file.starts_with('.'));
        }
        Err(
            ReleaseError::Malformed
            | ReleaseError::Signature
            | ReleaseError::Target
            | ReleaseError::NotNewer
            | ReleaseError::File
            | ReleaseError::Disk(_),
        ) => {}
    }
}

/// The public key of RFC 8032's first test vector. No key of zeros: whoever has one of so low an order signs nothing,
/// and everything is signed.
const NOBODY: [u8; 32] = [
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e,
    0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
];

/// The bytes as a link that starts a session, and as its token.
pub fn start(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for text in [text.as_ref(), &format!("{START}{text}"), &format!("{START}{text}#5710")] {
        if let Ok(link) = Link::read(text) {
            let start = link.token.claims();
            assert!(start.server.starts_with("https://") && !start.server[8..].contains(['/', '@', '\n']));
            assert!(link.code().starts_with(&start.number));
            assert!(link.token.verify(&NOBODY, 0).is_err(), "nobody signed this");
        }
    }
    if let Ok(token) = Token::read(&text) {
        assert_eq!(
            Token::read(&token.claims().token(&[0; 64])).expect("it reads its own").claims(),
            token.claims()
        );
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
