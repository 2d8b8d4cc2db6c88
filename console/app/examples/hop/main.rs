//! Measures the hop from Rust to the renderer's worker, in the web view that the console has: by a Tauri `Channel` (to
//! the page, which hands it on to the worker) and by a WebSocket of this machine (which the worker opens itself). The
//! worker answers each message by the WebSocket, so both ways have the same way back. `node tests/bench/hop.mjs` runs it
//! on a display of its own.
#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::{SinkExt as _, StreamExt as _};
use tauri::ipc::{Channel, InvokeResponseBody};
use tauri::utils::assets::{AssetKey, AssetsIter, CspHash};
use tauri::{AppHandle, Assets, Manager as _, Runtime, WebviewUrl, WebviewWindowBuilder};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Bytes of a message: a typed letter, a scrolled picture, a whole page of text, a photo.
const SIZES: [usize; 4] = [200, 6_000, 60_000, 300_000];
/// Messages of each size and way.
const ROUNDS: usize = 300;
/// Those that warm up.
const WARM_UP: usize = 20;
/// Between two messages, so that none waits for the one before.
const PAUSE: Duration = Duration::from_millis(8);
/// A message that is not answered within this time is lost.
const WITHIN: Duration = Duration::from_secs(20);

struct Pages;

impl<R: Runtime> Assets<R> for Pages {
    fn get(&self, key: &AssetKey) -> Option<Cow<'_, [u8]>> {
        match key.as_ref().trim_start_matches('/') {
            "index.html" => Some(Cow::Borrowed(include_bytes!("index.html"))),
            "page.js" => Some(Cow::Borrowed(include_bytes!("page.js"))),
            "worker.js" => Some(Cow::Borrowed(include_bytes!("worker.js"))),
            _ => None,
        }
    }

    fn iter(&self) -> Box<AssetsIter<'_>> {
        Box::new(std::iter::empty())
    }

    fn csp_hashes(&self, _html_path: &AssetKey) -> Box<dyn Iterator<Item = CspHash<'_>> + '_> {
        Box::new(std::iter::empty())
    }
}

/// The page's worker has opened its socket, and the page hands over its channel: the measurement begins. It goes by the
/// name of one of the console's commands, since only those may be called.
#[tauri::command]
async fn listen(app: AppHandle, channel: Channel<InvokeResponseBody>) {
    let _ = app.state::<mpsc::Sender<Channel<InvokeResponseBody>>>().send(channel).await;
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let port = listener.local_addr()?.port();
    let (sender, channels) = mpsc::channel::<Channel<InvokeResponseBody>>(1);
    let mut context = tauri::generate_context!();
    context.set_assets(Box::new(Pages));
    let app = tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![listen])
        .setup(move |app| {
            app.manage(sender);
            let page = format!("index.html#{port}");
            WebviewWindowBuilder::new(app, "main", WebviewUrl::App(page.into())).title("hop").build()?;
            Ok(())
        })
        .build(context)?;
    let handle = app.handle().clone();
    runtime.spawn(async move {
        if let Err(error) = measure(listener, channels).await {
            println!("{{\"error\":{:?}}}", format!("{error:#}"));
        }
        handle.exit(0);
    });
    app.run(|_, _| {});
    Ok(())
}

async fn measure(
    listener: TcpListener,
    mut channels: mpsc::Receiver<Channel<InvokeResponseBody>>,
) -> Result<()> {
    let (tcp, _) = listener.accept().await?;
    tcp.set_nodelay(true)?;
    let mut socket = tokio_tungstenite::accept_async(tcp).await?;
    let channel = channels.recv().await.context("the page has gone")?;
    for size in SIZES {
        for way in ["channel", "websocket"] {
            let mut took = Vec::with_capacity(ROUNDS);
            let mut cpu = 0;
            for round in 0..ROUNDS + WARM_UP {
                if round == WARM_UP {
                    cpu = ticks()?;
                }
                let message = vec![u8::try_from(round % 251).expect("it is below 251"); size];
                let began = Instant::now();
                if way == "channel" {
                    channel.send(InvokeResponseBody::Raw(message))?;
                } else {
                    socket.send(Message::binary(message)).await?;
                }
                answered(&mut socket, size).await?;
                if round >= WARM_UP {
                    took.push(began.elapsed());
                }
                tokio::time::sleep(PAUSE).await;
            }
            let cpu = ticks()? - cpu;
            took.sort_unstable();
            let at = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1e3;
            println!(
                "{{\"way\":\"{way}\",\"bytes\":{size},\"p50_ms\":{:.2},\"p95_ms\":{:.2},\"cpu_ms\":{:.2}}}",
                at(50),
                at(95),
                // A tick is 10 ms.
                f64::from(u32::try_from(cpu)?) * 10.0 / f64::from(u32::try_from(ROUNDS)?)
            );
        }
    }
    Ok(())
}

/// Waits for the worker's answer, which says how many bytes came.
async fn answered(socket: &mut WebSocketStream<TcpStream>, size: usize) -> Result<()> {
    loop {
        let next = tokio::time::timeout(WITHIN, socket.next()).await.context("no answer in time")?;
        match next.context("the worker has gone")?? {
            Message::Text(text) if text.as_str() == size.to_string() => return Ok(()),
            Message::Close(_) => anyhow::bail!("the worker has closed"),
            _ => {}
        }
    }
}

/// Processor time of this program and of the processes that it started, in ticks.
fn ticks() -> Result<u64> {
    let us = std::process::id().to_string();
    let mut sum = 0;
    for entry in std::fs::read_dir("/proc")? {
        let Ok(text) = std::fs::read_to_string(entry?.path().join("stat")) else { continue };
        let Some((head, rest)) = text.rsplit_once(')') else { continue };
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let (Some(parent), Some(user), Some(system)) = (fields.get(1), fields.get(11), fields.get(12)) else {
            continue;
        };
        if *parent == us || head.split(' ').next() == Some(us.as_str()) {
            sum += user.parse::<u64>()? + system.parse::<u64>()?;
        }
    }
    Ok(sum)
}
