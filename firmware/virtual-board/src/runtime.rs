//! Runs all boards of the process on one thread and handles requests from other
//! threads, one at a time.

use std::{
    fs, io,
    net::SocketAddr,
    path::Path,
    rc::Rc,
    sync::mpsc::{Sender, SyncSender},
};

use async_channel::Receiver;
use noise::Role;
use protocol::{ComponentKey, Source, State, outbound::OutboundUrl};
use server::ServerSettings;
use tokio::runtime::{Builder, LocalOptions};

use crate::{
    Options, StartError,
    announce::Announcer,
    flash::Flash,
    image::Image,
    lifecycle::{BoardLifecycle, StartFailure},
    memory::Memory,
    options::{ActionError, Listening},
    profile,
    socket::Acceptor,
};

/// Something to do with one board.
pub(crate) enum Action {
    Press { key: ComponentKey, event: String },
    Set { key: ComponentKey, change: State },
    Forget,
    Stop,
    Start { port: Option<u16> },
    Hold,
    Release,
    Rename { name: String },
    Pair,
    Call { url: Option<OutboundUrl> },
}

/// A request, with where its response goes.
pub(crate) enum Request {
    /// Do something with the board with this id or name.
    Act {
        board: String,
        action: Action,
        done: SyncSender<Result<(), ActionError>>,
    },
    /// Add a key to a board; the response is the key as text.
    Key {
        board: String,
        name: String,
        role: Role,
        done: SyncSender<Result<String, ActionError>>,
    },
    /// Type a line at a board's serial port; the response is what it prints.
    Line {
        board: String,
        line: String,
        done: SyncSender<Result<Option<String>, ActionError>>,
    },
    /// The pairing code that a board shows.
    Code {
        board: String,
        answer: SyncSender<Option<String>>,
    },
    /// All boards.
    List { answer: SyncSender<Vec<Listening>> },
}

struct Runtime {
    boards: Vec<Rc<BoardLifecycle>>,
    /// The outbound connection of boards that saved no setting of their own.
    call: Option<OutboundUrl>,
}

/// Runs boards until `requests` is closed, then sends mDNS goodbyes.
pub(crate) fn run(
    options: &Options,
    started: &Sender<Result<(), StartError>>,
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
    let announcer = || Announcer::start(options.bind, options.service.clone(), options.boards);
    let announcer = match options.mdns.then(announcer).transpose() {
        Ok(announcer) => announcer.map(Rc::new),
        Err(error) => {
            let _ = started.send(Err(StartError::Mdns(error)));
            return;
        }
    };
    let mut boards = Runtime {
        boards: Vec::new(),
        call: options.call.clone(),
    };
    runtime.block_on(async {
        let outcome = boards.start(options, announcer.as_ref());
        let failed = outcome.is_err();
        let _ = started.send(outcome);
        if !failed {
            boards.handle_requests(requests).await;
        }
        for board in &boards.boards {
            board.stop().await;
        }
    });
    let ids: Vec<_> = boards
        .boards
        .iter()
        .map(|board| board.listening().id)
        .collect();
    // The boards hold the announcer too.
    drop(boards);
    if let Some(announcer) = announcer.and_then(Rc::into_inner) {
        runtime.block_on(announcer.say_goodbye(ids.into_iter()));
    }
}

impl Runtime {
    fn start(
        &mut self,
        options: &Options,
        announcer: Option<&Rc<Announcer>>,
    ) -> Result<(), StartError> {
        // If that is refused, a board that cannot listen reports it.
        let _ = rlimit::increase_nofile_limit(u64::MAX);
        let seed = match (options.seed, &options.state_dir) {
            (Some(seed), _) => seed,
            (None, Some(folder)) => kept_seed(&folder.join("seed"))?,
            (None, None) => fastrand::u64(..),
        };
        for index in 0..options.boards {
            let Options {
                profile,
                controllers,
                samples_per_second,
                allowed_origins,
                ..
            } = *options;
            let mut plan =
                profile::plan(profile, index, seed, options.name.as_deref(), controllers);
            if let Some(rate) = samples_per_second {
                plan = profile::restless(plan, rate);
            }
            let port = match options.port {
                0 => 0,
                first => {
                    u16::try_from(usize::from(first) + index).map_err(|_| StartError::Ports {
                        port: first,
                        boards: options.boards,
                    })?
                }
            };
            let address = SocketAddr::new(options.bind, port);
            let seed = seed.wrapping_mul(1_000).wrapping_add(index as u64);
            let memory = match &options.state_dir {
                None => Memory::default(),
                Some(folder) => {
                    let path = folder.join(format!("{}.flash", plan.identity.id));
                    Memory::in_file(&path).map_err(|source| StartError::State { path, source })?
                }
            };
            let chips = ServerSettings::for_controllers(controllers);
            // Two more side channels than a chip, for exercises of the lab that
            // run at the same time. And enough connections that clients are
            // still admitted from the address of a flood of about a thousand
            // connections per second.
            let settings = ServerSettings {
                allowed_origins,
                side_channels: chips.side_channels + 2,
                connections: controllers + 60,
                ..chips
            };
            let first = Image::first(&plan.identity.version);
            let board = Rc::new(BoardLifecycle::new(
                plan,
                memory,
                Flash::with(first, options.signing_key),
                (seed, samples_per_second),
                address,
                announcer.cloned(),
                settings,
            ));
            if options.started {
                self.power_on(&board, address, index + 1)?;
                if let Some(folder) = &options.keys {
                    self.lock(&board, folder)?;
                }
                self.set_outbound(&board)?;
            }
            self.boards.push(board);
        }
        Ok(())
    }

    fn power_on(
        &self,
        board: &Rc<BoardLifecycle>,
        address: SocketAddr,
        number: usize,
    ) -> Result<(), StartError> {
        let acceptor =
            Acceptor::bind(address).map_err(|source| StartError::Listen { address, source })?;
        board.start(acceptor).map_err(|failure| match failure {
            StartFailure::Plan(reason) => StartError::Plan { number, reason },
            StartFailure::Listen(source) => StartError::Listen { address, source },
        })
    }

    fn set_outbound(&self, board: &BoardLifecycle) -> Result<(), StartError> {
        match (&self.call, board.running()) {
            (Some(url), Some(running)) => running
                .set_outbound(Some(url.clone()))
                .map_err(StartError::Call),
            _ => Ok(()),
        }
    }

    async fn handle_requests(&self, requests: &Receiver<Request>) {
        while let Ok(request) = requests.recv().await {
            // The caller may have given up.
            match request {
                Request::Act {
                    board,
                    action,
                    done,
                } => {
                    let outcome = match self.find(&board) {
                        Ok((number, board)) => self.carry_out(number, board, action).await,
                        Err(error) => Err(error),
                    };
                    let _ = done.send(outcome);
                }
                Request::Key {
                    board,
                    name,
                    role,
                    done,
                } => {
                    let _ = done.send(self.add_key(&board, &name, role));
                }
                Request::Line { board, line, done } => {
                    let running = self.find(&board).and_then(|(_, board)| {
                        board
                            .running()
                            .ok_or_else(|| ActionError::Stopped(board.listening().name))
                    });
                    let _ = done
                        .send(running.map(|board| server::serial_console::execute(&line, &board)));
                }
                Request::Code { board, answer } => {
                    let running = self
                        .find(&board)
                        .ok()
                        .and_then(|(_, board)| board.running());
                    let _ = answer.send(
                        running.and_then(|board| board.with_hardware(|hardware| hardware.code())),
                    );
                }
                Request::List { answer } => {
                    let _ =
                        answer.send(self.boards.iter().map(|board| board.listening()).collect());
                }
            }
        }
    }

    async fn carry_out(
        &self,
        number: usize,
        board: &Rc<BoardLifecycle>,
        action: Action,
    ) -> Result<(), ActionError> {
        let running = || {
            board
                .running()
                .ok_or_else(|| ActionError::Stopped(board.listening().name))
        };
        match action {
            Action::Press { key, event } => running()?.press(&key, &event)?,
            Action::Set { key, change } => running()?.observe(&key, change, Source::Physical)?,
            Action::Forget => running()?.factory_reset(),
            Action::Stop => {
                running()?;
                board.stop().await;
            }
            Action::Start { .. } if board.running().is_some() => {
                return Err(ActionError::Running(board.listening().name));
            }
            Action::Start { port } => {
                let mut address = board.listening().address;
                address.set_port(port.unwrap_or(address.port()));
                self.power_on(board, address, number)?;
                if !board.has_outbound() {
                    self.set_outbound(board)?;
                }
            }
            Action::Hold => {
                running()?;
                board.hold();
            }
            Action::Release => board.release(),
            Action::Pair => running()?.open_pairing(),
            Action::Call { url } => running()?.set_outbound(url)?,
            Action::Rename { name } => running()?.rename(&name)?,
        }
        Ok(())
    }

    fn add_key(&self, board: &str, name: &str, role: Role) -> Result<String, ActionError> {
        let (_, board) = self.find(board)?;
        let running = board
            .running()
            .ok_or_else(|| ActionError::Stopped(board.listening().name))?;
        Ok(running.add_key(name, role)?.to_text().as_str().to_owned())
    }

    /// Makes the first key of a board without keys and writes it to a file.
    fn lock(&self, board: &BoardLifecycle, folder: &Path) -> Result<(), StartError> {
        let Some(running) = board.running().filter(|running| !running.is_locked()) else {
            return Ok(());
        };
        let path = folder.join(format!("{}.key", board.listening().id));
        let failed = |reason| StartError::Key {
            path: path.clone(),
            reason,
        };
        let key = running
            .add_key("first key", Role::Control)
            .map_err(|error| failed(error.to_string()))?;
        let text = format!("{}\n", key.to_text().as_str());
        let written = files::create_private_folder(folder)
            .and_then(|()| files::write(&path, text.as_bytes(), files::Access::Owner));
        written.map_err(|error| failed(error.to_string()))
    }

    /// The board with this id, or the only one with this name.
    fn find(&self, wanted: &str) -> Result<(usize, &Rc<BoardLifecycle>), ActionError> {
        let numbered = || {
            self.boards
                .iter()
                .enumerate()
                .map(|(index, board)| (index + 1, board))
        };
        if let Some(found) = numbered().find(|(_, board)| board.listening().id == wanted) {
            return Ok(found);
        }
        let mut named = numbered().filter(|(_, board)| board.listening().name == wanted);
        match (named.next(), named.next()) {
            (Some(found), None) => Ok(found),
            (Some(_), Some(_)) => Err(ActionError::Ambiguous(wanted.to_owned())),
            (None, _) => Err(ActionError::NoSuchBoard(wanted.to_owned())),
        }
    }
}

/// The seed of previous runs, or a new one that is saved.
fn kept_seed(path: &Path) -> Result<u64, StartError> {
    let failed = |source| StartError::State {
        path: path.to_owned(),
        source,
    };
    match fs::read(path).and_then(|bytes| {
        files::text(&bytes)
            .map(|text| text.into_owned())
            .map_err(io::Error::other)
    }) {
        Ok(seed) => seed
            .trim()
            .parse()
            .map_err(|_| failed(io::Error::other("it contains no integer"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let seed = fastrand::u64(..);
            let folder = path.parent().unwrap_or(path);
            files::create_private_folder(folder)
                .and_then(|()| {
                    files::write(path, format!("{seed}\n").as_bytes(), files::Access::Owner)
                })
                .map_err(failed)?;
            Ok(seed)
        }
        Err(error) => Err(failed(error)),
    }
}
