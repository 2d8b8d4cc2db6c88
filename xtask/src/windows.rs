//! `cargo xtask test windows`: the agent for Windows, built here for x86_64-pc-windows-gnu, looked at, and run under Wine.
//! And the one that `cargo xtask dist` hands out.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use farhand_release::SecretKey;

use crate::counts::Counts;
use crate::place::Place;
use crate::test::{build as programs_here, tally, tee, together};
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
    "wtsapi32.dll",
];
/// What Wine's folder is made like; another one is made when this changes.
const PREFIX: &str = "1";
/// The display of the back ends' contract.
const SCREEN: &str = "1280x800";
/// Dots an inch where nothing is enlarged.
const DOTS: u32 = 96;
/// Percent of a display where nothing is enlarged, and of one where everything is.
const PLAIN: u32 = 100;
const ENLARGED: u32 = 150;
/// Tests of the contract that are about pictures and places, by words of their names.
const OF_PLACES: &[&str] = &[
    "on_windows::a_new_capturer",
    "on_windows::damage_covers",
    "on_windows::a_part_of_the_desktop",
    "on_windows::the_pointer_is_where",
    "on_windows::monitors_lie",
    "on_windows::buttons_arrive",
    "windows_enlarged",
    "border_marks_and_lights",
    "a_window_on_the_list",
];
/// Bytes of a page of memory.
const PAGE: u32 = 4096;
/// Sets of functions that Windows itself maps to its libraries.
const API_SET: &str = "api-ms-win-";

/// What has to be there to build and to run, with the Debian package that brings it.
const NEEDED: [(&str, &str); 9] = [
    (CARGO, "cargo-web"),
    (RUSTC, "rustc-web"),
    ("/usr/lib/rustlib/src/rust/library/std/Cargo.toml", "rust-web-src"),
    ("/usr/bin/x86_64-w64-mingw32-g++", "mingw-w64"),
    ("/usr/bin/cmake", "cmake"),
    ("/usr/bin/nasm", "nasm"),
    (WINE, "wine64"),
    (WINE_SERVER, "wine64"),
    ("/usr/bin/Xvfb", "xvfb"),
];

/// The stage that compiles and no more.
pub fn compile() -> Result<Counts> {
    set_up()?;
    build().map(|_| Counts::default())
}

/// The stage: from nothing to a session with the agent for Windows.
pub fn test() -> Result<Counts> {
    set_up()?;
    // Whoever asks for this stage alone may have nothing of what it runs against.
    if !shell::root().join("web/dist/index.html").is_file() || !shell::binary("dev", "farhand").is_file() {
        println!("windows: the service and its pages are not there yet: they are made first");
        setup::for_tests()?;
        tee(shell::program("npm", "web").args(["run", "--silent", "build"]))?;
        programs_here()?;
    }
    let built = build()?;
    run(&built)
}

/// Installs what is missing, and says what cannot be had.
fn set_up() -> Result<()> {
    setup::for_windows()?;
    for (path, package) in NEEDED {
        if !Path::new(path).exists() {
            bail!(
                "the agent for Windows is built and tried with {path}, which is not here: it comes with Debian's package \
                 {package}, and could not be installed"
            );
        }
    }
    Ok(())
}

/// The agent and its contract as programs for Windows, and a look at what they ask of it.
fn build() -> Result<Built> {
    let began = Instant::now();
    println!("windows: compiling for {TARGET}, in {}", folder().display());
    let built = programs(&Place::everyday(folder())?, "dev")?;
    check_program(&built.agent)?;
    println!(
        "windows: compiled in {:.0} s; imports only what every Windows has",
        began.elapsed().as_secs_f64()
    );
    Ok(built)
}

/// Both programs under Wine.
fn run(built: &Built) -> Result<Counts> {
    let wine = Wine::prepare()?;
    println!("windows: the back ends' contract");
    let contract = wine.contract(&built.contract, PLAIN, &[]);
    println!("windows: what it says of pictures and places, on a display at {ENLARGED} %");
    let enlarged = wine.contract(&built.contract, ENLARGED, OF_PLACES);
    println!("windows: sessions");
    let sessions = wine.sessions(&built.agent);
    together([tally(contract), tally(enlarged), tally(sessions)])
}

/// Where everything for Windows is built. Not among what this machine's own Rust builds: the two would take turns at
/// building the same things.
pub fn folder() -> PathBuf {
    shell::target_dir().join("windows")
}

/// Cargo for Windows at a place: the command, ready for the rest of its arguments.
fn cargo(place: &Place, verb: &str, profile: &str) -> Result<Command> {
    let mut command = shell::cargo_of(CARGO);
    let linker = place.root.join("xtask/windows/linker");
    command
        .args([verb, "-Zbuild-std=std,panic_unwind", "--target", TARGET, "--profile", profile])
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
    place.furnish(&mut command)?;
    Ok(command)
}

/// Cargo for what is handed out, and where the agent will lie.
pub fn handed_out(place: &Place, profile: &str) -> Result<(Command, PathBuf)> {
    set_up()?;
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok((cargo(place, "build", profile)?, place.target.join(TARGET).join(folder).join("farhand-agent.exe")))
}

/// The agent that is tried under Wine, built at a place.
pub fn tried(place: &Place) -> Result<PathBuf> {
    set_up()?;
    Ok(programs(place, "dev")?.agent)
}

/// What was built.
#[derive(Debug)]
pub struct Built {
    /// `farhand-agent.exe`.
    pub agent: PathBuf,
    /// The back ends' contract, as a program.
    contract: PathBuf,
}

fn programs(place: &Place, profile: &str) -> Result<Built> {
    let mut command = cargo(place, "build", profile)?;
    command.args(["-p", "farhand-agent", "-p", "farhand-agent-host", "--bin", "farhand-agent"]);
    command.args(["--test", "contract", "--message-format=json-render-diagnostics"]);
    // That it updates itself is tried: to what this machine signs, and nobody else trusts.
    command.env("FARHAND_RELEASE_KEY", throwaway_key()?.public().to_string());
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

/// Signs what the tested program takes for newer versions of itself; made here the first time, and used for nothing else.
fn throwaway_key() -> Result<SecretKey> {
    let file = release_key();
    if let Ok(text) = fs::read_to_string(&file) {
        return SecretKey::read(&text).with_context(|| format!("{} is no key", file.display()));
    }
    let key = SecretKey::generate();
    fs::create_dir_all(folder()).context("the folder for Windows cannot be made")?;
    fs::write(&file, key.file()).with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(key)
}

fn release_key() -> PathBuf {
    folder().join("release.key")
}

/// Refuses a program that would not start on a clean Windows, or that Wine could not map.
pub fn check_program(program: &Path) -> Result<()> {
    let mut command = Command::new("x86_64-w64-mingw32-objdump");
    let text = shell::capture(command.arg("-p").arg(program))?;
    let strange = strange_imports(&text);
    if !strange.is_empty() {
        let strange: Vec<&str> = strange.iter().map(String::as_str).collect();
        bail!("{} needs what a clean Windows has not: {}", program.display(), strange.join(", "));
    }
    if !is_mappable(&text) {
        bail!(
            "the sections of {} do not begin at whole pages of the file: Wine would read all of it into the memory of each \
             process. xtask/windows/linker asks for it",
            program.display()
        );
    }
    Ok(())
}

/// Whether sections lie in the file at whole pages, as in memory.
fn is_mappable(text: &str) -> bool {
    let measure = |name: &str| {
        let value = text.lines().find_map(|line| line.trim().strip_prefix(name))?;
        u32::from_str_radix(value.trim(), 16).ok()
    };
    measure("FileAlignment").is_some_and(|file| file >= PAGE && Some(file) == measure("SectionAlignment"))
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
    /// Gives a command line what Wine's consoles lack.
    console: PathBuf,
    /// Libraries that stand in for those by which Windows hands out its screen.
    graphics: PathBuf,
}

impl Wine {
    /// Makes the folder where there is none, with what only the tests need.
    fn prepare() -> Result<Self> {
        let place = folder().join("wine");
        let sources = shell::root().join("tests/e2e/windows");
        fs::create_dir_all(&place).with_context(|| format!("{} cannot be made", place.display()))?;
        let wine = Self {
            prefix: place.join("prefix"),
            target: place.join("target.exe"),
            console: place.join("console.exe"),
            graphics: place.join("graphics"),
        };
        let library = place.join("bcryptprimitives.dll");
        link(&["-shared", "-O1"], &sources.join("bcryptprimitives.c"), &library, &["-ladvapi32"])?;
        link(&["-O1"], &sources.join("target.c"), &wine.target, &["-lgdi32"])?;
        link(&["-O1"], &sources.join("console.c"), &wine.console, &[])?;
        fs::create_dir_all(&wine.graphics).context("a folder for libraries cannot be made")?;
        for name in ["dxgi.dll", "d3d11.dll"] {
            link(&["-shared", "-O1"], &sources.join("graphics.c"), &wine.graphics.join(name), &[])?;
        }
        let stamp = place.join(".prepared");
        if !fs::read_to_string(&stamp).is_ok_and(|made| made == PREFIX) {
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
            fs::write(&stamp, PREFIX).context("the folder for Wine cannot be written")?;
        }
        // A run that was broken off may have left everything enlarged.
        let registry = wine.prefix.join("user.reg");
        let text = fs::read(&registry).with_context(|| format!("{} cannot be read", registry.display()))?;
        if is_enlarged(&String::from_utf8_lossy(&text)) {
            wine.enlarge(&Display::open()?, PLAIN)?;
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

    /// Enlarges everything on every display by so many percent. Programs see it from their next start on.
    fn enlarge(&self, display: &Display, percent: u32) -> Result<()> {
        let (key, value) = (r"HKCU\Control Panel\Desktop", "LogPixels");
        let dots = (percent * DOTS / 100).to_string();
        let words: &[&str] = &["reg", "add", key, "/v", value, "/t", "REG_DWORD", "/d", &dots, "/f"];
        shell::run(self.program(display).args(words))?;
        // Wine's own programs know the old measure still.
        self.settle(display)
    }

    /// The promises of the back ends, on a desktop of Windows: all of them, or those whose names have one of these words in
    /// them.
    fn contract(&self, program: &Path, percent: u32, only: &[&str]) -> Result<Counts> {
        let display = Display::open()?;
        if percent == PLAIN {
            return self.promises(&display, program, percent, only);
        }
        self.enlarge(&display, percent)?;
        let counts = self.promises(&display, program, percent, only);
        self.enlarge(&display, PLAIN)?;
        counts
    }

    fn promises(&self, display: &Display, program: &Path, percent: u32, only: &[&str]) -> Result<Counts> {
        let mut command = self.program(display);
        // What this program is started with says nothing here: Wine has a command line of its own for its programs.
        let console = format!("COMSPEC={}&&", on_windows(&self.console));
        command.args(["cmd.exe", "/c", "set", &console, &on_windows(program), "--test-threads=1"]).args(only);
        command.env("FARHAND_WINDOWS_GRAPHICS", on_windows(&self.graphics));
        command.env("FARHAND_WINDOWS_SCALE", percent.to_string()).env("FARHAND_WINDOWS_SCREEN", SCREEN);
        // Wine prefers its own libraries by these names to whatever lies at the place that is named.
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml=;dxgi,d3d11=n,b");
        let counts = tee(&mut command);
        self.settle(display)?;
        match counts {
            // Whoever started it may end well all the same.
            Ok(counts) if !counts.any() => bail!("the contract's program did not run to its end"),
            counts => counts,
        }
    }

    /// Whole sessions, each in a file of its own.
    fn sessions(&self, agent: &Path) -> Result<Counts> {
        setup::npm("tests")?;
        let shots = folder().join("shots");
        fs::create_dir_all(&shots).with_context(|| format!("{} cannot be made", shots.display()))?;
        let place = shell::root().join("tests/e2e/windows");
        let entries = fs::read_dir(&place).with_context(|| format!("{} cannot be read", place.display()))?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".test.mjs"))
            .map(|name| format!("e2e/windows/{name}"))
            .collect();
        names.sort();
        let mut command = shell::program("node", "tests");
        command
            .args(["--test", "--test-reporter=spec", "--test-concurrency=1"])
            .args(names)
            .env("FARHAND_BINARIES", shell::binary("dev", ""))
            .env("FARHAND_WINDOWS_AGENT", agent)
            .env("FARHAND_WINDOWS_TARGET", &self.target)
            .env("FARHAND_WINDOWS_CONSOLE", &self.console)
            .env("FARHAND_WINDOWS_RELEASE_KEY", release_key())
            .env("FARHAND_WINDOWS_RELEASES", throwaway_key()?.public().to_string())
            .env("FARHAND_WINE_PREFIX", &self.prefix)
            .env("FARHAND_SHOTS", shots);
        tee(&mut command)
    }
}

/// Whether a person's registry, as Wine writes it down, enlarges their display.
fn is_enlarged(registry: &str) -> bool {
    let mut desktop = false;
    let plain = format!("\"LogPixels\"=dword:{DOTS:08x}");
    registry.lines().any(|line| {
        if line.starts_with('[') {
            desktop = line.starts_with(r"[Control Panel\\Desktop]");
        }
        desktop && line.starts_with("\"LogPixels\"=") && line != plain
    })
}

/// A place of this machine as programs under Wine name it.
fn on_windows(place: &Path) -> String {
    format!("Z:{}", place.display().to_string().replace('/', "\\"))
}

fn link(first: &[&str], source: &Path, into: &Path, last: &[&str]) -> Result<()> {
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
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                &format!("{SCREEN}x24"),
                "-nolisten",
                "tcp",
                "-noreset",
            ])
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
    use super::{is_enlarged, is_mappable, strange_imports};

    #[test]
    fn what_a_broken_run_left_enlarged_is_found() {
        let registry = |dots: &str| {
            format!("[Control Panel\\\\Desktop] 17\n\"LogPixels\"=dword:{dots}\n[Software\\\\Wine] 17\n")
        };
        assert!(is_enlarged(&registry("00000090")));
        assert!(!is_enlarged(&registry("00000060")));
        assert!(!is_enlarged("[Software\\\\Wine\\\\Fonts] 17\n\"LogPixels\"=dword:00000090\n"));
    }

    #[test]
    fn what_no_clean_windows_has_is_found() {
        let text = "\tDLL Name: KERNEL32.dll\n\tDLL Name: api-ms-win-core-synch-l1-2-0.dll\n\
                    \tDLL Name: libstdc++-6.dll\n\tvma:  Hint/Ord\n\tDLL Name: libwinpthread-1.dll\n";
        let strange: Vec<String> = strange_imports(text).into_iter().collect();
        assert_eq!(strange, ["libstdc++-6.dll", "libwinpthread-1.dll"]);
    }

    #[test]
    fn a_program_that_wine_would_read_whole_is_found() {
        assert!(is_mappable("SectionAlignment\t00001000\nFileAlignment\t\t00001000\n"));
        assert!(!is_mappable("SectionAlignment\t00001000\nFileAlignment\t\t00000200\n"));
        assert!(!is_mappable("no program"));
    }
}
