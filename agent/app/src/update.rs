//! Newer versions of this program: asked for at the service that the customer joined, believed only by their signature.
//!
//! A service that somebody was lured to can offer what it likes: only what is signed with the key that this build knows,
//! for this program and this system, and newer than this version, is taken. It is looked for when a session is over, so
//! that nothing changes in the middle of one, and the window says what was done.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use farhand_release::minisign::MAX_SIGNATURE;
use farhand_release::{Download, Offer, PublicKey, ReleaseError, Version};
use rustls::ClientConfig;

use crate::api::{self, Server};
use crate::fail::Fail;

/// The public half of the key that releases are signed with (minisign's line). A build without it takes no updates.
const RELEASE_KEY: Option<&str> = option_env!("FARHAND_RELEASE_KEY");
/// What this program's releases are called.
pub const PROGRAM: &str = "farhand-agent";
/// A look takes at most so long.
const LOOK_WITHIN: Duration = Duration::from_secs(15);
/// A download takes at most so long.
const FETCH_WITHIN: Duration = Duration::from_secs(5 * 60);
/// The largest release of this program, in bytes.
pub const MAX_PROGRAM: u64 = 128 * 1024 * 1024;

/// What is installed, and whose releases take its place.
#[derive(Clone, Debug)]
pub struct Updates {
    /// Who may sign them.
    pub key: PublicKey,
    /// Such as `windows-x86_64-exe`.
    pub target: String,
    /// What is installed.
    pub version: Version,
    /// The file that is replaced; none where a package manager or an administrator looks after it.
    pub program: Option<PathBuf>,
}

/// What came of looking for a newer version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is none.
    Current,
    /// It has been put in place, and starts the next time.
    Installed(Version),
    /// There is one, and whoever looks after this computer's programs installs it.
    Waiting(Version),
    /// What was offered is not to be believed. Nothing was changed.
    Refused(ReleaseError),
}

impl Outcome {
    /// The key of the sentence that the window shows, and the version in it; none where there is nothing to say.
    #[must_use]
    pub fn said(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Current => None,
            Self::Installed(version) => Some(("agent.update.installed", version.to_string())),
            Self::Waiting(version) => Some(("agent.update.waiting", version.to_string())),
            Self::Refused(_) => Some(("agent.update.refused", String::new())),
        }
    }
}

/// Why nothing could be found out. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The service.
    #[error(transparent)]
    Service(#[from] Fail),
    /// The connection.
    #[error("the download broke off: {0}")]
    Broken(String),
    /// The file system.
    #[error("the program could not be replaced: {0}")]
    File(#[from] io::Error),
}

impl Updates {
    /// Those of this build; none where it was built without a key.
    #[must_use]
    pub fn built_in() -> Option<Self> {
        let key = RELEASE_KEY?.parse().ok()?;
        let program = std::env::current_exe().ok();
        let kind = kind(std::env::consts::OS, program.as_deref().unwrap_or(Path::new("")));
        let target = format!("{}-{}-{}", std::env::consts::OS, std::env::consts::ARCH, kind);
        let alone = matches!(kind, "bin" | "exe");
        Some(Self { key, target, version: Version::ours(), program: program.filter(|_| alone) })
    }

    /// Looks for a newer version, and puts it in place.
    ///
    /// # Errors
    /// [`UpdateError`] when nothing could be found out.
    pub async fn run(&self, server: &Server, tls: ClientConfig) -> Result<Outcome, UpdateError> {
        let client = api::client(tls, FETCH_WITHIN)?;
        let address = |name: &str| format!("https://{}/download/{PROGRAM}/{name}", server.authority());
        let mut text = Vec::new();
        let mut offered = None;
        for target in targets(&self.target) {
            let look = get(&client, address(&format!("{target}.minisig")), |bytes| {
                text.extend_from_slice(bytes);
                text.len() <= MAX_SIGNATURE
            });
            let look = tokio::time::timeout(LOOK_WITHIN, look);
            if look.await.map_err(|_| broken("it took too long"))?? {
                offered = Some(target);
                break;
            }
        }
        let Some(target) = offered else { return Ok(Outcome::Current) };
        let judged = Offer::read(&text, &self.key)
            .and_then(|offer| Ok((offer.judge(PROGRAM, &target, self.version)?, offer)));
        let (version, offer) = match judged {
            Ok(judged) => judged,
            // What a service offers to those who have it already, and old offers alike.
            Err(ReleaseError::NotNewer) => return Ok(Outcome::Current),
            Err(error) => return Ok(Outcome::Refused(error)),
        };
        let Some(program) = &self.program else { return Ok(Outcome::Waiting(version)) };
        if offer.release().size > MAX_PROGRAM {
            return Ok(Outcome::Refused(ReleaseError::Malformed));
        }
        let folder = Beside::of(program)?;
        let mut download = Download::begin(&folder.0, &offer).map_err(disk)?;
        let mut wrong = None;
        let whole = get(&client, address(&offer.release().file), |bytes| {
            wrong = download.push(bytes).err();
            wrong.is_none()
        });
        let whole = whole.await;
        if let Some(error) = wrong {
            return refused(error);
        }
        if !whole? {
            return Ok(Outcome::Refused(ReleaseError::File));
        }
        match download.finish() {
            Ok(new) => replace(program, &new)?,
            Err(error) => return refused(error),
        }
        Ok(Outcome::Installed(version))
    }
}

/// What fits here. A package for macOS may hold the program for every processor.
fn targets(own: &str) -> Vec<String> {
    let every = own.starts_with("macos-").then_some("macos-universal-pkg");
    [Some(own), every].into_iter().flatten().map(str::to_owned).collect()
}

fn refused(error: ReleaseError) -> Result<Outcome, UpdateError> {
    match error {
        ReleaseError::Disk(_) => Err(disk(error)),
        ReleaseError::Malformed
        | ReleaseError::Signature
        | ReleaseError::Target
        | ReleaseError::NotNewer
        | ReleaseError::File => Ok(Outcome::Refused(error)),
    }
}

fn disk(error: ReleaseError) -> UpdateError {
    UpdateError::File(io::Error::other(error.to_string()))
}

fn broken(why: &str) -> UpdateError {
    UpdateError::Broken(why.to_owned())
}

/// Hands on what lies at an address; false when nothing does.
async fn get(
    client: &reqwest::Client,
    address: String,
    mut take: impl FnMut(&[u8]) -> bool,
) -> Result<bool, UpdateError> {
    let failed = |error: reqwest::Error| UpdateError::Broken(error.to_string());
    let mut response = client.get(address).send().await.map_err(failed)?;
    if !response.status().is_success() {
        return Ok(false);
    }
    while let Some(piece) = response.chunk().await.map_err(failed)? {
        if !take(&piece) {
            break;
        }
    }
    Ok(true)
}

/// How this copy of the program came to where it is: alone, or by a package that somebody else looks after.
fn kind(system: &str, program: &Path) -> &'static str {
    let place = program.to_string_lossy().replace('\\', "/").to_ascii_lowercase();
    let below = |folder: &str| {
        place.starts_with(folder) || place.get(1..).is_some_and(|rest| rest.starts_with(folder))
    };
    match system {
        "windows" if below(":/program files") => "msi",
        "windows" => "exe",
        "macos" => "pkg",
        _ if below("/usr/") || below("/opt/") => "deb",
        _ => "bin",
    }
}

/// A folder beside the program, so that what is loaded into it can take the program's place in one step. It goes when it
/// is not needed any more.
struct Beside(PathBuf);

impl Beside {
    fn of(program: &Path) -> io::Result<Self> {
        let parent = program.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let folder = parent.join(format!(".{PROGRAM}-update-{}", std::process::id()));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Puts a new file into a program's place.
///
/// # Errors
/// The file system's; the old program is in its place then.
fn replace(program: &Path, new: &Path) -> io::Result<()> {
    fs::set_permissions(new, fs::metadata(program)?.permissions())?;
    // Where a running program can be replaced, this is all.
    if fs::rename(new, program).is_ok() {
        return Ok(());
    }
    // Windows lets it be moved away only.
    let old = old(program);
    let _ = fs::remove_file(&old);
    fs::rename(program, &old)?;
    fs::rename(new, program).inspect_err(|_| {
        let _ = fs::rename(&old, program);
    })
}

fn old(program: &Path) -> PathBuf {
    program.with_extension("old")
}

/// Removes what an earlier update of this program had to leave behind.
pub fn tidy() {
    if let Ok(program) = std::env::current_exe() {
        let _ = fs::remove_file(old(&program));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_program_that_stands_alone_replaces_itself() {
        for (system, place, expected) in [
            ("linux", "/home/me/Downloads/farhand-agent", "bin"),
            ("linux", "/usr/bin/farhand-agent", "deb"),
            ("linux", "/opt/farhand/farhand-agent", "deb"),
            ("windows", "C:\\Users\\me\\Downloads\\farhand-agent.exe", "exe"),
            ("windows", "C:\\Program Files\\Farhand\\farhand-agent.exe", "msi"),
            ("windows", "D:\\Program Files (x86)\\Farhand\\farhand-agent.exe", "msi"),
            ("macos", "/Applications/Farhand.app/Contents/MacOS/farhand-agent", "pkg"),
        ] {
            assert_eq!(kind(system, Path::new(place)), expected, "{place}");
        }
    }

    #[test]
    fn a_package_for_every_processor_is_for_this_one_too() {
        assert_eq!(targets("macos-aarch64-pkg"), ["macos-aarch64-pkg", "macos-universal-pkg"]);
        assert_eq!(targets("linux-x86_64-bin"), ["linux-x86_64-bin"]);
    }

    #[test]
    fn a_program_is_replaced_whole_and_stays_a_program() {
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("farhand-agent");
        fs::write(&program, b"old").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let beside = Beside::of(&program).unwrap();
        let new = beside.0.join("new");
        fs::write(&new, b"new").unwrap();
        replace(&program, &new).unwrap();
        drop(beside);
        assert_eq!(fs::read(&program).unwrap(), b"new");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o777, 0o755);
        }
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "nothing stays beside it");
        assert!(replace(&program, &new).is_err(), "what is not there takes nobody's place");
        assert_eq!(fs::read(&program).unwrap(), b"new");
    }
}
