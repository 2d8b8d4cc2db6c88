//! Latencies through the media service over impaired paths: what typing and scrolling feel like.
//!
//! `cargo run --release -p farhand-media-server --example paths [seconds] [name]`. The agent is near the service, the
//! viewer behind the path. Times are one way, from the agent's `send` to the viewer's event, in milliseconds.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use farhand_link::{LinkConfig, LinkEvent, LinkHandle, spawn};
use farhand_media_server::{MediaConfig, MediaServer};
use farhand_netem::{Direction, Netem, Outages, Path};
use farhand_protocol::ParticipantId;
use farhand_protocol::api::MediaOffer;
use farhand_protocol::envelope::{Head, SCREEN_HEAD_LEN, ScreenHead, Stream, flags};
use farhand_protocol::session::Role;
use farhand_room::{Ticket, TicketKey};
use tokio::sync::mpsc;

const AGENT: ParticipantId = 1;
const VIEWER: ParticipantId = 2;
const PIECE: usize = 15_000;
const MS: Duration = Duration::from_millis(1);

/// What the agent shows.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Workload {
    name: &'static str,
    /// Small frames, so many a second.
    keys: u32,
    /// Larger frames, so many a second, of these bytes.
    frames: u32,
    bytes: (usize, usize),
    /// Frames that may be on their way undrawn.
    window: u32,
    /// Frames become smaller and larger with the delay, as the agent's do.
    adapts: bool,
}

const WORKLOADS: [Workload; 4] = [
    Workload { name: "typing", keys: 12, frames: 0, bytes: (0, 0), window: 0, adapts: false },
    Workload { name: "scroll", keys: 0, frames: 60, bytes: (1_000, 6_000), window: 8, adapts: false },
    Workload { name: "typing+scroll", keys: 12, frames: 60, bytes: (1_000, 6_000), window: 8, adapts: false },
    Workload { name: "typing+video", keys: 12, frames: 30, bytes: (500, 60_000), window: 4, adapts: true },
];

fn paths() -> Vec<(&'static str, Direction)> {
    let plain = Direction { delay: 25 * MS, ..Direction::default() };
    let outages = Outages { length: 30 * MS, share: 0.05 };
    vec![
        ("loopback", Direction::default()),
        ("25 ms, 2 %", Direction { loss: 0.02, ..plain }),
        ("3 Mbit/s, 200 ms queue", Direction { bottleneck: Some((3_000_000, 200 * MS)), ..plain }),
        ("10 Mbit/s, 1 %", Direction { loss: 0.01, bottleneck: Some((10_000_000, 200 * MS)), ..plain }),
        ("outages 30 ms, 5 %", Direction { outages: Some(outages), ..plain }),
    ]
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(15);
    let only = arguments.next().unwrap_or_default();
    println!(
        "path                    workload       keys p50/p95/p99/max        frames p50/p95/p99/max      drawn   queue p95/max  lost"
    );
    for (name, direction) in paths() {
        for workload in WORKLOADS {
            if name.contains(&only) || workload.name.contains(&only) {
                measure(name, direction, workload, Duration::from_secs(seconds)).await;
            }
        }
    }
}

struct Ends {
    agent: LinkHandle,
    agent_events: mpsc::Receiver<LinkEvent>,
    viewer: LinkHandle,
    viewer_events: mpsc::Receiver<LinkEvent>,
    netem: Netem,
}

async fn ends(direction: Direction, server: &MediaServer, key: &TicketKey) -> Ends {
    let local: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    let netem = Netem::start(local, server.local_addr(), Path::both(direction), 5).expect("a port");
    let offer = |participant, role, port| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let expires_at = u64::try_from(now).unwrap_or(0) + 60_000;
        let session = "bench".to_owned();
        MediaOffer {
            ticket: key.sign(&Ticket { session, participant, role, expires_at }).expect("a possible ticket"),
            expires_at,
            port,
            host: Some("127.0.0.1".to_owned()),
            certificate_sha256: server.certificate_hashes(),
            webtransport_path: "/media".to_owned(),
            websocket_path: "/none".to_owned(),
        }
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let link = |offer| {
        let mut config = LinkConfig::new(offer, "127.0.0.1".to_owned(), 1, Arc::new(tls.clone()));
        config.timing.fall_back_after = Duration::from_secs(30);
        config.timing.connect_within = Duration::from_secs(30);
        spawn(config)
    };
    let (agent, mut agent_events) = link(offer(AGENT, Role::Agent, server.local_addr().port()));
    let (viewer, mut viewer_events) = link(offer(VIEWER, Role::Technician, netem.local_addr().port()));
    for events in [&mut agent_events, &mut viewer_events] {
        match events.recv().await {
            Some(LinkEvent::Connected { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    Ends { agent, agent_events, viewer, viewer_events, netem }
}

fn message(flags: u8, sequence: u32, frame: u32, start: Instant, body: usize) -> Bytes {
    let mut out = Vec::with_capacity(SCREEN_HEAD_LEN + body);
    Head { stream: Stream::Screen, flags, sender: AGENT, sequence }.write(&mut out);
    let captured_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    ScreenHead { frame, captured_us }.write(&mut out);
    out.resize(SCREEN_HEAD_LEN + body, 0);
    out.into()
}

async fn measure(path: &str, direction: Direction, workload: Workload, length: Duration) {
    let key = TicketKey::generate().expect("randomness");
    let local: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    let server = MediaServer::start(MediaConfig::new(local, key.clone())).await.expect("the service starts");
    let Ends { agent, mut agent_events, viewer, mut viewer_events, netem } =
        ends(direction, &server, &key).await;
    netem.clear_figures();
    let start = Instant::now();

    let viewing = tokio::spawn(async move {
        let (mut keys, mut frames, mut reset) = (Vec::new(), Vec::new(), 0u32);
        let mut feedback = 0;
        while let Some(event) = viewer_events.recv().await {
            let LinkEvent::Message { message, .. } = event else { break };
            let (Ok(head), Ok(screen)) = (Head::read(&message), ScreenHead::read(&message)) else { continue };
            if head.flags & flags::LAST == 0 {
                continue;
            }
            let took = start.elapsed().saturating_sub(Duration::from_micros(screen.captured_us));
            // The two kinds are told apart by their numbers.
            if screen.frame & 1 == 0 {
                keys.push(took);
                continue;
            }
            frames.push(took);
            reset += u32::from(head.flags & flags::RESET != 0);
            let mut drawn = Vec::new();
            Head { stream: Stream::Screen, flags: 0, sender: VIEWER, sequence: feedback }.write(&mut drawn);
            feedback += 1;
            drawn.extend_from_slice(&screen.frame.to_be_bytes());
            let _ = viewer.send(Stream::Screen, drawn.into());
        }
        (keys, frames, reset)
    });

    let mut sequence = 0;
    let mut send = |flags, frame, mut left: usize| {
        let (mut first, when) = (flags::FIRST, start);
        loop {
            let piece = left.min(PIECE);
            left -= piece;
            let last = if left == 0 { flags::LAST } else { 0 };
            let _ = agent.send(Stream::Screen, message(flags | first | last, sequence, frame, when, piece));
            sequence += 1;
            first = 0;
            if left == 0 {
                return;
            }
        }
    };
    send(flags::RESET, 0, 100);
    let mut random = 12_345u32;
    let mut pick = |from: usize, to: usize| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        from + (random >> 8) as usize % (to - from + 1)
    };
    let every = |rate: u32| if rate == 0 { Duration::from_secs(3600) } else { Duration::from_secs(1) / rate };
    let mut keys = tokio::time::interval(every(workload.keys));
    let mut frames = tokio::time::interval(every(workload.frames));
    let (mut key_number, mut frame_number, mut drawn, mut offered) = (2u32, 1u32, 0u32, 0u32);
    let (mut size, mut least, mut sent_at, mut bytes) = (8_000, Duration::MAX, VecDeque::new(), 0);
    let end = tokio::time::Instant::now() + length;
    loop {
        tokio::select! {
            () = tokio::time::sleep_until(end) => break,
            _ = keys.tick(), if workload.keys > 0 => {
                send(0, key_number, pick(150, 950));
                key_number += 2;
            }
            _ = frames.tick(), if workload.frames > 0 => {
                offered += 1;
                if (frame_number - drawn) / 2 < workload.window {
                    let length = if workload.adapts { size } else { pick(workload.bytes.0, workload.bytes.1) };
                    send(0, frame_number, length);
                    bytes += length;
                    sent_at.push_back((frame_number, Instant::now()));
                    frame_number += 2;
                }
            }
            event = agent_events.recv() => match event {
                Some(LinkEvent::Message { message, .. }) => {
                    if let Some(number) = message.last_chunk::<4>() {
                        drawn = drawn.max(u32::from_be_bytes(*number));
                        while let Some((_, at)) = sent_at.pop_front_if(|(number, _)| *number <= drawn) {
                            let took: Duration = at.elapsed();
                            least = least.min(took);
                            let queue = took - least;
                            if queue > 25 * MS {
                                size = size * 85 / 100;
                            } else if queue < 12 * MS {
                                size = size * 104 / 100;
                            }
                            size = size.clamp(workload.bytes.0, workload.bytes.1.max(workload.bytes.0));
                        }
                    }
                }
                Some(_) => {}
                None => break,
            },
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (_, figures) = netem.figures();
    server.shutdown().await;
    let (keys, frames, _) = viewing.await.expect("the viewer ends");
    let drawn = format!("{}/{offered}", frames.len());
    let mut waits = figures.waits;
    waits.sort_unstable();
    let queue = |share: f64| waits.get(at(waits.len(), share)).map_or(0, Duration::as_millis);
    println!(
        "{path:<23} {:<14} {:<27} {:<27} {drawn:<9} {:>3} / {:<3}    {} + {}  cuts {}  {} kbit/s",
        workload.name,
        quantiles(keys),
        quantiles(frames),
        queue(0.95),
        queue(1.0),
        figures.lost,
        figures.overflown,
        server.metrics().cuts,
        bytes as u64 * 8 / length.as_millis() as u64,
    );
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]
fn at(length: usize, share: f64) -> usize {
    ((length as f64 * share) as usize).min(length.saturating_sub(1))
}

fn quantiles(mut times: Vec<Duration>) -> String {
    if times.is_empty() {
        return "-".to_owned();
    }
    times.sort_unstable();
    let quantile = |share| times[at(times.len(), share)].as_secs_f64() * 1000.0;
    format!("{:.1} / {:.1} / {:.1} / {:.1}", quantile(0.5), quantile(0.95), quantile(0.99), quantile(1.0))
}
