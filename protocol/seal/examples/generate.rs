//! Writes the golden vectors of sealing to `protocol/seal/vectors`. `cargo run -p farhand-seal --features vectors
//! --example generate-seal -- <root>`; with `--check` nothing is written, and a difference is an error.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let mut check = false;
    let mut root = None;
    for argument in env::args_os().skip(1) {
        match argument.to_str() {
            Some("--check") => check = true,
            _ => root = Some(PathBuf::from(argument)),
        }
    }
    let folder =
        root.ok_or("usage: generate-seal [--check] <root of the repository>")?.join("protocol/seal/vectors");
    let mut differ = Vec::new();
    for (name, content) in farhand_seal::vectors::files() {
        let path = folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|kept| kept == content) {
            continue;
        }
        if !check {
            fs::create_dir_all(&folder)?;
            fs::write(&path, content)?;
        }
        differ.push(path.display().to_string());
    }
    if check && !differ.is_empty() {
        return Err(format!("run `cargo xtask vectors`: {}", differ.join(", ")).into());
    }
    for path in differ {
        println!("wrote {path}");
    }
    Ok(())
}
