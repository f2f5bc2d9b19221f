//! The demo's composition: settings made here instead of read, a sample app behind, an inbox beside.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroU8, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use tokio::sync::watch;

use super::{Core, Inherited, Server, StartError};
use crate::auth::account::{AccountDraft, AccountError, Added};
use crate::auth::password::Serves;
use crate::config::settings::{
    Api, Assertion, Balance, Captcha, Database, Devices, Health, HttpVersion, IdentityHeaders,
    Limits, Listen, ListenMode, Log, LogFormat, MailSettings, MailTransport, Otp, PasswordHashing,
    Passwords, Portal, Rewriting, Sessions, Settings, Shutdown, Site, State, Upstream,
    UpstreamTimeouts, UpstreamTls,
};
use crate::domain::account::LoginName;
use crate::domain::address::TrustedProxies;
use crate::domain::assertion::AssertionAlgorithm;
use crate::domain::bearer::Bearer;
use crate::domain::captcha::CaptchaRules;
use crate::domain::connections::ConnectionLimits;
use crate::domain::entropy::{self, OsEntropy};
use crate::domain::host::{HostName, Origin, Scheme};
use crate::domain::password_rules::{DEFAULT_MIN_LENGTH, Owner};
use crate::domain::quota::Rate;
use crate::domain::registration::RegistrationRule;
use crate::domain::rule::{Effect, PathPattern, Preflight, Requirement, Rule, Unauthenticated};
use crate::domain::time::SharedClock;
use crate::notify::inbox::Inbox;
use crate::proxy::listener::Listener;
use crate::proxy::workers::Served;
use crate::proxy::{Answer, Ending, PlainServer};
use crate::templates::Templates;

mod pages;

/// The demo's account.
pub const USERNAME: &str = "ada";
const EMAIL: &str = "ada@example.org";

/// A demo that is ready to serve.
pub struct Demo {
    /// The gateway.
    pub server: Server,
    /// Where the gateway is.
    pub gateway: SocketAddr,
    /// Where the inbox is.
    pub inbox: SocketAddr,
    /// The password of the account, made for this demo.
    pub password: String,
    /// Where everything is kept.
    pub folder: PathBuf,
    /// What is logged.
    pub log: Log,
    _folder: Folder,
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The gateway.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The folder, or a port.
    #[error("{what}: {cause}")]
    Machine {
        /// What was wanted.
        what: String,
        /// Why it cannot be had.
        cause: std::io::Error,
    },
    /// The account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A fault of the demo itself.
    #[error("the demo's own {0} is broken")]
    Broken(&'static str),
}

impl Demo {
    /// Prepares a demo at `port` (or the next free one; any for 0), kept in `folder` or in a new folder that is removed
    /// with the demo. The servers beside the gateway end when `stop` says true.
    pub async fn prepare(
        port: u16,
        folder: Option<PathBuf>,
        clock: SharedClock,
        stop: &watch::Receiver<bool>,
    ) -> Result<Self, DemoError> {
        let kept = Folder::make(folder)?;
        let inbox = Arc::new(Inbox::default());
        let templates = Templates::default();
        let gateway = free_port(port).await?;
        let page = pages::InboxPage::new(&templates, Arc::clone(&inbox), gateway)?;
        let inbox_address = side_server(page, gateway.saturating_add(1), stop).await?;
        let sample = pages::SampleApp::new(&templates, inbox_address)?;
        let sample_address = side_server(sample, 0, stop).await?;
        let settings = settings(kept.path(), gateway, sample_address)?;
        let password = make_account(&settings, Arc::clone(&clock)).await?;
        Ok(Self {
            server: Server::prepare_with(&settings, clock, inbox, &mut Inherited::default())
                .await?,
            gateway: loopback(gateway),
            inbox: inbox_address,
            password,
            folder: kept.path().to_owned(),
            log: settings.log,
            _folder: kept,
        })
    }
}

/// The folder of the demo: removed at the end if the demo made it.
struct Folder {
    path: PathBuf,
    is_ours: bool,
}

impl Folder {
    fn make(named: Option<PathBuf>) -> Result<Self, DemoError> {
        let is_ours = named.is_none();
        let path = named.unwrap_or_else(|| {
            let suffix = BASE32_NOPAD.encode(&entropy::bytes::<5>(&OsEntropy)).to_ascii_lowercase();
            std::env::temp_dir().join(format!("doorward-demo-{suffix}"))
        });
        use std::os::unix::fs::DirBuilderExt;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(machine(&format!("cannot make the folder {}", path.display())))?;
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
async fn free_port(wanted: u16) -> Result<u16, DemoError> {
    let mut refused = std::io::Error::from(std::io::ErrorKind::AddrInUse);
    for port in wanted..=wanted.saturating_add(50) {
        match tokio::net::TcpListener::bind(loopback(port)).await {
            Ok(listener) => {
                let address = listener.local_addr().map_err(machine("no port was given"))?;
                return Ok(address.port());
            }
            Err(error) => refused = error,
        }
    }
    Err(machine(&format!("no port from {wanted} on is free; --port 0 takes any"))(refused))
}

fn machine(what: &str) -> impl FnOnce(std::io::Error) -> DemoError {
    let what = what.to_owned();
    move |cause| DemoError::Machine { what, cause }
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

async fn side_server<A: Answer + 'static>(
    answer: A,
    wanted: u16,
    stop: &watch::Receiver<bool>,
) -> Result<SocketAddr, DemoError> {
    let port = if wanted == 0 { 0 } else { free_port(wanted).await? };
    let listener = Listener::bind(loopback(port)).await.map_err(StartError::from)?;
    let address = listener.address().unwrap_or_else(|| loopback(port));
    let app = Arc::new(PlainServer::new(answer));
    tokio::spawn(
        listener.serve(Served::here(app), Ending::new(stop.clone(), Duration::from_secs(1))),
    );
    Ok(address)
}

/// Makes the account with a new password, or gives the one of an earlier demo in the same folder a new one.
async fn make_account(settings: &Settings, clock: SharedClock) -> Result<String, DemoError> {
    let core = Core::open(settings, clock, Serves::Nobody).await?;
    let text = readable_password();
    let login: LoginName = USERNAME.parse().map_err(|_| DemoError::Broken("name"))?;
    let judged = core.auth.new_password(text.clone().into(), Owner::default()).await;
    let password =
        judged.map_err(AccountError::from)?.map_err(|_| DemoError::Broken("password"))?;
    let draft = AccountDraft {
        username: USERNAME.parse().map_err(|_| DemoError::Broken("name"))?,
        email: EMAIL.parse().map_err(|_| DemoError::Broken("address"))?,
        full_name: "Ada Lovelace".parse().ok(),
        groups: ["admins", "staff"].iter().filter_map(|group| group.parse().ok()).collect(),
        password: Some(password.clone()),
    };
    if let Added::UsernameTaken | Added::EmailTaken =
        core.auth.add_account(draft, core.clock.now()).await?
    {
        let found = core.auth.find_account(&login).await.map_err(StartError::from)?;
        let account = found.ok_or(DemoError::Broken("account"))?;
        core.auth.set_password(account.id, password, core.clock.now()).await?;
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

fn settings(folder: &Path, gateway: u16, sample: SocketAddr) -> Result<Settings, DemoError> {
    let broken = || DemoError::Broken("configuration");
    let host: HostName = "localhost".parse().map_err(|_| broken())?;
    let origin = Origin { scheme: Scheme::Http, host, port: Some(gateway) };
    let rate = |text: &str| text.parse::<Rate>().map_err(|_| broken());
    let few = |number: u8| NonZeroU8::new(number).ok_or_else(broken);
    let rule = |path: Option<PathPattern>, requirement| Rule {
        path,
        methods: Vec::new(),
        networks: Vec::new(),
        requirement,
        groups: Vec::new(),
        unauthenticated: Unauthenticated::ByRequest,
        fresh: None,
        trusted_device: true,
        preflight: Preflight::Refuse,
        activity: true,
        effect: Effect::Decides,
    };
    let public = "/public/**".parse().map_err(|_| broken())?;
    Ok(Settings {
        listen: vec![Listen {
            address: loopback(gateway),
            proxy_protocol: false,
            mode: ListenMode::Plain,
        }],
        acme: None,
        admin: Some(loopback(0)),
        portal: Portal {
            origin: origin.clone(),
            name: "Example Wiki".into(),
            logo: None,
            accent: None,
            templates: None,
            single_sign_on: false,
        },
        trusted_proxies: TrustedProxies::default(),
        secret_file: folder.join("secret"),
        previous_secret_file: None,
        keys_file: folder.join("keys.json"),
        assertion: Assertion {
            algorithm: AssertionAlgorithm::default(),
            lifetime: Duration::from_secs(120),
        },
        accounts: Database::Sqlite(folder.join("doorward.db")),
        state: State::Embedded(folder.join("doorward.db")),
        outage_grace: Duration::from_secs(60),
        mail: MailSettings {
            from_name: Some("Example Wiki".into()),
            from: "no-reply@example.org".parse().map_err(|_| broken())?,
            transport: MailTransport::Inbox,
        },
        registration: RegistrationRule::Everybody,
        api: Api::default(),
        captcha: Captcha { rules: CaptchaRules::default(), provider: None },
        sms: None,
        connections: ConnectionLimits::default(),
        limits: Limits {
            sign_in: rate("20/5m")?,
            registration: rate("20/1h")?,
            reset: rate("20/1h")?,
            verify: rate("20/5m")?,
            resend: rate("10/10m")?,
            code_request: rate("20/1h")?,
            mails_account: rate("50/1d")?,
            mails_address: rate("100/1h")?,
            mails_total: rate("100/1h")?,
            sms_number: rate("20/1h")?,
            sms_address: rate("20/1h")?,
            sms_total: rate("100/1h")?,
        },
        otp: Otp {
            lifetime: Duration::from_secs(600),
            attempts: few(5)?,
            sends: few(3)?,
            cool_down: Duration::from_secs(30),
        },
        session: Sessions {
            lifetime: Duration::from_secs(12 * 3600),
            idle: Duration::from_secs(3600),
            remember: Duration::from_secs(30 * 86_400),
            domain: None,
        },
        geoip: None,
        passwords: Passwords { min_length: DEFAULT_MIN_LENGTH, breached: None },
        devices: Devices { lifetime: Duration::from_secs(30 * 86_400) },
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
                weight: NonZeroU8::MIN,
            }],
            rules: vec![
                rule(Some(public), Requirement::Bypass),
                rule(None, Requirement::TwoFactor),
            ],
            headers: IdentityHeaders::default(),
            preserve_host: true,
            forward_auth: None,
            bearer: Bearer::default(),
            max_body: None,
            timeouts: UpstreamTimeouts::default(),
            balance: Balance::default(),
            health: Health::default(),
            upstream_tls: UpstreamTls::default(),
            http: HttpVersion::default(),
            max_h2_streams: 1,
            hsts: Duration::ZERO,
            rewriting: Rewriting::default(),
        }],
        shutdown: Shutdown { grace: Duration::from_secs(30), delay: Duration::ZERO },
        log: Log { format: LogFormat::Human, filter: "warn".into() },
    })
}
