//! `farhand`: the hosted service.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use farhand_service::config::{Config, Flags, LogFormat};
use farhand_service::serve::Service;
use farhand_service::{admin, audit, doctor, vault};
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
    /// Rotate the keys that seal what is kept.
    #[command(subcommand)]
    Keys(vault::command::Command),
    /// Make organisations, let an administrator in again, list and end sign-ins. May run beside the service.
    #[command(subcommand)]
    Admin(admin::Command),
    /// Show the mails that wait, with their links. May run beside the service.
    Outbox(admin::outbox::Arguments),
    /// Check or export the audit log.
    #[command(subcommand)]
    Audit(audit::command::Command),
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
            Command::Keys(command) => vault::command::run(command, environment()).await,
            Command::Admin(command) => admin::run(command, environment()).await,
            Command::Outbox(arguments) => admin::outbox::run(arguments, environment()).await,
            Command::Audit(command) => audit::command::run(command, environment()).await,
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
    let mut signals = Signals::listen();
    let started = tokio::select! {
        started = Service::start(config) => started,
        () = signals.one() => return ExitCode::SUCCESS,
    };
    let service = match started {
        Ok(service) => service,
        Err(error) => return complain(1, &error.to_string()),
    };
    announce(&service);
    signals.one().await;
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

/// What tells the service to end. Listened to from before it starts: whoever reads that it is ready may end it at once.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).expect("the signal can be listened to");
        Self { terminate: listen(SignalKind::terminate()), interrupt: listen(SignalKind::interrupt()) }
    }

    async fn one(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What tells the service to end.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    async fn one(&mut self) {
        tokio::signal::ctrl_c().await.ok();
    }
}

fn complain(code: u8, what: &str) -> ExitCode {
    eprintln!("farhand: {what}");
    ExitCode::from(code)
}
