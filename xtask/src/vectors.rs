//! `cargo xtask vectors`: the golden vectors and the TypeScript types that are made from the protocol, and the OpenAPI
//! document that is made from the service.

use std::process::Command;

use anyhow::{Result, bail};

use crate::shell;

/// Writes them, or with `--check` says whether those in the tree are current.
pub fn run(arguments: &[String]) -> Result<()> {
    let check = match arguments {
        [] => false,
        [check] if check == "--check" => true,
        _ => bail!("`cargo xtask vectors` takes `--check` or nothing"),
    };
    let protocol = ["--package", "farhand-protocol", "--features", "ts", "--example", "generate"];
    let seal = ["--package", "farhand-seal", "--features", "vectors", "--example", "generate-seal"];
    let service = ["--package", "farhand-service", "--example", "openapi"];
    for what in [protocol.as_slice(), seal.as_slice(), service.as_slice()] {
        let mut command = shell::cargo();
        command.args(["run", "--quiet"]).args(what).arg("--").arg(shell::root());
        if check {
            command.arg("--check");
        }
        shell::run(&mut command)?;
    }
    Ok(())
}

/// Says whether those in the tree are current, by the examples that the tests' build has made already.
pub fn check_built() -> Result<()> {
    for name in ["generate", "generate-seal", "openapi"] {
        let program = shell::binary("dev", "examples").join(name);
        shell::run(Command::new(program).current_dir(shell::root()).arg(shell::root()).arg("--check"))?;
    }
    Ok(())
}
