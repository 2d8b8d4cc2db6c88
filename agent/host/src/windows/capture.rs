//! The screen of Windows: by desktop duplication where that works, which tells what changed and costs nothing while nothing
//! does, and by GDI everywhere else.
//!
//! GDI tells of no change: what is shown is looked at [`LOOKS`] times a second while it changes, and [`LOOKS_AT_REST`]
//! times when it has stood still for a while, and compared with what was shown before.

#[path = "around.rs"]
mod around;
#[path = "duplication.rs"]
mod calls;
#[path = "gdi.rs"]
mod gdi;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use farhand_protocol::channel::Cursor;
use windows_sys::Win32::UI::WindowsAndMessaging::HCURSOR;

use self::around::{CursorSeen, check_size, cursor_now, input_desktop, is_wine, places};
use self::calls::{Duplication, Libraries};
use self::gdi::{Picture, ScreenDc};
use super::duplication::ladder::{Fault, Ladder, Step};
use super::duplication::{Desk, is_blank_beside};
use super::{
    Backend, CaptureError, Captured, Capturer, FrameView, Geometry, Happened, Means, Rect, Waker, compare,
    cover, cursor,
};
use crate::monitors::os::Tracker;
use crate::monitors::scene::Scene;
use crate::monitors::{Area, Seen, View};
use crate::windows::{Bell, desktop};

/// Looks a second while the screen changes.
const LOOKS: u32 = 30;
/// Looks a second when it has not changed for [`RESTS_AFTER`].
const LOOKS_AT_REST: u32 = 10;
const RESTS_AFTER: Duration = Duration::from_secs(2);
/// How often desktop duplication is asked whether anything is new: that costs next to nothing.
const ASKS: Duration = Duration::from_millis(8);
/// The same when nothing has been for [`RESTS_AFTER`].
const ASKS_AT_REST: Duration = Duration::from_millis(16);
/// The first picture of a monitor comes within this time or not at all.
const FIRST_WITHIN: Duration = Duration::from_secs(1);
/// Pixels that were taken so short a time ago are still those of now.
const FRESH: Duration = Duration::from_millis(4);
/// Bytes of a pixel.
const PIXEL: usize = 4;
/// Set to `gdi`, this keeps desktop duplication from being tried.
const CHOICE: &str = "FARHAND_CAPTURE";

/// Why desktop duplication does not work in this run of the program. It is tried once.
static NEVER: Mutex<Option<Fault>> = Mutex::new(None);

pub fn open(preference: Backend, _display: Option<&str>) -> Result<Box<dyn Capturer>, CaptureError> {
    match preference {
        Backend::Auto => Ok(Box::new(WindowsCapturer::open(None)?)),
        Backend::X11 => Err(CaptureError::NotHere { name: "X11" }),
        Backend::Wayland => Err(CaptureError::NotHere { name: "Wayland" }),
        Backend::Scrap => Err(CaptureError::NotHere { name: "scrap" }),
        Backend::Fake => Err(CaptureError::NotHere { name: "fake" }),
    }
}

/// Opens the screen with the graphics libraries of this folder in place of the system's, for tests.
///
/// # Errors
/// [`CaptureError`], a sentence that says what to do.
pub fn open_with_libraries_of(folder: &Path) -> Result<Box<dyn Capturer>, CaptureError> {
    Ok(Box::new(WindowsCapturer::open(Some(folder.to_owned()))?))
}

/// The capturer of the desktop that this program runs on.
#[derive(Debug)]
struct WindowsCapturer {
    source: Source,
    /// Where the graphics libraries are, if not the system's.
    libraries: Option<PathBuf>,
    screen: ScreenDc,
    scene: Scene,
    tracker: Tracker,
    /// What was told last.
    seen: Seen,
    /// When the desktop's monitors and windows were looked at.
    settled: Instant,
    cover: cover::Cover,
    /// What was handed out last, and, for GDI, what is looked at now.
    shown: Picture,
    fresh: Picture,
    /// When `fresh` was taken, while it is still as good as new.
    taken: Option<Instant>,
    /// The next grab takes everything.
    whole: bool,
    /// A change was told and not taken yet.
    told: bool,
    rects: Vec<Rect>,
    cursor: CursorSeen,
    /// When something changed last.
    changed: Instant,
    happened: Happened,
    bell: Bell,
}

/// Where pixels come from.
#[derive(Debug)]
enum Source {
    /// Nobody has asked for any yet.
    Untried,
    /// By GDI, because of this.
    Gdi(Fault),
    /// By desktop duplication.
    Duplicated(Box<Duplicated>),
}

#[derive(Debug)]
struct Duplicated {
    libraries: Libraries,
    /// Nothing while it is lost.
    duplication: Option<Duplication>,
    /// It is tried again then.
    again: Instant,
    ladder: Ladder,
    /// Where the system counts the desktop from, and how large it is.
    desktop: Area,
    desk: Desk,
    /// What had to be covered at the times when pixels came that were not handed on yet.
    during: Vec<Area>,
}

impl WindowsCapturer {
    fn open(libraries: Option<PathBuf>) -> Result<Self, CaptureError> {
        let (mut scene, mut tracker) = (Scene::default(), Tracker::default());
        tracker.settle(&mut scene);
        check_size(scene.area())?;
        input_desktop()?;
        let screen = ScreenDc::open()?;
        let seen = scene.seen();
        let bell = Bell::new().map_err(|error| CaptureError::NoMemory { detail: error.to_string() })?;
        let (shown, fresh) = (Picture::new(&screen, scene.area())?, Picture::new(&screen, scene.area())?);
        Ok(Self {
            source: Source::Untried,
            libraries,
            screen,
            scene,
            tracker,
            seen,
            settled: Instant::now(),
            cover: cover::Cover::default(),
            shown,
            fresh,
            taken: None,
            whole: true,
            told: false,
            rects: Vec::new(),
            cursor: CursorSeen::default(),
            changed: Instant::now(),
            happened: Happened {
                damage: true,
                cursor_shape: true,
                cursor_moved: true,
                desk: true,
                ..Happened::default()
            },
            bell,
        })
    }

    /// Chooses where pixels come from, when the first are wanted: to find that there is a screen at all asks no graphics
    /// device.
    fn begin(&mut self) -> Result<(), CaptureError> {
        if !matches!(self.source, Source::Untried) {
            return Ok(());
        }
        let known = || {
            let never = NEVER.lock().unwrap_or_else(PoisonError::into_inner).clone();
            never.filter(|_| self.libraries.is_none())
        };
        let chosen = || {
            std::env::var(CHOICE)
                .is_ok_and(|choice| choice.eq_ignore_ascii_case("gdi"))
                .then_some(Fault::Chosen)
        };
        // Its libraries would bring a whole stack of graphics into this process, to say no in the end.
        let wine = || (self.libraries.is_none() && is_wine()).then_some(Fault::Wine);
        let libraries = match chosen().or_else(known).or_else(wine) {
            Some(fault) => Err(fault),
            None => Libraries::load(self.libraries.as_deref()),
        };
        let libraries = match libraries {
            Ok(libraries) => libraries,
            Err(fault) => return self.go_on_by_gdi(fault),
        };
        let mut ladder = Ladder::default();
        let fault = loop {
            let begun = first_pictures(libraries).and_then(|(duplication, desk, desktop)| {
                self.compare_with_gdi(&desk, desktop)?;
                Ok((duplication, desk, desktop))
            });
            let fault = match begun {
                Ok((duplication, desk, desktop)) => {
                    tracing::info!("the screen is captured by desktop duplication");
                    let (again, during) = (Instant::now(), Vec::new());
                    let duplication = Some(duplication);
                    let duplicated =
                        Duplicated { libraries, duplication, again, ladder, desktop, desk, during };
                    self.source = Source::Duplicated(Box::new(duplicated));
                    self.fresh = Picture::new(&self.screen, self.room(self.seen.monitors.area))?;
                    return self.settle();
                }
                Err(fault) => fault,
            };
            // A call that was refused may be granted in a moment; what came and was wrong is not waited for.
            if !matches!(fault, Fault::Refused { .. }) {
                break fault;
            }
            match ladder.failed(fault, input_desktop().is_ok(), Instant::now()) {
                Step::Again(at) => std::thread::sleep(at.saturating_duration_since(Instant::now())),
                Step::Away => return Err(CaptureError::Away),
                Step::Gdi(fault) => break fault,
            }
        };
        self.go_on_by_gdi(fault)
    }

    /// Whether what came could be a picture at all: nobody has seen every graphics driver that there is.
    fn compare_with_gdi(&self, desk: &Desk, desktop: Area) -> Result<(), Fault> {
        let whole = Area { x: 0, y: 0, ..desktop };
        let Ok(mut picture) = Picture::new(&self.screen, whole) else { return Ok(()) };
        match picture.copy_from(&self.screen, whole) {
            Ok(()) if is_blank_beside(desk.pixels(), picture.pixels(), desktop.width) => Err(Fault::Blank),
            // What GDI cannot show proves nothing.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn go_on_by_gdi(&mut self, why: Fault) -> Result<(), CaptureError> {
        tracing::info!(%why, "the screen is captured by GDI");
        if why.is_lasting() && why != Fault::Chosen && self.libraries.is_none() {
            *NEVER.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
        }
        self.source = Source::Gdi(why);
        let picture = || Picture::new(&self.screen, self.seen.monitors.area);
        (self.shown, self.fresh) = (picture()?, picture()?);
        self.begin_anew();
        Ok(())
    }

    /// The next grab takes everything, and is worth while.
    fn begin_anew(&mut self) {
        self.cover.forget();
        self.taken = None;
        self.whole = true;
        self.happened.damage = true;
    }

    /// How large a picture of what is looked at now has to be: desktop duplication needs none.
    const fn room(&self, area: Area) -> Area {
        match self.source {
            Source::Untried | Source::Gdi(_) => area,
            Source::Duplicated(_) => Area { x: 0, y: 0, width: 1, height: 1 },
        }
    }

    /// Looks at the desktop's monitors and windows, and whether this program may see it.
    fn settle(&mut self) -> Result<(), CaptureError> {
        input_desktop()?;
        self.settled = Instant::now();
        self.tracker.settle(&mut self.scene);
        let seen = self.scene.seen();
        if seen == self.seen {
            return Ok(());
        }
        let (before, after) = (self.seen.monitors.area, seen.monitors.area);
        if before != after {
            check_size(after)?;
            // What was got before the desktop changed may know its old size only.
            self.screen = ScreenDc::open()?;
            self.shown = Picture::new(&self.screen, after)?;
            self.fresh = Picture::new(&self.screen, self.room(after))?;
            self.cover.forget();
            self.taken = None;
            self.whole = true;
            self.happened.resized |= (before.width, before.height) != (after.width, after.height);
        }
        if before != after || self.seen.blocked != seen.blocked {
            self.happened.damage = true;
        }
        // Windows are drawn together by another program, on every Windows that this one runs on.
        self.cover.linger(&self.seen, &seen, true, Instant::now());
        tracing::debug!(?seen, "the desktop is another");
        self.happened.desk = true;
        self.seen = seen;
        let now = desktop();
        let moved = match &self.source {
            Source::Untried | Source::Gdi(_) => false,
            Source::Duplicated(this) => {
                let lies = |duplication: &Duplication| duplication.lies_at(&places(now));
                this.desktop != now || this.duplication.as_ref().is_some_and(|it| !lies(it))
            }
        };
        if moved { self.lost(Fault::Monitors) } else { Ok(()) }
    }

    fn look_at_cursor(&mut self) {
        let now = cursor_now();
        self.happened.cursor_shape |= (now.shown, now.handle) != (self.cursor.shown, self.cursor.handle);
        self.happened.cursor_moved |= now.at != self.cursor.at;
        self.cursor = now;
    }

    /// Looks for what is new on the screen.
    fn look(&mut self) -> Result<(), CaptureError> {
        if matches!(self.source, Source::Duplicated(_)) {
            if self.settled.elapsed() >= self.look_after() {
                self.settle()?;
            }
            if !self.told && !self.happened.damage {
                self.poll()?;
                self.happened.damage |= self.is_changed();
            }
        } else if self.told {
            self.settle()?;
        } else if !self.happened.damage {
            self.take()?;
            self.happened.damage |= !self.rects.is_empty();
        }
        Ok(())
    }

    fn is_changed(&self) -> bool {
        match &self.source {
            Source::Untried | Source::Gdi(_) => false,
            Source::Duplicated(this) => {
                this.duplication.is_some() && this.desk.changes(self.seen.monitors.area)
            }
        }
    }

    fn rests(&self) -> bool {
        self.changed.elapsed() > RESTS_AFTER
    }

    /// How long after one look at the whole desktop the next one is due.
    fn look_after(&self) -> Duration {
        Duration::from_secs(1) / if self.rests() { LOOKS_AT_REST } else { LOOKS }
    }

    /// How long nothing is done while nothing happens.
    fn pause(&self) -> Duration {
        match (&self.source, self.rests()) {
            (Source::Untried | Source::Gdi(_), _) => self.look_after(),
            (Source::Duplicated(_), false) => ASKS,
            (Source::Duplicated(_), true) => ASKS_AT_REST,
        }
    }

    /// Takes in what desktop duplication has.
    fn poll(&mut self) -> Result<(), CaptureError> {
        let Source::Duplicated(this) = &mut self.source else { return Ok(()) };
        let Some(duplication) = &mut this.duplication else {
            return if this.again <= Instant::now() { self.begin_again() } else { Ok(()) };
        };
        let polled = duplication.poll(&mut this.desk);
        self.happened.cursor_shape |= duplication.has_another_pointer();
        match polled {
            Ok(true) => {
                // Windows that came meanwhile may be in the pixels already.
                self.tracker.settle_windows(&mut self.scene);
                cover::gather(&mut this.during, self.scene.hidden(self.seen.monitors.area));
                Ok(())
            }
            Ok(false) => Ok(()),
            Err(fault) => self.lost(fault),
        }
    }

    /// There are no pictures any more by desktop duplication. What was seen last stays until there are.
    fn lost(&mut self, fault: Fault) -> Result<(), CaptureError> {
        let ours = input_desktop().is_ok();
        let Source::Duplicated(this) = &mut self.source else { return Ok(()) };
        tracing::info!(%fault, ours, "desktop duplication has no pictures");
        // A monitor is duplicated once only: it has to be given back first.
        this.duplication = None;
        match this.ladder.failed(fault, ours, Instant::now()) {
            Step::Again(at) => {
                this.again = at;
                Ok(())
            }
            Step::Away => Err(CaptureError::Away),
            Step::Gdi(fault) => self.go_on_by_gdi(fault),
        }
    }

    /// Begins again with desktop duplication after a loss.
    fn begin_again(&mut self) -> Result<(), CaptureError> {
        let Source::Duplicated(this) = &mut self.source else { return Ok(()) };
        match first_pictures(this.libraries) {
            Ok((duplication, desk, desktop)) => {
                this.duplication = Some(duplication);
                (this.desk, this.desktop) = (desk, desktop);
                this.during.clear();
                this.ladder.works();
                tracing::info!("desktop duplication has pictures again");
                self.begin_anew();
                self.happened.cursor_shape = true;
                self.settle()
            }
            Err(fault) => self.lost(fault),
        }
    }

    /// Takes the pixels of what is shared, covers what must not be seen, and finds what is not as it was handed out.
    fn take(&mut self) -> Result<Instant, CaptureError> {
        self.settle()?;
        let area = self.seen.monitors.area;
        let mut hidden = self.cover.hidden(&self.scene, area);
        let taken = Instant::now();
        self.poll()?;
        let area = if area == self.seen.monitors.area { area } else { return self.take() };
        if !matches!(self.source, Source::Duplicated(_)) {
            self.fresh.copy_from(&self.screen, area)?;
        }
        // A window that came meanwhile may be in the pixels already.
        self.tracker.settle_windows(&mut self.scene);
        cover::gather(&mut hidden, self.scene.hidden(area));
        if let Source::Duplicated(this) = &mut self.source {
            let during = this.during.drain(..).filter_map(|part| part.overlap(area)).collect();
            cover::gather(&mut hidden, during);
        }
        for part in &mut hidden {
            (part.x, part.y) = (part.x - area.x, part.y - area.y);
        }
        let own = Area { x: 0, y: 0, ..area };
        let row = area.width as usize * PIXEL;
        match &mut self.source {
            Source::Duplicated(this) if this.duplication.is_some() => {
                let pixels = self.shown.pixels_mut();
                if self.whole {
                    self.cover.forget();
                }
                let also = if self.whole { vec![own] } else { self.cover.uncovered(&hidden) };
                this.desk.hand_on(area, &also, pixels, &mut self.rects);
                self.rects.extend(self.cover.put(hidden, pixels, row).into_iter().map(rect_of));
            }
            // Nobody knows what was on the screen meanwhile: what was handed out stays, and nothing new is shown.
            Source::Duplicated(_) => {
                self.rects.clear();
                if self.whole {
                    self.cover.put(vec![own], self.shown.pixels_mut(), row);
                }
            }
            Source::Untried | Source::Gdi(_) => {
                self.cover.put(hidden, self.fresh.pixels_mut(), row);
                if !self.whole {
                    let (old, new) = (self.shown.pixels(), self.fresh.pixels());
                    compare::differences(old, new, row, area.width as usize, &mut self.rects);
                }
                self.taken = Some(taken);
            }
        }
        if self.whole {
            self.rects.clear();
            self.rects.push(rect_of(own));
        }
        Ok(taken)
    }

    fn is_fresh(&self) -> bool {
        self.taken.is_some_and(|taken| taken.elapsed() < FRESH)
    }
}

impl Capturer for WindowsCapturer {
    fn geometry(&self) -> Geometry {
        let Area { width, height, .. } = self.seen.monitors.area;
        Geometry { width, height }
    }

    fn waker(&self) -> Waker {
        let bell = self.bell.clone();
        Waker::new(move || bell.ring())
    }

    fn wait(&mut self, until: Option<Instant>) -> Result<Happened, CaptureError> {
        self.begin()?;
        loop {
            self.happened.damage |= self.cover.expire(Instant::now());
            self.look_at_cursor();
            self.look()?;
            self.happened.woken |= self.bell.wait(Some(Instant::now()));
            let now = Instant::now();
            if self.happened.any() {
                if self.happened.damage || self.happened.cursor_moved {
                    self.changed = now;
                }
                self.told |= self.happened.damage;
                return Ok(std::mem::take(&mut self.happened));
            }
            if until.is_some_and(|until| until <= now) {
                return Ok(Happened { timed_out: true, ..Happened::default() });
            }
            let next = now + self.pause();
            let next = [until, self.cover.until()].into_iter().flatten().fold(next, Instant::min);
            self.happened.woken = self.bell.wait(Some(next));
        }
    }

    fn grab(&mut self) -> Result<Captured<'_>, CaptureError> {
        self.begin()?;
        let taken = match self.taken.filter(|_| self.is_fresh()) {
            Some(taken) => taken,
            None => self.take()?,
        };
        self.taken = None;
        self.told = false;
        self.happened.damage = false;
        self.whole = false;
        match self.source {
            Source::Untried | Source::Gdi(_) => std::mem::swap(&mut self.shown, &mut self.fresh),
            Source::Duplicated(_) => {}
        }
        let area = self.seen.monitors.area;
        let stride = area.width as usize * PIXEL;
        let Area { width, height, .. } = area;
        let frame = FrameView { pixels: self.shown.pixels(), stride, width, height };
        Ok(Captured { frame, area, damage: &self.rects, captured_at: taken })
    }

    fn cursor(&mut self) -> Result<Cursor, CaptureError> {
        let seen = cursor_now();
        let none = || cursor::from_premultiplied(&[], (0, 0), (0, 0));
        let told = match &self.source {
            Source::Untried | Source::Gdi(_) => None,
            Source::Duplicated(this) => this.duplication.as_ref(),
        };
        if !seen.shown || told.is_some_and(Duplication::hides_pointer) {
            return Ok(none());
        }
        let told = told.and_then(Duplication::pointer).cloned();
        Ok(told.or_else(|| gdi::shape(seen.handle as HCURSOR)).unwrap_or_else(none))
    }

    fn cursor_at(&mut self) -> Result<(i32, i32), CaptureError> {
        Ok(cursor_now().at)
    }

    fn set_view(&mut self, view: View) -> Result<(), CaptureError> {
        self.scene.set_view(view);
        // What was taken was taken of something else.
        self.taken = None;
        self.settle()
    }

    fn seen(&self) -> Seen {
        self.seen.clone()
    }

    fn means(&self) -> Means {
        match &self.source {
            Source::Untried => Means::default(),
            Source::Gdi(why) => Means { name: "GDI", why: Some(why.to_string()) },
            Source::Duplicated(_) => Means { name: "desktop duplication", why: None },
        }
    }
}

/// Begins desktop duplication, and waits for the first picture of every monitor.
fn first_pictures(libraries: Libraries) -> Result<(Duplication, Desk, Area), Fault> {
    let desktop = desktop();
    let mut desk = Desk::new(desktop.width, desktop.height);
    let mut duplication = Duplication::open(libraries, desktop, &places(desktop))?;
    let until = Instant::now() + FIRST_WITHIN;
    loop {
        duplication.poll(&mut desk)?;
        if duplication.is_whole() {
            return Ok((duplication, desk, desktop));
        }
        if Instant::now() >= until {
            return Err(Fault::Late);
        }
        std::thread::sleep(ASKS);
    }
}

/// A part of a picture, which lies within it.
fn rect_of(part: Area) -> Rect {
    Rect {
        x: u32::try_from(part.x).unwrap_or(0),
        y: u32::try_from(part.y).unwrap_or(0),
        w: part.width,
        h: part.height,
    }
}
