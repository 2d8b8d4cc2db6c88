//! `farhand doctor`: says whether the service can run here, or whether a running one can be reached from here, and what
//! to do about what is wrong. It changes nothing.

mod local;
mod remote;

use std::process::ExitCode;

use serde::Serialize;

use crate::config::{Config, Flags};

/// The flags of `farhand doctor`.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Check from this machine the way to the service at this address, over TCP and UDP.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The fingerprint (SHA-256, hex) that the service printed, when its certificate is self-signed.
    #[arg(long, value_name = "HEX", requires = "server")]
    pub fingerprint: Option<String>,
    /// Print the findings as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    settings: Flags,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Works, but somebody should look at it.
    Doubtful,
    /// Does not work.
    Bad,
}

/// One check's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do; empty when nothing.
    pub remedy: String,
}

impl Finding {
    fn good(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Good, found: found.into(), remedy: String::new() }
    }

    fn doubtful(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Doubtful, found: found.into(), remedy: remedy.into() }
    }

    fn bad(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Bad, found: found.into(), remedy: remedy.into() }
    }
}

/// Runs the checks and prints them. The exit code is 1 when one is bad and 2 when the flags cannot be used.
pub async fn run(arguments: Arguments) -> ExitCode {
    let findings = match &arguments.server {
        Some(server) => remote::examine(server, arguments.fingerprint.as_deref()).await,
        None => {
            let environment =
                std::env::vars_os().filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?)));
            match Config::read(arguments.settings, environment) {
                Ok(config) => local::examine(&config).await,
                Err(error) => {
                    eprintln!("farhand: {error}");
                    return ExitCode::from(2);
                }
            }
        }
    };
    let text = if arguments.json { as_json(&findings) } else { as_text(&findings) };
    print!("{text}");
    ExitCode::from(u8::from(findings.iter().any(|f| f.verdict == Verdict::Bad)))
}

/// For programs.
#[must_use]
pub fn as_json(findings: &[Finding]) -> String {
    let mut text = serde_json::to_string_pretty(findings).expect("findings are plain data");
    text.push('\n');
    text
}

/// For people.
#[must_use]
pub fn as_text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let mark = match finding.verdict {
            Verdict::Good => '✓',
            Verdict::Doubtful => '!',
            Verdict::Bad => '✗',
        };
        text.push_str(&format!("{mark} {}: {}\n", finding.check, finding.found));
        if !finding.remedy.is_empty() {
            text.push_str(&format!("    → {}\n", finding.remedy));
        }
    }
    let bad = findings.iter().filter(|f| f.verdict == Verdict::Bad).count();
    text.push_str(&match bad {
        0 => "Everything that was looked at works.\n".to_owned(),
        1 => "One thing does not work.\n".to_owned(),
        more => format!("{more} things do not work.\n"),
    });
    text
}

#[cfg(test)]
mod tests;
