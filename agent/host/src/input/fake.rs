//! Keys and pointer that go nowhere: a test reads from a [`FakeInput`] what its [`FakeInjector`] was told.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use farhand_protocol::channel::Button;
use farhand_protocol::keys::Usage;

use super::{InjectError, Injector, Notches};

/// One thing that reached the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Injected {
    /// A key changed.
    Key(Usage, bool),
    /// The pointer moved.
    Pointer(i32, i32),
    /// The pointer moved by this.
    PointerBy(i32, i32),
    /// A button changed.
    Button(Button, bool),
    /// The wheel turned by whole notches, right and up.
    Wheel(i32, i32),
    /// A text was typed.
    Text(String),
    /// A character was pressed, with the modifiers that were held.
    Letter(char),
}

/// What was put in, as the test sees it. Cheap to clone; all clones are one machine.
#[derive(Clone, Debug, Default)]
pub struct FakeInput(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    injected: Vec<Injected>,
    keys: BTreeSet<Usage>,
    buttons: BTreeSet<Button>,
    failure: Option<InjectError>,
}

impl FakeInput {
    /// An injector into this machine.
    #[must_use]
    pub fn injector(&self) -> FakeInjector {
        FakeInjector { input: self.clone(), across: Notches::default(), along: Notches::default() }
    }

    /// Everything that was put in so far.
    #[must_use]
    pub fn injected(&self) -> Vec<Injected> {
        self.lock().injected.clone()
    }

    /// Keys and buttons that are down.
    #[must_use]
    pub fn held(&self) -> (Vec<Usage>, Vec<Button>) {
        let state = self.lock();
        (state.keys.iter().copied().collect(), state.buttons.iter().copied().collect())
    }

    /// Makes every further call of the injector fail.
    pub fn fail(&self, error: InjectError) {
        self.lock().failure = Some(error);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The injector of a [`FakeInput`].
#[derive(Debug)]
pub struct FakeInjector {
    input: FakeInput,
    across: Notches,
    along: Notches,
}

impl FakeInjector {
    fn state(&self) -> Result<MutexGuard<'_, State>, InjectError> {
        let state = self.input.lock();
        match &state.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(state),
        }
    }
}

impl Injector for FakeInjector {
    fn key(&mut self, usage: Usage, down: bool) -> Result<(), InjectError> {
        let mut state = self.state()?;
        let changed = if down { state.keys.insert(usage) } else { state.keys.remove(&usage) };
        if changed {
            state.injected.push(Injected::Key(usage, down));
        }
        Ok(())
    }

    fn pointer(&mut self, x: i32, y: i32) -> Result<(), InjectError> {
        self.state()?.injected.push(Injected::Pointer(x, y));
        Ok(())
    }

    fn pointer_by(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        self.state()?.injected.push(Injected::PointerBy(dx, dy));
        Ok(())
    }

    fn button(&mut self, button: Button, down: bool) -> Result<(), InjectError> {
        let mut state = self.state()?;
        let changed = if down { state.buttons.insert(button) } else { state.buttons.remove(&button) };
        if changed {
            state.injected.push(Injected::Button(button, down));
        }
        Ok(())
    }

    fn wheel(&mut self, dx: i32, dy: i32) -> Result<(), InjectError> {
        let (across, along) = (self.across.turn(dx), self.along.turn(dy));
        let mut state = self.state()?;
        if (across, along) != (0, 0) {
            state.injected.push(Injected::Wheel(across, along));
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), InjectError> {
        self.state()?.injected.push(Injected::Text(text.to_owned()));
        Ok(())
    }

    fn letter(&mut self, letter: char) -> Result<(), InjectError> {
        self.state()?.injected.push(Injected::Letter(letter));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), InjectError> {
        self.state().map(drop)
    }

    fn release_all(&mut self) -> Result<(), InjectError> {
        let mut state = self.state()?;
        let keys = std::mem::take(&mut state.keys);
        let buttons = std::mem::take(&mut state.buttons);
        state.injected.extend(keys.into_iter().map(|usage| Injected::Key(usage, false)));
        state.injected.extend(buttons.into_iter().map(|button| Injected::Button(button, false)));
        Ok(())
    }
}

impl Drop for FakeInjector {
    fn drop(&mut self) {
        // A machine that fails keeps what it holds; there is nobody left to tell.
        let _ = self.release_all();
    }
}
