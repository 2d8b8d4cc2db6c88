//! `farhand-probe`: what a technician feels, measured where they feel it, on their own X display. It presses a key there
//! and watches a pixel of that screen, or reads which frame of the customer's screen is visible. It knows no product.
//!
//! - `farhand-probe latency X Y COUNT`: X,Y is inside the block that changes its colour at each key. Prints a line for
//!   each press: `milliseconds pressed seen` (the last two in nanoseconds since 1970), or `lost`.
//! - `farhand-probe frames X Y SECONDS`: X,Y is the top left corner of the strip that shows the frame's number. Prints
//!   `nanoseconds number` whenever another number is seen.
//! - `farhand-probe colour RRGGBB PIXELS SECONDS`: prints the time in nanoseconds when so many pixels of the screen have
//!   that colour, or `never` when they have not within the time.
#![forbid(unsafe_code)]

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, Window};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// How often a pixel is looked at.
const LOOK: Duration = Duration::from_micros(500);
/// How often the strip is looked at.
const LOOK_AT_STRIP: Duration = Duration::from_millis(4);
/// After this a press counts as lost.
const LOST: Duration = Duration::from_secs(3);
/// Presses that warm up and are not counted.
const WARM_UP: u32 = 3;
/// The strip: this many cells, each this wide and high.
const CELLS: u16 = 16;
const CELL: u16 = 16;
/// The keysym of `k`.
const KEYSYM: u32 = 0x6b;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, x, y, amount] = words.as_slice() else {
        bail!(
            "usage: farhand-probe latency X Y COUNT | farhand-probe frames X Y SECONDS | farhand-probe colour \
             RRGGBB PIXELS SECONDS"
        );
    };
    let screen = Screen::open()?;
    if what == "colour" {
        let wanted = u32::from_str_radix(x, 16).context("a colour is six hexadecimal digits")?;
        return colour(&screen, wanted, y.parse()?, Duration::from_secs(amount.parse()?));
    }
    let (x, y, amount) = (x.parse()?, y.parse()?, amount.parse()?);
    match what.as_str() {
        "latency" => latency(&screen, x, y, amount),
        "frames" => frames(&screen, x, y, Duration::from_secs(amount.into())),
        other => bail!("`{other}` cannot be measured"),
    }
}

fn latency(screen: &Screen, x: i16, y: i16, count: u32) -> Result<()> {
    let key = screen.keycode(KEYSYM)?;
    let mut pauses = Pauses(7);
    for press in 0..count + WARM_UP {
        let before = loop {
            match screen.block(x, y)? {
                Some(lit) => break lit,
                None => std::thread::sleep(LOOK),
            }
        };
        let pressed = now();
        screen.press(key)?;
        let seen = loop {
            if screen.block(x, y)? == Some(!before) {
                break Some(now());
            }
            if now() - pressed > LOST {
                break None;
            }
            std::thread::sleep(LOOK);
        };
        if press >= WARM_UP {
            match seen {
                Some(seen) => {
                    let took = (seen - pressed).as_secs_f64() * 1000.0;
                    say(&format!("{took:.2} {} {}", pressed.as_nanos(), seen.as_nanos()))?;
                }
                None => say("lost")?,
            }
        }
        std::thread::sleep(pauses.next());
    }
    Ok(())
}

fn frames(screen: &Screen, x: i16, y: i16, time: Duration) -> Result<()> {
    let end = now() + time;
    let mut last = None;
    while now() < end {
        let number = screen.strip(x, y)?;
        if last != Some(number) {
            say(&format!("{} {number}", now().as_nanos()))?;
            last = Some(number);
        }
        std::thread::sleep(LOOK_AT_STRIP);
    }
    Ok(())
}

fn colour(screen: &Screen, wanted: u32, pixels: usize, time: Duration) -> Result<()> {
    let end = now() + time;
    while now() < end {
        if screen.count(wanted)? >= pixels {
            return say(&now().as_nanos().to_string());
        }
        std::thread::sleep(LOOK_AT_STRIP);
    }
    say("never")
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970")
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Seeded pauses of 120 to 320 ms, so that presses fall anywhere between two frames.
struct Pauses(u64);

impl Pauses {
    fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(120 + (self.0 >> 33) % 200)
    }
}

struct Screen {
    connection: RustConnection,
    root: Window,
}

impl Screen {
    fn open() -> Result<Self> {
        let (connection, number) = x11rb::connect(None).context("the display cannot be opened")?;
        let root = connection.setup().roots[number].root;
        connection.xtest_get_version(2, 2)?.reply().context("the display has no XTEST")?;
        Ok(Self { connection, root })
    }

    fn keycode(&self, keysym: u32) -> Result<u8> {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = self.connection.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        let each = usize::from(map.keysyms_per_keycode);
        let at = map.keysyms.chunks(each).position(|symbols| symbols.first() == Some(&keysym));
        let at = at.context("the keyboard has no such key")?;
        Ok(first + u8::try_from(at).expect("a keyboard has fewer than 256 keys"))
    }

    fn press(&self, key: u8) -> Result<()> {
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            self.connection.xtest_fake_input(kind, key, 0, self.root, 0, 0, 0)?;
        }
        Ok(self.connection.flush()?)
    }

    /// How many pixels of the whole screen have this colour, red in the third byte.
    fn count(&self, wanted: u32) -> Result<usize> {
        let size = self.connection.get_geometry(self.root)?.reply()?;
        let (width, height) = (size.width, size.height);
        let image =
            self.connection.get_image(ImageFormat::Z_PIXMAP, self.root, 0, 0, width, height, !0)?.reply()?;
        let [blue, green, red, _] = wanted.to_le_bytes();
        Ok(image.data.chunks_exact(4).filter(|pixel| pixel[..3] == [blue, green, red]).count())
    }

    /// Brightness of a row of pixels: the mean of red and green, which blue text and video noise hardly touch.
    fn row(&self, x: i16, y: i16, width: u16) -> Result<Vec<u8>> {
        let image =
            self.connection.get_image(ImageFormat::Z_PIXMAP, self.root, x, y, width, 1, !0)?.reply()?;
        Ok(image.data.chunks_exact(4).map(|pixel| pixel[1] / 2 + pixel[2] / 2).collect())
    }

    /// Whether the block is lit, or `None` while it is neither lit nor dark.
    fn block(&self, x: i16, y: i16) -> Result<Option<bool>> {
        Ok(match self.row(x, y, 1)?.first() {
            Some(161..) => Some(true),
            Some(0..80) => Some(false),
            Some(80..161) | None => None,
        })
    }

    fn strip(&self, x: i16, y: i16) -> Result<u16> {
        let row = self.row(x, y + 8, CELLS * CELL)?;
        let centre = usize::from(CELL / 2);
        let lit = row.iter().skip(centre).step_by(usize::from(CELL)).map(|brightness| *brightness > 128);
        Ok(binary(lit.enumerate().fold(0, |code, (bit, lit)| code | (u16::from(lit) << bit))))
    }
}

/// The number that a Gray code stands for.
fn binary(gray: u16) -> u16 {
    [1, 2, 4, 8].iter().fold(gray, |number, shift| number ^ (number >> shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gray_codes_are_read() {
        for number in 0..=u16::MAX {
            assert_eq!(binary(number ^ (number >> 1)), number);
        }
    }

    #[test]
    fn pauses_are_the_same_in_every_run_and_within_their_bounds() {
        let (mut a, mut b) = (Pauses(7), Pauses(7));
        for _ in 0..1000 {
            let pause = a.next();
            assert_eq!(pause, b.next());
            assert!((120..320).contains(&pause.as_millis()));
        }
    }
}
