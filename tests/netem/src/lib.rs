//! An impaired path for UDP on loopback: delay, loss, rate, queue and outages, from a seed.
//!
//! [`Netem::start`] listens on a port of its own and passes datagrams between whoever sends there and one target.
//! Threads and blocking sockets, not a runtime: a datagram leaves within some tens of microseconds of its time.
#![forbid(unsafe_code)]

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const LARGEST_DATAGRAM: usize = 65_536;
/// How soon a thread notices that the path is gone.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Waits of this many datagrams are kept for the figures.
const SAMPLES: usize = 1_000_000;

/// Times without anything getting through, placed at random.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outages {
    /// How long each lasts.
    pub length: Duration,
    /// The share of time that they take, from 0 to 1.
    pub share: f64,
}

/// One direction of the path.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Direction {
    /// Added to each datagram.
    pub delay: Duration,
    /// The share of datagrams that are lost, from 0 to 1.
    pub loss: f64,
    /// Bits a second, and the longest wait for them: what would wait longer is dropped.
    pub bottleneck: Option<(u64, Duration)>,
    /// Outages.
    pub outages: Option<Outages>,
    /// Nothing gets through.
    pub blocked: bool,
}

/// Both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Path {
    /// From the clients to the target.
    pub up: Direction,
    /// From the target to the clients.
    pub down: Direction,
    /// Only the first so many clients take the path, and later ones pass unhindered: when several programs are given
    /// the same address and one of them is to be far away. `None` is all.
    pub first_clients: Option<usize>,
}

impl Path {
    /// The same in both directions.
    #[must_use]
    pub fn both(direction: Direction) -> Self {
        Self { up: direction, down: direction, first_clients: None }
    }

    /// Nothing gets through.
    #[must_use]
    pub fn blocked() -> Self {
        Self::both(Direction { blocked: true, ..Direction::default() })
    }
}

/// What one direction did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Datagrams passed on.
    pub passed: u64,
    /// Their bytes, as UDP carries them.
    pub bytes: u64,
    /// Datagrams lost by chance, outage or block.
    pub lost: u64,
    /// Datagrams that found the queue full.
    pub overflown: u64,
    /// How long each of the passed ones waited for the bottleneck.
    pub waits: Vec<Duration>,
}

/// SplitMix64: enough for a die, and the same everywhere.
#[derive(Debug)]
struct Random(u64);

impl Random {
    /// From 0 to below 1.
    #[allow(clippy::cast_precision_loss)]
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[derive(Debug)]
struct Way {
    direction: Direction,
    random: Random,
    free_at: Instant,
    outage: Option<(Instant, Instant)>,
    figures: Figures,
}

impl Way {
    fn new(direction: Direction, seed: u64, now: Instant) -> Self {
        Self { direction, random: Random(seed), free_at: now, outage: None, figures: Figures::default() }
    }

    /// When the datagram arrives, or `None` when it does not.
    fn handle_datagram(&mut self, length: usize, now: Instant) -> Option<Instant> {
        let die = self.random.next();
        if self.direction.blocked || die < self.direction.loss || self.is_out(now) {
            self.figures.lost += 1;
            return None;
        }
        let mut leaves = now;
        if let Some((rate, longest)) = self.direction.bottleneck {
            let takes = Duration::from_nanos(length as u64 * 8 * 1_000_000_000 / rate.max(1));
            let starts = self.free_at.max(now);
            let wait = starts - now;
            if wait > longest {
                self.figures.overflown += 1;
                return None;
            }
            if self.figures.waits.len() < SAMPLES {
                self.figures.waits.push(wait);
            }
            self.free_at = starts + takes;
            leaves = self.free_at;
        }
        self.figures.passed += 1;
        self.figures.bytes += length as u64;
        Some(leaves + self.direction.delay)
    }

    fn is_out(&mut self, now: Instant) -> bool {
        let Some(Outages { length, share }) = self.direction.outages else { return false };
        if share <= 0.0 || length.is_zero() {
            return false;
        }
        loop {
            match self.outage {
                Some((from, until)) if now < until => return now >= from,
                Some(_) | None => {
                    // The gaps are uniform around the length that gives the share.
                    let gap = length.as_secs_f64() * (1.0 - share) / share * 2.0 * self.random.next();
                    let after = self.outage.map_or(now, |(_, until)| until);
                    let from = after + Duration::from_secs_f64(gap);
                    self.outage = Some((from, from + length));
                }
            }
        }
    }
}

#[derive(Debug)]
struct Waiting {
    at: Instant,
    number: u64,
    socket: Arc<UdpSocket>,
    to: SocketAddr,
    datagram: Vec<u8>,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

#[derive(Debug)]
struct State {
    up: Way,
    down: Way,
    waiting: BinaryHeap<Reverse<Waiting>>,
    number: u64,
    first_clients: Option<usize>,
    clients_seen: usize,
    clients: HashMap<SocketAddr, Client>,
}

/// How the target knows a client.
#[derive(Clone, Debug)]
struct Client {
    socket: Arc<UdpSocket>,
    hindered: bool,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    stopped: AtomicBool,
    target: SocketAddr,
    front: Arc<UdpSocket>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn push(&self, up: bool, hindered: bool, socket: Arc<UdpSocket>, to: SocketAddr, datagram: Vec<u8>) {
        if !hindered {
            // A datagram that the system does not take is lost, as datagrams are.
            let _ = socket.send_to(&datagram, to);
            return;
        }
        let now = Instant::now();
        let mut state = self.lock();
        let way = if up { &mut state.up } else { &mut state.down };
        let Some(at) = way.handle_datagram(datagram.len(), now) else { return };
        state.number += 1;
        let number = state.number;
        state.waiting.push(Reverse(Waiting { at, number, socket, to, datagram }));
        drop(state);
        self.changed.notify_one();
    }
}

/// A running path. It ends when it is dropped.
#[derive(Debug)]
pub struct Netem {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl Netem {
    /// Passes datagrams between `listen` (port 0 takes any) and `target`. The same seed loses the same datagrams.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub fn start(listen: SocketAddr, target: SocketAddr, path: Path, seed: u64) -> io::Result<Self> {
        let front = Arc::new(open(listen)?);
        let address = front.local_addr()?;
        let now = Instant::now();
        let state = State {
            up: Way::new(path.up, seed, now),
            down: Way::new(path.down, seed ^ 0x5555_5555, now),
            waiting: BinaryHeap::new(),
            number: 0,
            first_clients: path.first_clients,
            clients_seen: 0,
            clients: HashMap::new(),
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            stopped: AtomicBool::new(false),
            target,
            front,
        });
        let (sender, reader) = (shared.clone(), shared.clone());
        thread::Builder::new().name("netem-send".into()).spawn(move || send(&sender))?;
        thread::Builder::new().name("netem-front".into()).spawn(move || read_front(&reader))?;
        Ok(Self { shared, address })
    }

    /// Where clients send to.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Changes the path for datagrams that come from now on.
    pub fn set(&self, path: Path) {
        let mut state = self.shared.lock();
        state.up.direction = path.up;
        state.down.direction = path.down;
    }

    /// From now on the target sees the clients come from other ports, as after a change of network.
    pub fn move_clients(&self) {
        self.shared.lock().clients.clear();
    }

    /// What was done so far, up and down.
    #[must_use]
    pub fn figures(&self) -> (Figures, Figures) {
        let state = self.shared.lock();
        (state.up.figures.clone(), state.down.figures.clone())
    }

    /// Counts anew.
    pub fn clear_figures(&self) {
        let mut state = self.shared.lock();
        state.up.figures = Figures::default();
        state.down.figures = Figures::default();
    }
}

impl Drop for Netem {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        self.shared.changed.notify_all();
    }
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_read_timeout(Some(LOOK_EVERY))?;
    Ok(socket)
}

fn read_front(shared: &Arc<Shared>) {
    let mut buffer = vec![0; LARGEST_DATAGRAM];
    while !shared.is_stopped() {
        let Ok((length, client)) = shared.front.recv_from(&mut buffer) else { continue };
        let Some(Client { socket, hindered }) = client_of(shared, client) else { continue };
        shared.push(true, hindered, socket, shared.target, buffer[..length].to_vec());
    }
}

/// How the target knows the client with this address.
fn client_of(shared: &Arc<Shared>, address: SocketAddr) -> Option<Client> {
    let mut state = shared.lock();
    if let Some(client) = state.clients.get(&address) {
        return Some(client.clone());
    }
    let socket = Arc::new(open((Ipv4Addr::LOCALHOST, 0).into()).ok()?);
    let hindered = state.first_clients.is_none_or(|first| state.clients_seen < first);
    let client = Client { socket: socket.clone(), hindered };
    state.clients_seen += 1;
    state.clients.insert(address, client.clone());
    drop(state);
    let reader = shared.clone();
    let read = move || {
        let mut buffer = vec![0; LARGEST_DATAGRAM];
        while !reader.is_stopped() {
            let Ok((length, _)) = socket.recv_from(&mut buffer) else { continue };
            reader.push(false, hindered, reader.front.clone(), address, buffer[..length].to_vec());
        }
    };
    thread::Builder::new().name("netem-back".into()).spawn(read).ok()?;
    Some(client)
}

fn send(shared: &Shared) {
    let mut state = shared.lock();
    while !shared.is_stopped() {
        let now = Instant::now();
        match state.waiting.peek() {
            Some(Reverse(first)) if first.at <= now => {
                let Some(Reverse(due)) = state.waiting.pop() else { continue };
                drop(state);
                // A datagram that the system does not take is lost, as datagrams are.
                let _ = due.socket.send_to(&due.datagram, due.to);
                state = shared.lock();
            }
            first => {
                let pause = first.map_or(LOOK_EVERY, |Reverse(first)| first.at - now);
                let waited = shared.changed.wait_timeout(state, pause);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_same_seed_loses_the_same_datagrams() {
        let now = Instant::now();
        let direction = Direction { loss: 0.02, ..Direction::default() };
        let lost = |seed| {
            let mut way = Way::new(direction, seed, now);
            (0..10_000).map(|_| way.handle_datagram(100, now).is_none()).collect::<Vec<_>>()
        };
        assert_eq!(lost(1), lost(1));
        assert_ne!(lost(1), lost(2));
        let share = lost(1).iter().filter(|lost| **lost).count();
        assert!((150..250).contains(&share), "{share}");
    }

    #[test]
    fn a_bottleneck_delays_and_then_drops() {
        let now = Instant::now();
        let direction =
            Direction { bottleneck: Some((1_000_000, 100 * MS)), delay: 5 * MS, ..Direction::default() };
        let mut way = Way::new(direction, 1, now);
        let arrivals: Vec<_> = (0..20).map(|_| way.handle_datagram(1250, now)).collect();
        for (at, arrival) in arrivals.iter().take(11).enumerate() {
            assert_eq!(*arrival, Some(now + 10 * MS * (u32::try_from(at).unwrap() + 1) + 5 * MS));
        }
        assert!(arrivals[11..].iter().all(Option::is_none));
        assert_eq!(way.figures.overflown, 9);
    }

    #[test]
    fn outages_take_their_share_of_time() {
        let start = Instant::now();
        let outages = Outages { length: 30 * MS, share: 0.05 };
        let mut way = Way::new(Direction { outages: Some(outages), ..Direction::default() }, 3, start);
        let out = (0..100_000u32).filter(|at| way.handle_datagram(1, start + *at * MS).is_none()).count();
        assert!((4_000..6_000).contains(&out), "{out}");
    }

    #[test]
    fn later_clients_pass_unhindered() {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let target = UdpSocket::bind(local(0)).unwrap();
        target.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let path = Path { first_clients: Some(1), ..Path::blocked() };
        let netem = Netem::start(local(0), target.local_addr().unwrap(), path, 1).unwrap();
        let clients = [UdpSocket::bind(local(0)).unwrap(), UdpSocket::bind(local(0)).unwrap()];
        clients[0].send_to(b"first", netem.local_addr()).unwrap();
        clients[1].send_to(b"second", netem.local_addr()).unwrap();
        let mut buffer = [0; 16];
        let (length, _) = target.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"second");
        assert_eq!(netem.figures().0.lost, 1);
    }

    #[test]
    fn datagrams_pass_both_ways_and_a_blocked_path_passes_none() {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let target = UdpSocket::bind(local(0)).unwrap();
        target.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let netem = Netem::start(local(0), target.local_addr().unwrap(), Path::default(), 1).unwrap();
        let client = UdpSocket::bind(local(0)).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut buffer = [0; 16];
        client.send_to(b"ping", netem.local_addr()).unwrap();
        let (length, from) = target.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"ping");
        target.send_to(b"pong", from).unwrap();
        let (length, from) = client.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from), (&b"pong"[..], netem.local_addr()));
        netem.set(Path::blocked());
        client.send_to(b"lost", netem.local_addr()).unwrap();
        while netem.figures().0.lost == 0 {
            thread::yield_now();
        }
        netem.set(Path::default());
        client.send_to(b"last", netem.local_addr()).unwrap();
        let (length, _) = target.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"last");
    }
}
