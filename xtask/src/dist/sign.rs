//! Signing: each kind of signature by its tool, with a key of the owner's that the environment names. What has no key is
//! not signed, and that is said.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use farhand_release::{SecretKey, sha256};

use super::facts::Facts;
use crate::shell;

/// The key for releases, where one is named.
pub fn release_key() -> Result<Option<SecretKey>> {
    let Some(file) = named("FARHAND_RELEASE_KEY_FILE") else { return Ok(None) };
    let text = fs::read_to_string(&file).with_context(|| format!("the key {file} cannot be read"))?;
    Ok(Some(SecretKey::read(&text).with_context(|| format!("the key {file} cannot be used"))?))
}

/// What the system of a package asks for.
pub struct Platform {
    authenticode: Option<Vec<String>>,
    stamps: Option<String>,
    macos: Macos,
}

/// What macOS asks for: one certificate for programs, another for packages.
struct Macos {
    application: Option<Vec<String>>,
    installer: Option<Vec<String>>,
    /// A service for time stamps, or `none`; Apple's where nothing is said.
    stamps: Option<String>,
    /// A key for Apple's service that looks programs through.
    notary: Option<String>,
}

impl Macos {
    fn from_environment() -> Result<Self> {
        let pass = named("FARHAND_MACOS_PASS_FILE");
        let of = |variable: &str| {
            named(variable).map(|file| match file.ends_with(".pem") {
                true => vec!["--pem-file".to_owned(), file],
                false => {
                    let mut words = vec!["--p12-file".to_owned(), file];
                    // In a file, since other users see a program's words.
                    if let Some(pass) = &pass {
                        words.extend(["--p12-password-file".to_owned(), pass.clone()]);
                    }
                    words
                }
            })
        };
        let (application, installer) =
            (of("FARHAND_MACOS_APPLICATION_CERT"), of("FARHAND_MACOS_INSTALLER_CERT"));
        if application.is_some() != installer.is_some() {
            bail!(
                "macOS wants a certificate for the program and another for its package: name both, \
                 FARHAND_MACOS_APPLICATION_CERT and FARHAND_MACOS_INSTALLER_CERT"
            );
        }
        let stamps = named("FARHAND_MACOS_TIMESTAMP_URL");
        Ok(Self { application, installer, stamps, notary: named("FARHAND_MACOS_NOTARY_KEY_FILE") })
    }

    fn sign(&self, certificate: &[String], more: &[&str], what: &Path) -> Result<()> {
        let mut command = rcodesign();
        command.arg("sign").args(certificate).args(more);
        if let Some(url) = &self.stamps {
            command.args(["--timestamp-url", url]);
        }
        shell::run(command.arg(what))
    }
}

/// rcodesign, or the program that takes its place.
fn rcodesign() -> Command {
    Command::new(named("FARHAND_RCODESIGN").unwrap_or_else(|| "rcodesign".to_owned()))
}

impl Platform {
    /// From what the environment names.
    pub fn from_environment() -> Result<Self> {
        let authenticode = match (named("FARHAND_AUTHENTICODE_CERT"), named("FARHAND_AUTHENTICODE_PKCS12")) {
            (Some(certificate), None) => {
                let key =
                    named("FARHAND_AUTHENTICODE_KEY").context("FARHAND_AUTHENTICODE_KEY names no key")?;
                Some(vec!["-certs".into(), certificate, "-key".into(), key])
            }
            (None, Some(file)) => {
                let mut words = vec!["-pkcs12".into(), file];
                // In a file, since other users see a program's words.
                if let Some(pass) = named("FARHAND_AUTHENTICODE_PASS_FILE") {
                    words.extend(["-readpass".into(), pass]);
                }
                Some(words)
            }
            (Some(_), Some(_)) => bail!("name an Authenticode certificate as PEM or as PKCS #12, not both"),
            (None, None) => None,
        };
        let macos = Macos::from_environment()?;
        Ok(Self { authenticode, stamps: named("FARHAND_TIMESTAMP_URL"), macos })
    }

    /// Whether there are certificates for macOS.
    pub fn signs_for_macos(&self) -> bool {
        self.macos.application.is_some()
    }

    /// Signs an `.app` in its place, with the hardened runtime.
    pub fn sign_app(&self, app: &Path, entitlements: &Path) -> Result<()> {
        let Some(certificate) = &self.macos.application else { return Ok(()) };
        let entitlements = entitlements.to_str().context("a path that is not UTF-8")?;
        let more = ["--code-signature-flags", "runtime", "--entitlements-xml-file", entitlements];
        self.macos.sign(certificate, &more, app)
    }

    /// Signs a package for macOS, and has Apple look it through where there is a key for that.
    fn sign_package(&self, file: &Path) -> Result<()> {
        let Some(certificate) = &self.macos.installer else {
            println!("NOT signed for macOS: {} (no certificates are named)", name(file));
            return Ok(());
        };
        self.macos.sign(certificate, &[], file)?;
        match &self.macos.notary {
            Some(key) => {
                let mut command = rcodesign();
                command.args(["notary-submit", "--api-key-file", key, "--staple"]);
                shell::run(command.arg(file))
            }
            None => {
                println!("NOT notarised: {} (FARHAND_MACOS_NOTARY_KEY_FILE names no key)", name(file));
                Ok(())
            }
        }
    }

    /// Whether there is a certificate for Windows.
    pub fn signs_for_windows(&self) -> bool {
        self.authenticode.is_some()
    }

    /// Signs a package as its system asks for.
    pub fn sign(&self, file: &Path, target: &str) -> Result<()> {
        if target.starts_with("macos-") {
            return self.sign_package(file);
        }
        if !target.starts_with("windows-") {
            return Ok(());
        }
        let Some(words) = &self.authenticode else {
            println!("NOT signed for Windows: {} (no Authenticode certificate is named)", name(file));
            return Ok(());
        };
        let signed = file.with_extension("signed");
        let mut command = Command::new("osslsigncode");
        command.arg("sign").args(words).args(["-h", "sha256", "-n", "Farhand"]);
        match &self.stamps {
            Some(url) => {
                command.args(["-ts", url]);
            }
            None => println!(
                "without a time stamp: {} is not genuine any more when its certificate ends",
                name(file)
            ),
        }
        command.arg("-in").arg(file).arg("-out").arg(&signed);
        let _ = fs::remove_file(&signed);
        shell::run(&mut command)?;
        fs::rename(&signed, file).with_context(|| format!("{} cannot be replaced", name(file)))
    }
}

/// Makes the folder one that apt can install from, and signs its list by the owner's key.
pub fn repository(folder: &Path, files: &[String], facts: &Facts) -> Result<()> {
    let debs: Vec<&String> = files.iter().filter(|file| file.ends_with(".deb")).collect();
    let mut packages = String::new();
    for deb in debs {
        let path = folder.join(deb);
        let mut command = Command::new("dpkg-deb");
        let control = shell::capture(command.arg("--field").arg(&path))?;
        let bytes = fs::read(&path)?;
        let sum = sha256(&bytes);
        packages.push_str(&format!(
            "{}\nFilename: ./{deb}\nSize: {}\nSHA256: {sum}\n\n",
            control.trim_end(),
            bytes.len()
        ));
    }
    fs::write(folder.join("Packages"), &packages)?;
    let release = format!(
        "Origin: Farhand\nLabel: Farhand\nDate: {}\nSHA256:\n {} {} Packages\n",
        facts.date(),
        sha256(packages.as_bytes()),
        packages.len()
    );
    fs::write(folder.join("Release"), release)?;
    let Some(key) = named("FARHAND_DEB_KEY") else {
        println!("NOT signed for apt: FARHAND_DEB_KEY names no key of gpg's");
        return Ok(());
    };
    for (form, to) in [("--clearsign", "InRelease"), ("--detach-sign", "Release.gpg")] {
        let mut command = Command::new("gpg");
        command.args(["--batch", "--yes", "--armor", "--local-user", &key, form, "--output"]);
        shell::run(command.arg(folder.join(to)).arg(folder.join("Release")))?;
    }
    Ok(())
}

fn named(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.is_empty())
}

fn name(file: &Path) -> String {
    file.file_name().map_or_else(PathBuf::new, PathBuf::from).display().to_string()
}
