//! Declares the commands to Tauri, so that a page may call only those that its window's capability names; and tells
//! cargo which files, besides the sources, make the program stale.

#[allow(dead_code, reason = "the other list is for the capabilities' test")]
#[path = "../core/src/commands.rs"]
mod commands;

fn main() {
    println!("cargo:rerun-if-changed=../core/src/commands.rs");
    // Only a release holds the pages in itself; a development build reads them from the folder when it starts.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../../web/dist");
    }
    let manifest = tauri_build::AppManifest::new().commands(commands::COMMANDS);
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    tauri_build::try_build(attributes).expect("tauri.conf.json and capabilities are in order");
}
