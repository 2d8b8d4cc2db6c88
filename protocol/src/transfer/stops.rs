//! What the console has ended, and the agent may not have heard: while no link stood, or on one that broke.

use std::collections::VecDeque;

use crate::channel::files::FileEnd;

/// What was said so long before a cut was heard, in milliseconds: a link that is gone is noticed sooner.
pub const HEARD_MS: u64 = 20_000;
/// Ends that are remembered; the oldest is given up first.
pub const MAX_STOPS: usize = 20_000;

#[derive(Clone, Copy, Debug)]
struct Stop {
    transfer: u32,
    why: FileEnd,
    /// When it was said last; nothing while nobody could be reached.
    said: Option<u64>,
}

/// See the module. Times are milliseconds on a clock that never goes back.
#[derive(Debug, Default)]
pub struct Stops {
    list: VecDeque<Stop>,
}

impl Stops {
    /// A file is over, which was said at this time, or not at all.
    pub fn add(&mut self, transfer: u32, why: FileEnd, said: Option<u64>) {
        if let Some(now) = said {
            self.forget(now);
        }
        if self.list.len() >= MAX_STOPS {
            self.list.pop_front();
        }
        self.list.push_back(Stop { transfer, why, said });
    }

    /// The agent can be reached again: what is to be said now.
    pub fn say(&mut self, now: u64) -> Vec<(u32, FileEnd)> {
        self.forget(now);
        self.list.iter_mut().for_each(|stop| stop.said = Some(now));
        self.list.iter().map(|stop| (stop.transfer, stop.why)).collect()
    }

    /// Files whose end was never said.
    pub fn untold(&self) -> impl Iterator<Item = u32> + '_ {
        self.list.iter().filter(|stop| stop.said.is_none()).map(|stop| stop.transfer)
    }

    fn forget(&mut self, now: u64) {
        self.list.retain(|stop| stop.said.is_none_or(|said| now.saturating_sub(said) < HEARD_MS));
    }
}
