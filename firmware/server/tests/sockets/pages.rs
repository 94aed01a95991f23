//! The pages of `GET /`, over real sockets.

use std::io::Read;

use crate::served::{Outcome, Response, Served};

fn page(board: &Served, fields: &str) -> Result<Response, Box<dyn std::error::Error>> {
    let request = format!("GET / HTTP/1.1\r\nHost: board.local\r\n{fields}\r\n");
    Ok(board.client()?.ask(&request)?)
}

/// Fields without which other pages could use a page.
fn is_guarded(page: &Response) -> bool {
    let policy = page.field("Content-Security-Policy").unwrap_or_default();
    policy.contains("default-src 'none'")
        && policy.contains("frame-ancestors 'none'")
        && policy.contains("base-uri 'none'")
        && page.field("X-Frame-Options") == Some("DENY")
        && page.field("X-Content-Type-Options") == Some("nosniff")
        && page.field("Cross-Origin-Resource-Policy") == Some("same-origin")
        && page.field("Vary") == Some("Accept-Encoding")
        && !page.head.contains("Access-Control")
}

#[test]
fn a_client_without_gzip_gets_a_description_with_an_escaped_name() -> Outcome {
    let board = Served::start()?;
    for fields in [
        "",
        "Accept-Encoding: identity\r\n",
        "Accept-Encoding: br, gzip;q=0\r\n",
        "Accept-Encoding: gzip; q=0.000\r\n",
        "Accept-Encoding: *\r\n",
    ] {
        let page = page(&board, fields)?;
        assert_eq!(page.status, 200);
        assert_eq!(page.field("Content-Type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.field("Content-Encoding"), None, "{fields}");
        assert_eq!(page.field("Cache-Control"), Some("no-store"));
        assert!(is_guarded(&page), "{}", page.head);
        assert!(
            page.body.contains("Bench &lt;1&gt; &amp; &quot;lamp&quot;")
                && page.body.contains("3 components")
                && page.body.contains("websocat --jsonrpc"),
            "{}",
            page.body
        );
    }
    Ok(())
}

#[test]
fn a_browser_gets_the_control_page_which_it_may_keep_but_asks_for_each_time() -> Outcome {
    let board = Served::start()?;
    let mut client = board.client()?;
    client
        .send(b"GET / HTTP/1.1\r\nHost: board.local\r\nAccept-Encoding: gzip, deflate\r\n\r\n")?;
    let head = client.head()?;
    let field = |name: &str| {
        head.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(field("Content-Encoding"), Some("gzip"));
    assert_eq!(field("Cache-Control"), Some("no-cache"));
    let length: usize = field("Content-Length").ok_or("a length")?.parse()?;
    let body = client.take(length)?;
    assert_eq!(body[..3], [0x1f, 0x8b, 8], "RFC 1952: gzip, deflate");
    let tag = field("ETag").ok_or("an entity tag")?.to_owned();
    // The connection is in step: the next request on it is answered.
    let unchanged = client.ask(&format!(
        "GET / HTTP/1.1\r\nHost: board.local\r\nAccept-Encoding: gzip\r\n\
         If-None-Match: {tag}\r\n\r\n"
    ))?;
    assert_eq!(unchanged.status, 304);
    assert_eq!(unchanged.field("ETag"), Some(tag.as_str()));
    assert_eq!(unchanged.field("Content-Length"), None);
    assert!(is_guarded(&unchanged), "{}", unchanged.head);
    // The length of `HEAD` is that of the page, and the page does not follow.
    client.send(
        b"HEAD / HTTP/1.1\r\nHost: board.local\r\nAccept-Encoding: gzip\r\n\
          If-None-Match: \"of another firmware\"\r\nConnection: close\r\n\r\n",
    )?;
    let changed = client.head()?;
    assert!(changed.starts_with("HTTP/1.1 200 "), "{changed}");
    assert!(
        changed.contains(&format!("\r\nContent-Length: {length}\r\n")),
        "{changed}"
    );
    let mut body = Vec::new();
    client.stream.read_to_end(&mut body)?;
    assert_eq!(body, b"");
    Ok(())
}

#[test]
fn head_answers_with_only_the_length_of_the_page() -> Outcome {
    let board = Served::start()?;
    for coding in ["identity", "gzip"] {
        let mut client = board.client()?;
        client.send(
            format!(
                "HEAD / HTTP/1.1\r\nHost: board.local\r\nAccept-Encoding: {coding}\r\n\
                 Connection: close\r\n\r\n"
            )
            .as_bytes(),
        )?;
        let mut everything = Vec::new();
        client.stream.read_to_end(&mut everything)?;
        let everything = String::from_utf8(everything)?;
        assert!(
            everything.contains("Content-Length: ") && everything.ends_with("\r\n\r\n"),
            "{everything}"
        );
    }
    Ok(())
}

#[test]
fn the_control_page_allows_its_own_script_and_no_other() -> Outcome {
    let board = Served::start()?;
    let mut client = board.client()?;
    client.send(b"GET / HTTP/1.1\r\nHost: board.local\r\nAccept-Encoding: gzip\r\n\r\n")?;
    let head = client.head()?;
    for part in [
        "script-src 'sha256-",
        "style-src 'sha256-",
        "connect-src 'self'",
        "require-trusted-types-for 'script'",
        "form-action 'none'",
    ] {
        assert!(head.contains(part), "{part}: {head}");
    }
    assert!(!head.contains("unsafe"), "{head}");
    Ok(())
}

#[test]
fn a_locked_board_has_one_page_which_reveals_nothing_and_needs_no_script() -> Outcome {
    let board = Served::start()?;
    let open = page(&board, "Accept-Encoding: gzip\r\n")?;
    let tag = open.field("ETag").ok_or("an entity tag")?;
    board.key("first key", noise::Role::Control)?;
    let unchanged = format!("Accept-Encoding: gzip\r\nIf-None-Match: {tag}\r\n");
    for fields in ["", "Accept-Encoding: gzip\r\n", &unchanged] {
        let page = page(&board, fields)?;
        assert_eq!(page.status, 200, "{fields}");
        assert_eq!(page.field("Cache-Control"), Some("no-store"));
        assert_eq!(
            (page.field("Content-Encoding"), page.field("ETag")),
            (None, None)
        );
        assert!(is_guarded(&page), "{}", page.head);
        let reveals = [
            "Bench",
            "bench-1",
            "0.1.0",
            "3 components",
            "02:00:00",
            "<script",
        ];
        assert!(
            page.body.contains("locked")
                && page.body.contains("switchboard keys add")
                && page.body.contains("switchboard keys pair")
                && !reveals.iter().any(|word| page.body.contains(word)),
            "{}",
            page.body
        );
    }
    Ok(())
}
