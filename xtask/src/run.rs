//! `cargo xtask run`: the service with a demo organisation, a demo customer's computer beside it, and where there is a
//! display the desktop console.

use std::os::unix::process::CommandExt;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{setup, shell};

const HELP: &str = "\
cargo xtask run [OPTION…]

  --port N        HTTPS port (8443, or a free one where that is taken)
  --media N       UDP port of the media service (15000, or a free one)
  --data FOLDER   where the demo keeps its data (in the build folder)
";

/// Installs, builds, and becomes the script that keeps the programs together.
pub fn run(arguments: &[String]) -> Result<()> {
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{HELP}");
        return Ok(());
    }
    let mut rest = arguments.iter();
    while let Some(option) = rest.next() {
        if !["--port", "--media", "--data"].contains(&option.as_str()) || rest.next().is_none() {
            bail!("`{option}` cannot be used so\n\n{HELP}");
        }
    }
    setup::for_run()?;
    pages()?;
    programs("dev")?;
    let mut command = shell::program("node", "");
    command
        .arg("tests/demo/demo.mjs")
        .args(["--data".into(), shell::target_dir().join("demo")])
        .args(arguments)
        .env("FARHAND_BINARIES", shell::binary("dev", ""));
    if has_display() {
        command.arg("--console");
    }
    // From here on there is one process, so that Ctrl-C and every other signal reach the one that cleans up.
    Err(command.exec()).context("Node.js could not be started")
}

/// Whether a window could be opened here.
fn has_display() -> bool {
    ["WAYLAND_DISPLAY", "DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Builds the web pages.
pub fn pages() -> Result<()> {
    step("the pages", || {
        shell::run(shell::program("npm", "web").args([
            "run",
            "--silent",
            "build",
            "--",
            "--logLevel",
            "warn",
        ]))
    })
}

/// Builds every program of the workspace.
pub fn programs(profile: &str) -> Result<()> {
    step("the programs (minutes the first time, seconds later)", || {
        shell::run(shell::cargo().args(["build", "--workspace", "--bins", "--profile", profile]))
    })
}

fn step(what: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("building {what}");
    let start = Instant::now();
    work()?;
    println!("built {what} in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}
