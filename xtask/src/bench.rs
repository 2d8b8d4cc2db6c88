//! `cargo xtask bench`: what a technician feels, with the real programs on real screens.

use std::os::unix::process::CommandExt;

use anyhow::{Context, Result};

use crate::{run, setup, shell};

const HELP: &str = "\
cargo xtask bench [OPTION…]

  --product NAME   farhand, desktop, novnc, vncviewer; may be given more than once, and then both are measured in the same run (farhand)
  --path NAME      direct, loss-2 (25 ms each way, 2 % loss), slow-3 (3 Mbit/s, 200 ms queue), loss-1-10 (10 Mbit/s,
                   1 %), outages (30 ms, 5 % of the time), blocked (no UDP); may be given more than once (direct)
  --phase NAME     latency, idle, type, scroll, drag, video, read (text in a real browser), load; may be given more than once (all)
  --presses N      how many keys are pressed (60)
  --seconds N      how long each workload is watched (8)
  --joins N        how often a session is started and joined, for the time from the code to the picture (1)
  --starts N       how often the desktop console is started, for the time to its sign-in page (3)
  --out FOLDER     where results, logs and pictures go (in the build folder)
  --release        measure release builds, as they are shipped; they are built first
";

/// Installs, builds, and becomes the script that measures.
pub fn run(arguments: &[String]) -> Result<()> {
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{HELP}");
        return Ok(());
    }
    let release = arguments.iter().any(|argument| argument == "--release");
    let profile = if release { "release" } else { "dev" };
    // Both peers are of one family.
    setup::for_bench(arguments.iter().any(|argument| argument.contains("vnc")))?;
    run::pages()?;
    run::programs(profile)?;
    let mut command = shell::program("node", "");
    command
        .arg("tests/bench/bench.mjs")
        .args(["--out".into(), shell::target_dir().join("bench")])
        .args(arguments.iter().filter(|argument| *argument != "--release"))
        .env("FARHAND_BINARIES", shell::binary(profile, ""));
    Err(command.exec()).context("Node.js could not be started")
}
