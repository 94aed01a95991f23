//! The first thing that a stranger sends: a request head.
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::http::{BadHead, end_of_head, parse};

fuzz_target!(|bytes: &[u8]| {
    // A server looks for the end as bytes arrive; it must find it wherever they
    // are cut.
    let end = end_of_head(bytes, 0);
    if let Some(end) = end {
        assert_eq!(end_of_head(bytes, end - 1), Some(end));
        assert_eq!(end_of_head(&bytes[..end], end - 1), Some(end));
    }
    let head = &bytes[..end.unwrap_or(bytes.len())];
    match parse(head) {
        Ok(request) => {
            assert!(
                request.query.len() + request.host.as_deref().unwrap_or_default().len()
                    <= head.len()
            );
            if let Some(Ok(upgrade)) = &request.upgrade {
                assert_eq!(upgrade.accept.len(), 28, "20 bytes in base64");
            }
            let _ = request.parameter("level");
        }
        Err(BadHead::TooManyFields | BadHead::Malformed) => {}
    }
});
