//! A battery-powered Shelly: it wakes, connects to a server, says everything,
//! and sleeps again. While it is awake it can be connected to.

use std::{sync::Arc, time::Duration};

use futures_util::SinkExt;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, error::UrlError, http::HeaderValue},
};

use super::{
    core::Transport,
    device::{ChannelGuard, ShellyDevice},
};

/// The subprotocol that it offers.
const SUBPROTOCOL: &str = "json-rpc";
/// How long it tries to connect.
const CONNECT: Duration = Duration::from_secs(5);

pub(crate) async fn run(device: &Arc<ShellyDevice>) {
    loop {
        let (server, pause, awake) = device.with(|core, _| {
            let options = &core.options;
            (options.server.clone(), options.sleep, options.awake)
        });
        if let Some(server) = server
            && let Ok(Ok(mut socket)) = timeout(CONNECT, connect(&server)).await
        {
            device.with(|core, _| core.awake = true);
            visit(device, &mut socket, awake).await;
            device.with(|core, _| core.awake = false);
            // The server may be gone.
            let _ = socket.close(None).await;
        }
        tokio::select! {
            () = sleep(pause) => {}
            () = device.woken() => {}
        }
    }
}

async fn visit(
    device: &Arc<ShellyDevice>,
    socket: &mut WebSocketStream<TcpStream>,
    awake: Duration,
) {
    let (first, (number, notifications)) =
        device.with(|core, now| (core.full_notification(now), core.open_channel(Some("ws"))));
    let channel = ChannelGuard { device, number };
    if socket.send(Message::text(first)).await.is_ok() {
        device
            .serve(
                socket,
                number,
                notifications,
                Transport::Outbound,
                Some(awake),
            )
            .await;
    }
    drop(channel);
}

async fn connect(server: &str) -> Result<WebSocketStream<TcpStream>, Error> {
    let mut request = server.into_client_request()?;
    request.headers_mut().insert(
        "Sec-WebSocket-Protocol",
        HeaderValue::from_static(SUBPROTOCOL),
    );
    let host = request.uri().host().ok_or(UrlError::NoHostName)?;
    let port = request.uri().port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host, port)).await?;
    let (socket, _) = client_async(request, stream).await?;
    Ok(socket)
}
