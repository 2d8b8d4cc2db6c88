//! Signs a package as an update: `sign_update PACKAGE VERSION TARGET KEY`, where KEY is a file with the Ed25519 key as
//! PKCS #8, made by `sign_update --key KEY`. Prints the release's JSON; the public half goes to standard error.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use farhand_console_core::update::{Release, Version};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--key", file] => {
            let document =
                Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| "no random numbers")?;
            fs::write(file, document.as_ref())?;
            say_public(&read_key(file)?);
        }
        [package, version, target, file] => {
            Version::parse(version).ok_or("a version is three numbers, such as 1.2.3")?;
            let key = read_key(file)?;
            let bytes = fs::read(package)?;
            let name = Path::new(package)
                .file_name()
                .and_then(|name| name.to_str())
                .ok_or("the package has no name")?;
            let mut release = Release {
                version: (*version).to_owned(),
                target: (*target).to_owned(),
                package: name.to_owned(),
                size: bytes.len() as u64,
                sha256: hex(digest(&SHA256, &bytes).as_ref()),
                signature: String::new(),
            };
            release.signature = STANDARD.encode(key.sign(&release.signed_text()));
            println!("{}", serde_json::to_string_pretty(&release)?);
            say_public(&key);
        }
        _ => return Err("usage: sign_update PACKAGE VERSION TARGET KEY | sign_update --key KEY".into()),
    }
    Ok(())
}

fn read_key(file: &str) -> Result<Ed25519KeyPair, Box<dyn Error>> {
    Ok(Ed25519KeyPair::from_pkcs8(&fs::read(file)?).map_err(|_| "the key cannot be read")?)
}

fn say_public(key: &Ed25519KeyPair) {
    eprintln!("FARHAND_UPDATE_KEY={}", hex(key.public_key().as_ref()));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
