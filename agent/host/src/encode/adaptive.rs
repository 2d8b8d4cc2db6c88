//! Two encoders, of which the cheap one works until this machine has shown that it has time for the better one.

use std::time::{Duration, Instant};

use super::{EncoderOptions, FrameView, Rect, VideoEncoder, VideoError, VideoUnit};

/// Pictures over which time is averaged before anything is decided.
const TRIAL: u32 = 24;
/// The better codec takes about so many times as long as the cheap one.
const RATIO: u32 = 3;

/// Begins with the cheap encoder. When that has turned out to take less than a third of the time allowed, the better
/// one takes over with the next keyframe; when that then needs more than the time allowed, the cheap one returns for
/// good.
pub struct Adaptive {
    cheap: Box<dyn VideoEncoder + Send>,
    better: Box<dyn VideoEncoder + Send>,
    state: State,
    budget: Duration,
    clock: fn() -> Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The cheap one works and is measured.
    Measuring { pictures: u32, spent: Duration },
    /// The cheap one works and the better one takes over with the next keyframe.
    Promising,
    /// The better one works and is measured.
    Trying { pictures: u32, spent: Duration },
    /// The better one is too slow here: the cheap one takes over at once.
    TooSlow { restart: bool },
}

impl Adaptive {
    pub fn new(
        cheap: Box<dyn VideoEncoder + Send>,
        better: Box<dyn VideoEncoder + Send>,
        options: EncoderOptions,
        clock: fn() -> Instant,
    ) -> Self {
        let state = State::Measuring { pictures: 0, spent: Duration::ZERO };
        Self { cheap, better, state, budget: options.budget, clock }
    }

    fn is_better(&self) -> bool {
        match self.state {
            State::Trying { .. } => true,
            State::Measuring { .. } | State::Promising | State::TooSlow { .. } => false,
        }
    }

    fn after(state: State, took: Duration, budget: Duration) -> State {
        match state {
            State::Measuring { pictures, spent } => {
                let (pictures, spent) = (pictures + 1, spent + took);
                if pictures < TRIAL {
                    State::Measuring { pictures, spent }
                } else if spent * RATIO < budget * pictures {
                    State::Promising
                } else {
                    State::Measuring { pictures: 0, spent: Duration::ZERO }
                }
            }
            State::Promising => State::Promising,
            State::Trying { pictures, spent } => {
                let (pictures, spent) = (pictures + 1, spent + took);
                if pictures < TRIAL {
                    State::Trying { pictures, spent }
                } else if spent < budget * pictures {
                    State::Trying { pictures: 0, spent: Duration::ZERO }
                } else {
                    State::TooSlow { restart: true }
                }
            }
            State::TooSlow { .. } => State::TooSlow { restart: false },
        }
    }
}

impl VideoEncoder for Adaptive {
    fn codec(&self) -> u8 {
        if self.is_better() { self.better.codec() } else { self.cheap.codec() }
    }

    fn encode(
        &mut self,
        frame: FrameView<'_>,
        region: Rect,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<VideoUnit, VideoError> {
        if keyframe && self.state == State::Promising {
            self.state = State::Trying { pictures: 0, spent: Duration::ZERO };
        }
        let restart = self.state == State::TooSlow { restart: true };
        let start = (self.clock)();
        let encoder = if self.is_better() { &mut self.better } else { &mut self.cheap };
        let unit = encoder.encode(frame, region, keyframe || restart, out);
        let took = (self.clock)().saturating_duration_since(start);
        // A keyframe takes many times as long as what follows and is rare.
        if !keyframe {
            self.state = Self::after(self.state, took, self.budget);
        }
        unit
    }

    fn set_rate(&mut self, bits_per_second: u32) {
        self.cheap.set_rate(bits_per_second);
        self.better.set_rate(bits_per_second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: FrameView<'_> = FrameView { pixels: &[0; 16 * 16 * 4], stride: 64, width: 16, height: 16 };
    const REGION: Rect = Rect { x: 0, y: 0, w: 16, h: 16 };

    thread_local! {
        static NOW: std::cell::Cell<Option<Instant>> = const { std::cell::Cell::new(None) };
    }

    fn now() -> Instant {
        NOW.with(|now| {
            let instant = now.get().unwrap_or_else(Instant::now);
            now.set(Some(instant));
            instant
        })
    }

    struct Slow {
        codec: u8,
        takes: Duration,
    }

    impl VideoEncoder for Slow {
        fn codec(&self) -> u8 {
            self.codec
        }

        fn encode(
            &mut self,
            _: FrameView<'_>,
            region: Rect,
            keyframe: bool,
            out: &mut Vec<u8>,
        ) -> Result<VideoUnit, VideoError> {
            NOW.with(|clock| clock.set(Some(now() + self.takes)));
            Ok(VideoUnit { ticket: 0, region, codec: self.codec, keyframe, data: out.len()..out.len() })
        }

        fn set_rate(&mut self, _: u32) {}
    }

    fn adaptive(cheap_ms: u64, better_ms: u64) -> Adaptive {
        let slow = |codec, ms| Box::new(Slow { codec, takes: Duration::from_millis(ms) });
        let options = EncoderOptions { budget: Duration::from_millis(16), ..EncoderOptions::default() };
        Adaptive::new(slow(1, cheap_ms), slow(2, better_ms), options, now)
    }

    fn run(adaptive: &mut Adaptive, pictures: u32) -> VideoUnit {
        let mut last = None;
        for _ in 0..pictures {
            last = Some(adaptive.encode(FRAME, REGION, false, &mut Vec::new()).unwrap());
        }
        last.unwrap()
    }

    #[test]
    fn a_fast_machine_takes_the_better_codec_with_the_next_keyframe() {
        let mut adaptive = adaptive(3, 12);
        assert_eq!(run(&mut adaptive, TRIAL + 5).codec, 1, "no keyframe, no change");
        let unit = adaptive.encode(FRAME, REGION, true, &mut Vec::new()).unwrap();
        assert_eq!((unit.codec, unit.keyframe), (2, true));
        assert_eq!(run(&mut adaptive, 10 * TRIAL).codec, 2);
    }

    #[test]
    fn a_slow_machine_keeps_the_cheap_codec() {
        let mut adaptive = adaptive(9, 30);
        run(&mut adaptive, 5 * TRIAL);
        assert_eq!(adaptive.encode(FRAME, REGION, true, &mut Vec::new()).unwrap().codec, 1);
    }

    #[test]
    fn a_better_codec_that_turns_out_too_slow_is_left_for_good_by_a_keyframe() {
        let mut adaptive = adaptive(3, 30);
        run(&mut adaptive, TRIAL);
        assert_eq!(adaptive.encode(FRAME, REGION, true, &mut Vec::new()).unwrap().codec, 2);
        run(&mut adaptive, TRIAL);
        let unit = run(&mut adaptive, 1);
        assert_eq!((unit.codec, unit.keyframe), (1, true));
        let unit = run(&mut adaptive, 3 * TRIAL);
        assert_eq!((unit.codec, unit.keyframe), (1, false));
        assert_eq!(adaptive.encode(FRAME, REGION, true, &mut Vec::new()).unwrap().codec, 1);
    }
}
