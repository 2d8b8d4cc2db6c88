use super::*;

const MS: Duration = Duration::from_millis(1);

struct Path {
    pacer: Pacer,
    start: Instant,
    now: Instant,
}

impl Path {
    fn new() -> Self {
        let now = Instant::now();
        let mut pacer = Pacer::new();
        pacer.handle_ready(1, now);
        Self { pacer, start: now, now }
    }

    fn go(&mut self) -> bool {
        matches!(self.pacer.admit(0, self.now), Admission::Go(_))
    }

    fn send(&mut self, bytes: usize) -> u32 {
        assert!(self.go(), "admitted");
        self.pacer.handle_sent(bytes, self.now)
    }

    /// Sends as fast as admitted for `span` over a path of `trip` and `bits` a second; returns frames sent and the
    /// longest time that one took.
    fn run(&mut self, span: Duration, trip: Duration, bits: f64, bytes: usize) -> (u32, Duration) {
        let mut free_at = self.now;
        let mut flying: VecDeque<(Instant, u32, Instant)> = VecDeque::new();
        let (mut frames, mut longest) = (0, Duration::ZERO);
        let end = self.now + span;
        while self.now < end {
            while let Some(&(at, frame, sent)) = flying.front() {
                if at > self.now {
                    break;
                }
                flying.pop_front();
                longest = longest.max(at - sent);
                self.pacer.handle_drawn(1, frame, MS, self.now);
            }
            if self.go() {
                let frame = self.pacer.handle_sent(bytes, self.now);
                frames += 1;
                free_at = free_at.max(self.now) + Duration::from_secs_f64(bytes as f64 * 8.0 / bits);
                flying.push_back((free_at + trip, frame, self.now));
            }
            self.now += MS;
        }
        (frames, longest)
    }
}

#[test]
fn nobody_looks_nothing_goes() {
    let now = Instant::now();
    assert_eq!(Pacer::new().admit(0, now), Admission::NoViewer);
    let mut path = Path::new();
    assert!(path.go());
    path.pacer.handle_gone(1);
    assert_eq!(path.pacer.admit(0, now), Admission::NoViewer);
}

#[test]
fn four_frames_go_and_the_fifth_waits_for_an_acknowledgement() {
    let mut path = Path::new();
    for frame in 0..MIN_WINDOW {
        assert_eq!(path.send(1000), frame);
        path.now += MS * 12;
    }
    let Admission::NotBefore(at) = path.pacer.admit(0, path.now) else { panic!("waits") };
    assert!(at > path.now + MS * 100);
    assert!(path.pacer.handle_drawn(1, 1, MS, path.now));
    assert!(path.go());
}

#[test]
fn a_lost_acknowledgement_does_not_stop_the_stream() {
    let mut path = Path::new();
    let first = path.send(1000);
    path.now += MS * 12;
    path.pacer.handle_drawn(1, first, MS, path.now);
    for _ in 0..MIN_WINDOW {
        path.now += MS * 12;
        path.send(1000);
    }
    path.now += MS * 12;
    let Admission::NotBefore(at) = path.pacer.admit(0, path.now) else { panic!("waits") };
    assert_eq!(path.pacer.reopened(), 0);
    path.now = at;
    assert!(path.go());
    assert_eq!(path.pacer.reopened(), 1);
    assert!(at - path.start < MS * 700, "within max(4 × round trip, 500 ms) of the last acknowledgement");
}

#[test]
fn a_slow_viewer_never_holds_the_fast_one() {
    let mut path = Path::new();
    path.pacer.handle_ready(2, path.now);
    for _ in 0..50 {
        let frame = path.send(1000);
        path.now += MS * 12;
        path.pacer.handle_drawn(1, frame, MS, path.now);
        // The slow one says that it is alive, and is far behind.
        path.pacer.handle_drawn(2, 0, MS, path.now);
    }
    assert!(path.go());
}

#[test]
fn a_viewer_that_says_nothing_stops_the_capture_until_it_speaks_again() {
    let mut path = Path::new();
    path.send(1000);
    let silent = path.pacer.silent_at().expect("a frame is under way");
    assert_eq!(silent - path.now, SILENT_AFTER);
    path.now = silent;
    assert_eq!(path.pacer.admit(0, path.now), Admission::NoViewer);
    path.pacer.handle_heard(1, path.now);
    assert!(path.go());
}

#[test]
fn a_still_screen_does_not_make_a_viewer_silent() {
    let mut path = Path::new();
    let frame = path.send(1000);
    path.pacer.handle_drawn(1, frame, MS, path.now + MS);
    assert_eq!(path.pacer.silent_at(), None);
    path.now += Duration::from_secs(600);
    assert!(path.go());
}

#[test]
fn acknowledgements_of_frames_that_were_never_sent_are_counted_and_ignored() {
    let mut path = Path::new();
    path.send(1000);
    for frame in [1, 2, 1000, u32::MAX / 2 - 2] {
        assert!(!path.pacer.handle_drawn(1, frame, MS, path.now), "{frame}");
    }
    assert_eq!(path.pacer.impossible(), 4);
    assert!(!path.pacer.handle_drawn(9, 0, MS, path.now), "not a viewer");
    assert!(path.pacer.handle_drawn(1, 0, MS, path.now));
}

#[test]
fn frame_numbers_wrap() {
    let mut path = Path::new();
    path.pacer.next_frame = u32::MAX - 1;
    for _ in 0..4 {
        let frame = path.send(100);
        path.now += MS * 12;
        assert!(path.pacer.handle_drawn(1, frame, MS, path.now), "{frame}");
    }
    assert_eq!(path.pacer.next_frame, 2);
    assert_eq!(path.pacer.impossible(), 0);
}

#[test]
fn the_window_fills_a_long_path() {
    let mut path = Path::new();
    let (frames, _) = path.run(Duration::from_secs(5), MS * 200, 100e6, 2000);
    assert!(frames > 5 * 40, "{frames} frames in 5 s at 200 ms");
}

#[test]
fn a_narrow_path_gets_no_long_queue() {
    let mut path = Path::new();
    path.run(Duration::from_secs(3), MS * 50, 3e6, 8000);
    let (frames, longest) = path.run(Duration::from_secs(5), MS * 50, 3e6, 8000);
    assert!(longest < MS * (50 + 21 + 60), "a frame took {longest:?}");
    let used = f64::from(frames) * 8000.0 * 8.0 / 5.0;
    assert!(used > 0.6 * 3e6, "{used} bits a second used of 3 Mbit/s");
}

#[test]
fn the_rate_comes_back_after_a_narrow_time() {
    let mut path = Path::new();
    path.run(Duration::from_secs(3), MS * 20, 2e6, 6000);
    let narrow = path.pacer.rate();
    assert!(narrow < 4_000_000, "{narrow}");
    path.run(Duration::from_secs(10), MS * 20, 200e6, 6000);
    assert!(path.pacer.rate() > 20_000_000, "{}", path.pacer.rate());
}

#[test]
fn a_full_link_is_waited_for() {
    let mut path = Path::new();
    path.run(Duration::from_secs(3), MS * 20, 2e6, 6000);
    path.now += Duration::from_secs(1);
    assert!(matches!(path.pacer.admit(64 * 1024, path.now), Admission::NotBefore(_)));
    assert!(matches!(path.pacer.admit(1024, path.now), Admission::Go(_)));
}

#[test]
fn a_claimed_drawing_time_cannot_hide_the_path() {
    let mut path = Path::new();
    let frame = path.send(100);
    path.pacer.handle_drawn(1, frame, Duration::from_secs(3600), path.now + MS * 40);
    assert_eq!(path.pacer.round_trip(), Some(MS * 20));
}

#[test]
fn frames_a_second_are_bounded() {
    let mut path = Path::new();
    let (frames, _) = path.run(Duration::from_secs(2), Duration::ZERO, 1e9, 100);
    assert!(f64::from(frames) <= 2.0 * MAX_FPS + BURST + 1.0, "{frames}");
    assert!(f64::from(frames) >= 2.0 * 60.0, "{frames}");
}

#[test]
fn what_has_arrived_is_not_owed_any_more() {
    let mut path = Path::new();
    // Still for long, then a large frame over a viewer that is slow to draw: the rate falls.
    for _ in 0..20 {
        let frame = path.send(200);
        path.now += MS * 3;
        path.pacer.handle_drawn(1, frame, MS, path.now);
        path.now += MS * 100;
    }
    let frame = path.send(400_000);
    path.now += MS * 90;
    path.pacer.handle_drawn(1, frame, MS, path.now);
    assert!(path.pacer.rate() < 100_000_000, "{}", path.pacer.rate());
    assert!(path.go(), "the next frame goes at once");
}

#[test]
fn a_viewer_on_a_busy_machine_still_gets_frames() {
    let mut path = Path::new();
    path.run(Duration::from_secs(1), MS * 3, 1e9, 300);
    // Every acknowledgement takes 45 ms now, whatever is sent.
    let (frames, _) = path.run(Duration::from_secs(5), MS * 45, 1e9, 20_000);
    assert!(frames > 5 * 20, "{frames} frames in 5 s");
}

#[test]
fn the_codec_is_told_how_long_heavy_frames_take() {
    let mut path = Path::new();
    path.run(Duration::from_secs(1), MS * 25, 3e6, 300);
    path.now += MS * 700;
    let frame = path.send(200_000);
    path.now += MS * 560;
    path.pacer.handle_drawn(1, frame, MS, path.now);
    path.now += MS * 150;
    let Admission::Go(pressure) = path.pacer.admit(0, path.now) else { panic!("admitted") };
    assert!(pressure.backlog > MS * 400, "{pressure:?}");
    path.now += HEAVY_FOR;
    let Admission::Go(pressure) = path.pacer.admit(0, path.now) else { panic!("admitted") };
    assert!(pressure.backlog < MS * 15, "{pressure:?}");
}
