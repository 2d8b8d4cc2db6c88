//! Writes what is generated from the protocol: the golden vectors (`protocol/vectors`) and the TypeScript types
//! (`web/kit/src/generated`). `cargo run -p farhand-protocol --features ts --example generate -- <root>`; with
//! `--check` nothing is written, and a difference is an error.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use farhand_protocol::{typescript, vectors};

fn main() -> Result<(), Box<dyn Error>> {
    let mut check = false;
    let mut root = None;
    for argument in env::args_os().skip(1) {
        match argument.to_str() {
            Some("--check") => check = true,
            _ => root = Some(PathBuf::from(argument)),
        }
    }
    let root = root.ok_or("usage: generate [--check] <root of the repository>")?;
    let vectors = vectors::files().into_iter().map(|(name, content)| (name.to_owned(), content)).collect();
    let mut differ = put(&root.join("protocol/vectors"), "json", &vectors, check)?;
    differ.extend(put(&root.join("web/kit/src/generated"), "ts", &typescript::files()?, check)?);
    if check && !differ.is_empty() {
        return Err(format!("run `cargo xtask vectors`: {}", differ.join(", ")).into());
    }
    for path in differ {
        println!("wrote {path}");
    }
    Ok(())
}

/// Makes a folder hold these files and no others with the extension; returns the paths that differed.
fn put(
    folder: &Path,
    extension: &str,
    files: &BTreeMap<String, String>,
    check: bool,
) -> Result<Vec<String>, Box<dyn Error>> {
    let mut differ = Vec::new();
    if !check {
        fs::create_dir_all(folder)?;
    }
    for (name, content) in files {
        let path = folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|kept| kept == *content) {
            continue;
        }
        if !check {
            fs::write(&path, content)?;
        }
        differ.push(path.display().to_string());
    }
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        let ours = path.extension().is_some_and(|e| e == extension);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if ours && !files.contains_key(name) {
            if !check {
                fs::remove_file(&path)?;
            }
            differ.push(path.display().to_string());
        }
    }
    Ok(differ)
}
