//! How doorward ends, and how another process goes on in its place; what a service manager gives it and hears of it.

use std::net::TcpListener;
use std::process::Command;
use std::time::Instant;

use command_fds::{CommandFdExt, FdMapping};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::browser::{Browser, Request};
use crate::support::changes::signal;
use crate::support::http::{PATIENCE, read_chunk, read_head, read_response};
use crate::support::load::Load;
use crate::support::process::{AT_ONCE, Ends, Manager, wait_for_end};
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::eventually;

/// Asks the process for a successor, and waits for it.
async fn succeed(site: &Site, pid: u32) -> Ends {
    let before = site.logged("another process serves").len();
    signal(pid, "QUIT");
    let successor = eventually("a successor", async || {
        let told = site.logged("another process serves");
        (told.len() > before).then(|| told.last().unwrap()["successor"].as_u64().unwrap())
    })
    .await;
    Ends(u32::try_from(successor).unwrap())
}

#[tokio::test]
async fn three_successions_under_load_lose_no_request() {
    let setup = Setup { log: "info,doorward::access=warn".to_owned(), ..Setup::default() };
    let mut site = Site::with(setup).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let request = ada.prepare(Request::get("/private").navigate());
    let load = Load::start(site.address, &request, 8, 2);
    load.wait_for_more(100).await;

    let first = site.pid();
    let mut serving = Ends(first);
    for number in 1..=3 {
        // Half a sign-in on each side, so that mail is on its way while one worker ends and the other begins.
        let grace = Browser::new(&site);
        grace.submit_password(GRACE.username, GRACE.password).await.expect(303);
        let successor = succeed(&site, serving.0).await;
        let code = site.mailbox.next_code_to(GRACE.email).await.code();
        grace.submit_code(&code).await.expect(303);
        assert!(grace.is_signed_in().await, "succession {number}");
        assert!(ada.is_signed_in().await, "sessions go on");
        load.wait_for_more(100).await;
        if number == 1 {
            assert!(site.ended().await.success(), "the first ends by itself");
        } else {
            wait_for_end(serving.0).await;
        }
        serving = successor;
    }
    let (answered, lost) = load.end().await;
    eprintln!("three successions: {answered} requests answered, {} lost", lost.len());
    assert!(lost.is_empty(), "{} of {answered} lost: {lost:?}", lost.len());
    assert!(site.mailbox.take_code(GRACE.email).is_none(), "no mail went twice");
    site.ask_admin("/readyz").await.expect(200);
    serving.stop().await;
}

#[tokio::test]
async fn s35_what_is_under_way_goes_on_in_the_old_process_and_a_session_that_ends_ends_there_too() {
    let site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    // One request under way, and one connection that waits for its next.
    let mut under_way = TcpStream::connect(site.address).await.unwrap();
    under_way.write_all(&ada.prepare(Request::get("/stream"))).await.unwrap();
    let mut pending = Vec::new();
    timeout(PATIENCE, read_head(&mut under_way, &mut pending)).await.unwrap().unwrap();
    let mut idle = [
        TcpStream::connect(site.address).await.unwrap(),
        TcpStream::connect(site.address).await.unwrap(),
    ];
    let request = ada.prepare(Request::get("/private").navigate());
    for stream in &mut idle {
        stream.write_all(&request).await.unwrap();
        let answer = read_response(stream, &mut Vec::new(), false).await.unwrap();
        assert_eq!(answer.status, 200);
        assert_ne!(answer.header("connection"), Some("close"));
    }

    let successor = succeed(&site, site.pid()).await;
    site.upstream.release_one();
    let chunk = timeout(PATIENCE, read_chunk(&mut under_way, &mut pending)).await;
    assert!(!chunk.unwrap().unwrap().is_empty());
    let [first, second] = &mut idle;
    first.write_all(&request).await.unwrap();
    let answer = read_response(first, &mut Vec::new(), false).await.unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));

    // Ended elsewhere: the command comes back once all processes have noticed.
    site.cli(&["sessions", "revoke", "--account", "ada"], "").await;
    second.write_all(&request).await.unwrap();
    let answer = read_response(second, &mut Vec::new(), false).await.unwrap();
    assert_eq!(answer.status, 303, "{}", answer.everything());
    drop(under_way);
    successor.stop().await;
}

#[tokio::test]
async fn a_successor_that_cannot_start_changes_nothing_and_says_why() {
    let mut site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    site.edit("policy: deny", "policy: denied");
    site.signal("QUIT");
    let told =
        eventually("a word of why", async || site.logged("there is no successor").first().cloned())
            .await;
    let why = told["error"].as_str().unwrap();
    assert!(why.contains("doorward.yaml:") && why.contains("denied"), "{why}");
    ada.get("/private").await.expect(200);
    site.ask_admin("/readyz").await.expect(200);

    // What takes a restart comes into effect by it, on the same sockets and on new ones.
    site.edit("policy: denied", "policy: bypass");
    let another = crate::support::tools::free_port();
    let address = site.address;
    site.edit(
        &format!("{{ address: \"{address}\" }}]\nadmin"),
        &format!("{{ address: \"{address}\" }}, {{ address: \"127.0.0.1:{another}\" }}]\nadmin"),
    );
    let successor = succeed(&site, site.pid()).await;
    assert!(site.ended().await.success());
    let there = Browser::at(([127, 0, 0, 1], another).into(), &site.host);
    there.get("/closed/x").await.expect(200);
    Browser::new(&site).get("/closed/x").await.expect(200);
    successor.stop().await;
}

#[tokio::test]
async fn the_end_waits_for_what_is_under_way_but_not_for_ever() {
    let top = vec!["shutdown: { grace: 2s }".to_owned()];
    let mut site = Site::with(Setup { top, ..Setup::default() }).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let mut under_way = TcpStream::connect(site.address).await.unwrap();
    under_way.write_all(&ada.prepare(Request::get("/stream"))).await.unwrap();
    let mut pending = Vec::new();
    timeout(PATIENCE, read_head(&mut under_way, &mut pending)).await.unwrap().unwrap();

    site.signal("TERM");
    // Load balancers hear of it on the admin listener, which answers to the end.
    eventually("a 503 of /readyz", async || {
        (site.ask_admin("/readyz").await.status == 503).then_some(())
    })
    .await;
    site.upstream.release_one();
    let chunk = timeout(PATIENCE, read_chunk(&mut under_way, &mut pending)).await;
    assert!(!chunk.unwrap().unwrap().is_empty(), "what is under way goes on");
    eventually("no more connections to be taken", async || {
        TcpStream::connect(site.address).await.is_err().then_some(())
    })
    .await;
    let began = Instant::now();
    assert!(site.ended().await.success());
    assert!(began.elapsed() < AT_ONCE);
    assert_eq!(site.logged("were cut off").len(), 1, "{}", site.log());
}

#[tokio::test]
async fn a_delay_keeps_connections_coming_while_load_balancers_look_away() {
    let top = vec!["shutdown: { delay: 2s }".to_owned()];
    let mut site = Site::with(Setup { top, ..Setup::default() }).await;
    site.signal("TERM");
    eventually("a 503 of /readyz", async || {
        (site.ask_admin("/readyz").await.status == 503).then_some(())
    })
    .await;
    Browser::new(&site).get("/public/x").await.expect(200);
    assert!(site.ended().await.success());
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let mut site = Site::start().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    let mut under_way = TcpStream::connect(site.address).await.unwrap();
    under_way.write_all(&ada.prepare(Request::get("/stream"))).await.unwrap();
    timeout(PATIENCE, read_head(&mut under_way, &mut Vec::new())).await.unwrap().unwrap();
    site.signal("TERM");
    eventually("a 503 of /readyz", async || {
        (site.ask_admin("/readyz").await.status == 503).then_some(())
    })
    .await;
    let began = Instant::now();
    site.signal("INT");
    site.ended().await;
    assert!(began.elapsed() < AT_ONCE, "the grace is 30 s");
}

#[tokio::test]
async fn a_service_manager_gives_the_sockets_and_hears_how_it_goes() {
    let mut site = Site::prepared(&Setup::default()).await;
    let manager = Manager::at(&site.path("notify"));
    // Bound before doorward is, as by a socket unit; what comes early waits in it.
    let socket = TcpListener::bind(site.address).unwrap();
    let mut early = TcpStream::connect(site.address).await.unwrap();
    let request = Browser::new(&site).prepare(Request::get("/public/x"));
    early.write_all(&request).await.unwrap();

    // systemd names the process that the sockets are for, which a shell knows only of itself.
    let doorward = site.command();
    let mut command = Command::new("sh");
    command.args(["-c", "LISTEN_PID=$$ exec \"$0\" serve -c \"$1\""]);
    command.arg(doorward.get_program()).arg(site.config());
    command.envs(doorward.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(doorward.get_current_dir().unwrap());
    command.env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", "doorward.socket");
    command.env("NOTIFY_SOCKET", site.path("notify")).env("WATCHDOG_USEC", "400000");
    let mapping = FdMapping { parent_fd: socket.into(), child_fd: 3 };
    command.fd_mappings(vec![mapping]).unwrap();
    site.serve_by(command).await;
    let told = manager.hears("READY=1").await;
    assert!(told.contains("STATUS=serving"), "{told}");
    let answer = timeout(PATIENCE, read_response(&mut early, &mut Vec::new(), false)).await;
    assert_eq!(answer.unwrap().unwrap().status, 200, "it was not lost");
    manager.hears("WATCHDOG=1").await;
    manager.hears("WATCHDOG=1").await;

    site.signal("HUP");
    let told = manager.hears("RELOADING=1").await;
    assert!(told.contains("MONOTONIC_USEC="), "{told}");
    manager.hears("READY=1").await;
    site.edit("policy: deny", "policy: denied");
    let told = manager.hears("STATUS=serving; the configuration has faults").await;
    assert!(told.contains("READY=1"), "{told}");
    site.edit("policy: denied", "policy: deny");
    manager.hears("READY=1").await;

    let successor = succeed(&site, site.pid()).await;
    manager.hears(&format!("MAINPID={}", successor.0)).await;
    manager.hears("READY=1").await;
    manager.hears("WATCHDOG=1").await;
    Browser::new(&site).get("/public/x").await.expect(200);
    signal(successor.0, "TERM");
    manager.hears("STOPPING=1").await;
    wait_for_end(successor.0).await;
}
