//! The client's side of the short way over HTTP/1: its plain questions, one after the other, and what it is answered.

use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Method, StatusCode};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::Stream;
use pingora::{Error, ErrorType, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::answer::Answer;
use super::{Asker, request};
use crate::proxy::stream::Downstream;

/// The first read of a request: the usual head is shorter.
const FIRST: usize = 4 * 1024;

/// The longest wait for a client that does not take what ends its connection.
const GOODBYE: Duration = Duration::from_secs(5);

/// A client's connection, as long as its requests go the short way.
pub(in crate::proxy) struct Client {
    stream: Box<Downstream>,
    /// What was read of the request at hand.
    read: Bytes,
    /// Whether another request may follow.
    keeps: bool,
    answer: Answer,
    /// What it was answered, once an answer has begun.
    answered: Option<StatusCode>,
    /// Ends the wait for a request.
    idle: Option<Pin<Box<Sleep>>>,
}

/// What a client asks next.
pub(in crate::proxy) enum Asked {
    /// Nothing any more.
    Nothing,
    /// A plain question.
    Plainly(Box<RequestHeader>),
    /// What Pingora is to read.
    Other,
}

impl Client {
    /// Whether this is a connection of a client that speaks HTTP/1.
    pub(in crate::proxy) fn is_of(stream: &Stream) -> bool {
        let ours: Option<&Downstream> = (**stream).as_any().downcast_ref();
        ours.is_some_and(|stream| !stream.is_http2())
    }

    /// Over such a connection.
    pub(in crate::proxy) fn over(stream: Stream) -> Option<Self> {
        let mut stream: Box<Downstream> = stream.into_any().downcast().ok()?;
        // What there is of an answer is written at once.
        stream.gathers(false);
        let (read, answer) = (Bytes::new(), Answer::default());
        Some(Self { stream, read, keeps: true, answer, answered: None, idle: None })
    }

    /// The next request, for which it is waited so long.
    pub(in crate::proxy) async fn next(&mut self, keep_alive: Duration) -> Asked {
        (self.keeps, self.answer, self.answered) = (true, Answer::default(), None);
        let ends = Instant::now() + keep_alive;
        let idle = self.idle.get_or_insert_with(|| Box::pin(sleep(keep_alive)));
        idle.as_mut().reset(ends);
        let mut read = BytesMut::with_capacity(FIRST);
        let count = tokio::select! {
            biased;
            count = self.stream.read_buf(&mut read) => count,
            () = idle => return Asked::Nothing,
        };
        if !count.is_ok_and(|count| count > 0) {
            return Asked::Nothing;
        }
        self.read = read.freeze();
        request::plain(&self.read).map_or(Asked::Other, Asked::Plainly)
    }

    /// The connection, from which the request at hand is read once more.
    pub(in crate::proxy) fn leave(mut self) -> Stream {
        self.stream.read_again(self.read);
        self.stream.gathers(true);
        self.stream
    }

    /// Says goodbye, to whoever listens.
    pub(in crate::proxy) async fn close(mut self) {
        let _ = timeout(GOODBYE, self.stream.shutdown()).await;
    }
}

impl Asker for Client {
    const SPELLED: bool = true;

    fn peer(&self) -> Option<IpAddr> {
        Some(self.stream.peer().ip())
    }

    fn ends(&mut self) {
        self.keeps = false;
    }

    fn keeps(&self) -> bool {
        self.keeps
    }

    fn answered(&self) -> Option<StatusCode> {
        self.answered
    }

    async fn leaves(&mut self) -> Box<Error> {
        let (kind, told) = match self.stream.read(&mut [0]).await {
            Ok(0) => {
                (ErrorType::ConnectionClosed, "the client left before its answer was complete")
            }
            Ok(_) => (ErrorType::ConnectionClosed, "the client sent more than its request"),
            Err(_) => (ErrorType::ReadError, "the client's connection broke"),
        };
        self.keeps = false;
        Error::explain(kind, told).into_down()
    }

    fn begin(&mut self, method: &Method) {
        self.answer = Answer::to(method, self.keeps);
    }

    fn head(&mut self, head: Box<ResponseHeader>, end: bool) -> Result<()> {
        self.answer.head(&head);
        if end {
            self.answer.end();
        }
        Ok(())
    }

    async fn part(&mut self, part: Bytes, end: bool) -> Result<()> {
        self.answer.part(part);
        if end {
            self.answer.end();
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<()> {
        self.keeps &= self.answer.keeps();
        self.answered = self.answer.status();
        let written = self.answer.write_to(&mut *self.stream).await;
        written.map_err(|error| {
            self.keeps = false;
            Error::because(ErrorType::WriteError, "while writing to the client", error).into_down()
        })
    }
}
