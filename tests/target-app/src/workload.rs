//! What a person's screen does all day, frame by frame; each depends on the seed and the frame's number alone.

use crate::paint::{Canvas, Part, mix};

/// Height of a line of text, pixels.
const LINE: u32 = 18;
/// Pixels that one frame of scrolling moves.
const STEP: u32 = 8;

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing moves.
    Idle,
    /// A character and a caret at a time.
    Type,
    /// A page moves up.
    Scroll,
    /// A window is dragged over a page.
    Drag,
    /// A part behaves like video.
    Video,
}

impl Mode {
    /// The mode of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "idle" => Self::Idle,
            "type" => Self::Type,
            "scroll" => Self::Scroll,
            "drag" => Self::Drag,
            "video" => Self::Video,
            _ => return None,
        })
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Type => "type",
            Self::Scroll => "scroll",
            Self::Drag => "drag",
            Self::Video => "video",
        }
    }

    /// Frames a second unless told otherwise; 0 is never.
    #[must_use]
    pub const fn frames_per_second(self) -> u32 {
        match self {
            Self::Idle => 0,
            Self::Type => 10,
            Self::Scroll | Self::Drag => 60,
            Self::Video => 30,
        }
    }
}

/// What a frame changed, in the order in which to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// Pixels of the canvas to put on the screen.
    Put(Part),
    /// Pixels on the screen that move up by so many rows: a display does that itself.
    Moved(Part, u32),
}

/// One mode at work.
#[derive(Clone, Debug)]
pub struct Workload {
    mode: Mode,
    seed: u64,
    frame: u32,
    area: Part,
    page: Canvas,
    scrolled: u32,
    caret: (u32, u32),
    window: Option<Part>,
}

impl Workload {
    /// Begins a mode in the area given; `canvas` is what the screen shows, and is changed where the mode begins with
    /// something else.
    #[must_use]
    pub fn new(mode: Mode, seed: u64, area: Part, canvas: &mut Canvas) -> (Self, Option<Part>) {
        let area = canvas.clip(area);
        match mode {
            Mode::Idle => {}
            Mode::Type => canvas.fill(area, 0x00ff_ffff),
            Mode::Scroll | Mode::Drag | Mode::Video => {
                for line in 0..area.h.div_ceil(LINE) {
                    let rows = 0..LINE.min(area.h - line * LINE);
                    let at = Part { y: area.y + line * LINE, h: LINE, ..area };
                    canvas.line(seed.wrapping_add(line.into()), at, rows);
                }
            }
        }
        let page = canvas.clone();
        let caret = (area.x + 6, area.y);
        let changed = (mode != Mode::Idle).then_some(area);
        (Self { mode, seed, frame: 0, area, page, scrolled: 0, caret, window: None }, changed)
    }

    /// Which mode it is.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Number of the last frame.
    #[must_use]
    pub const fn frame(&self) -> u32 {
        self.frame
    }

    /// The next frame. Not for an area without pixels.
    pub fn draw(&mut self, canvas: &mut Canvas) -> Vec<Drawn> {
        self.frame = self.frame.wrapping_add(1);
        match self.mode {
            Mode::Idle => Vec::new(),
            Mode::Type => self.type_character(canvas),
            Mode::Scroll => self.scroll(canvas),
            Mode::Drag => self.drag(canvas),
            Mode::Video => self.video(canvas),
        }
    }

    fn type_character(&mut self, canvas: &mut Canvas) -> Vec<Drawn> {
        let (x, y) = self.caret;
        let cell = Part::new(x, y, 12, LINE);
        canvas.fill(cell, 0x00ff_ffff);
        let number = self.seed.wrapping_add(u64::from(self.frame) << 20);
        if !mix(number).is_multiple_of(6) {
            canvas.line(number, Part::new(x.saturating_sub(6), y, 21, LINE), 0..LINE);
        }
        let end = self.area.x + self.area.w;
        self.caret = if x + 40 < end { (x + 9, y) } else { (self.area.x + 6, y + LINE) };
        if self.caret.1 + LINE > self.area.y + self.area.h {
            self.caret = (self.area.x + 6, self.area.y);
            canvas.fill(self.area, 0x00ff_ffff);
            return vec![Drawn::Put(self.area)];
        }
        let caret = Part::new(self.caret.0, self.caret.1 + 2, 2, LINE - 4);
        canvas.fill(caret, 0);
        let left = x.saturating_sub(6);
        vec![Drawn::Put(canvas.clip(Part::new(left, y, 30, LINE))), Drawn::Put(canvas.clip(caret))]
    }

    fn scroll(&mut self, canvas: &mut Canvas) -> Vec<Drawn> {
        let step = STEP.min(self.area.h);
        canvas.scroll(self.area, step);
        self.scrolled = self.scrolled.wrapping_add(step);
        let bottom = Part { y: self.area.y + self.area.h - step, h: step, ..self.area };
        // The rows that came in belong to one line or to two.
        let mut row = 0;
        while row < step {
            let position = self.scrolled + self.area.h - step + row;
            let (line, within) = (position / LINE, position % LINE);
            let rows = (LINE - within).min(step - row);
            let at = Part { y: bottom.y + row, h: rows, ..bottom };
            canvas.line(self.seed.wrapping_add(line.into()), at, within..within + rows);
            row += rows;
        }
        vec![Drawn::Moved(self.area, step), Drawn::Put(bottom)]
    }

    fn drag(&mut self, canvas: &mut Canvas) -> Vec<Drawn> {
        const RUN: u32 = 30;
        let (w, h) = (self.area.w * 2 / 5, self.area.h * 2 / 5);
        let place = |run: u32| {
            let bits = mix(self.seed.wrapping_add(run.into()));
            let free = |bits: u64, room: u32| (bits % u64::from(room.max(1))) as u32;
            (free(bits, self.area.w - w), free(bits >> 32, self.area.h - h))
        };
        let (from, to, step) = (place(self.frame / RUN), place(self.frame / RUN + 1), self.frame % RUN);
        let between = |a: u32, b: u32| (a * (RUN - step) + b * step) / RUN;
        let at = Part::new(self.area.x + between(from.0, to.0), self.area.y + between(from.1, to.1), w, h);
        let mut drawn = Vec::new();
        if let Some(old) = self.window.replace(at) {
            copy(&self.page, canvas, old);
            drawn.push(Drawn::Put(old));
        }
        canvas.fill(at, 0x00e8_e8e8);
        canvas.fill(Part { h: 28, ..at }, 0x0024_58a8);
        for line in 0..(h.saturating_sub(48)) / LINE {
            let text = Part::new(at.x + 12, at.y + 40 + line * LINE, w.saturating_sub(24), LINE);
            canvas.line(5000 + u64::from(line), text, 0..LINE);
        }
        drawn.push(Drawn::Put(canvas.clip(at)));
        drawn
    }

    fn video(&mut self, canvas: &mut Canvas) -> Vec<Drawn> {
        let size = (960.min(self.area.w), 540.min(self.area.h));
        let part = Part::new(self.area.x, self.area.y, size.0, size.1);
        let wave = |at: u32| {
            let at = at % 512;
            if at < 256 { at } else { 511 - at }
        };
        let frame = self.frame;
        let mut noise = mix(self.seed.wrapping_add(frame.into())) | 1;
        for y in 0..part.h {
            for x in 0..part.w {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                let grain = noise as u32 & 7;
                let colours = [wave(x + frame * 2), wave(y * 2 + frame * 3), wave((x + y) / 2 + frame)];
                let [red, green, blue] = colours.map(|colour| (colour + grain).min(255));
                canvas.set(part.x + x, part.y + y, red << 16 | green << 8 | blue);
            }
        }
        vec![Drawn::Put(part)]
    }
}

fn copy(from: &Canvas, to: &mut Canvas, part: Part) {
    let part = to.clip(part);
    for y in part.y..part.y + part.h {
        let start = y as usize * to.width as usize + part.x as usize;
        let row = start..start + part.w as usize;
        to.pixels[row.clone()].copy_from_slice(&from.pixels[row]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODES: [Mode; 5] = [Mode::Idle, Mode::Type, Mode::Scroll, Mode::Drag, Mode::Video];

    #[test]
    fn what_is_told_is_all_that_changed() {
        for mode in MODES {
            let mut canvas = crate::pattern(1, 400, 300);
            let area = Part::new(20, 30, 350, 250);
            let mut shown = canvas.clone();
            let (mut workload, first) = Workload::new(mode, 7, area, &mut canvas);
            if let Some(part) = first {
                copy(&canvas, &mut shown, part);
            }
            for _ in 0..400 {
                for drawn in workload.draw(&mut canvas) {
                    match drawn {
                        Drawn::Put(part) => copy(&canvas, &mut shown, part),
                        Drawn::Moved(part, rows) => shown.scroll(part, rows),
                    }
                }
                assert!(shown.pixels == canvas.pixels, "{} frame {}", mode.name(), workload.frame());
            }
        }
    }

    #[test]
    fn names_go_both_ways_and_tiny_areas_do_no_harm() {
        for mode in MODES {
            assert_eq!(Mode::from_name(mode.name()), Some(mode));
            let mut canvas = Canvas::new(30, 20);
            let (mut workload, _) = Workload::new(mode, 1, Part::new(0, 0, 30, 20), &mut canvas);
            for _ in 0..50 {
                workload.draw(&mut canvas);
            }
        }
    }
}
