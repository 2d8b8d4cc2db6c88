//! `cargo xtask test`: every check, one after the other, each with its name and time.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::ahead::{self, Ahead};
use crate::counts::Counts;
use crate::{dist, macos, setup, shell, tidy, vectors, windows};

type Stage = (&'static str, fn() -> Result<Counts>);

/// What is off by default and belongs to the tests all the same: the hub's fuzz corpus, and what makes the golden
/// vectors and the TypeScript types.
const FEATURES: [&str; 2] =
    ["--features", "farhand-fuzz-targets/hub,farhand-protocol/ts,farhand-seal/vectors"];

/// In the order in which they run: what is quick and what others need come first.
const STAGES: &[Stage] = &[
    ("set-up", || setup::for_tests().map(|()| Counts::default())),
    ("format", || tee(shell::cargo().args(["fmt", "--all", "--check"]))),
    ("tidy", || tidy::run().map(|()| Counts::default())),
    ("deny", deny),
    ("web check", || tee(shell::program("npm", "web").args(["run", "--silent", "check"]))),
    ("web test", || tee(shell::program("npm", "web").args(["test", "--silent"]))),
    ("web build", || tee(shell::program("npm", "web").args(["run", "--silent", "build"]))),
    ("web pages", || tee(shell::program("npm", "web").args(["run", "--silent", "test:pages"]))),
    ("lint", lint),
    ("vectors", || vectors::check_built().map(|()| Counts::default())),
    ("rust test", rust_tests),
    ("build", build),
    ("e2e", end_to_end),
    ("dist", packages),
    ("cross", cross),
    ("windows", windows::test),
    ("rcodesign", macos::signer_ahead),
    ("macos-sign", macos::sign),
];

/// Stages that compile and no more, with the stage after which they may begin: beside others that mostly wait, on what
/// these leave of the processors. Only where every stage runs; a stage that was named runs by itself.
const AHEAD: &[(&str, After)] =
    &[("rcodesign", After::Compiler), ("lint", After::Stage("set-up")), ("cross", After::Stage("lint"))];

/// When a stage may begin before its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// At once where C compiles already, else after set-up: it needs nothing more.
    Compiler,
    /// When this stage is over.
    Stage(&'static str),
}

impl After {
    /// With `None` before the first stage, else when the named one is over.
    fn is_now(self, over: Option<&str>) -> bool {
        match self {
            Self::Compiler => over.map_or_else(setup::c_compiles, |name| name == "set-up"),
            Self::Stage(stage) => over == Some(stage),
        }
    }
}

/// Only when they are named: the parts of `cross`, and what builds everything a second time.
const BY_NAME: &[Stage] = &[
    ("windows-build", windows::compile),
    ("macos", macos::test),
    ("reproducible", dist::reproducible),
    ("reproducible-windows", dist::reproducible_for_windows),
];

/// Runs the named stages, or all but those that have to be named.
pub fn test(names: &[String]) -> Result<()> {
    let known = || STAGES.iter().chain(BY_NAME);
    if names.iter().any(|name| name == "--list") {
        known().for_each(|(name, _)| println!("{name}"));
        return Ok(());
    }
    if let Some(unknown) = names.iter().find(|name| known().all(|(stage, _)| stage != name)) {
        bail!("`{unknown}` is no stage; `cargo xtask test --list` names them");
    }
    let began = Instant::now();
    let mut ahead = Vec::new();
    if names.is_empty() {
        for (stage, after) in AHEAD {
            ahead.push((*stage, *after, Ahead::prepare(stage)?));
        }
    }
    begin(&mut ahead, None)?;
    let mut total = Counts::default();
    let mut table = Vec::new();
    for (at, (name, stage)) in known().enumerate() {
        let named = names.iter().any(|wanted| wanted == name);
        if !named && (!names.is_empty() || at >= STAGES.len()) {
            continue;
        }
        println!("\n=== {name}");
        let start = Instant::now();
        let outcome = match ahead.iter().position(|(stage, ..)| stage == name) {
            Some(at) => {
                println!("(compiled beside the stages before)");
                ahead.swap_remove(at).2.outcome()
            }
            None => stage(),
        };
        let took = start.elapsed();
        let (counts, trouble) = tally(outcome);
        if let Some(trouble) = &trouble {
            println!("{trouble}");
        }
        println!("=== {name}: {} in {}", if counts.failed == 0 { "passed" } else { "FAILED" }, seconds(took));
        total.passed += counts.passed;
        total.failed += counts.failed;
        total.skipped += counts.skipped;
        table.push((*name, counts, took));
        // Nothing after it can work.
        if *name == "set-up" && counts.failed > 0 {
            break;
        }
        begin(&mut ahead, Some(name))?;
    }
    println!();
    for (name, counts, took) in &table {
        let mark = if counts.failed == 0 { "ok    " } else { "FAILED" };
        println!(
            "{mark} {name:<10} {:>8}  {} passed, {} failed",
            seconds(*took),
            counts.passed,
            counts.failed
        );
    }
    println!("all in {}", seconds(began.elapsed()));
    println!("{}", closing_line(total));
    std::io::stdout().flush()?;
    if total.failed > 0 {
        // Said above; nothing may follow the closing line.
        std::process::exit(1);
    }
    Ok(())
}

/// Lets begin what may.
fn begin(ahead: &mut [(&'static str, After, Ahead)], over: Option<&str>) -> Result<()> {
    ahead
        .iter_mut()
        .filter(|(_, after, _)| after.is_now(over))
        .try_for_each(|(_, _, waiting)| waiting.begin())
}

/// One stage, for whoever started this process ahead of the stage's turn.
pub fn ahead(names: &[String]) -> Result<()> {
    let [name] = names else { bail!("`ahead` takes one stage") };
    let Some((_, stage)) = STAGES.iter().find(|(stage, _)| stage == name) else {
        bail!("`{name}` is no stage that runs by itself");
    };
    ahead::run(stage)
}

/// The test command, and then that generated files which are kept in the tree are what was committed.
pub fn ci() -> Result<()> {
    test(&[])?;
    let mut command = shell::program("git", "");
    command.args(["status", "--porcelain"]);
    let changed = shell::capture(&mut command)?;
    if !changed.is_empty() {
        bail!("the tests changed the tree:\n{changed}");
    }
    Ok(())
}

/// What a stage adds to the sum: its runner's own counts, or one for the stage itself.
pub fn tally(outcome: Result<Counts>) -> (Counts, Option<String>) {
    match outcome {
        Ok(counts) if counts.any() => (counts, None),
        Ok(_) => (Counts { passed: 1, ..Counts::default() }, None),
        Err(error) => {
            let mut counts = error.downcast_ref::<Failed>().map_or(Counts::default(), |failed| failed.0);
            counts.failed = counts.failed.max(1);
            (counts, Some(format!("{error:#}")))
        }
    }
}

fn closing_line(total: Counts) -> String {
    let mut line = format!("{} passed, {} failed", total.passed, total.failed);
    if total.skipped > 0 {
        line.push_str(&format!(", {} skipped", total.skipped));
    }
    line
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Clippy's driver is a compiler that also lints. What it builds here is what the tests run: with `cargo clippy`, which
/// builds nothing, every dependency would be compiled twice.
fn lint() -> Result<Counts> {
    tee(linting("test")?.args(["--no-run", "--quiet"]))
}

/// The random cases of the property tests are the same in every run of this command: what fails is the change at hand.
/// `cargo test` by itself tries others each time, and so does this command with another seed in its environment.
const SEED: (&str, &str) = ("PROPTEST_RNG_SEED", "482193");

fn rust_tests() -> Result<Counts> {
    let mut command = linting("test")?;
    // Set-up has installed all of these: that one is not there is no reason to leave tests out.
    if setup::on_debian() {
        for what in ["POSTGRES", "PEBBLE", "WAYLAND"] {
            command.env(format!("FARHAND_REQUIRE_{what}"), "1");
        }
        // This one needs a machine of its own, which not everybody may make.
        let own = ["--pid", "--fork", "--mount", "--cgroup", "--uts", "--ipc", "--net", "--kill-child"];
        let mount = ["sh", "-c", "mount --make-rprivate / && mount -t cgroup2 cgroup2 /mnt"];
        match Command::new("unshare").args(own).args(mount).output() {
            Ok(tried) if tried.status.success() => {
                command.env("FARHAND_REQUIRE_SYSTEMD", "1");
            }
            _ => println!("left out: a real systemd, since no namespaces can be made here"),
        }
    }
    if std::env::var_os(SEED.0).is_none() {
        command.env(SEED.0, SEED.1);
    }
    tee(command.arg("--no-fail-fast"))
}

/// The programs that the tests run.
pub fn build() -> Result<Counts> {
    tee(linting("build")?.arg("--bins"))
}

/// Cargo for the whole workspace, with one set of features and one compiler, so that nothing is built twice.
fn linting(verb: &str) -> Result<Command> {
    let driver = shell::capture(shell::program("rustup", "").args(["which", "clippy-driver"]))
        .map(|path| path.trim().to_owned())
        .or_else(|_| {
            if shell::exists("clippy-driver", "--version") {
                Ok("clippy-driver".to_owned())
            } else {
                bail!("clippy is not installed: `rustup component add clippy`")
            }
        })?;
    let mut command = shell::cargo();
    command
        .args([verb, "--workspace"])
        .args(FEATURES)
        .env("RUSTC_WORKSPACE_WRAPPER", driver)
        // The form in which `cargo clippy -- -D warnings` hands its arguments on.
        .env("CLIPPY_ARGS", "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__");
    Ok(command)
}

/// cargo-deny where it is installed. Without it, tidy has checked the licences and the sources already.
fn deny() -> Result<Counts> {
    if !shell::exists("cargo-deny", "--version") {
        println!("cargo-deny is not installed; tidy reads deny.toml's licences, bans and sources itself");
        return Ok(Counts::default());
    }
    // Advisories need a database from outside; they are looked at when dependencies are updated.
    tee(shell::cargo().args([
        "deny",
        "--all-features",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))
}

/// All that is compiled for other systems, one after the other: they share a compiler, its folder and what runs while
/// it builds.
fn cross() -> Result<Counts> {
    together([tally(windows::compile()), tally(macos::test())])
}

/// Several outcomes as one: all that was counted, and every reason why one failed.
pub fn together(parts: impl IntoIterator<Item = (Counts, Option<String>)>) -> Result<Counts> {
    let (mut sum, mut why) = (Counts::default(), Vec::new());
    for (counts, trouble) in parts {
        sum.passed += counts.passed;
        sum.failed += counts.failed;
        sum.skipped += counts.skipped;
        why.extend(trouble);
    }
    if why.is_empty() { Ok(sum) } else { Err(Failed(sum, why.join("\n")).into()) }
}

fn end_to_end() -> Result<Counts> {
    setup::npm("tests")?;
    let mut names = Vec::new();
    // The tools first: when they are broken, so is everything that uses them.
    for folder in ["kit", "bench", "e2e"] {
        let place = shell::root().join("tests").join(folder);
        let entries =
            std::fs::read_dir(&place).with_context(|| format!("{} cannot be read", place.display()))?;
        let mut found: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".test.mjs"))
            .map(|name| format!("{folder}/{name}"))
            .collect();
        found.sort();
        names.extend(found);
    }
    let mut command = shell::program("node", "tests");
    command
        .args(["--test", "--test-reporter=spec", "--test-concurrency=1"])
        .args(names)
        .env("FARHAND_BINARIES", shell::binary("dev", ""))
        .env("FARHAND_SSLYZE", setup::sslyze_program())
        .env("FARHAND_SCHEMATHESIS", setup::schemathesis_program());
    tee(&mut command)
}

/// What is handed out: made, signed and refused, by the real tools.
fn packages() -> Result<Counts> {
    let mut command = shell::program("node", "tests");
    command
        .args([
            "--test",
            "--test-reporter=spec",
            "dist/installer.test.mjs",
            "dist/macos.test.mjs",
            "dist/packages.test.mjs",
        ])
        .env("FARHAND_BINARIES", shell::binary("dev", ""));
    tee(&mut command)
}

/// A runner failed after having said these counts.
#[derive(Debug)]
pub struct Failed(Counts, String);

impl Failed {
    /// What its runner counted, and why it failed.
    pub fn of(counts: Counts, why: String) -> Self {
        Self(counts, why)
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.1)
    }
}

impl std::error::Error for Failed {}

/// Runs to the end, shows what it prints, and counts the tests that it names.
pub fn tee(command: &mut Command) -> Result<Counts> {
    let text = shell::describe(command);
    println!("$ {text}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{text}`"))?;
    let counts = Arc::new(Mutex::new(Counts::default()));
    let readers = [
        child.stdout.take().map(|stream| reader(stream, Arc::clone(&counts))),
        child.stderr.take().map(|stream| reader(stream, Arc::clone(&counts))),
    ];
    let status = child.wait()?;
    for handle in readers.into_iter().flatten() {
        let _ = handle.join();
    }
    let counts = *counts.lock().expect("no reader panics while it counts");
    if !status.success() {
        return Err(Failed(counts, format!("`{text}` failed ({status})")).into());
    }
    Ok(counts)
}

fn reader(
    stream: impl std::io::Read + Send + 'static,
    counts: Arc<Mutex<Counts>>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line).into_owned();
            counts.lock().expect("no reader panics while it counts").read(&text);
            // The macro, not the stream: the tests of this file capture it.
            print!("{text}");
            line.clear();
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_without_tests_counts_as_one() {
        assert_eq!(tally(Ok(Counts::default())).0, Counts { passed: 1, failed: 0, skipped: 0 });
        assert_eq!(tally(Err(anyhow::anyhow!("no"))).0, Counts { passed: 0, failed: 1, skipped: 0 });
    }

    #[test]
    fn what_runs_ahead_is_a_stage_and_begins_before_its_turn() {
        let place = |wanted: &str| STAGES.iter().position(|(name, _)| *name == wanted);
        for (stage, after) in AHEAD {
            assert!(place(stage).is_some(), "{stage}");
            if let After::Stage(before) = after {
                assert!(place(before).is_some() && place(before) < place(stage), "{stage} after {before}");
                assert!(after.is_now(Some(before)) && !after.is_now(None));
            }
        }
        assert!(After::Compiler.is_now(Some("set-up")));
    }

    #[test]
    fn a_runner_that_fails_keeps_its_counts_and_fails_at_least_once() {
        let said = Counts { passed: 7, failed: 0, skipped: 1 };
        let (counts, why) = tally(Err(Failed(said, "it crashed".into()).into()));
        assert_eq!(counts, Counts { passed: 7, failed: 1, skipped: 1 });
        assert_eq!(why.as_deref(), Some("it crashed"));
    }

    #[test]
    fn the_closing_line_stands_alone() {
        assert_eq!(closing_line(Counts { passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
        assert_eq!(
            closing_line(Counts { passed: 3, failed: 1, skipped: 2 }),
            "3 passed, 1 failed, 2 skipped"
        );
    }

    #[test]
    fn output_is_counted_and_a_bad_exit_is_an_error() {
        let mut good = Command::new("sh");
        good.args(["-c", "echo 'test result: ok. 2 passed; 0 failed; 0 ignored'"]);
        assert_eq!(tee(&mut good).expect("it succeeds"), Counts { passed: 2, failed: 0, skipped: 0 });
        let mut bad = Command::new("sh");
        bad.args(["-c", "echo '# pass 1'; echo '# fail 1' >&2; exit 3"]);
        let (counts, _) = tally(tee(&mut bad));
        assert_eq!(counts, Counts { passed: 1, failed: 1, skipped: 0 });
    }
}
