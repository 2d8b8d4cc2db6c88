//! Pictures and HTML on the clipboard, put there and taken from there as other programs of Windows do: by the system's own
//! calls, and by readers that know nothing of ours.
#![allow(unsafe_code, reason = "the system's calls")]

use std::collections::HashMap;
use std::io::Cursor;
use std::ptr::null_mut;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use farhand_agent_host::clipboard::{self, Clipboard, ClipboardError, open_clipboard};
use farhand_protocol::channel::clipboard::{ClipboardContent, ClipboardFormat};
use windows_sys::Win32::Graphics::Gdi::{CreateCompatibleDC, DeleteDC, GetPixel, SelectObject};
use windows_sys::Win32::System::DataExchange::{
    CloseClipboard, EmptyClipboard, GetClipboardData, OpenClipboard, RegisterClipboardFormatW,
    SetClipboardData,
};
use windows_sys::Win32::System::Memory::{GMEM_MOVEABLE, GlobalAlloc, GlobalLock, GlobalSize, GlobalUnlock};
use windows_sys::Win32::System::Ole::{CF_BITMAP, CF_DIB, CF_DIBV5};

use super::PATIENCE;
use super::windows::{ONE, wide};

const LOOK: Duration = Duration::from_millis(50);

/// Does this while the clipboard is open, for no window.
fn opened<T>(act: impl FnOnce() -> T) -> T {
    let until = Instant::now() + PATIENCE;
    while unsafe { OpenClipboard(null_mut()) } == 0 {
        assert!(Instant::now() < until, "the clipboard stays open elsewhere");
        std::thread::park_timeout(LOOK);
    }
    let done = act();
    unsafe { CloseClipboard() };
    done
}

fn put(format: u32, bytes: &[u8]) {
    opened(|| unsafe {
        EmptyClipboard();
        let memory = GlobalAlloc(GMEM_MOVEABLE, bytes.len());
        GlobalLock(memory).cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        GlobalUnlock(memory);
        assert!(!SetClipboardData(format, memory).is_null());
    });
}

fn taken(format: u32) -> Vec<u8> {
    opened(|| unsafe {
        let memory = GetClipboardData(format);
        assert!(!memory.is_null(), "nothing of format {format}");
        let bytes = std::slice::from_raw_parts(GlobalLock(memory).cast::<u8>(), GlobalSize(memory)).to_vec();
        GlobalUnlock(memory);
        bytes
    })
}

fn html_format() -> u32 {
    unsafe { RegisterClipboardFormatW(wide("HTML Format").as_ptr()) }
}

fn ours() -> Box<dyn Clipboard> {
    open_clipboard(clipboard::Backend::Auto, Box::new(|| {})).unwrap()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Width, height, bytes for a pixel, pixels.
fn decoded(png: &[u8]) -> (u32, u32, usize, Vec<u8>) {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let shown = reader.next_frame(&mut pixels).unwrap();
    (shown.width, shown.height, shown.color_type.samples(), pixels)
}

fn read_png() -> (u32, u32, usize, Vec<u8>) {
    let parts = ours().read().unwrap().parts;
    let [(ClipboardFormat::Png, png)] = parts.as_slice() else { panic!("{} parts", parts.len()) };
    decoded(png)
}

/// Red, green and blue above black, white and grey.
const SIX: [u8; 18] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 90, 90, 90];

#[test]
fn a_picture_that_a_program_copied_in_the_systems_own_form_is_read() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut picture = words(&[40, 3, 2, 1 | 24 << 16, 0, 0, 0, 0, 0, 0]);
    // The lower row first, blue before red, each row filled up.
    picture.extend([0, 0, 0, 255, 255, 255, 90, 90, 90, 0, 0, 0]);
    picture.extend([0, 0, 255, 0, 255, 0, 255, 0, 0, 0, 0, 0]);
    put(CF_DIB.into(), &picture);
    assert_eq!(read_png(), (3, 2, 3, SIX.to_vec()));

    let mut picture = words(&[124, 2, 0_u32.wrapping_sub(1), 1 | 32 << 16, 3, 8, 0, 0, 0, 0]);
    picture.extend(words(&[0x00ff_0000, 0x0000_ff00, 0x0000_00ff, 0xff00_0000, 0x7352_4742]));
    picture.extend([0; 64]);
    picture.extend([3, 2, 1, 255, 6, 5, 4, 100]);
    put(CF_DIBV5.into(), &picture);
    assert_eq!(read_png(), (2, 1, 4, vec![1, 2, 3, 255, 4, 5, 6, 100]));

    // What says that it is larger than it is, is no picture.
    put(CF_DIB.into(), &words(&[40, 3000, 3000, 1 | 24 << 16, 0, 0, 0, 0, 0, 0]));
    assert_eq!(ours().read(), Err(ClipboardError::Format));
}

#[test]
fn a_picture_from_the_far_side_is_there_for_programs_that_know_no_png() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 3, 2);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&SIX).unwrap();
    let mut ours = ours();
    let content = ClipboardContent { parts: vec![(ClipboardFormat::Png, file)], files: Vec::new() };
    ours.write(content.clone()).unwrap();

    let plain = taken(CF_DIB.into());
    assert_eq!(plain[..16], words(&[40, 3, 2, 1 | 24 << 16]));
    let rows = [[0, 0, 0, 255, 255, 255, 90, 90, 90, 0, 0, 0], [0, 0, 255, 0, 255, 0, 255, 0, 0, 0, 0, 0]];
    assert_eq!(plain[40..64], rows.concat());
    let v5 = taken(CF_DIBV5.into());
    assert_eq!(v5[..20], words(&[124, 3, 2, 1 | 32 << 16, 3]));
    assert_eq!(v5[40..56], words(&[0x00ff_0000, 0x0000_ff00, 0x0000_00ff, 0xff00_0000]));
    assert_eq!(v5[124..136], [0, 0, 0, 255, 255, 255, 255, 255, 90, 90, 90, 255]);

    // As a program gets it that pastes whatever the system can draw.
    let drawn: Vec<u32> = opened(|| unsafe {
        let bitmap = GetClipboardData(CF_BITMAP.into());
        assert!(!bitmap.is_null());
        let dc = CreateCompatibleDC(null_mut());
        let before = SelectObject(dc, bitmap);
        let seen =
            (0..2).flat_map(|y| (0..3).map(move |x| (x, y))).map(|(x, y)| GetPixel(dc, x, y)).collect();
        SelectObject(dc, before);
        DeleteDC(dc);
        seen
    });
    let expected: Vec<u32> = SIX.chunks(3).map(|c| u32::from_le_bytes([c[0], c[1], c[2], 0])).collect();
    assert_eq!(drawn, expected);

    // Who knows PNG gets the file as it came.
    assert_eq!(ours.read(), Ok(content));
}

/// HTML as the system's documents describe it, by no other rule: a head of lines, and places counted in bytes from its
/// beginning.
fn fragment(bytes: &[u8]) -> (HashMap<String, String>, Vec<u8>, Vec<u8>) {
    let end = bytes.iter().position(|byte| *byte == 0).expect("it ends with a zero");
    let mut fields = HashMap::new();
    for line in bytes[..end].split(|byte| *byte == b'\n') {
        let line = std::str::from_utf8(line).unwrap().trim_end_matches('\r');
        let Some((name, value)) = line.split_once(':').filter(|_| !line.starts_with('<')) else { break };
        fields.insert(name.to_owned(), value.to_owned());
    }
    let place = |name: &str| fields[name].parse::<usize>().unwrap();
    let whole = bytes[place("StartHTML")..place("EndHTML")].to_vec();
    let part = bytes[place("StartFragment")..place("EndFragment")].to_vec();
    assert_eq!(place("EndHTML"), end, "all of it is counted");
    (fields, whole, part)
}

#[test]
fn html_is_put_there_with_a_head_that_others_can_follow() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ours = ours();
    // Letters of several bytes, and what looks like a head.
    for html in ["<b>Grüße 😀</b>", "StartHTML:7\r\n<p>x</p>", "<!--EndFragment-->", "x"] {
        let parts = vec![(ClipboardFormat::Html, html.as_bytes().to_vec())];
        ours.write(ClipboardContent { parts, files: Vec::new() }).unwrap();
        let (fields, whole, part) = fragment(&taken(html_format()));
        assert_eq!(fields["Version"], "0.9");
        assert_eq!(std::str::from_utf8(&part).unwrap(), html);
        let whole = std::str::from_utf8(&whole).unwrap();
        assert!(whole.starts_with("<html>") && whole.ends_with("</html>"), "{whole}");
        assert!(whole.contains(&format!("<!--StartFragment-->{html}<!--EndFragment-->")), "{whole}");
    }
}

#[test]
fn html_of_other_programs_is_read_however_they_write_its_head() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let html = "<i>Ärger</i>";
    // With fields that we do not write, places without zeros in front, and lines that end in one sign.
    let head = |start: usize, fragment: usize, end: usize, all: usize| {
        format!(
            "Version:1.0\nStartHTML:{start:>4}\nEndHTML:{all:>4}\nStartFragment:{fragment:>4}\nEndFragment:{end:>4}\n\
             SourceURL:https://help.example.org/\n"
        )
    };
    let before = "<html><head><title>x</title></head><body><!--StartFragment-->";
    let start = head(0, 0, 0, 0).len();
    let (fragment, behind) = (start + before.len(), "<!--EndFragment--></body></html>");
    let end = fragment + html.len();
    let all = format!("{}{before}{html}{behind}", head(start, fragment, end, end + behind.len()));
    for end in ["", "\0", "\0\0\0rest"] {
        put(html_format(), format!("{all}{end}").as_bytes());
        let parts = ours().read().unwrap().parts;
        assert_eq!(parts, [(ClipboardFormat::Html, html.as_bytes().to_vec())]);
    }
}
