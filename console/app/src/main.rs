//! `farhand-console`: the technician's pages in windows of their own. What it does is in `farhand-console-core`; here
//! are the windows, and what else of the desktop it uses.
#![forbid(unsafe_code)]

mod commands;
mod keyring;
mod menu;
mod pages;
mod platform;
mod shell;
mod start;
mod strings;
mod tray;
mod windows;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

/// Farhand's console: help somebody by seeing and controlling their screen, with their consent.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Arguments {
    /// What to show: farhand://session/ID.
    address: Option<String>,
    /// Address of the service; it is asked for otherwise.
    #[arg(long, env = "FARHAND_SERVER")]
    server: Option<String>,
    /// SHA-256 of the service's certificate in hex: this certificate is trusted and no other.
    #[arg(long, env = "FARHAND_FINGERPRINT", requires = "server")]
    fingerprint: Option<String>,
    /// Where settings, the windows' places and the pages' storage are kept; in the person's own folder otherwise.
    #[arg(long, env = "FARHAND_CONSOLE_DATA")]
    data: Option<PathBuf>,
    /// Who draws the customer's screen in the window.
    #[arg(long, env = "FARHAND_CONSOLE_PAINTING", value_enum, default_value_t)]
    painting: Painting,
}

/// Who draws the customer's screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Painting {
    /// The page where there is no graphics device, the worker otherwise.
    #[default]
    Auto,
    /// The page.
    Page,
    /// The renderer's worker.
    Worker,
}

fn main() -> ExitCode {
    platform::begin();
    match start::run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("farhand-console: {error:#}");
            ExitCode::FAILURE
        }
    }
}
