//! The page around the window: what it says while the window loads, and if it
//! cannot be shown.

use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, Window};

/// The browser's window.
pub(crate) fn window() -> Option<Window> {
    web_sys::window()
}

/// The page.
pub(crate) fn document() -> Option<Document> {
    window()?.document()
}

/// An element of the page.
pub(crate) fn element<T: JsCast>(id: &str) -> Option<T> {
    document()?.get_element_by_id(id)?.dyn_into().ok()
}

fn show(id: &str, shown: bool) {
    if let Some(element) = element::<HtmlElement>(id) {
        element.set_hidden(!shown);
    }
}

/// The window is drawn: the page has nothing more to say.
pub(crate) fn loaded() {
    show("loading", false);
    // eframe's field for what is typed, next to the canvas, has no name.
    let field = document().and_then(|page| page.query_selector("#window + input").ok()?);
    if let Some(field) = field {
        let _ = field.set_attribute("aria-label", "Keyboard input of the window");
    }
}

/// Says on the page why there is no window, and how to load it again.
pub(crate) fn failed(why: &str) {
    show("loading", false);
    if let Some(text) = element::<Element>("why") {
        text.set_text_content(Some(why));
    }
    show("failed", true);
}

/// Shows a panic on the page: after it, nothing is drawn any more.
pub(crate) fn show_panics() {
    std::panic::set_hook(Box::new(|panic| failed(&panic.to_string())));
}
