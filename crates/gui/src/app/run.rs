//! Opens the window, and says what to install if it cannot be opened.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use eframe::{Renderer, egui};
use platform::Platform;

use disk::{keys::Store, settings::SettingsFile};

use crate::{
    app::{
        placement,
        single_instance::{self, Claim, Instance},
        state::App,
    },
    model::{sessions::Replays, virtual_boards::SampleBoards},
    shell::{window::TITLE, zoom},
    widgets::theme,
};
use engine::Lookout;
use fleet::{Broker, BrokerAddress, Fleet};
use remote::Server;

/// The message after a crash.
const CRASHED: &str = "Switchboard crashed last time. The size, position and zoom of the window, \
    the page and the order of the list have been reset; your boards, rooms, tags, scenes and \
    dashboards are unchanged.";

/// What a start means while another window is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Launch {
    /// Without options: the other window is raised.
    Plain,
    /// With options that the other window may not have: a window of its own,
    /// which later starts raise if there is no other.
    WithOptions,
    /// A demo: a window of its own.
    Demo,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The window was closed.
    Closed,
    /// Another window was already open, and was raised.
    RaisedOther,
}

/// What keeps the fleet of a window.
pub enum FleetOf {
    /// This program, started so.
    ThisProgram(Box<engine::Settings>),
    /// A server.
    Server(Server),
}

/// How the window is opened.
pub struct Options {
    /// What this start means while another window is open.
    pub launch: Launch,
    /// What keeps its fleet.
    pub fleet: FleetOf,
    /// What runs sample boards; `None` where this program has none.
    pub samples: Option<Box<dyn SampleBoards>>,
    /// What replays recordings; `None` where this program cannot.
    pub replays: Option<Box<dyn Replays>>,
    /// The folder for what the window remembers; `None` for the desktop's usual
    /// place.
    pub memory: Option<PathBuf>,
    /// Where the keys of locked boards are; a server has its own.
    pub keys: Store,
}

/// Why the window did not open, or ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The fleet could not start.
    #[error(transparent)]
    Fleet(#[from] engine::StartError),
    /// No display, or a library for it is missing.
    #[error(
        "the window could not be opened: {problem}\n\
         {}\n\
         Without a window: switchboard list, show, set, watch.",
        needs(Platform::HERE)
    )]
    Display {
        /// The error of the system.
        problem: String,
    },
}

/// What a window needs.
fn needs(platform: Platform) -> &'static str {
    match platform {
        Platform::Linux => {
            "It needs a display (DISPLAY or WAYLAND_DISPLAY) and, on Debian and Ubuntu, these \
             packages:\n    apt install libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon0 \
             libxkbcommon-x11-0 libegl1 libgl1-mesa-dri"
        }
        Platform::MacOs => "It needs a user who is logged in at the screen.",
        Platform::Windows => {
            "It needs OpenGL 2.1: install the driver of the graphics card. A virtual machine or \
             a remote desktop may have none."
        }
    }
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// [`RunError`]: where the fleet or the window cannot start.
pub fn run(options: Options) -> Result<Ended, RunError> {
    let Options {
        launch,
        fleet,
        samples,
        replays,
        memory,
        keys,
    } = options;
    let folder = memory.or_else(disk::settings::folder);
    let mut instance = None;
    if launch != Launch::Demo
        && let Some(folder) = &folder
    {
        match single_instance::claim(folder, launch == Launch::Plain) {
            Claim::Raised => return Ok(Ended::RaisedOther),
            Claim::First(claimed) => instance = Some(claimed),
        }
    }
    // Keys are loaded once there is a window, since the keychain may ask for a
    // password.
    let (mut file, problem) = SettingsFile::open(folder);
    let crashed = file.begin_run();
    let is_kept_here = matches!(fleet, FleetOf::ThisProgram(_));
    let (fleet, lookout) = start(fleet, file.settings())?;
    let layout = file.settings().layout;
    let size = layout.window.unwrap_or(theme::WINDOW);
    let mut viewport = egui::ViewportBuilder::default();
    if let Some(position) = layout.position {
        viewport = viewport.with_position(position);
    }
    let native = eframe::NativeOptions {
        viewport: viewport
            .with_title(TITLE)
            .with_app_id("switchboard")
            .with_inner_size(size)
            .with_maximized(layout.maximized)
            .with_min_inner_size(theme::WINDOW_LEAST)
            .with_icon(icon()),
        renderer: Renderer::Glow,
        // fonts.rs looks for them.
        system_font_fallback: false,
        ..eframe::NativeOptions::default()
    };
    let opened = Arc::new(AtomicBool::new(false));
    let reached = Arc::clone(&opened);
    let claimed = instance.as_mut();
    let creator: eframe::AppCreator<'_> = Box::new(move |cc| {
        reached.store(true, Ordering::Relaxed);
        let zoom = zoom::shown(layout.zoom.unwrap_or(1.0), size.into());
        placement::bring_into_view(cc, layout.position, size, zoom);
        if let Some(instance) = claimed {
            raise_when_asked(instance, cc);
        }
        let mut app = App::new(cc, fleet, file, samples)
            .with_lookout(lookout)
            .with_replays(replays)
            .following_desktop(&cc.egui_ctx)
            .with_notifications();
        if is_kept_here {
            app = app.with_keys(keys, &cc.egui_ctx);
        }
        app.report(problem);
        app.report(crashed.then(|| CRASHED.to_owned()));
        Ok(Box::new(app))
    });
    // winit loads the display's libraries at run time, and some of its parts
    // panic where one is missing.
    match catch_unwind(AssertUnwindSafe(|| {
        eframe::run_native(TITLE, native, creator)
    })) {
        Ok(Ok(())) => Ok(Ended::Closed),
        Ok(Err(error)) => Err(RunError::Display {
            problem: error.to_string(),
        }),
        Err(panic) if !opened.load(Ordering::Relaxed) => Err(RunError::Display {
            problem: message(panic.as_ref()),
        }),
        Err(panic) => resume_unwind(panic),
    }
}

/// Starts the fleet; with how boards are discovered.
fn start(
    fleet: FleetOf,
    remembered: &disk::settings::Settings,
) -> Result<(Fleet, Option<Lookout>), engine::StartError> {
    let settings = match fleet {
        FleetOf::ThisProgram(settings) => *settings,
        FleetOf::Server(server) => return Ok((remote::connect(server)?, None)),
    };
    let listen = settings.listen.or(remembered.listen);
    let mut brokers = settings.brokers.clone();
    for address in &remembered.brokers {
        // One of a newer version may not be readable.
        let Ok(address) = address.parse::<BrokerAddress>() else {
            continue;
        };
        if !brokers.iter().any(|known| known.address == address) {
            brokers.push(Broker::new(address));
        }
    }
    let lookout = settings.discovery.clone();
    let fleet = engine::start(engine::Settings {
        keys: None,
        listen,
        brokers,
        ..settings
    })?;
    Ok((fleet, lookout))
}

/// Brings the window to the front when a second start asks for it.
fn raise_when_asked(instance: &mut Instance, cc: &eframe::CreationContext<'_>) {
    // Weak: eframe leaves its event loop once the window is destroyed, which a
    // reference that stays prevents (emilk/egui#6757).
    let (ctx, window) = (cc.egui_ctx.clone(), cc.winit_window().map(Arc::downgrade));
    instance.on_raise(move || {
        let Some(window) = window.as_ref().and_then(Weak::upgrade) else {
            return false;
        };
        log::info!("another start raises this window");
        // A minimized window draws no frame that could do so.
        window.set_minimized(false);
        window.focus_window();
        ctx.send_viewport_cmd(egui::ViewportCommand::RequestUserAttention(
            egui::UserAttentionType::Informational,
        ));
        ctx.request_repaint();
        true
    });
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a display library failed").to_owned()
}

/// The icon; the window has none if it cannot be decoded.
fn icon() -> egui::IconData {
    eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon-256.png"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_does_not_open_needs_what_its_system_has() {
        for platform in Platform::ALL {
            assert_eq!(needs(platform).contains("apt"), platform == Platform::Linux);
        }
    }
}
