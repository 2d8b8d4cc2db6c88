//! The congestion controller of every QUIC hop: it keeps queues short rather than pipes full.
//!
//! Support traffic is bursts of some packets with silence between them, and what counts is when the last packet of a
//! burst arrives. So a lost packet costs little (random loss says nothing about a queue), the window has a floor that a
//! burst fits into, and what shrinks the window, floor included, is delay.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn::congestion::{Controller, ControllerFactory, ControllerMetrics};
use quinn_proto::RttEstimator;

use super::gauge::Gauge;

/// What the controller holds to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalmConfig {
    /// Packets that may be in flight whatever is lost, as long as there is no queue.
    pub floor_packets: u64,
    /// Packets that may be in flight whatever the delay.
    pub least_packets: u64,
    /// The largest window, in bytes.
    pub largest_window: u64,
    /// Factor on a loss, at most once a round trip.
    pub on_loss: f64,
    /// Factor on delay, at most once a round trip.
    pub on_delay: f64,
    /// No growth above this queue.
    pub quiet_queue: Duration,
    /// The window falls above this queue.
    pub long_queue: Duration,
    /// Packets by which the window grows a round trip after the first loss or queue.
    pub step_packets: u64,
    /// The base round trip is the smallest of one to two of these.
    pub base_for: Duration,
    /// The present one is the smallest of one to two of these.
    pub recent_for: Duration,
    /// The window does not fall for a delay that fewer packets tell of.
    pub enough_samples: u32,
}

impl Default for CalmConfig {
    fn default() -> Self {
        Self {
            floor_packets: 40,
            least_packets: 6,
            largest_window: 16 * 1024 * 1024,
            on_loss: 0.85,
            on_delay: 0.85,
            quiet_queue: Duration::from_millis(10),
            long_queue: Duration::from_millis(25),
            step_packets: 3,
            base_for: Duration::from_secs(10),
            recent_for: Duration::from_millis(50),
            enough_samples: 4,
        }
    }
}

impl ControllerFactory for CalmConfig {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        Box::new(Calm::new(*self, now, current_mtu))
    }
}

/// The smallest round trip of the last while, from two buckets.
#[derive(Clone, Copy, Debug)]
struct Least {
    since: Instant,
    present: (Duration, u32),
    previous: (Duration, u32),
}

/// Of a bucket without a sample.
const NOTHING: (Duration, u32) = (Duration::MAX, 0);

impl Least {
    fn new(now: Instant) -> Self {
        Self { since: now, present: NOTHING, previous: NOTHING }
    }

    fn handle_sample(&mut self, sample: Duration, bucket: Duration, now: Instant) {
        let age = now.saturating_duration_since(self.since);
        if age > bucket {
            self.previous = if age > bucket * 2 { NOTHING } else { self.present };
            self.present = NOTHING;
            self.since = now;
        }
        self.present = (self.present.0.min(sample), self.present.1 + 1);
    }

    fn get(&self) -> Duration {
        self.present.0.min(self.previous.0)
    }

    fn samples(&self) -> u32 {
        self.present.1 + self.previous.1
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growth {
    /// Doubles each round trip.
    Start,
    /// By some packets each round trip.
    Steady,
}

/// The controller of one path.
#[derive(Clone, Debug)]
pub struct Calm {
    config: CalmConfig,
    packet: u64,
    window: u64,
    floor: u64,
    growth: Growth,
    acked: u64,
    base: Least,
    recent: Least,
    /// What even the quickest packet of late waited: a queue, and not the whim of a busy machine.
    queue: Duration,
    /// What packets waited on average.
    wait: Duration,
    /// Losses of packets sent before then are known already.
    lost_until: Instant,
    fell_at: Option<Instant>,
    floor_grew_at: Instant,
    gauge: Arc<Gauge>,
}

impl Calm {
    fn new(config: CalmConfig, now: Instant, mtu: u16) -> Self {
        let packet = u64::from(mtu);
        let floor = config.floor_packets * packet;
        let gauge = Arc::new(Gauge::default());
        gauge.set_window(floor);
        Self {
            config,
            packet,
            window: floor,
            floor,
            growth: Growth::Start,
            acked: 0,
            base: Least::new(now),
            recent: Least::new(now),
            queue: Duration::ZERO,
            wait: Duration::ZERO,
            lost_until: now,
            fell_at: None,
            floor_grew_at: now,
            gauge,
        }
    }

    /// The gauge that this controller keeps.
    #[must_use]
    pub fn gauge(&self) -> Arc<Gauge> {
        self.gauge.clone()
    }

    /// How long packets now wait on the way, as far as round trips tell.
    #[must_use]
    pub fn queue(&self) -> Duration {
        self.queue
    }

    fn set(&mut self, window: u64) {
        self.window = window.clamp(self.floor, self.config.largest_window);
        self.gauge.set_window(self.window);
    }

    fn handle_round_trip(&mut self, now: Instant, sample: Duration, smoothed: Duration) {
        self.base.handle_sample(sample, self.config.base_for, now);
        self.recent.handle_sample(sample, self.config.recent_for, now);
        self.queue = self.recent.get().saturating_sub(self.base.get());
        self.wait = smoothed.saturating_sub(self.base.get());
        if self.queue > self.config.long_queue && self.recent.samples() >= self.config.enough_samples {
            if self.fell_at.is_none_or(|at| now.saturating_duration_since(at) >= smoothed) {
                self.fell_at = Some(now);
                self.growth = Growth::Steady;
                let least = self.config.least_packets * self.packet;
                let fallen = scale(self.window, self.config.on_delay).max(least);
                self.floor = self.floor.min(fallen);
                self.set(fallen);
            }
        } else if self.queue < self.config.quiet_queue
            && now.saturating_duration_since(self.floor_grew_at) >= smoothed
        {
            self.floor_grew_at = now;
            self.floor = (self.floor + self.packet).min(self.config.floor_packets * self.packet);
            self.set(self.window);
        }
    }

    fn grow(&mut self, bytes: u64) {
        if self.wait > self.config.quiet_queue {
            self.growth = Growth::Steady;
            return;
        }
        match self.growth {
            Growth::Start => self.set(self.window + bytes),
            Growth::Steady => {
                self.acked += bytes * self.config.step_packets;
                if self.acked >= self.window {
                    self.acked -= self.window;
                    self.set(self.window + self.packet);
                }
            }
        }
    }
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn scale(bytes: u64, factor: f64) -> u64 {
    (bytes as f64 * factor) as u64
}

impl Controller for Calm {
    fn on_sent(&mut self, _now: Instant, bytes: u64, _last_packet_number: u64) {
        self.gauge.handle_sent(bytes);
    }

    fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, app_limited: bool, rtt: &RttEstimator) {
        // The estimator has taken out what the far side says that it held the answer back.
        let sample = now.saturating_duration_since(sent).min(rtt.conservative());
        self.handle_round_trip(now, sample, rtt.get());
        if !app_limited && sent > self.lost_until {
            self.grow(bytes);
        }
    }

    fn on_end_acks(&mut self, _now: Instant, _in_flight: u64, app_limited: bool, _largest: Option<u64>) {
        if app_limited {
            self.gauge.handle_idle();
        }
    }

    fn on_congestion_event(&mut self, now: Instant, sent: Instant, _is_persistent: bool, lost_bytes: u64) {
        self.gauge.handle_lost(lost_bytes);
        if sent <= self.lost_until {
            return;
        }
        self.lost_until = now;
        self.growth = Growth::Steady;
        self.set(scale(self.window, self.config.on_loss));
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        let packet = u64::from(new_mtu);
        self.floor = self.floor / self.packet.max(1) * packet;
        self.packet = packet;
        self.set(self.window);
    }

    fn window(&self) -> u64 {
        self.window
    }

    fn metrics(&self) -> ControllerMetrics {
        let mut metrics = ControllerMetrics::default();
        metrics.congestion_window = self.window;
        metrics
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }

    fn initial_window(&self) -> u64 {
        self.config.floor_packets * self.packet
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const MTU: u16 = 1200;

    fn floor() -> u64 {
        40 * u64::from(MTU)
    }

    fn calm(now: Instant) -> Calm {
        Calm::new(CalmConfig::default(), now, MTU)
    }

    /// One round trip in which a full window was acknowledged.
    fn round(calm: &mut Calm, now: &mut Instant, rtt: Duration) {
        for _ in 0..10 {
            *now += rtt / 10;
            calm.handle_round_trip(*now, rtt, rtt);
        }
        calm.grow(calm.window);
    }

    #[test]
    fn loss_alone_never_takes_the_window_below_its_floor() {
        let mut now = Instant::now();
        let mut calm = calm(now);
        for _ in 0..50 {
            now += 60 * MS;
            calm.on_congestion_event(now, now - MS, true, 1200);
        }
        assert_eq!(calm.window(), floor());
    }

    #[test]
    fn losses_of_one_flight_count_once() {
        let mut now = Instant::now();
        let mut calm = calm(now);
        for _ in 0..4 {
            round(&mut calm, &mut now, 50 * MS);
        }
        let before = calm.window();
        let sent = now - MS;
        for _ in 0..10 {
            calm.on_congestion_event(now, sent, false, 1200);
        }
        assert_eq!(calm.window(), scale(before, 0.85));
    }

    #[test]
    fn delay_takes_the_window_and_its_floor_down_and_quiet_brings_the_floor_back() {
        let mut now = Instant::now();
        let mut calm = calm(now);
        round(&mut calm, &mut now, 50 * MS);
        for _ in 0..30 {
            round(&mut calm, &mut now, 100 * MS);
        }
        assert_eq!(calm.window(), 6 * u64::from(MTU));
        for _ in 0..40 {
            round(&mut calm, &mut now, 50 * MS);
        }
        assert!(calm.window() >= floor(), "{}", calm.window());
    }

    #[test]
    fn the_window_does_not_grow_while_packets_wait() {
        let mut now = Instant::now();
        let mut calm = calm(now);
        round(&mut calm, &mut now, 50 * MS);
        let before = calm.window();
        for _ in 0..10 {
            round(&mut calm, &mut now, 65 * MS);
        }
        assert_eq!(calm.window(), before);
    }

    #[test]
    fn a_busy_machine_is_not_taken_for_a_queue() {
        let mut now = Instant::now();
        let mut calm = calm(now);
        round(&mut calm, &mut now, 5 * MS);
        let before = calm.window();
        // Most answers come late, but some do not.
        for at in 0..1000 {
            now += 2 * MS;
            let sample = if at % 10 == 0 { 6 * MS } else { 60 * MS };
            calm.handle_round_trip(now, sample, 50 * MS);
            calm.grow(1200);
        }
        assert_eq!(calm.window(), before);
    }

    #[test]
    fn a_lone_late_answer_is_not_taken_for_a_queue() {
        let mut now = Instant::now();
        let mut calm = calm(now);
        round(&mut calm, &mut now, 50 * MS);
        let before = calm.window();
        for _ in 0..100 {
            now += 83 * MS;
            calm.handle_round_trip(now, 90 * MS, 90 * MS);
        }
        assert_eq!(calm.window(), before);
    }

    #[test]
    fn a_longer_way_is_taken_for_the_way_after_a_while() {
        let mut now = Instant::now();
        let mut calm = calm(now);
        round(&mut calm, &mut now, 20 * MS);
        for _ in 0..400 {
            round(&mut calm, &mut now, 80 * MS);
        }
        assert!(calm.window() >= floor(), "{}", calm.window());
        assert_eq!(calm.queue(), Duration::ZERO);
    }
}
