//! The one-time set-up link. Open from a start without any organisation until the first one is made.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, MutexGuard};

use crate::identity::{Token, TokenHash};

/// The door that the link opens.
pub struct SetUpDoor {
    open: AtomicBool,
    token: TokenHash,
    entry: Mutex<()>,
}

impl fmt::Debug for SetUpDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetUpDoor").field("open", &self.is_open()).finish_non_exhaustive()
    }
}

impl SetUpDoor {
    /// A door that this token opens.
    #[must_use]
    pub fn open(token: &Token) -> Self {
        Self { open: AtomicBool::new(true), token: token.hash(), entry: Mutex::new(()) }
    }

    /// A door that nothing opens.
    #[must_use]
    pub fn closed() -> Self {
        Self { open: AtomicBool::new(false), token: Token::generate().hash(), entry: Mutex::new(()) }
    }

    /// Whether set-up is still to be done.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Enters with the link's token, one at a time.
    pub async fn enter(&self, token: &str) -> Option<Entered<'_>> {
        let given = Token::parse(token)?.hash();
        let guard = self.entry.lock().await;
        (self.is_open() && given == self.token).then_some(Entered { door: self, _guard: guard })
    }
}

/// Somebody is inside: nobody else comes in until this is dropped.
pub struct Entered<'a> {
    door: &'a SetUpDoor,
    _guard: MutexGuard<'a, ()>,
}

impl Entered<'_> {
    /// Set-up is done: the door never opens again.
    pub fn close(self) {
        self.door.open.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_door_opens_for_its_token_and_closes_for_good() {
        let token = Token::generate();
        let door = SetUpDoor::open(&token);
        assert!(door.enter(Token::generate().reveal()).await.is_none());
        assert!(door.enter("").await.is_none());
        drop(door.enter(token.reveal()).await.unwrap());
        assert!(door.is_open());
        door.enter(token.reveal()).await.unwrap().close();
        assert!(!door.is_open());
        assert!(door.enter(token.reveal()).await.is_none());
    }
}
