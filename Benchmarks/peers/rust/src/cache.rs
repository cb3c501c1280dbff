//! Redis on one connection, pipelined: all requests of one turn of the loop are sent in one write.
use crate::batch::Key;
use futures_util::future::poll_fn;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

const TTL_SECONDS: &str = "3600";
const DEADLINE: Duration = Duration::from_secs(1);
const MOST_WAITING: usize = 4096;
const PREFIX: &[u8] = b"rust:";

pub enum LookUp {
    Hit(Vec<u8>),
    Miss,
    Bypass,
}

/// What a reply is for: a look-up that waits for it, or a store.
type Waiting = Option<oneshot::Sender<LookUp>>;

#[derive(Default)]
struct State {
    is_connected: bool,
    output: Vec<u8>,
    waiting: VecDeque<Waiting>,
    writer: Option<Waker>,
    /// Replies so far: if none arrives within the deadline, the connection is closed.
    replies: u64,
}

impl State {
    fn send(&mut self, arguments: &[&[u8]], waiting: Waiting) {
        if !self.is_connected || self.waiting.len() >= MOST_WAITING {
            return;
        }
        push_header(&mut self.output, b'*', arguments.len());
        for argument in arguments {
            push_header(&mut self.output, b'$', argument.len());
            self.output.extend_from_slice(argument);
            self.output.extend_from_slice(b"\r\n");
        }
        self.waiting.push_back(waiting);
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }
}

fn push_header(text: &mut Vec<u8>, kind: u8, number: usize) {
    text.push(kind);
    crate::floats::push_integer(text, number);
    text.extend_from_slice(b"\r\n");
}

fn name(key: &Key) -> [u8; PREFIX.len() + 32] {
    let mut name = [0; PREFIX.len() + 32];
    name[..PREFIX.len()].copy_from_slice(PREFIX);
    name[PREFIX.len()..].copy_from_slice(key);
    name
}

#[derive(Clone, Default)]
pub struct Cache(Rc<RefCell<State>>);

impl Cache {
    pub async fn look_up(&self, key: &Key) -> LookUp {
        let (sender, receiver) = oneshot::channel();
        self.0.borrow_mut().send(&[b"GET", &name(key)], Some(sender));
        receiver.await.unwrap_or(LookUp::Bypass)
    }

    /// Sends an entry without waiting for the reply.
    pub fn store(&self, key: &Key, value: &[u8]) {
        self.0.borrow_mut().send(&[b"SET", &name(key), value, b"EX", TTL_SECONDS.as_bytes()], None);
    }

    /// Keeps a connection open; reconnects a second after it has failed.
    pub async fn run(&self, port: u16) {
        loop {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await {
                let _ = stream.set_nodelay(true);
                let (reader, writer) = stream.into_split();
                self.0.borrow_mut().is_connected = true;
                // The first of the three to end ends the others.
                let error = poll_first(self.read(reader), self.write(writer), self.watch()).await;
                eprintln!("the cache: {error}");
                *self.0.borrow_mut() = State::default();
            }
            tokio::time::sleep(DEADLINE).await;
        }
    }

    async fn write(&self, mut stream: OwnedWriteHalf) -> std::io::Error {
        let mut output = Vec::new();
        loop {
            poll_fn(|context| {
                let mut state = self.0.borrow_mut();
                if state.output.is_empty() {
                    state.writer = Some(context.waker().clone());
                    return Poll::Pending;
                }
                std::mem::swap(&mut output, &mut state.output);
                Poll::Ready(())
            })
            .await;
            if let Err(error) = stream.write_all(&output).await {
                return error;
            }
            output.clear();
        }
    }

    async fn read(&self, mut stream: OwnedReadHalf) -> std::io::Error {
        let (mut bytes, mut begin) = (Vec::with_capacity(64 << 10), 0);
        loop {
            match stream.read_buf(&mut bytes).await {
                Ok(0) => return std::io::ErrorKind::UnexpectedEof.into(),
                Ok(_) => {}
                Err(error) => return error,
            }
            while let Some((reply, length)) = parse(&bytes[begin..]) {
                begin += length;
                let mut state = self.0.borrow_mut();
                state.replies += 1;
                if let Some(Some(waiting)) = state.waiting.pop_front() {
                    let _ = waiting.send(reply);
                }
            }
            bytes.drain(..begin);
            begin = 0;
        }
    }

    async fn watch(&self) -> std::io::Error {
        loop {
            let before = self.0.borrow().replies;
            tokio::time::sleep(DEADLINE).await;
            let state = self.0.borrow();
            if state.replies == before && !state.waiting.is_empty() {
                return std::io::ErrorKind::TimedOut.into();
            }
        }
    }
}

async fn poll_first(
    a: impl std::future::Future<Output = std::io::Error>,
    b: impl std::future::Future<Output = std::io::Error>,
    c: impl std::future::Future<Output = std::io::Error>,
) -> std::io::Error {
    tokio::pin!(a, b, c);
    poll_fn(|context| {
        if let Poll::Ready(error) = a.as_mut().poll(context) {
            return Poll::Ready(error);
        }
        if let Poll::Ready(error) = b.as_mut().poll(context) {
            return Poll::Ready(error);
        }
        c.as_mut().poll(context)
    })
    .await
}

/// The first complete reply, and its length in bytes.
fn parse(bytes: &[u8]) -> Option<(LookUp, usize)> {
    let end = bytes.iter().position(|&byte| byte == b'\n')? + 1;
    match bytes[0] {
        b'$' if bytes[1] == b'-' => Some((LookUp::Miss, end)),
        b'$' => {
            let length: usize = std::str::from_utf8(&bytes[1..end - 2]).ok()?.parse().ok()?;
            let value = bytes.get(end..end + length + 2)?;
            Some((LookUp::Hit(value[..length].to_vec()), end + length + 2))
        }
        // +OK to a store, or an error.
        _ => Some((LookUp::Bypass, end)),
    }
}
