//! `doorward health`: for container engines, which have no HTTP client in the image.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{ConfigArgs, Failure, settings};

#[derive(Debug, clap::Args)]
pub(super) struct HealthArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn run(args: &HealthArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let Some(admin) = settings(&args.config)?.admin else {
        return Err(Failure::Usage("the configuration has no admin address to ask".into()));
    };
    let asked = tokio::time::timeout(PATIENCE, ask(admin)).await;
    let away =
        |why: String| Failure::Refused(format!("doorward at {admin} does not answer: {why}"));
    let answer = asked
        .map_err(|_| away("no answer in time".into()))?
        .map_err(|error| away(error.to_string()))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    writeln!(out, "{}", body.trim())?;
    let ready = head.split(' ').nth(1) == Some("200");
    Ok(ExitCode::from(u8::from(!ready)))
}

async fn ask(admin: std::net::SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(admin).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
