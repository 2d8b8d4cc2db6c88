//! The impaired path as a program: prints where it listens as one JSON line, and runs until it is ended.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use farhand_netem::{Direction, Netem, Outages, Path};

/// An impaired path for UDP on loopback.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where datagrams go.
    #[arg(long)]
    target: SocketAddr,
    /// Milliseconds added each way.
    #[arg(long, default_value_t = 0.0)]
    delay_ms: f64,
    /// Percent of datagrams lost each way.
    #[arg(long, default_value_t = 0.0)]
    loss: f64,
    /// Kilobits a second each way; 0 is without limit.
    #[arg(long, default_value_t = 0)]
    rate_kbit: u64,
    /// The longest queue before the rate's limit, in milliseconds.
    #[arg(long, default_value_t = 200.0)]
    queue_ms: f64,
    /// Length of outages, in milliseconds; 0 is none.
    #[arg(long, default_value_t = 0.0)]
    outage_ms: f64,
    /// Percent of time that is outage.
    #[arg(long, default_value_t = 5.0)]
    outage_share: f64,
    /// Nothing gets through.
    #[arg(long)]
    blocked: bool,
    /// Only the first so many clients take the path, and later ones pass unhindered; 0 is all.
    #[arg(long, default_value_t = 0)]
    clients: usize,
    /// The same seed loses the same datagrams.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn milliseconds(value: f64) -> anyhow::Result<Duration> {
    Duration::try_from_secs_f64(value / 1000.0).context("a time is negative or too long")
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let queue = milliseconds(arguments.queue_ms)?;
    let length = milliseconds(arguments.outage_ms)?;
    let direction = Direction {
        delay: milliseconds(arguments.delay_ms)?,
        loss: arguments.loss / 100.0,
        bottleneck: (arguments.rate_kbit > 0).then_some((arguments.rate_kbit * 1000, queue)),
        outages: (!length.is_zero()).then_some(Outages { length, share: arguments.outage_share / 100.0 }),
        blocked: arguments.blocked,
    };
    let first_clients = (arguments.clients > 0).then_some(arguments.clients);
    let path = Path { first_clients, ..Path::both(direction) };
    let netem = Netem::start(arguments.listen, arguments.target, path, arguments.seed)
        .context("the path cannot be opened")?;
    println!("{{\"event\":\"ready\",\"listen\":\"{}\"}}", netem.local_addr());
    loop {
        std::thread::park();
    }
}
