//! Sockets that were open before this process was: by socket activation (`sd_listen_fds(3)`), or from the process that
//! this one succeeds.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use listenfd::ListenFd;

use crate::proxy::listener::{ListenError, Listener};

/// What this process has got from whoever started it.
#[derive(Debug, Default)]
pub struct Inherited {
    sockets: Vec<TcpListener>,
    predecessor: Option<UnixStream>,
}

/// What a predecessor hears from its successor.
pub(super) const READY: &str = "ready\n";
/// What a successor hears when it is to serve.
pub(super) const GO: &str = "go\n";

impl Inherited {
    /// Takes what was passed. Changes the environment, so nothing else may run yet. `succeeds` says whether the last
    /// of the sockets leads to a predecessor.
    pub fn take(succeeds: bool) -> std::io::Result<Self> {
        let mut passed = ListenFd::from_env();
        let listeners = if succeeds { passed.len().saturating_sub(1) } else { passed.len() };
        let mut sockets = Vec::new();
        for place in 0..listeners {
            sockets.extend(passed.take_tcp_listener(place)?);
        }
        // The crate knows no connected socket; it is one all the same.
        let predecessor = match succeeds {
            true => passed.take_unix_listener(listeners)?.map(OwnedFd::from).map(UnixStream::from),
            false => None,
        };
        Ok(Self { sockets, predecessor })
    }

    /// The listener of this address: the one that was passed, or a new one.
    pub(super) async fn listener(&mut self, address: SocketAddr) -> Result<Listener, ListenError> {
        let place = |fits: fn(SocketAddr, SocketAddr) -> bool| {
            let fits = |socket: &TcpListener| socket.local_addr().is_ok_and(|at| fits(address, at));
            self.sockets.iter().position(fits)
        };
        let found = place(|wanted, bound| wanted == bound).or_else(|| place(is_for));
        match found {
            Some(place) => Listener::over(self.sockets.remove(place), address),
            None => Listener::bind(address).await,
        }
    }

    /// Closes the sockets that no address of the configuration wants, and says so.
    pub(super) fn close_the_rest(&mut self) {
        for address in self.sockets.drain(..).filter_map(|socket| socket.local_addr().ok()) {
            tracing::warn!(%address, "a socket was passed that no address of the configuration is for");
        }
    }

    /// Tells a predecessor that this process is ready, and waits until it may serve. `false` is a predecessor that was
    /// stopped meanwhile: this process is not to serve then.
    #[must_use]
    pub fn takes_the_place(&mut self) -> bool {
        let Some(mut predecessor) = self.predecessor.take() else { return true };
        let mut heard = [0; GO.len()];
        predecessor.write_all(READY.as_bytes()).is_ok()
            && predecessor.read_exact(&mut heard).is_ok()
    }

    /// Tells a predecessor why this process ends.
    pub fn give_up(&mut self, why: &str) {
        if let Some(mut predecessor) = self.predecessor.take() {
            let _ = predecessor.write_all(why.as_bytes());
        }
    }
}

/// Whether a socket bound to `bound` is the one that `wanted` asks for. Port 0 asks for any; a socket of all addresses
/// may be of either family.
fn is_for(wanted: SocketAddr, bound: SocketAddr) -> bool {
    let same_port = wanted.port() == bound.port() || wanted.port() == 0;
    let both_all = wanted.ip().is_unspecified() && bound.ip().is_unspecified();
    same_port && (wanted.ip() == bound.ip() || both_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_found_by_its_address_and_the_exact_one_first() {
        let bound = |address: &str| TcpListener::bind(address).unwrap();
        let all = bound("0.0.0.0:0");
        let port = all.local_addr().unwrap().port();
        let one = bound("127.0.0.1:0");
        let exact = one.local_addr().unwrap();
        let mut inherited = Inherited { sockets: vec![all, one], predecessor: None };
        let found = inherited.listener(exact).await.unwrap();
        assert_eq!(found.address(), Some(exact));
        let any: SocketAddr = format!("[::]:{port}").parse().unwrap();
        let found = inherited.listener(any).await.unwrap();
        assert_eq!(found.address(), Some(([0, 0, 0, 0], port).into()), "all addresses are all");
        assert!(inherited.sockets.is_empty());
        let new = inherited.listener(([127, 0, 0, 1], 0).into()).await.unwrap();
        assert!(new.address().unwrap().port() > 0, "what was not passed is bound");
        assert!(inherited.takes_the_place(), "there is nobody to ask");
    }

    #[test]
    fn a_successor_whose_predecessor_is_stopped_does_not_serve() {
        let (theirs, ours) = UnixStream::pair().unwrap();
        let mut inherited = Inherited { sockets: Vec::new(), predecessor: Some(ours) };
        drop(theirs);
        assert!(!inherited.takes_the_place());
        let (mut theirs, ours) = UnixStream::pair().unwrap();
        let mut inherited = Inherited { sockets: Vec::new(), predecessor: Some(ours) };
        theirs.write_all(GO.as_bytes()).unwrap();
        assert!(inherited.takes_the_place());
        let mut heard = [0; READY.len()];
        theirs.read_exact(&mut heard).unwrap();
        assert_eq!(heard, READY.as_bytes());
    }
}
