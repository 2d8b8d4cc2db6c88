//! Answers programs that paste what we put on the clipboard.

use std::time::{Duration, Instant};

use farhand_protocol::channel::clipboard::ClipboardFormat;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::wrapper::ConnectionExt as _;

use super::{Worker, words};
use crate::x11::Fault;

/// What goes in one property; the smallest request that each server takes has 256 KB.
const CHUNK: usize = 128 * 1024;
/// Programs that are given something in increments at once.
const MAX_SERVING: usize = 16;
/// How long a program may take to come for the next increment.
const NEXT_WITHIN: Duration = Duration::from_secs(10);
/// The most targets in one MULTIPLE.
const MAX_MULTIPLE: u32 = 32;

/// Content on its way to a program in increments.
#[derive(Debug)]
pub struct Serving {
    requestor: xproto::Window,
    property: xproto::Atom,
    kind: xproto::Atom,
    bytes: Vec<u8>,
    sent: usize,
    /// Then it is given up.
    pub until: Instant,
}

impl Worker {
    /// A program asks for what we put on the clipboard.
    pub fn serve(&mut self, request: &xproto::SelectionRequestEvent) -> Result<(), Fault> {
        // Clients from before ICCCM name no property.
        let property = if request.property == x11rb::NONE { request.target } else { request.property };
        let given = request.selection == self.atoms.CLIPBOARD && self.own.is_some() && {
            if request.target == self.atoms.MULTIPLE {
                self.give_multiple(request.requestor, property)?
            } else {
                self.give(request.requestor, request.target, property)?
            }
        };
        let notify = xproto::SelectionNotifyEvent {
            response_type: xproto::SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: if given { property } else { x11rb::NONE },
        };
        self.connection.send_event(false, request.requestor, xproto::EventMask::NO_EVENT, notify)?;
        self.connection.flush()?;
        Ok(())
    }

    /// A program has taken a property: the next increment goes there, if one is due.
    pub fn serve_on(&mut self, requestor: xproto::Window, property: xproto::Atom) -> Result<(), Fault> {
        let is = |serving: &Serving| serving.requestor == requestor && serving.property == property;
        let Some(at) = self.serving.iter().position(is) else { return Ok(()) };
        let serving = &mut self.serving[at];
        let end = (serving.sent + CHUNK).min(serving.bytes.len());
        let piece = &serving.bytes[serving.sent..end];
        // An empty one says that this was all.
        self.connection.change_property8(
            xproto::PropMode::REPLACE,
            requestor,
            property,
            serving.kind,
            piece,
        )?;
        if piece.is_empty() {
            self.serving.remove(at);
            self.watch(requestor, false)?;
        } else {
            serving.sent = end;
            serving.until = Instant::now() + NEXT_WITHIN;
        }
        self.connection.flush()?;
        Ok(())
    }

    /// Whether the target could be put there.
    fn give(
        &mut self,
        requestor: xproto::Window,
        target: xproto::Atom,
        property: xproto::Atom,
    ) -> Result<bool, Fault> {
        let Some(own) = &self.own else { return Ok(false) };
        let replace = xproto::PropMode::REPLACE;
        if target == self.atoms.TARGETS {
            let list = self.targets();
            self.connection.change_property32(replace, requestor, property, xproto::AtomEnum::ATOM, &list)?;
            return Ok(true);
        }
        if target == self.atoms.TIMESTAMP {
            let kind = xproto::AtomEnum::INTEGER;
            self.connection.change_property32(replace, requestor, property, kind, &[own.since])?;
            return Ok(true);
        }
        let Some((kind, bytes)) = self.bytes(target) else { return Ok(false) };
        if bytes.len() <= CHUNK {
            self.connection.change_property8(replace, requestor, property, kind, &bytes)?;
            return Ok(true);
        }
        if self.serving.len() >= MAX_SERVING {
            return Ok(false);
        }
        self.watch(requestor, true)?;
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.connection.change_property32(replace, requestor, property, self.atoms.INCR, &[size])?;
        // Asked for twice at the same place: the newer one counts.
        self.serving.retain(|other| other.requestor != requestor || other.property != property);
        let until = Instant::now() + NEXT_WITHIN;
        self.serving.push(Serving { requestor, property, kind, bytes, sent: 0, until });
        Ok(true)
    }

    /// Several targets in one request: pairs of target and property; those that cannot be had become none.
    fn give_multiple(&mut self, requestor: xproto::Window, property: xproto::Atom) -> Result<bool, Fault> {
        let any = xproto::AtomEnum::ANY;
        let reply =
            self.connection.get_property(false, requestor, property, any, 0, MAX_MULTIPLE * 2)?.reply();
        let Ok(reply) = reply else { return Ok(false) };
        let Some(mut list) = reply.value32().map(Iterator::collect::<Vec<u32>>) else { return Ok(false) };
        for pair in list.chunks_exact_mut(2) {
            let allowed = pair[0] != self.atoms.MULTIPLE && pair[1] != x11rb::NONE;
            if !allowed || !self.give(requestor, pair[0], pair[1])? {
                pair[1] = x11rb::NONE;
            }
        }
        let kind = self.atoms.ATOM_PAIR;
        self.connection.change_property32(xproto::PropMode::REPLACE, requestor, property, kind, &list)?;
        Ok(true)
    }

    fn targets(&self) -> Vec<xproto::Atom> {
        let atoms = &self.atoms;
        let mut list = vec![atoms.TARGETS, atoms.TIMESTAMP, atoms.MULTIPLE];
        let has = |format| self.own.as_ref().is_some_and(|own| own.content.part(format).is_some());
        if has(ClipboardFormat::Text) {
            list.extend([atoms.UTF8_STRING, atoms.PLAIN_UTF8, atoms.PLAIN, atoms.TEXT]);
            list.push(xproto::AtomEnum::STRING.into());
        }
        if has(ClipboardFormat::Html) {
            list.push(atoms.HTML);
        }
        if has(ClipboardFormat::Png) {
            list.push(atoms.PNG);
        }
        list
    }

    /// The bytes for a target, and the type of the property that they go in.
    fn bytes(&self, target: xproto::Atom) -> Option<(xproto::Atom, Vec<u8>)> {
        let atoms = &self.atoms;
        let part = |format| self.own.as_ref()?.content.part(format);
        let text = || part(ClipboardFormat::Text);
        if target == atoms.UTF8_STRING || target == atoms.PLAIN_UTF8 || target == atoms.PLAIN {
            Some((target, text()?.to_vec()))
        } else if target == atoms.TEXT {
            Some((atoms.UTF8_STRING, text()?.to_vec()))
        } else if target == u32::from(xproto::AtomEnum::STRING) {
            Some((target, words::to_latin1(text()?)))
        } else if target == atoms.HTML {
            Some((target, part(ClipboardFormat::Html)?.to_vec()))
        } else if target == atoms.PNG {
            Some((target, part(ClipboardFormat::Png)?.to_vec()))
        } else {
            None
        }
    }

    /// Whether we are told when another program's properties change.
    fn watch(&self, window: xproto::Window, on: bool) -> Result<(), Fault> {
        let mask = if on { xproto::EventMask::PROPERTY_CHANGE } else { xproto::EventMask::NO_EVENT };
        if !on && self.serving.iter().any(|serving| serving.requestor == window) {
            return Ok(());
        }
        let aux = xproto::ChangeWindowAttributesAux::new().event_mask(mask);
        // The window may be gone by now; that comes as an event and means nothing.
        self.connection.change_window_attributes(window, &aux)?;
        Ok(())
    }
}
