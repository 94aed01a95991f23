//! The window on its canvas, connected to the server of the page.

use std::{cell::Cell, rc::Rc};

use disk::settings::SettingsFile;
use eframe::{egui, glow};
use fleet::ServerState;
use remote::Server;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlCanvasElement, VisibilityState};

use crate::{access, outline::Outline, page};

/// The window, and what the page around it has to know of it.
struct Page {
    app: gui::App,
    drawn: bool,
    outline: Outline,
    /// The refusal for which the dialog was opened.
    asked: Option<String>,
    /// The page was shown again, or the computer is online again.
    is_back: Rc<Cell<bool>>,
}

impl eframe::App for Page {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        if self.is_back.take() {
            self.reconnect();
        }
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.app.ui(ui, frame);
        if !std::mem::replace(&mut self.drawn, true) {
            page::loaded();
        }
        self.outline.show(&self.app.window().model);
        self.ask_for_token();
    }

    fn on_exit(&mut self, gl: Option<&glow::Context>) {
        self.app.on_exit(gl);
    }
}

impl Page {
    /// Connects at once, unless it is connected.
    fn reconnect(&self) {
        let fleet = self.app.fleet();
        let state = fleet.status().server.map(|server| server.state);
        if matches!(state, Some(ServerState::Lost { .. })) {
            fleet.reconnect();
        }
    }

    /// Opens the dialog for the token once per refusal.
    fn ask_for_token(&mut self) {
        let status = self.app.window().model.status();
        let refusal = match status.server.as_ref().map(|server| &server.state) {
            Some(ServerState::Lost {
                problem,
                wants_token: true,
                ..
            }) => Some(problem.clone()),
            _ => None,
        };
        if self.asked == refusal {
            return;
        }
        if let Some(problem) = &refusal {
            access::ask(problem);
        }
        self.asked = refusal;
    }
}

/// Shows the window.
///
/// # Errors
/// Why it cannot be shown, as text for the page.
pub(crate) async fn start() -> Result<(), String> {
    access::listen();
    let origin = page::window()
        .and_then(|window| window.location().origin().ok())
        .ok_or("This page has no address.")?;
    let mut server = Server::at(&origin).map_err(|error| error.to_string())?;
    server.token = access::token().as_str().into();
    server.name = access::name();
    let fleet = remote::connect(server).map_err(|error| error.to_string())?;
    let canvas: HtmlCanvasElement = page::element("window").ok_or("This page has no canvas.")?;
    let creator: eframe::AppCreator<'static> = Box::new(move |cc| {
        let (mut file, problem) = SettingsFile::open(None);
        file.begin_run();
        let mut app = gui::App::new(cc, fleet, file, None);
        let is_back = follow_page(&cc.egui_ctx);
        app.report(problem);
        Ok(Box::new(Page {
            app,
            drawn: false,
            outline: Outline::default(),
            asked: None,
            is_back,
        }))
    });
    let started = eframe::WebRunner::new()
        .start(canvas, eframe::WebOptions::default(), creator)
        .await;
    started.map_err(|error| {
        format!(
            "The window needs WebGL, which this browser does not offer: {}",
            error.as_string().unwrap_or_else(|| format!("{error:?}"))
        )
    })
}

/// Whether the page was shown again, or the computer is online again: a tablet
/// that was asleep has lost its connection, and a hidden page has slow
/// timers.
fn follow_page(ctx: &egui::Context) -> Rc<Cell<bool>> {
    let is_back = Rc::new(Cell::new(false));
    let (set, ctx) = (Rc::clone(&is_back), ctx.clone());
    let shown = Closure::<dyn Fn()>::new(move || {
        let hidden = page::document()
            .is_some_and(|document| document.visibility_state() == VisibilityState::Hidden);
        if !hidden {
            set.set(true);
            ctx.request_repaint();
        }
    });
    let callback = shown.as_ref().unchecked_ref();
    if let (Some(window), Some(document)) = (page::window(), page::document()) {
        let _ = document.add_event_listener_with_callback("visibilitychange", callback);
        let _ = window.add_event_listener_with_callback("pageshow", callback);
        let _ = window.add_event_listener_with_callback("online", callback);
    }
    // For as long as the page.
    shown.forget();
    is_back
}
