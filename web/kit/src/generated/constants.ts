// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
/** Every right, in the order in which people read them. */
export const RIGHTS = ["view","control","files","clipboard","diagnostics","shell","camera","microphone","unattended","record"] as const;
/** The protocol versions that this build speaks. */
export const VERSIONS = { oldest: 1, newest: 1 } as const;
/** The largest signal, in bytes. */
export const MAX_SIGNAL = 16384 as const;
/** The longest text to type in one message, in bytes. */
export const MAX_TEXT = 4096 as const;
/** The longest message of the chat, in bytes. */
export const MAX_CHAT_TEXT = 4096 as const;
/** The largest message on the media path but the files', in bytes. */
export const MAX_MESSAGE = 16640 as const;
/** The largest message on the files' stream, in bytes. */
export const MAX_FILES_MESSAGE = 61696 as const;
/** Limits of the clipboard, in bytes and pixels. */
export const CLIPBOARD = { content: 8388608, text: 1048576, html: 2097152, png: 8388608, pixels: 67108864, piece: 15360, window: 524288 } as const;
/** The longest ticket, in bytes. */
export const MAX_TICKET = 1024 as const;
/** Numbers of the streams on the media path. */
export const STREAM = { control: 0, input: 1, screen: 2, pointer: 3, chat: 4, clipboard: 5, files: 6, diagnostics: 7 } as const;
/** Codes with which the media service closes a connection; a WebSocket's are these plus 4000. */
export const CLOSE = { ended: 0, noTicket: 1, ticketRefused: 2, protocol: 3, replaced: 4, busy: 5 } as const;
