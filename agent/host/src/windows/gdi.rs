//! The screen's pixels by GDI, and what a pointer looks like. It works wherever Windows shows anything to programs at all,
//! also where there is no graphics device; it tells of no change.
#![allow(unsafe_code, reason = "the system's calls")]

use std::ffi::c_void;
use std::ptr::null_mut;

use farhand_protocol::channel::Cursor;
use windows_sys::Win32::Graphics::Gdi::{
    BI_RGB, BITMAP, BITMAPINFO, BITMAPINFOHEADER, BitBlt, CreateCompatibleDC, CreateDIBSection,
    DIB_RGB_COLORS, DeleteDC, DeleteObject, GdiFlush, GetDC, GetDIBits, GetObjectW, HBITMAP, HDC, ReleaseDC,
    SRCCOPY, SelectObject,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{GetIconInfo, HCURSOR, ICONINFO};

use super::super::duplication::pointer::{in_black_and_white, premultiplied};
use super::super::{CaptureError, cursor};
use super::PIXEL;
use super::around::input_desktop;
use crate::monitors::Area;
use crate::windows::{desktop, last_error};

/// The largest pointer that is read, pixels a side.
const MAX_CURSOR_SIDE: i32 = 256;

/// The screen, to copy from.
#[derive(Debug)]
pub struct ScreenDc(HDC);

// SAFETY: the screen's device context belongs to no thread, unlike a window's; it is used by one thread at a time.
unsafe impl Send for ScreenDc {}

impl ScreenDc {
    pub fn open() -> Result<Self, CaptureError> {
        // SAFETY: a plain call.
        let dc = unsafe { GetDC(null_mut()) };
        if dc.is_null() { Err(CaptureError::Away) } else { Ok(Self(dc)) }
    }
}

impl Drop for ScreenDc {
    fn drop(&mut self) {
        // SAFETY: it was got by `GetDC` for the whole screen.
        unsafe { ReleaseDC(null_mut(), self.0) };
    }
}

/// A picture in memory, which the system can copy into. Rows from the top, without gaps: blue, green, red, nothing.
#[derive(Debug)]
pub struct Picture {
    dc: HDC,
    bitmap: HBITMAP,
    bits: *mut u8,
    width: u32,
    height: u32,
}

// SAFETY: all three belong to this value alone and to no thread.
unsafe impl Send for Picture {}

impl Picture {
    pub fn new(screen: &ScreenDc, Area { width, height, .. }: Area) -> Result<Self, CaptureError> {
        let failed = || CaptureError::NoMemory { detail: last_error().to_string() };
        let about = header(width as i32, height as i32);
        let mut bits: *mut c_void = null_mut();
        // SAFETY: each result is looked at before it is used, and given back by `drop`. Sizes are within MAX_PIXELS.
        unsafe {
            let dc = CreateCompatibleDC(screen.0);
            if dc.is_null() {
                return Err(failed());
            }
            let bitmap =
                CreateDIBSection(screen.0, &raw const about, DIB_RGB_COLORS, &raw mut bits, null_mut(), 0);
            if bitmap.is_null() || bits.is_null() {
                let error = failed();
                DeleteDC(dc);
                return Err(error);
            }
            SelectObject(dc, bitmap);
            Ok(Self { dc, bitmap, bits: bits.cast(), width, height })
        }
    }

    fn length(&self) -> usize {
        self.width as usize * self.height as usize * PIXEL
    }

    pub fn pixels(&self) -> &[u8] {
        // SAFETY: the section holds this many bytes for as long as the bitmap, and nobody writes while it is borrowed.
        unsafe { std::slice::from_raw_parts(self.bits, self.length()) }
    }

    pub fn pixels_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.bits, self.length()) }
    }

    /// Copies this part of the desktop, which is counted from the desktop's corner.
    pub fn copy_from(&mut self, screen: &ScreenDc, area: Area) -> Result<(), CaptureError> {
        let whole = desktop();
        let (width, height) = (self.width as i32, self.height as i32);
        let (x, y) = (area.x + whole.x, area.y + whole.y);
        // SAFETY: both contexts are open; the system writes within the bitmap, and has done so after `GdiFlush`.
        let copied = unsafe {
            let copied = BitBlt(self.dc, 0, 0, width, height, screen.0, x, y, SRCCOPY);
            GdiFlush();
            copied
        };
        if copied == 0 {
            input_desktop()?;
            return Err(CaptureError::Refused { detail: last_error().to_string() });
        }
        Ok(())
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: both were made by `new`, and nothing borrows the pixels any more.
        unsafe {
            DeleteDC(self.dc);
            DeleteObject(self.bitmap);
        }
    }
}

/// Rows from the top, 32 bits a pixel.
fn header(width: i32, height: i32) -> BITMAPINFO {
    let header = BITMAPINFOHEADER {
        biSize: size_of::<BITMAPINFOHEADER>() as u32,
        biWidth: width,
        biHeight: -height,
        biPlanes: 1,
        biBitCount: 32,
        biCompression: BI_RGB,
        ..BITMAPINFOHEADER::default()
    };
    BITMAPINFO { bmiHeader: header, ..BITMAPINFO::default() }
}

/// The pictures of a pointer, given back when they are dropped.
struct Icon(ICONINFO);

impl Drop for Icon {
    fn drop(&mut self) {
        // SAFETY: `GetIconInfo` made copies, which are ours; one may be missing.
        unsafe {
            for bitmap in [self.0.hbmMask, self.0.hbmColor] {
                if !bitmap.is_null() {
                    DeleteObject(bitmap);
                }
            }
        }
    }
}

/// A pointer's shape; nothing where it cannot be read.
pub fn shape(handle: HCURSOR) -> Option<Cursor> {
    let mut about = ICONINFO::default();
    // SAFETY: a handle that is no pointer any more is refused.
    if unsafe { GetIconInfo(handle, &raw mut about) } == 0 {
        return None;
    }
    let icon = Icon(about);
    let (width, mask_height) = size(icon.0.hbmMask)?;
    let mask = bits(icon.0.hbmMask, width, mask_height)?;
    let (pixels, height) = if icon.0.hbmColor.is_null() {
        // Two halves: what stays of the screen, and what is turned over on it.
        let height = mask_height / 2;
        let (stays, turns) = mask.split_at(width as usize * height as usize);
        let set = |pixel: &u32| pixel & 0xff_ffff != 0;
        let pairs = stays.iter().zip(turns);
        (pairs.map(|(stays, turns)| in_black_and_white(set(stays), set(turns))).collect(), height)
    } else {
        let (width_too, height) = size(icon.0.hbmColor)?;
        let colour = bits(icon.0.hbmColor, width_too, height)?;
        let blended = colour.iter().any(|pixel| pixel >> 24 != 0);
        let pixels: Vec<u32> = colour
            .iter()
            .enumerate()
            .map(|(at, pixel)| match mask.get(at) {
                _ if blended => premultiplied(*pixel),
                Some(mask) if mask & 0xff_ffff != 0 => 0,
                Some(_) | None => pixel | 0xff00_0000,
            })
            .collect();
        (pixels, height)
    };
    let side = |value: i32| u16::try_from(value).ok();
    let hot = |value: u32| u16::try_from(value).unwrap_or(0);
    let size = (side(width)?, side(height)?);
    Some(cursor::from_premultiplied(&pixels, size, (hot(icon.0.xHotspot), hot(icon.0.yHotspot))))
}

fn size(bitmap: HBITMAP) -> Option<(i32, i32)> {
    let mut about = BITMAP::default();
    // SAFETY: at most so many bytes are written.
    let read = unsafe { GetObjectW(bitmap, size_of::<BITMAP>() as i32, (&raw mut about).cast()) };
    let sides = 1..=2 * MAX_CURSOR_SIDE;
    (read != 0 && sides.contains(&about.bmWidth) && sides.contains(&about.bmHeight))
        .then_some((about.bmWidth, about.bmHeight))
}

/// A bitmap's pixels: alpha, red, green, blue from the highest byte.
fn bits(bitmap: HBITMAP, width: i32, height: i32) -> Option<Vec<u32>> {
    let mut about = header(width, height);
    let mut pixels = vec![0_u32; width as usize * height as usize];
    // SAFETY: `pixels` holds as many as the header says.
    let rows = unsafe {
        let screen = GetDC(null_mut());
        let into = pixels.as_mut_ptr().cast();
        let rows = GetDIBits(screen, bitmap, 0, height as u32, into, &raw mut about, DIB_RGB_COLORS);
        ReleaseDC(null_mut(), screen);
        rows
    };
    (rows == height).then_some(pixels)
}
