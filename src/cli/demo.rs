//! `doorward demo`: the whole thing on this machine, with nothing else installed.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroU8, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use tokio::sync::watch;

use super::{Failure, clock, serve};
use crate::app::Core;
use crate::auth::account::{AccountDraft, Added};
use crate::config::settings::{
    Database, IdentityHeaders, Limits, Listen, ListenMode, Log, LogFormat, MailSettings,
    MailTransport, Otp, PasswordHashing, Portal, Sessions, Settings, Site, Upstream,
    UpstreamTimeouts,
};
use crate::domain::address::TrustedProxies;
use crate::domain::email::EmailAddress;
use crate::domain::entropy::{self, OsEntropy};
use crate::domain::host::{HostName, Origin, Scheme};
use crate::domain::quota::Rate;
use crate::domain::rule::{PathPattern, Requirement, Rule, Unauthenticated};
use crate::domain::secret::Password;
use crate::notify::inbox::Inbox;
use crate::proxy::PlainServer;
use crate::proxy::listener::Listener;
use crate::templates::Templates;

mod pages;

#[derive(Debug, clap::Args)]
pub(super) struct DemoArgs {
    /// The port of the gateway on this machine; the next free one if it is taken, any free one for 0.
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// Where the demo keeps its database. A new folder, removed at the end, unless you name one.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

const USERNAME: &str = "ada";
const EMAIL: &str = "ada@example.org";

pub(super) async fn run(args: &DemoArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let folder = Folder::make(args.folder.clone())?;
    let inbox = Arc::new(Inbox::default());
    let templates = Templates::default();
    let (stop_side, side_stop) = watch::channel(false);
    let gateway = free_port(args.port).await?;
    let inbox_page = pages::InboxPage::new(&templates, Arc::clone(&inbox), gateway)?;
    let inbox_address = side_server(inbox_page, gateway.saturating_add(1), &side_stop).await?;
    let sample = pages::SampleApp::new(&templates, inbox_address)?;
    let sample_address = side_server(sample, 0, &side_stop).await?;

    let settings = settings(folder.path(), gateway, sample_address)?;
    serve::start_logs(&settings.log)?;
    let password = make_account(&settings).await?;
    let done = serve::serve(&settings, inbox, |_| {
        tell(out, gateway, inbox_address, &password, folder.path())
    })
    .await;
    let _ = stop_side.send(true);
    writeln!(out, "\nThe demo is over.")?;
    done
}

fn tell(
    out: &mut dyn Write,
    gateway: u16,
    inbox: SocketAddr,
    password: &str,
    folder: &Path,
) -> std::io::Result<()> {
    writeln!(out, "doorward demo: a sample app behind a login, all on this machine.\n")?;
    writeln!(out, "  1. Open      http://localhost:{gateway}/")?;
    writeln!(out, "  2. Sign in   username {USERNAME}")?;
    writeln!(out, "               password {password}")?;
    writeln!(out, "  3. The code  is in the inbox: http://localhost:{}/\n", inbox.port())?;
    writeln!(out, "Everything is kept in {} and nowhere else.", folder.display())?;
    writeln!(out, "Ctrl-C ends the demo.")?;
    out.flush()
}

/// The folder of the demo: removed at the end if the demo made it.
struct Folder {
    path: PathBuf,
    is_ours: bool,
}

impl Folder {
    fn make(named: Option<PathBuf>) -> Result<Self, Failure> {
        let is_ours = named.is_none();
        let path = named.unwrap_or_else(|| {
            let suffix = BASE32_NOPAD.encode(&entropy::bytes::<5>(&OsEntropy)).to_ascii_lowercase();
            std::env::temp_dir().join(format!("doorward-demo-{suffix}"))
        });
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        Ok(Self { path, is_ours })
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_ours {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// `wanted`, or the first of the ports after it that is free.
async fn free_port(wanted: u16) -> Result<u16, Failure> {
    for port in wanted..=wanted.saturating_add(50) {
        if let Ok(listener) = tokio::net::TcpListener::bind(loopback(port)).await {
            return Ok(listener.local_addr()?.port());
        }
    }
    Err(Failure::Refused(format!(
        "no port from {wanted} on is free; name another: --port 0 takes any"
    )))
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

async fn side_server<A: crate::proxy::Answer + 'static>(
    answer: A,
    wanted: u16,
    stop: &watch::Receiver<bool>,
) -> Result<SocketAddr, Failure> {
    let port = if wanted == 0 { 0 } else { free_port(wanted).await? };
    let listener =
        Listener::bind(loopback(port), None).await.map_err(crate::app::StartError::from)?;
    let address = listener.address().unwrap_or_else(|| loopback(port));
    let app = Arc::new(PlainServer::new(answer));
    tokio::spawn(listener.serve(app, stop.clone(), Duration::from_secs(1)));
    Ok(address)
}

/// Makes the account with a new password, or gives the one of an earlier demo in the same folder a new one.
async fn make_account(settings: &Settings) -> Result<String, Failure> {
    let core = Core::open(settings, clock()).await?;
    let text = readable_password();
    let refused = |what: &str| Failure::Refused(what.to_owned());
    let password = Password::new(text.clone()).ok_or_else(|| refused("no password was made"))?;
    let draft = AccountDraft {
        username: USERNAME.parse().map_err(|_| refused("the demo's name is none"))?,
        email: email()?,
        full_name: "Ada Lovelace".parse().ok(),
        groups: ["admins", "staff"].iter().filter_map(|group| group.parse().ok()).collect(),
        password: Some(password.clone()),
    };
    let added = core.auth.add_account(draft, core.clock.now()).await;
    let failed = |error: crate::auth::account::AccountError| Failure::Refused(error.to_string());
    if let Added::UsernameTaken | Added::EmailTaken = added.map_err(failed)? {
        let login = USERNAME.parse().map_err(|_| refused("the demo's name is none"))?;
        let account = super::accounts::named(&core, &login).await?;
        core.auth.set_password(account.id, password).await.map_err(failed)?;
    }
    Ok(text)
}

/// Sixteen letters in groups of four: 80 bits, easy to type.
fn readable_password() -> String {
    let text = BASE32_NOPAD.encode(&entropy::bytes::<10>(&OsEntropy)).to_ascii_lowercase();
    let groups: Vec<&str> =
        (0..text.len()).step_by(4).filter_map(|at| text.get(at..at + 4)).collect();
    groups.join("-")
}

fn email() -> Result<EmailAddress, Failure> {
    EMAIL.parse().map_err(|_| Failure::Refused("the demo's address is none".into()))
}

fn settings(folder: &Path, gateway: u16, sample: SocketAddr) -> Result<Settings, Failure> {
    let broken = || Failure::Refused("the demo's settings are broken".into());
    let host: HostName = "localhost".parse().map_err(|_| broken())?;
    let origin = Origin { scheme: Scheme::Http, host, port: Some(gateway) };
    let rate = |text: &str| text.parse::<Rate>().map_err(|_| broken());
    let six = |number: u8| NonZeroU8::new(number).ok_or_else(broken);
    let rule = |path: Option<PathPattern>, requirement| Rule {
        path,
        methods: Vec::new(),
        networks: Vec::new(),
        requirement,
        groups: Vec::new(),
        unauthenticated: Unauthenticated::ByRequest,
        fresh: None,
    };
    let public = "/public/**".parse().map_err(|_| broken())?;
    Ok(Settings {
        listen: vec![Listen { address: loopback(gateway), mode: ListenMode::Plain }],
        admin: Some(loopback(0)),
        portal: Portal {
            origin: origin.clone(),
            name: "Example Wiki".into(),
            logo: None,
            accent: None,
            templates: None,
        },
        trusted_proxies: TrustedProxies::default(),
        secret_file: folder.join("secret"),
        previous_secret_file: None,
        accounts: Database::Sqlite(folder.join("doorward.db")),
        mail: MailSettings {
            from_name: Some("Example Wiki".into()),
            from: "no-reply@example.org".parse().map_err(|_| broken())?,
            transport: MailTransport::Inbox,
        },
        limits: Limits {
            sign_in: rate("20/5m")?,
            verify: rate("20/5m")?,
            resend: rate("10/10m")?,
            code_request: rate("20/1h")?,
        },
        otp: Otp {
            lifetime: Duration::from_secs(600),
            attempts: six(5)?,
            sends: six(3)?,
            cool_down: Duration::from_secs(30),
        },
        session: Sessions {
            lifetime: Duration::from_secs(12 * 3600),
            idle: Duration::from_secs(3600),
            remember: Duration::from_secs(30 * 86_400),
        },
        password_hash: PasswordHashing {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            threads: NonZeroUsize::MIN,
            queue: 16,
        },
        sites: vec![Site {
            origin,
            upstreams: vec![Upstream {
                tls: false,
                host: sample.ip().to_string(),
                port: sample.port(),
            }],
            rules: vec![
                rule(Some(public), Requirement::Bypass),
                rule(None, Requirement::TwoFactor),
            ],
            headers: IdentityHeaders::default(),
            preserve_host: true,
            timeouts: UpstreamTimeouts {
                connect: Duration::from_secs(5),
                read: Duration::from_secs(60),
                write: Duration::from_secs(60),
            },
        }],
        log: Log { format: LogFormat::Human, filter: "warn".into() },
    })
}
