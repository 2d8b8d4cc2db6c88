//! What technicians point at, as it lies over the customer's screen: lights, which go out by themselves, and marks, which
//! fade unless they are to stay.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::monitors::Area;
use farhand_protocol::channel::pointing::{Mark, Place, Pointing as Message, Shape};

/// A light goes out when it has not moved for so long.
pub const LIGHT_STAYS: Duration = Duration::from_millis(1500);
/// A mark that is not to stay is gone so long after its last place came.
pub const FADES_AFTER: Duration = Duration::from_secs(6);
/// The most marks on the screen; the oldest goes for a new one.
pub const MAX_MARKS: usize = 32;
/// The most places of one free line; what comes beyond is not drawn.
pub const MAX_LINE: usize = 1024;
/// The most lights: a session has few technicians.
const MAX_LIGHTS: usize = 8;

/// All that is drawn now, in pixels of the whole desktop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scene {
    /// Oldest first. One that did not change is the very same.
    pub marks: Vec<Arc<Mark>>,
    /// Where lights are.
    pub lights: Vec<Place>,
}

impl Scene {
    /// Whether nothing is drawn.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.marks.is_empty() && self.lights.is_empty()
    }
}

#[derive(Debug)]
struct Drawn {
    by: ParticipantId,
    number: u32,
    mark: Arc<Mark>,
    fades: Option<Instant>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Pointing {
    marks: VecDeque<Drawn>,
    lights: BTreeMap<ParticipantId, (Place, Instant)>,
    changed: bool,
}

impl Pointing {
    /// A technician points. Whether they may see was asked before; `area` is the part of the desktop that they see, from
    /// whose corner their places count.
    pub fn handle_message(&mut self, sender: ParticipantId, message: Message, area: Area, now: Instant) {
        if area.width == 0 || area.height == 0 {
            return;
        }
        let along = |at: i32, start: i32, length: u32| {
            start.saturating_add(at.clamp(0, i32::try_from(length - 1).unwrap_or(i32::MAX)))
        };
        let within =
            |Place { x, y }| Place { x: along(x, area.x, area.width), y: along(y, area.y, area.height) };
        match message {
            Message::Light { at } => {
                if self.lights.len() < MAX_LIGHTS || self.lights.contains_key(&sender) {
                    let at = within(at);
                    let old = self.lights.insert(sender, (at, now + LIGHT_STAYS));
                    self.changed |= old.is_none_or(|(place, _)| place != at);
                }
            }
            Message::Dark => self.changed |= self.lights.remove(&sender).is_some(),
            Message::Draw { number, stays, mark } => {
                let mark = Mark { places: mark.places.into_iter().map(within).collect(), ..mark };
                self.draw(sender, number, mark, (!stays).then_some(now + FADES_AFTER));
            }
            Message::Erase { number } => {
                self.keep(|drawn| drawn.by != sender || drawn.number != number);
            }
            Message::EraseAll => self.keep(|drawn| drawn.by != sender),
            // An agent's own word means nothing from a viewer.
            Message::Cleared | Message::Unknown => {}
        }
    }

    fn draw(&mut self, by: ParticipantId, number: u32, new: Mark, fades: Option<Instant>) {
        let Some(drawn) = self.marks.iter_mut().find(|drawn| drawn.by == by && drawn.number == number) else {
            if new.places.is_empty() {
                return;
            }
            if self.marks.len() >= MAX_MARKS {
                self.marks.pop_front();
            }
            self.marks.push_back(Drawn { by, number, mark: Arc::new(new), fades });
            self.changed = true;
            return;
        };
        drawn.fades = fades;
        let goes_on = match new.shape {
            Shape::Free | Shape::Unknown => drawn.mark.shape == new.shape,
            Shape::Arrow | Shape::Line | Shape::Box => false,
        };
        if goes_on {
            let room = MAX_LINE - drawn.mark.places.len();
            if room > 0 && !new.places.is_empty() {
                Arc::make_mut(&mut drawn.mark).places.extend(new.places.into_iter().take(room));
                self.changed = true;
            }
        } else if *drawn.mark != new && !new.places.is_empty() {
            drawn.mark = Arc::new(new);
            self.changed = true;
        }
    }

    fn keep(&mut self, stays: impl FnMut(&Drawn) -> bool) {
        let before = self.marks.len();
        self.marks.retain(stays);
        self.changed |= self.marks.len() != before;
    }

    /// A technician is gone: what they drew goes too.
    pub fn handle_gone(&mut self, sender: ParticipantId) {
        self.changed |= self.lights.remove(&sender).is_some();
        self.keep(|drawn| drawn.by != sender);
    }

    /// Whether nothing is drawn.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty() && self.lights.is_empty()
    }

    /// Takes everything away: the view is over, a question is asked, or the customer wants it so. Says whether there was
    /// anything.
    pub fn handle_end(&mut self) -> bool {
        let something = !self.is_empty();
        self.marks.clear();
        self.lights.clear();
        self.changed |= something;
        something
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        let lights = self.lights.len();
        self.lights.retain(|_, (_, out)| *out > now);
        self.changed |= self.lights.len() != lights;
        self.keep(|drawn| drawn.fades.is_none_or(|gone| gone > now));
    }

    /// When [`Pointing::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let lights = self.lights.values().map(|(_, out)| *out);
        lights.chain(self.marks.iter().filter_map(|drawn| drawn.fades)).min()
    }

    /// What is drawn now, if that changed.
    pub fn poll_output(&mut self) -> Option<Scene> {
        std::mem::take(&mut self.changed).then(|| Scene {
            marks: self.marks.iter().map(|drawn| Arc::clone(&drawn.mark)).collect(),
            lights: self.lights.values().map(|(place, _)| *place).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use farhand_protocol::channel::pointing::Colour;

    use super::*;

    const SCREEN: Area = Area { x: 0, y: 0, width: 800, height: 600 };

    fn place(x: i32, y: i32) -> Place {
        Place { x, y }
    }

    fn mark(shape: Shape, places: &[(i32, i32)]) -> Mark {
        let places = places.iter().map(|(x, y)| place(*x, *y)).collect();
        Mark { shape, colour: Colour::Red, places }
    }

    fn draw(number: u32, stays: bool, mark: Mark) -> Message {
        Message::Draw { number, stays, mark }
    }

    #[test]
    fn a_light_follows_and_goes_out_by_itself() {
        let (mut pointing, now) = (Pointing::default(), Instant::now());
        let at = |ms| now + Duration::from_millis(ms);
        pointing.handle_message(1, Message::Light { at: place(5, 5) }, SCREEN, now);
        assert_eq!(pointing.poll_output().unwrap().lights, [place(5, 5)]);
        pointing.handle_message(1, Message::Light { at: place(5, 5) }, SCREEN, at(1000));
        assert_eq!(pointing.poll_output(), None, "it did not move");
        pointing.handle_timeout(at(1600));
        assert_eq!(pointing.poll_output(), None);
        assert_eq!(pointing.poll_timeout(), Some(at(2500)));
        pointing.handle_timeout(at(2500));
        assert!(pointing.poll_output().unwrap().is_empty());
        pointing.handle_message(1, Message::Light { at: place(-7, 9999) }, SCREEN, at(2600));
        assert_eq!(pointing.poll_output().unwrap().lights, [place(0, 599)], "never outside of the screen");
        pointing.handle_message(1, Message::Dark, SCREEN, at(2700));
        assert!(pointing.poll_output().unwrap().is_empty());
    }

    #[test]
    fn places_count_from_the_corner_of_what_is_seen() {
        let (mut pointing, now) = (Pointing::default(), Instant::now());
        let second = Area { x: 800, y: -20, width: 640, height: 480 };
        pointing.handle_message(1, Message::Light { at: place(5, 5) }, second, now);
        assert_eq!(pointing.poll_output().unwrap().lights, [place(805, -15)]);
        pointing.handle_message(1, Message::Light { at: place(5000, 5000) }, second, now);
        assert_eq!(pointing.poll_output().unwrap().lights, [place(1439, 459)]);
    }

    #[test]
    fn a_free_line_goes_on_and_other_shapes_are_drawn_anew() {
        let (mut pointing, now) = (Pointing::default(), Instant::now());
        pointing.handle_message(1, draw(1, true, mark(Shape::Free, &[(1, 1), (2, 2)])), SCREEN, now);
        pointing.handle_message(1, draw(1, true, mark(Shape::Free, &[(3, 3)])), SCREEN, now);
        pointing.handle_message(1, draw(2, true, mark(Shape::Arrow, &[(1, 1), (9, 9)])), SCREEN, now);
        pointing.handle_message(1, draw(2, true, mark(Shape::Arrow, &[(1, 1), (50, 9)])), SCREEN, now);
        let scene = pointing.poll_output().unwrap();
        assert_eq!(*scene.marks[0], mark(Shape::Free, &[(1, 1), (2, 2), (3, 3)]));
        assert_eq!(*scene.marks[1], mark(Shape::Arrow, &[(1, 1), (50, 9)]));
        pointing.handle_message(1, draw(2, true, mark(Shape::Arrow, &[(1, 1), (60, 9)])), SCREEN, now);
        let next = pointing.poll_output().unwrap();
        assert!(Arc::ptr_eq(&scene.marks[0], &next.marks[0]), "what did not change is the very same");
        assert!(!Arc::ptr_eq(&scene.marks[1], &next.marks[1]));
    }

    #[test]
    fn marks_fade_unless_they_are_to_stay() {
        let (mut pointing, now) = (Pointing::default(), Instant::now());
        pointing.handle_message(1, draw(1, true, mark(Shape::Line, &[(1, 1), (2, 2)])), SCREEN, now);
        pointing.handle_message(1, draw(2, false, mark(Shape::Line, &[(1, 1), (2, 2)])), SCREEN, now);
        pointing.poll_output().unwrap();
        assert_eq!(pointing.poll_timeout(), Some(now + FADES_AFTER));
        pointing.handle_timeout(now + FADES_AFTER);
        assert_eq!(pointing.poll_output().unwrap().marks.len(), 1);
        assert_eq!(pointing.poll_timeout(), None);
    }

    #[test]
    fn nobody_takes_the_marks_of_another_away() {
        let (mut pointing, now) = (Pointing::default(), Instant::now());
        for sender in [1, 2] {
            pointing.handle_message(sender, draw(1, true, mark(Shape::Box, &[(1, 1), (2, 2)])), SCREEN, now);
        }
        pointing.handle_message(2, Message::Erase { number: 1 }, SCREEN, now);
        assert_eq!(pointing.poll_output().unwrap().marks.len(), 1);
        pointing.handle_message(2, Message::EraseAll, SCREEN, now);
        assert_eq!(pointing.poll_output(), None);
        pointing.handle_gone(1);
        assert!(pointing.poll_output().unwrap().is_empty());
    }

    #[test]
    fn everything_goes_at_once() {
        let (mut pointing, now) = (Pointing::default(), Instant::now());
        assert!(!pointing.handle_end());
        pointing.handle_message(1, draw(1, true, mark(Shape::Box, &[(1, 1), (2, 2)])), SCREEN, now);
        pointing.handle_message(1, Message::Light { at: place(1, 1) }, SCREEN, now);
        assert!(pointing.handle_end());
        assert_eq!(pointing.poll_output(), Some(Scene::default()));
        assert_eq!(pointing.poll_timeout(), None);
    }

    #[test]
    fn what_is_drawn_is_bounded() {
        let (mut pointing, now) = (Pointing::default(), Instant::now());
        let many: Vec<(i32, i32)> = (0..64).map(|at| (at, at)).collect();
        for number in 0..100 {
            for _ in 0..20 {
                pointing.handle_message(1, draw(number, true, mark(Shape::Free, &many)), SCREEN, now);
            }
        }
        for sender in 0..=255 {
            pointing.handle_message(sender, Message::Light { at: place(1, 1) }, SCREEN, now);
        }
        let scene = pointing.poll_output().unwrap();
        assert_eq!((scene.marks.len(), scene.lights.len()), (MAX_MARKS, MAX_LIGHTS));
        assert!(scene.marks.iter().all(|mark| mark.places.len() == MAX_LINE));
        let (mut nowhere, empty) = (Pointing::default(), mark(Shape::Free, &[]));
        nowhere.handle_message(1, draw(1, true, empty), SCREEN, now);
        nowhere.handle_message(1, Message::Light { at: place(1, 1) }, Area::default(), now);
        assert_eq!(nowhere.poll_output(), None, "nothing is drawn of nothing, and nothing without a screen");
    }
}
