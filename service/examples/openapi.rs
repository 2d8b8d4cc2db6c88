//! Writes the OpenAPI document, which is made from the code, to `docs/openapi.json`:
//! `cargo run -p farhand-service --example openapi -- <root>`; with `--check` nothing is written, and a difference is an
//! error.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context as _, bail};
use farhand_service::http::openapi;

fn main() -> anyhow::Result<()> {
    let mut check = false;
    let mut root = None;
    for argument in env::args_os().skip(1) {
        match argument.to_str() {
            Some("--check") => check = true,
            _ => root = Some(PathBuf::from(argument)),
        }
    }
    let path = root.context("usage: openapi [--check] <root of the repository>")?.join("docs/openapi.json");
    let text = openapi::text();
    if fs::read_to_string(&path).is_ok_and(|kept| kept == text) {
        return Ok(());
    }
    if check {
        bail!("run `cargo xtask vectors`: {}", path.display());
    }
    fs::write(&path, text)?;
    println!("wrote {}", path.display());
    Ok(())
}
