//! The window on an X11 display.

use anyhow::Context as _;
use farhand_target_app::{BLOCK, Canvas, Drawn, Mode, Part, Workload, pattern};
use serde_json::{Value, json};
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::rust_connection::{DefaultStream, RustConnection};
use x11rb::wrapper::ConnectionExt as _;

const COLOURS: [u32; 2] = [0x0010_1010, 0x00f0_e020];

/// What the display had to say.
pub enum Happened {
    /// The window is on the screen and painted.
    Painted,
    /// A key, a button, the pointer or the focus.
    Input(Value),
    /// Someone closed the window.
    Closed,
}

/// The window, with everything it shows kept in memory.
pub struct Window {
    connection: RustConnection,
    window: xproto::Window,
    gc: xproto::Gcontext,
    depth: u8,
    canvas: Canvas,
    block: usize,
    managed: bool,
    keyboard: Keyboard,
}

impl Window {
    /// Opens the environment's display and maps the window.
    pub fn open(
        size: Option<(u32, u32)>,
        at: (i32, i32),
        number: u64,
        managed: bool,
    ) -> anyhow::Result<Self> {
        let (connection, screen) =
            x11rb::connect(None).context("the display cannot be opened: set DISPLAY")?;
        let screen = connection.setup().roots.get(screen).context("the display has no such screen")?.clone();
        let (width, height) = size.unwrap_or((screen.width_in_pixels.into(), screen.height_in_pixels.into()));
        let window = connection.generate_id()?;
        let events = xproto::EventMask::KEY_PRESS
            | xproto::EventMask::KEY_RELEASE
            | xproto::EventMask::BUTTON_PRESS
            | xproto::EventMask::BUTTON_RELEASE
            | xproto::EventMask::POINTER_MOTION
            | xproto::EventMask::FOCUS_CHANGE
            | xproto::EventMask::EXPOSURE;
        let aux = xproto::CreateWindowAux::new().event_mask(events).override_redirect(u32::from(!managed));
        connection
            .create_window(
                x11rb::COPY_DEPTH_FROM_PARENT,
                window,
                screen.root,
                i16::try_from(at.0)?,
                i16::try_from(at.1)?,
                u16::try_from(width)?,
                u16::try_from(height)?,
                0,
                xproto::WindowClass::INPUT_OUTPUT,
                x11rb::COPY_FROM_PARENT,
                &aux,
            )?
            .check()
            .context("the window cannot be made")?;
        let (property, kind) = (xproto::AtomEnum::WM_NAME, xproto::AtomEnum::STRING);
        connection.change_property8(xproto::PropMode::REPLACE, window, property, kind, b"Farhand target")?;
        let gc = connection.generate_id()?;
        connection.create_gc(gc, window, &xproto::CreateGCAux::new().graphics_exposures(0))?;
        connection.map_window(window)?;
        connection.flush()?;
        let keyboard = Keyboard::read(&connection)?;
        let mut window = Self {
            connection,
            window,
            gc,
            depth: screen.root_depth,
            canvas: pattern(number, width, height),
            block: 0,
            managed,
            keyboard,
        };
        window.paint_block();
        Ok(window)
    }

    /// What to wait on.
    pub fn stream(&self) -> &DefaultStream {
        self.connection.stream()
    }

    /// Width and height, pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.canvas.width, self.canvas.height)
    }

    /// Where the block is that keys and buttons toggle: x, y, width, height within the window.
    pub fn block(&self) -> [u32; 4] {
        let Part { x, y, w, h } = self.block_part();
        [x, y, w, h]
    }

    /// The next thing that happened, without waiting.
    pub fn next(&mut self) -> anyhow::Result<Option<Happened>> {
        while let Some(event) = self.connection.poll_for_event().context("the display is gone")? {
            match event {
                Event::Expose(event) if event.count == 0 => {
                    if !self.managed {
                        let parent = xproto::InputFocus::POINTER_ROOT;
                        self.connection.set_input_focus(parent, self.window, x11rb::CURRENT_TIME)?;
                    }
                    self.put(self.whole())?;
                    self.connection.sync()?;
                    return Ok(Some(Happened::Painted));
                }
                Event::KeyPress(event) => return self.key(event, true).map(Some),
                Event::KeyRelease(event) => return self.key(event, false).map(Some),
                Event::ButtonPress(event) => return self.button(event, true).map(Some),
                Event::ButtonRelease(event) => return self.button(event, false).map(Some),
                Event::MotionNotify(event) => {
                    let event = json!({ "event": "motion", "x": event.root_x, "y": event.root_y });
                    return Ok(Some(Happened::Input(event)));
                }
                Event::FocusIn(_) => {
                    return Ok(Some(Happened::Input(json!({ "event": "focus", "in": true }))));
                }
                Event::FocusOut(_) => {
                    return Ok(Some(Happened::Input(json!({ "event": "focus", "in": false }))));
                }
                Event::MappingNotify(_) => self.keyboard = Keyboard::read(&self.connection)?,
                Event::DestroyNotify(_) => return Ok(Some(Happened::Closed)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Shows another picture.
    pub fn show_pattern(&mut self, number: u64) -> anyhow::Result<()> {
        let (width, height) = self.size();
        self.canvas = pattern(number, width, height);
        self.paint_block();
        self.put(self.whole())?;
        self.connection.sync().context("the display is gone")
    }

    /// Begins a workload beside the block and under the strip.
    pub fn begin(&mut self, mode: Mode, seed: u64) -> anyhow::Result<Workload> {
        let (width, height) = self.size();
        let right = if width > 2 * BLOCK { BLOCK + 80 } else { 0 };
        let area = Part::new(40.min(width / 4), 40.min(height / 4), width.saturating_sub(right + 40), height);
        let area = Part { h: height.saturating_sub(area.y + 40.min(height / 4)), ..area };
        let (workload, changed) = Workload::new(mode, seed, area, &mut self.canvas);
        if let Some(part) = changed {
            self.paint_block();
            self.put(part)?;
            self.put(self.block_part())?;
        }
        self.connection.sync().context("the display is gone")?;
        Ok(workload)
    }

    /// Shows a workload's next frame and its number.
    pub fn play(&mut self, workload: &mut Workload) -> anyhow::Result<()> {
        for drawn in workload.draw(&mut self.canvas) {
            match drawn {
                Drawn::Put(part) => self.put(part)?,
                Drawn::Moved(part, rows) => self.scroll(part, rows)?,
            }
        }
        let strip = self.canvas.strip(workload.frame());
        self.put(strip)?;
        self.connection.sync().context("the display is gone")
    }

    fn key(&mut self, event: xproto::KeyPressEvent, down: bool) -> anyhow::Result<Happened> {
        let keysym = self.keyboard.keysym(event.detail, u16::from(event.state));
        if down && !is_modifier(keysym) {
            self.toggle()?;
        }
        Ok(Happened::Input(json!({
            "event": "key",
            "down": down,
            "keycode": event.detail,
            "keysym": keysym,
            "text": text(keysym),
            "state": u16::from(event.state),
            "block": self.block,
        })))
    }

    fn button(&mut self, event: xproto::ButtonPressEvent, down: bool) -> anyhow::Result<Happened> {
        // Wheel notches are no buttons to a person.
        if down && !(4..=7).contains(&event.detail) {
            self.toggle()?;
        }
        Ok(Happened::Input(json!({
            "event": "button",
            "down": down,
            "button": event.detail,
            "x": event.root_x,
            "y": event.root_y,
            "block": self.block,
        })))
    }

    fn toggle(&mut self) -> anyhow::Result<()> {
        self.block = 1 - self.block;
        self.paint_block();
        self.put(self.block_part())?;
        self.connection.sync().context("the display is gone")
    }

    fn paint_block(&mut self) {
        self.canvas.fill(self.block_part(), COLOURS[self.block]);
    }

    fn block_part(&self) -> Part {
        let (width, height) = self.size();
        let x = width.saturating_sub(BLOCK + 60);
        self.canvas.clip(Part::new(x, 100.min(height / 2), BLOCK, BLOCK))
    }

    fn whole(&self) -> Part {
        let (width, height) = self.size();
        Part::new(0, 0, width, height)
    }

    /// Puts a part of the canvas on the screen, in pieces that the display takes.
    fn put(&self, part: Part) -> anyhow::Result<()> {
        let part = self.canvas.clip(part);
        if part.w == 0 || part.h == 0 {
            return Ok(());
        }
        let row = part.w as usize * 4;
        let room = self.connection.maximum_request_bytes().saturating_sub(64).min(1 << 22);
        let rows = u32::try_from((room / row).max(1)).unwrap_or(u32::MAX);
        let mut y = part.y;
        while y < part.y + part.h {
            let piece = Part { y, h: rows.min(part.y + part.h - y), ..part };
            self.connection.put_image(
                xproto::ImageFormat::Z_PIXMAP,
                self.window,
                self.gc,
                u16::try_from(piece.w)?,
                u16::try_from(piece.h)?,
                i16::try_from(piece.x)?,
                i16::try_from(piece.y)?,
                0,
                self.depth,
                &self.canvas.bytes(piece),
            )?;
            y += piece.h;
        }
        Ok(())
    }

    fn scroll(&self, part: Part, rows: u32) -> anyhow::Result<()> {
        self.connection.copy_area(
            self.window,
            self.window,
            self.gc,
            i16::try_from(part.x)?,
            i16::try_from(part.y + rows)?,
            i16::try_from(part.x)?,
            i16::try_from(part.y)?,
            u16::try_from(part.w)?,
            u16::try_from(part.h.saturating_sub(rows))?,
        )?;
        Ok(())
    }
}

/// What keys mean, read anew whenever the display says that it changed, and not before: as most programs do.
struct Keyboard {
    first: u8,
    per_key: usize,
    keysyms: Vec<u32>,
}

impl Keyboard {
    fn read(connection: &RustConnection) -> anyhow::Result<Self> {
        let first = connection.setup().min_keycode;
        let count = connection.setup().max_keycode - first + 1;
        let mapping =
            connection.get_keyboard_mapping(first, count)?.reply().context("the display has no keyboard")?;
        Ok(Self { first, per_key: mapping.keysyms_per_keycode.into(), keysyms: mapping.keysyms })
    }

    /// The keysym of a key with Shift and Caps Lock as in `state`, in the first group.
    fn keysym(&self, keycode: u8, state: u16) -> u32 {
        const SHIFT: u16 = 1;
        const LOCK: u16 = 2;
        let start = usize::from(keycode.saturating_sub(self.first)) * self.per_key;
        let at = |level| self.keysyms.get(start + level).copied().unwrap_or(0);
        let (plain, shifted) = (at(0), if self.per_key > 1 { at(1) } else { 0 });
        let letter = (0x61..=0x7a).contains(&plain) && shifted == plain - 0x20;
        let up = (state & SHIFT != 0) != (letter && state & LOCK != 0);
        if up && shifted != 0 { shifted } else { plain }
    }
}

fn is_modifier(keysym: u32) -> bool {
    (0xffe1..=0xffee).contains(&keysym) || (0xfe01..=0xfe13).contains(&keysym)
}

/// The character that a keysym stands for.
fn text(keysym: u32) -> Option<char> {
    match keysym {
        0x20..=0x7e | 0xa0..=0xff => char::from_u32(keysym),
        0xff09 => Some('\t'),
        0xff0d => Some('\n'),
        0x0100_0100..=0x0110_ffff => char::from_u32(keysym - 0x0100_0000),
        _ => None,
    }
}
