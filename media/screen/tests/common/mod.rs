//! Frames that look like a desktop's, and an encoder with its viewer.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses a part, and a test may fail by panicking"
)]

pub mod captures;

use std::time::Instant;

use farhand_screen::{
    Decoder, Encoder, FrameInfo, FrameView, Limits, NoVideo, Options, Pressure, Rect, Update,
};

/// A picture to draw on, BGRX.
#[derive(Clone)]
pub struct Canvas {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u8>,
}

/// Small numbers that look random and are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }
}

impl Canvas {
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, pixels: vec![0xf0; width as usize * height as usize * 4] }
    }

    pub fn view(&self) -> FrameView<'_> {
        FrameView {
            pixels: &self.pixels,
            stride: self.width as usize * 4,
            width: self.width,
            height: self.height,
        }
    }

    pub fn all(&self) -> Rect {
        Rect::new(0, 0, self.width, self.height)
    }

    pub fn set(&mut self, x: u32, y: u32, [r, g, b]: [u8; 3]) {
        if x < self.width && y < self.height {
            let at = (y as usize * self.width as usize + x as usize) * 4;
            self.pixels[at..at + 4].copy_from_slice(&[b, g, r, 0]);
        }
    }

    pub fn fill(&mut self, rect: Rect, colour: [u8; 3]) {
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                self.set(x, y, colour);
            }
        }
    }

    /// Lines of marks that look like text: few colours, white between.
    pub fn text(&mut self, seed: u64) {
        let all = self.all();
        self.text_in(all, seed, 0);
    }

    /// Text in a part, as if scrolled down by `offset` rows.
    pub fn text_in(&mut self, rect: Rect, seed: u64, offset: u32) {
        self.fill(rect, [255, 255, 255]);
        for y in rect.y..rect.bottom() {
            let row = y - rect.y + offset;
            let (line, part) = (row / 16, row % 16);
            if part >= 11 {
                continue;
            }
            for x in rect.x..rect.right() {
                let letter = (x - rect.x) / 8;
                let shape = Dice(seed ^ u64::from(line * 131 + letter * 7)).roll();
                let mut dots = Dice(u64::from(shape % 26) * 977 + u64::from(part * 8 + (x - rect.x) % 8));
                dots.roll();
                if !shape.is_multiple_of(7) && dots.roll().is_multiple_of(3) {
                    self.set(x, y, [40, 40, 60]);
                }
            }
        }
    }

    /// Every pixel different: what no codec likes.
    pub fn noise_in(&mut self, rect: Rect, seed: u64) {
        let mut dice = Dice(seed);
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                let v = dice.roll();
                self.set(x, y, [v as u8, (v >> 8) as u8, (v >> 16) as u8]);
            }
        }
    }

    /// RGBA as a viewer should have it.
    pub fn rgba(&self) -> Vec<u8> {
        self.pixels.as_chunks::<4>().0.iter().flat_map(|[b, g, r, _]| [*r, *g, *b, 255]).collect()
    }
}

/// An encoder and the viewer that decodes all it makes.
pub struct Pair {
    pub encoder: Encoder,
    pub decoder: Decoder,
    pub bytes: usize,
}

impl Pair {
    pub fn new() -> Self {
        Self {
            encoder: Encoder::new(Options::default()).unwrap(),
            decoder: Decoder::new(Limits::default()).unwrap(),
            bytes: 0,
        }
    }

    /// Encodes, decodes, and checks that the viewer sees the canvas.
    pub fn show(&mut self, canvas: &Canvas, damage: &[Rect], now: Instant) -> FrameInfo {
        let mut payload = Vec::new();
        let info = self
            .encoder
            .encode(canvas.view(), damage, now, Pressure::NONE, &mut NoVideo, &mut payload)
            .unwrap();
        assert_eq!(info.empty, payload.is_empty());
        self.bytes = payload.len();
        if !info.empty {
            let update = self.decoder.decode(&payload).unwrap();
            assert_eq!(update.reset, info.reset);
            assert_eq!(update.exact, info.exact);
        }
        assert_eq!(self.decoder.size(), (canvas.width, canvas.height));
        assert!(self.decoder.framebuffer() == canvas.rgba(), "the viewer sees something else");
        info
    }

    pub fn forget_viewer(&mut self) {
        self.decoder = Decoder::new(Limits::default()).unwrap();
    }

    pub fn update(&self) -> &Update {
        self.decoder.update()
    }

    pub fn dirty(&self) -> &[Rect] {
        &self.update().dirty
    }
}
