//! Memory shared with the X server and with nobody else.
//!
//! Preferably memory without a name, handed over as a file descriptor; where the server does not take those, a System V
//! segment of mode 0600 that is marked for removal as soon as both ends have it.
#![allow(unsafe_code)]

use std::os::fd::OwnedFd;
use std::ptr::{self, NonNull};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{MapFlags, ProtFlags};
use x11rb::protocol::shm::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;

use super::Fault;

/// Why there is no segment.
#[derive(Debug)]
pub enum SegmentError {
    /// The display's failure.
    Display(Fault),
    /// The system's failure, in its own words.
    Memory(String),
}

impl From<Fault> for SegmentError {
    fn from(fault: Fault) -> Self {
        Self::Display(fault)
    }
}

/// A segment attached on both ends. The server writes into it only while it answers a request of this process.
#[derive(Debug)]
pub struct Segment {
    id: shm::Seg,
    start: NonNull<u8>,
    len: usize,
    system_v: bool,
}

// SAFETY: the mapping belongs to this value alone and is not tied to a thread.
unsafe impl Send for Segment {}

impl Segment {
    /// Makes a segment of `len` bytes, all zero.
    pub fn new(connection: &RustConnection, id: shm::Seg, len: usize) -> Result<Self, SegmentError> {
        let version = connection
            .shm_query_version()
            .map_err(Fault::from)?
            .reply()
            .map_err(|_| Fault::MissingExtension { name: "MIT-SHM" })?;
        if (version.major_version, version.minor_version) >= (1, 2) {
            match Self::nameless(connection, id, len) {
                Ok(segment) => return Ok(segment),
                Err(SegmentError::Display(Fault::Gone)) => return Err(Fault::Gone.into()),
                Err(error) => tracing::debug!(?error, "the display takes no shared memory by descriptor"),
            }
        }
        Self::system_v(connection, id, len)
    }

    /// Number of the segment at the display.
    pub fn id(&self) -> shm::Seg {
        self.id
    }

    /// What the server wrote last.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: `start` is a mapping of `len` bytes that lives as long as `self`. The server writes only while a
        // request of `Capturer::grab` is under way, which holds the capturer exclusively until the answer is here, so
        // nothing changes while the slice is lent. Any value is a valid byte.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    /// The same for changing.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `bytes`; the exclusive borrow keeps every other slice away.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }

    fn nameless(connection: &RustConnection, id: shm::Seg, len: usize) -> Result<Self, SegmentError> {
        let memory = memory(len).map_err(|error| SegmentError::Memory(error.to_string()))?;
        // SAFETY: a fresh shared mapping at an address of the kernel's choice touches no other memory. The file is
        // sealed against shrinking, so that reading it cannot fault.
        let start = unsafe {
            rustix::mm::mmap(
                ptr::null_mut(),
                len,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &memory,
                0,
            )
        }
        .map_err(|error| SegmentError::Memory(error.to_string()))?;
        let start =
            NonNull::new(start.cast()).ok_or_else(|| SegmentError::Memory("no address".to_owned()))?;
        let segment = Self { id, start, len, system_v: false };
        connection.shm_attach_fd(id, memory, false).map_err(Fault::from)?.check().map_err(Fault::from)?;
        Ok(segment)
    }

    fn system_v(connection: &RustConnection, id: shm::Seg, len: usize) -> Result<Self, SegmentError> {
        let failed = || SegmentError::Memory(std::io::Error::last_os_error().to_string());
        // SAFETY: shmget takes no pointers.
        let key = unsafe { libc::shmget(libc::IPC_PRIVATE, len, libc::IPC_CREAT | 0o600) };
        if key < 0 {
            return Err(failed());
        }
        // SAFETY: attaches a segment made above at an address of the kernel's choice.
        let start = unsafe { libc::shmat(key, ptr::null(), 0) };
        // shmat says "failed" by the address -1.
        let attached = if start.addr() == usize::MAX { Err(failed()) } else { Ok(start) };
        let result = attached.and_then(|start| {
            let start = NonNull::new(start.cast()).ok_or_else(failed)?;
            let segment = Self { id, start, len, system_v: true };
            let key = u32::try_from(key).map_err(|_| SegmentError::Memory("a negative key".to_owned()))?;
            connection.shm_attach(id, key, false).map_err(Fault::from)?.check().map_err(|error| {
                // A server on another machine, or in another namespace, cannot attach it.
                tracing::debug!(?error, "the display cannot attach shared memory");
                Fault::MissingExtension { name: "MIT-SHM (on this computer)" }
            })?;
            Ok(segment)
        });
        // SAFETY: marks the segment made above for removal, with no pointer to fill in. Both ends are attached by now,
        // or have failed to be; either way nobody else may find it.
        unsafe { libc::shmctl(key, libc::IPC_RMID, ptr::null_mut()) };
        result
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if self.system_v {
            // SAFETY: `start` came from shmat and no slice of it is alive.
            unsafe { libc::shmdt(self.start.as_ptr().cast()) };
        } else {
            // SAFETY: `start` and `len` are those of the mapping, and no slice of it is alive.
            let unmapped = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.len) };
            debug_assert!(unmapped.is_ok(), "a mapping of ours is unmapped once");
        }
    }
}

fn memory(len: usize) -> rustix::io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let memory = rustix::fs::memfd_create("farhand-screen", flags)?;
    rustix::fs::fchmod(&memory, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?;
    rustix::fs::ftruncate(&memory, len as u64)?;
    rustix::fs::fcntl_add_seals(&memory, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(memory)
}
