//! egui's demo windows on the page of the window: the peer in `benches/web`.

#[cfg(target_arch = "wasm32")]
mod demo {
    use eframe::egui;
    use egui_demo_lib::DemoWindows;
    use wasm_bindgen::JsCast as _;
    use web_sys::{HtmlCanvasElement, HtmlElement};

    #[derive(Default)]
    struct Demo {
        windows: DemoWindows,
        drawn: bool,
    }

    impl eframe::App for Demo {
        fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
            self.windows.logic(ctx);
        }

        fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
            self.windows.ui(ui);
            if !std::mem::replace(&mut self.drawn, true)
                && let Some(loading) = element::<HtmlElement>("loading")
            {
                loading.set_hidden(true);
            }
        }
    }

    fn element<T: wasm_bindgen::JsCast>(id: &str) -> Option<T> {
        let document = web_sys::window()?.document()?;
        document.get_element_by_id(id)?.dyn_into().ok()
    }

    pub fn start() {
        let Some(canvas) = element::<HtmlCanvasElement>("window") else {
            return;
        };
        wasm_bindgen_futures::spawn_local(async {
            let options = eframe::WebOptions::default();
            let demo: eframe::AppCreator<'static> = Box::new(|_| Ok(Box::<Demo>::default()));
            // Without a first frame, the measurement fails.
            let _ = eframe::WebRunner::new().start(canvas, options, demo).await;
        });
    }
}

#[cfg(target_arch = "wasm32")]
fn main() {
    demo::start();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
