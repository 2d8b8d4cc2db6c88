//! Installs what a fresh machine lacks, and says so. Nothing is installed that is there already.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{shell, wasm};

/// Debian packages with what they are for.
const BUILD: (&str, &[&str]) = (
    "to compile the programs",
    &[
        "build-essential",
        "pkg-config",
        "cmake",
        "nasm",
        "clang",
        "lld",
        "libxcb1-dev",
        "libxcb-shm0-dev",
        "libxcb-randr0-dev",
        "libx11-dev",
        "libxext-dev",
        "libxtst-dev",
        "libxdo-dev",
        "libxkbcommon-dev",
    ],
);
const DESKTOP: (&str, &[&str]) = (
    "to show a customer's computer on a display of its own",
    &[
        "xvfb",
        "xauth",
        "xkb-data",
        "x11-xkb-utils",
        "openbox",
        "xdotool",
        "imagemagick",
        "x11-utils",
        "x11-xserver-utils",
        "xclip",
        "fonts-dejavu-core",
        "libxkbcommon-x11-0",
        "libxcursor1",
        "libxi6",
        "libxrandr2",
    ],
);
const WAYLAND: (&str, &[&str]) = (
    "to show a Wayland desktop without a screen, and its portal",
    &[
        "mutter",
        "libegl1",
        "libgl1-mesa-dri",
        "xdg-desktop-portal",
        "pipewire",
        "pipewire-bin",
        "wireplumber",
        "dbus-daemon",
        "libpipewire-0.3-dev",
    ],
);
const DEMO: (&str, &[&str]) = ("for the programs on the demo computer", &["mousepad", "xterm", "dbus-x11"]);
const CONSOLE: (&str, &[&str]) = (
    "to build and show the desktop console",
    &[
        "libwebkit2gtk-4.1-dev",
        "libayatana-appindicator3-1",
        "dbus-daemon",
        "gstreamer1.0-plugins-good",
        "gstreamer1.0-plugins-bad",
        "gstreamer1.0-libav",
    ],
);
const CONSOLE_DRIVER: (&str, &[&str]) = ("to test the desktop console in its window", &["webkit2gtk-driver"]);
const CONSOLE_DESKTOP: (&str, &[&str]) = (
    "to try the desktop console among a tray, notifications, a keyring, and addresses that the desktop opens",
    &[
        "trayer",
        "dunst",
        "gnome-keyring",
        "libsecret-tools",
        "xdg-utils",
        "desktop-file-utils",
        "dbus-bin",
        "systemd",
    ],
);
const BROWSER: (&str, &[&str]) = ("to test the pages in a real browser", &["chromium"]);
const BROWSER_CODE: (&str, &[&str]) = (
    "to compile the browser's decoder (this Rust has no wasm32 target)",
    &["rustc-web", "cargo-web", "rust-web-src"],
);
const WINDOWS: (&str, &[&str]) = (
    "to build the agent for Windows, and to try it and its installer under Wine",
    &[
        "rustc-web",
        "cargo-web",
        "rust-web-src",
        "mingw-w64",
        "nasm",
        "cmake",
        "wine",
        "wine64",
        "xvfb",
        "openbox",
    ],
);
const MACOS: (&str, &[&str]) =
    ("to check the agent for macOS", &["rustc-web", "cargo-web", "rust-web-src", "cmake", "python3-pip"]);
const SYSTEMD: (&str, &[&str]) =
    ("to start services of the tests' own by a systemd of their own", &["systemd", "dbus", "util-linux"]);
const SCREEN_READER: (&str, &[&str]) =
    ("to hear the customer's windows as a screen reader does", &["at-spi2-core", "dbus-daemon", "systemd"]);
const DATABASE: (&str, &[&str]) = ("to run the store's tests on PostgreSQL too", &["postgresql"]);
const TLS: (&str, &[&str]) = (
    "for a certificate authority of the tests' own, and for programs from PyPI",
    &["pebble", "python3-venv", "openssl"],
);
const FIGURES: (&str, &[&str]) = ("to read processes and sockets", &["procps", "iproute2"]);
const PEERS: (&str, &[&str]) = (
    "to measure noVNC and TigerVNC's viewer in the same run",
    &["tigervnc-scraping-server", "tigervnc-viewer", "websockify", "novnc"],
);

const DIST: (&str, &[&str]) = (
    "to make and sign packages",
    &[
        "binutils",
        "gnupg",
        "minisign",
        "msitools",
        "openssl",
        "osslsigncode",
        "p7zip-full",
        "wixl",
        "faketime",
    ],
);

/// What making packages needs.
pub fn for_dist() -> Result<()> {
    debian(&[DIST])
}

/// What the test command needs.
pub fn for_tests() -> Result<()> {
    prepare(&[
        BUILD,
        DESKTOP,
        WAYLAND,
        DEMO,
        CONSOLE,
        CONSOLE_DRIVER,
        CONSOLE_DESKTOP,
        SCREEN_READER,
        SYSTEMD,
        BROWSER,
        FIGURES,
        DATABASE,
        TLS,
        DIST,
        WINDOWS,
        MACOS,
    ])?;
    python()?;
    npm("tests")
}

/// Whether C compiles before anything was installed, and what needs no more than that can be built meanwhile.
pub fn c_compiles() -> bool {
    shell::exists("cc", "--version")
}

/// What the agent for Windows needs to be built and tried here.
pub fn for_windows() -> Result<()> {
    debian(&[WINDOWS])
}

/// A C compiler for macOS, with Apple's headers, from PyPI.
const ZIG: &str = "ziglang==0.14.1";

/// What the agent for macOS needs to be checked here. Returns where zig is.
pub fn for_macos(folder: &Path) -> Result<PathBuf> {
    debian(&[MACOS])?;
    let place = folder.join("zig");
    let program = place.join("ziglang/zig");
    let stamp = place.join(".installed");
    if !fs::read_to_string(&stamp).is_ok_and(|installed| installed == ZIG) {
        println!("set-up: installing {ZIG} to compile the agent's C code for macOS");
        let mut install = Command::new("python3");
        install.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--target",
        ]);
        shell::run(install.arg(&place).arg(ZIG))?;
        fs::write(&stamp, ZIG).with_context(|| format!("could not write {}", stamp.display()))?;
    }
    if !program.is_file() {
        bail!("{ZIG} has no program {}", program.display());
    }
    Ok(program)
}

/// Signs for macOS. Without its notarisation: that asks Apple.
const RCODESIGN: &str = "0.29.0";

/// rcodesign, built here from its source where it is not there already. Returns where it is.
pub fn for_macos_signatures(folder: &Path) -> Result<PathBuf> {
    let place = folder.join(format!("rcodesign-{RCODESIGN}"));
    let program = place.join("bin/rcodesign");
    if !program.is_file() {
        println!("set-up: building rcodesign {RCODESIGN} to sign for macOS");
        let mut install = shell::cargo();
        install.args([
            "install",
            "apple-codesign",
            "--version",
            RCODESIGN,
            "--no-default-features",
            "--locked",
        ]);
        // Run for a few seconds: quick to build is what counts.
        install
            .args(["--debug", "--quiet", "--root"])
            .arg(&place)
            .arg("--target-dir")
            .arg(folder.join("build"));
        install.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0").env("CARGO_PROFILE_DEV_DEBUG", "false");
        shell::run(install.env("CARGO_INCREMENTAL", "0"))?;
    }
    Ok(program)
}

/// What the demonstration needs.
pub fn for_run() -> Result<()> {
    prepare(&[BUILD, DESKTOP, DEMO, CONSOLE])
}

/// What measuring needs; `peers` adds the program that we are compared with.
pub fn for_bench(peers: bool) -> Result<()> {
    let mut groups = vec![BUILD, DESKTOP, CONSOLE, CONSOLE_DRIVER, BROWSER, FIGURES];
    if peers {
        groups.push(PEERS);
    }
    prepare(&groups)?;
    npm("tests")
}

fn prepare(groups: &[(&str, &[&str])]) -> Result<()> {
    node()?;
    let mut groups = groups.to_vec();
    if !wasm_target() {
        groups.push(BROWSER_CODE);
    }
    // The one waits for disks, the other computes.
    std::thread::scope(|both| {
        let pages = both.spawn(|| npm("web"));
        let installed = debian(&groups);
        installed.and(pages.join().expect("installing from npm does not panic"))
    })?;
    wasm::run().context("the browser's decoder could not be built")
}

fn node() -> Result<()> {
    let version = Command::new("node").arg("--version").output();
    let text = match &version {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(_) => String::new(),
    };
    let major = text.trim_start_matches('v').split('.').next().and_then(|number| number.parse::<u32>().ok());
    match major {
        Some(20..) => Ok(()),
        Some(_) => bail!(
            "Node.js 20.19 or newer builds the pages; this is {text}. Install a newer one and try again."
        ),
        None => bail!("Node.js 20.19 or newer builds the pages. Install it (with npm) and try again."),
    }
}

/// Whether the Rust here compiles for the browser, after asking rustup for it.
fn wasm_target() -> bool {
    let library = || {
        let output = Command::new("rustc")
            .args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"])
            .current_dir(shell::root())
            .stderr(Stdio::null())
            .output();
        output.is_ok_and(|output| {
            let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            output.status.success() && std::path::Path::new(&folder).is_dir()
        })
    };
    if library() {
        return true;
    }
    println!("set-up: asking rustup for the wasm32-unknown-unknown target, to compile the browser's decoder");
    let asked = Command::new("rustup")
        .args(["target", "add", "wasm32-unknown-unknown"])
        .current_dir(shell::root())
        .stdin(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success()) && library()
}

fn debian(groups: &[(&str, &[&str])]) -> Result<()> {
    let all: Vec<&str> = groups.iter().flat_map(|(_, packages)| packages.iter().copied()).collect();
    let Ok(output) = Command::new("dpkg-query")
        .args(["-W", "-f", "${db:Status-Status} ${Package}\\n"])
        .args(&all)
        .stderr(Stdio::null())
        .output()
    else {
        println!("set-up: this is no Debian. What is needed here under other names: {}", all.join(" "));
        return Ok(());
    };
    let known = String::from_utf8_lossy(&output.stdout).into_owned();
    let missing = missing(groups, &known);
    if missing.is_empty() {
        return Ok(());
    }
    let mut wanted = Vec::new();
    for (why, packages) in &missing {
        println!("set-up: installing {} {why}", packages.join(" "));
        wanted.extend(packages.iter().copied());
    }
    let become_root: &[&str] = if is_root() {
        &[]
    } else if shell::exists("sudo", "--version") {
        &["sudo"]
    } else {
        bail!(
            "these Debian packages are missing and only root can install them. Run as root:\n  \
             apt-get update && apt-get install --no-install-recommends {}",
            wanted.join(" ")
        );
    };
    let apt = |arguments: &[&str]| {
        let mut words = become_root.to_vec();
        words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]);
        words.extend(arguments);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        shell::run(&mut command)
    };
    // Lists may be old or absent; where they cannot be fetched, what is there may still do.
    if let Err(error) = apt(&["-qq", "update"]) {
        println!("set-up: {error:#}; trying with the package lists that are there");
    }
    let mut install = vec!["-qq", "-y", "--no-install-recommends", "install"];
    install.extend(&wanted);
    apt(&install).with_context(|| {
        format!(
            "the packages could not be installed. By hand: apt-get install --no-install-recommends {}",
            wanted.join(" ")
        )
    })
}

/// The packages of each group that `dpkg-query` did not call installed.
fn missing<'a>(groups: &[(&'a str, &[&'a str])], known: &str) -> Vec<(&'a str, Vec<&'a str>)> {
    let installed: Vec<&str> =
        known.lines().filter_map(|line| line.trim().strip_prefix("installed ")).collect();
    groups
        .iter()
        .map(|(why, packages)| {
            (
                *why,
                packages.iter().copied().filter(|package| !installed.contains(package)).collect::<Vec<_>>(),
            )
        })
        .filter(|(_, packages)| !packages.is_empty())
        .collect()
}

/// Whether set-up could install what the tests lack.
pub fn on_debian() -> bool {
    shell::exists("dpkg-query", "--version")
}

/// Programs from PyPI in their versions, so that their findings do not change under us.
const PYTHON: [&str; 2] = ["sslyze==6.3.1", "schemathesis==4.32.5"];

/// Where the tests find sslyze.
pub fn sslyze_program() -> PathBuf {
    shell::target_dir().join("python/bin/sslyze")
}

/// Where the tests find schemathesis.
pub fn schemathesis_program() -> PathBuf {
    shell::target_dir().join("python/bin/schemathesis")
}

/// Programs from PyPI, in an environment of their own within the target folder.
fn python() -> Result<()> {
    let folder = shell::target_dir().join("python");
    let stamp = folder.join(".installed");
    let wanted = PYTHON.join(" ");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("set-up: installing {wanted} to look at the service's TLS and its API");
    let mut make = Command::new("python3");
    shell::run(make.args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut install = Command::new(folder.join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PYTHON);
    shell::run(&mut install)?;
    fs::write(&stamp, wanted).with_context(|| format!("could not write {}", stamp.display()))
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == "0")
}

/// `npm ci` in `folder`, when its lock is not the one that was installed last.
pub fn npm(folder: &str) -> Result<()> {
    let place = shell::root().join(folder);
    let lock = fs::read_to_string(place.join("package-lock.json"))
        .with_context(|| format!("{folder}/package-lock.json cannot be read"))?;
    let stamp = place.join("node_modules/.installed-lock");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("set-up: npm ci in {folder}/");
    let mut command = shell::program("npm", folder);
    command.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    shell::run(&mut command)?;
    fs::write(&stamp, lock).with_context(|| format!("could not write {}", stamp.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_named_beside_its_reason() {
        let groups: &[(&str, &[&str])] = &[("to build", &["cmake", "nasm"]), ("to look", &["xvfb"])];
        let known = "installed cmake\nnot-installed nasm\ninstalled xvfb\n";
        assert_eq!(missing(groups, known), vec![("to build", vec!["nasm"])]);
    }

    #[test]
    fn nothing_known_means_all_is_missing() {
        let groups: &[(&str, &[&str])] = &[("to look", &["xvfb"])];
        assert_eq!(missing(groups, ""), vec![("to look", vec!["xvfb"])]);
    }
}
