//! How the server knows this window: the token, from the address of the page or
//! typed, and the name that other people see. The token stays with the tab.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, HtmlDialogElement, HtmlElement, HtmlFormElement, HtmlInputElement, Storage};

use crate::page;

const TOKEN: &str = "switchboard.token";
const NAME: &str = "switchboard.name";

fn of_tab() -> Option<Storage> {
    page::window()?.session_storage().ok().flatten()
}

fn of_browser() -> Option<Storage> {
    page::window()?.local_storage().ok().flatten()
}

fn stored(storage: Option<Storage>, key: &str) -> String {
    let value = storage.and_then(|storage| storage.get_item(key).ok().flatten());
    value.unwrap_or_default()
}

fn store(storage: Option<Storage>, key: &str, value: &str) {
    if let Some(storage) = storage {
        // Without it, the token is asked for again after a reload.
        let _ = storage.set_item(key, value);
    }
}

/// The token of this tab.
pub(crate) fn token() -> String {
    take_from_address();
    stored(of_tab(), TOKEN)
}

/// The name that others see.
pub(crate) fn name() -> String {
    stored(of_browser(), NAME)
}

/// Moves a token from the address to the tab, so that it is not read over a
/// shoulder. A fragment is never sent to a server.
fn take_from_address() {
    let Some(window) = page::window() else { return };
    let location = window.location();
    let fragment = location.hash().unwrap_or_default();
    let Some(token) = fragment.strip_prefix("#token=") else {
        return;
    };
    store(of_tab(), TOKEN, token);
    let path = location.pathname().unwrap_or_default();
    if let Ok(history) = window.history() {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&path));
    }
}

/// Asks for the token, and loads the page again with it.
pub(crate) fn ask(why: &str) {
    let Some(dialog) = page::element::<HtmlDialogElement>("access") else {
        return;
    };
    if dialog.open() {
        return;
    }
    if let Some(text) = page::element::<HtmlElement>("access-why") {
        text.set_text_content(Some(&format!("{}.", capitalized(why))));
    }
    if let Some(field) = page::element::<HtmlInputElement>("name") {
        field.set_value(&name());
    }
    let _ = dialog.show_modal();
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(chars).collect()
}

/// Takes what is typed in the dialog.
pub(crate) fn listen() {
    let Some(form) = page::element::<HtmlFormElement>("access-form") else {
        return;
    };
    let submitted = Closure::<dyn Fn(Event)>::new(|event: Event| {
        event.prevent_default();
        let typed = |id| page::element::<HtmlInputElement>(id).map(|field| field.value());
        // People paste the whole address that the server printed.
        let token = typed("token").unwrap_or_default();
        let token = token
            .rsplit_once("#token=")
            .map_or(&*token, |(_, token)| token);
        store(of_tab(), TOKEN, token.trim());
        store(of_browser(), NAME, typed("name").unwrap_or_default().trim());
        if let Some(window) = page::window() {
            let _ = window.location().reload();
        }
    });
    let _ = form.add_event_listener_with_callback("submit", submitted.as_ref().unchecked_ref());
    // For as long as the page.
    submitted.forget();
}
