//! `cargo xtask dist`: what is handed out, made from what was built. Every package is the same to the bit when it is made
//! again from the same tree; signing comes after that, as a step with keys of the owner's.

mod archive;
mod deb;
mod facts;
mod msi;
mod product;
mod sign;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use farhand_release::{Release, SecretKey, Version};

use self::facts::Facts;
use self::product::Product;
use crate::{setup, shell};

const HELP: &str = "\
cargo xtask dist [OPTION…]            make the packages, sign them with the keys that the environment names
cargo xtask dist key FILE             make a key for releases; the public half is printed
cargo xtask dist sign --program NAME --target TARGET FILE…
                                      sign other files as releases, such as packages of the desktop console

  --out FOLDER       where the packages go (dist in the build folder)
  --agent FILE       the Linux program that goes into them, instead of one that is built now
  --windows FILE     the Windows program; without it what is made for Windows is left out, and said
  --twice            make everything twice, and fail where it differs

Keys: FARHAND_RELEASE_KEY_FILE (minisign's secret key without a password), FARHAND_AUTHENTICODE_CERT and
FARHAND_AUTHENTICODE_KEY (PEM) or FARHAND_AUTHENTICODE_PKCS12 and FARHAND_AUTHENTICODE_PASS_FILE,
FARHAND_TIMESTAMP_URL, FARHAND_DEB_KEY (name of a key in gpg). docs/operations.md tells more.
";

/// What is asked for.
#[derive(Debug, Default)]
struct Wanted {
    out: Option<PathBuf>,
    agent: Option<PathBuf>,
    windows: Option<PathBuf>,
    twice: bool,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Package {
    /// Such as `linux-x86_64-deb`.
    target: String,
    file: String,
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
    let out = wanted.out.clone().unwrap_or_else(|| shell::target_dir().join("dist"));
    let agent = match &wanted.agent {
        Some(agent) => agent.clone(),
        None => build(&facts)?,
    };
    fs::create_dir_all(&out).with_context(|| format!("{} cannot be made", out.display()))?;
    let packages = packages(&product, &facts, &agent, wanted.windows.as_deref(), &out)?;
    if wanted.twice {
        let again = tempfolder(&out)?;
        let same = packages_are_the_same(
            &product,
            &facts,
            &agent,
            wanted.windows.as_deref(),
            (&out, &again),
            &packages,
        );
        fs::remove_dir_all(&again)?;
        same?;
        println!("made twice: every package is the same to the bit");
    }
    let platform = sign::Platform::from_environment()?;
    let mut program: Option<PathBuf> = None;
    for Package { target, file } in &packages {
        let file = out.join(file);
        match (target.as_str(), &program) {
            // What is in the installer is signed as well.
            ("windows-x86_64-msi", Some(program)) if platform.signs_for_windows() => {
                msi::make(&product, &facts, Version::ours(), program, &file)?;
            }
            _ => {}
        }
        platform.sign(&file, target)?;
        program = target.ends_with("-exe").then_some(file).or(program);
    }
    sign::repository(&out, &packages.iter().map(|package| package.file.clone()).collect::<Vec<_>>(), &facts)?;
    facts.write(&out, &product, &packages)?;
    match sign::release_key()? {
        Some(key) => {
            for package in &packages {
                release(&key, &out.join(&package.file), &product.program, &package.target)?;
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
fn packages(
    product: &Product,
    facts: &Facts,
    agent: &Path,
    windows: Option<&Path>,
    out: &Path,
) -> Result<Vec<Package>> {
    let version = Version::ours();
    let name = &product.program;
    let mut made = Vec::new();
    let mut done = |target: &str, file: String| {
        println!("made {file}");
        made.push(Package { target: target.to_owned(), file });
    };
    let program =
        fs::read(agent).with_context(|| format!("the program {} cannot be read", agent.display()))?;
    let arch = std::env::consts::ARCH;
    let plain = format!("{name}_{version}_linux-{arch}");
    fs::write(out.join(&plain), &program)?;
    archive::executable(&out.join(&plain))?;
    done(&format!("linux-{arch}-bin"), plain);
    let deb = format!("{name}_{version}_{}.deb", deb::architecture(arch)?);
    fs::write(out.join(&deb), deb::make(product, facts, &program)?)?;
    done(&format!("linux-{arch}-deb"), deb);
    match windows {
        Some(windows) => {
            let exe = format!("{name}-{version}.exe");
            fs::copy(windows, out.join(&exe))
                .with_context(|| format!("{} cannot be read", windows.display()))?;
            done("windows-x86_64-exe", exe.clone());
            let msi = format!("{name}-{version}.msi");
            msi::make(product, facts, version, &out.join(&exe), &out.join(&msi))?;
            done("windows-x86_64-msi", msi);
        }
        None => println!("left out: the .exe and the MSI. Name the Windows program with --windows FILE."),
    }
    println!(
        "left out: the macOS program and its .pkg. The program cannot be linked on this system without Apple's \
         libraries (docs/known-issues.md)."
    );
    Ok(made)
}

fn packages_are_the_same(
    product: &Product,
    facts: &Facts,
    agent: &Path,
    windows: Option<&Path>,
    (first, second): (&Path, &Path),
    known: &[Package],
) -> Result<()> {
    let again = packages(product, facts, agent, windows, second)?;
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

/// The Linux program, as it is handed out. Paths of this machine stay out of it.
fn build(facts: &Facts) -> Result<PathBuf> {
    let folder = shell::target_dir().join("handed-out");
    let mut command = shell::cargo();
    let root = shell::root();
    let home =
        std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let mut flags = format!("--remap-path-prefix={}=farhand", root.display());
    if let Ok(home) = home {
        flags.push_str(&format!(" --remap-path-prefix={home}=cargo"));
    }
    command
        .args([
            "build",
            "--locked",
            "--profile",
            "dist",
            "--package",
            "farhand-agent",
            "--bin",
            "farhand-agent",
        ])
        .arg("--target-dir")
        .arg(&folder)
        .env("SOURCE_DATE_EPOCH", facts.epoch.to_string())
        .env("CARGO_INCREMENTAL", "0")
        .env("RUSTFLAGS", flags);
    if let Some(key) = sign::release_key()? {
        command.env("FARHAND_RELEASE_KEY", key.public().to_string());
    }
    shell::run(&mut command)?;
    Ok(folder.join("dist/farhand-agent"))
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
        let wanted = read(&["--out", "a", "--windows", "b.exe", "--twice"]).expect("it reads");
        assert_eq!(
            (wanted.out, wanted.windows, wanted.agent, wanted.twice),
            (Some("a".into()), Some("b.exe".into()), None, true)
        );
        for wrong in [&["--out"][..], &["--sign"], &["file"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
