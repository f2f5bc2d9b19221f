//! Many connections, and slow ones: memory stays bounded, and others are served meanwhile (S53).

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::support::browser::Request;
use crate::support::http::{PATIENCE, read_response};
use crate::support::site::{Setup, Site};
use crate::support::tools::eventually;

/// Resident memory of a process, in bytes.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn s53_two_thousand_idle_connections_cost_little_each_and_harm_nobody() {
    const MANY: usize = 2000;
    let top = vec![format!("connections: {{ total: {}, per_address: {MANY} }}", MANY + 100)];
    let site = Site::with(Setup { top, people: vec![], ..Setup::default() }).await;
    let request = Request::get("/_doorward/jwks.json").bytes(&site.host);
    let ask = async || {
        let mut stream = TcpStream::connect(site.address).await.expect("a connection");
        stream.write_all(&request).await.expect("it is sent");
        let answer = timeout(PATIENCE, read_response(&mut stream, &mut Vec::new(), false)).await;
        answer.expect("in time").expect("an answer").expect(200);
        stream
    };
    let mut held = Vec::new();
    // What is made once at first use is not the connections' cost.
    for _ in 0..50 {
        held.push(ask().await);
    }
    let before = memory(site.pid());
    while held.len() < MANY {
        held.push(ask().await);
    }
    let each = (memory(site.pid()) - before) / (MANY as u64 - 50);
    println!("{each} bytes each");
    assert!(each < 60_000, "an idle connection costs {each} bytes");
    // The share of one address is used up; somebody else finds room.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(site.address).await.unwrap();
    let began = Instant::now();
    other.write_all(&request).await.unwrap();
    read_response(&mut other, &mut Vec::new(), false).await.unwrap().expect(200);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

/// slowhttptest; `None`, having said so, where it is not installed. In CI it has to be.
fn slowhttptest() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path);
    let found = folders.find_map(|folder| {
        let program = folder.join("slowhttptest");
        program.is_file().then_some(program)
    });
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "slowhttptest: scripts/test installs it");
        eprintln!("SKIPPED: slowhttptest is not installed here");
    }
    found
}

#[tokio::test]
async fn s53_slowhttptest_takes_the_site_from_nobody() {
    let Some(program) = slowhttptest() else { return };
    let limits =
        "total: 2000, per_address: 1000, head_timeout: 3s, body_timeout: 3s, send_timeout: 3s";
    let top = vec![format!("connections: {{ {limits} }}")];
    // It takes no host but that of the address.
    let more_sites = vec![
        "{ host: 127.0.0.1, upstreams: [\"UPSTREAM\"], rules: [{ policy: bypass }] }".to_owned(),
    ];
    let site = Site::with(Setup { top, more_sites, people: vec![], ..Setup::default() }).await;
    let attack = |path: &str, connections: &'static str, kind: &'static [&'static str]| {
        let (program, folder) = (program.clone(), site.path(""));
        let url = format!("http://{}{path}", site.address);
        // For eight seconds.
        spawn_blocking(move || -> Output {
            let common =
                ["-c", connections, "-r", "150", "-i", "1", "-l", "8", "-p", "3", "-u", &url];
            let mut command = Command::new(program);
            command.args(kind).args(common).current_dir(folder);
            command.output().expect("slowhttptest runs")
        })
    };
    let attacks = async {
        tokio::join!(
            attack("/public/a", "150", &["-H"]),
            attack("/public/a", "150", &["-B", "-s", "8192"]),
            attack("/public/a", "150", &["-R"]),
            attack(
                "/public/big",
                "15",
                &["-X", "-w", "512", "-y", "1024", "-n", "2", "-z", "32", "-k", "1"]
            ),
        )
    };
    let others = async {
        let mut slowest = Duration::ZERO;
        let mut ticks = tokio::time::interval(Duration::from_millis(250));
        for _ in 0..24 {
            ticks.tick().await;
            let began = Instant::now();
            site.send(Request::get("/public/a")).await.expect(200);
            slowest = slowest.max(began.elapsed());
        }
        slowest
    };
    let ((head, body, range, read), slowest) = tokio::join!(attacks, others);
    for output in [head, body, range, read] {
        let output = output.expect("it ran");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!told.contains("service available:   NO"), "{told}");
    }
    println!("the slowest answer to others took {slowest:?}");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let metrics = site.metrics().await;
    for reason in ["head_timeout", "body_timeout"] {
        let ended = metrics.sum("doorward_connections_ended_total", &[("reason", reason)]);
        assert!(ended > 50.0, "{reason}: {ended}");
    }
    eventually("the end of the crowd", async || {
        (site.metrics().await.sum("doorward_connections", &[]) < 10.0).then_some(())
    })
    .await;
}
