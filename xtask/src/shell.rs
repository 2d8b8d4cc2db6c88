//! Where things are, and how other programs are started.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The folder that holds the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

/// Where cargo builds: `CARGO_TARGET_DIR`, or `target` in the workspace.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) if !folder.is_empty() => root().join(folder),
        _ => root().join("target"),
    }
}

/// A program of the workspace, as the everyday profile builds it.
pub fn binary(profile: &str, name: &str) -> PathBuf {
    target_dir().join(if profile == "dev" { "debug" } else { profile }).join(name)
}

/// Cargo, in the workspace. The one that runs xtask, so that both build the same.
pub fn cargo() -> Command {
    cargo_of(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Another cargo, in the workspace.
pub fn cargo_of(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    // Set by cargo for xtask alone; inherited, they would make crates rebuild between the two ways of building them.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CARGO_BIN_NAME" {
            command.env_remove(&name);
        }
    }
    // A build from nothing is never continued: what incremental building writes down would be for nobody.
    if std::env::var_os("CI").is_some() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// Any program, started in `folder` of the workspace.
pub fn program(name: &str, folder: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root().join(folder));
    command
}

/// Runs to the end with our own output; anything but success is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let text = describe(command);
    let status = command.status().with_context(|| format!("could not start `{text}`"))?;
    if !status.success() {
        bail!("`{text}` failed ({status})");
    }
    Ok(())
}

/// Runs to the end and returns what was printed.
pub fn capture(command: &mut Command) -> Result<String> {
    let text = describe(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("could not start `{text}`"))?;
    if !output.status.success() {
        bail!("`{text}` failed ({})", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{text}` printed what is not UTF-8"))
}

/// Whether a program of this name runs at all.
pub fn exists(name: &str, argument: &str) -> bool {
    Command::new(name)
        .arg(argument)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command as a person would type it.
pub fn describe(command: &Command) -> String {
    let mut text = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// The workspace as cargo sees it; `deep` adds every dependency.
pub fn metadata(deep: bool) -> Result<serde_json::Value> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1"]);
    if !deep {
        command.arg("--no-deps");
    }
    serde_json::from_str(&capture(&mut command)?).context("cargo metadata printed what is not JSON")
}

/// The same with every dependency that one of these targets has, and no other.
pub fn metadata_for(targets: &[String]) -> Result<serde_json::Value> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1"]);
    for target in targets {
        command.args(["--filter-platform", target]);
    }
    serde_json::from_str(&capture(&mut command)?).context("cargo metadata printed what is not JSON")
}

/// Every file that git knows or would add, relative to the workspace.
pub fn files() -> Result<Vec<String>> {
    let mut command = program("git", "");
    command.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let mut files: Vec<String> = capture(&mut command)?.lines().map(str::to_owned).collect();
    files.retain(|file| root().join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}
