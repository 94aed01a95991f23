//! Metrics: their names, their values, their limits, and the scrape over HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/counted.rs"]
mod counted;
#[path = "support/everything.rs"]
mod everything;
mod support;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bridge::metrics::{BOARDS, COMPONENTS, CONTENT_TYPE, Counters, render, server::Server};
use counted::{command, health};
use everything::everything;
use fleet::{BoardView, LinkProblem, LinkState, Outcome};
use serde_json::{Value, json};
use support::{board, context};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn text_of(view: &BoardView) -> String {
    let mut counters = Counters::default();
    counters.board(view);
    counters.log(&command(Outcome::Done {
        result: Value::Null,
        took: Duration::from_millis(12),
    }));
    render([view], &counters, &context())
}

/// The value of the sample that begins like this.
fn sample(text: &str, begin: &str) -> f64 {
    let line = text
        .lines()
        .find(|line| line.starts_with(begin))
        .unwrap_or_else(|| unreachable!("no {begin} in {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn sensors_are_in_base_units_and_outputs_are_gauges() {
    let text = text_of(&board(everything()));
    let labels = |component: &str| {
        format!("{{site=\"home\",board=\"sb-0a1b2c\",component=\"{component}\"}}")
    };
    for (name, component, value) in [
        ("switchboard_sensor_temperature_celsius", "sensor:0", 21.53),
        ("switchboard_meter_energy_joules_total", "sensor:1", 5.4e6),
        ("switchboard_sensor_value", "sensor:2", 3.0),
        ("switchboard_switch_on", "switch:0", 1.0),
        ("switchboard_light_on", "light:2", 0.0),
        ("switchboard_light_brightness_ratio", "light:0", 0.6),
        ("switchboard_cover_position_ratio", "cover:0", 0.4),
        ("switchboard_number_value", "number:0", 5.0),
        ("switchboard_update_available", "update:0", 1.0),
        ("switchboard_update_available", "update:1", 0.0),
    ] {
        let begin = format!("{name}{}", labels(component));
        assert_eq!(
            sample(&text, &begin).to_string(),
            value.to_string(),
            "{begin}"
        );
    }
    // What is unknown has no sample.
    assert!(!text.contains("switchboard_binary_sensor_on"));
    assert!(!text.contains("signal_strength_dbm"));
    assert!(text.contains("# UNIT switchboard_sensor_temperature_celsius celsius\n"));
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn the_values_of_a_board_that_is_offline_are_left_out() {
    let mut view = board(everything());
    view.link = LinkState::Unreachable {
        problem: LinkProblem::Silent,
        retry_at: None,
    };
    let text = text_of(&view);
    assert!(!text.contains("switchboard_sensor_"), "{text}");
    assert!(text.contains("switchboard_component_info{"));
    let up = "switchboard_link_up{site=\"home\",board=\"sb-0a1b2c\"}";
    assert_eq!(sample(&text, up).to_string(), "0");
    assert!(text.contains("switchboard_link_state=\"unreachable\"} 1\n"));
    assert!(text.contains("switchboard_link_state=\"connected\"} 0\n"));
}

#[test]
fn losses_are_counted_by_cause_and_only_once() {
    let (mut view, mut counters) = (board(everything()), Counters::default());
    view.health = health([LinkProblem::Silent, LinkProblem::Rebooting]);
    counters.board(&view);
    counters.board(&view);
    let text = render([&view], &counters, &context());
    let losses = |cause: &str| {
        let labels = format!("{{site=\"home\",board=\"sb-0a1b2c\",cause=\"{cause}\"}}");
        sample(&text, &format!("switchboard_link_losses_total{labels}"))
    };
    assert_eq!(
        ["silent", "restart", "closed"].map(|cause| losses(cause).to_string()),
        ["1", "1", "0"]
    );
    // The fleet remembers the causes of the last 32.
    view.health = health((0..42).map(|_| LinkProblem::Silent));
    counters.board(&view);
    let text = render([&view], &counters, &context());
    let begin =
        "switchboard_link_losses_total{site=\"home\",board=\"sb-0a1b2c\",cause=\"unknown\"}";
    assert_eq!(sample(&text, begin).to_string(), "8");
}

#[test]
fn commands_are_counted_by_outcome() {
    let (view, mut counters) = (board(everything()), Counters::default());
    let took = Duration::from_millis(250);
    for outcome in [
        Outcome::Done {
            result: Value::Null,
            took,
        },
        Outcome::Done {
            result: Value::Null,
            took,
        },
        Outcome::Unconfirmed,
    ] {
        counters.log(&command(outcome));
    }
    let text = render([&view], &counters, &context());
    let board = "{site=\"home\",board=\"sb-0a1b2c\"";
    let of = |outcome: &str| {
        let begin = format!("switchboard_commands_total{board},outcome=\"{outcome}\"}}");
        sample(&text, &begin).to_string()
    };
    assert_eq!([of("confirmed"), of("unconfirmed")], ["2", "1"]);
    let sum = format!("switchboard_command_duration_seconds_sum{board}}}");
    assert_eq!(sample(&text, &sum).to_string(), "0.5");
    counters.forget(view.key);
    assert!(!render([&view], &counters, &context()).contains("switchboard_commands_total{"));
}

#[test]
fn the_number_of_series_is_bounded() {
    let mut view = board(everything());
    let one = view.components[0].clone();
    view.components = vec![one; COMPONENTS + 5];
    let views: Vec<_> = (0..BOARDS + 3)
        .map(|number| {
            let mut view = view.clone();
            // Only the first ones are looked at.
            if number > 1 {
                view.components.clear();
            }
            view.id = Some(format!("sb-{number}").into());
            view
        })
        .collect();
    let text = render(&views, &Counters::default(), &context());
    let site = "{site=\"home\"}";
    let of = |name: &str| sample(&text, &format!("switchboard_{name}{site}")).to_string();
    assert_eq!(of("boards"), BOARDS.to_string());
    assert_eq!(of("boards_omitted"), "3");
    assert_eq!(of("components_omitted"), "10");
    let switches = text
        .lines()
        .filter(|line| line.starts_with("switchboard_switch_on{"));
    assert_eq!(switches.count(), 2 * COMPONENTS);
}

/// Every metric that the dashboard names, in the order of their names.
fn named(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
            names.extend(
                text.split(word)
                    .filter(|word| word.starts_with("switchboard_"))
                    .map(str::to_owned),
            );
        }
        Value::Array(values) => values.iter().for_each(|value| named(value, names)),
        Value::Object(values) => values.values().for_each(|value| named(value, names)),
        _ => {}
    }
}

#[test]
fn every_metric_of_the_dashboard_exists() {
    let dashboard = include_str!("../../../examples/bridge/grafana.json");
    let mut names = BTreeSet::new();
    named(&serde_json::from_str(dashboard).unwrap(), &mut names);
    assert!(names.len() > 15, "{names:?}");
    let mut all = everything();
    let sensors = [("humidity", "%"), ("power", "W")];
    for (id, (class, unit)) in sensors.into_iter().enumerate() {
        let key = format!("sensor:{}", 10 + id);
        all["states"][&key] = json!({ "value": 50 });
        let sensor = json!({
            "key": key, "kind": "sensor", "name": class, "device_class": class,
            "unit_of_measurement": unit,
        });
        all["components"].as_array_mut().unwrap().push(sensor);
    }
    let mut view = board(all);
    view.health = health([LinkProblem::Silent]);
    let text = text_of(&view);
    for name in names {
        let exists = text.lines().any(|line| {
            let rest = line.strip_prefix(&name);
            rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
        });
        assert!(exists, "the dashboard names {name}");
    }
}

/// The response to these bytes.
async fn exchange(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    String::from_utf8(response).unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[tokio::test]
async fn a_scrape_is_answered_and_nothing_else() {
    let calls = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        text_of(&board(everything()))
    })
    .await
    .unwrap();
    let address = server.address().unwrap();
    let running = tokio::spawn(server.run());
    let began = Instant::now();
    for _ in 0..5 {
        let response = exchange(address, &get("/metrics")).await;
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
        assert!(response.contains(&format!("content-type: {CONTENT_TYPE}\r\n")));
        assert!(response.ends_with("# EOF\n"));
    }
    // The text is made once per second.
    let made = calls.load(std::sync::atomic::Ordering::Relaxed);
    assert!(u64::from(made) <= 1 + began.elapsed().as_secs(), "{made}");
    for (request, status) in [
        (get("/"), "404"),
        (get("/metrics").replace("GET", "POST"), "405"),
        ("nonsense\r\n\r\n".to_owned(), "400"),
        (
            format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000)),
            "431",
        ),
    ] {
        let response = exchange(address, &request).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{response}"
        );
    }
    let head = exchange(address, &get("/metrics").replace("GET", "HEAD")).await;
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    running.abort();
}

#[tokio::test]
async fn nothing_waits_for_a_long_text() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Mutex::new(released);
    let (begin, begun) = tokio::sync::oneshot::channel();
    let begin = Mutex::new(Some(begin));
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), move || {
        if let Some(begin) = begin.lock().unwrap().take() {
            begin.send(()).unwrap();
        }
        released.lock().unwrap().recv().unwrap();
        "# EOF\n".to_owned()
    })
    .await
    .unwrap();
    let address = server.address().unwrap();
    let running = tokio::spawn(server.run());
    let scrape = tokio::spawn(async move { exchange(address, &get("/metrics")).await });
    begun.await.unwrap();
    let other = exchange(address, &get("/")).await;
    assert!(other.starts_with("HTTP/1.1 404 "), "{other}");
    release.send(()).unwrap();
    assert!(scrape.await.unwrap().ends_with("# EOF\n"));
    running.abort();
}

#[tokio::test]
async fn connections_that_send_nothing_do_not_pile_up() {
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), || "# EOF\n".to_owned())
        .await
        .unwrap();
    let address = server.address().unwrap();
    let running = tokio::spawn(server.run());
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    // A ninth one is closed; once another has gone, there is room again.
    let mut ninth = TcpStream::connect(address).await.unwrap();
    assert_eq!(ninth.read(&mut [0; 1]).await.unwrap_or(0), 0);
    idle.clear();
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut response = String::new();
        let sent = stream.write_all(get("/metrics").as_bytes()).await;
        if sent.is_ok()
            && stream.read_to_string(&mut response).await.is_ok()
            && !response.is_empty()
        {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "no room after the idle ones ended"
        );
    }
    running.abort();
}
