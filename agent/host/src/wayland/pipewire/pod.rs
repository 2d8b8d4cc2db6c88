//! Parameters as PipeWire writes them ("plain old data"): what we ask for, and what was agreed on.

/// Numbers of types (`spa/utils/type.h`).
mod kind {
    pub const ID: u32 = 3;
    pub const INT: u32 = 4;
    pub const RECTANGLE: u32 = 10;
    pub const FRACTION: u32 = 11;
    pub const OBJECT: u32 = 15;
    pub const CHOICE: u32 = 19;
    pub const FORMAT: u32 = 0x4_0003;
    pub const BUFFERS: u32 = 0x4_0004;
    pub const META: u32 = 0x4_0005;
}

/// Numbers of parameters (`spa/param/param.h`).
pub mod param {
    pub const ENUM_FORMAT: u32 = 3;
    pub const FORMAT: u32 = 4;
    pub const BUFFERS: u32 = 5;
    pub const META: u32 = 6;
}

/// Keys within a format, and what they have for video that is not compressed.
mod format {
    pub const MEDIA: u32 = 1;
    pub const VIDEO: u32 = 2;
    pub const SUBTYPE: u32 = 2;
    pub const RAW: u32 = 1;
    pub const PIXELS: u32 = 0x2_0001;
    pub const SIZE: u32 = 0x2_0003;
    pub const RATE: u32 = 0x2_0004;
}

/// Kinds of choices.
const RANGE: u32 = 1;
const ENUM: u32 = 3;
const FLAGS: u32 = 4;
/// The most sides that a picture may have, pixels.
const MAX_SIDE: u32 = 16_384;
/// Pictures a second, at most.
const RATE_MAX: u32 = 60;
/// The most pieces of damage that are read from one picture.
pub const MAX_DAMAGE: usize = 64;
/// Bytes of one.
pub const REGION: usize = 16;
/// Bytes of what says where the pointer is, and of what says how its picture is laid out.
pub const CURSOR: usize = 28;
/// See above.
pub const BITMAP: usize = 20;
/// The largest pointer that is taken, pixels a side.
pub const CURSOR_SIDE: usize = 384;

/// How a pixel's four bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pixels {
    /// Red first.
    Rgb,
    /// Blue first, as everything else here has it.
    Bgr,
}

impl Pixels {
    /// Which of them a number of `spa/param/video/raw.h` means.
    pub const fn from_number(number: u32) -> Option<Self> {
        match number {
            RGBX | RGBA => Some(Self::Rgb),
            BGRX | BGRA => Some(Self::Bgr),
            _ => None,
        }
    }
}

const RGBX: u32 = 7;
const BGRX: u32 = 8;
const RGBA: u32 = 11;
const BGRA: u32 = 12;
/// Alpha first; of pointers only.
pub const ARGB: u32 = 13;
/// See above.
pub const ABGR: u32 = 14;

/// What was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// How a pixel lies.
    pub pixels: Pixels,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// An object that is being written. Words, since the library wants it aligned.
struct Object {
    words: Vec<u64>,
    bytes: Vec<u8>,
}

impl Object {
    fn new(kind: u32, id: u32) -> Self {
        let mut object = Self { words: Vec::new(), bytes: Vec::with_capacity(256) };
        object.put(&[0, kind::OBJECT, kind, id]);
        object
    }

    fn put(&mut self, numbers: &[u32]) {
        for number in numbers {
            self.bytes.extend(number.to_ne_bytes());
        }
    }

    /// A value, or a choice among several of the same type, the preferred first.
    fn prop(&mut self, key: u32, kind: u32, choice: Option<u32>, values: &[&[u32]]) -> &mut Self {
        let size = values[0].len() as u32 * 4;
        self.put(&[key, 0]);
        match choice {
            None => self.put(&[size, kind]),
            Some(choice) => {
                self.put(&[16 + size * values.len() as u32, kind::CHOICE, choice, 0, size, kind]);
            }
        }
        for value in values {
            self.put(value);
        }
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self
    }

    fn done(&mut self) -> Vec<u64> {
        let size = (self.bytes.len() - 8) as u32;
        self.bytes[..4].copy_from_slice(&size.to_ne_bytes());
        self.words.extend(self.bytes.chunks(8).map(|word| {
            let mut eight = [0; 8];
            eight[..word.len()].copy_from_slice(word);
            u64::from_ne_bytes(eight)
        }));
        std::mem::take(&mut self.words)
    }
}

/// The formats that are taken, in plain memory: no modifier is named, so no graphics memory is offered.
pub fn formats() -> Vec<u64> {
    Object::new(kind::FORMAT, param::ENUM_FORMAT)
        .prop(format::MEDIA, kind::ID, None, &[&[format::VIDEO]])
        .prop(format::SUBTYPE, kind::ID, None, &[&[format::RAW]])
        .prop(format::PIXELS, kind::ID, Some(ENUM), &[&[BGRX], &[BGRX], &[BGRA], &[RGBX], &[RGBA]])
        .prop(format::SIZE, kind::RECTANGLE, Some(RANGE), &[&[1280, 720], &[1, 1], &[MAX_SIDE, MAX_SIDE]])
        .prop(format::RATE, kind::FRACTION, Some(RANGE), &[&[RATE_MAX, 1], &[0, 1], &[RATE_MAX, 1]])
        .done()
}

/// Buffers in memory that this program can read.
pub fn buffers() -> Vec<u64> {
    let kinds = 1 << super::DATA_MEM_PTR | 1 << super::DATA_MEM_FD;
    Object::new(kind::BUFFERS, param::BUFFERS).prop(6, kind::INT, Some(FLAGS), &[&[kinds], &[kinds]]).done()
}

/// What pictures shall say of themselves.
pub fn metas() -> [Vec<u64>; 3] {
    let meta = |which: u32, best: usize, least: usize, most: usize| {
        let sizes = [[best as u32], [least as u32], [most as u32]];
        Object::new(kind::META, param::META)
            .prop(1, kind::ID, None, &[&[which]])
            .prop(2, kind::INT, Some(RANGE), &[&sizes[0], &sizes[1], &sizes[2]])
            .done()
    };
    let cursor = |side: usize| CURSOR + BITMAP + side * side * 4;
    [
        meta(super::META_HEADER, 32, 32, 32),
        meta(super::META_DAMAGE, REGION * 16, REGION, REGION * MAX_DAMAGE),
        meta(super::META_CURSOR, cursor(64), cursor(1), cursor(CURSOR_SIDE)),
    ]
}

/// Reads a number at a place.
pub fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes([four[0], four[1], four[2], four[3]]))
}

/// The format that was agreed on; none where it is no video that is read here.
pub fn format(bytes: &[u8]) -> Option<Format> {
    let body = number(bytes, 0)? as usize;
    let bytes = bytes.get(..body.checked_add(8)?)?;
    if number(bytes, 4)? != kind::OBJECT || number(bytes, 8)? != kind::FORMAT {
        return None;
    }
    let (mut media, mut subtype, mut pixels, mut size) = (None, None, None, None);
    let mut at = 16_usize;
    while let Some(key) = number(bytes, at) {
        let length = number(bytes, at.checked_add(8)?)? as usize;
        let mut value = at.checked_add(16)?;
        if number(bytes, at + 12)? == kind::CHOICE {
            // Two numbers of the choice, two of what is chosen from; then the value.
            value = value.checked_add(16)?;
        }
        match key {
            format::MEDIA => media = number(bytes, value),
            format::SUBTYPE => subtype = number(bytes, value),
            format::PIXELS => pixels = number(bytes, value).and_then(Pixels::from_number),
            format::SIZE => size = number(bytes, value).zip(number(bytes, value.checked_add(4)?)),
            _ => {}
        }
        at = at.checked_add(16)?.checked_add(length.checked_next_multiple_of(8)?)?;
    }
    if (media, subtype) != (Some(format::VIDEO), Some(format::RAW)) {
        return None;
    }
    let (width, height) = size.filter(|(w, h)| (1..=MAX_SIDE).contains(w) && (1..=MAX_SIDE).contains(h))?;
    Some(Format { pixels: pixels?, width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    #[test]
    fn what_is_asked_for_reads_as_its_first_choice() {
        let asked = bytes(&formats());
        assert_eq!(asked.len() % 8, 0);
        assert_eq!(number(&asked, 0), Some(asked.len() as u32 - 8));
        assert_eq!(format(&asked), Some(Format { pixels: Pixels::Bgr, width: 1280, height: 720 }));
    }

    #[test]
    fn what_is_cut_off_or_no_video_is_no_format() {
        let asked = bytes(&formats());
        for end in 0..asked.len() {
            assert_eq!(format(&asked[..end]), None, "{end}");
        }
        assert_eq!(format(&bytes(&buffers())), None);
        let mut sound = asked.clone();
        sound[32..36].copy_from_slice(&1_u32.to_ne_bytes());
        assert_eq!(format(&sound), None);
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let asked = bytes(&formats());
        for at in 0..asked.len() {
            for value in [0_u8, 1, 0x7f, 0x80, 0xff] {
                let mut broken = asked.clone();
                broken[at] = value;
                let _ = format(&broken);
            }
        }
    }
}
