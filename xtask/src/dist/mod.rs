//! `cargo xtask dist`: what is handed out, made from what was built. Every package is the same to the bit when it is made
//! again from the same tree; signing comes after that, as a step with keys of the owner's.

mod again;
mod archive;
mod deb;
mod facts;
mod macos;
mod msi;
mod product;
mod sign;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use farhand_release::{Release, SecretKey, Version, sha256};

use self::again::Again;
pub use self::archive::executable;
use self::facts::Facts;
use self::product::Product;
use crate::counts::Counts;
use crate::place::Place;
use crate::{setup, shell, windows};

const HELP: &str = "\
cargo xtask dist [OPTION…]            make the packages, sign them with the keys that the environment names
cargo xtask dist key FILE             make a key for releases; the public half is printed
cargo xtask dist sign --program NAME --target TARGET FILE…
                                      sign other files as releases, such as packages of the desktop console

  --out FOLDER       where the packages go (dist in the build folder)
  --agent FILE       the Linux program that goes into them, instead of one that is built now
  --windows FILE     the Windows program, or `build`: it is built here, slowly. Without it what is made for Windows is left
                     out, and said
  --macos FILE       a program for macOS; once for each processor, and both go into one package. Of a program that is handed
                     in, provenance.json claims neither commit nor compiler
  --twice            make everything twice, and fail where it differs. What is built here is built again from a copy of the
                     tree at another place, which takes as long again; FARHAND_TWICE names a folder for that

Keys: FARHAND_RELEASE_KEY_FILE (minisign's secret key without a password), FARHAND_AUTHENTICODE_CERT and
FARHAND_AUTHENTICODE_KEY (PEM) or FARHAND_AUTHENTICODE_PKCS12 and FARHAND_AUTHENTICODE_PASS_FILE,
FARHAND_TIMESTAMP_URL, FARHAND_DEB_KEY (name of a key in gpg), FARHAND_MACOS_APPLICATION_CERT and
FARHAND_MACOS_INSTALLER_CERT (PKCS #12, or PEM with the key) and FARHAND_MACOS_PASS_FILE. docs/operations.md tells more.
";

/// What is asked for.
#[derive(Debug, Default)]
struct Wanted {
    out: Option<PathBuf>,
    agent: Option<PathBuf>,
    windows: Option<PathBuf>,
    macos: Vec<PathBuf>,
    twice: bool,
}

/// A program that is packed.
struct Program {
    file: PathBuf,
    /// What built it here, as it names itself; none of a program that was handed in, of which nothing is known.
    compiler: Option<String>,
}

/// The programs that are packed. Those for macOS are always handed in.
struct Programs {
    agent: Program,
    windows: Option<Program>,
    macos: Option<macos::Programs>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Package {
    /// Such as `linux-x86_64-deb`.
    target: String,
    file: String,
    source: Source,
}

/// What went into a package.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    /// See [`Program`].
    compiler: Option<String>,
    /// SHA-256 of each program, before anything was signed.
    sums: Vec<String>,
    /// As cargo names what the programs are for.
    built_for: Vec<String>,
}

/// Runs the command.
pub fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--help" | "-h", ..] => {
            print!("{HELP}");
            Ok(())
        }
        ["key", file] => new_key(Path::new(file)),
        ["sign", "--program", program, "--target", target, files @ ..] if !files.is_empty() => {
            let key = sign::release_key()?.context("FARHAND_RELEASE_KEY_FILE names no key")?;
            files.iter().try_for_each(|file| release(&key, Path::new(file), program, target))
        }
        // Of any version: what upgrades and refuses to go back is tried with two of them.
        ["msi", version, program, to] => {
            let version = Version::parse(version).context("a version is three numbers")?;
            msi::make(&Product::read()?, &Facts::gather()?, version, Path::new(program), Path::new(to))
        }
        _ => make(&read(&words)?),
    }
}

fn read(words: &[&str]) -> Result<Wanted> {
    let mut wanted = Wanted::default();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let mut file =
            || rest.next().map(PathBuf::from).with_context(|| format!("`{word}` needs a value\n\n{HELP}"));
        match *word {
            "--out" => wanted.out = Some(file()?),
            "--agent" => wanted.agent = Some(file()?),
            "--windows" => wanted.windows = Some(file()?),
            "--macos" => wanted.macos.push(file()?),
            "--twice" => wanted.twice = true,
            other => bail!("`{other}` cannot be used so\n\n{HELP}"),
        }
    }
    Ok(wanted)
}

fn make(wanted: &Wanted) -> Result<()> {
    setup::for_dist()?;
    let product = Product::read()?;
    let facts = Facts::gather()?;
    let handed_in = |file: &Path| Program { file: file.to_path_buf(), compiler: None };
    let out = wanted.out.clone().unwrap_or_else(|| shell::target_dir().join("dist"));
    let build = |system: System| -> Result<Program> {
        if wanted.twice {
            twice(system, "dist", &facts)
        } else {
            system.build(&system.place()?, "dist", &facts)
        }
    };
    let programs = Programs {
        agent: match &wanted.agent {
            Some(agent) => handed_in(agent),
            None => build(System::Linux)?,
        },
        windows: match wanted.windows.as_deref() {
            Some(word) if word == Path::new("build") => Some(build(System::Windows)?),
            file => file.map(handed_in),
        },
        macos: if wanted.macos.is_empty() { None } else { Some(macos::Programs::read(&wanted.macos)?) },
    };
    let platform = sign::Platform::from_environment()?;
    fs::create_dir_all(&out).with_context(|| format!("{} cannot be made", out.display()))?;
    let packages = packages(&product, &facts, &programs, &out)?;
    if wanted.twice {
        let again = tempfolder(&out)?;
        let same = packages_are_the_same(&product, &facts, &programs, (&out, &again), &packages);
        fs::remove_dir_all(&again)?;
        same?;
        println!("made twice: every package is the same to the bit");
    }
    let mut program: Option<PathBuf> = None;
    for Package { target, file, .. } in &packages {
        let file = out.join(file);
        match (target.as_str(), &program) {
            // What is in the installer is signed as well.
            ("windows-x86_64-msi", Some(program)) if platform.signs_for_windows() => {
                msi::make(&product, &facts, Version::ours(), program, &file)?;
            }
            (target, _) if target.starts_with("macos-") && platform.signs_for_macos() => {
                if let Some(programs) = &programs.macos {
                    fs::write(&file, macos::make(&product, &facts, programs, Some(&platform))?)?;
                }
            }
            _ => {}
        }
        platform.sign(&file, target)?;
        program = target.ends_with("-exe").then_some(file).or(program);
    }
    sign::repository(&out, &packages.iter().map(|package| package.file.clone()).collect::<Vec<_>>(), &facts)?;
    let about = facts.write(&out, &product, &packages)?;
    match sign::release_key()? {
        Some(key) => {
            for package in &packages {
                release(&key, &out.join(&package.file), &product.program, &package.target)?;
            }
            // Under a name of their own: what is about programs is no program to be offered.
            for (target, file) in &about {
                release(&key, &out.join(file), &format!("{}-facts", product.program), target)?;
            }
            println!("signed as version {} by {}", Version::ours(), key.public());
        }
        None => println!(
            "NOT signed as a release: FARHAND_RELEASE_KEY_FILE names no key. Nobody offers or takes these."
        ),
    }
    Ok(())
}

/// Makes every package, in an order that is always the same.
fn packages(product: &Product, facts: &Facts, programs: &Programs, out: &Path) -> Result<Vec<Package>> {
    let version = Version::ours();
    let name = &product.program;
    let mut made = Vec::new();
    let mut done = |target: &str, file: String, source: &Source| {
        println!("made {file}");
        made.push(Package { target: target.to_owned(), file, source: source.clone() });
    };
    let agent = &programs.agent.file;
    let program =
        fs::read(agent).with_context(|| format!("the program {} cannot be read", agent.display()))?;
    let arch = std::env::consts::ARCH;
    let source = |built: &Program, bytes: &[u8], built_for: String| Source {
        compiler: built.compiler.clone(),
        sums: vec![sha256(bytes)],
        built_for: vec![built_for],
    };
    let linux = source(&programs.agent, &program, format!("{arch}-unknown-linux-gnu"));
    let plain = format!("{name}_{version}_linux-{arch}");
    fs::write(out.join(&plain), &program)?;
    archive::executable(&out.join(&plain))?;
    done(&format!("linux-{arch}-bin"), plain, &linux);
    let deb = format!("{name}_{version}_{}.deb", deb::architecture(arch)?);
    fs::write(out.join(&deb), deb::make(product, facts, &program)?)?;
    done(&format!("linux-{arch}-deb"), deb, &linux);
    match &programs.windows {
        Some(windows) => {
            let exe = format!("{name}-{version}.exe");
            let program = fs::read(&windows.file)
                .with_context(|| format!("{} cannot be read", windows.file.display()))?;
            fs::write(out.join(&exe), &program).with_context(|| format!("{exe} cannot be written"))?;
            let source = source(windows, &program, windows::TARGET.to_owned());
            done("windows-x86_64-exe", exe.clone(), &source);
            let msi = format!("{name}-{version}.msi");
            msi::make(product, facts, version, &out.join(&exe), &out.join(&msi))?;
            done("windows-x86_64-msi", msi, &source);
        }
        None => println!(
            "left out: the .exe and the MSI. Name the Windows program with --windows FILE, or have it built: --windows build."
        ),
    }
    match &programs.macos {
        Some(programs) => {
            let file = programs.file(product);
            fs::write(out.join(&file), macos::make(product, facts, programs, None)?)?;
            let (sums, built_for) = (programs.sums(), programs.built_for());
            done(&programs.target(), file, &Source { compiler: None, sums, built_for });
        }
        None => println!(
            "left out: the macOS program and its .pkg. Build the program on a Mac and name it with --macos FILE: \
             nothing links it without Apple's libraries (docs/operations.md)."
        ),
    }
    Ok(made)
}

fn packages_are_the_same(
    product: &Product,
    facts: &Facts,
    programs: &Programs,
    (first, second): (&Path, &Path),
    known: &[Package],
) -> Result<()> {
    let again = packages(product, facts, programs, second)?;
    if again != known {
        bail!("other packages were made the second time: {again:?}");
    }
    for Package { file, .. } in known {
        if fs::read(first.join(file))? != fs::read(second.join(file))? {
            bail!("{file} is not the same when it is made again");
        }
    }
    Ok(())
}

fn tempfolder(beside: &Path) -> Result<PathBuf> {
    let folder = beside.join(format!(".again-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A system that programs are built for here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    Linux,
    Windows,
}

impl System {
    /// Where what is handed out is built.
    fn place(self) -> Result<Place> {
        Place::handed_out(match self {
            Self::Linux => shell::target_dir().join("handed-out"),
            Self::Windows => windows::folder(),
        })
    }

    /// The program, with no word of this machine in it where the place says so. A Windows program that a clean Windows would
    /// not start is refused.
    fn build(self, place: &Place, profile: &str, facts: &Facts) -> Result<Program> {
        let (mut command, file) = match self {
            Self::Linux => {
                let mut command = shell::cargo();
                command.args(["build", "--profile", profile]);
                let folder = if profile == "dev" { "debug" } else { profile };
                (command, place.target.join(folder).join("farhand-agent"))
            }
            Self::Windows => windows::handed_out(place, profile)?,
        };
        command.args(["--locked", "--package", "farhand-agent", "--bin", "farhand-agent"]);
        as_handed_out(&mut command, facts)?;
        if self == Self::Linux {
            place.furnish(&mut command)?;
        }
        shell::run(&mut command)?;
        if self == Self::Windows {
            windows::check_program(&file)?;
        }
        Ok(Program { file, compiler: Some(facts::compiler(&command)?) })
    }
}

/// The program, built a second time elsewhere and found to be the same.
fn twice(system: System, profile: &str, facts: &Facts) -> Result<Program> {
    let again = Again::prepare()?;
    let place = system.place()?;
    let first = system.build(&place, profile, facts)?;
    again.same_sources(&place, &first.file)?;
    let second = system.build(&again.place(&place)?, profile, facts)?;
    again::same(&format!("the program for {system:?}"), &first.file, &second.file)?;
    println!("built twice, at two places: the program for {system:?} is the same to the bit");
    Ok(first)
}

/// `cargo xtask test reproducible`: the Linux program as the development profile builds it, but with the names of what is
/// handed out.
pub fn reproducible() -> Result<Counts> {
    twice(System::Linux, "dev", &Facts::gather()?).map(|_| Counts::default())
}

/// `cargo xtask test reproducible-windows`: the program that the stage `windows` tries, and the same from another place,
/// which is called by the first one's names.
pub fn reproducible_for_windows() -> Result<Counts> {
    let again = Again::prepare()?;
    let place = Place::everyday(windows::folder())?;
    let first = windows::tried(&place)?;
    again.same_sources(&place, &first)?;
    // At once: whatever is built next writes over it.
    let first = again.stripped(&first, "first.exe")?;
    let second = again.stripped(&windows::tried(&again.place(&place)?)?, "second.exe")?;
    again::same("the program for Windows", &first, &second)?;
    println!("built twice, at two places: the program for Windows is the same to the bit");
    Ok(Counts::default())
}

/// The commit's time goes into it, and the key that it checks newer versions with. What this machine sets for other builds
/// stays out.
fn as_handed_out(command: &mut Command, facts: &Facts) -> Result<()> {
    for other in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER"]
    {
        command.env_remove(other);
    }
    command.env("CARGO_INCREMENTAL", "0").env("SOURCE_DATE_EPOCH", facts.epoch.to_string());
    if let Some(key) = sign::release_key()? {
        command.env("FARHAND_RELEASE_KEY", key.public().to_string());
    }
    Ok(())
}

/// The Farhand signature of a file, beside it.
fn release(key: &SecretKey, file: &Path, program: &str, target: &str) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let name = file.file_name().and_then(|name| name.to_str()).context("a file without a name")?;
    let release = Release::of(program, Version::ours(), target, name, &bytes);
    let signature =
        release.sign(key, &bytes).with_context(|| format!("{name} cannot be released under this name"))?;
    let beside = file.with_file_name(format!("{name}.minisig"));
    fs::write(&beside, signature).with_context(|| format!("{} cannot be written", beside.display()))
}

/// A new key: the secret half into a file of nobody else's, the public half to whoever asked.
fn new_key(file: &Path) -> Result<()> {
    let key = SecretKey::generate();
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut to = options
        .open(file)
        .with_context(|| format!("{} cannot be made, or is there already", file.display()))?;
    std::io::Write::write_all(&mut to, key.file().as_bytes())?;
    println!("{}", key.public());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_read_and_nothing_else_is_taken() {
        let words = ["--out", "a", "--windows", "b.exe", "--macos", "c", "--macos", "d", "--twice"];
        let wanted = read(&words).expect("it reads");
        assert_eq!(
            (wanted.out, wanted.windows, wanted.agent, wanted.twice),
            (Some("a".into()), Some("b.exe".into()), None, true)
        );
        assert_eq!(wanted.macos, [PathBuf::from("c"), PathBuf::from("d")]);
        for wrong in [&["--out"][..], &["--sign"], &["file"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
