//! Messages of the clipboard.

use crate::channel::clipboard::{Clipboard, ClipboardFormat, ClipboardPart, ClipboardWhy, Watch};

pub(crate) fn clipboard() -> Vec<Clipboard> {
    let part = |format, size| ClipboardPart { format, size };
    let mut list: Vec<Clipboard> =
        [Watch::On, Watch::Away, Watch::Off].map(|watch| Clipboard::Watch { watch }).into();
    list.extend([
        Clipboard::Fetch { request: 1 },
        Clipboard::Offer {
            transfer: 9,
            request: 1,
            parts: vec![
                part(ClipboardFormat::Text, 5),
                part(ClipboardFormat::Html, 1 << 20),
                part(ClipboardFormat::Png, 4 << 20),
            ],
            files: Vec::new(),
            more_files: 0,
        },
        Clipboard::Offer {
            transfer: 10,
            request: 0,
            parts: Vec::new(),
            files: vec!["Grüße.txt".into(), "Bilder".into()],
            more_files: 40,
        },
        Clipboard::Credit { transfer: 9, bytes: 512 * 1024 },
        Clipboard::Piece { transfer: 9, bytes: "Größe".into() },
        Clipboard::Taken { transfer: 9 },
        Clipboard::Dropped { transfer: u32::MAX },
        Clipboard::Refused { transfer: 10, why: ClipboardWhy::Busy },
    ]);
    let reasons = [
        ClipboardWhy::Empty,
        ClipboardWhy::Secret,
        ClipboardWhy::TooLarge,
        ClipboardWhy::Format,
        ClipboardWhy::NotAllowed,
        ClipboardWhy::Failed,
    ];
    list.extend(reasons.map(|why| Clipboard::Nothing { request: 2, why }));
    list
}
