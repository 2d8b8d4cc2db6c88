//! The customer's desktop as far as it is shared: which part of it the picture shows, where technicians may press, and
//! what they are told of monitors.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
use farhand_protocol::ParticipantId;
use farhand_protocol::channel::monitors::{Area, Choice, Monitors, Share};
use farhand_protocol::channel::{self, Button, Control};
use farhand_protocol::envelope::Stream;
use farhand_protocol::rights::Right;

use super::{Agent, OWN_POSITIONS};
use crate::output::{Inject, Output};

/// A press counts only when whoever presses has seen the present part of the desktop for so long: nobody aims faster,
/// and what was pressed on the picture before it must not strike what lies there now.
const SETTLES: Duration = Duration::from_millis(50);
/// Where the pointer is told to be when it is outside of what is shared.
const OUTSIDE: (i32, i32) = (-10_000, -10_000);

/// What the shell found of the desktop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskSeen {
    /// What technicians are told.
    pub monitors: Monitors,
    /// Parts of the desktop that the picture does not show although they lie in its area: nobody presses there unseen.
    pub blocked: Vec<Area>,
    /// Whether keys would go to something that is shared.
    pub keys: bool,
}

#[derive(Debug, Default)]
pub(super) struct Desk {
    area: Area,
    /// The first frame that shows this area; `None` where every frame that anybody has shows it.
    since: Option<u32>,
    /// Who has drawn it, and since when.
    drawn: BTreeMap<ParticipantId, Instant>,
    /// While buttons are held, places are counted from the area of the first press: a window that is dragged would run
    /// away from the hand otherwise.
    held: BTreeSet<(ParticipantId, Button)>,
    held_in: Area,
    seen: Option<DeskSeen>,
    told: Option<Bytes>,
    /// The pointer was told to be outside.
    outside: bool,
}

impl Agent {
    /// The picture shows this part of the desktop, as every frame did that was sent so far.
    pub fn handle_area(&mut self, area: Area) {
        if self.desk.area != area {
            self.desk.area = area;
            self.desk.since = None;
        }
    }

    /// The part of the desktop that the picture shows: places from technicians count from its corner.
    #[must_use]
    pub fn area(&self) -> Area {
        self.desk.area
    }

    /// This frame is the first that shows another part of the desktop, if it does.
    pub(super) fn area_of_frame(&mut self, area: Area, frame: u32) {
        if self.desk.area == area {
            return;
        }
        let before = std::mem::replace(&mut self.desk.area, area);
        let window =
            self.desk.seen.as_ref().is_some_and(|seen| matches!(seen.monitors.share, Share::Window { .. }));
        // A window that was moved looks the same as before, and the same places of it are meant.
        if window && (before.width, before.height) == (area.width, area.height) {
            return;
        }
        self.desk.since = Some(frame);
        self.desk.drawn.clear();
    }

    /// A viewer has drawn everything up to this frame.
    pub(super) fn area_drawn(&mut self, sender: ParticipantId, frame: u32, now: Instant) {
        if let Some(since) = self.desk.since
            && frame.wrapping_sub(since) < 1 << 31
        {
            self.desk.drawn.entry(sender).or_insert(now);
        }
    }

    /// Monitors, windows or what is shared of them changed.
    pub fn handle_desk(&mut self, seen: DeskSeen) {
        let kept_from = |seen: &DeskSeen| !seen.keys || seen.monitors.paused;
        if kept_from(&seen) && !self.desk.seen.as_ref().is_some_and(kept_from) {
            // What is held went to something that was shared; its release must not go elsewhere later.
            self.release_all();
        }
        let mut body = Vec::new();
        channel::encode(&Control::Monitors { monitors: seen.monitors.clone() }, &mut body);
        let body = Bytes::from(body);
        self.desk.seen = Some(seen);
        if self.desk.told.as_ref() != Some(&body) {
            self.desk.told = Some(body);
            self.send_monitors();
        }
    }

    /// Whether control pauses, for a window is in front in which nobody but the customer acts.
    #[must_use]
    pub fn is_paused_by_window(&self) -> bool {
        self.desk.seen.as_ref().is_some_and(|seen| seen.monitors.paused)
    }

    pub(super) fn send_monitors(&mut self) {
        if let Some(body) = self.desk.told.clone()
            && self.may_capture()
        {
            self.send(Stream::Control, &body);
        }
    }

    pub(super) fn show_monitor(&mut self, sender: ParticipantId, choice: Choice, now: Instant) {
        self.used(now);
        // One picture goes to everybody: only who has the session itself chooses.
        if self.colleagues.contains_key(&sender) {
            return;
        }
        match choice {
            Choice::All | Choice::One { .. } | Choice::Pointer if self.permits(Right::View, sender) => {
                self.outputs.push_back(Output::ShowMonitor(choice));
            }
            Choice::All | Choice::One { .. } | Choice::Pointer => self.counters.input_without_right += 1,
            Choice::Unknown => {}
        }
    }

    /// Whether keys and text may go where they would go now; control was looked at before.
    pub(super) fn keys_are_shared(&mut self) -> bool {
        let may = self.desk.seen.as_ref().is_none_or(|seen| seen.keys && !seen.monitors.paused);
        self.counters.input_outside += u64::from(!may);
        may
    }

    /// Whether the customer chose neither a screen nor a window.
    pub(super) fn shares_everything(&self) -> bool {
        self.desk.seen.as_ref().is_none_or(|seen| seen.monitors.share == Share::Everything)
    }

    /// Whether the pointer may go anywhere and press there: then it can be moved by steps, too.
    pub(super) fn everything_is_shared(&mut self) -> bool {
        let may = self.desk.seen.as_ref().is_none_or(|seen| {
            seen.monitors.share == Share::Everything && seen.blocked.is_empty() && !seen.monitors.paused
        });
        self.counters.input_outside += u64::from(!may);
        may
    }

    /// The place of the desktop that a place of the picture is, if the technician may press there now; otherwise what
    /// they do is dropped, and counted.
    pub(super) fn place_on_desktop(
        &mut self,
        sender: ParticipantId,
        x: i32,
        y: i32,
        now: Instant,
    ) -> Option<(i32, i32)> {
        let place = self.find_place(sender, x, y, now);
        self.counters.input_outside += u64::from(place.is_none());
        place
    }

    /// The place of the desktop that a place of the picture is, if the technician may press there now.
    pub(super) fn find_place(
        &self,
        sender: ParticipantId,
        x: i32,
        y: i32,
        now: Instant,
    ) -> Option<(i32, i32)> {
        let desk = &self.desk;
        let drags = desk.held.iter().any(|(holder, _)| *holder == sender);
        if desk.since.is_some() && !drags {
            let drawn = desk.drawn.get(&sender)?;
            if now.saturating_duration_since(*drawn) < SETTLES {
                return None;
            }
        }
        let area = if drags { desk.held_in } else { desk.area };
        let along = |at: i32, start: i32, length: u32| {
            let most = i32::try_from(length.checked_sub(1)?).unwrap_or(i32::MAX);
            Some(start.saturating_add(at.clamp(0, most)))
        };
        let (x, y) = (along(x, area.x, area.width)?, along(y, area.y, area.height)?);
        if let Some(seen) = &desk.seen {
            let hidden = seen.blocked.iter().any(|part| part.contains(x, y));
            if hidden || seen.monitors.paused || is_away(seen.monitors.share) {
                return None;
            }
        }
        Some((x, y))
    }

    /// A button of `sender` goes down or up, and was let through.
    pub(super) fn button_held(&mut self, sender: ParticipantId, button: Button, down: bool) {
        let desk = &mut self.desk;
        if down {
            if desk.held.is_empty() {
                desk.held_in = desk.area;
            }
            desk.held.insert((sender, button));
        } else {
            desk.held.remove(&(sender, button));
        }
    }

    /// Buttons were let go: of `sender`, or of everybody.
    pub(super) fn buttons_let_go(&mut self, sender: Option<ParticipantId>) {
        match sender {
            Some(sender) => self.desk.held.retain(|(holder, _)| *holder != sender),
            None => self.desk.held.clear(),
        }
    }

    /// Moves the pointer to a place of the desktop.
    pub(super) fn move_pointer(&mut self, (x, y): (i32, i32), now: Instant) {
        if self.own_positions.len() >= OWN_POSITIONS {
            self.own_positions.pop_front();
        }
        self.own_positions.push_back((now, x, y));
        self.outputs.push_back(Output::Inject(Inject::Pointer { x, y }));
    }

    /// Tells where the pointer is by other hands, within the picture; that it is elsewhere, once.
    pub(super) fn tell_cursor(&mut self, x: i32, y: i32) {
        let area = self.desk.area;
        let inside = area.contains(x, y);
        if !inside && std::mem::replace(&mut self.desk.outside, true) {
            return;
        }
        self.desk.outside = !inside;
        let (x, y) = if inside { (x - area.x, y - area.y) } else { OUTSIDE };
        self.say(&Control::CursorAt { x, y });
    }
}

const fn is_away(share: Share) -> bool {
    match share {
        Share::Everything | Share::Unknown => false,
        Share::Monitor { here } | Share::Window { here } => !here,
    }
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
