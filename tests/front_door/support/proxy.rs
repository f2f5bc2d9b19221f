//! Proxies that ask doorward by forward-auth: the real ones, with the configurations of examples/deployments.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;

use super::browser::Browser;
use super::site::{Front, Setup, Site};
use super::tools::{eventually, free_port, python, site_packages};

/// A proxy that has a configuration in examples/deployments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Caddy,
    HaProxy,
    Envoy,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
            Self::HaProxy => "haproxy",
            Self::Envoy => "envoy",
        }
    }

    /// The program; `None`, having said so, where it is not installed. In CI it has to be.
    pub fn program(self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path)
            .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
            .chain(self.python_folder());
        let found =
            folders.map(|folder| folder.join(self.name())).find(|program| program.is_file());
        if found.is_none() {
            assert!(
                std::env::var_os("CI").is_none(),
                "{} is not installed: scripts/test does it",
                self.name()
            );
            eprintln!("SKIPPED: {} is not installed here", self.name());
        }
        found
    }

    /// Where Envoy is: it comes as a Python package.
    fn python_folder(self) -> Option<PathBuf> {
        let folder = site_packages(&python())?.join("envoy/_bin");
        folder.is_dir().then_some(folder)
    }
}

/// A proxy, doorward and an app.
pub struct Fronted {
    pub site: Site,
    /// Where the proxy listens.
    pub address: SocketAddr,
    child: Child,
    folder: TempDir,
}

impl Fronted {
    /// All three; `None` where the proxy is not installed.
    pub async fn start(kind: Kind, setup: Setup) -> Option<Self> {
        let program = kind.program()?;
        let address: SocketAddr = ([127, 0, 0, 1], free_port()).into();
        let front = Front { name: kind.name(), port: address.port() };
        let site = Site::with(Setup { front: Some(front), ..setup }).await;
        let folder =
            tempfile::Builder::new().prefix("doorward-proxy-").tempdir().expect("a folder");
        let arguments = match kind {
            Kind::Nginx => nginx(folder.path(), address, &site),
            Kind::Caddy => caddy(folder.path(), address, &site),
            Kind::HaProxy => haproxy(folder.path(), address, &site),
            Kind::Envoy => envoy(folder.path(), address, &site),
        };
        let log = std::fs::File::create(folder.path().join("log")).expect("its log");
        let child = Command::new(program)
            .args(arguments)
            .env("HOME", folder.path())
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the proxy starts");
        let mut fronted = Self { site, address, child, folder };
        fronted.listens().await;
        Some(fronted)
    }

    async fn listens(&mut self) {
        eventually("the proxy to listen", async || {
            let ended = self.child.try_wait().expect("it has a status");
            assert!(ended.is_none(), "the proxy ended: {}", self.log());
            TcpStream::connect(self.address).await.ok()
        })
        .await;
    }

    /// A browser that comes by the proxy.
    pub fn browser(&self) -> Browser {
        Browser::at(self.address, &self.site.host)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Fronted {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the proxy said\n{}\n---", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file of examples/deployments, each of the words in it that are for a real deployment replaced by the test's.
fn example(file: &str, words: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/deployments").join(file);
    let mut text = std::fs::read_to_string(path).expect("the example");
    for (word, instead) in words {
        assert!(text.contains(word), "{file} has no {word:?} any more");
        text = text.replace(word, instead);
    }
    text
}

fn nginx(folder: &Path, address: SocketAddr, site: &Site) -> Vec<String> {
    let host = format!("$doorward_site {}", site.host);
    let server = example(
        "nginx/doorward.conf",
        &[
            ("listen 443 ssl;", &format!("listen {address};")),
            ("    ssl_certificate /etc/nginx/tls.crt;\n", ""),
            ("    ssl_certificate_key /etc/nginx/tls.key;\n", ""),
            ("$doorward_site wiki.example.com", &host),
            ("server_name wiki.example.com", "server_name wiki.localhost"),
            ("127.0.0.1:8000", &site.address.to_string()),
            ("127.0.0.1:8080", &site.upstream.address.to_string()),
        ],
    );
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {}/{kind};\n", folder.display()))
        .concat();
    let whole = format!(
        "daemon off;\nmaster_process off;\npid {0}/pid;\nerror_log stderr notice;\nevents {{}}\n\
         http {{\naccess_log off;\n{temporary}{server}}}\n",
        folder.display()
    );
    write(folder, "nginx.conf", &whole);
    let config = folder.join("nginx.conf").display().to_string();
    ["-e", "stderr", "-p", &folder.display().to_string(), "-c", &config].map(str::to_owned).to_vec()
}

fn caddy(folder: &Path, address: SocketAddr, site: &Site) -> Vec<String> {
    let sites = example(
        "caddy/Caddyfile",
        &[
            ("wiki.example.com {", &format!("http://{} {{\n\tbind {}", site.host, address.ip())),
            ("127.0.0.1:8000", &site.address.to_string()),
            ("127.0.0.1:8080", &site.upstream.address.to_string()),
        ],
    );
    let whole = format!("{{\n\tadmin off\n\tauto_https off\n}}\n{sites}");
    write(folder, "Caddyfile", &whole);
    ["run", "--adapter", "caddyfile", "--config", "Caddyfile"].map(str::to_owned).to_vec()
}

fn haproxy(folder: &Path, address: SocketAddr, site: &Site) -> Vec<String> {
    let doorward = site.address.to_string();
    write(
        folder,
        "doorward.lua",
        &example("haproxy/doorward.lua", &[("127.0.0.1:8000", &doorward)]),
    );
    let lua = folder.join("doorward.lua").display().to_string();
    let config = example(
        "haproxy/haproxy.cfg",
        &[
            ("/etc/haproxy/doorward.lua", &lua),
            ("bind :443 ssl crt /etc/haproxy/tls.pem alpn h2,http/1.1", &format!("bind {address}")),
            ("wiki.example.com", &site.host),
            ("127.0.0.1:8000", &doorward),
            ("127.0.0.1:8080", &site.upstream.address.to_string()),
        ],
    );
    write(folder, "haproxy.cfg", &config);
    ["-db", "-f", "haproxy.cfg"].map(str::to_owned).to_vec()
}

fn envoy(folder: &Path, address: SocketAddr, site: &Site) -> Vec<String> {
    let port = |address: SocketAddr| format!("port_value: {} ", address.port());
    let text = example(
        "envoy/envoy.yaml",
        &[
            (
                "address: 0.0.0.0, port_value: 443 ",
                &format!("address: 127.0.0.1, {}", port(address)),
            ),
            ("\"wiki.example.com\", \"wiki.example.com:443\"", &format!("\"{}\"", site.host)),
            ("port_value: 8000 ", &port(site.address)),
            ("port_value: 8080 ", &port(site.upstream.address)),
        ],
    );
    // Without TLS: all between these two lines.
    let (before, rest) = text.split_once("        - transport_socket:").expect("its TLS");
    let (_, after) = rest.split_once("          filters:").expect("its filters");
    write(folder, "envoy.yaml", &format!("{before}        - filters:{after}"));
    let options = "-c envoy.yaml --use-dynamic-base-id --concurrency 1 --log-level warn";
    options.split(' ').map(str::to_owned).collect()
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a file of the proxy");
}
