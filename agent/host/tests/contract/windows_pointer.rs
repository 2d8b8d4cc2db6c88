//! The pointer's shape, to the pixel: what a program makes by the system's own calls, and lets the pointer look like.
#![allow(unsafe_code, reason = "the system's calls")]

use std::ptr::{null, null_mut};
use std::time::Instant;

use farhand_protocol::channel::Cursor;
use windows_sys::Win32::Graphics::Gdi::{
    BITMAPINFO, BITMAPINFOHEADER, CreateBitmap, CreateDIBSection, DIB_RGB_COLORS, DeleteObject,
};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CreateCursor, CreateIconIndirect, DestroyCursor, HCURSOR, ICONINFO,
};

use super::windows::Windows;
use super::{PATIENCE, World as _};

/// A pointer of a program's own.
struct Own(HCURSOR);

impl Drop for Own {
    fn drop(&mut self) {
        unsafe { DestroyCursor(self.0) };
    }
}

impl Own {
    /// From colours, which are alpha, red, green and blue from the highest byte, and from one bit for each pixel that says
    /// that the screen stays there; rows of bits have whole 16.
    fn coloured((width, height): (u16, u16), hot: (u16, u16), colours: &[u32], stays: &[u8]) -> Self {
        let (w, h) = (i32::from(width), i32::from(height));
        let header = BITMAPINFOHEADER {
            biSize: size_of::<BITMAPINFOHEADER>() as u32,
            biWidth: w,
            biHeight: -h,
            biPlanes: 1,
            biBitCount: 32,
            ..BITMAPINFOHEADER::default()
        };
        let about = BITMAPINFO { bmiHeader: header, ..BITMAPINFO::default() };
        assert_eq!(colours.len(), usize::from(width) * usize::from(height));
        assert_eq!(stays.len(), usize::from(width).div_ceil(16) * 2 * usize::from(height));
        unsafe {
            let mut bits = null_mut();
            let colour =
                CreateDIBSection(null_mut(), &raw const about, DIB_RGB_COLORS, &raw mut bits, null_mut(), 0);
            assert!(!colour.is_null() && !bits.is_null());
            bits.cast::<u32>().copy_from_nonoverlapping(colours.as_ptr(), colours.len());
            let mask = CreateBitmap(w, h, 1, 1, stays.as_ptr().cast());
            let about = ICONINFO {
                fIcon: 0,
                xHotspot: hot.0.into(),
                yHotspot: hot.1.into(),
                hbmMask: mask,
                hbmColor: colour,
            };
            let cursor = CreateIconIndirect(&raw const about);
            DeleteObject(mask);
            DeleteObject(colour);
            assert!(!cursor.is_null());
            Self(cursor)
        }
    }

    /// From what stays of the screen, and what is turned over on it: 32 pixels a row.
    fn plain(hot: (u16, u16), stays: [u32; 32], turns: [u32; 32]) -> Self {
        let bytes = |rows: [u32; 32]| rows.into_iter().flat_map(u32::to_be_bytes).collect::<Vec<u8>>();
        let (stays, turns) = (bytes(stays), bytes(turns));
        let (x, y) = (i32::from(hot.0), i32::from(hot.1));
        let cursor = unsafe {
            let instance = GetModuleHandleW(null());
            CreateCursor(instance, x, y, 32, 32, stays.as_ptr().cast(), turns.as_ptr().cast())
        };
        assert!(!cursor.is_null());
        Self(cursor)
    }
}

/// Lets the pointer look like this, and waits until that is told and seen.
fn is_seen(world: &Windows, own: Option<&Own>, expected: &Cursor) {
    let mut capturer = world.capturer();
    let mut injector = world.injector();
    // Over the window, and its shape as ever.
    injector.pointer(300, 200).unwrap();
    world.wear(own.map_or(0, |own| own.0 as usize));
    // A program is asked for the shape when the pointer moves.
    injector.pointer(310, 210).unwrap();
    let until = Instant::now() + PATIENCE;
    let mut seen = None;
    loop {
        let happened = capturer.wait(Some(until)).unwrap();
        if happened.cursor_shape {
            let cursor = capturer.cursor().unwrap();
            if cursor == *expected {
                return;
            }
            seen = Some(cursor);
        }
        assert!(Instant::now() < until, "{seen:?}, not {expected:?}");
    }
}

fn rgba(pixels: impl IntoIterator<Item = [u8; 4]>) -> Vec<u8> {
    pixels.into_iter().flatten().collect()
}

const CLEAR: [u8; 4] = [0; 4];

#[test]
fn a_pointer_with_colours_and_alpha_is_seen_as_it_was_made() {
    let world = Windows::new();
    let (width, height) = (24_u16, 20_u16);
    // Red to the right, green downwards; one corner opaque, one half, one clear.
    let pixel = |x: u16, y: u16| -> [u8; 4] {
        let colour = [x as u8 * 10, y as u8 * 12, 77];
        match (x < width / 2, y < height / 2) {
            (true, true) => [colour[0], colour[1], colour[2], 255],
            (false, true) => [255, 0, 128, 128],
            (true, false) | (false, false) => CLEAR,
        }
    };
    let places = || (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let colours: Vec<u32> = places()
        .map(|(x, y)| pixel(x, y))
        .map(|[red, green, blue, alpha]| u32::from_be_bytes([alpha, red, green, blue]))
        .collect();
    let own = Own::coloured((width, height), (7, 3), &colours, &[0; 4 * 20]);
    let expected =
        Cursor { width, height, hot_x: 7, hot_y: 3, rgba: rgba(places().map(|(x, y)| pixel(x, y))) };
    is_seen(&world, Some(&own), &expected);
}

#[test]
fn a_pointer_with_colours_and_a_mask_is_seen_as_it_was_made() {
    let world = Windows::new();
    // Without any alpha; every second column stays as it is on the screen, which is black where there is a mask.
    let pixel = |x: u32, y: u32| if x % 2 == 0 { 0 } else { (x * 15) << 16 | (y * 15) << 8 | 200 };
    let places = || (0..16_u32).flat_map(|y| (0..16_u32).map(move |x| (x, y)));
    let colours: Vec<u32> = places().map(|(x, y)| pixel(x, y)).collect();
    let own = Own::coloured((16, 16), (15, 15), &colours, &[0b1010_1010; 2 * 16]);
    let seen = places().map(|(x, y)| {
        let [_, red, green, blue] = pixel(x, y).to_be_bytes();
        if x % 2 == 0 { CLEAR } else { [red, green, blue, 255] }
    });
    let expected = Cursor { width: 16, height: 16, hot_x: 15, hot_y: 15, rgba: rgba(seen) };
    is_seen(&world, Some(&own), &expected);
}

#[test]
fn a_pointer_in_black_and_white_is_seen_as_it_was_made() {
    let world = Windows::new();
    // From the left eight pixels each: the screen, white, black, and the screen turned over, which is shown in black.
    let (stays, turns) = (0xff00_00ff_u32, 0x00ff_00ff_u32);
    // Its lower half stays as it is on the screen.
    let mut all = ([stays; 32], [turns; 32]);
    all.0[16..].fill(u32::MAX);
    all.1[16..].fill(0);
    let own = Own::plain((4, 9), all.0, all.1);
    let row = |y: usize| {
        (0..32).map(move |x| match (y < 16, x / 8) {
            (false, _) | (true, 0) => CLEAR,
            (true, 1) => [255; 4],
            (true, _) => [0, 0, 0, 255],
        })
    };
    let expected = Cursor { width: 32, height: 32, hot_x: 4, hot_y: 9, rgba: rgba((0..32).flat_map(row)) };
    is_seen(&world, Some(&own), &expected);
}

#[test]
fn a_program_that_hides_the_pointer_hides_it_for_the_technician_too() {
    let world = Windows::new();
    // All of it black at first.
    let own = Own::plain((0, 0), [0; 32], [0; 32]);
    let rgba = [0, 0, 0, 255].repeat(32 * 32);
    is_seen(&world, Some(&own), &Cursor { width: 32, height: 32, hot_x: 0, hot_y: 0, rgba });
    is_seen(&world, None, &Cursor { width: 0, height: 0, hot_x: 0, hot_y: 0, rgba: Vec::new() });
}
