//! What each message of a viewer does, once its head is accepted. Every effect passes the gate first.

use std::time::{Duration, Instant};

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::{Control, Input, Pointer, ScreenFeedback};
use farhand_protocol::consent::Remote;
use farhand_protocol::rights::Right;

use super::{Agent, OWN_POSITIONS};
use crate::keyboard::PressRefused;
use crate::output::{Inject, Output};

/// The most that one turn of the wheel turns, in its units of 120 a notch.
const MAX_WHEEL: i32 = 120 * 50;

impl Agent {
    pub(super) fn control(&mut self, sender: ParticipantId, message: Control, now: Instant) {
        match message {
            Control::Ask { rights } => {
                self.used(now);
                self.asker = sender;
                self.remote(Remote::Ask { rights }, now);
            }
            Control::GiveUp { rights } => self.remote(Remote::GiveUp { rights }, now),
            Control::End => self.remote(Remote::End, now),
            Control::Ping { nonce } => self.say(&Control::Pong { nonce }),
            Control::Pong { .. } => {
                if let Some(technician) = self.technicians.get_mut(&sender) {
                    technician.answers_pings = true;
                }
            }
            Control::ReceiptSigned { signed } => {
                self.outputs.push_back(Output::ReceiptSigned { sender, signed });
            }
            // An agent's own messages mean nothing from a viewer.
            Control::Consent { .. }
            | Control::Cursor { .. }
            | Control::CursorAt { .. }
            | Control::Notice { .. }
            | Control::Receipt { .. } => self.counters.malformed += 1,
            Control::Unknown => {}
        }
    }

    fn used(&mut self, now: Instant) {
        if let Some(limits) = &mut self.limits {
            limits.handle_use(now);
        }
    }

    pub(super) fn input(&mut self, sender: ParticipantId, input: Input, now: Instant) {
        self.used(now);
        match input {
            Input::Key { usage, down } => {
                // A release is let through to the keyboard always: it can only let go of what was pressed.
                if down && !self.may_inject() {
                    return;
                }
                let pressed = self.keyboard.key(sender, usage, down);
                self.press(pressed);
            }
            Input::Button { button, down, x, y } => {
                if down && !self.may_inject() {
                    return;
                }
                if self.consent.permits(Right::Control) && self.prompt.is_none() {
                    self.move_pointer(x, y, now);
                }
                let pressed = self.keyboard.button(sender, button, down);
                self.press(pressed);
            }
            Input::Wheel { dx, dy, x, y } => {
                if self.may_inject() {
                    self.move_pointer(x, y, now);
                    let (dx, dy) = (dx.clamp(-MAX_WHEEL, MAX_WHEEL), dy.clamp(-MAX_WHEEL, MAX_WHEEL));
                    self.outputs.push_back(Output::Inject(Inject::Wheel { dx, dy }));
                }
            }
            Input::Text { text } => {
                if self.may_inject() {
                    self.outputs.push_back(Output::Inject(Inject::Text(text)));
                }
            }
            Input::ReleaseAll => self.release(sender),
            Input::Unknown => {}
        }
    }

    pub(super) fn pointer(&mut self, pointer: Pointer, now: Instant) {
        self.used(now);
        if self.may_inject() {
            self.move_pointer(pointer.x, pointer.y, now);
        }
    }

    pub(super) fn feedback(&mut self, sender: ParticipantId, feedback: ScreenFeedback, now: Instant) {
        match feedback {
            ScreenFeedback::Drawn { frame, draw_us } => {
                let draw = Duration::from_micros(u64::from(draw_us));
                if self.pacer.handle_drawn(sender, frame, draw, now) {
                    self.outputs.push_back(Output::ScreenOpen);
                }
            }
            ScreenFeedback::Reset => {
                self.pacer.handle_ready(sender, now);
                self.reset_wanted = true;
                self.send_cursor();
                self.outputs.push_back(Output::ScreenOpen);
            }
            ScreenFeedback::CodecRefused { codec } => self.outputs.push_back(Output::CodecRefused(codec)),
            ScreenFeedback::Unknown => {}
        }
    }

    /// The gate for keys and pointer. While a prompt is shown nothing is injected at all, or the technician could
    /// press Allow.
    fn may_inject(&mut self) -> bool {
        if !self.link_up || !self.consent.permits(Right::Control) {
            self.counters.input_without_right += 1;
            return false;
        }
        if self.prompt.is_some() {
            self.counters.input_during_prompt += 1;
            return false;
        }
        true
    }

    fn press(&mut self, pressed: Result<Option<Inject>, PressRefused>) {
        match pressed {
            Ok(Some(inject)) => {
                if self.keyboard.holders().is_empty() {
                    self.pinged = None;
                }
                self.outputs.push_back(Output::Inject(inject));
            }
            Ok(None) => {}
            Err(PressRefused::UnknownKey) => self.counters.unknown_keys += 1,
            Err(PressRefused::TooMany) => self.counters.over_limit += 1,
        }
    }

    fn move_pointer(&mut self, x: i32, y: i32, now: Instant) {
        let (width, height) = self.size;
        if width == 0 || height == 0 {
            return;
        }
        let most = |length: u32| i32::try_from(length - 1).unwrap_or(i32::MAX);
        let (x, y) = (x.clamp(0, most(width)), y.clamp(0, most(height)));
        if self.own_positions.len() >= OWN_POSITIONS {
            self.own_positions.pop_front();
        }
        self.own_positions.push_back((now, x, y));
        self.outputs.push_back(Output::Inject(Inject::Pointer { x, y }));
    }
}
