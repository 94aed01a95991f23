//! Commands that running doubles read from standard input, as if someone were
//! at the device or in its network.

use std::time::Duration;

use doubles::{ForeignBoards, Shelly, Wled};
use serde_json::{Value, json};

/// The commands, for the help and for error messages.
pub(crate) const USAGE: &str = "\
  press BOARD [KEY [EVENT]]   press a button; KEY is that of a Shelly, for example input:1
  set BOARD [KEY] JSON        change the state, of a Shelly by component
  switch BOARD on|off [ID]    switch the light, or this switch
  drop BOARD                  close all connections
  stop BOARD                  cut the power, without an mDNS goodbye
  start BOARD                 power it on again
  hold BOARD                  make it hang
  release BOARD               let it continue
  raw BOARD TEXT              send a text to all WebSockets
  state BOARD                 print its state
  counts BOARD                print what it has counted
  expire BOARD                end the lifetime of all nonces (Shelly)
  exhaust BOARD               use up all slots for nonces (Shelly)
  throttle BOARD SECONDS      give no nonces for this long (Shelly)
  password BOARD [PASSWORD]   set or clear the password (Shelly)
  wake BOARD                  wake it (Shelly with a battery)
  busy BOARD N                refuse the next requests as busy (WLED)
  quit                        end all
  BOARD is a number from 1 or an id";

/// Carries out a line. The answer is printed.
pub(crate) fn execute(boards: &ForeignBoards, line: &str) -> Result<Value, String> {
    let (verb, rest) = word(line);
    let (board, arguments) = word(rest);
    let ids: Vec<String> = boards.list().into_iter().map(|board| board.id).collect();
    let at = ids
        .iter()
        .position(|id| id == board)
        .or_else(|| board.parse::<usize>().ok()?.checked_sub(1))
        .filter(|&at| at < ids.len())
        .ok_or_else(|| format!("no board {board:?}; commands are\n{USAGE}"))?;
    let mut answer = json!({ "done": verb });
    let printed = match boards {
        ForeignBoards::Shelly(boards) => match boards.get(at) {
            Some((_, board)) => shelly(board, verb, arguments)?,
            None => None,
        },
        ForeignBoards::Wled(boards) => match boards.get(at) {
            Some((_, board)) => wled(board, verb, arguments)?,
            None => None,
        },
    };
    if let Some(printed) = printed {
        answer[verb] = printed;
    }
    Ok(answer)
}

fn shelly(board: &Shelly, verb: &str, arguments: &str) -> Result<Option<Value>, String> {
    let (first, rest) = word(arguments);
    match verb {
        "press" => {
            let key = if first.is_empty() { "input:1" } else { first };
            let event = if rest.is_empty() { "single_push" } else { rest };
            board.press(key, event);
        }
        "set" => board.set_status(first, &json_of(rest)?),
        "switch" => {
            let id = if rest.is_empty() { "0" } else { rest };
            let id = id.parse().map_err(|_| format!("{id:?} is not an id"))?;
            board.set_output(id, on_or_off(first)?);
        }
        "drop" => board.drop_link(),
        "stop" => board.power_off(),
        "start" => board.power_on().map_err(|error| error.to_string())?,
        "hold" => board.hold(),
        "release" => board.release(),
        "raw" => board.send_raw(arguments),
        "expire" => board.expire_nonce(),
        "exhaust" => board.exhaust_nonces(),
        "throttle" => {
            let seconds = first
                .parse()
                .ok()
                .filter(|seconds| (0.0..=3_600.0).contains(seconds));
            let seconds = seconds.ok_or_else(|| format!("{first:?} is not a time in seconds"))?;
            board.throttle(Duration::from_secs_f64(seconds));
        }
        "password" => board.set_password(Some(arguments).filter(|text| !text.is_empty())),
        "wake" => board.wake(),
        "state" => return Ok(Some(board.state())),
        "counts" => return Ok(Some(json!(board.counts()))),
        _ => return Err(unknown(verb)),
    }
    Ok(None)
}

fn wled(board: &Wled, verb: &str, arguments: &str) -> Result<Option<Value>, String> {
    match verb {
        "press" => board.press(),
        "set" => {
            board.set(&json_of(arguments)?);
        }
        "switch" => board.set_output(on_or_off(arguments)?),
        "drop" => board.drop_link(),
        "stop" => board.power_off(),
        "start" => board.power_on().map_err(|error| error.to_string())?,
        "hold" => board.hold(),
        "release" => board.release(),
        "raw" => board.send_raw(arguments),
        "busy" => {
            let requests = arguments.parse();
            board.refuse(requests.map_err(|_| format!("{arguments:?} is not a number"))?);
        }
        "state" => return Ok(Some(board.state())),
        "counts" => return Ok(Some(json!(board.counts()))),
        _ => return Err(unknown(verb)),
    }
    Ok(None)
}

fn unknown(verb: &str) -> String {
    format!("{verb:?} is not a command of this family; commands are\n{USAGE}")
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(format!("{other:?} is neither on nor off")),
    }
}

fn json_of(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("{text:?} is not JSON: {error}"))
}

/// The first word and the rest.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use doubles::{Announce, BoardsOptions, ForeignFamily};

    use super::*;

    fn boards(family: ForeignFamily) -> ForeignBoards {
        let mut options = BoardsOptions::demo(family, 2);
        options.shelly.announce = Announce::No;
        options.wled.announce = Announce::No;
        options.shelly.world = false;
        options.wled.world = false;
        ForeignBoards::start(&options).unwrap()
    }

    #[test]
    fn commands_act_at_the_board_with_this_number_or_id() {
        let boards = boards(ForeignFamily::Shelly);
        let id = boards.list().first().map(|board| board.id.clone()).unwrap();
        execute(&boards, "switch 1 on 1").unwrap();
        let state = execute(&boards, &format!("state {id}")).unwrap();
        assert_eq!(state["state"]["switch:1"]["output"], true);
        execute(&boards, "set 2 light:0 {\"brightness\": 7}").unwrap();
        assert_eq!(
            execute(&boards, "state 2").unwrap()["state"]["light:0"]["brightness"],
            7
        );
        for wrong in [
            "state 3",
            "state 0",
            "explode 1",
            "busy 1 2",
            "switch 1 maybe",
            "set 1 x {",
        ] {
            assert!(execute(&boards, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_wled_is_toggled_by_its_button() {
        let boards = boards(ForeignFamily::Wled);
        execute(&boards, "press 2").unwrap();
        assert_eq!(execute(&boards, "state 2").unwrap()["state"]["on"], false);
        assert_eq!(execute(&boards, "state 1").unwrap()["state"]["on"], true);
        execute(&boards, "set 1 {\"bri\": 9}").unwrap();
        assert_eq!(execute(&boards, "state 1").unwrap()["state"]["bri"], 9);
    }
}
