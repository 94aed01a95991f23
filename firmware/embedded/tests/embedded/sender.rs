//! When a network driver that refuses frames counts as stuck.

use core::{
    task::{Context, Waker},
    time::Duration,
};

use embassy_net::driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
use switchboard_embedded::sender::{STUCK_AFTER, Sender, Watched};

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_driver_that_accepts_no_frame_for_long_is_stuck() {
    let sender = Sender::new();
    sender.record(at(100), true, false);
    sender.record(at(105), true, false);
    assert!(!sender.is_stuck(at(100) + STUCK_AFTER - Duration::from_millis(1)));
    assert!(
        sender.is_stuck(at(100) + STUCK_AFTER),
        "also if the stack has not used it since"
    );
    sender.restarted();
    assert!(!sender.is_stuck(at(200)));
}

#[test]
fn a_busy_driver_and_one_without_a_network_are_not_stuck() {
    let sender = Sender::new();
    for second in 0..100 {
        sender.record(at(second), true, second % 9 == 0);
        assert!(!sender.is_stuck(at(second)));
    }
    sender.record(at(100), false, false);
    assert!(!sender.is_stuck(at(1_000)));
    // Frames were refused while it joined.
    sender.record(at(1_000), true, true);
    assert!(!sender.is_stuck(at(2_000)));
}

/// A driver that counts its frames as esp-radio does.
struct Radio {
    link: LinkState,
    may_send: bool,
}

struct Token;

impl RxToken for Token {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, f: F) -> R {
        f(&mut [])
    }
}

impl TxToken for Token {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, f: F) -> R {
        f(&mut vec![0; length])
    }
}

impl Driver for Radio {
    type RxToken<'a> = Token;
    type TxToken<'a> = Token;

    fn receive(&mut self, _: &mut Context<'_>) -> Option<(Token, Token)> {
        self.may_send.then_some((Token, Token))
    }

    fn transmit(&mut self, _: &mut Context<'_>) -> Option<Token> {
        (self.may_send && self.link == LinkState::Up).then_some(Token)
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        self.link
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet([2; 6])
    }
}

/// Whether a driver in this state is stuck after one use by the stack.
fn is_stuck_after(
    link: LinkState,
    may_send: bool,
    operation: impl FnOnce(&mut Watched<Radio>, &mut Context<'_>) -> bool,
) -> (bool, bool) {
    let sender: &'static Sender = Box::leak(Box::new(Sender::new()));
    let mut driver = Watched::new(Radio { link, may_send }, sender);
    let had_token = operation(&mut driver, &mut Context::from_waker(Waker::noop()));
    (had_token, sender.is_stuck(at(1_000_000_000)))
}

#[test]
fn the_stack_reports_a_driver_that_refuses_also_when_it_only_receives() {
    let receive = |driver: &mut Watched<Radio>, cx: &mut Context<'_>| driver.receive(cx).is_some();
    let transmit =
        |driver: &mut Watched<Radio>, cx: &mut Context<'_>| driver.transmit(cx).is_some();
    assert_eq!(is_stuck_after(LinkState::Up, false, receive), (false, true));
    assert_eq!(
        is_stuck_after(LinkState::Up, false, transmit),
        (false, true)
    );
    assert_eq!(is_stuck_after(LinkState::Up, true, receive), (true, false));
    assert_eq!(is_stuck_after(LinkState::Up, true, transmit), (true, false));
    assert_eq!(
        is_stuck_after(LinkState::Down, false, receive),
        (false, false)
    );
}
