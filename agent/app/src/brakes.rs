//! The customer's brakes, as far as they are this machine's: what lies over the screen, the chord and the touch that take
//! control back, what the customer chose once, and whom they never want to be asked by again.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use farhand_agent_core::hands::{Hand, Hands as Watch, Meaning};
use farhand_agent_core::tools::pointing::Scene;
use farhand_agent_host::hands::{self, Done, Hands};
use farhand_agent_host::overlay::{self, Overlay, Picture};
use farhand_protocol::channel::monitors::Area;
use farhand_protocol::consent::ConsentState;
use farhand_protocol::rights::{Right, Rights};
use tokio::sync::mpsc;

use crate::blocked::{Blocked, List, Whom};
use crate::receipt;
use crate::settings::{Place, Settings};
use crate::window::ToWindow;

/// Entries that the window is shown, at most: it is one line to it.
const SHOWN_BLOCKED: usize = 30;

/// See the module.
#[derive(Debug)]
pub struct Brakes {
    overlay: Option<Box<dyn Overlay>>,
    hands: Option<Box<dyn Hands>>,
    watch: Arc<Mutex<Watch>>,
    place: Place,
    settings: Settings,
    wrong: bool,
    list: List,
    picture: Picture,
    /// The part of the screen that is shared, and whether somebody controls it.
    area: Area,
    controlled: bool,
    /// What is granted, and since when: milliseconds since 1970.
    granted: Rights,
    since: Option<u64>,
}

impl Brakes {
    /// Begins to watch. What this machine lacks is warned of and left out; no session fails by it.
    #[must_use]
    pub fn start(means: mpsc::UnboundedSender<Meaning>) -> Self {
        let place = Place::of_this_person();
        let settings = place.read();
        let watch = Arc::new(Mutex::new(Watch::new(settings.chord, settings.touch)));
        let ears = Arc::clone(&watch);
        let tell = move |done| {
            let hand = match done {
                Done::Key { usage, down, physical } => Hand::Key { usage, down, physical },
                Done::Button { physical } => Hand::Button { physical },
                Done::Motion { physical } => Hand::Motion { physical },
            };
            let meaning = ears.lock().unwrap_or_else(PoisonError::into_inner).handle(hand, Instant::now());
            if let Some(meaning) = meaning {
                // A session that is over wants to know nothing more.
                let _ = means.send(meaning);
            }
        };
        let hands = hands::open_hands(hands::Backend::Auto, Box::new(tell))
            .inspect_err(|error| tracing::warn!(%error, "no chord takes control back"))
            .ok();
        let overlay = overlay::open_overlay(overlay::Backend::Auto)
            .inspect_err(|error| tracing::warn!(%error, "no border is drawn"))
            .ok();
        let brakes = Self {
            overlay,
            hands,
            watch,
            place,
            settings,
            wrong: false,
            list: List::of_this_person(),
            picture: Picture::default(),
            area: Area::default(),
            controlled: false,
            granted: Rights::EMPTY,
            since: None,
        };
        brakes.listen();
        brakes
    }

    fn listen(&self) {
        if let Some(hands) = &self.hands {
            hands.listen_to_all(self.settings.touch);
        }
    }

    /// What the window of controls shows.
    #[must_use]
    pub fn choices(&self) -> ToWindow {
        let mut blocked = self.list.read().unwrap_or_default();
        let first = blocked.len().saturating_sub(SHOWN_BLOCKED);
        blocked.drain(..first);
        ToWindow::Choices {
            // Where nothing is heard, no chord is promised.
            chord: self.hands.as_ref().map(|_| self.settings.chord.to_string()).unwrap_or_default(),
            touch: self.settings.touch,
            wrong: self.wrong,
            blocked,
        }
    }

    /// Another chord.
    pub fn set_chord(&mut self, typed: &str) {
        match typed.parse() {
            Ok(chord) => self.set(Settings { chord, ..self.settings }),
            Err(_) => self.wrong = true,
        }
    }

    /// Whether any touch takes control back.
    pub fn set_touch(&mut self, touch: bool) {
        self.set(Settings { touch, ..self.settings });
    }

    fn set(&mut self, settings: Settings) {
        self.wrong = false;
        self.settings = settings;
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).set(settings.chord, settings.touch);
        self.listen();
        if let Err(error) = self.place.write(settings) {
            tracing::warn!(%error, "what was chosen cannot be kept");
        }
    }

    /// This one may never ask again.
    ///
    /// # Errors
    /// The list cannot be written; what was said counts for this session all the same.
    pub fn block(&self, whom: &Whom, organisation: bool) -> io::Result<()> {
        self.list.add(Blocked::new(whom, organisation, receipt::now() / 1000))
    }

    /// This one may ask again.
    pub fn unblock(&self, entry: &Blocked) {
        if let Err(error) = self.list.remove(entry) {
            tracing::warn!(%error, "the list of whom you blocked cannot be written");
        }
    }

    /// Whether this one may not ask. A list that cannot be read now was read when the session began.
    #[must_use]
    pub fn is_blocked(&self, whom: &Whom) -> bool {
        self.list.find(whom).is_ok_and(|found| found.is_some())
    }

    /// Technicians point at this.
    pub fn show(&mut self, scene: Scene) {
        let Scene { marks, lights } = scene;
        self.draw(Picture { border: self.picture.border, marks, lights });
    }

    /// Consent stands there.
    pub fn consent(&mut self, state: &ConsentState) {
        let (rights, held) = match state {
            ConsentState::Granted { rights, .. } => (*rights, false),
            ConsentState::Held { rights, .. } => (*rights, true),
            ConsentState::Fresh
            | ConsentState::Asking { .. }
            | ConsentState::Ended { .. }
            | ConsentState::Unknown => (Rights::EMPTY, true),
        };
        if rights.is_empty() {
            self.since = None;
        } else if self.granted.is_empty() {
            self.since = Some(receipt::now());
        }
        self.granted = rights;
        self.controlled = !held && rights.contains(Right::Control);
        self.border();
    }

    /// What is granted, held or not, and since when something is.
    #[must_use]
    pub const fn granted(&self) -> (Rights, Option<u64>) {
        (self.granted, self.since)
    }

    /// Whether technicians' marks lie over the screen. A light goes out by itself.
    #[must_use]
    pub const fn has_marks(&self) -> bool {
        !self.picture.marks.is_empty()
    }

    /// This part of the screen is shared.
    pub fn share(&mut self, area: Area) {
        if self.area != area {
            self.area = area;
            self.border();
        }
    }

    fn border(&mut self) {
        let border = self.controlled.then_some(self.area);
        self.draw(Picture { border, ..self.picture.clone() });
    }

    fn draw(&mut self, picture: Picture) {
        if picture == self.picture {
            return;
        }
        self.picture = picture;
        if let Some(overlay) = &self.overlay {
            overlay.show(self.picture.clone());
        }
    }
}
