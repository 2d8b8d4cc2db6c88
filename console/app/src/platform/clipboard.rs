//! The clipboard by GTK. On the main thread, where nothing waits: programs answer later.

use farhand_console_core::shell::{Clip, ClipRead, ClipWritten};
use farhand_console_core::types::ClipFormat;
use gtk::gdk::{Atom, SELECTION_CLIPBOARD};
use gtk::{Clipboard, TargetEntry, TargetFlags};

/// What password managers mark a secret with: the target's value is `secret`.
const HINT: &str = "x-kde-passwordManagerHint";
/// What programs offer text as, the best first.
const TEXTS: [&str; 2] = ["UTF8_STRING", "text/plain;charset=utf-8"];
const HTML: &str = "text/html";
const PNG: &str = "image/png";

/// Parts that came, and what is still to be asked for.
struct Reading {
    wanted: Vec<(ClipFormat, Atom)>,
    parts: Vec<(ClipFormat, Vec<u8>)>,
    then: ClipRead,
}

/// Reads what lies there, unless it is marked as a secret.
pub fn read_clipboard(then: ClipRead) {
    Clipboard::get(&SELECTION_CLIPBOARD).request_contents(&Atom::intern("TARGETS"), |clipboard, told| {
        let Some(targets) = told.targets() else { return then(Err(Clip::Empty)) };
        let wanted = wanted(&targets);
        let reading = Reading { wanted, parts: Vec::new(), then };
        if !targets.contains(&Atom::intern(HINT)) {
            return next(clipboard, reading);
        }
        clipboard.request_contents(&Atom::intern(HINT), |clipboard, hint| {
            if means_secret(&hint.data()) {
                (reading.then)(Err(Clip::Secret));
            } else {
                next(clipboard, reading);
            }
        });
    });
}

/// What cannot be read is a secret too: somebody marked it.
fn means_secret(hint: &[u8]) -> bool {
    let hint = hint.split(|byte| *byte == 0).next().unwrap_or_default().trim_ascii();
    hint.is_empty() || hint.eq_ignore_ascii_case(b"secret")
}

fn wanted(targets: &[Atom]) -> Vec<(ClipFormat, Atom)> {
    let offered = |name: &str| targets.iter().find(|target| target.name().as_str() == name).copied();
    let text = TEXTS.iter().find_map(|name| offered(name));
    let formats =
        [(ClipFormat::Text, text), (ClipFormat::Html, offered(HTML)), (ClipFormat::Png, offered(PNG))];
    formats.into_iter().filter_map(|(format, target)| Some((format, target?))).collect()
}

fn next(clipboard: &Clipboard, mut reading: Reading) {
    let Some((format, target)) = reading.wanted.first().copied() else {
        return (reading.then)(Ok(reading.parts));
    };
    reading.wanted.remove(0);
    clipboard.request_contents(&target, move |clipboard, content| {
        let bytes = content.data();
        let usable = match format {
            ClipFormat::Text | ClipFormat::Html => std::str::from_utf8(&bytes).is_ok(),
            ClipFormat::Png => true,
        };
        if usable {
            reading.parts.push((format, bytes));
        }
        next(clipboard, reading);
    });
}

/// Puts formats of one thing there.
pub fn write_clipboard(parts: Vec<(ClipFormat, Vec<u8>)>, then: ClipWritten) {
    let mut targets = Vec::new();
    for (at, (format, _)) in parts.iter().enumerate() {
        let names: &[&str] = match format {
            ClipFormat::Text => &[TEXTS[0], TEXTS[1], "text/plain", "STRING", "TEXT"],
            ClipFormat::Html => &[HTML],
            ClipFormat::Png => &[PNG],
        };
        let info = u32::try_from(at).unwrap_or(u32::MAX);
        targets.extend(names.iter().map(|name| TargetEntry::new(name, TargetFlags::empty(), info)));
    }
    let wrote = Clipboard::get(&SELECTION_CLIPBOARD).set_with_data(&targets, move |_, asked, info| {
        let part = usize::try_from(info).ok().and_then(|at| parts.get(at));
        match part {
            Some((ClipFormat::Text, bytes)) => {
                asked.set_text(&String::from_utf8_lossy(bytes));
            }
            Some((ClipFormat::Html | ClipFormat::Png, bytes)) => asked.set(&asked.target(), 8, bytes),
            None => {}
        }
    });
    then(if wrote { Ok(()) } else { Err(Clip::Failed) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_means_a_secret_unless_it_says_otherwise() {
        assert!(means_secret(b"secret") && means_secret(b"secret\0") && means_secret(b"Secret\n"));
        assert!(means_secret(b""), "somebody marked it, and does not say how");
        assert!(!means_secret(b"public"));
    }
}
