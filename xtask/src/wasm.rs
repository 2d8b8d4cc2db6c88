//! `cargo xtask wasm`: the browser's share of the Rust code (`web/wasm`) with its JavaScript bindings, written to
//! `web/kit/src/wasm/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell;

const TARGET: &str = "wasm32-unknown-unknown";
/// Speed first: this code stands between the last byte and the picture. SIMD is in every browser that has WebTransport.
const RUSTFLAGS: &str = "-C target-feature=+simd128,+bulk-memory -C panic=abort";
/// Crates whose code is read once and not run for each pixel: reading and writing messages is much code, and whoever
/// opens the page waits for it. Decoding and sealing are other crates'.
const SMALL: [&str; 5] =
    ["farhand-wasm", "farhand-protocol", "rmp-serde", "serde-wasm-bindgen", "serde_core"];
/// libzstd's C: without a C library for the target, its own shims stand in.
const CFLAGS: &str = "-O3 -msimd128 -mbulk-memory";

/// Builds the module and its bindings.
pub fn run() -> Result<()> {
    let target_dir = shell::target_dir().join("wasm");
    let mut command = toolchain()?;
    command
        .args(["build", "--release", "--locked", "--package", "farhand-wasm", "--lib", "--target", TARGET])
        .arg("--target-dir")
        .arg(&target_dir)
        .args(SMALL.iter().flat_map(|name| {
            ["--config".to_owned(), format!("profile.release.package.{name}.opt-level = \"z\"")]
        }))
        .env("CARGO_ENCODED_RUSTFLAGS", RUSTFLAGS.replace(' ', "\u{1f}"))
        .env("CARGO_PROFILE_RELEASE_LTO", "fat")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "none")
        .env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo")
        .env("CC_wasm32_unknown_unknown", "clang")
        .env("CFLAGS_wasm32_unknown_unknown", CFLAGS);
    shell::run(&mut command)?;
    let module = target_dir.join(TARGET).join("release/farhand_wasm.wasm");
    bind(&module, &output())
}

/// Where the bindings go.
pub fn output() -> PathBuf {
    shell::root().join("web/kit/src/wasm")
}

/// Cargo with a compiler that knows the target: rustup's own when the target is installed or can be fetched, else
/// Debian's, which builds the standard library from its source.
fn toolchain() -> Result<Command> {
    if rustup_has_target() {
        return Ok(shell::cargo());
    }
    let tools = ["/usr/bin/cargo", "/usr/bin/rustc", "/usr/bin/clang", "/usr/bin/wasm-ld"];
    if let Some(missing) = tools.iter().find(|tool| !Path::new(tool).exists()) {
        bail!(
            "`rustup target add {TARGET}` is not possible here, and {missing} is missing: run `cargo xtask setup`, or \
             `apt-get install rustc-web cargo-web rust-web-src clang lld`"
        );
    }
    println!(
        "rustup cannot fetch {TARGET} here: Debian's compiler builds it with the standard library's source."
    );
    let mut command = Command::new("/usr/bin/cargo");
    command
        .current_dir(shell::root())
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO")
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTDOC", "/usr/bin/rustdoc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld")
        .arg("-Zbuild-std=std,panic_abort");
    Ok(command)
}

fn rustup_has_target() -> bool {
    let listed = |program: &mut Command| {
        program
            .output()
            .is_ok_and(|out| String::from_utf8_lossy(&out.stdout).lines().any(|l| l.trim() == TARGET))
    };
    let mut list = shell::program("rustup", "");
    list.args(["target", "list", "--installed"]);
    if listed(&mut list) {
        return true;
    }
    let mut add = shell::program("rustup", "");
    add.args(["target", "add", TARGET]);
    add.output().is_ok_and(|out| out.status.success())
}

/// Makes the JavaScript and its types. By the library and not by a tool: so it cannot differ from the crate's version.
fn bind(module: &Path, output: &Path) -> Result<()> {
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen
        .input_path(module)
        .web(true)?
        .typescript(true)
        .remove_producers_section(true)
        .remove_name_section(true)
        .omit_default_module_path(false);
    let mut generated = bindgen.generate_output().context("the bindings could not be made")?;
    std::fs::create_dir_all(output)?;
    generated.emit(output).with_context(|| format!("could not write to {}", output.display()))?;
    let size = std::fs::metadata(output.join("farhand_wasm_bg.wasm"))?.len();
    println!("web/kit/src/wasm: farhand_wasm.js, its types, and {} KB of module", size.div_ceil(1024));
    Ok(())
}
