#![expect(clippy::expect_used, reason = "a test fails by panicking")]
#![expect(clippy::panic, reason = "a test fails by panicking")]

mod bench;

use super::*;
use crate::subscriptions::REFUSED_FOR;
use bench::{Bench, Sent, pair};

#[test]
fn while_a_broker_is_slow_only_the_newest_state_of_a_topic_is_sent() {
    let mut bench = Bench::up();
    for value in 0..1000 {
        bench.session.state("a", value.to_string().into_bytes());
        bench.session.state("b", value.to_string().into_bytes());
    }
    assert_eq!(
        bench.published(),
        [pair("a", "999", 1), pair("b", "999", 2)]
    );
    assert_eq!(bench.sent(), []);
}

#[test]
fn states_set_while_the_broker_is_away_arrive_with_all_others_after_a_reconnect() {
    let mut bench = Bench::up();
    bench.session.state("a", b"1".to_vec());
    bench.session.state("b", b"1".to_vec());
    assert_eq!(bench.published().len(), 2);
    bench.acknowledge(1);
    bench.acknowledge(2);
    bench.session.closed(Problem::Ended, bench.now);
    bench.session.state("b", b"2".to_vec());
    bench.session.state("c", b"1".to_vec());
    bench.connect();
    let published: Vec<_> = bench
        .published()
        .into_iter()
        .map(|(t, p, _)| (t, p))
        .collect();
    let expected = [("a", "1"), ("b", "2"), ("c", "1")];
    assert_eq!(
        published,
        expected.map(|(t, p)| (t.to_owned(), p.to_owned()))
    );
}

#[test]
fn states_are_published_again_in_the_order_in_which_they_were_first_set() {
    let mut bench = Bench::up();
    let topics = ["site/z", "site/b", "site/a", "site/c"];
    for topic in topics {
        bench.session.state(topic, b"1".to_vec());
    }
    bench.session.state("site/b", b"2".to_vec());
    bench.sent();
    let now = bench.now;
    bench.session.closed(Problem::Ended, now);
    bench.connect();
    let again: Vec<_> = bench
        .published()
        .into_iter()
        .map(|(topic, ..)| topic)
        .collect();
    assert_eq!(again, topics);
}

#[test]
fn a_removed_state_is_published_empty_once_and_then_forgotten() {
    let mut bench = Bench::up();
    bench.session.state("a", b"1".to_vec());
    bench.session.state("a", Vec::new());
    assert_eq!(bench.published(), [pair("a", "", 1)]);
    bench.session.closed(Problem::Ended, bench.now);
    // Whether it arrived is unknown.
    bench.connect();
    assert_eq!(bench.published(), [pair("a", "", 2)]);
    bench.acknowledge(2);
    bench.session.closed(Problem::Ended, bench.now);
    bench.connect();
    assert_eq!(bench.published(), []);
}

#[test]
fn a_command_is_sent_once_and_its_ticket_says_what_is_known() {
    let mut bench = Bench::with_will(None);
    bench.session.command("c", b"0".to_vec(), 10);
    assert_eq!(bench.events(), [Event::Unsent(10)]);
    bench.connect();
    for ticket in 11..14 {
        bench.session.command("c", b"x".to_vec(), ticket);
    }
    let sent = bench.sent();
    assert!(
        sent.iter()
            .all(|sent| matches!(sent, Sent::Publish { retain: false, .. })),
        "{sent:?}"
    );
    bench.acknowledge(1);
    bench.session.command("c", b"x".to_vec(), 14);
    bench.session.closed(Problem::Silent, bench.now);
    assert_eq!(
        bench.events(),
        [
            Event::Connected,
            Event::Sent(11),
            Event::Sent(12),
            Event::Sent(13),
            Event::Acknowledged(11),
            Event::Unconfirmed(12),
            Event::Unconfirmed(13),
            Event::Unsent(14),
            Event::Disconnected(Problem::Silent),
        ]
    );
    bench.connect();
    assert_eq!(bench.sent(), []);
}

#[test]
fn a_reply_follows_the_states_that_were_set_before_it() {
    let mut bench = Bench::up();
    bench.session.state("s", b"1".to_vec());
    bench.session.reply("r", b"done".to_vec(), 20);
    bench.session.state("t", b"1".to_vec());
    // Set again while it waits: it keeps its place.
    bench.session.state("s", b"2".to_vec());
    bench.session.event("e", b"1".to_vec());
    assert_eq!(
        bench.published(),
        [
            pair("e", "1", 1),
            pair("s", "2", 2),
            pair("r", "done", 3),
            pair("t", "1", 4)
        ]
    );
    bench.acknowledge(3);
    assert_eq!(bench.events(), [Event::Sent(20), Event::Acknowledged(20)]);
}

#[test]
fn a_reply_that_a_lost_connection_took_is_reported_and_not_sent_again() {
    let mut bench = Bench::up();
    bench.session.reply("r", b"1".to_vec(), 20);
    assert_eq!(bench.published().len(), 1);
    bench.session.state("s", b"1".to_vec());
    bench.session.reply("r", b"2".to_vec(), 21);
    assert_eq!(bench.session.outgoing.waiting(), 1);
    bench.session.closed(Problem::Ended, bench.now);
    bench.session.reply("r", b"3".to_vec(), 22);
    assert_eq!(
        bench.events(),
        [
            Event::Sent(20),
            Event::Unconfirmed(20),
            Event::Unsent(21),
            Event::Disconnected(Problem::Ended),
            Event::Unsent(22),
        ]
    );
    bench.connect();
    assert_eq!(bench.published(), [pair("s", "1", 2)]);
}

#[test]
fn events_are_dropped_and_counted_while_the_broker_is_away() {
    let mut bench = Bench::with_will(None);
    bench.session.event("e", b"1".to_vec());
    bench.session.event("e", b"2".to_vec());
    bench.connect();
    assert_eq!(bench.events(), [Event::Connected, Event::Dropped(2)]);
    bench.session.event("e", b"3".to_vec());
    assert_eq!(bench.published(), [pair("e", "3", 1)]);
    // It is not acknowledged, and may not have arrived.
    bench.session.closed(Problem::Silent, bench.now);
    bench.session.event("e", b"4".to_vec());
    assert_eq!(bench.session.take_dropped(), 2);
    bench.connect();
    assert_eq!(
        bench.events(),
        [Event::Disconnected(Problem::Silent), Event::Connected]
    );
}

#[test]
fn at_most_a_window_of_messages_is_on_its_way() {
    let mut bench = Bench::up();
    for topic in 0..300 {
        bench.session.state(&format!("t/{topic:03}"), b"1".to_vec());
    }
    let first = bench.published();
    assert_eq!(first.len(), WINDOW);
    assert_eq!(bench.sent(), []);
    bench.acknowledge(first[5].2);
    assert_eq!(bench.published().len(), 1);
}

#[test]
fn a_broker_that_never_acknowledges_does_not_make_the_queue_of_events_grow() {
    let mut bench = Bench::up();
    for _ in 0..10_000 {
        bench.session.event("e", vec![b'x'; 10]);
    }
    for ticket in 0..10_000 {
        bench.session.reply("r", vec![b'x'; 10], ticket);
    }
    let unsent = |event: &Event| matches!(event, Event::Unsent(_));
    assert_eq!(bench.events().into_iter().filter(unsent).count(), 10_000);
    bench.session.closed(Problem::Silent, bench.now);
    bench.connect();
    assert!(bench.events().contains(&Event::Dropped(10_000)));
}

#[test]
fn subscriptions_are_made_again_and_refused_ones_are_named() {
    let mut bench = Bench::up();
    bench.session.subscribe("a/#");
    bench.session.subscribe("b/#");
    let filters = vec!["a/#".to_owned(), "b/#".to_owned()];
    assert_eq!(bench.sent(), [Sent::Subscribe(1, filters.clone())]);
    bench.session.received(&[0x90, 4, 0, 1, 1, 0x80], bench.now);
    assert_eq!(
        bench.events(),
        [
            Event::Subscribed {
                filter: "a/#".to_owned()
            },
            Event::Refused {
                filter: "b/#".to_owned()
            },
        ]
    );
    bench.session.closed(Problem::Ended, bench.now);
    bench.connect();
    assert_eq!(bench.sent(), [Sent::Subscribe(2, filters)]);
    bench.session.unsubscribe("a/#");
    assert_eq!(bench.sent(), [Sent::Unsubscribe(3, "a/#".to_owned())]);
}

#[test]
fn a_message_is_reported_and_acknowledged() {
    let mut bench = Bench::up();
    let mut bytes = BytesMut::new();
    wire::publish(&mut bytes, "a", b"x", true, 300);
    bench.session.received(&bytes, bench.now);
    assert_eq!(
        bench.events(),
        [Event::Message {
            topic: "a".to_owned(),
            payload: b"x".to_vec(),
            retained: true
        }]
    );
    assert_eq!(bench.sent(), [Sent::Acknowledge(300)]);
}

#[test]
fn a_silent_broker_is_pinged_and_given_up() {
    let mut bench = Bench::up();
    let half = crate::KEEP_ALIVE / 2;
    assert_eq!(bench.session.deadline(), Some(bench.now + half));
    bench.after(half);
    assert_eq!(bench.sent(), [Sent::Ping]);
    bench.session.received(&[0xd0, 0], bench.now);
    bench.after(half);
    assert_eq!(bench.sent(), [Sent::Ping]);
    assert_eq!(bench.session.ended(), None);
    bench.after(half);
    assert_eq!(bench.session.ended(), Some(&Problem::Silent));
}

#[test]
fn a_peer_that_accepts_and_says_nothing_is_given_up() {
    let mut bench = Bench::new();
    bench.session.opened(bench.now);
    bench.after(GREETING);
    assert_eq!(bench.session.ended(), Some(&Problem::Silent));
}

#[test]
fn each_refusal_has_its_problem() {
    for (code, problem) in [
        (1, Problem::Version),
        (2, Problem::ClientId("bench".to_owned())),
        (3, Problem::Unavailable),
        (4, Problem::WrongPassword),
        (5, Problem::NotAuthorized),
    ] {
        let mut bench = Bench::new();
        bench.session.settings.user = Some("ann".to_owned());
        bench.session.opened(bench.now);
        bench.session.received(&[0x20, 2, 0, code], bench.now);
        assert_eq!(bench.session.ended(), Some(&problem));
        bench.session.closed(Problem::Ended, bench.now);
        assert_eq!(bench.events(), [Event::Disconnected(problem)]);
    }
    for code in [4, 5] {
        let mut bench = Bench::new();
        bench.session.opened(bench.now);
        bench.session.received(&[0x20, 2, 0, code], bench.now);
        assert_eq!(bench.session.ended(), Some(&Problem::NoUser));
    }
}

#[test]
fn a_client_that_is_disconnected_again_and_again_suspects_another_with_its_id() {
    let mut bench = Bench::with_will(None);
    let mut problems = Vec::new();
    for _ in 0..EARLY_ENDS {
        bench.connect();
        bench.after(Duration::from_millis(50));
        bench.session.closed(Problem::Ended, bench.now);
        problems.extend(bench.events().into_iter().filter_map(|event| match event {
            Event::Disconnected(problem) => Some(problem),
            _ => None,
        }));
    }
    let client_id = "bench".to_owned();
    assert_eq!(
        problems,
        [
            Problem::Ended,
            Problem::Ended,
            Problem::TakenOver { client_id }
        ]
    );
    // A connection that lasts clears the suspicion.
    bench.connect();
    bench.now += GOOD_AFTER;
    assert!(bench.session.closed(Problem::Ended, bench.now));
    assert_eq!(
        bench.events().last(),
        Some(&Event::Disconnected(Problem::Ended))
    );
}

#[test]
fn leaving_publishes_what_waits_and_the_will_then_disconnects() {
    let mut bench = Bench::new();
    bench.connect();
    bench.session.state("a", b"1".to_vec());
    bench.session.leave(true);
    assert_eq!(
        bench.published(),
        [pair("a", "1", 1), pair("will", "gone", 2)]
    );
    bench.acknowledge(1);
    assert_eq!(bench.sent(), []);
    bench.acknowledge(2);
    assert_eq!(bench.sent(), [Sent::Disconnect]);
    assert!(bench.session.ended().is_some());
}

#[test]
fn what_cannot_be_published_is_named_and_nothing_is_sent() {
    let mut bench = Bench::up();
    bench.session.state("a/#", b"1".to_vec());
    bench.session.state("big", vec![0; LIMIT]);
    bench.session.command("", b"1".to_vec(), 7);
    let reasons: Vec<_> = bench.events();
    let topic = |event: &Event| match event {
        Event::Unpublishable { topic, .. } => Some(topic.clone()),
        _ => None,
    };
    let topics: Vec<_> = reasons.iter().filter_map(topic).collect();
    assert_eq!(topics, ["a/#", "big", ""]);
    assert_eq!(reasons.last(), Some(&Event::Unsent(7)));
    assert_eq!(bench.sent(), []);
}

#[test]
fn the_ids_of_messages_on_their_way_are_not_used_again() {
    let mut bench = Bench::up();
    bench.session.state("kept", b"1".to_vec());
    assert_eq!(bench.published(), [pair("kept", "1", 1)]);
    for round in 0..70_000_u32 {
        bench.session.state("a", round.to_string().into_bytes());
        let published = bench.published();
        assert_ne!(published[0].2, 1);
        bench.acknowledge(published[0].2);
    }
}

#[test]
fn a_refused_subscription_is_tried_again_and_named_once() {
    let mut bench = Bench::up();
    bench.session.subscribe("a");
    for round in 1..4 {
        assert_eq!(bench.sent(), [Sent::Subscribe(round, vec!["a".to_owned()])]);
        let [high, low] = round.to_be_bytes();
        bench
            .session
            .received(&[0x90, 3, high, low, 0x80], bench.now);
        let events = bench.events();
        assert_eq!(events.len(), usize::from(round == 1), "{events:?}");
        assert_eq!(bench.sent(), []);
        assert_eq!(bench.session.deadline(), Some(bench.now + REFUSED_FOR));
        bench.after(REFUSED_FOR);
        bench.session.received(&[0xd0, 0], bench.now);
        // A ping may be due too.
        bench.session.control.clear();
    }
    bench.session.unsubscribe("a");
    bench.after(REFUSED_FOR);
    assert!(
        !bench
            .sent()
            .iter()
            .any(|sent| matches!(sent, Sent::Subscribe(..)))
    );
}

#[test]
fn a_broker_that_does_not_acknowledge_is_given_up_and_gets_the_states_again() {
    let mut bench = Bench::up();
    bench.session.state("a", b"1".to_vec());
    bench.session.state("b", b"1".to_vec());
    assert_eq!(bench.published().len(), 2);
    bench.acknowledge(1);
    for _ in 0..3 {
        bench.after(ACKNOWLEDGED_WITHIN / 4);
        bench.session.received(&[0xd0, 0], bench.now);
        assert_eq!(bench.session.ended(), None);
    }
    bench.after(ACKNOWLEDGED_WITHIN / 4);
    assert_eq!(bench.session.ended(), Some(&Problem::Unacknowledged));
    bench.session.closed(Problem::Ended, bench.now);
    bench.connect();
    assert_eq!(bench.published().len(), 2);
}

#[test]
fn a_broker_that_reads_no_acknowledgements_is_given_up() {
    let mut bench = Bench::up();
    let mut bytes = BytesMut::new();
    wire::publish(&mut bytes, "a", b"x", false, 300);
    for _ in 0..=LIMIT / 4 {
        bench.session.received(&bytes, bench.now);
        bench.events();
    }
    assert!(matches!(bench.session.ended(), Some(Problem::Malformed(_))));
    assert!(bench.session.control.len() <= LIMIT + 4);
}

#[test]
fn a_connection_that_was_good_and_becomes_silent_counts_as_good() {
    let mut bench = Bench::up();
    bench.now += GOOD_AFTER;
    // PINGRESP (MQTT 3.1.1, section 3.13).
    bench.session.received(&[0xd0, 0], bench.now);
    bench.after(crate::KEEP_ALIVE);
    assert_eq!(bench.session.ended(), Some(&Problem::Silent));
    assert!(bench.session.closed(Problem::Ended, bench.now));
    // Nothing of it remains for a connection that the broker never accepted.
    bench.session.opened(bench.now);
    bench.now += GOOD_AFTER;
    assert!(!bench.session.closed(Problem::Ended, bench.now));
}

#[test]
fn events_that_a_slow_broker_leaves_no_room_for_are_counted_while_it_is_connected() {
    let mut bench = Bench::up();
    for _ in 0..5_000 {
        bench.session.event("a", b"x".to_vec());
    }
    loop {
        let published = bench.published();
        if published.is_empty() {
            break;
        }
        for (_, _, id) in published {
            bench.acknowledge(id);
        }
    }
    assert_eq!(bench.events(), [Event::Dropped(5_000 - 4_096)]);
}

#[test]
fn an_id_that_comes_round_again_has_the_time_of_its_last_packet() {
    let mut bench = Bench::up();
    bench.session.state("slow", b"1".to_vec());
    assert_eq!(bench.published().len(), 1);
    bench.session.state("fast", b"1".to_vec());
    let id = bench.published()[0].2;
    bench.acknowledge(id);
    bench.after(ACKNOWLEDGED_WITHIN - Duration::from_secs(1));
    bench.session.last_id = id - 1;
    bench.session.state("fast", b"2".to_vec());
    assert_eq!(bench.published()[0].2, id);
    bench.acknowledge(1);
    bench.session.received(&[0xd0, 0], bench.now);
    bench.after(Duration::from_secs(1));
    assert_eq!(bench.session.ended(), None);
}
