//! The PROXY protocol, versions 1 and 2: by it a proxy that passes bytes on says, before the first of them, from whom
//! they are. Only trusted proxies are listened to, and only at listeners that expect it, so that nobody speaks for
//! others; there a connection without it is none.

use std::io;
use std::net::SocketAddr;

use ppp::v1::Addresses as Text;
use ppp::v2::{Addresses as Binary, Command};
use ppp::{v1, v2};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// The longest line of version 1, its end included.
const LINE: usize = 107;
/// The most that version 2 may say after its first 16 bytes: addresses, and what else proxies tell, of which we take
/// nothing.
const MOST: usize = 4096;
/// The words of such a line that tells of addresses: the reader lets a space at its end pass.
const WORDS: usize = 6;
/// As long as what every header begins with; the shortest of all has three bytes more.
const MARK: usize = 12;

/// Reads the header that `stream` begins with, and not a byte more. Says whose connection it is; `None` when it is the
/// proxy's own, as one by which it sees whether we live.
pub(super) async fn read(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let mut mark = [0; MARK];
    stream.read_exact(&mut mark).await?;
    if mark == *v2::PROTOCOL_PREFIX {
        let header = binary(stream, mark).await?;
        return told_by_binary(&header);
    }
    if !mark.starts_with(b"PROXY ") {
        return Err(broken("there is none"));
    }
    told_by_text(&text(stream, mark).await?)
}

async fn binary(stream: &mut TcpStream, mark: [u8; MARK]) -> io::Result<Vec<u8>> {
    let mut rest = [0; 4];
    stream.read_exact(&mut rest).await?;
    let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
    if length > MOST {
        return Err(broken("it is too long"));
    }
    let begun = MARK + rest.len();
    let mut header = [mark.as_slice(), &rest].concat();
    header.resize(begun + length, 0);
    stream.read_exact(header.get_mut(begun..).unwrap_or_default()).await?;
    Ok(header)
}

/// The line to its end. What follows it stays where it is.
async fn text(stream: &mut TcpStream, mark: [u8; MARK]) -> io::Result<Vec<u8>> {
    let mut line = mark.to_vec();
    while line.len() < LINE {
        let mut seen = [0; LINE];
        let left = LINE - line.len();
        let count = stream.peek(seen.get_mut(..left).unwrap_or_default()).await?;
        let seen = seen.get(..count).unwrap_or_default();
        let end = seen.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(count, |end| end + 1);
        if taken == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let begun = line.len();
        line.resize(begun + taken, 0);
        stream.read_exact(line.get_mut(begun..).unwrap_or_default()).await?;
        if end.is_some() {
            return Ok(line);
        }
    }
    Err(broken("its line has no end"))
}

fn told_by_text(line: &[u8]) -> io::Result<Option<SocketAddr>> {
    let header = v1::Header::try_from(line).map_err(|_| broken("its line cannot be read"))?;
    if header.addresses != Text::Unknown && line.split(|byte| *byte == b' ').count() != WORDS {
        return Err(broken("its line has more than it should"));
    }
    Ok(match header.addresses {
        Text::Unknown => None,
        Text::Tcp4(told) => Some((told.source_address, told.source_port).into()),
        Text::Tcp6(told) => Some((told.source_address, told.source_port).into()),
    })
}

fn told_by_binary(header: &[u8]) -> io::Result<Option<SocketAddr>> {
    let header = v2::Header::try_from(header).map_err(|_| broken("it cannot be read"))?;
    if header.protocol == v2::Protocol::Datagram {
        return Err(broken("it tells of datagrams"));
    }
    Ok(match (header.command, header.addresses) {
        (Command::Local, _) | (_, Binary::Unspecified | Binary::Unix(_)) => None,
        (Command::Proxy, Binary::IPv4(told)) => {
            Some((told.source_address, told.source_port).into())
        }
        (Command::Proxy, Binary::IPv6(told)) => {
            Some((told.source_address, told.source_port).into())
        }
    })
}

/// Whom these bytes tell of as a line, as far as one is read, and as a whole header in binary: for whoever tries it.
pub(super) fn told(bytes: &[u8]) -> (Option<SocketAddr>, Option<SocketAddr>) {
    let line = bytes.iter().position(|byte| *byte == b'\n').and_then(|end| bytes.get(..=end));
    let by_text = line.and_then(|line| told_by_text(line).ok().flatten());
    (by_text, told_by_binary(bytes).ok().flatten())
}

fn broken(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    /// What is read when these bytes come, in `pieces` writes, and what is left for others.
    async fn read_from(bytes: &[u8], pieces: usize) -> (io::Result<Option<SocketAddr>>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.set_nodelay(true).unwrap();
        let (mut ours, _) = listener.accept().await.unwrap();
        let sending = async move {
            for piece in bytes.chunks(bytes.len().div_ceil(pieces)) {
                let _ = client.write_all(piece).await;
                tokio::task::yield_now().await;
            }
        };
        let reading = async {
            let told = read(&mut ours).await;
            let mut left = Vec::new();
            if told.is_ok() {
                ours.read_to_end(&mut left).await.unwrap();
            }
            (told, left)
        };
        let both = async { tokio::join!(reading, sending).0 };
        timeout(Duration::from_secs(10), both).await.unwrap()
    }

    fn version_2(command: u8, family: u8, addresses: &[u8], length: usize) -> Vec<u8> {
        let length = u16::try_from(length).unwrap().to_be_bytes();
        [v2::PROTOCOL_PREFIX, &[0x20 | command, family], &length, addresses].concat()
    }

    const IPV4: [u8; 12] = [192, 0, 2, 7, 10, 0, 0, 1, 0xd4, 0x31, 1, 0xbb];

    #[tokio::test]
    async fn s45_what_a_proxy_tells_is_read_whole_or_in_pieces_and_not_a_byte_more() {
        let client: SocketAddr = "192.0.2.7:54321".parse().unwrap();
        let mut ipv6 = [0; 36];
        ipv6[..16].copy_from_slice(&"2001:db8::7".parse::<std::net::Ipv6Addr>().unwrap().octets());
        ipv6[32..34].copy_from_slice(&54321_u16.to_be_bytes());
        let more = [&IPV4[..], &[0x04, 0, 3, 1, 2, 3]].concat();
        for (header, told) in [
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 443\r\n".to_vec(), Some(client)),
            (
                b"PROXY TCP6 2001:db8::7 ::1 54321 443\r\n".to_vec(),
                Some("[2001:db8::7]:54321".parse().unwrap()),
            ),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN anything at all\r\n".to_vec(), None),
            (version_2(1, 0x11, &IPV4, 12), Some(client)),
            (version_2(1, 0x21, &ipv6, 36), Some("[2001:db8::7]:54321".parse().unwrap())),
            (version_2(1, 0x11, &more, 18), Some(client)),
            (version_2(0, 0x00, &[], 0), None),
            (version_2(0, 0x11, &IPV4, 12), None),
            (version_2(1, 0x00, &[9; 30], 30), None),
            (version_2(1, 0x31, &[0; 216], 216), None),
        ] {
            for pieces in [1, 2, 7, header.len()] {
                let bytes = [&header[..], b"GET / HTTP/1.1\r\n\n"].concat();
                let (found, left) = read_from(&bytes, pieces).await;
                assert_eq!(found.unwrap(), told, "{}", header.escape_ascii());
                assert_eq!(left, b"GET / HTTP/1.1\r\n\n", "{}", header.escape_ascii());
            }
        }
    }

    #[tokio::test]
    async fn s45_what_is_no_such_header_or_has_no_end_is_refused() {
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(100));
        for bytes in [
            &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            b"PROXY TCP4 192.0.2.7 10.0.0.1 54321\r\n",
            b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 443\n",
            b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 99999\r\n",
            b"PROXY TCP4 2001:db8::7 ::1 54321 443\r\n",
            b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 443 \r\n",
            b"PROXY TCP4 192.0.2.7 10.0.0.1 54321 443 GET / HTTP/1.1\r\n",
            b"proxy TCP4 192.0.2.7 10.0.0.1 54321 443\r\n",
            b"PROXY UNKNOWN",
            long.as_bytes(),
            &version_2(1, 0x11, &IPV4, 11),
            &version_2(1, 0x11, &IPV4[..5], 12),
            &version_2(1, 0x12, &IPV4, 12),
            &version_2(2, 0x11, &IPV4, 12),
            &version_2(1, 0x51, &IPV4, 12),
            &version_2(1, 0x11, &[0; 5000], 5000),
            &v2::PROTOCOL_PREFIX[..7],
        ] {
            let (found, _) = read_from(bytes, 1).await;
            assert!(found.is_err(), "{} was taken as {found:?}", bytes.escape_ascii());
        }
    }
}
