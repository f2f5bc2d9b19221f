//! Sign-in over a real mail server.

use std::time::Duration;

use crate::support::browser::Browser;
use crate::support::site::{ADA, Setup, Site};
use crate::support::smtp::{Mode, SmtpServer};
use crate::support::tools::eventually;

/// A site whose mail goes to this server, which shows a certificate of an authority of its own.
async fn site_with(server: &SmtpServer, tls: &str, more: &str) -> Site {
    let (port, ca) = (server.port(), server.ca());
    let trusted = if tls == "none" { String::new() } else { format!(", ca: {}", ca.display()) };
    let mail = format!(
        "{{ from: \"Example Wiki <no-reply@wiki.example>\", \
         smtp: {{ host: localhost, port: {port}, tls: {tls}{trusted}{more} }} }}"
    );
    Site::with(Setup { mail: Some(mail), people: vec![ADA], ..Setup::default() }).await
}

async fn sign_in(site: &Site, server: &SmtpServer) {
    let browser = Browser::new(site);
    browser.submit_password("ada", ADA.password).await.expect(303);
    let mail = server.wait_for(1, Duration::from_secs(20)).await.remove(0);
    assert_eq!(mail.to, [ADA.email], "one mail, to the account's own address");
    assert_eq!(mail.from, "no-reply@wiki.example");
    let code = mail.code().expect("the code stands alone on a line").to_owned();
    assert!(mail.html().contains(&code), "both parts say the same");
    assert!(!mail.subject.contains(&code), "subjects are shown on lock screens");
    assert!(mail.text().contains("Chrome"), "it tells which browser asked: {}", mail.text());
    assert!(mail.text().contains("127.0.0.1") && mail.text().contains("UTC"), "{}", mail.text());
    assert_eq!(mail.header("auto-submitted"), ["auto-generated"]);
    assert!(mail.text().contains("wiki.localhost"), "it names the site: {}", mail.text());
    browser.submit_code(&code).await.expect(303);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_person_signs_in_by_a_code_over_starttls_with_a_password_of_the_server() {
    let server = SmtpServer::options(Mode::StartTls).auth("doorward", "post office").start();
    let site = site_with(&server, "starttls", ", username: doorward, password: post office").await;
    sign_in(&site, &server).await;
}

#[tokio::test]
async fn a_person_signs_in_by_a_code_over_tls() {
    let server = SmtpServer::options(Mode::Tls).start();
    let site = site_with(&server, "tls", "").await;
    sign_in(&site, &server).await;
}

#[tokio::test]
async fn a_person_signs_in_although_the_server_refuses_the_mail_at_first() {
    let server = SmtpServer::options(Mode::StartTls).fail_first(1).start();
    let site = site_with(&server, "starttls", "").await;
    sign_in(&site, &server).await;
}

#[tokio::test]
async fn s22_a_server_with_the_certificate_of_another_gets_no_mail() {
    let server =
        SmtpServer::options(Mode::StartTls).certificate_for("mail.elsewhere.example").start();
    let site = site_with(&server, "starttls", "").await;
    let browser = Browser::new(&site);
    browser.submit_password("ada", ADA.password).await.expect(303);
    eventually("a failed delivery to be counted", async || {
        (site.metrics().await.sum("doorward_mails_total", &[]) > 0.0).then_some(())
    })
    .await;
    assert!(server.messages().is_empty());
    // Nor one that offers no protection at all.
    let plain = SmtpServer::start(Mode::Plain);
    let site = site_with(&plain, "starttls", "").await;
    Browser::new(&site).submit_password("ada", ADA.password).await.expect(303);
    eventually("a failed delivery to be counted", async || {
        (site.metrics().await.sum("doorward_mails_total", &[]) > 0.0).then_some(())
    })
    .await;
    assert!(plain.messages().is_empty());
}
