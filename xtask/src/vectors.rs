//! `cargo xtask vectors`: the golden vectors and the TypeScript types that are made from the protocol.

use anyhow::{Result, bail};

use crate::shell;

/// Writes them, or with `--check` says whether those in the tree are current.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut command = shell::cargo();
    command
        .args([
            "run",
            "--quiet",
            "--package",
            "farhand-protocol",
            "--features",
            "ts",
            "--example",
            "generate",
            "--",
        ])
        .arg(shell::root());
    match arguments {
        [] => {}
        [check] if check == "--check" => {
            command.arg("--check");
        }
        _ => bail!("`cargo xtask vectors` takes `--check` or nothing"),
    }
    shell::run(&mut command)
}
