//! A scrape target with a board of every kind, for programs that parse it.
//! Prints its address, and ends with its standard input.
//!
//!     cargo run -p switchboard-bridge --example metrics

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::{Read, stdin};

use bridge::metrics::{Counters, render, server::Server};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let server = runtime.block_on(Server::bind("127.0.0.1:0".parse()?, || {
        let view = support::board(support::everything());
        let mut counters = Counters::default();
        counters.board(&view);
        render([&view], &counters, &support::context())
    }))?;
    println!("{}", server.address()?);
    std::thread::spawn(move || runtime.block_on(server.run()));
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
