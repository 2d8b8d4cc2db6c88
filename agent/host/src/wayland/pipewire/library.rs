//! Functions of libpipewire, found by their names.
#![allow(unsafe_code, reason = "a library in C, loaded while the program runs")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;

use super::{Buffer, Hook, StreamEvents};

/// Its name since version 0.3, of which 1.x is the same interface.
const NAME: &CStr = c"libpipewire-0.3.so.0";

/// Declares the functions once: with their types, and with the names that they are looked up by.
macro_rules! functions {
    ($($name:ident: $symbol:literal, fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions that are used. They stay for as long as the program.
        #[derive(Clone, Copy)]
        pub struct Library { $(pub $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)* }

        impl Library {
            /// Loads it.
            ///
            /// # Errors
            /// What the system's loader says.
            pub fn load() -> Result<Self, String> {
                let handle = open()?;
                // SAFETY: each symbol is a function of the library's public interface with the type that is declared
                // here, and the library is never unloaded.
                let library = unsafe {
                    Self { $($name: {
                        let found = find(handle, $symbol)?;
                        std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($argument),*) $(-> $result)?>(found)
                    },)* }
                };
                // SAFETY: may be called any number of times; no arguments are passed on.
                unsafe { (library.init)(null_mut(), null_mut()) };
                Ok(library)
            }
        }
    };
}

functions! {
    init: c"pw_init", fn(*mut c_int, *mut *mut *mut c_char);
    loop_new: c"pw_thread_loop_new", fn(*const c_char, *const c_void) -> *mut c_void;
    loop_destroy: c"pw_thread_loop_destroy", fn(*mut c_void);
    loop_inner: c"pw_thread_loop_get_loop", fn(*mut c_void) -> *mut c_void;
    loop_start: c"pw_thread_loop_start", fn(*mut c_void) -> c_int;
    loop_stop: c"pw_thread_loop_stop", fn(*mut c_void);
    context_new: c"pw_context_new", fn(*mut c_void, *mut c_void, usize) -> *mut c_void;
    context_destroy: c"pw_context_destroy", fn(*mut c_void);
    connect_fd: c"pw_context_connect_fd", fn(*mut c_void, c_int, *mut c_void, usize) -> *mut c_void;
    core_disconnect: c"pw_core_disconnect", fn(*mut c_void) -> c_int;
    stream_new: c"pw_stream_new", fn(*mut c_void, *const c_char, *mut c_void) -> *mut c_void;
    stream_destroy: c"pw_stream_destroy", fn(*mut c_void);
    stream_listen: c"pw_stream_add_listener", fn(*mut c_void, *mut Hook, *const StreamEvents, *mut c_void);
    stream_connect: c"pw_stream_connect", fn(*mut c_void, c_int, u32, c_int, *mut *const c_void, u32) -> c_int;
    stream_update: c"pw_stream_update_params", fn(*mut c_void, *mut *const c_void, u32) -> c_int;
    stream_dequeue: c"pw_stream_dequeue_buffer", fn(*mut c_void) -> *mut Buffer;
    stream_queue: c"pw_stream_queue_buffer", fn(*mut c_void, *mut Buffer) -> c_int;
    properties_new: c"pw_properties_new_string", fn(*const c_char) -> *mut c_void;
}

fn open() -> Result<*mut c_void, String> {
    // SAFETY: a plain call with a name that ends in zero; what the library runs when it is loaded is its own.
    let handle = unsafe { libc::dlopen(NAME.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if handle.is_null() { Err(said()) } else { Ok(handle) }
}

fn find(handle: *mut c_void, symbol: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: the handle is open and stays so.
    let found = unsafe { libc::dlsym(handle, symbol.as_ptr()) };
    if found.is_null() { Err(said()) } else { Ok(found) }
}

/// What the loader says.
fn said() -> String {
    // SAFETY: the text is the loader's own and stays until its next call on this thread.
    unsafe {
        let said = libc::dlerror();
        if said.is_null() { NAME.to_string_lossy() } else { CStr::from_ptr(said).to_string_lossy() }
    }
    .into_owned()
}
