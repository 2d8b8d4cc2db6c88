//! Messages of the clipboard, and content that claims to be of a format.

use farhand_protocol::channel::clipboard::{
    CLIPBOARD_PIECE, Clipboard, ClipboardFormat, MAX_CLIPBOARD_FILE_NAME, MAX_CLIPBOARD_FILES,
    MAX_CLIPBOARD_PIXELS, MAX_CONTENT,
};
use farhand_protocol::channel::encode;

/// A message's body; and the same bytes as content.
pub fn clipboard(data: &[u8]) {
    for format in ClipboardFormat::ALL {
        if format.check(data).is_err() {
            continue;
        }
        match format {
            ClipboardFormat::Text | ClipboardFormat::Html => {
                assert!(std::str::from_utf8(data).is_ok_and(|text| !text.contains('\0')));
            }
            ClipboardFormat::Png => {
                let side =
                    |at: usize| u32::from_be_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]);
                assert!(u64::from(side(16)) * u64::from(side(20)) <= MAX_CLIPBOARD_PIXELS);
            }
            ClipboardFormat::Unknown => panic!("nobody can check what nobody knows"),
        }
    }
    let Ok(message) = Clipboard::decode(data) else { return };
    match &message {
        Clipboard::Offer { parts, files, .. } => {
            let total: u64 = parts.iter().map(|part| u64::from(part.size)).sum();
            assert!(total <= u64::from(MAX_CONTENT));
            assert!(files.len() <= MAX_CLIPBOARD_FILES);
            assert!(files.iter().all(|name| name.len() <= MAX_CLIPBOARD_FILE_NAME));
        }
        Clipboard::Piece { bytes, .. } => assert!((1..=CLIPBOARD_PIECE).contains(&bytes.len())),
        Clipboard::Watch { .. }
        | Clipboard::Fetch { .. }
        | Clipboard::Nothing { .. }
        | Clipboard::Credit { .. }
        | Clipboard::Taken { .. }
        | Clipboard::Refused { .. }
        | Clipboard::Dropped { .. }
        | Clipboard::Unknown => {}
    }
    let mut again = Vec::new();
    encode(&message, &mut again);
    assert_eq!(Clipboard::decode(&again).expect("what was read can be read again"), message);
}
