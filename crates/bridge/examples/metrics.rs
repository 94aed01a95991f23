//! A scrape target with a board of every kind, for programs that parse it.
//! Prints its address, and ends with its standard input.
//!
//!     cargo run -p switchboard-bridge --example metrics

#[path = "../tests/support/counted.rs"]
mod counted;
#[path = "../tests/support/everything.rs"]
mod everything;
#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    io::{Read, stdin},
    time::Duration,
};

use bridge::metrics::{Counters, render, server::Server};
use fleet::{LinkProblem, Outcome};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let server = runtime.block_on(Server::bind("127.0.0.1:0".parse()?, || {
        let mut view = support::board(everything::everything());
        view.health = counted::health([LinkProblem::Silent]);
        let mut counters = Counters::default();
        counters.board(&view);
        counters.log(&counted::command(Outcome::Unconfirmed));
        counters.log(&counted::command(Outcome::Done {
            result: serde_json::Value::Null,
            took: Duration::from_millis(8),
        }));
        render([&view], &counters, &support::context())
    }))?;
    println!("{}", server.address()?);
    std::thread::spawn(move || runtime.block_on(server.run()));
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
