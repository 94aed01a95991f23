//! The program: its input and output lines.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use virtual_board::image::Image;

use crate::{Outcome, PATIENCE};

struct Program {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Program {
    fn start(arguments: &[&str]) -> Result<Self, Box<dyn std::error::Error>> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_virtual-board"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("no output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            BufReader::new(output)
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Ok(Self {
            child,
            input,
            lines,
        })
    }

    fn line(&self) -> Result<Value, Box<dyn std::error::Error>> {
        Ok(serde_json::from_str(&self.lines.recv_timeout(PATIENCE)?)?)
    }

    fn say(&mut self, line: &str) -> Outcome {
        let input = self.input.as_mut().ok_or("its input was closed")?;
        Ok(writeln!(input, "{line}")?)
    }

    fn wait(&mut self) -> Result<ExitStatus, Box<dyn std::error::Error>> {
        let deadline = Instant::now() + PATIENCE;
        // Its output ends with the process.
        while self
            .lines
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .is_ok()
        {}
        Ok(self.child.wait()?)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(line: &Value) -> Result<String, &'static str> {
    line["address"]
        .as_str()
        .map(str::to_owned)
        .ok_or("no address")
}

#[test]
fn it_prints_one_line_per_board_and_executes_commands() -> Outcome {
    let mut program = Program::start(&["--boards", "2", "--name", "Test", "--no-mdns"])?;
    let (one, other) = (program.line()?, program.line()?);
    assert_eq!(
        (&one["name"], &other["name"]),
        (&"Test".into(), &"Test 2".into())
    );
    assert!(one["id"].is_string() && TcpStream::connect(address(&one)?).is_ok());

    program.say("fly away")?;
    assert!(
        program.line()?["error"]
            .as_str()
            .is_some_and(|error| error.contains("press"))
    );
    program.say("press Unknown button:0")?;
    assert!(
        program.line()?["error"]
            .as_str()
            .is_some_and(|error| error.contains("Unknown"))
    );
    program.say("stop Test 2")?;
    program.say("press Test 2 button:0")?;
    assert!(
        program.line()?["error"]
            .as_str()
            .is_some_and(|error| error.contains("stopped"))
    );
    assert!(TcpStream::connect(address(&other)?).is_err());
    program.say("start Test 2")?;
    assert_eq!(program.line()?, other);
    assert!(TcpStream::connect(address(&other)?).is_ok());
    program.say("quit")?;
    assert!(program.wait()?.success());
    Ok(())
}

#[test]
fn it_keeps_running_after_the_end_of_its_input() -> Outcome {
    let mut program = Program::start(&["--no-mdns"])?;
    let board = address(&program.line()?)?;
    drop(program.input.take());
    assert!(
        program
            .lines
            .recv_timeout(Duration::from_millis(200))
            .is_err()
    );
    assert!(TcpStream::connect(board).is_ok());
    Ok(())
}

#[test]
fn an_unavailable_address_is_an_error() -> Outcome {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let port = taken.local_addr()?.port().to_string();
    let mut program = Program::start(&["--no-mdns", "--port", &port])?;
    assert!(!program.wait()?.success());
    Ok(())
}

#[test]
fn an_image_is_written_with_its_version() -> Outcome {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file.bin");
    let name = file.to_str().ok_or("a path in UTF-8")?;
    let image = |arguments: &[&str]| -> Result<Image, Box<dyn std::error::Error>> {
        let status = Program::start(&[&["image", name], arguments].concat())?.wait()?;
        assert!(status.success());
        Ok(Image::read(&std::fs::read(&file)?)?)
    };
    assert_eq!(image(&["--version", "0.2.0"])?, Image::new("0.2.0")?);
    assert_eq!(std::fs::metadata(&file)?.len(), 200_000);
    let broken = image(&["--version", "0.3.0", "--never-comes-up", "--size", "100"])?;
    assert_eq!(
        broken,
        Image {
            comes_up: false,
            ..Image::new("0.3.0")?
        }
    );
    let status = Program::start(&["image", "/nowhere/at/all", "--version", "1"])?.wait()?;
    assert!(!status.success());
    Ok(std::fs::remove_file(file)?)
}

fn asked(board: &str, method: &str, params: &Value) -> Result<Value, Box<dyn std::error::Error>> {
    Ok(crate::library::post(
        board.parse()?,
        method,
        params,
        PATIENCE,
    )?)
}

#[test]
fn with_a_state_folder_a_board_keeps_its_state_when_the_program_ends() -> Outcome {
    let folder = tempfile::tempdir()?;
    let arguments = [
        "--no-mdns",
        "--profile",
        "everything",
        "--state-dir",
        folder.path().to_str().ok_or("a strange folder")?,
    ];
    let program = Program::start(&arguments)?;
    let before = program.line()?;
    let board = address(&before)?;
    asked(&board, "Device.SetName", &json!({ "name": "Küche" }))?;
    asked(&board, "Text.Set", &json!({ "id": 0, "value": "kept" }))?;
    asked(
        &board,
        "Light.Set",
        &json!({ "id": 0, "on": true, "rgb": [1, 2, 3] }),
    )?;
    assert!(
        Program::start(&arguments)?.wait()?.code() == Some(1),
        "two programs may not write to one folder"
    );
    let epoch = asked(&board, "Device.GetInfo", &json!({}))?["epoch"].clone();
    // A reboot writes at once; the program is then killed.
    asked(&board, "Device.Reboot", &json!({}))?;
    let deadline = Instant::now() + PATIENCE;
    while !asked(&board, "Device.GetInfo", &json!({}))
        .is_ok_and(|info| info["epoch"].is_string() && info["epoch"] != epoch)
    {
        assert!(Instant::now() < deadline, "it does not come back");
    }
    asked(&board, "Text.Set", &json!({ "id": 0, "value": "too late" }))?;
    drop(program);
    let mut program = Program::start(&arguments)?;
    let after = program.line()?;
    assert_eq!(
        (&after["id"], &after["name"]),
        (&before["id"], &json!("Küche"))
    );
    let status = asked(&address(&after)?, "Device.GetStatus", &json!({}))?;
    assert_eq!(
        (&status["text:0"]["value"], &status["light:0"]["rgb"]),
        (&json!("kept"), &json!([1, 2, 3]))
    );
    program.say("erase Küche")?;
    let deadline = Instant::now() + PATIENCE;
    while !asked(&address(&after)?, "Device.GetInfo", &json!({}))
        .is_ok_and(|info| info["name"] == "Test bench")
    {
        assert!(Instant::now() < deadline, "it does not forget");
    }
    Ok(())
}

#[test]
fn an_invalid_origin_is_refused_with_an_example() -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_virtual-board"))
        .args(["--allow-origin", "panel.example"])
        .output()?;
    let said = String::from_utf8(output.stderr)?;
    assert!(
        !output.status.success() && said.contains("http://192.168.1.5:8080"),
        "{said}"
    );
    Ok(())
}
