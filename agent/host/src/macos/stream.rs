//! Streams of ScreenCaptureKit, one a display, and the picture of the desktop that they keep.
#![allow(unsafe_code, reason = "the system's calls")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use block2::RcBlock;
use dispatch2::{DispatchQueue, DispatchRetained};
use objc2::rc::{Allocated, Retained};
use objc2::runtime::{NSObject, NSObjectProtocol, ProtocolObject};
use objc2::{AllocAnyThread, DefinedClass, define_class, msg_send};
use objc2_core_foundation::CGRect;
use objc2_core_media::{CMSampleBuffer, CMTime};
use objc2_core_video::{
    CVPixelBufferGetBaseAddress, CVPixelBufferGetBytesPerRow, CVPixelBufferGetHeight, CVPixelBufferGetWidth,
    CVPixelBufferLockBaseAddress, CVPixelBufferLockFlags, CVPixelBufferUnlockBaseAddress,
};
use objc2_foundation::{NSArray, NSError, NSValue};
use objc2_screen_capture_kit::{
    SCContentFilter, SCDisplay, SCFrameStatus, SCShareableContent, SCStream, SCStreamConfiguration,
    SCStreamDelegate, SCStreamFrameInfoDirtyRects, SCStreamFrameInfoStatus, SCStreamOutput,
    SCStreamOutputType,
};

use crate::capture::CaptureError;
use crate::macos::layout::Layout;
use crate::macos::{Bell, Table, number};
use crate::monitors::Area;

/// Bytes of a pixel.
pub const PIXEL: usize = 4;
/// The system answers within this time or not at all.
const ANSWER: Duration = Duration::from_secs(5);
/// The most pictures a second.
const RATE: i32 = 60;
/// Pictures that the system may have in work; fewer cost rate, more cost memory.
const QUEUE: isize = 4;
/// Blue, green, red, alpha, eight bits each (`kCVPixelFormatType_32BGRA`).
const BGRA: u32 = u32::from_be_bytes(*b"BGRA");
/// More changed parts than this that nobody took are gathered into one.
const MAX_DAMAGE: usize = 256;

/// The whole desktop as it was shown last.
#[derive(Debug, Default)]
pub struct Desk {
    width: u32,
    height: u32,
    /// Rows from the top, without gaps.
    pub pixels: Vec<u8>,
    /// What changed since somebody looked, in places of the desktop.
    pub damage: Vec<Area>,
    /// When the newest picture came.
    pub arrived: Option<Instant>,
    /// Why a stream ended.
    pub stopped: Option<String>,
}

/// Shared with the system's threads.
#[derive(Debug, Default)]
struct Shared {
    desk: Mutex<Desk>,
    bell: Bell,
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, why: String) {
        self.desk().stopped.get_or_insert(why);
        self.bell.ring();
    }
}

/// What a stream writes to.
#[derive(Debug)]
struct Sink {
    shared: Arc<Shared>,
    /// The display's part of the desktop.
    area: Area,
}

define_class!(
    // SAFETY: NSObject asks nothing of its subclasses, and this one has no `Drop`.
    #[unsafe(super(NSObject))]
    #[name = "FarhandStreamOutput"]
    #[ivars = Sink]
    struct Output;

    unsafe impl NSObjectProtocol for Output {}

    unsafe impl SCStreamOutput for Output {
        #[unsafe(method(stream:didOutputSampleBuffer:ofType:))]
        fn output(&self, _stream: &SCStream, sample: &CMSampleBuffer, kind: SCStreamOutputType) {
            if kind == SCStreamOutputType::Screen {
                self.ivars().take(sample);
            }
        }
    }

    unsafe impl SCStreamDelegate for Output {
        #[unsafe(method(stream:didStopWithError:))]
        fn stopped(&self, _stream: &SCStream, error: &NSError) {
            self.ivars().shared.stop(error.localizedDescription().to_string());
        }
    }
);

impl Output {
    fn new(sink: Sink) -> Retained<Self> {
        let this: Allocated<Self> = Self::alloc();
        let this = this.set_ivars(sink);
        // SAFETY: NSObject's `init` is as it is declared.
        unsafe { msg_send![super(this), init] }
    }
}

impl Sink {
    /// Brings a picture's changed parts into the desktop's.
    fn take(&self, sample: &CMSampleBuffer) {
        // SAFETY: the system hands over a sample that is valid for as long as this call.
        let Some(image) = (unsafe { sample.image_buffer() }) else { return };
        let about = attachments(sample);
        // SAFETY: constants of the framework.
        let (status, dirty) = unsafe { (SCStreamFrameInfoStatus, SCStreamFrameInfoDirtyRects) };
        let complete = about.as_ref().and_then(|about| number(about, status));
        if complete.is_some_and(|status| status.as_isize() != SCFrameStatus::Complete.0) {
            return;
        }
        // SAFETY: an image of a screen is a buffer of pixels; it is unlocked below.
        if unsafe { CVPixelBufferLockBaseAddress(&image, CVPixelBufferLockFlags::ReadOnly) } != 0 {
            return;
        }
        let (width, height) = (CVPixelBufferGetWidth(&image), CVPixelBufferGetHeight(&image));
        let (row, base) = (CVPixelBufferGetBytesPerRow(&image), CVPixelBufferGetBaseAddress(&image));
        if !base.is_null() && width * PIXEL <= row {
            // SAFETY: while it is locked it has so many rows of so many bytes.
            let pixels = unsafe { std::slice::from_raw_parts(base.cast::<u8>(), row * height) };
            let dirty = about.and_then(|about| about.objectForKey(dirty)).and_then(|it| {
                let list: Retained<NSArray> = it.downcast().ok()?;
                let parts = list.iter().filter_map(|it| it.downcast::<NSValue>().ok());
                Some(parts.filter_map(|part| rect(&part)).collect::<Vec<_>>())
            });
            self.copy(pixels, row, (width, height), dirty);
        }
        // SAFETY: locked above, in the same way.
        unsafe { CVPixelBufferUnlockBaseAddress(&image, CVPixelBufferLockFlags::ReadOnly) };
        self.shared.bell.ring();
    }

    /// Where nothing says what changed, all of it did.
    fn copy(&self, pixels: &[u8], row: usize, (width, height): (usize, usize), dirty: Option<Vec<Area>>) {
        let side = |value: usize| u32::try_from(value).unwrap_or(0);
        let own = Area { x: 0, y: 0, width: self.area.width, height: self.area.height };
        let picture = Area { x: 0, y: 0, width: side(width), height: side(height) };
        let Some(whole) = picture.overlap(own) else { return };
        let parts = match dirty {
            Some(parts) => parts.into_iter().filter_map(|part| part.overlap(whole)).collect(),
            None => vec![whole],
        };
        let mut desk = self.shared.desk();
        let (desk_row, screen) =
            (desk.width as usize * PIXEL, Area { x: 0, y: 0, width: desk.width, height: desk.height });
        for part in parts {
            let to = Area { x: part.x + self.area.x, y: part.y + self.area.y, ..part };
            // The displays may have moved since this stream began.
            if to.overlap(screen) != Some(to) {
                continue;
            }
            let length = part.width as usize * PIXEL;
            for line in 0..part.height as usize {
                let at = |area: Area, row: usize| (area.y as usize + line) * row + area.x as usize * PIXEL;
                let (from, into) = (at(part, row), at(to, desk_row));
                let Some(from) = pixels.get(from..from + length) else { continue };
                if let Some(into) = desk.pixels.get_mut(into..into + length) {
                    into.copy_from_slice(from);
                }
            }
            desk.damage.push(to);
        }
        if desk.damage.len() > MAX_DAMAGE {
            let all = crate::monitors::parts::around(&desk.damage);
            desk.damage = vec![all];
        }
        desk.arrived = Some(Instant::now());
    }
}

/// What is said of a picture.
fn attachments(sample: &CMSampleBuffer) -> Option<Retained<Table>> {
    // SAFETY: the system's own array of dictionaries whose keys are texts.
    unsafe {
        let list = sample.sample_attachments_array(false)?;
        let list: &NSArray<Table> = &*(&raw const *list).cast();
        list.firstObject()
    }
}

/// A rectangle that is told as a value, whole pixels around it.
fn rect(value: &NSValue) -> Option<Area> {
    let CGRect { origin, size } = value.get_rect()?;
    let (x, y) = (origin.x.floor().max(0.0), origin.y.floor().max(0.0));
    let (right, bottom) = ((origin.x + size.width).ceil(), (origin.y + size.height).ceil());
    Some(Area { x: x as i32, y: y as i32, width: (right - x) as u32, height: (bottom - y) as u32 })
}

/// Something that the system hands from one thread to another.
struct Carried<T>(T);

// SAFETY: it is not changed by anybody, and used by one thread after the other.
unsafe impl<T> Send for Carried<T> {}

/// All streams. They end when this is dropped.
pub struct Streams {
    shared: Arc<Shared>,
    running: Vec<Carried<(Retained<SCStream>, Retained<Output>)>>,
    _queue: DispatchRetained<DispatchQueue>,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Streams")
    }
}

impl Streams {
    /// Starts a stream for each display.
    pub fn start(layout: &Layout, bell: &Bell) -> Result<Self, CaptureError> {
        let desk = Desk {
            width: layout.width,
            height: layout.height,
            pixels: vec![0; layout.width as usize * layout.height as usize * PIXEL],
            ..Desk::default()
        };
        let shared = Arc::new(Shared { desk: Mutex::new(desk), bell: bell.clone() });
        let queue = DispatchQueue::new("farhand.capture", None);
        let displays = displays()?;
        let mut streams = Self { shared, running: Vec::new(), _queue: queue };
        for monitor in &layout.monitors {
            // SAFETY: a plain question.
            let found = displays.iter().find(|display| unsafe { display.displayID() } == monitor.id);
            let Some(display) = found else {
                return Err(CaptureError::Refused { detail: format!("display {} is not there", monitor.id) });
            };
            streams.add(&display, monitor.area)?;
        }
        Ok(streams)
    }

    fn add(&mut self, display: &SCDisplay, area: Area) -> Result<(), CaptureError> {
        let shared = Arc::clone(&self.shared);
        let output = Output::new(Sink { shared: Arc::clone(&shared), area });
        let refused =
            |error: &NSError| CaptureError::Refused { detail: error.localizedDescription().to_string() };
        // SAFETY: every object is alive for as long as it is used; stream, filter and settings are told of nothing else.
        unsafe {
            let filter = SCContentFilter::initWithDisplay_excludingWindows(
                SCContentFilter::alloc(),
                display,
                &NSArray::new(),
            );
            let settings = SCStreamConfiguration::new();
            settings.setWidth(area.width as usize);
            settings.setHeight(area.height as usize);
            settings.setPixelFormat(BGRA);
            settings.setShowsCursor(false);
            settings.setScalesToFit(true);
            settings.setQueueDepth(QUEUE);
            settings.setMinimumFrameInterval(CMTime::new(1, RATE));
            let stream = SCStream::initWithFilter_configuration_delegate(
                SCStream::alloc(),
                &filter,
                &settings,
                Some(ProtocolObject::from_ref(&*output)),
            );
            stream
                .addStreamOutput_type_sampleHandlerQueue_error(
                    ProtocolObject::from_ref(&*output),
                    SCStreamOutputType::Screen,
                    Some(&self._queue),
                )
                .map_err(|error| refused(&error))?;
            let started = RcBlock::new(move |error: *mut NSError| {
                if let Some(error) = error.as_ref() {
                    shared.stop(error.localizedDescription().to_string());
                }
            });
            stream.startCaptureWithCompletionHandler(Some(&started));
            self.running.push(Carried((stream, output)));
        }
        Ok(())
    }

    /// The desktop's picture. Held for a moment only: the system waits meanwhile.
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.shared.desk()
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        for Carried((stream, output)) in self.running.drain(..) {
            // SAFETY: the stream keeps itself for as long as it needs to stop. A picture on its way goes to memory that
            // nobody looks at any more.
            unsafe {
                let _ = stream.removeStreamOutput_type_error(
                    ProtocolObject::from_ref(&*output),
                    SCStreamOutputType::Screen,
                );
                stream.stopCaptureWithCompletionHandler(None);
            }
        }
    }
}

/// The displays that may be captured.
fn displays() -> Result<Retained<NSArray<SCDisplay>>, CaptureError> {
    let (sender, answer) = mpsc::channel();
    let handler = RcBlock::new(move |content: *mut SCShareableContent, error: *mut NSError| {
        // SAFETY: one of the two is given, for as long as this call; what is kept is retained.
        let told = unsafe {
            match Retained::retain(content) {
                Some(content) => Ok(Carried(content.displays())),
                None => {
                    Err(error.as_ref().map_or_else(String::new, |it| it.localizedDescription().to_string()))
                }
            }
        };
        // Whoever asked may have given up.
        let _ = sender.send(told);
    });
    // SAFETY: the block is copied by whoever keeps it.
    unsafe { SCShareableContent::getShareableContentWithCompletionHandler(&handler) };
    match answer.recv_timeout(ANSWER) {
        Ok(Ok(Carried(displays))) => Ok(displays),
        Ok(Err(detail)) => Err(CaptureError::Refused { detail }),
        Err(_) => Err(CaptureError::Refused { detail: "ScreenCaptureKit does not answer".to_owned() }),
    }
}
