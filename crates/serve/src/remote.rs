//! Stands in for the crate `remote` until it is there.

#![expect(unreachable_pub, dead_code, reason = "it will be a crate")]

pub mod server {
    use std::{
        net::SocketAddr,
        sync::{Arc, Mutex},
    };

    use fleet::{Fleet, Urgency};
    use zeroize::Zeroizing;

    /// The longest message.
    pub const MESSAGE: usize = 1 << 20;

    /// What a client may do.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Role {
        /// Sees.
        View,
        /// Controls.
        Control,
    }

    /// Why.
    #[derive(Debug, thiserror::Error)]
    pub enum Refusal {
        /// Newer.
        #[error("The client is newer than this server. Update the server.")]
        Newer,
        /// Bad.
        #[error("The message cannot be read.")]
        Unreadable,
    }

    impl Refusal {
        /// Code.
        pub fn code(&self) -> u16 {
            match self {
                Self::Newer => 4001,
                Self::Unreadable => 4002,
            }
        }
    }

    /// Hello.
    pub struct Hello {
        /// Token.
        pub token: Option<Zeroizing<String>>,
    }

    impl Hello {
        /// Reads.
        pub fn read(message: &[u8]) -> Result<Self, Refusal> {
            let text = std::str::from_utf8(message).map_err(|_| Refusal::Unreadable)?;
            match text.split_once(' ') {
                Some(("1", "")) => Ok(Self { token: None }),
                Some(("1", token)) => Ok(Self {
                    token: Some(Zeroizing::new(token.to_owned())),
                }),
                Some((_, _)) => Err(Refusal::Newer),
                None => Err(Refusal::Unreadable),
            }
        }
    }

    /// Hub.
    pub struct Hub {
        fleet: Arc<Fleet>,
    }

    /// Next.
    pub enum Next {
        /// Send.
        Send(Vec<u8>),
        /// End.
        End(Refusal),
    }

    /// Session.
    pub struct Session {
        next: Mutex<Vec<Vec<u8>>>,
    }

    impl Hub {
        /// New.
        pub fn new(fleet: Arc<Fleet>) -> Arc<Self> {
            Arc::new(Self { fleet })
        }
        /// Enter.
        pub fn enter(
            self: &Arc<Self>,
            _: &Hello,
            role: Role,
            _: SocketAddr,
            _wake: impl Fn(Urgency) + Send + Sync + 'static,
        ) -> Result<Session, Refusal> {
            Ok(Session {
                next: Mutex::new(vec![format!("{role:?}").into_bytes()]),
            })
        }
    }

    impl Session {
        /// Receive.
        pub fn receive(&mut self, message: &[u8]) -> Result<(), Refusal> {
            let answer = match message {
                b"big" => vec![0; 8 << 20],
                other => other.to_vec(),
            };
            if let Ok(mut next) = self.next.lock() {
                next.push(answer);
            }
            Ok(())
        }
        /// Next.
        pub fn next(&mut self) -> Option<Next> {
            self.next.lock().ok()?.pop().map(Next::Send)
        }
    }
}
