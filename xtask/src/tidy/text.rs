//! Rules that are read off one file's text.

use super::Finding;
use super::mask::{mask, test_lines};

/// The longest a file may be, its tests not counted.
const MAX_LINES: usize = 600;

/// How a file begins that nobody reads or splits: what it is made from is held to the length.
const GENERATED: &str = "// Generated from ";

/// Where the operating system is touched.
const HOST: &str = "agent/host/";
/// Where the console asks which system it is; nothing there is unsafe.
const CONSOLE_PLATFORM: &str = "console/app/src/platform/";

/// Cores: no clock, no socket, no thread, no file.
const CORES: &[&str] =
    &["protocol/src/", "media/room/src/", "media/screen/src/", "agent/core/src/", "service/src/broker/hub"];
const OUTSIDE_OF_CORES: &[&str] =
    &["Instant::now(", "SystemTime::now(", "TcpStream", "TcpListener", "UdpSocket", "std::thread", "std::fs"];

/// Marks of what is not there. What is missing stands in docs/known-issues.md, in whole sentences.
const ABSENT: &[&str] = &["not yet implemented", "not implemented", "coming soon", "to be filled"];
const ABSENT_CODE: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

/// What turns text from the far side into page content or code.
const MARKUP: &[&str] = &[
    "{@html",
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "new Function(",
    ": any",
    " as any",
    "<any>",
];

/// The one reason for which a test does not run by itself: another one runs it, as a program.
const TESTS_HELPER: &str = "#[ignore = \"a process of the other tests";

/// The folder of one workplace, which means nothing elsewhere.
const ELSEWHERE: &str = concat!("/wo", "rk/");

/// The files that a file declares as modules of its tests: `#[cfg(test)] mod walk;`.
pub fn test_modules(name: &str, content: &str) -> Vec<String> {
    let Some((folder, file)) = name.rsplit_once('/') else { return Vec::new() };
    let stem = file.trim_end_matches(".rs");
    let inside =
        if ["mod", "lib", "main"].contains(&stem) { folder.to_owned() } else { format!("{folder}/{stem}") };
    let masked = mask(content);
    let in_test = test_lines(&masked);
    numbered(&masked)
        .filter(|(line, _)| in_test.get(line - 1).copied().unwrap_or(false))
        .filter_map(|(_, text)| text.trim().rsplit_once("mod ")?.1.strip_suffix(';'))
        .flat_map(|module| [format!("{inside}/{module}.rs"), format!("{inside}/{module}/mod.rs")])
        .collect()
}

/// Everything wrong with one file. `only_tests` says that it is a module of another file's tests.
pub fn check(name: &str, content: &str, only_tests: bool) -> Vec<Finding> {
    // This file names what it forbids.
    if name == "xtask/src/tidy/text.rs" || name.ends_with("-lock.json") || name.ends_with("Cargo.lock") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    everywhere(name, content, &mut findings);
    match name.rsplit('.').next() {
        Some("rs") => rust(name, content, only_tests || is_test(name), &mut findings),
        Some("ts" | "svelte" | "html" | "mjs" | "js") => script(name, content, &mut findings),
        Some("toml") if name.ends_with("/Cargo.toml") && !name.starts_with("fuzz/") => {
            manifest(name, content, &mut findings);
        }
        Some(_) | None => {}
    }
    findings
}

/// A file that holds nothing but tests, or what they share.
fn is_test(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    name.split('/').skip(1).any(|folder| ["tests", "test", "testing"].contains(&folder))
        || name.starts_with("tests/e2e/")
        || name.starts_with("fuzz/")
        || file == "tests.rs"
        || [".test.ts", ".test.mjs", "_tests.rs"].iter().any(|end| file.ends_with(end))
}

fn everywhere(name: &str, content: &str, findings: &mut Vec<Finding>) {
    for (line, text) in numbered(content) {
        if let Some(at) = text.find(ELSEWHERE)
            && !text[..at].ends_with(|before: char| before.is_alphanumeric() || "./-_*".contains(before))
        {
            findings.push(Finding::new(name, line, "names a folder that exists on one machine only"));
        }
    }
}

fn absences(name: &str, content: &str, findings: &mut Vec<Finding>) {
    for (line, text) in numbered(content) {
        let lower = text.to_lowercase();
        let found = ABSENT
            .iter()
            .find(|words| contains_word(&lower, words))
            .or_else(|| ABSENT_CODE.iter().find(|word| contains_word(text, word)));
        if let Some(words) = found {
            findings.push(Finding::new(
                name,
                line,
                format!("`{words}`: do it, or write it into docs/known-issues.md"),
            ));
        }
    }
}

fn rust(name: &str, content: &str, all_test: bool, findings: &mut Vec<Finding>) {
    absences(name, content, findings);
    let masked = mask(content);
    let in_test = test_lines(&masked);
    let tested = |line: usize| all_test || in_test.get(line - 1).copied().unwrap_or(false);
    let length = numbered(&masked).filter(|(line, _)| !tested(*line)).count();
    too_long(name, length, findings);
    let raw: Vec<&str> = content.lines().collect();
    let mut say = |line: usize, what: String| findings.push(Finding::new(name, line, what));
    for (line, text) in numbered(&masked) {
        if !name.starts_with(HOST) {
            if contains_word(text, "unsafe") {
                say(line, "`unsafe` belongs in agent/host only".into());
            }
            // Where there are file modes and signals at all (`cfg(unix)`) may be asked anywhere; which system it is may not.
            let system = ["target_os", "target_family", "windows)"];
            let asks = text.contains("cfg") && system.iter().any(|words| text.contains(words));
            if asks && !name.starts_with(CONSOLE_PLATFORM) {
                say(
                    line,
                    "what differs by operating system belongs in agent/host or console/app/src/platform"
                        .into(),
                );
            }
        }
        for banned in ["danger_accept_invalid_certs", "danger_accept_invalid_hostnames"] {
            if text.contains(banned) {
                say(line, format!("`{banned}`: a certificate is checked or pinned, never waved through"));
            }
        }
        let helper = raw.get(line - 1).is_some_and(|raw| raw.contains(TESTS_HELPER));
        if text.contains("#[ignore") && !helper {
            say(line, "a test that never runs says nothing".into());
        }
        if tested(line) {
            if text.contains("thread::sleep(") {
                say(line, "a test waits for a named condition, or moves the clock".into());
            }
            continue;
        }
        if name.starts_with("service/") && text.contains("process::") && contains_word(text, "Command") {
            say(line, "the service never starts a process".into());
        }
        if CORES.iter().any(|core| name.starts_with(core)) {
            for banned in OUTSIDE_OF_CORES.iter().filter(|banned| text.contains(**banned)) {
                say(
                    line,
                    format!("`{banned}` in a core: time is an argument and the rest is a shell's work"),
                );
            }
        }
    }
}

fn script(name: &str, content: &str, findings: &mut Vec<Finding>) {
    absences(name, content, findings);
    let tests = is_test(name);
    if !tests && !content.starts_with(GENERATED) {
        too_long(name, content.lines().count(), findings);
    }
    for (line, text) in numbered(content) {
        for runner in ["it", "test", "describe"] {
            for quiet in ["skip", "only"] {
                let call = format!("{runner}.{quiet}(");
                if text
                    .find(&call)
                    .is_some_and(|at| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.'))
                {
                    findings.push(Finding::new(name, line, format!("`{call}`: every test runs")));
                }
            }
        }
        if name.starts_with("web/") && !tests {
            for banned in MARKUP.iter().filter(|banned| contains_start(text, banned)) {
                findings.push(Finding::new(
                    name,
                    line,
                    format!("`{banned}`: text from elsewhere is a text node, and typed"),
                ));
            }
        }
        if name.starts_with("tests/e2e/")
            && (text.contains("setTimeout(") || text.contains("waitForTimeout("))
        {
            findings.push(Finding::new(
                name,
                line,
                "a test waits for a named condition; see tests/kit/wait.mjs",
            ));
        }
    }
}

fn manifest(name: &str, content: &str, findings: &mut Vec<Finding>) {
    let Ok(table) = toml::from_str::<toml::Table>(content) else {
        findings.push(Finding::new(name, 0, "cannot be read"));
        return;
    };
    let inherits =
        |value: Option<&toml::Value>| value.and_then(|value| value.get("workspace")?.as_bool()) == Some(true);
    if !inherits(table.get("lints")) {
        findings.push(Finding::new(name, 0, "does not take the workspace's lints"));
    }
    let mut tables: Vec<&toml::Value> = ["dependencies", "dev-dependencies", "build-dependencies"]
        .iter()
        .filter_map(|kind| table.get(*kind))
        .collect();
    if let Some(targets) = table.get("target").and_then(toml::Value::as_table) {
        for target in targets.values() {
            tables.extend(["dependencies", "dev-dependencies"].iter().filter_map(|kind| target.get(*kind)));
        }
    }
    for (dependency, value) in tables.iter().filter_map(|table| table.as_table()).flatten() {
        if !inherits(Some(value)) && value.get("path").is_none() {
            findings.push(Finding::new(
                name,
                0,
                format!("`{dependency}`: versions and features stand in the root's Cargo.toml"),
            ));
        }
    }
}

fn too_long(name: &str, lines: usize, findings: &mut Vec<Finding>) {
    if lines > MAX_LINES {
        findings.push(Finding::new(
            name,
            0,
            format!("{lines} lines without its tests, more than {MAX_LINES}: split it"),
        ));
    }
}

fn numbered(content: &str) -> impl Iterator<Item = (usize, &str)> {
    content.lines().enumerate().map(|(index, text)| (index + 1, text))
}

/// Whether the words stand there and do not go on, as `: any` does in `: anywhere`.
fn contains_start(text: &str, words: &str) -> bool {
    let name = |character: char| character.is_alphanumeric() && words.ends_with(char::is_alphanumeric);
    text.match_indices(words).any(|(at, _)| !text[at + words.len()..].starts_with(name))
}

fn contains_word(text: &str, word: &str) -> bool {
    let part_of_a_name = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(part_of_a_name) && !text[at + word.len()..].starts_with(part_of_a_name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, content: &str) -> Vec<String> {
        check(name, content, false).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn unsafe_stays_in_the_agents_host() {
        let code = "fn f() { unsafe { g() } }";
        assert_eq!(found("media/link/src/a.rs", code).len(), 1);
        assert!(found("agent/host/src/a.rs", code).is_empty());
        assert!(found("media/link/src/a.rs", "#![forbid(unsafe_code)] // unsafe").is_empty());
    }

    #[test]
    fn operating_systems_stay_in_the_agents_host() {
        for code in ["#[cfg(target_os = \"linux\")]", "#[cfg(windows)]", "#[cfg(target_family = \"unix\")]"] {
            assert_eq!(found("service/src/a.rs", code).len(), 1, "{code}");
            assert!(found("agent/host/src/a.rs", code).is_empty());
        }
        assert!(found("media/screen/src/a.rs", "#[cfg(target_arch = \"wasm32\")] use a;").is_empty());
    }

    #[test]
    fn the_service_starts_no_process() {
        assert_eq!(found("service/src/a.rs", "use std::process::{Command, ExitCode};").len(), 1);
        assert_eq!(found("service/src/a.rs", "tokio::process::Command::new(name)").len(), 1);
        assert!(found("service/src/a.rs", "use std::process::ExitCode;").is_empty());
        assert!(found("service/tests/a.rs", "use std::process::Command;").is_empty());
    }

    #[test]
    fn bad_certificates_are_accepted_nowhere() {
        assert_eq!(found("service/tests/a.rs", "builder.danger_accept_invalid_certs(true)").len(), 1);
    }

    #[test]
    fn cores_read_no_clock_outside_their_tests() {
        let code = "fn f() { Instant::now(); }\n#[cfg(test)]\nmod tests { fn g() { Instant::now(); } }";
        assert_eq!(found("media/room/src/a.rs", code).len(), 1);
        assert!(found("media/server/src/a.rs", code).is_empty());
    }

    #[test]
    fn a_module_of_tests_in_a_file_of_its_own_is_a_test() {
        let parent = "mod a;\n#[cfg(test)]\nmod walk;\nfn f() {}";
        assert_eq!(test_modules("protocol/src/consent.rs", parent)[0], "protocol/src/consent/walk.rs");
        assert_eq!(test_modules("protocol/src/lib.rs", parent)[0], "protocol/src/walk.rs");
        assert!(check("protocol/src/walk.rs", "fn f() { Instant::now(); }", true).is_empty());
    }

    #[test]
    fn long_files_are_split_but_tests_do_not_count() {
        let code = "fn f() {}\n".repeat(MAX_LINES);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{code}}}\n");
        assert!(found("protocol/src/a.rs", &format!("{code}{tests}")).is_empty());
        assert_eq!(found("protocol/src/a.rs", &format!("{code}fn g() {{}}\n")).len(), 1);
        let lines = "let a;\n".repeat(MAX_LINES + 1);
        assert_eq!(found("web/kit/src/a.ts", &lines).len(), 1);
        assert!(
            found("web/kit/src/a.ts", &format!("{GENERATED}console/core. Do not edit.\n{lines}")).is_empty()
        );
        assert!(found("protocol/tests/a.rs", &code.repeat(2)).is_empty());
        assert_eq!(found("web/kit/src/a.ts", &"a();\n".repeat(601)).len(), 1);
    }

    #[test]
    fn words_of_absence_are_found() {
        assert_eq!(found("service/src/a.rs", "// It is not implemented.").len(), 1);
        assert_eq!(found("web/kit/src/a.ts", "throw new Error('not implemented')").len(), 1);
        assert!(found("service/src/a.rs", "// held for now").is_empty());
    }

    #[test]
    fn pages_write_text_nodes_only() {
        assert_eq!(found("web/kit/src/a.svelte", "{@html name}").len(), 1);
        assert_eq!(found("web/kit/src/a.ts", "let a: any = b").len(), 1);
        assert!(found("web/kit/src/a.test.ts", "let a: any = b").is_empty());
        assert!(found("web/kit/src/a.svelte", "overflow-wrap: anywhere").is_empty());
    }

    #[test]
    fn every_test_runs_and_none_sleeps() {
        assert_eq!(found("tests/e2e/a.test.mjs", "test.only('a')").len(), 1);
        assert_eq!(found("tests/e2e/a.test.mjs", "setTimeout(f, 5)").len(), 1);
        assert_eq!(found("service/tests/a.rs", "#[ignore] fn a() { std::thread::sleep(d) }").len(), 2);
        assert!(found("web/kit/src/a.ts", "limit.only(1); unit.skip(2)").is_empty());
        assert!(found("service/tests/a.rs", "#[ignore = \"a process of the other tests: ends\"]").is_empty());
    }

    #[test]
    fn manifests_take_versions_and_lints_from_the_root() {
        let good = "[lints]\nworkspace = true\n[dependencies]\na.workspace = true\n";
        assert!(found("media/room/Cargo.toml", good).is_empty());
        assert_eq!(found("media/room/Cargo.toml", "[dependencies]\na = \"1\"\nb = { git = \"x\" }").len(), 3);
    }

    #[test]
    fn folders_of_one_machine_are_not_named() {
        let place = format!("cd {ELSEWHERE}main");
        assert_eq!(found("README.md", &place).len(), 1);
        assert!(found("README.md", &format!("see src{ELSEWHERE}a")).is_empty());
    }
}
