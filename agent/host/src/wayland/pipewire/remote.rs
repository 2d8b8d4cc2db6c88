//! The streams that the desktop gives, one for each monitor or window that was agreed to. Pictures arrive on a thread of
//! the library's, which copies what changed of them and gives them back.
#![allow(unsafe_code, reason = "a library in C, loaded while the program runs")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::fd::{IntoRawFd as _, OwnedFd};
use std::ptr::null_mut;
use std::sync::Arc;

use super::library::Library;
use super::pod::{self, Pixels, param};
use super::{
    Buffer, CHUNK_CORRUPTED, DATA_MEM_FD, DATA_MEM_PTR, DIRECTION_INPUT, FLAGS, HEADER_CORRUPTED, Hook,
    META_CURSOR, META_DAMAGE, META_HEADER, Meta, STATE_ERROR, STATE_UNCONNECTED, SpaBuffer, StreamEvents,
};
use crate::capture::Rect;
use crate::wayland::picture::{Pointer, Shape, Shared};

/// What the library is told of a stream.
const PROPERTIES: &CStr =
    c"{ media.type = Video media.category = Capture media.role = Screen node.name = farhand-agent }";
/// The most pictures that wait to be read.
const MAX_WAITING: usize = 64;

/// The connection and its streams. Dropped, nothing more arrives.
pub struct Remote {
    library: Library,
    running: *mut c_void,
    context: *mut c_void,
    core: *mut c_void,
    /// Each is the library's to call back with, and dropped after its stream.
    streams: Vec<*mut Stream>,
}

// SAFETY: the library ties none of these to a thread; the loop's own thread uses them only until it was stopped.
unsafe impl Send for Remote {}

struct Stream {
    library: Library,
    stream: *mut c_void,
    hook: Hook,
    /// Which of the streams.
    number: usize,
    format: Option<pod::Format>,
    shared: Arc<Shared>,
}

static EVENTS: StreamEvents = StreamEvents {
    version: 0,
    destroy: None,
    state_changed: Some(state_changed),
    control_info: None,
    io_changed: None,
    param_changed: Some(param_changed),
    add_buffer: None,
    remove_buffer: None,
    process: Some(process),
    drained: None,
};

impl Remote {
    /// Connects to the nodes, whose pictures go to `shared` by their order.
    ///
    /// # Errors
    /// What fails, for people.
    pub fn connect(fd: OwnedFd, nodes: &[u32], shared: &Arc<Shared>) -> Result<Self, String> {
        let library = Library::load()?;
        let null = || "PipeWire gives nothing".to_owned();
        // SAFETY: each result is looked at before it is used. The loop does not run yet, so nothing is called back and no
        // lock is needed; what was made is undone by `drop`.
        unsafe {
            let running = (library.loop_new)(c"pipewire".as_ptr(), null_mut());
            if running.is_null() {
                return Err(null());
            }
            let mut remote =
                Self { library, running, context: null_mut(), core: null_mut(), streams: Vec::new() };
            remote.context = (library.context_new)((library.loop_inner)(running), null_mut(), 0);
            if remote.context.is_null() {
                return Err(null());
            }
            // The descriptor is the library's from here on, whatever comes of it.
            remote.core = (library.connect_fd)(remote.context, fd.into_raw_fd(), null_mut(), 0);
            if remote.core.is_null() {
                return Err("PipeWire does not answer".to_owned());
            }
            for (number, node) in nodes.iter().enumerate() {
                remote.add(number, *node, shared)?;
            }
            if (library.loop_start)(running) < 0 {
                return Err(null());
            }
            Ok(remote)
        }
    }

    /// # Safety
    /// The loop does not run yet.
    unsafe fn add(&mut self, number: usize, node: u32, shared: &Arc<Shared>) -> Result<(), String> {
        let library = self.library;
        let name = CString::new(format!("farhand-{number}")).map_err(|error| error.to_string())?;
        // SAFETY: the core is connected; properties pass to the stream.
        let stream = unsafe {
            let properties = (library.properties_new)(PROPERTIES.as_ptr());
            (library.stream_new)(self.core, name.as_ptr(), properties)
        };
        if stream.is_null() {
            return Err("PipeWire makes no stream".to_owned());
        }
        let hook = Hook { private: [null_mut(); 6] };
        let shared = Arc::clone(shared);
        let data = Box::into_raw(Box::new(Stream { library, stream, hook, number, format: None, shared }));
        self.streams.push(data);
        let formats = pod::formats();
        let mut params = [formats.as_ptr().cast::<c_void>()];
        // SAFETY: hook and data are freed after the stream was destroyed; parameters are copied.
        let connected = unsafe {
            (library.stream_listen)(stream, &raw mut (*data).hook, &raw const EVENTS, data.cast());
            (library.stream_connect)(stream, DIRECTION_INPUT, node, FLAGS, params.as_mut_ptr(), 1)
        };
        if connected < 0 {
            return Err(format!(
                "PipeWire refuses the stream ({})",
                std::io::Error::from_raw_os_error(-connected)
            ));
        }
        Ok(())
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // SAFETY: after the loop was stopped nothing is called back, and everything goes in the order opposite to that in
        // which it came. Stopping a loop that was never started does nothing.
        unsafe {
            (self.library.loop_stop)(self.running);
            for stream in self.streams.drain(..) {
                (self.library.stream_destroy)((*stream).stream);
                drop(Box::from_raw(stream));
            }
            if !self.core.is_null() {
                (self.library.core_disconnect)(self.core);
            }
            if !self.context.is_null() {
                (self.library.context_destroy)(self.context);
            }
            (self.library.loop_destroy)(self.running);
        }
    }
}

unsafe extern "C" fn state_changed(data: *mut c_void, old: c_int, state: c_int, error: *const c_char) {
    // SAFETY: the data that was handed to `stream_listen`; nobody else has it on this thread.
    let stream = unsafe { &*data.cast::<Stream>() };
    if state == STATE_ERROR || (state == STATE_UNCONNECTED && old != STATE_UNCONNECTED) {
        // SAFETY: the library's own text, which stays for this call.
        let why = (!error.is_null()).then(|| unsafe { CStr::from_ptr(error) }.to_string_lossy().into_owned());
        stream.shared.gone(why.unwrap_or_default());
    }
}

unsafe extern "C" fn param_changed(data: *mut c_void, id: u32, value: *const c_void) {
    if id != param::FORMAT || value.is_null() {
        return;
    }
    // SAFETY: as above; the value is as long as its first number says, and eight bytes more.
    let (stream, bytes) = unsafe {
        let length = value.cast::<u32>().read_unaligned() as usize;
        (&mut *data.cast::<Stream>(), std::slice::from_raw_parts(value.cast::<u8>(), length + 8))
    };
    stream.format = pod::format(bytes);
    let Some(format) = stream.format else {
        return stream.shared.gone("its pictures are of no kind that is read".to_owned());
    };
    stream.shared.sized(stream.number, format.width, format.height);
    let (buffers, metas) = (pod::buffers(), pod::metas());
    let mut params: Vec<*const c_void> =
        std::iter::once(&buffers).chain(&metas).map(|words| words.as_ptr().cast()).collect();
    // SAFETY: called from the loop's thread, as the library wants; parameters are copied.
    unsafe { (stream.library.stream_update)(stream.stream, params.as_mut_ptr(), params.len() as u32) };
}

unsafe extern "C" fn process(data: *mut c_void) {
    // SAFETY: as above.
    let stream = unsafe { &mut *data.cast::<Stream>() };
    let mut waiting: Vec<*mut Buffer> = Vec::new();
    while waiting.len() < MAX_WAITING {
        // SAFETY: called from the loop's thread; null when there is none.
        let buffer = unsafe { (stream.library.stream_dequeue)(stream.stream) };
        if buffer.is_null() {
            break;
        }
        waiting.push(buffer);
    }
    // What changed is what any of them says; the pixels are those of the newest.
    let mut damage = Some(Vec::new());
    let mut newest = None;
    for buffer in &waiting {
        // SAFETY: dequeued and not given back yet.
        let Some(buffer) = (unsafe { (**buffer).buffer.as_ref() }) else { continue };
        if let Some(pointer) = find(buffer, META_CURSOR).and_then(pointer) {
            stream.shared.pointer(stream.number, pointer);
        }
        if let Some(picture) = stream.format.and_then(|format| picture(buffer, format)) {
            newest = Some(picture);
            match (find(buffer, META_DAMAGE), &mut damage) {
                (Some(told), Some(all)) => regions(told, all),
                (None, _) => damage = None,
                (Some(_), None) => {}
            }
        }
    }
    if let (Some((pixels, stride)), Some(format)) = (newest, stream.format) {
        // Nothing told of what changed means that nobody knows.
        let damage = damage.filter(|all| !all.is_empty());
        let swap = format.pixels == Pixels::Rgb;
        stream.shared.picture(stream.number, pixels, stride, swap, damage);
    }
    for buffer in waiting {
        // SAFETY: dequeued above; nothing of it is borrowed any more.
        unsafe { (stream.library.stream_queue)(stream.stream, buffer) };
    }
}

/// A buffer's further data of a kind.
fn find(buffer: &SpaBuffer, kind: u32) -> Option<&[u8]> {
    if buffer.metas.is_null() {
        return None;
    }
    // SAFETY: so many there are, each with so many bytes, for as long as the buffer is not given back.
    unsafe {
        let metas: &[Meta] = std::slice::from_raw_parts(buffer.metas, buffer.n_metas as usize);
        let meta = metas.iter().find(|meta| meta.kind == kind && !meta.data.is_null())?;
        Some(std::slice::from_raw_parts(meta.data, meta.size as usize))
    }
}

/// The pixels of a buffer and the bytes of a row; none where it has none that can be read.
fn picture(buffer: &SpaBuffer, format: pod::Format) -> Option<(&[u8], usize)> {
    if buffer.n_datas == 0 || buffer.datas.is_null() {
        return None;
    }
    if find(buffer, META_HEADER).and_then(|header| pod::number(header, 0)).unwrap_or(0) & HEADER_CORRUPTED
        != 0
    {
        return None;
    }
    // SAFETY: there is at least one, with a chunk of its own; the memory is mapped for as long as the buffer is known.
    unsafe {
        let data = &*buffer.datas;
        let chunk = data.chunk.as_ref()?;
        let readable = matches!(data.kind, DATA_MEM_PTR | DATA_MEM_FD) && !data.data.is_null();
        if !readable || chunk.size == 0 || chunk.flags & CHUNK_CORRUPTED != 0 || data.maxsize == 0 {
            return None;
        }
        let offset = (chunk.offset % data.maxsize) as usize;
        let length = (chunk.size as usize).min(data.maxsize as usize - offset);
        let row = format.width as usize * 4;
        let stride = usize::try_from(chunk.stride).ok().filter(|stride| *stride != 0).unwrap_or(row);
        let needed = stride.checked_mul(format.height as usize - 1)?.checked_add(row)?;
        if stride < row || needed > length {
            return None;
        }
        Some((std::slice::from_raw_parts(data.data.add(offset), needed), stride))
    }
}

/// What changed, as far as it is told.
fn regions(told: &[u8], all: &mut Vec<Rect>) {
    for region in told.chunks_exact(pod::REGION).take(pod::MAX_DAMAGE) {
        let number = |at| pod::number(region, at).unwrap_or(0);
        let (x, y, w, h) = (number(0) as i32, number(4) as i32, number(8), number(12));
        if w == 0 || h == 0 {
            return;
        }
        // What begins beyond the edge ends as much sooner.
        let from = |at: i32, length: u32| {
            let end = (i64::from(at) + i64::from(length)).max(0);
            let at = i64::from(at).max(0);
            (u32::try_from(at).unwrap_or(0), u32::try_from((end - at).max(0)).unwrap_or(u32::MAX))
        };
        let ((x, w), (y, h)) = (from(x, w), from(y, h));
        all.push(Rect { x, y, w, h });
    }
}

/// Where the pointer is, and its picture where that is told anew.
fn pointer(told: &[u8]) -> Option<Pointer> {
    let number = |at| pod::number(told, at);
    // A number of none means that nothing is told; mutter says so also of a pointer that is not here.
    if number(0)? == 0 {
        return Some(Pointer { at: None, shape: Shape::Same });
    }
    let at = (number(8)? as i32, number(12)? as i32);
    let hot = (number(16)? as i32, number(20)? as i32);
    let offset = number(24)? as usize;
    let shape = if offset == 0 { Shape::Same } else { shape(told.get(offset..)?, hot)? };
    Some(Pointer { at: Some(at), shape })
}

fn shape(told: &[u8], hot: (i32, i32)) -> Option<Shape> {
    let number = |at| pod::number(told, at);
    let (format, width, height) = (number(0)?, number(4)? as usize, number(8)? as usize);
    let (stride, offset) = (number(12)? as i32, number(16)? as usize);
    if format == 0 {
        return Some(Shape::Same);
    }
    if offset == 0 || width == 0 || height == 0 {
        return Some(Shape::Hidden);
    }
    if width > pod::CURSOR_SIDE || height > pod::CURSOR_SIDE {
        return None;
    }
    let stride = usize::try_from(stride).ok().filter(|stride| *stride >= width * 4)?;
    let rows = told.get(offset..)?;
    let mut pixels = Vec::with_capacity(width * height);
    for row in 0..height {
        let row = rows.get(row * stride..)?.get(..width * 4)?;
        for pixel in row.chunks_exact(4) {
            let [a, b, c, d] = [pixel[0], pixel[1], pixel[2], pixel[3]].map(u32::from);
            // Alpha, red, green, blue, from the highest byte.
            pixels.push(match (format, Pixels::from_number(format)) {
                (_, Some(Pixels::Bgr)) => d << 24 | c << 16 | b << 8 | a,
                (_, Some(Pixels::Rgb)) => d << 24 | a << 16 | b << 8 | c,
                (pod::ARGB, None) => a << 24 | b << 16 | c << 8 | d,
                (pod::ABGR, None) => a << 24 | d << 16 | c << 8 | b,
                (_, None) => return None,
            });
        }
    }
    let side = |value: usize| u16::try_from(value).unwrap_or(0);
    let spot = |value: i32| u16::try_from(value.max(0)).unwrap_or(0);
    Some(Shape::Pixels { pixels, size: (side(width), side(height)), hot: (spot(hot.0), spot(hot.1)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
    }

    #[test]
    fn damage_beyond_an_edge_is_cut_there_and_ends_at_nothing() {
        let mut all = Vec::new();
        let minus = -5_i32 as u32;
        regions(&bytes(&[minus, 2, 10, 4, 7, 8, 1, 2, 0, 0, 0, 0, 1, 1, 1, 1]), &mut all);
        assert_eq!(all, [Rect { x: 0, y: 2, w: 5, h: 4 }, Rect { x: 7, y: 8, w: 1, h: 2 }]);
    }

    #[test]
    fn a_pointer_is_read_with_its_picture() {
        let told = bytes(&[
            1,
            0,
            30,
            40,
            2,
            1,
            28, // where it is, and that a picture follows
            8,
            2,
            1,
            8,
            20, // of two pixels, blue first
            0xff11_2233,
            0x8000_0000,
        ]);
        let Some(Pointer { at: Some((30, 40)), shape: Shape::Pixels { pixels, size, hot } }) = pointer(&told)
        else {
            panic!("no pointer");
        };
        assert_eq!((size, hot), ((2, 1), (2, 1)));
        assert_eq!(pixels, [0xff11_2233, 0x8000_0000]);
        for end in 28..told.len() {
            assert!(pointer(&told[..end]).is_none(), "{end}");
        }
        assert!(matches!(pointer(&bytes(&[0; 7])), Some(Pointer { at: None, .. })));
    }

    #[test]
    fn no_bytes_of_a_pointer_make_it_panic() {
        let told = bytes(&[1, 0, 30, 40, 2, 1, 28, 8, 2, 1, 8, 20, 0xff11_2233, 0x8000_0000]);
        for at in 0..told.len() {
            for value in [0_u8, 1, 0x7f, 0x80, 0xff] {
                let mut broken = told.clone();
                broken[at] = value;
                let _ = pointer(&broken);
            }
        }
    }
}
