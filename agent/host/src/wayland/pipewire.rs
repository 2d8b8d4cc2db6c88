//! The part of libpipewire that screens come by, loaded while the program runs: a computer without it, such as one with
//! an X11 desktop only, starts the same program (docs/adr says why it is neither linked nor a process of its own).
//!
//! What is declared here is the library's stable binary interface; `tests/pipewire_abi.rs` holds it against the headers
//! where they are installed.

pub mod library;
pub mod pod;
pub mod remote;

use std::ffi::{c_char, c_int, c_void};

/// `PW_DIRECTION_INPUT`.
pub const DIRECTION_INPUT: c_int = 0;
/// `PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_DONT_RECONNECT`.
pub const FLAGS: c_int = 1 | 1 << 2 | 1 << 7;
/// `PW_STREAM_STATE_ERROR` and the others that are told apart.
pub const STATE_ERROR: c_int = -1;
/// See above.
pub const STATE_UNCONNECTED: c_int = 0;

/// `SPA_DATA_MemPtr` and `SPA_DATA_MemFd`: memory that can be read. Graphics memory (DMA-BUF) is not asked for.
pub const DATA_MEM_PTR: u32 = 1;
/// See above.
pub const DATA_MEM_FD: u32 = 2;

/// `SPA_META_Header`, what a picture says of itself.
pub const META_HEADER: u32 = 1;
/// `SPA_META_VideoDamage`, what changed.
pub const META_DAMAGE: u32 = 3;
/// `SPA_META_Cursor`, the pointer.
pub const META_CURSOR: u32 = 5;
/// `SPA_META_HEADER_FLAG_CORRUPTED` and `SPA_CHUNK_FLAG_CORRUPTED`.
pub const HEADER_CORRUPTED: u32 = 1 << 1;
/// See above.
pub const CHUNK_CORRUPTED: i32 = 1;

/// `struct pw_buffer`.
#[repr(C)]
pub struct Buffer {
    pub buffer: *mut SpaBuffer,
    pub user_data: *mut c_void,
    pub size: u64,
    // `requested`, since 0.3.49, is never read.
}

/// `struct spa_buffer`.
#[repr(C)]
pub struct SpaBuffer {
    pub n_metas: u32,
    pub n_datas: u32,
    pub metas: *mut Meta,
    pub datas: *mut Data,
}

/// `struct spa_meta`.
#[repr(C)]
pub struct Meta {
    pub kind: u32,
    pub size: u32,
    pub data: *const u8,
}

/// `struct spa_data`.
#[repr(C)]
pub struct Data {
    pub kind: u32,
    pub flags: u32,
    pub fd: i64,
    pub mapoffset: u32,
    pub maxsize: u32,
    pub data: *const u8,
    pub chunk: *const Chunk,
}

/// `struct spa_chunk`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Chunk {
    pub offset: u32,
    pub size: u32,
    pub stride: i32,
    pub flags: i32,
}

/// `struct spa_hook`, which the library fills in.
#[repr(C)]
pub struct Hook {
    pub private: [*mut c_void; 6],
}

/// `struct pw_stream_events`, of version 0.
#[repr(C)]
pub struct StreamEvents {
    pub version: u32,
    pub destroy: Option<unsafe extern "C" fn(*mut c_void)>,
    pub state_changed: Option<unsafe extern "C" fn(*mut c_void, c_int, c_int, *const c_char)>,
    pub control_info: Option<unsafe extern "C" fn(*mut c_void, u32, *const c_void)>,
    pub io_changed: Option<unsafe extern "C" fn(*mut c_void, u32, *mut c_void, u32)>,
    pub param_changed: Option<unsafe extern "C" fn(*mut c_void, u32, *const c_void)>,
    pub add_buffer: Option<unsafe extern "C" fn(*mut c_void, *mut Buffer)>,
    pub remove_buffer: Option<unsafe extern "C" fn(*mut c_void, *mut Buffer)>,
    pub process: Option<unsafe extern "C" fn(*mut c_void)>,
    pub drained: Option<unsafe extern "C" fn(*mut c_void)>,
}
