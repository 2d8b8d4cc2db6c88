//! Pictures on Windows' clipboard: those that the far side sent, and those of this computer's programs.

// From its place: the crate that it belongs to is everything of an operating system's, and this is none of that.
#[path = "../../../agent/host/src/clipboard/dib.rs"]
mod dib;

use dib::{Dibs, MAX_DIB, MAX_PIXELS, from_png, to_png};

/// What every file of this form begins with.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Pixels of a picture that is turned back as well: of more it takes too long.
const TURNED_BACK: usize = 64 * 1024;

/// The same bytes as a PNG file, and as a picture in Windows' form.
pub fn picture(data: &[u8]) {
    if let Some(Dibs { v5, plain }) = from_png(data) {
        assert!(v5.len() <= MAX_DIB && plain.len() <= MAX_DIB);
        assert!(v5.len() as u64 <= MAX_PIXELS * 4 + 124);
        if v5.len() <= TURNED_BACK * 4 {
            assert!(to_png(&v5).is_some_and(|png| png.starts_with(PNG)));
            let again = to_png(&plain).expect("what was made is whole");
            // Nothing shines through it: it comes back as it is.
            assert_eq!(from_png(&again).expect("what was made is whole").plain, plain);
        }
    }
    if let Some(png) = to_png(data) {
        assert!(png.starts_with(PNG));
        if data.len() <= TURNED_BACK && side(&png, 16) * side(&png, 20) <= TURNED_BACK as u64 {
            let Dibs { v5, .. } = from_png(&png).expect("what was made is whole");
            assert_eq!(v5.len() as u64, 124 + side(&png, 16) * side(&png, 20) * 4);
        }
    }
}

/// Width or height of a PNG file.
fn side(png: &[u8], at: usize) -> u64 {
    png.get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(u64::MAX >> 32, |bytes| u64::from(u32::from_be_bytes(bytes)))
}
