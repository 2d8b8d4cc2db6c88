//! When a frame is captured, and how it is sent.

use std::time::{Duration, Instant};

use bytes::Bytes;
use farhand_protocol::channel::monitors::Area;
use farhand_protocol::envelope::Stream;
use farhand_protocol::screen::{self, FrameMeta};

use super::Agent;
use crate::pacer::{Admission, Pressure};

/// Whole frames at most this often; a viewer that asks more often gets the next one then.
pub(super) const RESET_EVERY: Duration = Duration::from_millis(250);

/// What the screen thread does next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    /// Nobody may see or nobody looks: give the capturer back until [`Output::ScreenOpen`] or [`Output::Consent`].
    Stop,
    /// Nothing until something happens, or until this time.
    Wait(Option<Instant>),
    /// Capture, encode and hand the frame to [`Agent::handle_frame`].
    Go {
        /// For the codec.
        pressure: Pressure,
        /// The frame must be a whole one.
        reset: bool,
    },
}

/// An encoded frame.
#[derive(Clone, Copy, Debug)]
pub struct FrameReady<'a> {
    /// What the codec wrote.
    pub payload: &'a [u8],
    /// It needs no earlier frame.
    pub reset: bool,
    /// After it nothing lossy is on the screen.
    pub exact: bool,
    /// Microseconds on the agent's monotonic clock.
    pub captured_us: u64,
    /// The part of the desktop that it shows.
    pub area: Area,
}

impl Agent {
    /// What the screen thread does now. `damage` says whether the screen has changed since the last frame; `backlog`
    /// is what the link has not yet put on the wire, in bytes.
    pub fn screen_turn(&mut self, damage: bool, backlog: usize, now: Instant) -> Turn {
        if !self.may_capture() || !self.pacer.has_viewer(now) {
            return Turn::Stop;
        }
        let mut reset = false;
        let mut wake = self.pacer.silent_at();
        if self.reset_wanted {
            match self.reset_given.map(|at| at + RESET_EVERY).filter(|due| *due > now) {
                Some(due) => wake = Some(wake.map_or(due, |at| at.min(due))),
                None => reset = true,
            }
        }
        if !damage && !reset {
            return Turn::Wait(wake);
        }
        match self.pacer.admit(backlog, now) {
            Admission::Go(pressure) => Turn::Go { pressure, reset },
            Admission::NotBefore(at) => Turn::Wait(Some(wake.map_or(at, |wake| wake.min(at)))),
            Admission::NoViewer => Turn::Stop,
        }
    }

    /// A frame is encoded: cuts it and sends it, if it still may be seen. Otherwise says `false`, and the next frame
    /// must be a whole one.
    pub fn handle_frame(&mut self, frame: FrameReady<'_>, now: Instant, mut send: impl FnMut(Bytes)) -> bool {
        if !self.may_capture() {
            self.counters.frames_withheld += 1;
            self.reset_wanted = true;
            return false;
        }
        if frame.reset {
            self.reset_wanted = false;
            self.reset_given = Some(now);
        }
        let number = self.pacer.handle_sent(frame.payload.len(), now);
        self.area_of_frame(frame.area, number);
        let meta = FrameMeta {
            frame: number,
            captured_us: frame.captured_us,
            reset: frame.reset,
            exact: frame.exact,
        };
        let me = self.senders.me();
        let sequence = self.senders.sequence_mut(Stream::Screen);
        for message in screen::cut(frame.payload, meta, me, sequence) {
            send(Bytes::from(message));
        }
        true
    }

    /// The link did not take the last frame whole: a whole one is due, as soon as that may be.
    pub fn handle_frame_lost(&mut self) {
        self.reset_wanted = true;
    }
}
