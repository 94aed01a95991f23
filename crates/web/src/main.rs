//! The window in a browser: joins it to the page, which `page/index.html`
//! describes, and to the server that the page came from. `scripts/web` builds
//! it.

#[cfg(target_arch = "wasm32")]
mod access;
#[cfg(target_arch = "wasm32")]
mod outline;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod window;

#[cfg(target_arch = "wasm32")]
fn main() {
    page::show_panics();
    // The console of the browser shows what the program logs.
    let _ = eframe::WebLogger::init(log::LevelFilter::Info);
    wasm_bindgen_futures::spawn_local(async {
        if let Err(why) = window::start().await {
            page::failed(&why);
        }
    });
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    use std::io::Write as _;

    let _ = writeln!(
        std::io::stderr(),
        "This program runs in a browser: scripts/web builds it, and switchboard serve serves it."
    );
}
