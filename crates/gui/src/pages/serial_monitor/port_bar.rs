//! The bar that chooses a port and its speed, and the ports of this computer.

use eframe::egui::{
    Align2, Button, Key, Popup, RichText, TextEdit, Ui, WidgetInfo, accesskit::Role, vec2,
};
use platform::Platform;
use serial::{MONITOR_BAUD, Port, PortWatch};

use crate::widgets::{
    icon, text_line,
    theme::{self, HALF, UNIT, palette},
};

/// The speeds that boards use.
const SPEEDS: [u32; 8] = [
    9_600, 57_600, 74_880, 115_200, 230_400, 460_800, 921_600, 2_000_000,
];

/// What was asked for.
pub(super) enum PortRequest {
    /// Open this port.
    Open(String),
    /// Close the port.
    Close,
    /// Reset the board.
    Reset,
}

/// The bar.
pub(super) struct PortBar {
    /// The path, as typed.
    pub(super) path: String,
    pub(super) baud: u32,
    watch: Option<PortWatch>,
}

impl PortBar {
    pub(super) fn new(path: &str, baud: Option<u32>) -> Self {
        Self {
            path: path.to_owned(),
            baud: baud.filter(|baud| *baud > 0).unwrap_or(MONITOR_BAUD),
            watch: None,
        }
    }

    /// Starts to follow the ports, while the page is shown.
    pub(super) fn follow(&mut self, ui: &Ui) {
        if self.watch.is_none() {
            let ctx = ui.ctx().clone();
            // Without a thread there is no list, and a path can be typed.
            self.watch = PortWatch::start(move || ctx.request_repaint()).ok();
        }
        // The only board needs no choice.
        if self.path.is_empty()
            && let Some(Ok(ports)) = self.ports()
        {
            let boards: Vec<&Port> = ports
                .iter()
                .filter(|port| port.kind().is_likely_esp32())
                .collect();
            if let [board] = boards[..] {
                self.path.clone_from(&board.path);
            }
        }
    }

    /// Stops following the ports.
    pub(super) fn rest(&mut self) {
        self.watch = None;
    }

    fn ports(&self) -> Option<Result<Vec<Port>, String>> {
        self.watch.as_ref().and_then(PortWatch::ports)
    }

    /// Shows the bar. `monitored`: whether a port is monitored; `is_open`:
    /// whether it is open now.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        monitored: bool,
        is_open: bool,
    ) -> Option<PortRequest> {
        let mut request = None;
        ui.horizontal_wrapped(|ui| {
            let edit = TextEdit::singleline(&mut self.path)
                .id_salt("port")
                .hint_text(Platform::HERE.port_example())
                .desired_width(176.0)
                .align(Align2::LEFT_CENTER)
                .min_size(vec2(0.0, theme::LINE));
            let field = ui
                .add_enabled(!monitored, edit)
                .accessible_name("Port")
                .on_disabled_hover_text("Close the port to choose another");
            let enter = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            let menu = Button::new(format!("Ports  {}", icon::CARET_DOWN));
            let menu = ui.add_enabled(!monitored, menu);
            menu.widget_info(|| {
                WidgetInfo::labeled(Role::Button, !monitored, "Ports of this computer")
            });
            let chosen = Popup::menu(&menu)
                .show(|ui| self.menu(ui))
                .and_then(|shown| shown.inner);
            menu.on_hover_text("Serial ports of this computer");
            self.speeds(ui, monitored);
            let path = self.path.trim().to_owned();
            if let Some(path) = chosen {
                self.path.clone_from(&path);
                request = Some(PortRequest::Open(path));
            }
            if monitored {
                let close = ui.add(Button::new("Close").min_size(vec2(72.0, theme::LINE)));
                close.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Close the port"));
                if close
                    .on_hover_text("Close the port, so that other programs can use it")
                    .clicked()
                {
                    request = Some(PortRequest::Close);
                }
            } else {
                let words = RichText::new("Open").color(palette(ui).on_accent);
                let button = Button::new(words)
                    .fill(palette(ui).accent)
                    .min_size(vec2(72.0, theme::LINE));
                let open = ui.add_enabled(!path.is_empty(), button);
                open.widget_info(|| {
                    WidgetInfo::labeled(Role::Button, !path.is_empty(), "Open the port")
                });
                if (open.clicked() || enter) && !path.is_empty() {
                    request = Some(PortRequest::Open(path));
                }
            }
            let reset = Button::new(format!("{}  Reset board", icon::ARROW_CLOCKWISE));
            let reset = ui.add_enabled(is_open, reset);
            reset.widget_info(|| WidgetInfo::labeled(Role::Button, is_open, "Reset board"));
            if reset
                .on_hover_text("Restart the board with the lines DTR and RTS of its port")
                .on_disabled_hover_text("The port is not open")
                .clicked()
            {
                request = Some(PortRequest::Reset);
            }
        });
        request
    }

    fn speeds(&mut self, ui: &mut Ui, monitored: bool) {
        ui.add_enabled_ui(!monitored, |ui| {
            let shown = format!("{} baud", self.baud);
            let combo = theme::combo_box("speed")
                .width(120.0)
                .selected_text(&shown)
                .show_ui(ui, |ui| {
                    for speed in SPEEDS {
                        ui.selectable_value(&mut self.baud, speed, format!("{speed} baud"));
                    }
                });
            combo
                .response
                .accessible_name("Speed")
                .on_hover_text("Boards with built-in USB ignore the speed");
        });
    }

    /// Offers the ports; returns the selected one.
    fn menu(&self, ui: &mut Ui) -> Option<String> {
        ui.set_min_width(320.0);
        let (ports, why) = self.found();
        if let Some(why) = why {
            text_line::label(ui, &why, &why, theme::body(), palette(ui).weak);
        }
        let mut chosen = None;
        for port in &ports {
            let words = format!("{}  {}", port.path, about(port));
            let entry = ui.add(Button::new(words.trim_end()).frame_when_inactive(false));
            entry.widget_info(|| {
                WidgetInfo::labeled(Role::MenuItem, true, format!("Open {}", port.path))
            });
            if entry.clicked() {
                chosen = Some(port.path.clone());
                ui.close();
            }
        }
        chosen
    }

    /// The ports, and why there are none.
    fn found(&self) -> (Vec<Port>, Option<String>) {
        match self.ports() {
            None => (Vec::new(), Some("Looking for ports…".to_owned())),
            Some(Err(why)) => (Vec::new(), Some(format!("Cannot list ports: {why}"))),
            Some(Ok(ports)) if ports.is_empty() => {
                let why = format!(
                    "No serial port found. Plug in the board with a cable that carries data.{}",
                    Platform::HERE.driver_advice()
                );
                (ports, Some(why))
            }
            Some(Ok(ports)) => (ports, None),
        }
    }

    /// The ports as a list, while none is monitored; returns the selected one.
    pub(super) fn list(&self, ui: &mut Ui) -> Option<String> {
        let (ports, why) = self.found();
        if let Some(why) = why {
            text_line::label(ui, &why, &why, theme::body(), palette(ui).weak);
        }
        let mut chosen = None;
        for port in &ports {
            ui.horizontal(|ui| {
                let open = ui.add(Button::new("Open").min_size(vec2(64.0, theme::LINE)));
                let name = format!("Open {}", port.path);
                open.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
                if open.clicked() {
                    chosen = Some(port.path.clone());
                }
                ui.add_space(HALF);
                text_line::label(
                    ui,
                    &port.path,
                    &port.path,
                    theme::monospace(),
                    palette(ui).text,
                );
                ui.add_space(UNIT);
                let about = about(port);
                if !about.is_empty() {
                    text_line::label(ui, &about, &about, theme::body(), palette(ui).weak);
                }
            });
            ui.add_space(HALF);
        }
        chosen
    }
}

/// What is at a port.
fn about(port: &Port) -> String {
    let words: Vec<String> = port.product().into_iter().chain(port.guess()).collect();
    words.join(", ")
}
