//! `doorward demo`: the whole thing on this machine, with nothing else installed.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{Failure, clock, serve, signals};
use crate::app::demo::{Demo, DemoError, USERNAME};

#[derive(Debug, clap::Args)]
pub(super) struct DemoArgs {
    /// The port of the gateway on this machine; the next free one if it is taken, any free one for 0.
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// Where the demo keeps its database. A new folder, removed at the end, unless you name one.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(super) async fn run(args: &DemoArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let orders = signals::to_stop()?;
    let demo = Demo::prepare(args.port, args.folder.clone(), clock(), &orders.stop).await;
    let demo = demo.map_err(|error| match error {
        DemoError::Start(error) => Failure::Start(error),
        other => Failure::Refused(other.to_string()),
    })?;
    serve::start_logs(&demo.log)?;
    tell(out, &demo)?;
    demo.server.run(orders).await;
    writeln!(out, "\nThe demo is over.")?;
    Ok(ExitCode::SUCCESS)
}

fn tell(out: &mut dyn Write, demo: &Demo) -> std::io::Result<()> {
    writeln!(out, "doorward demo: a sample app behind a login, all on this machine.\n")?;
    writeln!(out, "  1. Open      http://localhost:{}/", demo.gateway.port())?;
    writeln!(out, "  2. Sign in   username {USERNAME}")?;
    writeln!(out, "               password {}", demo.password)?;
    writeln!(out, "  3. The code  is in the inbox: http://localhost:{}/\n", demo.inbox.port())?;
    writeln!(out, "Everything is kept in {} and nowhere else.", demo.folder.display())?;
    writeln!(out, "Ctrl-C ends the demo.")?;
    out.flush()
}
