//! The page of `GET /` for clients without gzip, which describes the board and
//! how to use its API.

use alloc::{format, string::String};

use board::Identity;

/// The description of an open board. It needs no scripts and loads no
/// resources.
pub(crate) fn description(
    identity: &Identity,
    components: usize,
    telemetry: bool,
    uptime_s: u64,
) -> String {
    let [id, name, mac, version, platform, board] = [
        &identity.id,
        &identity.name,
        &identity.mac,
        &identity.version,
        &identity.platform,
        &identity.board,
    ]
    .map(|text| escaped(text));
    let (days, hours, minutes) = (uptime_s / 86_400, uptime_s / 3_600 % 24, uptime_s / 60 % 60);
    format!(
        "<!doctype html>\n\
         <html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{name}</title>\
         <style>body{{font:16px/1.5 sans-serif;max-width:40em;margin:2em auto;padding:0 1em}}\
         dl{{display:grid;grid-template-columns:max-content auto;gap:0 1em}}dd{{margin:0}}\
         pre{{background:#8882;padding:.5em 1em;overflow:auto}}\
         :root{{color-scheme:light dark}}</style></head>\n\
         <body><h1>{name}</h1>\n\
         <p>A Switchboard board with {components} component{plural}. \
         It is open: anyone on this network can control it.</p>\n\
         <dl><dt>id</dt><dd>{id}</dd><dt>address</dt><dd>{mac}</dd>\
         <dt>firmware</dt><dd>{version}</dd>\
         <dt>platform</dt><dd>{platform}, {board}</dd>\
         <dt>up</dt><dd>{days} d {hours} h {minutes} min</dd></dl>\n\
         <h2>Talk to it</h2>\n\
         <p>Put its address for HOST:</p>\n\
         <pre>websocat --jsonrpc ws://HOST/rpc\nDevice.GetInfo\nDevice.GetComponents\nDevice.Subscribe</pre>\n\
         <p>Or one request at a time:</p>\n\
         <pre>curl -d '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Device.GetStatus\"}}' \
         http://HOST/rpc</pre>\n\
         <p><code>ws://HOST/log</code> sends the log, \
         <code>ws://HOST/log?level=debug</code> all of it.</p>\n\
         {samples}<p><code>ws://HOST/ws</code> sends back what it is sent.</p>\n\
         </body></html>\n",
        samples = if telemetry {
            "<p><code>ws://HOST/telemetry</code> sends samples, in binary frames.</p>\n"
        } else {
            ""
        },
        plural = if components == 1 { "" } else { "s" },
    )
}

/// Escapes text for an element or a quoted attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
