//! A real app that nobody has changed: Radicale, a calendar server that believes the header of whoever signs users in.

use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::support::browser::{Browser, Request};
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::{eventually, free_port, python};

struct Radicale {
    child: Child,
    address: std::net::SocketAddr,
    _folder: TempDir,
}

impl Radicale {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let collections = folder.path().join("collections");
        let config = format!(
            "[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = http_x_remote_user\n[rights]\ntype = owner_only\n\
             [storage]\nfilesystem_folder = {}\n[web]\ntype = none\n",
            collections.display()
        );
        std::fs::write(folder.path().join("config"), config).expect("its configuration");
        let child = Command::new(python())
            .args(["-m", "radicale", "--config"])
            .arg(folder.path().join("config"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Radicale starts");
        let address = ([127, 0, 0, 1], port).into();
        eventually("Radicale to listen", async || TcpStream::connect(address).await.ok()).await;
        Self { child, address, _folder: folder }
    }
}

impl Drop for Radicale {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//test//EN\r\nBEGIN:VEVENT\r\nUID:engine\r\nDTSTAMP:18430101T000000Z\r\n\
    DTSTART:18430101T100000Z\r\nDTEND:18430101T110000Z\r\nSUMMARY:Note G\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[tokio::test]
async fn an_unchanged_calendar_server_knows_who_is_signed_in() {
    let radicale = Radicale::start().await;
    let site = [r#"headers: { user: X-Remote-User }"#.to_owned()].to_vec();
    let setup = Setup {
        upstream: Some(radicale.address),
        site,
        rules: vec!["{ policy: two_factor }".to_owned()],
        ..Setup::default()
    };
    let site = Site::with(setup).await;

    // Nobody gets to it unless signed in, whatever they say their name is.
    let liar =
        Request::new("PROPFIND", "/ada/").header("X-Remote-User", "ada").header("Depth", "0");
    site.send(liar).await.expect(401);

    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let properties = r#"<?xml version="1.0"?><propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>"#;
    let ask =
        || Request::new("PROPFIND", "/").header("Depth", "0").body("application/xml", properties);
    let told = ada.send(ask()).await.expect(207).text();
    assert!(told.contains("/ada/"), "Radicale knows ada: {told}");

    let calendar = Request::new("MKCALENDAR", "/ada/work/").header("Content-Length", "0");
    ada.send(calendar).await.expect(201);
    let event = Request::new("PUT", "/ada/work/engine.ics").body("text/calendar", EVENT);
    ada.send(event).await.expect(201);
    let kept = ada.send(Request::get("/ada/work/engine.ics")).await.expect(200);
    assert!(kept.text().contains("SUMMARY:Note G"));
    let listed = ada
        .send(
            Request::new("PROPFIND", "/ada/work/")
                .header("Depth", "1")
                .header("Content-Length", "0"),
        )
        .await;
    assert!(listed.expect(207).text().contains("engine.ics"));

    // Somebody else is somebody else, and no header makes them ada.
    let grace = Browser::new(&site);
    grace.sign_in(&site, &GRACE).await;
    assert!(grace.send(ask()).await.expect(207).text().contains("/grace/"));
    for forged in ["X-Remote-User", "x_remote_user", "X-REMOTE-USER", "X.Remote.User"] {
        let answer = grace.send(Request::get("/ada/work/engine.ics").header(forged, "ada")).await;
        assert!(matches!(answer.status, 403 | 404), "{forged}: {}", answer.status);
    }
}
