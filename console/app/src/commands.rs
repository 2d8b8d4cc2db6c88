//! The commands. Each forwards to the controller and does nothing else.

use farhand_console_core::settings::Settings;
use farhand_console_core::types::{
    ApiAnswer, ApiRequest, BeginFile, ClipboardParts, DoorKey, DroppedFiles, Event, Failure, FileNumber,
    FilesOf, HoldKeyboard, KeepFile, KeepSignIn, KeptFile, KeyboardHold, LogPage, LookAtServer, OpenFiles,
    OpenSocket, ReadDropped, Say, ServerSeen, SocketEvent, SocketNumber, Status, TakeDropped, TearOff,
    TrustServer, Unlock, UpdateState, WriteFile,
};
use tauri::ipc::{Channel, Invoke, InvokeBody, Request, Response};
use tauri::{State, WebviewWindow, Wry};

use crate::shell::Console;

type Answer<T> = Result<T, Failure>;

/// All of them.
pub fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        status,
        listen,
        look_at_server,
        trust_server,
        forget_server,
        api,
        keep_sign_in,
        unlock,
        put_settings,
        open_socket,
        say,
        close_socket,
        open_door,
        hold_keyboard,
        full_screen,
        tear_off,
        begin_file,
        write_file,
        keep_file,
        drop_file,
        open_files,
        take_dropped,
        read_dropped,
        forget_dropped,
        read_clipboard,
        write_clipboard,
        read_log,
        check_update,
        install_update,
    ]
}

#[tauri::command]
async fn status(console: State<'_, Console>) -> Answer<Status> {
    console.shell().until_recalled().await;
    Ok(console.status().await)
}

#[tauri::command]
async fn listen(window: WebviewWindow, console: State<'_, Console>, channel: Channel<Event>) -> Answer<()> {
    console.shell().listen(&window, channel);
    Ok(())
}

#[tauri::command]
async fn look_at_server(console: State<'_, Console>, request: LookAtServer) -> Answer<ServerSeen> {
    console.look_at_server(request).await
}

#[tauri::command]
async fn trust_server(console: State<'_, Console>, request: TrustServer) -> Answer<Status> {
    console.trust_server(request).await
}

#[tauri::command]
async fn forget_server(console: State<'_, Console>) -> Answer<Status> {
    console.forget_server().await
}

#[tauri::command]
async fn api(console: State<'_, Console>, request: ApiRequest) -> Answer<ApiAnswer> {
    console.api(request).await
}

#[tauri::command]
async fn keep_sign_in(console: State<'_, Console>, request: KeepSignIn) -> Answer<Status> {
    console.keep_sign_in(request).await
}

#[tauri::command]
async fn unlock(console: State<'_, Console>, request: Unlock) -> Answer<Status> {
    console.unlock(request).await
}

#[tauri::command]
async fn put_settings(console: State<'_, Console>, request: Settings) -> Answer<Status> {
    console.put_settings(request).await
}

#[tauri::command]
async fn open_socket(
    console: State<'_, Console>,
    request: OpenSocket,
    channel: Channel<SocketEvent>,
) -> Answer<SocketNumber> {
    console.open_socket(request, move |event| channel.send(event).is_ok()).await
}

#[tauri::command]
async fn say(console: State<'_, Console>, request: Say) -> Answer<()> {
    console.say(request)
}

#[tauri::command]
async fn close_socket(console: State<'_, Console>, request: SocketNumber) -> Answer<()> {
    console.close_socket(request);
    Ok(())
}

#[tauri::command]
async fn open_door(console: State<'_, Console>) -> Answer<DoorKey> {
    console.open_door().await
}

#[tauri::command]
async fn hold_keyboard(
    window: WebviewWindow,
    console: State<'_, Console>,
    request: HoldKeyboard,
) -> Answer<KeyboardHold> {
    Ok(console.hold_keyboard(window.label(), request.hold))
}

#[tauri::command]
async fn full_screen(window: WebviewWindow, console: State<'_, Console>) -> Answer<()> {
    console.full_screen(window.label());
    Ok(())
}

#[tauri::command]
async fn tear_off(console: State<'_, Console>, request: TearOff) -> Answer<()> {
    console.tear_off(&request)
}

#[tauri::command]
async fn begin_file(console: State<'_, Console>, request: BeginFile) -> Answer<FileNumber> {
    console.begin_file(&request)
}

/// Bytes come as they are, and not as JSON: what they are for stands in a header.
#[tauri::command]
async fn write_file(console: State<'_, Console>, request: Request<'_>) -> Answer<()> {
    let head = request.headers().get("request").and_then(|head| head.to_str().ok());
    let head = head.and_then(|head| serde_json::from_str::<WriteFile>(head).ok());
    match (request.body(), head) {
        (InvokeBody::Raw(bytes), Some(WriteFile { file, offset })) => console.write_file(file, offset, bytes),
        (InvokeBody::Raw(_) | InvokeBody::Json(_), _) => {
            Err(Failure::new("failed", "These are no bytes of a file."))
        }
    }
}

#[tauri::command]
async fn keep_file(console: State<'_, Console>, request: KeepFile) -> Answer<KeptFile> {
    console.keep_file(&request)
}

#[tauri::command]
async fn drop_file(console: State<'_, Console>, request: FileNumber) -> Answer<()> {
    console.drop_file(request);
    Ok(())
}

#[tauri::command]
async fn open_files(console: State<'_, Console>, request: FilesOf) -> Answer<OpenFiles> {
    console.open_files(&request)
}

#[tauri::command]
async fn take_dropped(
    window: WebviewWindow,
    console: State<'_, Console>,
    request: TakeDropped,
) -> Answer<DroppedFiles> {
    console.take_dropped(window.label(), &request).await
}

/// Bytes go as they are, and not as JSON.
#[tauri::command]
async fn read_dropped(
    window: WebviewWindow,
    console: State<'_, Console>,
    request: ReadDropped,
) -> Answer<Response> {
    console.read_dropped(window.label(), &request).await.map(Response::new)
}

#[tauri::command]
async fn forget_dropped(
    window: WebviewWindow,
    console: State<'_, Console>,
    request: FileNumber,
) -> Answer<()> {
    console.forget_dropped(window.label(), request);
    Ok(())
}

#[tauri::command]
async fn read_clipboard(window: WebviewWindow, console: State<'_, Console>) -> Answer<ClipboardParts> {
    console.read_clipboard(window.label()).await
}

#[tauri::command]
async fn write_clipboard(
    window: WebviewWindow,
    console: State<'_, Console>,
    request: ClipboardParts,
) -> Answer<()> {
    console.write_clipboard(window.label(), request).await
}

#[tauri::command]
async fn read_log(console: State<'_, Console>) -> Answer<LogPage> {
    Ok(console.read_log())
}

#[tauri::command]
async fn check_update(console: State<'_, Console>) -> Answer<UpdateState> {
    console.check_update().await
}

#[tauri::command]
async fn install_update(console: State<'_, Console>) -> Answer<()> {
    console.install_update().await
}

#[cfg(test)]
mod tests {
    use farhand_console_core::commands::{COMMANDS, SESSION_COMMANDS};

    fn granted(capability: &str) -> Vec<String> {
        let value: serde_json::Value = serde_json::from_str(capability).unwrap();
        let permissions = value["permissions"].as_array().unwrap();
        permissions.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    fn wanted(commands: &[&str]) -> Vec<String> {
        commands.iter().map(|name| format!("allow-{}", name.replace('_', "-"))).collect()
    }

    #[test]
    fn a_window_may_call_our_commands_and_none_of_tauris() {
        assert_eq!(granted(include_str!("../capabilities/main.json")), wanted(COMMANDS));
        assert_eq!(granted(include_str!("../capabilities/session.json")), wanted(SESSION_COMMANDS));
    }

    #[test]
    fn pages_run_no_script_but_their_own_and_reach_nobody_but_us() {
        let config: serde_json::Value = serde_json::from_str(include_str!("../tauri.conf.json")).unwrap();
        let security = &config["app"]["security"];
        let policy = security["csp"].as_str().unwrap();
        for part in ["default-src 'self'", "object-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{part}");
        }
        for hole in ["unsafe-inline", "'unsafe-eval'", "https:", "data: *", " *;"] {
            assert!(!policy.contains(hole), "{hole}");
        }
        // Tauri's own freeze keeps libraries from giving an object its own `toString`; ours does not.
        assert_eq!(security["freezePrototype"], false);
        assert!(include_str!("freeze.js").contains("Object.freeze(root)"));
        assert_eq!(config["app"]["withGlobalTauri"], false);
        assert!(security.get("assetProtocol").is_none());
    }
}
