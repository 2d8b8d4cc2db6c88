//! Whether the customer's screen is locked when the session is over. A technician may wish it who was given anything; the
//! customer's own word goes before that, either way.

use farhand_protocol::channel::Control;
use farhand_protocol::channel::at_end::{LockDone, LockWay, ScreenLock};

use super::Agent;
use crate::output::Output;

/// What was wished and chosen, and what this machine can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct AtEnd {
    way: LockWay,
    wished: bool,
    chosen: Option<bool>,
    done: LockDone,
}

impl AtEnd {
    fn told(self) -> ScreenLock {
        let wanted = self.way != LockWay::None && self.chosen.unwrap_or(self.wished);
        ScreenLock { way: self.way, wanted, by_customer: self.chosen.is_some(), done: self.done }
    }
}

impl Agent {
    /// The shell has found out how this machine's screen can be locked.
    pub fn handle_lock_way(&mut self, way: LockWay) {
        self.at_end(|at_end| at_end.way = way);
    }

    /// What came of [`Output::LockNow`].
    pub fn handle_locked(&mut self, done: LockDone) {
        self.at_end(|at_end| at_end.done = done);
    }

    /// Whether and how the screen is locked at the end.
    #[must_use]
    pub fn screen_lock(&self) -> ScreenLock {
        self.at_end.told()
    }

    pub(super) fn lock_wished(&mut self, lock: bool) {
        // Whoever was given nothing leaves nothing behind.
        if self.consent.granted().is_empty() {
            self.counters.consent_refused += 1;
            return;
        }
        self.at_end(|at_end| at_end.wished = lock);
    }

    pub(super) fn lock_chosen(&mut self, lock: bool) {
        self.at_end(|at_end| at_end.chosen = Some(lock));
    }

    /// The session is over.
    pub(super) fn lock_now(&mut self) {
        if self.at_end.told().wanted && self.at_end.done == LockDone::NotYet {
            self.outputs.push_back(Output::LockNow);
        }
    }

    pub(super) fn say_screen_lock(&mut self) {
        let lock = self.at_end.told();
        if lock != ScreenLock::default() {
            self.say(&Control::ScreenLock { lock });
        }
    }

    fn at_end(&mut self, change: impl FnOnce(&mut AtEnd)) {
        let before = self.at_end.told();
        change(&mut self.at_end);
        let lock = self.at_end.told();
        if lock != before {
            self.say(&Control::ScreenLock { lock });
            self.outputs.push_back(Output::ScreenLock(lock));
        }
    }
}
