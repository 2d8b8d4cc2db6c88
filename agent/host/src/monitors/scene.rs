//! What the picture shows of a desktop, and what is covered in it: decided from the monitors, the windows in the order in
//! which they lie upon one another, the keyboard's focus and the pointer. Knows no display and no time.
//!
//! It errs to the side of covering: a window of which nothing is known yet is covered; what shines through a window that
//! is not opaque counts as seen.

use std::collections::BTreeSet;

use farhand_protocol::channel::monitors::{self, Choice};

use super::{Area, MAX_WINDOWS, Monitor, Seen, Share, Shareable, View, WindowRule, WindowSeen, parts, rules};

/// More parts than this are covered as one.
const MAX_PARTS: usize = 200;
/// How many windows a dialogue may be away from the window that it belongs to.
const MAX_CHAIN: usize = 8;

/// How a window takes part in the desktop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// As windows of programs do.
    #[default]
    Ordinary,
    /// A menu, a tooltip: no window manager places it.
    Free,
    /// A desktop's bar or background.
    Furniture,
    /// It has no pixels.
    Unseen,
    /// This program draws it over the screen for both sides to see.
    Ours,
}

/// A window of the desktop: for a window manager's frame, with what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// Number.
    pub id: u32,
    /// Where it is.
    pub area: Area,
    /// It is on the screen, if nothing lies over it.
    pub mapped: bool,
    /// What it is.
    pub kind: Kind,
    /// Where it has pixels, from its own corner; everywhere if this is empty.
    pub shape: Vec<Area>,
    /// Where nothing shines through, from its own corner.
    pub opaque: Vec<Area>,
    /// What it and the windows in it say of themselves; `None` as long as that is not known.
    pub clients: Option<Vec<Client>>,
}

/// What a window says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Number.
    pub id: u32,
    /// Names of its program.
    pub programs: Vec<String>,
    /// Title.
    pub title: String,
    /// The window that it is a dialogue of.
    pub transient_for: Option<u32>,
    /// The same for all windows of one running program.
    pub owner: u32,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// To the window that the pointer is over.
    #[default]
    Pointer,
    /// To this window of the desktop, or to one in it.
    Window(u32),
    /// Nowhere.
    Nowhere,
}

/// The desktop.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    screen: Area,
    monitors: Vec<Monitor>,
    /// The foremost last.
    tops: Vec<Top>,
    focus: Focus,
    pointer: (i32, i32),
    view: View,
    area: Area,
}

impl Scene {
    /// Another size of the desktop.
    pub fn set_screen(&mut self, width: u32, height: u32) {
        self.screen = Area { x: 0, y: 0, width, height };
        self.settle();
    }

    /// Other monitors.
    pub fn set_monitors(&mut self, monitors: Vec<Monitor>) {
        self.monitors = super::in_order(monitors);
        self.settle();
    }

    /// Other windows, the foremost last.
    pub fn set_windows(&mut self, tops: Vec<Top>) {
        self.tops = tops;
        self.settle();
    }

    /// The keyboard goes elsewhere.
    pub fn set_focus(&mut self, focus: Focus) {
        self.focus = focus;
    }

    /// The pointer is elsewhere.
    pub fn set_pointer(&mut self, x: i32, y: i32) {
        self.pointer = (x, y);
        self.settle();
    }

    /// Another share, choice or list.
    pub fn set_view(&mut self, view: View) {
        self.view = view;
        self.settle();
    }

    /// The share, the choice and the list.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The windows, the foremost last.
    #[must_use]
    pub fn windows(&self) -> &[Top] {
        &self.tops
    }

    /// Changes one window, if it is known.
    pub fn change(&mut self, id: u32, change: impl FnOnce(&mut Top)) {
        if let Some(top) = self.tops.iter_mut().find(|top| top.id == id) {
            change(top);
            self.settle();
        }
    }

    /// A window came, above all others.
    pub fn add(&mut self, top: Top) {
        self.tops.retain(|other| other.id != top.id);
        self.tops.push(top);
        self.settle();
    }

    /// A window went.
    pub fn remove(&mut self, id: u32) {
        self.tops.retain(|top| top.id != id);
        self.settle();
    }

    /// A window lies just above another now, or below all if that is unknown.
    pub fn restack(&mut self, id: u32, above: u32) {
        let Some(at) = self.tops.iter().position(|top| top.id == id) else { return };
        let top = self.tops.remove(at);
        let to = self.tops.iter().position(|other| other.id == above).map_or(0, |below| below + 1);
        self.tops.insert(to, top);
        self.settle();
    }

    /// Whether where the pointer is changes anything.
    #[must_use]
    pub fn follows_pointer(&self) -> bool {
        self.focus == Focus::Pointer
            || (self.view.share == Share::Everything && self.view.choice == Choice::Pointer)
    }

    /// The part of the desktop that the picture shows; of no size only before there is a screen.
    #[must_use]
    pub fn area(&self) -> Area {
        self.area
    }

    /// Whether what is shared is there.
    #[must_use]
    pub fn is_here(&self) -> bool {
        match self.view.share {
            Share::Everything => true,
            Share::Monitor(id) => self.monitor(id).is_some(),
            Share::Window(id) => self.shared(id).is_some(),
        }
    }

    /// The parts of `area` that must not be seen as the desktop is now; they may overlap.
    #[must_use]
    pub fn hidden(&self, area: Area) -> Vec<Area> {
        let mut hidden = match self.view.share {
            Share::Everything => Vec::new(),
            Share::Monitor(id) => match self.monitor(id) {
                Some(monitor) => parts::without(vec![area], monitor.area),
                None => vec![area],
            },
            Share::Window(id) => match self.shared(id) {
                Some(at) => self.foreign(at, id, area),
                None => vec![area],
            },
        };
        let owners = self.hidden_owners();
        for at in 0..self.tops.len() {
            if self.is_secret(&self.tops[at], &owners) {
                hidden.extend(parts::within(&self.seen_of(at), area));
            }
        }
        if hidden.len() > MAX_PARTS { vec![parts::around(&hidden)] } else { hidden }
    }

    /// How many windows are on the screen and kept out of the picture.
    #[must_use]
    pub fn secrets(&self) -> usize {
        let owners = self.hidden_owners();
        let secret =
            |top: &&Top| top.kind == Kind::Ordinary && top.clients.is_some() && self.is_secret(top, &owners);
        self.tops.iter().filter(secret).count()
    }

    /// What those must know who let technicians press.
    #[must_use]
    pub fn seen(&self) -> Seen {
        let here = self.is_here();
        let (share, list) = match self.view.share {
            Share::Everything => (monitors::Share::Everything, self.monitors.clone()),
            Share::Monitor(id) => {
                (monitors::Share::Monitor { here }, self.monitor(id).cloned().into_iter().collect())
            }
            Share::Window(_) => (monitors::Share::Window { here }, Vec::new()),
        };
        let choice = match self.view.share {
            Share::Everything => self.view.choice,
            Share::Monitor(_) | Share::Window(_) => Choice::All,
        };
        let hidden = u16::try_from(self.secrets()).unwrap_or(u16::MAX);
        let (area, paused) = (self.area, self.is_paused());
        Seen {
            monitors: monitors::Monitors { share, list, choice, area, hidden, paused },
            blocked: self.hidden(area),
            keys: self.keys_are_shared(),
        }
    }

    /// What the customer can choose from.
    #[must_use]
    pub fn shareable(&self, rules: &[WindowRule]) -> Shareable {
        let offered = |top: &Top| {
            if top.kind != Kind::Ordinary || !top.mapped {
                return None;
            }
            let clients = top.clients.as_ref()?;
            let client =
                clients.iter().find(|client| !client.programs.is_empty() || !client.title.is_empty())?;
            let ours = client.programs.iter().any(|name| name.eq_ignore_ascii_case("farhand-agent"));
            if ours || clients.iter().any(|client| rules::hides(rules, &client.programs, &client.title)) {
                return None;
            }
            let program = client.programs.last().cloned().unwrap_or_default();
            Some(WindowSeen { id: client.id, title: client.title.clone(), program, area: top.area })
        };
        let windows = self.tops.iter().rev().filter_map(offered).take(MAX_WINDOWS).collect();
        Shareable { monitors: self.monitors.clone(), windows }
    }

    fn monitor(&self, id: u32) -> Option<&Monitor> {
        self.monitors.iter().find(|monitor| monitor.id == id)
    }

    /// The window that is shared, as long as it can be seen.
    fn shared(&self, id: u32) -> Option<usize> {
        let holds = |top: &Top| top.mapped && top.clients.iter().flatten().any(|client| client.id == id);
        self.tops.iter().position(holds)
    }

    fn settle(&mut self) {
        let wanted = match self.view.share {
            Share::Everything => match self.view.choice {
                Choice::All | Choice::Unknown => Some(self.screen),
                Choice::One { id } => self.monitor(id).map(|monitor| monitor.area).or(Some(self.screen)),
                Choice::Pointer => Some(self.monitor_of_pointer().unwrap_or(self.screen)),
            },
            Share::Monitor(id) => self.monitor(id).map(|monitor| monitor.area),
            Share::Window(id) => self.shared(id).map(|at| self.tops[at].area),
        };
        // What is gone leaves an empty picture of its size.
        let wanted = wanted.and_then(|area| area.overlap(self.screen));
        self.area = wanted.or_else(|| self.area.overlap(self.screen)).unwrap_or(self.screen);
    }

    fn monitor_of_pointer(&self) -> Option<Area> {
        let (x, y) = self.pointer;
        let under = self.monitors.iter().find(|monitor| monitor.area.contains(x, y));
        let before = || self.monitors.iter().find(|monitor| monitor.area == self.area);
        let first = || self.monitors.iter().find(|monitor| monitor.primary).or(self.monitors.first());
        under.or_else(before).or_else(first).map(|monitor| monitor.area)
    }

    /// What of `area` is not of the shared window: what it does not fill, what lies over it, and what shines through.
    fn foreign(&self, at: usize, id: u32, area: Area) -> Vec<Area> {
        let shared = &self.tops[at];
        let filled = shared.parts();
        let mut hidden = parts::without_all(vec![area], &filled);
        if !shared.opaque.is_empty() {
            let through = parts::without_all(parts::within(&filled, area), &shared.opaque_parts());
            hidden.extend(through);
        }
        for above in at + 1..self.tops.len() {
            if !self.belongs(&self.tops[above], id) {
                hidden.extend(parts::within(&self.seen_of(above), area));
            }
        }
        hidden
    }

    /// What can be seen of a window: its pixels without what is opaque above it.
    fn seen_of(&self, at: usize) -> Vec<Area> {
        let top = &self.tops[at];
        if !top.has_pixels() {
            return Vec::new();
        }
        let above = self.tops[at + 1..].iter().filter(|above| above.has_pixels());
        above.fold(top.parts(), |left, above| parts::without_all(left, &above.opaque_parts()))
    }

    /// Whether a window is the shared one's: itself, its dialogues and menus, and what this program draws.
    fn belongs(&self, top: &Top, id: u32) -> bool {
        if top.kind == Kind::Ours {
            return true;
        }
        let Some(clients) = &top.clients else { return false };
        let owner = self.client(id).map(|client| client.owner);
        clients.iter().any(|client| {
            self.leads_to(client, id) || (top.kind == Kind::Free && Some(client.owner) == owner)
        })
    }

    fn leads_to(&self, client: &Client, id: u32) -> bool {
        let mut at = client;
        for _ in 0..MAX_CHAIN {
            if at.id == id {
                return true;
            }
            let Some(next) = at.transient_for else { return false };
            if next == id {
                return true;
            }
            let Some(next) = self.client(next) else { return false };
            at = next;
        }
        false
    }

    fn client(&self, id: u32) -> Option<&Client> {
        self.tops.iter().flat_map(|top| top.clients.iter().flatten()).find(|client| client.id == id)
    }

    /// Running programs all of whose windows are kept out: those that are known by their programs' names.
    fn hidden_owners(&self) -> BTreeSet<u32> {
        let clients = self.tops.iter().flat_map(|top| top.clients.iter().flatten());
        clients
            .filter(|client| rules::hides(&self.view.rules, &client.programs, ""))
            .map(|client| client.owner)
            .collect()
    }

    fn is_secret(&self, top: &Top, owners: &BTreeSet<u32>) -> bool {
        if !top.has_pixels() || top.kind == Kind::Ours {
            return false;
        }
        let Some(clients) = &top.clients else { return true };
        clients.iter().any(|client| {
            owners.contains(&client.owner) || rules::hides(&self.view.rules, &client.programs, &client.title)
        })
    }

    /// The window that would get keys.
    fn target(&self) -> Option<&Top> {
        match self.focus {
            Focus::Window(id) => self.tops.iter().find(|top| top.id == id),
            Focus::Pointer => {
                let (x, y) = self.pointer;
                let under = |top: &&Top| top.mapped && top.kind != Kind::Ours && top.area.contains(x, y);
                self.tops.iter().rev().find(under)
            }
            Focus::Nowhere => None,
        }
    }

    fn keys_are_shared(&self) -> bool {
        let target = self.target();
        if target.is_some_and(|top| self.is_secret(top, &self.hidden_owners())) {
            return false;
        }
        match self.view.share {
            Share::Everything => true,
            Share::Monitor(id) => self.monitor(id).is_some_and(|monitor| {
                target.is_none_or(|top| top.kind == Kind::Unseen || top.area.overlap(monitor.area).is_some())
            }),
            Share::Window(id) => self.shared(id).is_some() && target.is_some_and(|top| self.belongs(top, id)),
        }
    }

    /// Whether a window is in front in which nobody but the customer acts: it has the keyboard, or it is the foremost
    /// where the keyboard follows the pointer.
    fn is_paused(&self) -> bool {
        let foremost = || {
            let ordinary = |top: &&Top| top.mapped && top.kind == Kind::Ordinary;
            self.tops.iter().rev().find(ordinary)
        };
        let front = match self.focus {
            Focus::Window(id) => self.tops.iter().find(|top| top.id == id),
            Focus::Pointer | Focus::Nowhere => foremost(),
        };
        let clients = front.into_iter().flat_map(|top| top.clients.iter().flatten());
        let mut clients = clients;
        clients.any(|client| rules::pauses(&self.view.rules, &client.programs, &client.title))
    }
}

impl Top {
    fn has_pixels(&self) -> bool {
        self.mapped && self.kind != Kind::Unseen
    }

    /// Where it has pixels on the desktop.
    fn parts(&self) -> Vec<Area> {
        if self.shape.is_empty() { vec![self.area] } else { self.on_desktop(&self.shape) }
    }

    fn opaque_parts(&self) -> Vec<Area> {
        if self.shape.is_empty() {
            return self.on_desktop(&self.opaque);
        }
        self.shape.iter().flat_map(|part| self.on_desktop(&parts::within(&self.opaque, *part))).collect()
    }

    fn on_desktop(&self, own: &[Area]) -> Vec<Area> {
        let moved = |part: &Area| Area {
            x: part.x.saturating_add(self.area.x),
            y: part.y.saturating_add(self.area.y),
            ..*part
        };
        own.iter().filter_map(|part| moved(part).overlap(self.area)).collect()
    }
}

#[cfg(test)]
#[path = "scene_tests.rs"]
mod tests;
