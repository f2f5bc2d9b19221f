//! HTTP/2 as seen from the bytes of a connection: where frames begin, of what kind they are, whether a head is overdue,
//! and whether a client makes work without asking for anything (S53). What frames mean is the h2 library's to say.

use std::time::Duration;

use tokio::time::Instant;

/// Watches one connection, both ways.
#[derive(Debug)]
pub(super) struct FrameWatch {
    read: Frames,
    written: Frames,
    /// What is not whole yet began then: the preface with the client's settings, a head, any frame but a body's.
    unfinished: Option<Instant>,
    /// Whether a head goes on in further frames.
    in_head: bool,
    /// How many have begun: one for each request, but for those with trailers, which have two.
    heads: u32,
    resets: Allowance,
    idle_frames: Allowance,
}

/// The client does what no browser does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flood(pub(super) &'static str);

const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

/// Requests that are taken back. A page that is left takes back what it waits for, at most a connection's 100 streams;
/// rapid reset (CVE-2023-44487) takes back thousands each second.
const RESETS: Limit = Limit { at_once: 200, each_second: 20 };
/// Frames that ask for nothing: PING, SETTINGS, PRIORITY, empty DATA and CONTINUATION, WINDOW_UPDATE, unknown ones. Each
/// frame of an answer allows one more, each KiB of a body another: gRPC pings after a message, windows open after data.
const IDLE_FRAMES: Limit = Limit { at_once: 1000, each_second: 50 };

impl FrameWatch {
    /// Watches a connection that begins now.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            read: Frames::after(PREFACE),
            written: Frames::after(0),
            unfinished: Some(now),
            in_head: false,
            heads: 0,
            resets: Allowance::new(RESETS, now),
            idle_frames: Allowance::new(IDLE_FRAMES, now),
        }
    }

    /// When what has begun must be there, if something has.
    pub(super) fn due(&self, limit: Duration) -> Option<Instant> {
        self.unfinished.map(|began| began + limit)
    }

    /// How many heads have begun.
    pub(super) const fn heads(&self) -> u32 {
        self.heads
    }

    /// These bytes have come from the client.
    pub(super) fn read(&mut self, bytes: &[u8], now: Instant) -> Result<(), Flood> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if let Some(frame) = self.read.advance(&mut rest) {
                self.note_read(frame, now)?;
            }
        }
        let whole = self.read.is_between() && !self.in_head;
        let body = self.read.inside().is_some_and(|frame| frame.kind == Kind::Data);
        if whole || body {
            self.unfinished = None;
        } else {
            self.unfinished.get_or_insert(now);
        }
        Ok(())
    }

    fn note_read(&mut self, frame: Frame, now: Instant) -> Result<(), Flood> {
        match frame.kind {
            Kind::Head => {
                self.in_head = !frame.ends_head();
                self.heads = self.heads.saturating_add(1);
            }
            Kind::Continuation => {
                self.in_head &= !frame.ends_head();
                if frame.length == 0 {
                    self.idle_frames.take(now, "empty frames")?;
                }
            }
            Kind::Data if frame.length > 0 || frame.ends_stream() => {
                self.idle_frames.give(frame.length / 1024);
            }
            Kind::Data => self.idle_frames.take(now, "empty frames")?,
            Kind::Reset => self.resets.take(now, "requests that are taken back")?,
            Kind::Other => self.idle_frames.take(now, "frames that ask for nothing")?,
        }
        Ok(())
    }

    /// These bytes have gone to the client.
    pub(super) fn written(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if let Some(frame) = self.written.advance(&mut rest)
                && matches!(frame.kind, Kind::Data | Kind::Head)
            {
                self.idle_frames.give(1 + frame.length / 1024);
            }
        }
    }
}

/// Splits one direction of a connection into frames.
#[derive(Debug)]
struct Frames {
    /// Bytes of what is inside still to come: the preface's or a frame's.
    left: usize,
    inside: Option<Frame>,
    header: [u8; HEADER],
    header_has: usize,
}

/// What a frame's nine bytes say (RFC 9113 section 4.1).
#[derive(Clone, Copy, Debug)]
struct Frame {
    length: usize,
    kind: Kind,
    flags: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Data,
    Head,
    Continuation,
    Reset,
    Other,
}

const HEADER: usize = 9;

impl Frame {
    fn parse([a, b, c, kind, flags, ..]: [u8; HEADER]) -> Self {
        let kind = match kind {
            0 => Kind::Data,
            1 => Kind::Head,
            3 => Kind::Reset,
            9 => Kind::Continuation,
            _ => Kind::Other,
        };
        Self { length: usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c), kind, flags }
    }

    const fn ends_stream(&self) -> bool {
        self.flags & 0x1 != 0
    }

    const fn ends_head(&self) -> bool {
        self.flags & 0x4 != 0
    }
}

impl Frames {
    fn after(left: usize) -> Self {
        Self { left, inside: None, header: [0; HEADER], header_has: 0 }
    }

    /// Takes off `rest` what belongs to one step; a frame when its nine bytes have become whole.
    fn advance(&mut self, rest: &mut &[u8]) -> Option<Frame> {
        if self.left > 0 {
            let taken = self.left.min(rest.len());
            *rest = rest.get(taken..).unwrap_or_default();
            self.left -= taken;
            return None;
        }
        while let (Some(slot), Some((byte, after))) =
            (self.header.get_mut(self.header_has), rest.split_first())
        {
            *slot = *byte;
            *rest = after;
            self.header_has += 1;
        }
        if self.header_has < HEADER {
            return None;
        }
        let frame = Frame::parse(self.header);
        (self.header_has, self.left, self.inside) = (0, frame.length, Some(frame));
        self.inside
    }

    /// Whether nothing has begun that is not whole. Before the first frame nothing is.
    fn is_between(&self) -> bool {
        self.left == 0 && self.header_has == 0 && self.inside.is_some()
    }

    /// The frame whose bytes are coming.
    fn inside(&self) -> Option<Frame> {
        self.inside.filter(|_| self.left > 0)
    }
}

#[derive(Clone, Copy, Debug)]
struct Limit {
    at_once: usize,
    each_second: usize,
}

/// So much at once, and more as time goes by.
#[derive(Debug)]
struct Allowance {
    limit: Limit,
    left: usize,
    filled: Instant,
}

impl Allowance {
    const fn new(limit: Limit, now: Instant) -> Self {
        Self { limit, left: limit.at_once, filled: now }
    }

    fn give(&mut self, more: usize) {
        self.left = self.left.saturating_add(more).min(self.limit.at_once);
    }

    fn take(&mut self, now: Instant, what: &'static str) -> Result<(), Flood> {
        if self.left == 0 {
            let since = now.saturating_duration_since(self.filled).min(LONGEST);
            let more = since.as_millis() as usize * self.limit.each_second / 1000;
            self.give(more);
            if more > 0 {
                self.filled = now;
            }
        }
        self.left = self.left.checked_sub(1).ok_or(Flood(what))?;
        Ok(())
    }
}

/// Enough to fill any allowance.
const LONGEST: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests;
