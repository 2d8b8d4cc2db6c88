//! `farhand`: the hosted service.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use farhand_service::config::{Config, Flags, LogFormat};
use farhand_service::doctor;
use farhand_service::serve::Service;
use tracing_subscriber::EnvFilter;

/// Remote support that people can trust: the service.
#[derive(Parser)]
#[command(name = "farhand", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service.
    Serve(Flags),
    /// Check that the service can run here, or that a running one can be reached.
    Doctor(doctor::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return complain(1, &format!("The operating system gives no threads to run on: {error}"));
        }
    };
    let code = runtime.block_on(async {
        match arguments.command {
            Command::Serve(flags) => serve(flags).await,
            Command::Doctor(arguments) => doctor::run(arguments).await,
        }
    });
    // What hangs in the background does not hold up the end.
    runtime.shutdown_background();
    code
}

async fn serve(flags: Flags) -> ExitCode {
    let config = match Config::read(flags, environment()) {
        Ok(config) => config,
        Err(error) => return complain(2, &error.to_string()),
    };
    if let Err(error) = log(&config) {
        return complain(2, &error);
    }
    let service = match Service::start(config).await {
        Ok(service) => service,
        Err(error) => return complain(1, &error.to_string()),
    };
    announce(&service);
    signal().await;
    service.stop().await;
    ExitCode::SUCCESS
}

/// The machine-readable line on standard output; what people need on standard error.
fn announce(service: &Service) {
    let ready = service.ready();
    let line = serde_json::to_string(ready).expect("the line is plain data");
    // Whoever started the service may have closed its output; that is no reason to stop.
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).ok();
    eprintln!("Farhand is ready: {}", ready.url);
    eprintln!("Certificate fingerprint (SHA-256): {}", ready.fingerprint);
    if let Some(link) = &ready.setup_url {
        eprintln!("Open this link once to make your organisation and its first administrator:\n  {link}");
    }
    if let Some(demo) = service.demo() {
        eprintln!("Demo technician: {}  password: {}", demo.email, demo.password);
    }
}

fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn log(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log_filter).map_err(|e| {
        format!(
            "log_filter {:?} cannot be used: {e}. Write it like info or farhand_service=debug.",
            config.log_filter
        )
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log {
        LogFormat::Text => builder.with_ansi(false).init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("the signal can be listened to");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    tokio::signal::ctrl_c().await.ok();
}

fn complain(code: u8, what: &str) -> ExitCode {
    eprintln!("farhand: {what}");
    ExitCode::from(code)
}
