//! The system's and the programs' event logs, newest first as the system hands them out.
#![allow(unsafe_code, reason = "the system's calls")]

use std::io;

use farhand_protocol::channel::diagnostics::{LogLine, MAX_LOG_MESSAGE};
use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_CALL_NOT_IMPLEMENTED, ERROR_NO_MORE_ITEMS};
use windows_sys::Win32::System::EventLog::{
    EVT_HANDLE, EvtClose, EvtFormatMessage, EvtFormatMessageEvent, EvtNext, EvtOpenPublisherMetadata,
    EvtQuery, EvtQueryChannelPath, EvtQueryReverseDirection, EvtRender, EvtRenderEventXml,
};

use crate::system::{LogWanted, SystemError};
use crate::windows::{last_error, text, wide};

/// Logs that are read. Each has numbers of its own for its events.
const CHANNELS: [&str; 2] = ["System", "Application"];
/// The longest event that is read, in letters.
const MAX_EVENT: usize = 64 * 1024;
/// The longest name of a program that writes into the log.
const MAX_UNIT: usize = 256;
/// The time that the system has for one event, in milliseconds.
const WITHIN: u32 = 5_000;

struct Handle(EVT_HANDLE);

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: got from the system, and closed once.
        unsafe { EvtClose(self.0) };
    }
}

pub fn log(wanted: &LogWanted) -> Result<(Vec<LogLine>, String), SystemError> {
    let unit = &wanted.unit;
    // It becomes a part of a query.
    if unit.len() > MAX_UNIT
        || unit.contains(['\'', '"', '<', '>', '&'])
        || unit.chars().any(char::is_control)
    {
        return Err(SystemError::Gone(format!("There is no unit {unit}.")));
    }
    let mut places = places(&wanted.after)
        .ok_or_else(|| SystemError::Gone("There is no such place in the log.".into()))?;
    let mut lines = Vec::new();
    for (channel, place) in CHANNELS.into_iter().zip(&mut places) {
        let (found, newest) = read(channel, *place, wanted)?;
        lines.extend(found);
        *place = newest.max(*place);
    }
    lines.sort_by_key(|line: &LogLine| line.at);
    let first = lines.len().saturating_sub(wanted.newest.into());
    lines.drain(..first);
    Ok((lines, places.map(|place| place.to_string()).join("-")))
}

/// The number of the last event of each log that is known already.
fn places(after: &str) -> Option<[u64; 2]> {
    if after.is_empty() {
        return Some([0; 2]);
    }
    let (system, programs) = after.split_once('-')?;
    Some([system.parse().ok()?, programs.parse().ok()?])
}

/// The levels of the system that are at least as grave as a priority.
const fn levels(priority: u8) -> u8 {
    match priority {
        0..=2 => 1,
        3 => 2,
        4 => 3,
        5 | 6 => 4,
        _ => 5,
    }
}

const fn priority(level: u8) -> u8 {
    match level {
        1 => 2,
        2 => 3,
        3 => 4,
        0 | 4 => 6,
        _ => 7,
    }
}

fn read(channel: &str, after: u64, wanted: &LogWanted) -> Result<(Vec<LogLine>, u64), SystemError> {
    let by = if wanted.unit.is_empty() {
        String::new()
    } else {
        format!(" and Provider[@Name='{}']", wanted.unit)
    };
    let level = levels(wanted.priority);
    let query = wide(&format!("*[System[(Level<={level}) and (EventRecordID>{after}){by}]]"));
    let path = wide(channel);
    // SAFETY: both texts live as long as the call.
    let all = unsafe {
        let flags = EvtQueryChannelPath | EvtQueryReverseDirection;
        EvtQuery(0, path.as_ptr(), query.as_ptr(), flags)
    };
    if all == 0 {
        return Err(trouble(last_error()));
    }
    let all = Handle(all);
    let (mut lines, mut newest) = (Vec::new(), after);
    while lines.len() < usize::from(wanted.newest) {
        let (mut event, mut count) = (0, 0);
        // SAFETY: room for one event is given, and one is asked for.
        if unsafe { EvtNext(all.0, 1, &raw mut event, WITHIN, 0, &raw mut count) } == 0 {
            let error = last_error();
            if error.raw_os_error() == Some(ERROR_NO_MORE_ITEMS as i32) {
                break;
            }
            return Err(trouble(error));
        }
        let event = Handle(event);
        let Some(about) = xml(&event) else { continue };
        newest =
            newest.max(inside(&about, "EventRecordID").and_then(|number| number.parse().ok()).unwrap_or(0));
        let unit = attribute(&about, "Provider", "Name").unwrap_or_default();
        let level = inside(&about, "Level").and_then(|level| level.parse().ok()).unwrap_or(0);
        let time = attribute(&about, "TimeCreated", "SystemTime").unwrap_or_default();
        let mut message = message(&event, &unit)
            .unwrap_or_else(|| format!("Event {}", inside(&about, "EventID").unwrap_or_default()));
        message.truncate(message.floor_char_boundary(MAX_LOG_MESSAGE));
        lines.push(LogLine {
            at: milliseconds(&time).unwrap_or(0),
            priority: priority(level),
            unit,
            message,
        });
    }
    Ok((lines, newest))
}

fn trouble(error: io::Error) -> SystemError {
    match error.raw_os_error().map(|code| code as u32) {
        Some(ERROR_ACCESS_DENIED) => SystemError::Denied(error.to_string()),
        // Wine has the functions and no log behind them.
        Some(0 | ERROR_CALL_NOT_IMPLEMENTED) => {
            SystemError::NotHere("This computer keeps no event log.".to_owned())
        }
        Some(_) | None => SystemError::Failed(error.to_string()),
    }
}

/// An event with everything that is known of it.
fn xml(event: &Handle) -> Option<String> {
    let mut letters = vec![0_u16; MAX_EVENT];
    let (mut used, mut count) = (0, 0);
    let (length, into) = ((MAX_EVENT * 2) as u32, letters.as_mut_ptr().cast());
    // SAFETY: no more than so many bytes are written.
    let done =
        unsafe { EvtRender(0, event.0, EvtRenderEventXml, length, into, &raw mut used, &raw mut count) };
    (done != 0).then(|| text(&letters))
}

/// What an event says, in the system's language, as its program's own texts have it.
fn message(event: &Handle, unit: &str) -> Option<String> {
    let name = wide(unit);
    let mut letters = vec![0_u16; MAX_LOG_MESSAGE];
    let mut used = 0;
    // SAFETY: the name lives as long as the call; no more than so many letters are written.
    let done = unsafe {
        let publisher = EvtOpenPublisherMetadata(0, name.as_ptr(), std::ptr::null(), 0, 0);
        if publisher == 0 {
            return None;
        }
        let publisher = Handle(publisher);
        let (length, into) = (letters.len() as u32, letters.as_mut_ptr());
        let flags = EvtFormatMessageEvent;
        EvtFormatMessage(publisher.0, event.0, 0, 0, std::ptr::null(), flags, length, into, &raw mut used)
    };
    let said = text(&letters).trim().replace("\r\n", "\n");
    (done != 0 && !said.is_empty()).then_some(said)
}

/// What stands in an element without others in it.
fn inside(xml: &str, element: &str) -> Option<String> {
    let at = start(xml, element)?;
    let rest = &xml[at..];
    let begin = rest.find('>')? + 1;
    let end = rest[begin..].find('<')? + begin;
    Some(unescaped(&rest[begin..end]))
}

/// An element's attribute.
fn attribute(xml: &str, element: &str, name: &str) -> Option<String> {
    let at = start(xml, element)?;
    let tag = &xml[at..at + xml[at..].find('>')?];
    let begin = tag.find(&format!(" {name}="))? + name.len() + 2;
    let quote = tag[begin..].chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let value = &tag[begin + 1..];
    Some(unescaped(&value[..value.find(quote)?]))
}

fn start(xml: &str, element: &str) -> Option<usize> {
    let tag = format!("<{element}");
    let mut from = 0;
    while let Some(found) = xml[from..].find(&tag) {
        let at = from + found;
        from = at + tag.len();
        if xml[from..].starts_with([' ', '>', '/']) {
            return Some(at);
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// Milliseconds since 1970 of a time such as `2026-11-22T10:15:30.1234567Z`.
fn milliseconds(time: &str) -> Option<u64> {
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days of the years before, counted from March so that a leap day is the last of its year.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 + day - 1;
    let since = days.checked_sub(719_468)?;
    let part = time.get(20..23).and_then(|part| part.parse::<u64>().ok()).unwrap_or(0);
    Some((((since * 24 + hour) * 60 + minute) * 60 + second) * 1000 + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "<Event xmlns='x'><System><Provider Name='Service &amp; Co' Guid='{1}'/><EventID Qualifiers='1'>7036</EventID>\
        <Level>4</Level><TimeCreated SystemTime='2026-11-22T10:15:30.1234567Z'/><EventRecordID>812</EventRecordID></System></Event>";

    #[test]
    fn an_event_is_taken_apart() {
        assert_eq!(attribute(EVENT, "Provider", "Name").as_deref(), Some("Service & Co"));
        assert_eq!(inside(EVENT, "EventID").as_deref(), Some("7036"));
        assert_eq!(inside(EVENT, "EventRecordID").as_deref(), Some("812"));
        assert_eq!(inside(EVENT, "Nothing"), None);
        assert_eq!(attribute("<Provider", "Provider", "Name"), None);
    }

    #[test]
    fn times_are_counted_from_1970() {
        assert_eq!(milliseconds("1970-01-01T00:00:00.000Z"), Some(0));
        assert_eq!(milliseconds("2026-11-22T10:15:30.1234567Z"), Some(1_795_342_530_123));
        assert_eq!(milliseconds("2024-02-29T00:00:00Z"), Some(1_709_164_800_000));
        assert_eq!(milliseconds("yesterday"), None);
    }

    #[test]
    fn a_place_names_both_logs() {
        assert_eq!(places(""), Some([0, 0]));
        assert_eq!(places("812-7"), Some([812, 7]));
        assert_eq!(places("812"), None);
    }
}
