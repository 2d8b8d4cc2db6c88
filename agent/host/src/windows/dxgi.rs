//! What DXGI and Direct3D 11 look like in memory: their objects' kinds, the places in their tables of functions, and the
//! structures that they write and read, as the published headers have them.

use std::ffi::c_void;

use windows_sys::Win32::Foundation::{HMODULE, POINT, RECT};
use windows_sys::core::GUID;

pub const FACTORY: GUID = GUID::from_u128(0x770aae78_f26f_4dba_a829_253c83d1b387);
pub const OUTPUT_1: GUID = GUID::from_u128(0x00cddea8_939b_4b83_a340_a685226666cc);
pub const CONTEXT: GUID = GUID::from_u128(0xc0bfa96c_e089_44fb_8eaf_26f8796190da);
pub const TEXTURE: GUID = GUID::from_u128(0x6f15aaf2_d208_4e89_9ab4_489535d34f9c);

/// Places in the tables of functions.
pub mod place {
    pub const QUERY_INTERFACE: usize = 0;
    pub const RELEASE: usize = 2;
    pub const FACTORY_ENUM_ADAPTERS_1: usize = 12;
    pub const ADAPTER_ENUM_OUTPUTS: usize = 7;
    pub const OUTPUT_GET_DESC: usize = 7;
    pub const OUTPUT_DUPLICATE: usize = 22;
    pub const ACQUIRE_NEXT_FRAME: usize = 8;
    pub const GET_FRAME_DIRTY_RECTS: usize = 9;
    pub const GET_FRAME_MOVE_RECTS: usize = 10;
    pub const GET_FRAME_POINTER_SHAPE: usize = 11;
    pub const RELEASE_FRAME: usize = 14;
    pub const DEVICE_CREATE_TEXTURE: usize = 5;
    pub const CONTEXT_MAP: usize = 14;
    pub const CONTEXT_UNMAP: usize = 15;
    pub const CONTEXT_COPY_REGION: usize = 46;
    pub const TEXTURE_GET_DESC: usize = 10;
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct OutputDesc {
    pub _name: [u16; 32],
    pub place: RECT,
    pub attached: i32,
    pub rotation: u32,
    pub _monitor: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct FrameInfo {
    pub presented: i64,
    pub pointer_moved: i64,
    pub _accumulated: u32,
    pub _coalesced: i32,
    pub _masked_out: i32,
    pub _pointer_at: POINT,
    pub pointer_shown: i32,
    pub metadata: u32,
    pub shape: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct MoveRect {
    pub _from: POINT,
    pub to: RECT,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct ShapeInfo {
    pub kind: u32,
    pub width: u32,
    pub height: u32,
    pub pitch: u32,
    pub hot: POINT,
}

#[allow(dead_code, reason = "the system reads and writes all of it")]
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct TextureDesc {
    pub width: u32,
    pub height: u32,
    pub mip_levels: u32,
    pub array_size: u32,
    pub format: u32,
    pub samples: u32,
    pub quality: u32,
    pub usage: u32,
    pub bind: u32,
    pub cpu: u32,
    pub misc: u32,
}

#[allow(dead_code, reason = "the system reads and writes all of it")]
#[repr(C)]
pub struct Block {
    pub left: u32,
    pub top: u32,
    pub front: u32,
    pub right: u32,
    pub bottom: u32,
    pub back: u32,
}

#[allow(dead_code, reason = "the system reads and writes all of it")]
#[repr(C)]
pub struct Mapped {
    pub data: *mut u8,
    pub pitch: u32,
    pub _depth: u32,
}

const _: () = {
    assert!(size_of::<OutputDesc>() == 96 && size_of::<FrameInfo>() == 48 && size_of::<MoveRect>() == 24);
    assert!(size_of::<ShapeInfo>() == 24 && size_of::<TextureDesc>() == 44 && size_of::<Block>() == 24);
    assert!(size_of::<Mapped>() == 16);
};

pub type Object = *mut c_void;
pub type CreateFactory = unsafe extern "system" fn(*const GUID, *mut Object) -> i32;
pub type CreateDevice = unsafe extern "system" fn(
    Object,
    u32,
    HMODULE,
    u32,
    *const u32,
    u32,
    u32,
    *mut Object,
    *mut u32,
    *mut Object,
) -> i32;
pub type Query = unsafe extern "system" fn(Object, *const GUID, *mut Object) -> i32;
pub type Release = unsafe extern "system" fn(Object) -> u32;
pub type Nth = unsafe extern "system" fn(Object, u32, *mut Object) -> i32;
pub type DescribeOutput = unsafe extern "system" fn(Object, *mut OutputDesc) -> i32;
pub type Duplicate = unsafe extern "system" fn(Object, Object, *mut Object) -> i32;
pub type Acquire = unsafe extern "system" fn(Object, u32, *mut FrameInfo, *mut Object) -> i32;
pub type DirtyRects = unsafe extern "system" fn(Object, u32, *mut RECT, *mut u32) -> i32;
pub type MoveRects = unsafe extern "system" fn(Object, u32, *mut MoveRect, *mut u32) -> i32;
pub type PointerShape = unsafe extern "system" fn(Object, u32, *mut u8, *mut u32, *mut ShapeInfo) -> i32;
pub type ReleaseFrame = unsafe extern "system" fn(Object) -> i32;
pub type CreateTexture =
    unsafe extern "system" fn(Object, *const TextureDesc, *const c_void, *mut Object) -> i32;
pub type Map = unsafe extern "system" fn(Object, Object, u32, u32, u32, *mut Mapped) -> i32;
pub type Unmap = unsafe extern "system" fn(Object, Object, u32);
pub type CopyRegion =
    unsafe extern "system" fn(Object, Object, u32, u32, u32, u32, Object, u32, *const Block);
pub type DescribeTexture = unsafe extern "system" fn(Object, *mut TextureDesc);
