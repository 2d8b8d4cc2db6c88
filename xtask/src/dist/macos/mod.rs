//! What is handed out for macOS: the program as an `.app`, and that in a flat package. The program itself is built where
//! Apple's libraries are; everything after that is done here.

mod bom;
pub mod macho;
mod xar;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use farhand_release::{Version, sha256};

use self::bom::Item;
use self::macho::Processor;
use self::xar::Member;
use super::archive::{self, Entry};
use super::facts::Facts;
use super::product::Product;
use super::sign::Platform;
use crate::shell;

/// Folders and files that can be started; other files.
const PROGRAM: u32 = 0o755;
const PLAIN: u32 = 0o644;

/// The programs that were named, with what they are for.
#[derive(Clone, Debug)]
pub struct Programs(Vec<(Processor, Vec<u8>)>);

impl Programs {
    /// Reads them, and refuses what would not run on a clean macOS.
    pub fn read(files: &[PathBuf]) -> Result<Self> {
        let mut programs = Vec::new();
        for file in files {
            let bytes = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
            let processor = macho::check(&bytes)
                .with_context(|| format!("{} cannot be handed out for macOS", file.display()))?;
            programs.push((processor, bytes));
        }
        programs.sort_by_key(|(processor, _)| *processor);
        if programs.windows(2).any(|two| two[0].0 == two[1].0) {
            bail!("two programs for macOS are for the same processor");
        }
        Ok(Self(programs))
    }

    /// The middle of a target's name.
    fn processors(&self) -> &'static str {
        match self.0.as_slice() {
            [(one, _)] => one.target(),
            _ => "universal",
        }
    }

    /// Such as `macos-universal-pkg`.
    pub fn target(&self) -> String {
        format!("macos-{}-pkg", self.processors())
    }

    /// The targets that cargo builds them for.
    pub fn built_for(&self) -> Vec<String> {
        self.0.iter().map(|(processor, _)| format!("{}-apple-darwin", processor.target())).collect()
    }

    /// SHA-256 of each, as it was named.
    pub fn sums(&self) -> Vec<String> {
        self.0.iter().map(|(_, bytes)| sha256(bytes)).collect()
    }

    /// What the package is called.
    pub fn file(&self, product: &Product) -> String {
        format!("{}-{}-macos-{}.pkg", product.program, Version::ours(), self.processors())
    }
}

/// Makes the package, signed inside where there is a certificate for that.
pub fn make(
    product: &Product,
    facts: &Facts,
    programs: &Programs,
    platform: Option<&Platform>,
) -> Result<Vec<u8>> {
    let mut entries = app(product, programs)?;
    let name = format!("{}.app/", product.name);
    if let Some(platform) = platform {
        entries = signed(&entries, &name, platform)?;
    }
    package(product, facts, programs, &entries)
}

/// The `.app`.
fn app(product: &Product, programs: &Programs) -> Result<Vec<Entry>> {
    let read =
        |path: &str| fs::read(shell::root().join(path)).with_context(|| format!("{path} cannot be read"));
    let template = String::from_utf8(read("installer/pkg/Info.plist")?)?;
    let version = Version::ours().to_string();
    let filled = product.fill(&template, &[("VERSION", &version)]);
    let inside = |path: &str| format!("{}.app/Contents/{path}", product.name);
    let program = macho::together(&programs.0)?;
    Ok(archive::with_folders(vec![
        Entry::file(inside("Info.plist"), PLAIN, filled),
        Entry::file(inside("PkgInfo"), PLAIN, "APPL????"),
        Entry::file(inside(&format!("MacOS/{}", product.program)), PROGRAM, program),
        Entry::file(inside("Resources/farhand.icns"), PLAIN, read("assets/icons/farhand.icns")?),
        Entry::file(inside("Resources/de.lproj/InfoPlist.strings"), PLAIN, read("installer/pkg/de.strings")?),
    ]))
}

/// The same, signed on disk: the signature lies in the program and beside it.
fn signed(entries: &[Entry], name: &str, platform: &Platform) -> Result<Vec<Entry>> {
    let folder = shell::target_dir().join(format!("macos-app-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    for entry in entries {
        let path = folder.join(&entry.path);
        if entry.path.ends_with('/') {
            fs::create_dir_all(&path)?;
        } else {
            fs::write(&path, &entry.bytes)?;
        }
    }
    platform.sign_app(&folder.join(name), &shell::root().join("installer/pkg/entitlements.plist"))?;
    let mut found = Vec::new();
    gather(&folder, &folder, entries, &mut found)?;
    fs::remove_dir_all(&folder)?;
    Ok(archive::with_folders(found))
}

fn gather(root: &Path, folder: &Path, before: &[Entry], out: &mut Vec<Entry>) -> Result<()> {
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.is_dir() {
            gather(root, &path, before, out)?;
            continue;
        }
        let name = path.strip_prefix(root)?.to_str().context("a name that is not UTF-8")?.to_owned();
        let mode = before.iter().find(|entry| entry.path == name).map_or(PLAIN, |entry| entry.mode);
        out.push(Entry::file(name, mode, fs::read(&path)?));
    }
    Ok(())
}

/// The flat package, which puts these below `/Applications`.
fn package(product: &Product, facts: &Facts, programs: &Programs, entries: &[Entry]) -> Result<Vec<u8>> {
    let template = |name: &str| {
        let path = shell::root().join("installer/pkg").join(name);
        fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
    };
    let version = Version::ours().to_string();
    let kilobytes = entries.iter().map(|entry| entry.bytes.len().div_ceil(1024)).sum::<usize>().to_string();
    // The folder that all lies in counts.
    let files = (entries.len() + 1).to_string();
    let processors: Vec<&str> = programs.0.iter().map(|(processor, _)| processor.apple()).collect();
    let fill = |name: &str| -> Result<Vec<u8>> {
        let places: [(&str, &str); 4] = [
            ("VERSION", &version),
            ("KILOBYTES", &kilobytes),
            ("FILES", &files),
            ("PROCESSORS", &processors.join(",")),
        ];
        Ok(product.fill(&template(name)?, &places).into_bytes())
    };
    let time = u32::try_from(facts.epoch).context("the time is too late for a package")?;
    let mut items = vec![Item { path: "", mode: 0o40755, bytes: None }];
    for entry in entries {
        let path = entry.path.trim_end_matches('/');
        let folder = entry.path.ends_with('/');
        let mode = if folder { 0o40_000 } else { 0o100_000 } | entry.mode as u16;
        items.push(Item { path, mode, bytes: (!folder).then_some(entry.bytes.as_slice()) });
    }
    let members = vec![
        Member::file("Bom", bom::make(&items, time)?),
        Member::file("Payload", archive::gzip(&cpio(&items, time)?)?),
        Member::file("PackageInfo", fill("PackageInfo")?),
    ];
    let all = [
        Member::Folder { name: "agent.pkg".into(), members },
        Member::file("Distribution", fill("Distribution")?),
    ];
    Ok(xar::make(&all, facts.stamp().trim_end_matches('Z')))
}

/// A cpio archive in its oldest portable form.
fn cpio(items: &[Item], time: u32) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut put = |number: usize, path: &str, mode: u32, bytes: &[u8]| -> Result<()> {
        if path.len() > 1000 || bytes.len() > 0o77_777_777_777 || number > 0o777_777 {
            bail!("{path} does not fit into this archive");
        }
        let links = if mode & 0o40_000 == 0 { 1 } else { 2 };
        out.extend(
            format!(
                "070707{:06o}{number:06o}{mode:06o}{:06o}{:06o}{links:06o}{:06o}{time:011o}{:06o}{:011o}{path}\0",
                0,
                0,
                0,
                0,
                path.len() + 1,
                bytes.len()
            )
            .as_bytes(),
        );
        out.extend(bytes);
        Ok(())
    };
    for (at, item) in items.iter().enumerate() {
        let path = if item.path.is_empty() { ".".to_owned() } else { format!("./{}", item.path) };
        put(at + 1, &path, item.mode.into(), item.bytes.unwrap_or_default())?;
    }
    put(0, "TRAILER!!!", 0, &[])?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::macho::tests::stand_in;
    use super::*;

    fn programs(processors: &[Processor]) -> Programs {
        let one = |processor: &Processor| (*processor, stand_in(*processor, "/usr/lib/libSystem.B.dylib", 1));
        Programs(processors.iter().map(one).collect())
    }

    #[test]
    fn a_package_is_the_same_to_the_bit_when_it_is_made_again() {
        let product = Product::read().expect("installer/product.toml");
        let programs = programs(&[Processor::Arm64, Processor::X86]);
        let make = |epoch| {
            let entries = app(&product, &programs).expect("an app");
            package(&product, &Facts::for_tests(epoch), &programs, &entries).expect("a package")
        };
        assert_eq!(make(1_700_000_000), make(1_700_000_000));
        assert_ne!(
            make(1_700_000_000),
            make(1_700_000_001),
            "the time comes from the commit and nowhere else"
        );
    }

    #[test]
    fn a_package_is_named_after_what_it_runs_on() {
        let product = Product::read().expect("installer/product.toml");
        let both = programs(&[Processor::Arm64, Processor::X86]);
        assert_eq!(both.target(), "macos-universal-pkg");
        let one = programs(&[Processor::Arm64]);
        assert_eq!(one.target(), "macos-aarch64-pkg");
        assert!(one.file(&product).ends_with("-macos-aarch64.pkg"));
    }

    #[test]
    fn an_app_has_its_folders_before_what_lies_in_them_and_every_place_filled() {
        let product = Product::read().expect("installer/product.toml");
        let entries = app(&product, &programs(&[Processor::X86])).expect("an app");
        assert_eq!(entries[0].path, "Farhand.app/");
        let info = entries.iter().find(|entry| entry.path.ends_with("Info.plist")).expect("it is there");
        let info = String::from_utf8_lossy(&info.bytes);
        assert!(!info.contains('@') && info.contains("<string>farhand</string>"), "{info}");
    }
}
