//! pgAdmin, which makes an account for whoever the header names.

use std::path::Path;
use std::process::Command;

use super::{people, site_of, spelled};
use crate::support::app::App;
use crate::support::browser::{Browser, Request};
use crate::support::http::Response;
use crate::support::tools::pgadmin;

/// pgAdmin as docs/apps.md has it, with its files in a folder of the test.
fn made(folder: &Path, port: u16) -> Command {
    let (python, package) = pgadmin();
    let data = folder.display();
    let settings = format!(
        "SERVER_MODE = True\nDEFAULT_SERVER = '127.0.0.1'\nDEFAULT_SERVER_PORT = {port}\n\
         DATA_DIR = '{data}'\nLOG_FILE = '{data}/pgadmin.log'\nSQLITE_PATH = '{data}/pgadmin.db'\n\
         SESSION_DB_PATH = '{data}/sessions'\nSTORAGE_DIR = '{data}/storage'\n\
         MASTER_PASSWORD_REQUIRED = False\nUPGRADE_CHECK_ENABLED = False\n\
         AUTHENTICATION_SOURCES = ['webserver']\nWEBSERVER_REMOTE_USER = 'Remote-User'\n\
         WEBSERVER_REMOTE_USER_FROM_HEADER = True\nWEBSERVER_TRUSTED_PROXIES = ['127.0.0.1', '::1']\n"
    );
    std::fs::write(folder.join("settings.py"), settings).expect("its settings");
    let mut command = Command::new(python);
    command
        .arg(package.join("pgAdmin4.py"))
        .env("CONFIG_DISTRO_FILE_PATH", folder.join("settings.py"))
        .env("PGADMIN_SETUP_EMAIL", "root@example.org")
        .env("PGADMIN_SETUP_PASSWORD", "engine of 1843, analytical");
    command
}

/// The request, and where its answer leads to, and so on.
async fn follow(browser: &Browser, request: Request) -> Response {
    let mut answer = browser.send(request).await;
    for _ in 0..5 {
        if !matches!(answer.status, 302 | 303) {
            break;
        }
        answer = browser.get(answer.location()).await;
    }
    answer
}

/// Who pgAdmin takes a browser's session to be, by the script that tells its pages.
async fn user(browser: &Browser) -> Option<String> {
    let script = browser.get("/browser/js/utils.js").await;
    let text = script.text();
    let (_, rest) = text.split_once("username: '")?;
    rest.split_once('\'').map(|(name, _)| name.to_owned())
}

#[tokio::test]
async fn s46_pgadmin_knows_who_is_signed_in() {
    let address = App::free_address();
    let pgadmin = App::start(address, |folder| made(folder, address.port())).await;
    let site = site_of(address, "pgadmin", "/login").await;
    let (ada, grace) = people(&site).await;
    let lies = |target: &str| spelled(Request::get(target).navigate(), "Remote-User", "ada");

    follow(&ada, Request::get("/browser/").navigate()).await.expect(200);
    assert_eq!(user(&ada).await.as_deref(), Some("ada"));
    follow(&grace, lies("/browser/")).await.expect(200);
    assert_eq!(user(&grace).await.as_deref(), Some("grace"));

    // Nobody is ada where nobody is asked, and what pgAdmin gives them there is nobody's session.
    let stranger = Browser::new(&site);
    stranger.send(lies("/login?next=/browser/")).await;
    let session = stranger.cookie("pga4_session").expect("a session of pgAdmin's");
    stranger.get("/browser/").await.expect(303);
    let beside = Browser::at(pgadmin.address, &site.host);
    beside.set_cookie("pga4_session", Some(&session));
    assert_eq!(user(&beside).await, None);
    beside.set_cookie("pga4_session", ada.cookie("pga4_session").as_deref());
    assert_eq!(user(&beside).await.as_deref(), Some("ada"), "that is how a session would show");
}
