//! The connection of an active bridge, and what was published on it. A new one
//! publishes every board again.

use std::time::Instant;

use fleet::{BoardKey, BoardView, LogEvent};
use mqtt::Client;

use crate::{
    Context, Face, Publish, Shard,
    home_assistant::{Announcer, Message},
};

pub(super) struct Active {
    /// Distinguishes its events from those of earlier connections.
    pub(super) number: u64,
    pub(super) client: Client,
    shard: Shard,
    /// `None` until the claim is settled.
    faces: Option<Faces>,
    /// The filters of commands, until the broker has answered each of them.
    subscribing: Vec<String>,
}

struct Faces {
    face: Face,
    announcer: Option<Announcer>,
}

impl Active {
    pub(super) fn new(number: u64, client: Client, shard: Shard) -> Self {
        Self {
            number,
            client,
            shard,
            faces: None,
            subscribing: Vec::new(),
        }
    }

    /// Begins to publish, and subscribes to commands.
    pub(super) fn begin<'a>(
        &mut self,
        names: &Context,
        home_assistant: bool,
        views: impl IntoIterator<Item = &'a BoardView>,
    ) {
        let announcer = home_assistant.then(|| Announcer::new(names.clone()));
        for filter in announcer.iter().flat_map(Announcer::filters) {
            self.client.subscribe(&filter);
        }
        self.subscribing = names.command_filters().into_iter().collect();
        for filter in &self.subscribing {
            self.client.subscribe(filter);
        }
        // What an earlier run published of boards that are gone.
        self.client
            .subscribe(&format!("{}/+/$availability", names.site_topic()));
        let face = Face::new(names.clone(), self.shard);
        self.faces = Some(Faces { face, announcer });
        for view in views {
            self.board(view);
        }
    }

    /// The broker answered a subscription. Returns whether every command that
    /// it lets this bridge read arrives from now on.
    pub(super) fn subscribed(&mut self, filter: &str) -> bool {
        let before = self.subscribing.len();
        self.subscribing.retain(|waiting| waiting != filter);
        before > 0 && self.subscribing.is_empty()
    }

    /// Whether the claim is settled.
    pub(super) fn publishes(&self) -> bool {
        self.faces.is_some()
    }

    /// Publishes what changed of a board.
    pub(super) fn board(&mut self, view: &BoardView) {
        let Some(faces) = &mut self.faces else {
            return;
        };
        publish(&self.client, faces.face.board(view));
        if let Some(announcer) = &mut faces.announcer {
            announce(&self.client, announcer.board(Instant::now(), view));
        }
    }

    /// Publishes an event.
    pub(super) fn event(&self, view: &BoardView, what: &LogEvent) {
        if let Some(faces) = &self.faces {
            publish(&self.client, faces.face.event(view, what));
        }
    }

    /// Removes what was published of a board.
    pub(super) fn forgotten(&mut self, key: BoardKey) {
        if let Some(faces) = &mut self.faces {
            publish(&self.client, faces.face.forgotten(key));
            if let Some(announcer) = &mut faces.announcer {
                announce(&self.client, announcer.forgotten(key));
            }
        }
    }

    /// What an earlier run published of the availability of a board.
    pub(super) fn earlier(&self, board: &str, payload: &[u8]) {
        if let Some(faces) = &self.faces {
            publish(&self.client, faces.face.unknown(board, payload));
        }
    }

    /// Whether a message was for Home Assistant's side.
    pub(super) fn home_assistant(&mut self, topic: &str, payload: &[u8], retained: bool) -> bool {
        let announcer = self
            .faces
            .as_mut()
            .and_then(|faces| faces.announcer.as_mut());
        announcer.is_some_and(|announcer| {
            announcer.message(Instant::now(), topic, payload, retained, fastrand::f64())
        })
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.faces.as_ref()?.announcer.as_ref()?.next_deadline()
    }

    /// Publishes what is due.
    pub(super) fn passed<'a>(
        &mut self,
        now: Instant,
        names: &Context,
        views: impl Iterator<Item = &'a BoardView> + Clone,
    ) {
        let Some(faces) = &mut self.faces else {
            return;
        };
        let Some(announcer) = &mut faces.announcer else {
            return;
        };
        let due = announcer.poll(now, views.clone());
        announce(&self.client, due.messages);
        if due.all_states {
            faces.face = Face::new(names.clone(), self.shard);
            for view in views {
                publish(&self.client, faces.face.board(view));
            }
        }
    }
}

fn publish(client: &Client, messages: impl IntoIterator<Item = Publish>) {
    for message in messages {
        match message {
            Publish::State { topic, payload } => client.state(&topic, payload),
            Publish::Event { topic, payload } => client.event(&topic, payload),
        }
    }
}

fn announce(client: &Client, messages: Vec<Message>) {
    for Message { topic, payload } in messages {
        client.state(&topic, payload.into_bytes());
    }
}
