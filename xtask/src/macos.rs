//! `cargo xtask test macos`: the agent for macOS, checked by the compiler for both processors, its C code compiled. Nothing
//! links here without Apple's libraries, and nothing runs.
//!
//! `cargo xtask test macos-sign`: a package signed by rcodesign with certificates of a throwaway authority, and refused
//! where a byte is another.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::counts::Counts;
use crate::test::tee;
use crate::{setup, shell, windows};

/// Debian's own Rust, which comes with the source of its standard library.
const CARGO: &str = "/usr/bin/cargo";
/// What the programs are checked for, with zig's name for each.
const TARGETS: [(&str, &str); 2] =
    [("aarch64-apple-darwin", "aarch64-macos.12.3"), ("x86_64-apple-darwin", "x86_64-macos.12.3")];
/// The oldest macOS.
const LEAST: &str = "12.3";

/// The stage.
pub fn test() -> Result<Counts> {
    let zig = setup::for_macos(&folder())?;
    for (target, named) in TARGETS {
        check(target, named, &zig)?;
    }
    Ok(Counts { passed: TARGETS.len() as u64, ..Counts::default() })
}

/// rcodesign: the one that the environment names, or one that is built here.
pub fn signer() -> Result<PathBuf> {
    match std::env::var_os("FARHAND_RCODESIGN").filter(|named| !named.is_empty()) {
        Some(named) => Ok(named.into()),
        None => setup::for_macos_signatures(&folder()),
    }
}

/// rcodesign, ahead of the stage that signs: while packages are still being installed, what it is built with may be
/// replaced under it, so a failure is told and left to that stage, which tries again.
pub fn signer_ahead() -> Result<Counts> {
    if let Err(error) = signer() {
        println!("rcodesign could not be built yet, and `macos-sign` tries again: {error:#}");
    }
    Ok(Counts::default())
}

/// The stage that signs.
pub fn sign() -> Result<Counts> {
    setup::for_dist()?;
    let (zig, signer) = (setup::for_macos(&folder())?, signer()?);
    let mut command = shell::program("node", "tests");
    command
        .args(["--test", "--test-reporter=spec", "dist/macos-sign.test.mjs"])
        .env("FARHAND_ZIG", zig)
        .env("FARHAND_RCODESIGN", signer)
        .env("FARHAND_BINARIES", shell::binary("dev", ""));
    tee(&mut command)
}

/// Where what is only for macOS lies.
fn folder() -> PathBuf {
    shell::target_dir().join("macos")
}

fn check(target: &str, named: &str, zig: &Path) -> Result<()> {
    let tools = tools(target, named)?;
    let name = target.replace('-', "_");
    let mut command = shell::cargo_of(CARGO);
    command
        .args(["check", "-Zbuild-std=std,panic_unwind", "--target", target, "--target-dir"])
        // Beside what is built for Windows: both come from the same compiler, and share what runs while they build.
        .arg(windows::folder())
        .args(["-p", "farhand-agent", "-p", "farhand-agent-host", "--config", "profile.dev.opt-level=0"])
        // Of C code only that it compiles is asked.
        .args(["openh264-sys2", "ring", "zstd-sys"].iter().flat_map(|package| {
            ["--config".to_owned(), format!("profile.dev.package.{package}.opt-level=0")]
        }))
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTDOC", "/usr/bin/rustdoc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTUP_TOOLCHAIN")
        .env("FARHAND_ZIG", zig)
        .env("FARHAND_ZIG_CC", shell::root().join("xtask/macos/cc"))
        .env("SDKROOT", "/")
        .env("MACOSX_DEPLOYMENT_TARGET", LEAST);
    for (variable, tool) in [("CC", "cc"), ("CXX", "c++"), ("AR", "ar")] {
        command.env(format!("{variable}_{name}"), tools.join(tool));
    }
    shell::run(&mut command).with_context(|| format!("the agent does not compile for {target}"))
}

/// Compilers by the names under which build scripts start them.
fn tools(target: &str, named: &str) -> Result<PathBuf> {
    let folder = folder().join(target);
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for tool in ["cc", "c++", "ar"] {
        let words = match tool {
            "ar" => "exec \"$FARHAND_ZIG\" ar \"$@\"".to_owned(),
            tool => format!("exec \"$FARHAND_ZIG_CC\" {named} {tool} \"$@\""),
        };
        let (path, text) = (folder.join(tool), format!("#!/bin/sh\n{words}\n"));
        // What is the same stays: build scripts look at its time.
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
        crate::dist::executable(&path)?;
    }
    Ok(folder)
}
