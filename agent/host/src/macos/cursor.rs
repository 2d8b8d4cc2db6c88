//! The pointer's shape as the system shows it now.
#![allow(unsafe_code, reason = "the system's calls")]

use std::hash::{DefaultHasher, Hasher as _};

use farhand_protocol::channel::Cursor;
use objc2::rc::{Retained, autoreleasepool};
use objc2_app_kit::{NSBitmapImageRep, NSColorSpace, NSCursor};
use objc2_foundation::NSData;

use crate::capture::cursor::from_premultiplied;

/// The shape's pixels, its size in points and its hot spot; nothing where it cannot be read.
fn picture() -> Option<(Retained<NSData>, (f64, f64), (f64, f64))> {
    // The system marks this as old and has nothing in its place: a program learns of others' pointers by it alone.
    #[allow(deprecated, reason = "nothing newer tells the pointer of another program")]
    let cursor = NSCursor::currentSystemCursor()?;
    let image = cursor.image();
    let (size, hot) = (image.size(), cursor.hotSpot());
    Some((image.TIFFRepresentation()?, (size.width, size.height), (hot.x, hot.y)))
}

/// Another number for another shape.
pub fn fingerprint() -> u64 {
    autoreleasepool(|_| {
        let mut hasher = DefaultHasher::new();
        if let Some((data, _, hot)) = picture() {
            hasher.write(&data.to_vec());
            hasher.write_u64(hot.0.to_bits());
            hasher.write_u64(hot.1.to_bits());
        }
        hasher.finish()
    })
}

/// The shape; empty where none is shown or none can be read.
pub fn read() -> Cursor {
    let empty = || from_premultiplied(&[], (0, 0), (0, 0));
    autoreleasepool(|_| pixels().unwrap_or_else(empty))
}

fn pixels() -> Option<Cursor> {
    let (data, (points, _), hot) = picture()?;
    let picture = NSBitmapImageRep::imageRepWithData(&data)?;
    let (wide, high) = (picture.pixelsWide(), picture.pixelsHigh());
    let (width, height) = (u16::try_from(wide).ok()?, u16::try_from(high).ok()?);
    let scale = f64::from(width) / points.max(1.0);
    let space = NSColorSpace::sRGBColorSpace();
    let mut all = Vec::with_capacity(usize::from(width) * usize::from(height));
    for y in 0..high {
        for x in 0..wide {
            // Another space may have no red in it.
            let colour = picture.colorAtX_y(x, y)?.colorUsingColorSpace(&space)?;
            let part = |value: f64| (value.clamp(0.0, 1.0) * 255.0).round() as u32;
            let alpha = colour.alphaComponent();
            let (red, green, blue) = (colour.redComponent(), colour.greenComponent(), colour.blueComponent());
            let premultiplied = |value: f64| part(value * alpha);
            all.push(
                part(alpha) << 24
                    | premultiplied(red) << 16
                    | premultiplied(green) << 8
                    | premultiplied(blue),
            );
        }
    }
    let place = |value: f64| (value * scale).round().clamp(0.0, f64::from(u16::MAX)) as u16;
    Some(from_premultiplied(&all, (width, height), (place(hot.0), place(hot.1))))
}
