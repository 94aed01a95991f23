//! Runs replayed boards on one thread and handles requests from other threads,
//! one at a time.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    net::SocketAddr,
    rc::Rc,
    sync::mpsc::{Sender as Report, SyncSender},
    time::{Duration, Instant},
};

use async_channel::Receiver;
use protocol::Epoch;
use tokio::{
    net::TcpListener,
    runtime::{Builder, LocalOptions},
    sync::{Semaphore, mpsc::Sender},
    task::{JoinHandle, spawn_local},
    time::sleep,
};

use super::{
    Act, BOARDS, Description, ReplayOptions,
    connection::{self, Outgoing, has_room},
    session::{Change, Message, Session},
};
use crate::{
    announce::Announcer,
    options::{Listening, StartError},
};

/// How many clients may be sending their requests at the same time, over all
/// boards; others are closed at once.
const HANDSHAKES: usize = 128;

/// The pause when no connection can be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// A request, with where its response goes.
pub(super) enum Request {
    Describe {
        description: Box<Description>,
        answer: SyncSender<Result<Listening, StartError>>,
    },
    Act {
        board: String,
        act: Act,
    },
    List {
        answer: SyncSender<Vec<(Listening, usize)>>,
    },
}

/// A board and the queues of its controllers.
pub(super) struct Playing {
    session: Session,
    boot: Instant,
    queues: BTreeMap<u32, Sender<Outgoing>>,
    on_controller: Rc<dyn Fn()>,
}

impl Playing {
    /// A controller has connected; `None` if all slots are in use.
    pub(super) fn connect(&mut self, queue: Sender<Outgoing>) -> Option<u32> {
        let client = self.session.connect()?;
        self.queues.insert(client, queue);
        Some(client)
    }

    pub(super) fn disconnect(&mut self, client: u32) {
        self.session.disconnect(client);
        self.queues.remove(&client);
    }

    pub(super) fn receive(&mut self, client: u32, text: &str) -> Vec<String> {
        let before = self.session.subscribers();
        let answers = self.session.receive(self.boot.elapsed(), client, text);
        if self.session.subscribers() > before {
            (self.on_controller)();
        }
        answers
    }

    fn act(&mut self, act: Act) {
        let messages = self.session.act(self.boot.elapsed(), act);
        self.send(messages);
        if !self.session.is_reachable() {
            self.disconnect_all(None);
        }
    }

    fn send(&mut self, messages: Vec<Message>) {
        for (client, text) in messages {
            let Some(queue) = self.queues.get(&client) else {
                continue;
            };
            if !has_room(&queue.try_send(Outgoing::Text(text))) {
                // It gets the present state when it connects again.
                self.disconnect(client);
            }
        }
    }

    /// Ends every connection, with a close frame or without notice.
    fn disconnect_all(&mut self, code: Option<u16>) {
        for (client, queue) in std::mem::take(&mut self.queues) {
            if let Some(code) = code {
                let _ = queue.try_send(Outgoing::Close(code));
            }
            self.session.disconnect(client);
        }
    }
}

/// A board that listens.
struct Running {
    board: Rc<RefCell<Playing>>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Running {
    fn listening(&self) -> Listening {
        let board = self.board.borrow();
        let info = board.session.info();
        Listening {
            id: info.id.clone(),
            name: info.name.clone(),
            address: self.address,
        }
    }
}

/// Runs boards until `requests` is closed, then sends mDNS goodbyes.
pub(super) fn run(
    options: ReplayOptions,
    on_controller: Box<dyn Fn()>,
    started: &Report<Result<(), StartError>>,
    requests: &Receiver<Request>,
) {
    let runtime = match Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build_local(LocalOptions::default())
    {
        Ok(runtime) => runtime,
        Err(error) => {
            // The receiver is gone if the caller has given up.
            let _ = started.send(Err(StartError::Thread(error)));
            return;
        }
    };
    let announcer = || Announcer::start(options.bind, options.service.clone(), BOARDS);
    let announcer = match options.mdns.then(announcer).transpose() {
        Ok(announcer) => announcer,
        Err(error) => {
            let _ = started.send(Err(StartError::Mdns(error)));
            return;
        }
    };
    let _ = started.send(Ok(()));
    let mut boards = Boards {
        options,
        announcer,
        running: Vec::new(),
        on_controller: Rc::from(on_controller),
        handshakes: Rc::new(Semaphore::new(HANDSHAKES)),
    };
    runtime.block_on(async {
        while let Ok(request) = requests.recv().await {
            boards.handle(request).await;
        }
        for board in &boards.running {
            board.accepting.abort();
            board.board.borrow_mut().disconnect_all(Some(1001));
        }
        let ids: Vec<_> = boards
            .running
            .iter()
            .map(|board| board.listening().id)
            .collect();
        if let Some(announcer) = boards.announcer.take() {
            announcer.say_goodbye(ids.into_iter()).await;
        }
    });
}

struct Boards {
    options: ReplayOptions,
    announcer: Option<Announcer>,
    running: Vec<Running>,
    on_controller: Rc<dyn Fn()>,
    handshakes: Rc<Semaphore>,
}

impl Boards {
    async fn handle(&mut self, request: Request) {
        match request {
            Request::Describe {
                description,
                answer,
            } => {
                // The caller may have given up.
                let _ = answer.send(self.describe(*description).await);
            }
            Request::Act { board, act } => {
                if let Some(running) = self.find(&board) {
                    running.board.borrow_mut().act(act);
                }
            }
            Request::List { answer } => {
                let list = self.running.iter().map(|running| {
                    let subscribers = running.board.borrow().session.subscribers();
                    (running.listening(), subscribers)
                });
                let _ = answer.send(list.collect());
            }
        }
    }

    fn find(&self, id: &str) -> Option<&Running> {
        let is = |running: &&Running| running.board.borrow().session.info().id == id;
        self.running.iter().find(is)
    }

    async fn describe(&mut self, description: Description) -> Result<Listening, StartError> {
        let epoch = Epoch(fastrand::u32(..));
        let Some(running) = self.find(&description.info.id) else {
            return self.add(description, epoch).await;
        };
        let is_announced = {
            let mut board = running.board.borrow_mut();
            let uptime = board.boot.elapsed();
            let components = board.session.differences(&description);
            let change = board.session.describe(description, epoch);
            match change {
                Change::Restart => board.disconnect_all(Some(1012)),
                Change::Announcement | Change::Nothing => {
                    if change == Change::Announcement {
                        let renamed = board.session.renamed(uptime);
                        board.send(renamed);
                    }
                    if !components.is_empty() {
                        let source = None;
                        board.act(Act::Push { components, source });
                    }
                }
            }
            change == Change::Nothing
        };
        let listening = running.listening();
        if !is_announced {
            self.announce(running).await;
        }
        Ok(listening)
    }

    async fn add(
        &mut self,
        description: Description,
        epoch: Epoch,
    ) -> Result<Listening, StartError> {
        let index = self.running.len();
        if index >= BOARDS {
            return Err(StartError::Number(index + 1));
        }
        let first = self.options.port;
        let port = match first {
            0 => 0,
            first => u16::try_from(usize::from(first) + index).map_err(|_| StartError::Ports {
                port: first,
                boards: index + 1,
            })?,
        };
        let address = SocketAddr::new(self.options.bind, port);
        let failed = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let board = Rc::new(RefCell::new(Playing {
            session: Session::new(description, epoch),
            boot: Instant::now(),
            queues: BTreeMap::new(),
            on_controller: Rc::clone(&self.on_controller),
        }));
        let accepting = spawn_local(accept(
            listener,
            Rc::clone(&board),
            Rc::clone(&self.handshakes),
        ));
        let running = Running {
            board,
            address,
            accepting,
        };
        let listening = running.listening();
        self.announce(&running).await;
        self.running.push(running);
        Ok(listening)
    }

    async fn announce(&self, running: &Running) {
        let announcement = running.board.borrow().session.announcement();
        if let Some(announcer) = &self.announcer
            && let Err(error) = announcer.announce(&announcement, running.address).await
        {
            eprintln!(
                "{}: cannot be announced: {error}",
                announcement.friendly_name
            );
        }
    }
}

/// Accepts connections forever. While the board cannot be reached, they end at
/// once.
async fn accept(listener: TcpListener, board: Rc<RefCell<Playing>>, handshakes: Rc<Semaphore>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No file descriptor is free, for example.
            sleep(ACCEPT_AGAIN).await;
            continue;
        };
        if board.borrow().session.is_reachable() {
            let (board, handshakes) = (Rc::clone(&board), Rc::clone(&handshakes));
            spawn_local(connection::serve(stream, board, handshakes));
        }
    }
}
