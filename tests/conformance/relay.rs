//! A relay in front of a conforming board that alters traffic, to create a
//! board with exactly one defect.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

/// One frame, with its payload unmasked.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// FIN, reserved bits and opcode.
    pub(crate) first: u8,
    pub(crate) masked: bool,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn is_text(&self) -> bool {
        self.first & 0x0f == 1
    }

    /// Whether it is text of a board that is not a push.
    fn is_answer(&self) -> bool {
        self.is_text() && !String::from_utf8_lossy(&self.payload).contains("\"method\":")
    }

    fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut head = [0; 2];
        stream.read_exact(&mut head)?;
        let masked = head[1] & 0x80 != 0;
        let length = match head[1] & 0x7f {
            126 => {
                let mut length = [0; 2];
                stream.read_exact(&mut length)?;
                usize::from(u16::from_be_bytes(length))
            }
            length => usize::from(length),
        };
        let mut mask = [0; 4];
        if masked {
            stream.read_exact(&mut mask)?;
        }
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload)?;
        payload
            .iter_mut()
            .zip(mask.iter().cycle())
            .for_each(|(byte, mask)| *byte ^= mask);
        Ok(Self {
            first: head[0],
            masked,
            payload,
        })
    }

    fn write(&self, stream: &mut TcpStream) -> io::Result<()> {
        let mask = if self.masked { 0x80 } else { 0 };
        let mut bytes = vec![self.first];
        match u16::try_from(self.payload.len()).map_err(io::Error::other)? {
            length if length < 126 => bytes.push(mask | length.to_be_bytes()[1]),
            length => {
                bytes.push(mask | 126);
                bytes.extend(length.to_be_bytes());
            }
        }
        if self.masked {
            // A mask of zeros is permitted.
            bytes.extend([0; 4]);
        }
        bytes.extend(&self.payload);
        stream.write_all(&bytes)
    }
}

/// Alters requests, responses and frames.
pub(crate) struct Defect {
    pub(crate) request: Box<dyn Fn(String) -> String + Send + Sync>,
    pub(crate) response: Box<dyn Fn(String) -> String + Send + Sync>,
    pub(crate) to_board: Box<dyn Fn(Frame) -> Vec<Frame> + Send + Sync>,
    pub(crate) to_client: Box<dyn Fn(Frame) -> Vec<Frame> + Send + Sync>,
    /// Frames held back until an answer was sent to the same client. A push of
    /// a sensor may come in between.
    pub(crate) late: fn(&Frame) -> bool,
}

impl Default for Defect {
    fn default() -> Self {
        Self {
            request: Box::new(|text| text),
            response: Box::new(|text| text),
            to_board: Box::new(|frame| vec![frame]),
            to_client: Box::new(|frame| vec![frame]),
            late: |_| false,
        }
    }
}

/// Starts a relay to this board; it ends with the test.
pub(crate) fn relay(board: SocketAddr, defect: Defect) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let defect = Arc::new(defect);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let defect = Arc::clone(&defect);
            thread::spawn(move || {
                // Either side may close; the other one notices at the end of
                // its connection.
                let _ = pass(client, board, &defect);
            });
        }
    });
    Ok(address)
}

fn pass(mut client: TcpStream, address: SocketAddr, defect: &Arc<Defect>) -> io::Result<()> {
    let mut board = TcpStream::connect(address)?;
    let request = http(&mut client)?;
    board.write_all((defect.request)(request).as_bytes())?;
    let response = (defect.response)(http(&mut board)?);
    client.write_all(response.as_bytes())?;
    if !response.starts_with("HTTP/1.1 101") {
        return client.shutdown(Shutdown::Both);
    }
    let (mut from_client, mut to_board) = (client.try_clone()?, board.try_clone()?);
    let up = Arc::clone(defect);
    thread::spawn(move || {
        let _ = frames(&mut from_client, &mut to_board, &up.to_board, |_| false);
        let _ = to_board.shutdown(Shutdown::Both);
    });
    let _ = frames(&mut board, &mut client, &defect.to_client, defect.late);
    client.shutdown(Shutdown::Both)
}

fn frames(
    from: &mut TcpStream,
    to: &mut TcpStream,
    defect: &dyn Fn(Frame) -> Vec<Frame>,
    late: fn(&Frame) -> bool,
) -> io::Result<()> {
    let mut held = Vec::new();
    loop {
        let frame = Frame::read(from)?;
        if late(&frame) {
            held.push(frame);
            continue;
        }
        let answers = frame.is_answer();
        for frame in defect(frame) {
            frame.write(to)?;
        }
        if answers {
            for frame in held.drain(..) {
                frame.write(to)?;
            }
        }
    }
}

/// A head and its body, with a corrected length after the change.
fn http(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length = head.lines().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("content-length:")?
            .trim()
            .parse()
            .ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(head + &String::from_utf8_lossy(&body))
}

/// Applies a change to the body and corrects its length.
pub(crate) fn with_length(text: &str) -> String {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return text.to_owned();
    };
    let lines: Vec<_> = head
        .split("\r\n")
        .map(
            |line| match line.to_lowercase().starts_with("content-length:") {
                true => format!("Content-Length: {}", body.len()),
                false => line.to_owned(),
            },
        )
        .collect();
    format!("{}\r\n\r\n{body}", lines.join("\r\n"))
}
