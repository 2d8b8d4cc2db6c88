//! `cargo xtask tidy`: the rules of ARCHITECTURE.md and docs/adr that a program can check.

mod arrows;
mod dependencies;
mod licence;
mod mask;
mod text;

use std::collections::HashSet;
use std::fmt;

use anyhow::{Context, Result, bail};

use crate::shell;

/// One broken rule, at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// File, or crate.
    pub place: String,
    /// 1 and up; 0 where the whole file is meant.
    pub line: usize,
    /// What is wrong and what to do.
    pub what: String,
}

impl Finding {
    fn new(place: &str, line: usize, what: impl Into<String>) -> Self {
        Self { place: place.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.place, self.what),
            line => write!(f, "{}:{line}: {}", self.place, self.what),
        }
    }
}

/// Checks the tree and prints what is found; anything found is an error.
pub fn run() -> Result<()> {
    let findings = check()?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy");
            Ok(())
        }
        1 => bail!("one rule is broken"),
        many => bail!("{many} rules are broken"),
    }
}

fn check() -> Result<Vec<Finding>> {
    let root = shell::root();
    let read = |name: &str| {
        std::fs::read_to_string(root.join(name)).with_context(|| format!("{name} cannot be read"))
    };
    let mut findings = Vec::new();
    // What is no text (icons, fonts, a fuzz corpus) has no rules here.
    let texts: Vec<(String, String)> = shell::files()?
        .into_iter()
        .filter_map(|name| {
            let content = std::fs::read_to_string(root.join(&name)).ok()?;
            Some((name, content))
        })
        .collect();
    let tests: HashSet<String> = texts
        .iter()
        .filter(|(name, _)| name.ends_with(".rs"))
        .flat_map(|(name, content)| text::test_modules(name, content))
        .collect();
    for (name, content) in &texts {
        findings.extend(text::check(name, content, tests.contains(name)));
    }
    let metadata = shell::metadata(true)?;
    findings.extend(arrows::check(&metadata)?);
    findings.extend(dependencies::check(&metadata, &read("deny.toml")?)?);
    findings.extend(dependencies::npm("web/package-lock.json", &read("web/package-lock.json")?)?);
    findings.extend(dependencies::npm("tests/package-lock.json", &read("tests/package-lock.json")?)?);
    findings.sort();
    Ok(findings)
}
