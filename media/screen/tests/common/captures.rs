//! Real frames, see `tests/captures/README.md`.

use std::io::{BufReader, Read};
use std::path::Path;

use super::Canvas;

/// The captures that are kept, by their names.
pub const ALL: [&str; 4] = ["typing", "scroll", "drag", "photo"];

/// The frames of one capture, one after the other.
pub struct Frames {
    reader: zstd::stream::read::Decoder<'static, BufReader<std::fs::File>>,
    width: u32,
    height: u32,
    left: u32,
}

/// Opens a capture.
pub fn open(name: &str) -> Frames {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/captures/{name}.zst"));
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut reader = zstd::stream::read::Decoder::new(file).unwrap();
    reader.window_log_max(27).unwrap();
    let mut number = || {
        let mut bytes = [0; 4];
        reader.read_exact(&mut bytes).unwrap();
        u32::from_le_bytes(bytes)
    };
    let (width, height, left) = (number(), number(), number());
    Frames { reader, width, height, left }
}

impl Iterator for Frames {
    type Item = Canvas;

    fn next(&mut self) -> Option<Canvas> {
        self.left = self.left.checked_sub(1)?;
        let mut canvas = Canvas::new(self.width, self.height);
        self.reader.read_exact(&mut canvas.pixels).unwrap();
        Some(canvas)
    }
}
