//! Desktop duplication (DXGI): the calls and nothing else. What is made of what they hand out is in
//! [`crate::capture`]'s `duplication`.
//!
//! The two libraries are loaded when they are needed, so that a Windows without them shares by GDI. Their objects are
//! used by the places in their tables of functions, as the published headers have them: bindings for a whole family of
//! libraries would be built for the sake of sixteen functions.
#![allow(unsafe_code, reason = "the system's calls")]

#[path = "dxgi.rs"]
mod dxgi;

use std::ffi::c_void;
use std::os::windows::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr::{NonNull, null_mut};

use farhand_protocol::channel::Cursor;
use windows_sys::Win32::Foundation::{HMODULE, RECT};
use windows_sys::Win32::System::LibraryLoader::{
    GetProcAddress, LOAD_LIBRARY_SEARCH_SYSTEM32, LoadLibraryExW,
};
use windows_sys::core::GUID;

use self::dxgi::{
    Acquire, Block, CONTEXT, CopyRegion, CreateDevice, CreateFactory, CreateTexture, DescribeOutput,
    DescribeTexture, DirtyRects, Duplicate, FACTORY, FrameInfo, Map, Mapped, MoveRect, MoveRects, Nth,
    OUTPUT_1, Object, OutputDesc, PointerShape, Query, Release, ReleaseFrame, ShapeInfo, TEXTURE,
    TextureDesc, Unmap, place,
};
use super::super::duplication::ladder::Fault;
use super::super::duplication::pointer::{Kind, Shape, Shown};
use super::super::duplication::{Desk, Output, Picture, Turned, same_places};
use crate::monitors::Area;
use crate::windows::{area, wide};

/// `DXGI_ERROR_NOT_FOUND`: the list ends.
const NOT_FOUND: i32 = 0x887a_0002_u32 as i32;
/// `DXGI_ERROR_WAIT_TIMEOUT`: nothing is new.
const NOTHING_NEW: i32 = 0x887a_0027_u32 as i32;
/// `DXGI_FORMAT_B8G8R8A8_UNORM`.
const BLUE_FIRST: u32 = 87;
/// `D3D11_SDK_VERSION`.
const SDK: u32 = 7;
/// `D3D11_USAGE_STAGING`.
const STAGING: u32 = 3;
/// `D3D11_CPU_ACCESS_READ`.
const READABLE: u32 = 0x2_0000;
/// `D3D11_MAP_READ`.
const MAP_READ: u32 = 1;

/// The most graphics devices, and the most monitors of each, that are looked at.
const MAX_LISTED: u32 = 16;
/// Of more changed parts than this the whole picture is taken.
const MAX_PARTS: usize = 128;
/// The most bytes of a pointer that are read.
const MAX_SHAPE: u32 = 4 << 20;

fn said(call: &'static str, code: i32) -> Result<(), Fault> {
    if code < 0 { Err(Fault::Refused { call, code: code as u32 }) } else { Ok(()) }
}

/// A reference to an object of the system's, given back when it is dropped.
#[derive(Debug)]
struct Com(NonNull<c_void>);

// SAFETY: what is kept here are objects that belong to no thread (DXGI's, and a device with its immediate context, which
// one thread at a time uses).
unsafe impl Send for Com {}

impl Com {
    /// What `made` wrote, if it says that it did.
    fn made(call: &'static str, made: impl FnOnce(*mut Object) -> i32) -> Result<Self, Fault> {
        let mut object = null_mut();
        said(call, made(&raw mut object))?;
        NonNull::new(object).map(Self).ok_or(Fault::Refused { call, code: 0 })
    }

    const fn as_ptr(&self) -> Object {
        self.0.as_ptr()
    }

    /// The function in this place of the object's table.
    ///
    /// # Safety
    /// The object's table is that long, and the function there is of the type `F`.
    unsafe fn at<F: Copy>(&self, place: usize) -> F {
        const { assert!(size_of::<F>() == size_of::<*const c_void>()) };
        // SAFETY: an object begins with the address of its table; for the rest the caller answers.
        unsafe {
            let table = *self.0.as_ptr().cast::<*const *const c_void>();
            std::mem::transmute_copy(&*table.add(place))
        }
    }

    fn query(&self, call: &'static str, kind: &GUID) -> Result<Self, Fault> {
        // SAFETY: every object begins with this function.
        Self::made(call, |into| unsafe {
            self.at::<Query>(place::QUERY_INTERFACE)(self.as_ptr(), kind, into)
        })
    }
}

impl Drop for Com {
    fn drop(&mut self) {
        // SAFETY: every object has this function there; the reference is ours and not used after this.
        unsafe { self.at::<Release>(place::RELEASE)(self.as_ptr()) };
    }
}

/// The two functions that everything begins with.
#[derive(Clone, Copy, Debug)]
pub struct Libraries {
    factory: CreateFactory,
    device: CreateDevice,
}

impl Libraries {
    /// Loads the system's; those in this folder instead, where one is named. They stay loaded.
    pub fn load(folder: Option<&Path>) -> Result<Self, Fault> {
        let (dxgi, d3d11) = (library("dxgi.dll", folder)?, library("d3d11.dll", folder)?);
        // SAFETY: both libraries publish these functions with these types.
        unsafe {
            let factory = GetProcAddress(dxgi, c"CreateDXGIFactory1".as_ptr().cast());
            let device = GetProcAddress(d3d11, c"D3D11CreateDevice".as_ptr().cast());
            let factory = factory.ok_or(Fault::Missing { name: "CreateDXGIFactory1" })?;
            let device = device.ok_or(Fault::Missing { name: "D3D11CreateDevice" })?;
            Ok(Self { factory: std::mem::transmute(factory), device: std::mem::transmute(device) })
        }
    }
}

fn library(name: &'static str, folder: Option<&Path>) -> Result<HMODULE, Fault> {
    let path: Vec<u16> = match folder {
        None => wide(name),
        Some(folder) => folder.join(name).as_os_str().encode_wide().chain([0]).collect(),
    };
    // Nothing that lies beside this program or where it was started is ever taken for the system's.
    let flags = if folder.is_none() { LOAD_LIBRARY_SEARCH_SYSTEM32 } else { 0 };
    // SAFETY: the name ends with a zero.
    let module = unsafe { LoadLibraryExW(path.as_ptr(), null_mut(), flags) };
    if module.is_null() { Err(Fault::Missing { name }) } else { Ok(module) }
}

/// All monitors of the desktop.
#[derive(Debug)]
pub struct Duplication {
    monitors: Vec<Duplicated>,
    shown: Shown,
    /// The pointer's shape as it was told last.
    shape: Option<Cursor>,
    /// It, or whether there is one, was told anew.
    pointer_changed: bool,
}

#[derive(Debug)]
struct Duplicated {
    output: Output,
    duplication: Com,
    context: Com,
    /// What the processor can read; the picture is copied here first.
    readable: Com,
    /// Its first picture was taken.
    began: bool,
}

impl Duplication {
    /// Begins with all monitors; `desktop` is where the system counts them from, `wanted` where they have to be.
    pub fn open(libraries: Libraries, desktop: Area, wanted: &[Area]) -> Result<Self, Fault> {
        // SAFETY: each table is that of the interface that was asked for; what is written to is of the right type.
        let factory = Com::made("CreateDXGIFactory1", |into| unsafe { (libraries.factory)(&FACTORY, into) })?;
        let mut monitors = Vec::new();
        for adapter in listed(&factory, place::FACTORY_ENUM_ADAPTERS_1, "EnumAdapters1")? {
            let mut device = None;
            for output in listed(&adapter, place::ADAPTER_ENUM_OUTPUTS, "EnumOutputs")? {
                let Some(about) = describe(&output, desktop)? else { continue };
                let (device, context) = match &device {
                    Some(known) => known,
                    None => device.insert(create_device(libraries, &adapter)?),
                };
                monitors.push(Duplicated::begin(&output, about, device, context)?);
            }
        }
        let places: Vec<Area> = monitors.iter().map(|monitor| monitor.output.area).collect();
        if monitors.is_empty() || !same_places(&places, wanted) {
            return Err(Fault::Monitors);
        }
        Ok(Self { monitors, shown: Shown::default(), shape: None, pointer_changed: false })
    }

    /// Takes in what is new. Whether anything of the picture is.
    pub fn poll(&mut self, desk: &mut Desk) -> Result<bool, Fault> {
        let mut any = false;
        for number in 0..self.monitors.len() {
            any |= self.poll_one(number, desk)?;
        }
        Ok(any)
    }

    /// Whether every monitor has handed out a picture.
    pub fn is_whole(&self) -> bool {
        self.monitors.iter().all(|monitor| monitor.began)
    }

    /// Whether the monitors lie there.
    pub fn lies_at(&self, places: &[Area]) -> bool {
        let own: Vec<Area> = self.monitors.iter().map(|monitor| monitor.output.area).collect();
        same_places(&own, places)
    }

    /// Whether the pointer's shape is another than when this was asked last.
    pub fn has_another_pointer(&mut self) -> bool {
        std::mem::take(&mut self.pointer_changed)
    }

    /// Whether it is known that no pointer is drawn over the picture.
    pub fn hides_pointer(&self) -> bool {
        self.shown.is_hidden()
    }

    /// The pointer's shape, once it was told.
    pub const fn pointer(&self) -> Option<&Cursor> {
        self.shape.as_ref()
    }

    fn poll_one(&mut self, number: usize, desk: &mut Desk) -> Result<bool, Fault> {
        let Some(monitor) = self.monitors.get_mut(number) else { return Ok(false) };
        let Some((info, resource)) = monitor.acquire()? else { return Ok(false) };
        let shape = monitor.pointer(&info);
        let taken =
            if info.presented == 0 { Ok(false) } else { monitor.take(&info, &resource, desk).map(|()| true) };
        drop(resource);
        // It is given back whatever came of it.
        let released = monitor.release();
        if let Some(shape) = shape {
            self.shape = Some(shape);
            self.pointer_changed = true;
        }
        if info.pointer_moved != 0 {
            self.pointer_changed |= self.shown.say(number, info.pointer_moved, info.pointer_shown != 0);
        }
        let taken = taken?;
        released?;
        Ok(taken)
    }
}

impl Duplicated {
    fn begin(monitor: &Com, output: Output, device: &Com, context: &Com) -> Result<Self, Fault> {
        let newer = monitor.query("IDXGIOutput1", &OUTPUT_1)?;
        // SAFETY: the table is that of the interface that was asked for.
        let duplication = Com::made("DuplicateOutput", |into| unsafe {
            newer.at::<Duplicate>(place::OUTPUT_DUPLICATE)(newer.as_ptr(), device.as_ptr(), into)
        })?;
        let (width, height) = output.size();
        let about = TextureDesc {
            width,
            height,
            mip_levels: 1,
            array_size: 1,
            format: BLUE_FIRST,
            samples: 1,
            usage: STAGING,
            cpu: READABLE,
            ..TextureDesc::default()
        };
        // SAFETY: the device's table; the description lives longer than the call.
        let readable = Com::made("CreateTexture2D", |into| unsafe {
            let create = device.at::<CreateTexture>(place::DEVICE_CREATE_TEXTURE);
            create(device.as_ptr(), &raw const about, std::ptr::null(), into)
        })?;
        // The context is shared by the monitors of one device: each keeps a reference of its own.
        let context = context.query("ID3D11DeviceContext", &CONTEXT)?;
        Ok(Self { output, duplication, context, readable, began: false })
    }

    /// What is new, if anything is. It has to be released.
    fn acquire(&self) -> Result<Option<(FrameInfo, Com)>, Fault> {
        let mut info = FrameInfo::default();
        let mut resource = null_mut();
        // SAFETY: the duplication's table; both are of the type that is written.
        let code = unsafe {
            let acquire = self.duplication.at::<Acquire>(place::ACQUIRE_NEXT_FRAME);
            acquire(self.duplication.as_ptr(), 0, &raw mut info, &raw mut resource)
        };
        if code == NOTHING_NEW {
            return Ok(None);
        }
        said("AcquireNextFrame", code)?;
        match NonNull::new(resource) {
            Some(resource) => Ok(Some((info, Com(resource)))),
            None => {
                self.release()?;
                Err(Fault::Refused { call: "AcquireNextFrame", code: 0 })
            }
        }
    }

    fn release(&self) -> Result<(), Fault> {
        // SAFETY: the duplication's table; a frame is held.
        said("ReleaseFrame", unsafe {
            self.duplication.at::<ReleaseFrame>(place::RELEASE_FRAME)(self.duplication.as_ptr())
        })
    }

    /// The pointer's shape, where it is another and can be read.
    fn pointer(&self, info: &FrameInfo) -> Option<Cursor> {
        if info.shape == 0 || info.shape > MAX_SHAPE {
            return None;
        }
        let mut bytes = vec![0_u8; info.shape as usize];
        let (mut length, mut about) = (0, ShapeInfo::default());
        // SAFETY: the duplication's table; at most so many bytes are written.
        let code = unsafe {
            let shape = self.duplication.at::<PointerShape>(place::GET_FRAME_POINTER_SHAPE);
            let (into, length) = (bytes.as_mut_ptr(), &raw mut length);
            shape(self.duplication.as_ptr(), info.shape, into, length, &raw mut about)
        };
        said("GetFramePointerShape", code).ok()?;
        let ShapeInfo { kind, width, height, pitch, hot } = about;
        let kind = Kind::from_number(kind)?;
        let hot = (hot.x, hot.y);
        Shape { kind, width, height, pitch: pitch as usize, hot, bytes: &bytes }.cursor()
    }

    /// Takes over what changed of the picture.
    fn take(&mut self, info: &FrameInfo, resource: &Com, desk: &mut Desk) -> Result<(), Fault> {
        let texture = resource.query("ID3D11Texture2D", &TEXTURE)?;
        let mut about = TextureDesc::default();
        // SAFETY: the texture's table; the description is of the type that is written.
        unsafe { texture.at::<DescribeTexture>(place::TEXTURE_GET_DESC)(texture.as_ptr(), &raw mut about) };
        let TextureDesc { width, height, format, .. } = about;
        if format != BLUE_FIRST {
            return Err(Fault::Format { format });
        }
        if (width, height) != self.output.size() {
            return Err(Fault::Size { width, height });
        }
        let whole = [self.output.whole()];
        let listed = if self.began { self.parts(info) } else { None };
        let parts = listed.as_deref().unwrap_or(&whole);
        for part in parts {
            self.copy(&texture, *part);
        }
        self.read(parts, desk)?;
        self.began = true;
        Ok(())
    }

    /// The parts that changed; nothing where they are not told or too many.
    fn parts(&self, info: &FrameInfo) -> Option<Vec<Area>> {
        let (rect, moved) = (size_of::<RECT>(), size_of::<MoveRect>());
        let most = info.metadata as usize / rect;
        if most == 0 || most > MAX_PARTS * 2 {
            return None;
        }
        let mut dirty_rects = vec![RECT::default(); most];
        let mut move_rects = vec![MoveRect::default(); info.metadata as usize / moved];
        let (mut moved_bytes, mut dirty_bytes) = (0_u32, 0_u32);
        // SAFETY: the duplication's table; at most so many bytes are written, and told how many were.
        let (first, second) = unsafe {
            let this = self.duplication.as_ptr();
            let room = (move_rects.len() * moved) as u32;
            let moves = self.duplication.at::<MoveRects>(place::GET_FRAME_MOVE_RECTS);
            let first = moves(this, room, move_rects.as_mut_ptr(), &raw mut moved_bytes);
            let room = (dirty_rects.len() * rect) as u32;
            let dirties = self.duplication.at::<DirtyRects>(place::GET_FRAME_DIRTY_RECTS);
            (first, dirties(this, room, dirty_rects.as_mut_ptr(), &raw mut dirty_bytes))
        };
        said("GetFrameMoveRects", first).and(said("GetFrameDirtyRects", second)).ok()?;
        // Where something was moved to, the picture has it already.
        let to = move_rects.iter().take(moved_bytes as usize / moved).map(|moved| &moved.to);
        let rects = to.chain(dirty_rects.iter().take(dirty_bytes as usize / rect));
        let parts: Vec<Area> =
            rects.filter_map(|rect| self.output.part(rect.left, rect.top, rect.right, rect.bottom)).collect();
        (!parts.is_empty() && parts.len() <= MAX_PARTS).then_some(parts)
    }

    /// Copies a part of the picture to where it can be read.
    fn copy(&self, texture: &Com, part: Area) {
        let (left, top) = (part.x as u32, part.y as u32);
        let (right, bottom) = (left + part.width, top + part.height);
        let block = Block { left, top, front: 0, right, bottom, back: 1 };
        // SAFETY: the context's table; both textures have one size and form, and the part lies within it.
        unsafe {
            let copy = self.context.at::<CopyRegion>(place::CONTEXT_COPY_REGION);
            let (this, into) = (self.context.as_ptr(), self.readable.as_ptr());
            copy(this, into, 0, left, top, 0, texture.as_ptr(), 0, &raw const block);
        }
    }

    /// Reads the parts that were copied.
    fn read(&self, parts: &[Area], desk: &mut Desk) -> Result<(), Fault> {
        let (width, height) = self.output.size();
        let row = width as usize * super::PIXEL;
        let mut mapped = Mapped { data: null_mut(), pitch: 0, _depth: 0 };
        let (context, readable) = (self.context.as_ptr(), self.readable.as_ptr());
        // SAFETY: the context's table; the texture can be read, and `mapped` is of the type that is written.
        let code = unsafe {
            let map = self.context.at::<Map>(place::CONTEXT_MAP);
            map(context, readable, 0, MAP_READ, 0, &raw mut mapped)
        };
        said("Map", code)?;
        let pitch = mapped.pitch as usize;
        let fits = !mapped.data.is_null() && pitch >= row && height > 0;
        if fits {
            let length = pitch * (height as usize - 1) + row;
            // SAFETY: the system maps the whole texture, so many rows of so many bytes, until it is unmapped below.
            let pixels = unsafe { std::slice::from_raw_parts(mapped.data, length) };
            for part in parts {
                desk.put(&self.output, Picture { pixels, pitch }, *part);
            }
        }
        // SAFETY: the context's table; it was mapped, and nothing borrows it any more.
        unsafe { self.context.at::<Unmap>(place::CONTEXT_UNMAP)(context, readable, 0) };
        if fits { Ok(()) } else { Err(Fault::Refused { call: "Map", code: 0 }) }
    }
}

/// What the function in this place of the table lists.
fn listed(of: &Com, place: usize, call: &'static str) -> Result<Vec<Com>, Fault> {
    let mut list = Vec::new();
    for number in 0..MAX_LISTED {
        let mut ended = false;
        // SAFETY: both that are listed by are of this type; the caller names the place in this object's table.
        let one = Com::made(call, |into| unsafe {
            let code = of.at::<Nth>(place)(of.as_ptr(), number, into);
            ended = code == NOT_FOUND;
            code
        });
        match one {
            Ok(one) => list.push(one),
            Err(_) if ended => break,
            Err(fault) => return Err(fault),
        }
    }
    Ok(list)
}

/// Where a monitor lies, if it belongs to the desktop.
fn describe(output: &Com, desktop: Area) -> Result<Option<Output>, Fault> {
    // SAFETY: all zeros is a description of nothing; the output's table, and the type that is written.
    let about = unsafe {
        let mut about: OutputDesc = std::mem::zeroed();
        let describe = output.at::<DescribeOutput>(place::OUTPUT_GET_DESC);
        said("GetDesc", describe(output.as_ptr(), &raw mut about))?;
        about
    };
    if about.attached == 0 {
        return Ok(None);
    }
    let turned = Turned::from_number(about.rotation)
        .ok_or(Fault::Refused { call: "GetDesc", code: about.rotation })?;
    Ok(Some(Output { area: area(&about.place, desktop), turned }))
}

fn create_device(libraries: Libraries, adapter: &Com) -> Result<(Com, Com), Fault> {
    let mut context = null_mut();
    // SAFETY: a device for this adapter (of unknown kind, as it has to be then), with the levels that it has itself.
    let device = Com::made("D3D11CreateDevice", |into| unsafe {
        let (level, none) = (null_mut(), null_mut());
        (libraries.device)(
            adapter.as_ptr(),
            0,
            none,
            0,
            std::ptr::null(),
            0,
            SDK,
            into,
            level,
            &raw mut context,
        )
    })?;
    let context =
        NonNull::new(context).map(Com).ok_or(Fault::Refused { call: "D3D11CreateDevice", code: 0 })?;
    Ok((device, context))
}
