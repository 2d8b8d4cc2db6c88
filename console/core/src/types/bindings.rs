//! The pages' side of the commands is what this says. `FARHAND_WRITE_BINDINGS=1` writes it; `cargo xtask vectors` sets
//! that.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ts_rs::{Config, TS, TypeVisitor};

use super::*;
use crate::commands::COMMANDS;

const FILE: &str = "../../web/kit/src/desktop/bindings.ts";

const HEADER: &str = "// Generated from console/core by `cargo xtask vectors`. Do not edit.
import { Channel, invoke } from \"@tauri-apps/api/core\";
import type { MediaOffer } from \"../types\";

";

struct Types {
    config: Config,
    texts: BTreeMap<String, String>,
}

impl TypeVisitor for Types {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if T::output_path().is_none() {
            return;
        }
        let name = T::ident(&self.config);
        if self.texts.contains_key(&name) {
            return;
        }
        let docs = T::docs().unwrap_or_default();
        self.texts.insert(name, format!("{docs}export {}\n", T::decl(&self.config)));
        T::visit_dependencies(self);
    }
}

/// A command: its request (if it has one), the messages that come back by a channel (if they do), and its answer.
struct Command {
    name: &'static str,
    doc: &'static str,
    request: Option<String>,
    channel: Option<String>,
    answer: String,
    /// Bytes are its body, and the request its headers.
    raw: bool,
}

fn commands(types: &mut Types) -> Vec<Command> {
    fn ident<T: TS + 'static>(types: &mut Types) -> String {
        types.visit::<T>();
        T::name(&types.config)
    }
    macro_rules! command {
        ($name:literal, $doc:literal, ($($request:ty)?), [$($channel:ty)?], $answer:ty) => {{
            #[allow(unused_mut, unused_assignments)]
            let mut request = None;
            $(request = Some(ident::<$request>(types));)?
            #[allow(unused_mut, unused_assignments)]
            let mut channel = None;
            $(channel = Some(ident::<$channel>(types));)?
            let answer = ident::<$answer>(types);
            Command { name: $name, doc: $doc, request, channel, answer, raw: false }
        }};
    }
    // Two types that pass through the door and not through a command.
    ident::<ToLink>(types);
    ident::<FromLink>(types);
    ident::<Failure>(types);
    vec![
        command!("status", "Where the program stands.", (), [], Status),
        command!("listen", "What the program tells by itself, from now on.", (), [Event], ()),
        command!(
            "look_at_server",
            "What answers at an address. Nothing is sent there.",
            (LookAtServer),
            [],
            ServerSeen
        ),
        command!("trust_server", "Trusts what was just seen there.", (TrustServer), [], Status),
        command!("forget_server", "Trusts no service any more, and forgets the sign-in.", (), [], Status),
        command!(
            "api",
            "Asks the service. The sign-in is added and taken out in Rust.",
            (ApiRequest),
            [],
            ApiAnswer
        ),
        command!("keep_sign_in", "Decides where the sign-in is kept.", (KeepSignIn), [], Status),
        command!("unlock", "Opens the file that the sign-in lies in.", (Unlock), [], Status),
        command!("put_settings", "Keeps the settings.", (Settings), [], Status),
        command!("open_socket", "Opens a session's socket.", (OpenSocket), [SocketEvent], SocketNumber),
        command!("say", "Sends a message by a session's socket.", (Say), [], ()),
        command!("close_socket", "Closes a session's socket.", (SocketNumber), [], ()),
        command!("open_door", "A way into the native link.", (), [], DoorKey),
        command!(
            "hold_keyboard",
            "Asks for the whole keyboard, or gives it back.",
            (HoldKeyboard),
            [],
            KeyboardHold
        ),
        command!(
            "full_screen",
            "The window that is used fills its screen, or does so no longer.",
            (),
            [],
            ()
        ),
        command!("tear_off", "Opens a session in a window of its own.", (TearOff), [], ()),
        command!(
            "begin_file",
            "Begins a file of a customer's in this computer's downloads folder, or goes on with it.",
            (BeginFile),
            [],
            FileNumber
        ),
        Command { raw: true, ..command!("write_file", "Appends to it.", (WriteFile), [], ()) },
        command!("keep_file", "Gives it its name.", (KeepFile), [], KeptFile),
        command!("drop_file", "Removes what there is of it.", (FileNumber), [], ()),
        command!("open_files", "Those of a session that are not whole yet.", (FilesOf), [], OpenFiles),
        command!(
            "take_dropped",
            "Takes what was dropped on this window, for a session.",
            (TakeDropped),
            [],
            DroppedFiles
        ),
        Command {
            answer: "ArrayBuffer".to_owned(),
            ..command!("read_dropped", "A part of a file that was dropped.", (ReadDropped), [], ())
        },
        command!("forget_dropped", "It is not read any more.", (FileNumber), [], ()),
        command!("read_clipboard", "What lies on this computer's clipboard.", (), [], ClipboardParts),
        command!("write_clipboard", "Puts something there.", (ClipboardParts), [], ()),
        command!("read_log", "The newest lines of the log.", (), [], LogPage),
        command!("check_update", "Whether there is a newer version.", (), [], UpdateState),
        command!("install_update", "Downloads and installs the newer version.", (), [], ()),
    ]
}

fn text() -> String {
    let mut types = Types { config: Config::new().with_large_int("number"), texts: BTreeMap::new() };
    let commands = commands(&mut types);
    let names: Vec<&str> = commands.iter().map(|command| command.name).collect();
    assert_eq!(names, COMMANDS, "a command has a binding, and nothing else has");
    let mut out = HEADER.to_owned();
    for declaration in types.texts.values() {
        let _ = writeln!(out, "{declaration}");
    }
    out.push_str("/** Everything that a page can ask Rust for. Rejects with a {@link Failure}. */\nexport const desktop = {\n");
    for Command { name, doc, request, channel, answer, raw } in commands {
        let (mut parameters, mut arguments) = (Vec::new(), Vec::new());
        let answer = if answer == "null" { "void".to_owned() } else { answer };
        if let Some(request) = request {
            parameters.push(format!("request: {request}"));
            arguments.push("request");
        }
        let mut before = String::new();
        if let Some(channel) = channel {
            parameters.push(format!("heard: (event: {channel}) => void"));
            before = format!("const channel = new Channel<{channel}>(heard);\n    ");
            arguments.push("channel");
        }
        let arguments =
            if arguments.is_empty() { String::new() } else { format!(", {{ {} }}", arguments.join(", ")) };
        let call = format!("invoke<{answer}>(\"{name}\"{arguments})");
        let method = camel(name);
        if raw {
            let _ = writeln!(
                out,
                "  /** {doc} */\n  {method}: (bytes: Uint8Array<ArrayBuffer>, {}): Promise<{answer}> =>\n    invoke<{answer}>(\"{name}\", bytes, {{ headers: {{ request: JSON.stringify(request) }} }}),",
                parameters.join(", ")
            );
            continue;
        }
        let parameters = parameters.join(", ");
        let _ = if before.is_empty() {
            writeln!(out, "  /** {doc} */\n  {method}: ({parameters}): Promise<{answer}> => {call},")
        } else {
            writeln!(
                out,
                "  /** {doc} */\n  {method}: ({parameters}): Promise<{answer}> => {{\n    {before}return {call};\n  }},"
            )
        };
    }
    out.push_str("};\n");
    out
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| name + &part[..1].to_uppercase() + &part[1..])
}

#[test]
fn the_pages_know_these_commands_and_types() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let text = text();
    if std::env::var_os("FARHAND_WRITE_BINDINGS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == text, "web/kit/src/desktop/bindings.ts is not current: run `cargo xtask vectors`");
}

#[test]
fn a_window_of_one_session_calls_nothing_that_chooses_whom_to_trust() {
    use crate::commands::SESSION_COMMANDS;
    assert!(SESSION_COMMANDS.iter().all(|name| COMMANDS.contains(name)));
    for name in
        ["look_at_server", "trust_server", "forget_server", "keep_sign_in", "unlock", "install_update"]
    {
        assert!(!SESSION_COMMANDS.contains(&name), "{name}");
    }
}
