//! What each message of a viewer does, once its head is accepted. Every effect passes the gate first.

use std::time::{Duration, Instant};

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::together::Wish;
use farhand_protocol::channel::{Control, Input, Pointer, ScreenFeedback};
use farhand_protocol::consent::Remote;
use farhand_protocol::rights::Right;

use super::Agent;
use crate::keyboard::PressRefused;
use crate::output::{Inject, Output};

/// The most that one turn of the wheel turns, in its units of 120 a notch.
const MAX_WHEEL: i32 = 120 * 50;
/// The most pixels that one message moves the pointer by.
const MAX_POINTER_BY: i32 = 4096;

impl Agent {
    pub(super) fn control(&mut self, sender: ParticipantId, message: Control, now: Instant) {
        match message {
            Control::Ask { rights } if self.colleagues.contains_key(&sender) => {
                self.used(now);
                self.colleague_remote(sender, Remote::Ask { rights }, now);
            }
            Control::GiveUp { rights } if self.colleagues.contains_key(&sender) => {
                self.colleague_remote(sender, Remote::GiveUp { rights }, now);
            }
            // A colleague's end is their own.
            Control::End if self.colleagues.contains_key(&sender) => self.part_with(sender),
            // Their part is over.
            Control::Ask { .. } | Control::GiveUp { .. } | Control::End if self.put_out.contains(&sender) => {
                self.counters.consent_refused += 1;
            }
            Control::Together { message } => self.together(sender, message),
            Control::Wish { wish } => self.wish(sender, &wish, now),
            Control::Ask { rights } => {
                self.used(now);
                self.asker = sender;
                self.remote(Remote::Ask { rights }, now);
            }
            Control::GiveUp { rights } => self.remote(Remote::GiveUp { rights }, now),
            Control::End => self.remote(Remote::End, now),
            Control::Ping { nonce } => {
                self.measured(sender, now);
                self.say(&Control::Pong { nonce });
                // Before the first key is held it has to be known that silence would mean something.
                if self.technicians.get(&sender).is_some_and(|technician| !technician.answers_pings) {
                    self.say(&Control::Ping { nonce: 0 });
                }
            }
            Control::Pong { .. } => {
                if let Some(technician) = self.technicians.get_mut(&sender) {
                    technician.answers_pings = true;
                }
            }
            Control::ReceiptSigned { signed } => {
                self.outputs.push_back(Output::ReceiptSigned { sender, signed });
            }
            Control::ShowMonitor { choice } => self.show_monitor(sender, choice, now),
            // An agent's own messages mean nothing from a viewer.
            Control::Consent { .. }
            | Control::Monitors { .. }
            | Control::Cursor { .. }
            | Control::CursorAt { .. }
            | Control::Notice { .. }
            | Control::ScreenLock { .. }
            | Control::Restart { .. }
            | Control::Receipt { .. } => self.counters.malformed += 1,
            Control::Unknown => {}
        }
    }

    /// What a technician would like, which takes no right.
    fn wish(&mut self, sender: ParticipantId, wish: &Wish, now: Instant) {
        // One picture goes to everybody: only who has the session itself chooses.
        if self.colleagues.contains_key(&sender) || self.put_out.contains(&sender) {
            return;
        }
        match wish {
            Wish::Picture { prefer } => self.outputs.push_back(Output::Prefer(*prefer)),
            Wish::LockAtEnd { lock } => self.lock_wished(*lock),
            Wish::Restart => self.restart_wished(sender, now),
            Wish::Unknown => {}
        }
    }

    pub(super) fn used(&mut self, now: Instant) {
        if let Some(limits) = &mut self.limits {
            limits.handle_use(now);
        }
    }

    pub(super) fn input(&mut self, sender: ParticipantId, input: Input, now: Instant) {
        self.used(now);
        match input {
            Input::Key { usage, down } => {
                // A release is let through to the keyboard always: it can only let go of what was pressed.
                if down && !(self.may_inject(sender) && self.keys_are_shared()) {
                    return;
                }
                let pressed = self.keyboard.key(sender, usage, down);
                self.press(pressed);
            }
            Input::Button { button, down, x, y } => {
                if down && !self.may_inject(sender) {
                    return;
                }
                if self.permits(Right::Control, sender) && !self.is_asking() {
                    // A release lets go wherever it is: nothing of it is dropped.
                    let place = if down {
                        self.place_on_desktop(sender, x, y, now)
                    } else {
                        self.find_place(sender, x, y, now)
                    };
                    match place {
                        Some(place) => self.move_pointer(place, now),
                        None if down => return,
                        None => {}
                    }
                }
                self.button_held(sender, button, down);
                let pressed = self.keyboard.button(sender, button, down);
                self.press(pressed);
            }
            Input::Wheel { dx, dy, x, y } => {
                if self.may_inject(sender)
                    && let Some(place) = self.place_on_desktop(sender, x, y, now)
                {
                    self.move_pointer(place, now);
                    let (dx, dy) = (dx.clamp(-MAX_WHEEL, MAX_WHEEL), dy.clamp(-MAX_WHEEL, MAX_WHEEL));
                    self.outputs.push_back(Output::Inject(Inject::Wheel { dx, dy }));
                }
            }
            Input::ButtonHere { button, down } => {
                if down && !(self.may_inject(sender) && self.everything_is_shared()) {
                    return;
                }
                self.button_held(sender, button, down);
                let pressed = self.keyboard.button(sender, button, down);
                self.press(pressed);
            }
            Input::WheelHere { dx, dy } => {
                if self.may_inject(sender) && self.everything_is_shared() {
                    let (dx, dy) = (dx.clamp(-MAX_WHEEL, MAX_WHEEL), dy.clamp(-MAX_WHEEL, MAX_WHEEL));
                    self.outputs.push_back(Output::Inject(Inject::Wheel { dx, dy }));
                }
            }
            Input::Text { text } => {
                if self.may_inject(sender) && self.keys_are_shared() {
                    self.typist = Some(sender);
                    self.outputs.push_back(Output::Inject(Inject::Text(text)));
                }
            }
            Input::Letter { letter } => {
                let mut characters = letter.chars();
                if let (Some(letter), None) = (characters.next(), characters.next())
                    && self.may_inject(sender)
                    && self.keys_are_shared()
                {
                    self.outputs.push_back(Output::Inject(Inject::Letter(letter)));
                }
            }
            Input::StopText => {
                if self.typist == Some(sender) {
                    self.stop_typing();
                }
            }
            Input::PointerBy { dx, dy } => {
                if self.may_inject(sender) && self.everything_is_shared() {
                    let within = |by: i32| by.clamp(-MAX_POINTER_BY, MAX_POINTER_BY);
                    let (dx, dy) = (within(dx), within(dy));
                    self.outputs.push_back(Output::Inject(Inject::PointerBy { dx, dy }));
                }
            }
            Input::ReleaseAll => self.release(sender),
            Input::Unknown => {}
        }
    }

    pub(super) fn pointer(&mut self, sender: ParticipantId, pointer: Pointer, now: Instant) {
        self.used(now);
        if self.may_inject(sender)
            && let Some(place) = self.place_on_desktop(sender, pointer.x, pointer.y, now)
        {
            self.move_pointer(place, now);
        }
    }

    pub(super) fn feedback(&mut self, sender: ParticipantId, feedback: ScreenFeedback, now: Instant) {
        match feedback {
            ScreenFeedback::Drawn { frame, draw_us } => {
                let draw = Duration::from_micros(u64::from(draw_us));
                self.area_drawn(sender, frame, now);
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
    fn may_inject(&mut self, sender: ParticipantId) -> bool {
        if !self.link_up || !self.permits(Right::Control, sender) {
            self.counters.input_without_right += 1;
            return false;
        }
        if self.is_asking() || self.files.question().is_some() {
            self.counters.input_during_prompt += 1;
            return false;
        }
        true
    }

    /// Whether the customer is asked something in front of everything else.
    pub(super) const fn is_asking(&self) -> bool {
        self.prompt.is_some() || self.restart.is_asking()
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
}
