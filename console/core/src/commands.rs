//! The commands' names. Read by the program's build script as well, which declares them to Tauri: what is not in this
//! list cannot be called by any page.

/// Every command, in the order of `web/kit/src/desktop/bindings.ts`.
pub const COMMANDS: &[&str] = &[
    "status",
    "listen",
    "look_at_server",
    "trust_server",
    "forget_server",
    "api",
    "keep_sign_in",
    "unlock",
    "put_settings",
    "open_socket",
    "say",
    "close_socket",
    "open_door",
    "hold_keyboard",
    "full_screen",
    "tear_off",
    "begin_file",
    "write_file",
    "keep_file",
    "drop_file",
    "open_files",
    "read_clipboard",
    "write_clipboard",
    "read_log",
    "check_update",
    "install_update",
];

/// Those that a window of one session may call: it neither chooses whom to trust nor changes the program.
pub const SESSION_COMMANDS: &[&str] = &[
    "status",
    "listen",
    "api",
    "open_socket",
    "say",
    "close_socket",
    "open_door",
    "hold_keyboard",
    "full_screen",
    "begin_file",
    "write_file",
    "keep_file",
    "drop_file",
    "open_files",
    "read_clipboard",
    "write_clipboard",
    "read_log",
];
