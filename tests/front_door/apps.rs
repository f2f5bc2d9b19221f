//! Real apps that nobody has changed, behind doorward: each knows who is signed in by the names of its preset, and
//! believes nobody who only says so (S46), also where no sign-in is asked for. docs/apps.md says how each is set up.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::gateway::web_socket;
use crate::support::app::App;
use crate::support::browser::{Browser, Request};
use crate::support::http::PATIENCE;
use crate::support::page::hidden;
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::{apps_node_modules, apps_python, notebooks_python};

mod pgadmin;

/// doorward in front of an app that listens, or will, on `app.address`.
pub async fn site_of(address: SocketAddr, preset: &str, open: &str) -> Site {
    let setup = Setup {
        upstream: Some(address),
        site: vec![format!("headers: {{ preset: {preset} }}")],
        rules: vec![
            format!("{{ path: \"{open}\", policy: bypass }}"),
            "{ policy: two_factor }".to_owned(),
        ],
        ..Setup::default()
    };
    Site::with(setup).await
}

/// Both ADA and GRACE, signed in.
async fn people(site: &Site) -> (Browser, Browser) {
    let (ada, grace) = (Browser::new(site), Browser::new(site));
    ada.sign_in(site, &ADA).await;
    grace.sign_in(site, &GRACE).await;
    (ada, grace)
}

/// Every spelling that some server takes for `name`, saying `value`.
fn spelled(request: Request, name: &str, value: &str) -> Request {
    let spellings =
        [name.to_owned(), name.to_uppercase(), name.replace('-', "_"), name.replace('-', ".")];
    spellings.iter().fold(request, |request, name| request.header(name, value))
}

#[tokio::test]
async fn s46_tiddlywiki_knows_who_writes() {
    let address = App::free_address();
    let program = apps_node_modules().join("tiddlywiki/tiddlywiki.js");
    let made = |folder: &Path| {
        let mut init = Command::new("node");
        let init = init.arg(&program).arg(folder.join("wiki")).args(["--init", "server"]).output();
        assert!(init.expect("node runs").status.success());
        let mut command = Command::new("node");
        command.arg(&program).arg("wiki").args([
            "--listen",
            "host=127.0.0.1",
            &format!("port={}", address.port()),
            "authenticated-user-header=X-Authenticated-User",
            "readers=(authenticated)",
            "writers=(authenticated)",
        ]);
        command
    };
    let _wiki = App::start(address, made).await;
    let site = site_of(address, "tiddlywiki", "/status").await;

    let liar = || spelled(Request::get("/status"), "X-Authenticated-User", "ada");
    site.send(liar()).await.expect(401);
    let (ada, grace) = people(&site).await;
    for (browser, name) in [(&ada, "\"username\":\"ada\""), (&grace, "\"username\":\"grace\"")] {
        let status = browser.send(liar()).await.expect(200).text();
        assert!(status.contains(name), "{status}");
    }

    // S47: nor is a name taken away, which would make somebody nobody.
    let without = Request::get("/status").header("Connection", "X-Authenticated-User");
    let status = ada.send(without).await;
    assert!(status.status == 400 || status.text().contains("\"username\":\"ada\""));

    let note = Request::new("PUT", "/recipes/default/tiddlers/Note")
        .header("X-Requested-With", "TiddlyWiki")
        .body("application/json", r#"{"title":"Note","text":"Note G"}"#);
    site.send(note.clone()).await.expect(401);
    ada.send(note).await.expect(204);
    let read = grace.fetch("/recipes/default/tiddlers/Note").await.expect(200).text();
    assert!(read.contains("Note G"), "{read}");
}

#[tokio::test]
async fn s46_otterwiki_knows_who_writes_and_what_their_groups_may() {
    let address = App::free_address();
    let made = |folder: &Path| {
        let pages = folder.join("pages");
        let init = Command::new("git").args(["init", "--quiet"]).arg(&pages).status();
        assert!(init.expect("git runs").success());
        let program = format!(
            "from wsgiref.simple_server import make_server\nfrom otterwiki.server import app\n\
             make_server('127.0.0.1', {}, app).serve_forever()",
            address.port()
        );
        let mut command = Command::new(apps_python());
        command
            .args(["-c", &program])
            .env("REPOSITORY", &pages)
            .env("SECRET_KEY", "one for the tests of doorward alone")
            .env("SQLALCHEMY_DATABASE_URI", format!("sqlite:///{}/db", folder.display()))
            .env("AUTH_METHOD", "PROXY_HEADER")
            .env("AUTH_ROLES_READ", "staff")
            .env("AUTH_ROLES_WRITE", "staff")
            .env("AUTH_ROLES_UPLOAD", "staff")
            .env("AUTH_ROLES_ADMIN", "admins")
            .env("READ_ACCESS", "APPROVED")
            .env("WRITE_ACCESS", "APPROVED")
            .env("ATTACHMENT_ACCESS", "APPROVED");
        command
    };
    let wiki = App::start(address, made).await;
    let site = site_of(address, "otterwiki", "/open/**").await;
    let (ada, grace) = people(&site).await;

    let page = ada.get("/Note/edit").await.expect(200).text();
    let fields = [
        ("content", "Note G"),
        ("commit", "Written"),
        ("csrf_token", &hidden(&page, "csrf_token")),
    ];
    let saved = ada.submit("/Note/save", &fields).await;
    assert!(matches!(saved.status, 200 | 302), "{}", saved.status);
    assert!(ada.get("/Note").await.expect(200).text().contains("Note G"));
    let written = Command::new("git")
        .args(["log", "--format=%an <%ae> %s"])
        .current_dir(wiki.path("pages"))
        .output()
        .expect("git runs");
    let written = String::from_utf8_lossy(&written.stdout).into_owned();
    assert!(written.contains("ada <ada@example.org> Written"), "{written}");

    // No group of grace's may read, whatever she sends; nor may nobody, where nobody is asked.
    let lies = |target: &str| {
        let request = spelled(Request::get(target), "X-OtterWiki-Permissions", "staff,admins");
        spelled(spelled(request, "X-OtterWiki-Name", "ada"), "X-OtterWiki-Email", "ada@example.org")
    };
    for answer in [grace.send(lies("/Note")).await, site.send(lies("/open/Note")).await] {
        assert_ne!(answer.status, 404, "that would tell a reader that there is no such page");
        assert!(!answer.text().contains("Note G") && answer.status != 200, "{}", answer.status);
    }
}

#[tokio::test]
async fn s46_the_admin_of_django_takes_who_is_in_the_group() {
    let address = App::free_address();
    let site = site_of(address, "django", "/admin/login/").await;
    let (keyid, key) = site.signing_key().await;
    let made = |folder: &Path| {
        let mut command = Command::new(apps_python());
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apps/django_site.py");
        command.arg("-B").arg(program).arg(address.port().to_string()).arg(&keyid);
        command.arg(data_encoding::HEXLOWER.encode(&key)).arg(folder);
        command
    };
    let django = App::start(address, made).await;
    let (ada, grace) = people(&site).await;

    let page = ada.get("/admin/").await.expect(200).text();
    assert!(page.contains("Welcome,") && page.contains("Ada"), "{page}");
    let page = ada.get("/admin/auth/group/add/").await.expect(200).text();
    let token = hidden(&page, "csrfmiddlewaretoken");
    ada.submit("/admin/auth/group/add/", &[("name", "engines"), ("csrfmiddlewaretoken", &token)])
        .await
        .expect(302);
    assert!(ada.get("/admin/auth/group/").await.expect(200).text().contains("engines"));

    // Not in the group, whatever she sends; and she does not inherit ada's session with Django either.
    let lies = |target: &str| {
        let request = spelled(Request::get(target), "Remote-User", "ada");
        spelled(request, "Remote-Groups", "admins,staff")
    };
    assert!(grace.send(lies("/admin/")).await.expect(302).location().contains("/admin/login/"));
    grace.set_cookie("sessionid", ada.cookie("sessionid").as_deref());
    assert!(grace.send(lies("/admin/")).await.expect(302).location().contains("/admin/login/"));
    let asked = site.send(lies("/admin/login/?next=/admin/")).await.expect(200).text();
    assert!(!asked.contains("Welcome,"), "nobody is ada on an open path");
    let beside = Browser::at(django.address, &site.host);
    beside.set_cookie("sessionid", ada.cookie("sessionid").as_deref());
    assert!(beside.send(lies("/admin/")).await.expect(302).location().contains("/admin/login/"));
}

/// Jupyter as docs/apps.md has it, with its files in a folder of the test.
pub fn jupyter(module: &str, address: SocketAddr, folder: &Path) -> Command {
    let mut command = Command::new(notebooks_python());
    command
        .args(["-m", module, "--no-browser", "--allow-root"])
        .args(["--ServerApp.ip=127.0.0.1", "--ServerApp.allow_remote_access=True"])
        .arg(format!("--ServerApp.port={}", address.port()))
        .args(["--IdentityProvider.token=", "--ServerApp.password="])
        .arg(format!("--ServerApp.root_dir={}", folder.display()))
        .env("HOME", folder)
        .env("IPYTHONDIR", folder.join("ipython"))
        .env("JUPYTER_RUNTIME_DIR", folder.join("runtime"))
        .env("JUPYTER_CONFIG_DIR", folder.join("config"))
        .env("JUPYTER_DATA_DIR", folder.join("data"));
    command
}

#[tokio::test]
async fn jupyter_has_its_terminals_over_web_sockets_for_who_is_signed_in() {
    let address = App::free_address();
    let made = |folder: &Path| jupyter("jupyter_server", address, folder);
    let _jupyter = App::start(address, made).await;
    let site = site_of(address, "jupyter", "/open/**").await;
    site.send(Request::get("/api/status")).await.expect(401);
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    ada.fetch("/api/status").await.expect(200);

    // Its own protection from other sites' forms: the same value in a cookie and a header.
    ada.set_cookie("_xsrf", Some("6e6f74652047"));
    let open = Request::post("/api/terminals").header("X-XSRFToken", "6e6f74652047");
    let made = ada.send(open.header("Origin", &ada.origin()).body("application/json", "{}")).await;
    assert!(made.expect(200).text().contains("\"name\": \"1\""));
    let socket = "/terminals/websocket/1";
    site.send(web_socket(socket).header("Origin", &ada.origin())).await.expect(401);

    let cookie = format!("doorward={}", ada.cookie("doorward").unwrap());
    let mut request = format!("ws://{}{socket}", site.host).into_client_request().unwrap();
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    request.headers_mut().insert("origin", ada.origin().parse().unwrap());
    let stream = TcpStream::connect(site.address).await.unwrap();
    let (mut terminal, _) =
        tokio_tungstenite::client_async(request, stream).await.expect("it opens");
    terminal.send(Message::text(r#"["stdin", "echo note-$((3 + 4))\n"]"#)).await.unwrap();
    let shown = async {
        let mut shown = String::new();
        while !shown.contains("note-7") {
            let message = terminal.next().await.expect("the terminal stays open").unwrap();
            shown.push_str(message.to_text().unwrap_or_default());
        }
    };
    timeout(PATIENCE, shown).await.expect("the shell answers");
}
