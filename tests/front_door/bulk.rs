//! What apps send and take besides whole small answers: bodies of any size, hints, parts.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::support::browser::{Browser, Request};
use crate::support::http::{PATIENCE, read_head, read_more, read_response, read_until};
use crate::support::site::{ADA, Setup, Site};

const MIB: usize = 1 << 20;

/// 256 MiB, or what `DOORWARD_TEST_MIB` says, for who wants to see more go through.
fn size() -> usize {
    let told =
        std::env::var_os("DOORWARD_TEST_MIB").and_then(|mib| mib.to_str()?.parse::<usize>().ok());
    told.unwrap_or(256) * MIB
}

/// An app that sends as much as is asked for, and counts what it gets.
async fn an_app_with_large_files() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut pending = Vec::new();
    loop {
        let end = read_until(&mut stream, &mut pending, b"\r\n\r\n").await?;
        let head = String::from_utf8_lossy(&pending[..end]).to_ascii_lowercase();
        pending.drain(..end + 4);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut left: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        let answer = if head.starts_with("post") {
            let mut buffer = vec![0; 256 * 1024];
            let mut sum = 0;
            while left > 0 {
                if pending.is_empty() {
                    let read = stream.read(&mut buffer).await?;
                    pending.extend_from_slice(&buffer[..read]);
                }
                let take = pending.len().min(left);
                sum += take;
                left -= take;
                pending.drain(..take);
            }
            format!("{sum}")
        } else if head.starts_with("get /hints") {
            stream
                .write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
                .await?;
            "hinted".to_owned()
        } else if let Some(range) = head.lines().find_map(|line| line.strip_prefix("range: ")) {
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: {}/9\r\nETag: \"a\"\r\nContent-Length: 3\r\n\r\nabc",
                range.trim().replace('=', " ")
            );
            stream.write_all(head.as_bytes()).await?;
            continue;
        } else {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", size());
            stream.write_all(head.as_bytes()).await?;
            let block = vec![b'd'; MIB];
            for _ in 0..size() / MIB {
                stream.write_all(&block).await?;
            }
            continue;
        };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
        stream.write_all(head.as_bytes()).await?;
    }
}

/// The most memory that the process has had, in KiB.
fn peak(site: &Site) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", site.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn large_bodies_go_both_ways_in_little_memory() {
    let app = an_app_with_large_files().await;
    let setup = Setup { upstream: Some(app), people: vec![ADA], ..Setup::default() };
    let site = Site::with(setup).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let before = peak(&site);

    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(&ada.prepare(Request::get("/film"))).await.unwrap();
    let mut pending = Vec::new();
    let (status, _) =
        timeout(PATIENCE, read_head(&mut stream, &mut pending)).await.unwrap().unwrap();
    assert_eq!(status, 200);
    let mut got = pending.len();
    let mut buffer = vec![0; 256 * 1024];
    while got < size() {
        let read = timeout(PATIENCE, stream.read(&mut buffer)).await.expect("it goes on").unwrap();
        assert_ne!(read, 0, "it broke off after {got} bytes");
        got += read;
    }
    assert_eq!(got, size());

    let head = Request::post("/upload").header("Content-Length", &size().to_string());
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(&ada.prepare(head)).await.unwrap();
    let block = vec![b'u'; MIB];
    for _ in 0..size() / MIB {
        timeout(PATIENCE, stream.write_all(&block)).await.expect("it goes on").unwrap();
    }
    let answer = timeout(PATIENCE, read_response(&mut stream, &mut Vec::new(), false)).await;
    assert_eq!(answer.expect("it is answered").unwrap().text(), size().to_string());

    let grown = peak(&site) - before;
    eprintln!("{} MiB each way: the peak grew by {grown} KiB from {before} KiB", size() / MIB);
    assert!(grown < 24 * 1024, "the peak grew by {grown} KiB from {before} KiB");
}

#[tokio::test]
async fn hints_come_before_the_answer_and_parts_as_they_were_asked_for() {
    let app = an_app_with_large_files().await;
    let setup = Setup { upstream: Some(app), people: vec![ADA], ..Setup::default() };
    let site = Site::with(setup).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;

    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(&ada.prepare(Request::get("/hints"))).await.unwrap();
    let mut pending = Vec::new();
    let (status, headers) =
        timeout(PATIENCE, read_head(&mut stream, &mut pending)).await.unwrap().unwrap();
    assert_eq!(status, 103);
    let link = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("link"));
    assert_eq!(link.map(|(_, value)| value.as_str()), Some("</a.css>; rel=preload"));
    let (status, _) =
        timeout(PATIENCE, read_head(&mut stream, &mut pending)).await.unwrap().unwrap();
    assert_eq!(status, 200);
    while pending.len() < "hinted".len() {
        timeout(PATIENCE, read_more(&mut stream, &mut pending)).await.unwrap().unwrap();
    }
    assert_eq!(pending, b"hinted");

    let part = Request::get("/film").header("Range", "bytes=0-2").header("If-Range", "\"a\"");
    let answer = ada.send(part).await.expect(206);
    assert_eq!(answer.header("content-range"), Some("bytes 0-2/9"));
    assert_eq!((answer.text().as_str(), answer.header("etag")), ("abc", Some("\"a\"")));
}
