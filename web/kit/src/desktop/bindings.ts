// Generated from console/core by `cargo xtask vectors`. Do not edit.
import { Channel, invoke } from "@tauri-apps/api/core";
import type { MediaOffer } from "../types";

/**
 * The service's answer, whatever its status.
 */
export type ApiAnswer = { 
/**
 * HTTP status.
 */
status: number, 
/**
 * What the body is, as the service says.
 */
kind: string, 
/**
 * The body.
 */
body: ApiBody, };

/**
 * A body as it passes between the page and Rust.
 */
export type ApiBody = { "text": string } | { "base64": string };

/**
 * A request to the service's API.
 */
export type ApiRequest = { 
/**
 * Such as `POST`.
 */
method: string, 
/**
 * Below `/api/v1`, such as `/sessions`.
 */
path: string, 
/**
 * What the body is, such as `application/json`.
 */
kind: string | null, 
/**
 * The body.
 */
body: ApiBody | null, };

/**
 * A file of a customer's that is to come to this computer's downloads folder.
 */
export type BeginFile = { 
/**
 * The session's identifier.
 */
session: string, 
/**
 * The session's number for it.
 */
transfer: number, 
/**
 * Where it lies on the customer's computer; only kept.
 */
from: string, 
/**
 * Folders and name that are wanted below the downloads folder.
 */
steps: Array<string>, 
/**
 * Bytes.
 */
size: number, };

/**
 * A format.
 */
export type ClipFormat = "text" | "html" | "png";

/**
 * One format of it.
 */
export type ClipPart = { 
/**
 * Which.
 */
format: ClipFormat, 
/**
 * Its bytes, as base64.
 */
base64: string, };

/**
 * What lies on this computer's clipboard, or shall: one thing in several formats.
 */
export type ClipboardParts = { 
/**
 * Each format once.
 */
parts: Array<ClipPart>, };

/**
 * The way into the native link: a WebSocket of this machine that opens once.
 */
export type DoorKey = { 
/**
 * Port on 127.0.0.1.
 */
port: number, 
/**
 * The first message. Good for one connection, and for a few seconds.
 */
token: string, };

/**
 * A file that was dropped.
 */
export type DroppedFile = { 
/**
 * Its number.
 */
file: number, 
/**
 * The dropped folder, if one was, the folders below it, and the name.
 */
steps: Array<string>, 
/**
 * Bytes.
 */
size: number, };

/**
 * What was dropped: ordinary files, those of folders with the folders above them.
 */
export type DroppedFiles = { 
/**
 * In the order of their names.
 */
files: Array<DroppedFile>, 
/**
 * There were more than can be taken at once.
 */
cut: boolean, };

/**
 * What the program tells its pages by itself.
 */
export type Event = { "type": "status", 
/**
 * All of it.
 */
status: Status, } | { "type": "show_session", 
/**
 * Its identifier.
 */
session: string, } | { "type": "menu", 
/**
 * Which.
 */
action: MenuAction, } | { "type": "customer_came", 
/**
 * The session.
 */
session: string, } | { "type": "files_over", 
/**
 * Whether they are.
 */
over: boolean, } | { "type": "files_dropped", 
/**
 * Which drop.
 */
drop: number, } | { "type": "full_screen", 
/**
 * Whether it does.
 */
full: boolean, };

/**
 * Why a command was not carried out. The pages look their sentence up by the code.
 */
export type Failure = { 
/**
 * For programs, such as `unreachable`.
 */
code: string, 
/**
 * For people, in English.
 */
message: string, };

/**
 * A file that is open here.
 */
export type FileNumber = { 
/**
 * Its number.
 */
file: number, };

/**
 * Asks for the files of a session that are not whole.
 */
export type FilesOf = { 
/**
 * The session's identifier.
 */
session: string, };

/**
 * Link → renderer, likewise.
 */
export type FromLink = { "type": "connected", 
/**
 * QUIC is not what carries them: UDP is blocked.
 */
udp_blocked: boolean, } | { "type": "lost", 
/**
 * For the log.
 */
why: string, } | { "type": "offer_needed" } | { "type": "refused", 
/**
 * One of `CLOSE`.
 */
code: number, 
/**
 * For the log.
 */
why: string, };

/**
 * Asks for the whole keyboard, or gives it back.
 */
export type HoldKeyboard = { 
/**
 * Whether keys go to the customer now.
 */
hold: boolean, };

/**
 * A file is whole.
 */
export type KeepFile = { 
/**
 * Its number.
 */
file: number, 
/**
 * BLAKE3 of what the other end read, lower-case hex.
 */
hash: string, };

/**
 * Where the sign-in shall be kept from now on.
 */
export type KeepSignIn = { 
/**
 * Where.
 */
keeping: Keeping, 
/**
 * For a file.
 */
passphrase: string | null, };

/**
 * Where a sign-in outlives the program.
 */
export type Keeping = "keyring" | "file" | "nowhere";

/**
 * What a file is called now.
 */
export type KeptFile = { 
/**
 * Its name.
 */
name: string, };

/**
 * Which keys reach the page.
 */
export type KeyboardHold = "all" | "leftovers";

/**
 * The newest lines of the log.
 */
export type LogPage = { 
/**
 * Oldest first.
 */
lines: Array<string>, 
/**
 * What belongs above them in a report: versions, system, how the service is reached. No names, no secrets.
 */
facts: Array<string>, };

/**
 * An address that the person typed.
 */
export type LookAtServer = { 
/**
 * With or without `https://`.
 */
address: string, };

/**
 * The entries of the menus that the pages carry out.
 */
export type MenuAction = "new_session" | "settings" | "log" | "home" | "tear_off" | "close_tab" | "full_screen";

/**
 * A file that is not whole.
 */
export type OpenFile = { 
/**
 * The session's number for it.
 */
transfer: number, 
/**
 * Where it lies on the customer's computer.
 */
from: string, 
/**
 * Folders and name below the downloads folder.
 */
steps: Array<string>, 
/**
 * Bytes.
 */
size: number, 
/**
 * Bytes that are here.
 */
had: number, };

/**
 * See [`FilesOf`].
 */
export type OpenFiles = { 
/**
 * All of them.
 */
files: Array<OpenFile>, };

/**
 * A session's socket.
 */
export type OpenSocket = { 
/**
 * The session's identifier.
 */
session: string, };

/**
 * What a picture is to be when the way does not carry both.
 */
export type PictureChoice = "automatic" | "sharp" | "smooth";

/**
 * The HTTP proxy that TCP goes through. QUIC goes directly, where the network lets it.
 */
export type ProxyChoice = { "use": "system" } | { "use": "direct" } | { "use": "fixed", 
/**
 * Such as `http://proxy.example.org:3128`.
 */
address: string, };

/**
 * A part of a file that was dropped.
 */
export type ReadDropped = { 
/**
 * Its number.
 */
file: number, 
/**
 * The session that it was taken for.
 */
session: string, 
/**
 * Where the part begins.
 */
offset: number, 
/**
 * Bytes, at most 1 MiB.
 */
length: number, };

/**
 * A message for a session's socket.
 */
export type Say = { 
/**
 * The socket's number.
 */
socket: number, 
/**
 * What to send.
 */
text: string, };

/**
 * What answers at an address.
 */
export type ServerSeen = { 
/**
 * The whole address, such as `https://127.0.0.1:8443`.
 */
address: string, 
/**
 * SHA-256 of its certificate, lower-case hex.
 */
fingerprint: string, 
/**
 * Certificate authorities of this machine vouch for it.
 */
vouched: boolean, 
/**
 * The certificate that was trusted for this address before, where it is another one.
 */
before: string | null, };

/**
 * The service that is trusted.
 */
export type ServerStatus = { 
/**
 * Such as `https://help.example.org:8443`.
 */
address: string, 
/**
 * SHA-256 of the one certificate that is trusted, or null where certificate authorities vouch for it.
 */
fingerprint: string | null, };

/**
 * The settings page. Unknown or missing parts of an older or newer file take their defaults.
 */
export type Settings = { 
/**
 * Every key goes to the customer while their screen has the focus, those too that the desktop otherwise keeps.
 */
all_keys: boolean, 
/**
 * A sound when a customer comes.
 */
sounds: boolean, 
/**
 * The desktop's notifications.
 */
notifications: boolean, 
/**
 * Closing the window leaves the program beside the clock.
 */
stay_in_tray: boolean, 
/**
 * Looks for a newer version when the program starts.
 */
look_for_updates: boolean, 
/**
 * How pages and messages leave this network.
 */
proxy: ProxyChoice, 
/**
 * How a session's picture begins; its own panel changes it.
 */
picture: PictureChoice, };

/**
 * What a session's socket does.
 */
export type SocketEvent = { "type": "open" } | { "type": "text", 
/**
 * As it came.
 */
text: string, } | { "type": "closed", 
/**
 * The WebSocket's close code; 1006 where there was none.
 */
code: number, };

/**
 * One socket.
 */
export type SocketNumber = { 
/**
 * Its number.
 */
socket: number, };

/**
 * Where the program stands.
 */
export type Status = { 
/**
 * The program's version.
 */
version: string, 
/**
 * The service that is trusted, if one is.
 */
server: ServerStatus | null, 
/**
 * Where the sign-in is kept.
 */
keeping: Keeping, 
/**
 * Whether this system's keyring can be used at all.
 */
keyring: boolean, 
/**
 * The sign-in lies in a file whose passphrase has not been given yet.
 */
locked: boolean, 
/**
 * What the person chose.
 */
settings: Settings, 
/**
 * Whether this build takes updates: it knows the key that they are signed with.
 */
updates: boolean, 
/**
 * Whether the page draws the customer's screen itself, and not the renderer's worker: a web view without a graphics
 * device repaints a worker's whole canvas for each picture.
 */
painted: boolean, };

/**
 * Takes what a person dropped on the window, for a session that the window shows.
 */
export type TakeDropped = { 
/**
 * Which drop.
 */
drop: number, 
/**
 * The session's identifier.
 */
session: string, };

/**
 * Opens a session in a window of its own.
 */
export type TearOff = { 
/**
 * The session's identifier.
 */
session: string, };

/**
 * Renderer → link, as text beside the binary messages of the streams.
 */
export type ToLink = { "type": "open", 
/**
 * From the session's socket.
 */
offer: MediaOffer, } | { "type": "renew", 
/**
 * From the session's socket.
 */
offer: MediaOffer, } | { "type": "taken", 
/**
 * Bytes of binary messages.
 */
bytes: number, };

/**
 * The person's decision on what [`ServerSeen`] said.
 */
export type TrustServer = { 
/**
 * As it was seen.
 */
address: string, 
/**
 * As it was seen: what the person compared is what is trusted.
 */
fingerprint: string, };

/**
 * Opens the file that the sign-in lies in.
 */
export type Unlock = { 
/**
 * As it was chosen.
 */
passphrase: string, };

/**
 * Whether there is a newer version.
 */
export type UpdateState = { "state": "unavailable" } | { "state": "newest" } | { "state": "offered", 
/**
 * Its version.
 */
version: string, 
/**
 * Bytes to download.
 */
size: number, };

/**
 * Bytes for a file: they are the command's body, and this its head.
 */
export type WriteFile = { 
/**
 * Its number.
 */
file: number, 
/**
 * Where they stand.
 */
offset: number, };

/** Everything that a page can ask Rust for. Rejects with a {@link Failure}. */
export const desktop = {
  /** Where the program stands. */
  status: (): Promise<Status> => invoke<Status>("status"),
  /** What the program tells by itself, from now on. */
  listen: (heard: (event: Event) => void): Promise<void> => {
    const channel = new Channel<Event>(heard);
    return invoke<void>("listen", { channel });
  },
  /** What answers at an address. Nothing is sent there. */
  lookAtServer: (request: LookAtServer): Promise<ServerSeen> => invoke<ServerSeen>("look_at_server", { request }),
  /** Trusts what was just seen there. */
  trustServer: (request: TrustServer): Promise<Status> => invoke<Status>("trust_server", { request }),
  /** Trusts no service any more, and forgets the sign-in. */
  forgetServer: (): Promise<Status> => invoke<Status>("forget_server"),
  /** Asks the service. The sign-in is added and taken out in Rust. */
  api: (request: ApiRequest): Promise<ApiAnswer> => invoke<ApiAnswer>("api", { request }),
  /** Decides where the sign-in is kept. */
  keepSignIn: (request: KeepSignIn): Promise<Status> => invoke<Status>("keep_sign_in", { request }),
  /** Opens the file that the sign-in lies in. */
  unlock: (request: Unlock): Promise<Status> => invoke<Status>("unlock", { request }),
  /** Keeps the settings. */
  putSettings: (request: Settings): Promise<Status> => invoke<Status>("put_settings", { request }),
  /** Opens a session's socket. */
  openSocket: (request: OpenSocket, heard: (event: SocketEvent) => void): Promise<SocketNumber> => {
    const channel = new Channel<SocketEvent>(heard);
    return invoke<SocketNumber>("open_socket", { request, channel });
  },
  /** Sends a message by a session's socket. */
  say: (request: Say): Promise<void> => invoke<void>("say", { request }),
  /** Closes a session's socket. */
  closeSocket: (request: SocketNumber): Promise<void> => invoke<void>("close_socket", { request }),
  /** A way into the native link. */
  openDoor: (): Promise<DoorKey> => invoke<DoorKey>("open_door"),
  /** Asks for the whole keyboard, or gives it back. */
  holdKeyboard: (request: HoldKeyboard): Promise<KeyboardHold> => invoke<KeyboardHold>("hold_keyboard", { request }),
  /** The window that is used fills its screen, or does so no longer. */
  fullScreen: (): Promise<void> => invoke<void>("full_screen"),
  /** Opens a session in a window of its own. */
  tearOff: (request: TearOff): Promise<void> => invoke<void>("tear_off", { request }),
  /** Begins a file of a customer's in this computer's downloads folder, or goes on with it. */
  beginFile: (request: BeginFile): Promise<FileNumber> => invoke<FileNumber>("begin_file", { request }),
  /** Appends to it. */
  writeFile: (bytes: Uint8Array<ArrayBuffer>, request: WriteFile): Promise<void> =>
    invoke<void>("write_file", bytes, { headers: { request: JSON.stringify(request) } }),
  /** Gives it its name. */
  keepFile: (request: KeepFile): Promise<KeptFile> => invoke<KeptFile>("keep_file", { request }),
  /** Removes what there is of it. */
  dropFile: (request: FileNumber): Promise<void> => invoke<void>("drop_file", { request }),
  /** Those of a session that are not whole yet. */
  openFiles: (request: FilesOf): Promise<OpenFiles> => invoke<OpenFiles>("open_files", { request }),
  /** Takes what was dropped on this window, for a session. */
  takeDropped: (request: TakeDropped): Promise<DroppedFiles> => invoke<DroppedFiles>("take_dropped", { request }),
  /** A part of a file that was dropped. */
  readDropped: (request: ReadDropped): Promise<ArrayBuffer> => invoke<ArrayBuffer>("read_dropped", { request }),
  /** It is not read any more. */
  forgetDropped: (request: FileNumber): Promise<void> => invoke<void>("forget_dropped", { request }),
  /** What lies on this computer's clipboard. */
  readClipboard: (): Promise<ClipboardParts> => invoke<ClipboardParts>("read_clipboard"),
  /** Puts something there. */
  writeClipboard: (request: ClipboardParts): Promise<void> => invoke<void>("write_clipboard", { request }),
  /** The newest lines of the log. */
  readLog: (): Promise<LogPage> => invoke<LogPage>("read_log"),
  /** Whether there is a newer version. */
  checkUpdate: (): Promise<UpdateState> => invoke<UpdateState>("check_update"),
  /** Downloads and installs the newer version. */
  installUpdate: (): Promise<void> => invoke<void>("install_update"),
};
