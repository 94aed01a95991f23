//! Projects in MicroPython, run by the real interpreter for Linux.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
};

use crate::{
    project::{LISTS, Project, folder, skip},
    running::Running,
};

/// Where `libraries/micropython/interpreter` keeps it.
fn interpreter() -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache")))?;
    let program = cache.join("switchboard/micropython/bin/micropython");
    program.is_file().then_some(program)
}

#[test]
fn projects_pass_their_check() {
    let Some(interpreter) = interpreter() else {
        skip(
            "micropython",
            "the interpreter is not installed; ./check micropython gets it",
        );
        return;
    };
    for (number, list) in LISTS.iter().enumerate() {
        let project = Project::new(
            folder(&format!("micropython-{number}")),
            "micropython",
            list,
        );
        project.passes(|command| {
            command.env("MICROPYTHON", &interpreter);
        });
        if number == 0 {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
            let port = port.expect("a free port").port().to_string();
            let mut program = project.command(&interpreter);
            Running::start(program.args(["main.py", &port, "--no-mdns"])).behaves(true, "event:0");
        }
    }
}

/// A board whose first port another program has.
const TAKEN: &str = r#"#!/bin/sh
if mkdir "$0.started" 2>/dev/null; then
  echo "OSError: [Errno 98] EADDRINUSE" >&2
  exit 1
fi
exec "$INTERPRETER" "$@"
"#;

#[test]
fn the_check_tries_another_port_if_one_is_taken() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(interpreter) = interpreter() else {
        skip(
            "micropython port",
            "the interpreter is not installed; ./check micropython gets it",
        );
        return;
    };
    let project = Project::new(folder("micropython-port"), "micropython", "light");
    let program = project.folder.join("taken");
    fs::write(&program, TAKEN).expect("a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
    project.passes(|command| {
        command
            .env("MICROPYTHON", &program)
            .env("INTERPRETER", &interpreter);
    });
    assert!(program.with_extension("started").is_dir());
    let broken = project.folder.join("board.py");
    fs::write(&broken, "import nothing_of_this_name\n").expect("a file");
    let mut check = project.command(project.folder.join("check"));
    let output = check
        .env("MICROPYTHON", &interpreter)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("nothing_of_this_name") && said.contains("the board did not start"),
        "{said}"
    );
}

/// What `hardware.py` uses of a chip.
const MACHINE: &str = r#"
class Pin:
    IN, OUT, PULL_UP = 0, 1, 2
    def __init__(self, number, mode=None, pull=None, value=1):
        self.level = value
    def value(self, *level):
        if level:
            self.level = level[0]
        return self.level

class PWM:
    def __init__(self, pin, freq, duty_u16=0):
        self.duty = duty_u16
    def duty_u16(self, duty):
        assert 0 <= duty <= 65535
        self.duty = duty
"#;

/// Uses every function of `hardware.py`, as `board.py` does.
const USE: &str = r#"
import hardware
hardware.set_light(True, 50)
assert hardware._light.duty == 32767
hardware.set_light(False, 50)
assert hardware._light.duty == 0
hardware.set_outlet(True)
assert hardware._outlet.value()
assert hardware.read_button() is None
hardware._button.pin.value(0)
assert hardware.read_button() is None
hardware._button.pin.value(1)
assert hardware.read_button() == "press"
assert hardware.read_button() is None
assert not hardware.read_motion()
assert hardware.read_temperature() is None
assert hardware.read_text_sensor()
hardware.move_blind("opening")
assert [pin.value() for pin in hardware._blind] == [True, False]
hardware.move_blind("closed")
assert [pin.value() for pin in hardware._blind] == [False, False]
assert hardware.read_doorbell() is None
hardware._doorbell.pin.value(0)
assert hardware.read_doorbell() == "triggered"
assert hardware.read_doorbell() is None
for name in ("main.py", "wifi.py"):
    compile(open(name).read(), name, "exec")
print("used")
"#;

#[test]
fn the_hardware_of_a_chip_is_used_as_the_board_uses_it() {
    let Some(interpreter) = interpreter() else {
        skip(
            "micropython chip",
            "the interpreter is not installed; ./check micropython gets it",
        );
        return;
    };
    let project = Project::new(folder("micropython-chip"), "micropython", LISTS[0]);
    let hardware = project.folder.join("hardware.py");
    let text = fs::read_to_string(&hardware).expect("a file");
    assert_eq!(text.matches("_PIN = None").count(), 7, "{text}");
    fs::write(&hardware, text.replace("_PIN = None", "_PIN = 5")).expect("a file");
    fs::write(project.folder.join("machine.py"), MACHINE).expect("a file");
    fs::write(project.folder.join("use.py"), USE).expect("a file");
    let output = project
        .command(&interpreter)
        .arg("use.py")
        .output()
        .expect("it runs");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("used"),
        "{output:?}"
    );
}
