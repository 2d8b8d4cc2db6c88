//! `cargo xtask test windows`: the agent for Windows, built here for x86_64-pc-windows-gnu, looked at, and run under Wine.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::counts::Counts;
use crate::test::tee;
use crate::{setup, shell};

/// What the programs are built for.
pub const TARGET: &str = "x86_64-pc-windows-gnu";
/// Debian's own Rust, which comes with the source of its standard library: for this system there is no other here.
const CARGO: &str = "/usr/bin/cargo";
const RUSTC: &str = "/usr/bin/rustc";
const RUSTDOC: &str = "/usr/bin/rustdoc";
const WINE: &str = "/usr/lib/wine/wine64";
const WINE_SERVER: &str = "/usr/lib/wine/wineserver64";
/// Libraries that every Windows has. Whatever else a program asks for is missing on a customer's computer.
const SYSTEM_LIBRARIES: &[&str] = &[
    "advapi32.dll",
    "bcrypt.dll",
    "bcryptprimitives.dll",
    "combase.dll",
    "comctl32.dll",
    "crypt32.dll",
    "dwmapi.dll",
    "dwrite.dll",
    "gdi32.dll",
    "imm32.dll",
    "iphlpapi.dll",
    "kernel32.dll",
    "msvcrt.dll",
    "netapi32.dll",
    "ntdll.dll",
    "ole32.dll",
    "oleaut32.dll",
    "pdh.dll",
    "powrprof.dll",
    "propsys.dll",
    "psapi.dll",
    "rpcrt4.dll",
    "secur32.dll",
    "shell32.dll",
    "shlwapi.dll",
    "uiautomationcore.dll",
    "user32.dll",
    "userenv.dll",
    "uxtheme.dll",
    "wevtapi.dll",
    "winmm.dll",
    "ws2_32.dll",
];
/// Sets of functions that Windows itself maps to its libraries.
const API_SET: &str = "api-ms-win-";

/// The stage.
pub fn test() -> Result<Counts> {
    setup::for_windows()?;
    let built = build("dev")?;
    check_imports(&built.agent)?;
    let wine = Wine::prepare()?;
    let mut counts = wine.contract(&built.contract)?;
    let session = wine.session(&built.agent)?;
    counts.passed += session.passed;
    counts.failed += session.failed;
    counts.skipped += session.skipped;
    Ok(counts)
}

/// Where everything for Windows is built. Not among what this machine's own Rust builds: the two would take turns at
/// building the same things.
pub fn folder() -> PathBuf {
    shell::target_dir().join("windows")
}

/// Cargo for Windows: the command, ready for the rest of its arguments.
pub fn cargo(verb: &str, profile: &str) -> Command {
    let mut command = shell::cargo_of(CARGO);
    let linker = shell::root().join("xtask/windows/linker");
    command
        .args([
            verb,
            "-Zbuild-std=std,panic_unwind",
            "--target",
            TARGET,
            "--profile",
            profile,
            "--target-dir",
        ])
        .arg(folder())
        .env("RUSTC", RUSTC)
        .env("RUSTDOC", RUSTDOC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", linker)
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("RUSTUP_TOOLCHAIN");
    // What is tested here is built once and run for a minute: quick to build is what counts.
    if profile == "dev" {
        command.args(["--config", "profile.dev.opt-level=0"]);
        let kept =
            [("core", 1), ("alloc", 1), ("std", 1), ("openh264-sys2", 1), ("ring", 1), ("zstd-sys", 1)];
        for (package, level) in kept.into_iter().chain([("quinn-proto", 0), ("dcv-color-primitives", 1)]) {
            command.args(["--config", &format!("profile.dev.package.{package}.opt-level={level}")]);
        }
    }
    command
}

/// What was built.
#[derive(Debug)]
pub struct Built {
    /// `farhand-agent.exe`.
    pub agent: PathBuf,
    /// The back ends' contract, as a program.
    contract: PathBuf,
}

fn build(profile: &str) -> Result<Built> {
    let mut command = cargo("build", profile);
    command.args(["-p", "farhand-agent", "-p", "farhand-agent-host", "--bin", "farhand-agent"]);
    command.args(["--test", "contract", "--message-format=json-render-diagnostics"]);
    println!("$ {}", shell::describe(&command));
    let text = shell::capture(&mut command)?;
    let mut found = [None, None];
    for line in text.lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let Some(program) = message["executable"].as_str() else { continue };
        for (found, name) in found.iter_mut().zip(["farhand-agent", "contract"]) {
            if message["target"]["name"] == name {
                *found = Some(PathBuf::from(program));
            }
        }
    }
    let [Some(agent), Some(contract)] = found else { bail!("cargo does not say where the programs are") };
    Ok(Built { agent, contract })
}

/// Refuses a program that would not start on a clean Windows.
pub fn check_imports(program: &Path) -> Result<()> {
    let mut command = Command::new("x86_64-w64-mingw32-objdump");
    let text = shell::capture(command.arg("-p").arg(program))?;
    let strange = strange_imports(&text);
    if strange.is_empty() {
        return Ok(());
    }
    let strange: Vec<&str> = strange.iter().map(String::as_str).collect();
    bail!("{} needs what a clean Windows has not: {}", program.display(), strange.join(", "))
}

/// Libraries that are imported and not every system's.
fn strange_imports(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("DLL Name:"))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !SYSTEM_LIBRARIES.contains(&name.as_str()) && !name.starts_with(API_SET))
        .collect()
}

/// Wine with a folder of its own.
struct Wine {
    prefix: PathBuf,
    target: PathBuf,
}

impl Wine {
    /// Makes the folder where there is none, with what only the tests need.
    fn prepare() -> Result<Self> {
        let place = folder().join("wine");
        let sources = shell::root().join("tests/e2e/windows");
        fs::create_dir_all(&place).with_context(|| format!("{} cannot be made", place.display()))?;
        let wine = Self { prefix: place.join("prefix"), target: place.join("target.exe") };
        let library = place.join("bcryptprimitives.dll");
        compile(&["-shared", "-O1"], &sources.join("bcryptprimitives.c"), &library, &["-ladvapi32"])?;
        compile(&["-O1"], &sources.join("target.c"), &wine.target, &["-lgdi32"])?;
        let stamp = place.join(".prepared");
        if !stamp.is_file() {
            println!("windows: making a folder for Wine in {}", place.display());
            let display = Display::open()?;
            let _ = fs::remove_dir_all(&wine.prefix);
            shell::run(wine.program(&display).args(["wineboot", "-i"]))?;
            shell::run(wine.program(&display).args(["winecfg", "-v", "win10"]))?;
            // Wine asks a display without a screen how often it is drawn, and is told never.
            for value in ["UseXRandR", "UseXVidMode"] {
                let key = r"HKCU\Software\Wine\X11 Driver";
                let words = ["reg", "add", key, "/v", value, "/t", "REG_SZ", "/d", "N", "/f"];
                shell::run(wine.program(&display).args(words))?;
            }
            fs::copy(&library, wine.prefix.join("drive_c/windows/system32/bcryptprimitives.dll"))
                .context("what Wine lacks could not be added to it")?;
            wine.settle(&display)?;
            fs::write(&stamp, "").context("the folder for Wine cannot be written")?;
        }
        Ok(wine)
    }

    fn environment(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("WINEPREFIX", self.prefix.clone()),
            ("WINEARCH", "win64".into()),
            ("WINEDEBUG", "-all".into()),
            // Its offers to install what nobody here needs.
            ("WINEDLLOVERRIDES", "mscoree,mshtml=".into()),
        ]
    }

    fn program(&self, display: &Display) -> Command {
        let mut command = Command::new(WINE);
        command.envs(self.environment()).env("DISPLAY", &display.name).env_remove("XAUTHORITY");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Waits until Wine's own programs have ended.
    fn settle(&self, display: &Display) -> Result<()> {
        let mut command = Command::new(WINE_SERVER);
        command.envs(self.environment()).env("DISPLAY", &display.name).arg("-k");
        // It fails where nothing runs any more.
        let _ = command.status();
        let mut command = Command::new(WINE_SERVER);
        command.envs(self.environment()).env("DISPLAY", &display.name).arg("-w");
        shell::run(&mut command)
    }

    /// The promises of the back ends, on a desktop of Windows.
    fn contract(&self, program: &Path) -> Result<Counts> {
        let display = Display::open()?;
        let mut command = self.program(&display);
        command.arg(program).args(["--test-threads=1"]);
        let counts = tee(&mut command);
        self.settle(&display)?;
        counts
    }

    /// A whole session.
    fn session(&self, agent: &Path) -> Result<Counts> {
        if !shell::binary("dev", "farhand").is_file() || !shell::root().join("web/dist/index.html").is_file()
        {
            bail!("the service or its pages are not built: `cargo xtask test \"web build\" build windows`");
        }
        setup::npm("tests")?;
        let shots = folder().join("shots");
        fs::create_dir_all(&shots).with_context(|| format!("{} cannot be made", shots.display()))?;
        let mut command = shell::program("node", "tests");
        command
            .args(["--test", "--test-reporter=spec", "--test-concurrency=1", "e2e/windows/session.test.mjs"])
            .env("FARHAND_BINARIES", shell::binary("dev", ""))
            .env("FARHAND_WINDOWS_AGENT", agent)
            .env("FARHAND_WINDOWS_TARGET", &self.target)
            .env("FARHAND_WINE_PREFIX", &self.prefix)
            .env("FARHAND_SHOTS", shots);
        tee(&mut command)
    }
}

fn compile(first: &[&str], source: &Path, into: &Path, last: &[&str]) -> Result<()> {
    let age = |path: &Path| fs::metadata(path).and_then(|about| about.modified()).ok();
    if age(into).is_some_and(|made| age(source).is_some_and(|written| written < made)) {
        return Ok(());
    }
    let mut command = Command::new("x86_64-w64-mingw32-gcc");
    shell::run(command.args(first).arg("-o").arg(into).arg(source).args(last))
}

/// A display without a screen, gone when dropped.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    fn open() -> Result<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb could not be started")?;
        let mut number = String::new();
        let output = server.stdout.take().context("Xvfb has no output")?;
        BufReader::new(output).read_line(&mut number)?;
        if number.trim().is_empty() {
            bail!("Xvfb could not open a display");
        }
        Ok(Self { server, name: format!(":{}", number.trim()) })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::strange_imports;

    #[test]
    fn what_no_clean_windows_has_is_found() {
        let text = "\tDLL Name: KERNEL32.dll\n\tDLL Name: api-ms-win-core-synch-l1-2-0.dll\n\
                    \tDLL Name: libstdc++-6.dll\n\tvma:  Hint/Ord\n\tDLL Name: libwinpthread-1.dll\n";
        let strange: Vec<String> = strange_imports(text).into_iter().collect();
        assert_eq!(strange, ["libstdc++-6.dll", "libwinpthread-1.dll"]);
    }
}
