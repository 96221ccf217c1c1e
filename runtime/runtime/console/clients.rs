//! All connections of a console, each with a thread of its own.

use std::io;
use std::net::Shutdown;
use std::sync::Arc;

use socket2::Socket;

use super::client;
use super::service::ConsoleService;
use crate::primitive::sync::Mutex;
use crate::primitive::thread;
use crate::scheduler::current;
use crate::sync::oneshot;
use crate::system::credentials;

/// Each has a thread.
const CLIENTS_COUNT_MAX: usize = 8;

/// The connections of a console.
pub(super) struct ConsoleClients {
    state: Mutex<ClientsState>,
}

struct ClientsState {
    next_number: u64,
    list: Vec<ClientEntry>,
}

struct ClientEntry {
    number: u64,
    socket: Arc<Socket>,
    /// When it is dropped, the client's thread waits for no dump any more.
    _end: oneshot::Sender<()>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Takes a client off the list when its thread ends, however it does.
struct Leaving {
    clients: Arc<ConsoleClients>,
    number: u64,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let mut state = self.clients.state.lock();
        let place = state.list.iter().position(|entry| entry.number == self.number);
        let entry = place.map(|place| state.list.swap_remove(place));
        drop(state);
        drop(entry);
    }
}

impl ConsoleClients {
    pub(super) fn new() -> Arc<ConsoleClients> {
        Arc::new(ConsoleClients { state: Mutex::new(ClientsState { next_number: 0, list: Vec::new() }) })
    }

    /// Starts a thread for the connection, or says why not and closes it.
    pub(super) fn admit(self: &Arc<Self>, socket: Socket, service: &Arc<ConsoleService>) {
        // Some systems pass the listener's mode on.
        let refusal = match socket.set_nonblocking(false).and_then(|()| may_ask(&socket)) {
            Ok(()) => self.start(socket, service),
            Err(error) => Err((socket, error.to_string())),
        };
        if let Err((socket, text)) = refusal {
            // If it does not listen, it need not know.
            let _ = client::turn_away(&socket, &text);
        }
    }

    fn start(
        self: &Arc<Self>,
        socket: Socket,
        service: &Arc<ConsoleService>,
    ) -> Result<(), (Socket, String)> {
        let (send, end) = oneshot::channel();
        let socket = Arc::new(socket);
        let mut state = self.state.lock();
        if state.list.len() >= CLIENTS_COUNT_MAX {
            drop(state);
            let text = format!("the console has {CLIENTS_COUNT_MAX} clients already: close one of them");
            return Arc::into_inner(socket).map_or(Ok(()), |socket| Err((socket, text)));
        }
        let number = state.next_number;
        state.next_number += 1;
        let entry = ClientEntry { number, socket: socket.clone(), _end: send, thread: None };
        state.list.push(entry);
        drop(state);
        let leaving = Leaving { clients: self.clone(), number };
        let (work_socket, service) = (socket.clone(), service.clone());
        let work = move || {
            let _leaving = leaving;
            // Nothing that this thread happens to drop may wait for it.
            let _no_blocking = current::forbid_blocking();
            // A client that fails is gone, and misses nothing.
            let _ = client::serve(&work_socket, &service, end);
        };
        match thread::Builder::new().name("heist-client".to_owned()).spawn(work) {
            Ok(thread) => {
                let mut state = self.state.lock();
                if let Some(entry) = state.list.iter_mut().find(|entry| entry.number == number) {
                    entry.thread = Some(thread);
                }
                Ok(())
            }
            Err(error) => {
                let text = format!("the system refused a thread for the client: {error}");
                Arc::into_inner(socket).map_or(Ok(()), |socket| Err((socket, text)))
            }
        }
    }

    /// Ends all connections. Returns their threads, which end soon after this.
    pub(super) fn close(&self) -> Vec<thread::JoinHandle<()>> {
        let list = std::mem::take(&mut self.state.lock().list);
        let end = |entry: ClientEntry| {
            // It may have gone meanwhile.
            let _ = entry.socket.shutdown(Shutdown::Both);
            entry.thread
        };
        list.into_iter().filter_map(end).collect()
    }
}

/// Only our own user and root may ask.
fn may_ask(socket: &Socket) -> io::Result<()> {
    let peer = credentials::of_peer(socket)?.uid;
    let own = rustix::process::geteuid().as_raw();
    if peer == own || peer == 0 {
        return Ok(());
    }
    let text = format!("this console is for user {own} and root only, and you are user {peer}");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
}
