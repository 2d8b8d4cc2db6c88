//! Asks a window of the desktop what it is, and what is within it.

use x11rb::protocol::shape::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;

use super::super::scene::{Client, Kind};
use super::super::{Area, MAX_TITLE};
use super::{PROPERTY, Tracker, outer, still_there};
use crate::x11::Fault;

/// Windows within a window that are asked what they are, at most. A window manager's frame has dozens of its own.
const MAX_WITHIN: usize = 256;
/// How deep within a window manager's frame a program's window may lie.
const MAX_DEPTH: usize = 4;
/// Rectangles of a shape or an opaque region that are looked at one by one.
const MAX_RECTANGLES: usize = 64;
/// What the overlay's windows call themselves.
const OURS: &str = "farhand-overlay";

impl Tracker {
    /// Asks a window what it is. If it is gone, its end is on its way.
    pub(super) fn learn(&mut self, connection: &RustConnection, id: xproto::Window) -> Result<(), Fault> {
        let mask = xproto::EventMask::PROPERTY_CHANGE | xproto::EventMask::FOCUS_CHANGE;
        select(connection, id, mask)?;
        if self.shapes {
            connection.shape_select_input(id, true)?.ignore_error();
        }
        let attributes = connection.get_window_attributes(id)?;
        let geometry = connection.get_geometry(id)?;
        let shape = if self.shapes { Some(connection.shape_query_extents(id)?) } else { None };
        let own = self.ask(connection, id)?;
        let (Some(attributes), Some(geometry)) =
            (still_there(attributes.reply())?, still_there(geometry.reply())?)
        else {
            return own.discard();
        };
        let shaped = match shape {
            Some(cookie) => still_there(cookie.reply())?.is_some_and(|extents| extents.bounding_shaped),
            None => false,
        };
        let Some(own) = self.answered(own)? else { return Ok(()) };
        let area = outer(geometry.x, geometry.y, geometry.width, geometry.height, geometry.border_width);
        let shape =
            if shaped { self.read_shape(connection, id, geometry.border_width)? } else { Some(Vec::new()) };
        let mut facts = vec![(own, (0, 0))];
        if facts[0].0.client.programs.is_empty() {
            facts.extend(self.within(connection, id)?);
        }
        let is = |is: fn(&Facts) -> bool| facts.iter().any(|(facts, _)| is(facts));
        let ours = facts.iter().any(|(facts, _)| facts.client.programs.iter().any(|name| name == OURS));
        let kind = if attributes.class == xproto::WindowClass::INPUT_ONLY {
            Kind::Unseen
        } else if ours {
            Kind::Ours
        } else if is(|facts| facts.furniture) {
            Kind::Furniture
        } else if attributes.override_redirect && facts.len() == 1 {
            // A window manager's frame is out of its own hands, too, and holds a program's window.
            Kind::Free
        } else {
            Kind::Ordinary
        };
        let whole = Area { x: 0, y: 0, ..area };
        let mut opaque = Vec::new();
        if geometry.depth != 32 {
            opaque.push(whole);
        } else {
            for (facts, (x, y)) in &facts {
                let moved = |part: &Area| Area {
                    x: part.x.saturating_add(*x),
                    y: part.y.saturating_add(*y),
                    ..*part
                };
                opaque.extend(facts.opaque.iter().map(moved));
            }
        }
        if shape.is_none() || is(|facts| facts.translucent) {
            opaque.clear();
        }
        let clients = facts.into_iter().map(|(facts, _)| facts.client).collect();
        let mapped = attributes.map_state != xproto::MapState::UNMAPPED;
        self.scene.change(id, |top| {
            // The event that says so may still be on its way, or was overtaken: whichever covers more counts.
            top.mapped |= mapped;
            if (top.area.width, top.area.height) != (area.width, area.height) && top.clients.is_none() {
                top.area = area;
            }
            top.kind = kind;
            top.shape = shape.unwrap_or_default();
            top.opaque = opaque;
            top.clients = Some(clients);
        });
        Ok(())
    }

    /// The windows of programs in a window manager's frame, each with its place in it.
    fn within(&self, connection: &RustConnection, id: xproto::Window) -> Result<Vec<Placed>, Fault> {
        let mut level = vec![(id, (0, 0))];
        let mut seen = 0;
        for _ in 0..MAX_DEPTH {
            let mut next = Vec::new();
            for (parent, _) in &level {
                let Some(tree) = still_there(connection.query_tree(*parent)?.reply())? else { continue };
                // The foremost first: a program's window lies above what its frame is drawn of.
                next.extend(tree.children.into_iter().rev().map(|child| (child, *parent)));
            }
            next.truncate(MAX_WITHIN.saturating_sub(seen));
            seen += next.len();
            let mut asked = Vec::with_capacity(next.len());
            for (child, parent) in next {
                select(connection, child, xproto::EventMask::PROPERTY_CHANGE)?;
                asked.push((child, parent, connection.get_geometry(child)?, self.ask(connection, child)?));
            }
            let mut found = Vec::new();
            let mut places = Vec::new();
            for (child, parent, geometry, cookies) in asked {
                let Some(geometry) = still_there(geometry.reply())? else {
                    cookies.discard()?;
                    continue;
                };
                let Some(facts) = self.answered(cookies)? else { continue };
                let (x, y) = level.iter().find(|(id, _)| *id == parent).map_or((0, 0), |(_, place)| *place);
                let border = i32::from(geometry.border_width);
                let place = (x + i32::from(geometry.x) + border, y + i32::from(geometry.y) + border);
                places.push((child, place));
                if !facts.client.programs.is_empty() || !facts.client.title.is_empty() {
                    found.push((facts, place));
                }
            }
            if !found.is_empty() || places.is_empty() {
                return Ok(found);
            }
            level = places;
        }
        Ok(Vec::new())
    }

    fn read_shape(
        &self,
        connection: &RustConnection,
        id: xproto::Window,
        border: u16,
    ) -> Result<Option<Vec<Area>>, Fault> {
        let reply = still_there(connection.shape_get_rectangles(id, shape::SK::BOUNDING)?.reply())?;
        let rectangles = reply.map(|reply| reply.rectangles).unwrap_or_default();
        if rectangles.len() > MAX_RECTANGLES {
            return Ok(None);
        }
        // From the inner corner, within the border.
        let border = i32::from(border);
        let part = |rect: &xproto::Rectangle| Area {
            x: i32::from(rect.x) + border,
            y: i32::from(rect.y) + border,
            width: rect.width.into(),
            height: rect.height.into(),
        };
        Ok(Some(rectangles.iter().map(part).collect()))
    }

    fn ask<'c>(&self, connection: &'c RustConnection, id: xproto::Window) -> Result<Asked<'c>, Fault> {
        use xproto::AtomEnum;
        let get = |property: u32| connection.get_property(false, id, property, AtomEnum::ANY, 0, PROPERTY);
        let plain = |atom: AtomEnum| get(u32::from(atom));
        Ok(Asked {
            id,
            class: plain(AtomEnum::WM_CLASS)?,
            name: get(self.atoms._NET_WM_NAME)?,
            old_name: plain(AtomEnum::WM_NAME)?,
            transient_for: plain(AtomEnum::WM_TRANSIENT_FOR)?,
            opaque: get(self.atoms._NET_WM_OPAQUE_REGION)?,
            opacity: get(self.atoms._NET_WM_WINDOW_OPACITY)?,
            kind: get(self.atoms._NET_WM_WINDOW_TYPE)?,
        })
    }

    fn answered(&self, asked: Asked<'_>) -> Result<Option<Facts>, Fault> {
        let id = asked.id;
        let replies = [
            asked.class.reply(),
            asked.name.reply(),
            asked.old_name.reply(),
            asked.transient_for.reply(),
            asked.opaque.reply(),
            asked.opacity.reply(),
            asked.kind.reply(),
        ];
        let mut read = Vec::with_capacity(replies.len());
        for reply in replies {
            match still_there(reply)? {
                Some(reply) => read.push(reply),
                None => return Ok(None),
            }
        }
        let [class, name, old_name, transient_for, opaque, opacity, kind] = read.as_slice() else {
            return Ok(None);
        };
        let halves = class.value.split(|byte| *byte == 0).filter(|half| !half.is_empty());
        let programs = halves.map(|half| String::from_utf8_lossy(half).into_owned()).collect();
        let title =
            if name.value.is_empty() { latin_or_utf8(&old_name.value) } else { latin_or_utf8(&name.value) };
        let title = title.chars().filter(|c| !c.is_control()).take(MAX_TITLE).collect();
        let numbers = |reply: &xproto::GetPropertyReply| -> Vec<u32> {
            reply.value32().map(Iterator::collect).unwrap_or_default()
        };
        let regions = numbers(opaque);
        let opaque = regions.chunks_exact(4).take(MAX_RECTANGLES).map(|part| Area {
            x: part[0] as i32,
            y: part[1] as i32,
            width: part[2],
            height: part[3],
        });
        let kinds = numbers(kind);
        let furniture = [self.atoms._NET_WM_WINDOW_TYPE_DESKTOP, self.atoms._NET_WM_WINDOW_TYPE_DOCK];
        Ok(Some(Facts {
            opaque: opaque.collect(),
            translucent: numbers(opacity).first().is_some_and(|opacity| *opacity != u32::MAX),
            furniture: kinds.iter().any(|kind| furniture.contains(kind)),
            client: Client {
                id,
                programs,
                title,
                transient_for: numbers(transient_for).first().copied().filter(|id| *id != x11rb::NONE),
                owner: id & !self.own_part,
            },
        }))
    }
}

/// What a window says of itself.
#[derive(Debug)]
struct Facts {
    client: Client,
    /// From the window's own corner.
    opaque: Vec<Area>,
    translucent: bool,
    furniture: bool,
}

/// With its place in the window of the desktop that holds it.
type Placed = (Facts, (i32, i32));
type Property<'c> = x11rb::cookie::Cookie<'c, RustConnection, xproto::GetPropertyReply>;

/// Questions to a window that are under way.
struct Asked<'c> {
    id: xproto::Window,
    class: Property<'c>,
    name: Property<'c>,
    old_name: Property<'c>,
    transient_for: Property<'c>,
    opaque: Property<'c>,
    opacity: Property<'c>,
    kind: Property<'c>,
}

impl Asked<'_> {
    /// Nobody wants the answers.
    fn discard(self) -> Result<(), Fault> {
        for cookie in
            [self.class, self.name, self.old_name, self.transient_for, self.opaque, self.opacity, self.kind]
        {
            still_there(cookie.reply())?;
        }
        Ok(())
    }
}

/// Asks a window to tell of itself, whether or not it is still there.
fn select(connection: &RustConnection, id: xproto::Window, mask: xproto::EventMask) -> Result<(), Fault> {
    let attributes = xproto::ChangeWindowAttributesAux::new().event_mask(mask);
    connection.change_window_attributes(id, &attributes)?.ignore_error();
    Ok(())
}

fn latin_or_utf8(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
