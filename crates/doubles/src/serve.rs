//! Accepts the connections of a double and hands requests to it. A handle's
//! power switch and its end are here too.

use std::{
    future::Future,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{net, runtime::Handle, task::JoinHandle};

use crate::{
    StartError,
    http::{Connection, Request, Response},
    links::Links,
    runtime,
};

/// A device behind HTTP and WebSockets.
pub(crate) trait Device: Send + Sync + 'static {
    /// Its connections.
    fn links(&self) -> &Links;

    /// Answers a request that is no upgrade.
    fn respond(self: &Arc<Self>, request: &Request) -> Response;

    /// Whether it opens a WebSocket for this request; otherwise the response.
    fn admit(&self, request: &Request) -> Result<(), Response>;

    /// Talks over a WebSocket until it ends. The upgrade was answered.
    fn talk(self: Arc<Self>, connection: Connection) -> impl Future<Output = ()> + Send;

    /// What happens at the device without a client; ends with the power.
    fn live(self: Arc<Self>) -> impl Future<Output = ()> + Send;
}

/// A device that listens.
pub(crate) struct Served<D: Device> {
    pub(crate) device: Arc<D>,
    pub(crate) address: SocketAddr,
    pub(crate) runtime: Handle,
    /// Accepting and living; empty while the power is off.
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl<D: Device> Served<D> {
    pub(crate) fn start(
        address: SocketAddr,
        device: impl FnOnce(SocketAddr) -> D,
    ) -> Result<Self, StartError> {
        let runtime = runtime::handle().map_err(StartError::Thread)?;
        let (listener, address) = listen(address, &runtime)?;
        let served = Self {
            device: Arc::new(device(address)),
            address,
            runtime,
            tasks: Mutex::default(),
        };
        served.run(listener);
        Ok(served)
    }

    fn run(&self, listener: net::TcpListener) {
        let accepting = self.runtime.spawn(accept(listener, self.device.clone()));
        let living = self.runtime.spawn(self.device.clone().live());
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.extend([accepting, living]);
    }

    /// Closes all connections.
    pub(crate) fn drop_links(&self) {
        runtime::finish(&self.runtime, self.device.links().take());
    }

    /// Cuts the power: nothing listens, and nothing that was requested goes on,
    /// when this returns.
    pub(crate) fn power_off(&self) {
        let mut tasks = {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *tasks)
        };
        tasks.extend(self.device.links().take());
        runtime::finish(&self.runtime, tasks);
        // What was accepted in between, and then what that started.
        self.drop_links();
        runtime::finish(&self.runtime, self.device.links().take_work());
    }

    /// Powers it on at the address it had.
    pub(crate) fn power_on(&self) -> Result<(), StartError> {
        let (listener, _) = listen(self.address, &self.runtime)?;
        self.run(listener);
        Ok(())
    }
}

impl<D: Device> Drop for Served<D> {
    fn drop(&mut self) {
        self.power_off();
    }
}

fn listen(
    address: SocketAddr,
    runtime: &Handle,
) -> Result<(net::TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    // On Unix it sets SO_REUSEADDR, which a restart on the same port needs.
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let _entered = runtime.enter();
    let listener = net::TcpListener::from_std(listener).map_err(failed)?;
    Ok((listener, address))
}

async fn accept<D: Device>(listener: net::TcpListener, device: Arc<D>) {
    loop {
        // An error concerns one connection, or no file can be opened: a pause
        // keeps this from spinning.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            continue;
        };
        let serving = serve(Connection::new(stream), device.clone());
        device.links().accepted(tokio::spawn(serving));
    }
}

async fn serve<D: Device>(mut connection: Connection, device: Arc<D>) {
    while let Ok(Some(request)) = connection.request().await {
        device.links().awake().await;
        let response = match request.accept_key() {
            Some(accept) => match device.admit(&request) {
                Ok(()) => {
                    // The first one that was offered.
                    let subprotocol = request
                        .header("sec-websocket-protocol")
                        .and_then(|names| names.split(',').next())
                        .map(str::trim);
                    if connection.upgrade(&accept, subprotocol).await.is_ok() {
                        device.talk(connection).await;
                    }
                    return;
                }
                Err(response) => response,
            },
            None => {
                device.links().requested(&request.method, &request.path);
                device.respond(&request)
            }
        };
        if !matches!(connection.respond(&request, &response).await, Ok(true)) {
            return;
        }
    }
}
