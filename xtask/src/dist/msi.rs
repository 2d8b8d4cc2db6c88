//! The Windows installer, made by wixl, with what wixl leaves to chance or to the clock put right.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use farhand_release::Version;
use farhand_release::minisign::digest;

use super::facts::Facts;
use super::product::Product;
use crate::shell;

/// Properties that an unprivileged installer may hand to the privileged one.
const SECURE: &str = "WIX_DOWNGRADE_DETECTED;WIX_UPGRADE_DETECTED;SERVERURL";
/// Seconds between 1601, where Windows counts from, and 1970.
const WINDOWS_EPOCH: u64 = 11_644_473_600;
/// A time of type FILETIME in the file's summary.
const FILETIME: [u8; 4] = [0x40, 0, 0, 0];

/// Makes the installer of this program.
pub fn make(product: &Product, facts: &Facts, version: Version, program: &Path, to: &Path) -> Result<()> {
    let template = fs::read_to_string(shell::root().join("installer/msi/agent.wxs"))?;
    let version = version.to_string();
    let content = fs::read(program).with_context(|| format!("{} cannot be read", program.display()))?;
    let of = |what: &str| guid(&[product.upgrade_code.as_bytes(), what.as_bytes()].concat());
    let package = guid(&[template.as_bytes(), version.as_bytes(), &content].concat());
    let folder = to.with_extension("work");
    fs::create_dir_all(&folder)?;
    // wixl takes the file's time over.
    let source = folder.join("farhand-agent.exe");
    fs::copy(program, &source)?;
    let time = UNIX_EPOCH + std::time::Duration::from_secs(facts.epoch);
    fs::File::options().write(true).open(&source)?.set_modified(time)?;
    let filled = product.fill(
        &template,
        &[
            ("VERSION", &version),
            ("PRODUCT_CODE", &of(&format!("product {version}"))),
            ("PACKAGE_CODE", &package),
            ("GUID_PROGRAM", &of("program")),
            ("GUID_LINK", &of("link")),
            ("GUID_SETTINGS", &of("settings")),
            ("GUID_MENU", &of("menu")),
            ("SOURCE", "farhand-agent.exe"),
        ],
    );
    fs::write(folder.join("agent.wxs"), filled)?;
    let began = windows_now();
    let mut wixl = shell::program("wixl", "");
    wixl.current_dir(&folder).args(["-a", "x64", "-o", "agent.msi", "agent.wxs"]);
    quiet(&mut wixl)?;
    let mut secure = shell::program("msibuild", "");
    let change =
        format!("UPDATE `Property` SET `Value`='{SECURE}' WHERE `Property`='SecureCustomProperties'");
    secure.current_dir(&folder).args(["agent.msi", "-q", &change]);
    quiet(&mut secure)?;
    let mut bytes = fs::read(folder.join("agent.msi"))?;
    // A second more: the clock is read in whole ones here.
    settle(&mut bytes, (began, windows_now() + 10_000_000), facts.epoch, &package)?;
    fs::write(to, bytes)?;
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Puts the commit's time into the place of the clock's, and the package's code into that of a random one.
fn settle(bytes: &mut [u8], (began, ended): (u64, u64), epoch: u64, package: &str) -> Result<()> {
    let fixed = (epoch + WINDOWS_EPOCH) * 10_000_000;
    let mut times = 0;
    for at in 0..bytes.len().saturating_sub(12) {
        if bytes[at..at + 4] != FILETIME {
            continue;
        }
        let value = u64::from_le_bytes(bytes[at + 4..at + 12].try_into().expect("eight bytes"));
        if (began..=ended).contains(&value) {
            bytes[at + 4..at + 12].copy_from_slice(&fixed.to_le_bytes());
            times += 1;
        }
    }
    let braced = |window: &[u8]| {
        window[0] == b'{'
            && window[37] == b'}'
            && window[38] == 0
            && window[1..37].iter().all(|b| *b == b'-' || b.is_ascii_hexdigit())
    };
    let codes: Vec<usize> =
        bytes.windows(39).enumerate().filter(|(_, window)| braced(window)).map(|(at, _)| at).collect();
    let [code] = codes.as_slice() else {
        bail!("the installer has {} codes in its summary, not one", codes.len())
    };
    if times == 0 {
        bail!("the installer's summary has no time where one is expected");
    }
    bytes[code + 1..code + 37].copy_from_slice(package.as_bytes());
    Ok(())
}

/// Now, as Windows counts, in tenths of microseconds, down to the whole second.
fn windows_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    (now + WINDOWS_EPOCH) * 10_000_000
}

/// A code that is always the same for the same thing.
fn guid(of: &[u8]) -> String {
    let mut bytes = digest(of);
    // What marks a code as made by its maker and not from a clock.
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes[..16].iter().map(|byte| format!("{byte:02X}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Runs a program that talks much; what it said is shown when it fails.
fn quiet(command: &mut std::process::Command) -> Result<()> {
    let text = shell::describe(command);
    let output =
        command.output().with_context(|| format!("`{text}` could not be started: cargo xtask setup"))?;
    if !output.status.success() {
        bail!("`{text}` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_same_for_the_same_thing() {
        assert_eq!(guid(b"a"), guid(b"a"));
        assert_ne!(guid(b"a"), guid(b"b"));
        assert_eq!((guid(b"a").len(), guid(b"a").as_bytes()[14]), (36, b'8'));
    }

    #[test]
    fn time_and_chance_are_settled_and_nothing_else_is_touched() {
        let now = windows_now();
        let mut bytes = b"before".to_vec();
        bytes.extend_from_slice(&FILETIME);
        bytes.extend_from_slice(&now.to_le_bytes());
        bytes.extend_from_slice(&FILETIME);
        bytes.extend_from_slice(&(now + 600_000_000).to_le_bytes());
        bytes.extend_from_slice(b"{4DC73CF8-E1C0-45E8-9DF5-85EF87F6C27D}\0after");
        let length = bytes.len();
        settle(&mut bytes, (now, now), 1_700_000_000, &guid(b"a")).expect("both are there");
        assert_eq!(bytes.len(), length);
        assert_eq!(bytes[10..18], ((1_700_000_000 + WINDOWS_EPOCH) * 10_000_000).to_le_bytes());
        assert_eq!(bytes[22..30], (now + 600_000_000).to_le_bytes(), "another time stays");
        assert_eq!(&bytes[31..67], guid(b"a").as_bytes());
        assert!(settle(&mut b"nothing".to_vec(), (now, now), 0, &guid(b"a")).is_err());
    }
}
