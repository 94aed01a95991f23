//! One runner, three boards: the same exchanges and the same end-to-end tests
//! against the board programs in Rust, C and MicroPython. A board that cannot
//! be built here is reported as skipped.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod actor;
#[path = "../hostile/attacks.rs"]
mod attacks;
mod client;
mod components;
mod exchanges;
mod expected;
mod faults;
mod finding;
mod golden;
mod hostile;
mod liveness;
#[path = "../end_to_end/desk/observer.rs"]
mod observer;
mod program;
#[path = "../conformance/relay.rs"]
#[expect(dead_code, reason = "shared with the tests of the conformance check")]
mod relay;
#[path = "../end_to_end/desk/served.rs"]
mod served;
mod slots;

use program::{Make, SOON};

/// Runs each test against each board.
macro_rules! on_each_board {
    ($($path:path => $test:ident,)*) => {
        on_each_board!(rust: Make::Rust; $($path => $test,)*);
        on_each_board!(c: Make::C; $($path => $test,)*);
        on_each_board!(micropython: Make::MicroPython; $($path => $test,)*);
    };
    ($board:ident: $make:expr; $($path:path => $test:ident,)*) => {
        mod $board {
            use super::*;
            $(
                #[test]
                fn $test() {
                    program::with($make, stringify!($test), $path);
                }
            )*
        }
    };
}

on_each_board! {
    components::all => it_has_the_components_of_the_bench,
    exchanges::all => every_exchange_goes_as_written,
    golden::all => every_golden_request_is_answered,
    finding::found_commanded_and_pushed => it_is_found_commanded_and_pushes,
    finding::renamed => a_new_name_is_announced,
    faults::gap => after_a_lost_push_the_state_is_read_again,
    faults::slow => a_slow_reader_gets_the_last_values_without_a_gap,
    faults::restart => a_restart_begins_a_new_epoch,
    faults::power => without_power_it_is_unreachable_and_returns,
    faults::moved => it_is_found_again_on_another_port,
    slots::a_fifth => a_fifth_controller_is_refused_and_gets_a_freed_slot,
    hostile::messages => hostile_messages_leave_others_unharmed,
    hostile::attacks => attacks_leave_others_unharmed,
}
