//! One channel of the page: its options, what is known of it, and what its
//! column remembers. Draws nothing.

use std::{
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

use eframe::egui;

use super::{details::Details, load::Loaded, plot::Plotted, rows::Rows, sender::Sender};
use crate::{
    channel::{
        Channel, ChannelRuntime, ChannelSettings, ChannelState, ChannelStatus, DRAW_INTERVAL,
        Header, Pointer, Subprotocol,
    },
    dial::Endpoint,
    redact::redacted,
    settings::RememberedChannel,
};

/// So much of a frame may go into the numbers that are plotted; what is not
/// looked at then is left out.
const PLOTTING: Duration = Duration::from_millis(4);

/// So many entries are taken over in a frame.
const TAKEN: usize = 5_000;

/// How a channel is opened, as it is typed.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) headers: String,
    pub(super) protocols: String,
    pub(super) certificates: String,
    /// In seconds; empty without.
    pub(super) ping: String,
    pub(super) reconnect: bool,
}

/// Where what is listed comes from.
pub(super) enum Source {
    /// It was not opened since the window was.
    Idle,
    /// A channel, in whatever state.
    Live(Channel),
    /// A recording.
    Recorded(PathBuf),
}

/// One channel.
pub(super) struct Lane {
    /// Names it in this run of the program.
    pub(super) id: u64,
    pub(super) address: String,
    /// The same as it is shown and saved: without the secrets in it.
    pub(super) title: String,
    pub(super) is_example: bool,
    pub(super) options: Options,
    pub(super) source: Source,
    pub(super) view: Option<ChannelStatus>,
    pub(super) rows: Rows,
    next: u64,
    pub(super) shown: bool,
    pub(super) held: bool,
    pub(super) find: String,
    pub(super) only_messages: bool,
    pub(super) path: String,
    pub(super) selected: Option<u64>,
    pub(super) details: Option<Details>,
    pub(super) plotted: Option<Plotted>,
    pub(super) sender: Sender,
    /// Why it was not opened.
    pub(super) problem: Option<String>,
}

impl Lane {
    pub(super) fn new(id: u64, address: &str) -> Self {
        Self {
            id,
            address: address.to_owned(),
            title: redacted(address).into_owned(),
            is_example: false,
            options: Options {
                ping: "10".to_owned(),
                ..Options::default()
            },
            source: Source::Idle,
            view: None,
            rows: Rows::default(),
            next: 0,
            shown: false,
            held: false,
            find: String::new(),
            only_messages: false,
            path: String::new(),
            selected: None,
            details: None,
            plotted: None,
            sender: Sender::default(),
            problem: None,
        }
    }

    pub(super) fn recall(id: u64, remembered: &RememberedChannel) -> Self {
        let RememberedChannel {
            address,
            example,
            protocols,
            certificates,
            ping_s,
            reconnect,
            path,
            plotted,
            shown,
        } = remembered;
        let options = Options {
            headers: String::new(),
            protocols: protocols.join(" "),
            certificates: certificates
                .as_ref()
                .map(|path| path.display().to_string())
                .unwrap_or_default(),
            ping: ping_s
                .filter(|s| s.is_finite())
                .map(|s| s.to_string())
                .unwrap_or_default(),
            reconnect: *reconnect,
        };
        let options = if *example {
            Options {
                ping: "10".to_owned(),
                ..options
            }
        } else {
            options
        };
        let plotted = plotted
            .as_deref()
            .and_then(|pointer| pointer.parse().ok())
            .map(Plotted::new);
        Self {
            is_example: *example,
            options,
            path: path.clone(),
            plotted,
            shown: *shown,
            ..Self::new(id, address)
        }
    }

    /// What is to be remembered; a recording is not.
    pub(super) fn remembered(&self) -> Option<RememberedChannel> {
        (!matches!(self.source, Source::Recorded(_))).then(|| RememberedChannel {
            // It is saved without the secrets in it.
            address: self.title.clone(),
            example: self.is_example,
            protocols: self
                .options
                .protocols
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            certificates: Some(self.options.certificates.trim())
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            ping_s: self.options.ping.trim().parse().ok(),
            reconnect: self.options.reconnect,
            path: self.path.clone(),
            plotted: self
                .plotted
                .as_ref()
                .map(|plotted| plotted.pointer.to_string()),
            shown: self.shown,
        })
    }

    /// Of a recording.
    pub(super) fn recorded(id: u64, loaded: Loaded) -> Self {
        let Loaded {
            path,
            address,
            entries,
            dropped,
        } = loaded;
        let rows = Rows::of(entries, dropped);
        Self {
            source: Source::Recorded(path),
            rows,
            shown: true,
            ..Self::new(id, &address)
        }
    }

    pub(super) fn channel(&self) -> Option<&Channel> {
        match &self.source {
            Source::Live(channel) => Some(channel),
            _ => None,
        }
    }

    /// It can be closed.
    pub(super) fn is_live(&self) -> bool {
        self.view
            .as_ref()
            .is_some_and(|view| view.state != ChannelState::Closed)
    }

    /// Opens it, with the options as they are typed.
    pub(super) fn open(&mut self, runtime: &mut Option<ChannelRuntime>, ctx: &egui::Context) {
        self.problem = None;
        let opened = self.settings().and_then(|settings| {
            let runtime = match runtime {
                Some(runtime) => runtime,
                None => runtime.insert(
                    ChannelRuntime::start()
                        .map_err(|error: io::Error| format!("No thread for channels: {error}."))?,
                ),
            };
            let ctx = ctx.clone();
            Ok(runtime.open(settings, DRAW_INTERVAL, move || ctx.request_repaint()))
        });
        match opened {
            Ok(channel) => {
                self.view = Some(channel.status());
                self.source = Source::Live(channel);
                (self.rows, self.next, self.selected, self.details) =
                    (Rows::default(), 0, None, None);
                if let Some(plotted) = &mut self.plotted {
                    *plotted = Plotted::new(plotted.pointer.clone());
                }
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// The options as they are typed.
    ///
    /// # Errors
    /// What is wrong with which, and what would be right.
    pub(super) fn settings(&self) -> Result<ChannelSettings, String> {
        let endpoint: Endpoint = self
            .address
            .parse()
            .map_err(|error: crate::dial::EndpointError| format!("{error}."))?;
        let sentence = |error: crate::channel::ChannelSettingsError| format!("{error}.");
        let headers = self
            .options
            .headers
            .lines()
            .filter(|line| !line.trim().is_empty());
        let headers: Vec<Header> = headers
            .map(|line| line.parse().map_err(sentence))
            .collect::<Result<_, _>>()?;
        let protocols = self
            .options
            .protocols
            .split([' ', ','])
            .filter(|name| !name.is_empty());
        let protocols: Vec<Subprotocol> = protocols
            .map(|name| name.parse().map_err(sentence))
            .collect::<Result<_, _>>()?;
        let ping = match self.options.ping.trim() {
            "" => None,
            text => {
                let seconds = text.parse().ok().filter(|s| (0.01..=86_400.0).contains(s));
                let wrong = || {
                    format!(
                        "{text:?} is no interval of pings. Accepted: seconds from 0.01 to 86400, \
                             or nothing."
                    )
                };
                Some(Duration::from_secs_f64(seconds.ok_or_else(wrong)?))
            }
        };
        let certificates = Some(self.options.certificates.trim())
            .filter(|path| !path.is_empty())
            .map(PathBuf::from);
        Ok(ChannelSettings {
            headers,
            subprotocols: protocols,
            ping_interval: ping,
            ca_file: certificates,
            reconnect: self.options.reconnect,
            ..ChannelSettings::new(endpoint)
        })
    }

    /// Takes over what has happened.
    pub(super) fn take_over(&mut self) {
        self.rows.filter(&self.find, self.only_messages);
        let Source::Live(channel) = &self.source else {
            return;
        };
        self.view = Some(channel.status());
        if self.held {
            return;
        }
        let since = channel.entries_since(self.next, TAKEN);
        self.next = since.next;
        self.rows.dropped += since.dropped;
        let begun = Instant::now();
        for entry in since.entries {
            if let Some(plotted) = &mut self.plotted
                && begun.elapsed() < PLOTTING
            {
                plotted.take(&entry);
            }
            self.rows.push(entry);
        }
    }

    /// Plots this number from now on, and what is known of it.
    pub(super) fn plot(&mut self, pointer: Pointer) {
        let mut plotted = Plotted::new(pointer);
        let begun = Instant::now();
        // The newest of what is listed; more would make the window wait.
        let known = (0..self.rows.passing().min(2_000)).rev();
        for entry in known.filter_map(|nth| self.rows.nth_newest(nth)) {
            if begun.elapsed() > PLOTTING * 10 {
                break;
            }
            plotted.take(entry);
        }
        self.plotted = Some(plotted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_remembered_and_shown_without_its_token() {
        let lane = Lane::new(1, "ws://127.0.0.1:1/ws?stream=a&token=hidden");
        assert_eq!(lane.title, "ws://127.0.0.1:1/ws?stream=a&token=…");
        let remembered = lane.remembered().expect("it is no recording");
        assert_eq!(remembered.address, lane.title);
        // One that 0.1 kept is not kept any longer.
        let old = RememberedChannel {
            address: lane.address,
            ..RememberedChannel::default()
        };
        assert_eq!(
            Lane::recall(2, &old)
                .remembered()
                .expect("as above")
                .address,
            lane.title
        );
    }
}
