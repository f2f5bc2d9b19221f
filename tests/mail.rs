//! Mails over real SMTP: aiosmtpd on loopback, with STARTTLS, TLS and passwords.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use doorward::domain::entropy::OsEntropy;
use doorward::domain::id::MailId;
use doorward::domain::time::{Clock, SystemClock};
use doorward::notify::message::RenderedMail;
use doorward::notify::observer::Round;
use doorward::notify::smtp::{SmtpCredentials, SmtpSecurity, SmtpSettings};
use doorward::notify::transport::{Deliver, DeliveryError, Transport, TransportSettings};
use doorward::notify::worker::{OutboxWorker, Tools, WorkerSettings};
use support::outbox::{FakeOutbox, HandClock, code_for, keys, messages};
use support::smtp::{Mode, SmtpServer};
use tokio::sync::{Notify, watch};

const SOON: Duration = Duration::from_secs(10);

fn settings(server: &SmtpServer, security: SmtpSecurity) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".to_owned(),
        port: server.port(),
        security,
        credentials: None,
        ca: Some(server.ca()),
        timeout: Duration::from_secs(5),
    }
}

fn signing_in(settings: SmtpSettings, username: &str, password: &str) -> SmtpSettings {
    let credentials =
        SmtpCredentials { username: username.to_owned(), password: password.to_owned().into() };
    SmtpSettings { credentials: Some(credentials), ..settings }
}

fn transport(settings: SmtpSettings) -> Transport {
    Transport::new(TransportSettings::Smtp(settings)).unwrap()
}

fn mail() -> RenderedMail {
    let now = SystemClock.now();
    let sealed = code_for("ada@example.org", "curl/8", now);
    let opened = keys().open(sealed.id, &sealed.sealed).unwrap();
    messages().render(&opened, MailId::generate(&OsEntropy, now), now).unwrap()
}

/// A worker over a stand-in for the outbox, with a clock that is moved by hand.
struct Post {
    outbox: Arc<FakeOutbox>,
    clock: Arc<HandClock>,
    wake: Arc<Notify>,
    worker: OutboxWorker,
}

impl Post {
    fn over(settings: SmtpSettings) -> Self {
        let (outbox, clock) = (Arc::new(FakeOutbox::default()), HandClock::start());
        let wake = Arc::new(Notify::new());
        let tools = Tools {
            store: outbox.clone(),
            keys: keys(),
            messages: messages(),
            transport: Arc::new(transport(settings)),
            sms: None,
            clock: clock.clone(),
            wake: wake.clone(),
            audit: outbox.clone(),
            observer: Arc::new(()),
        };
        let worker = OutboxWorker::new(tools, WorkerSettings::default());
        Self { outbox, clock, wake, worker }
    }

    fn put(&self, to: &str, user_agent: &str) {
        self.outbox.put(code_for(to, user_agent, self.clock.now()));
    }

    async fn round(&self) -> Round {
        self.worker.run_once().await.unwrap()
    }
}

const DELIVERED: Round = Round { delivered: 1, retried: 0, dropped: 0 };
const RETRIED: Round = Round { delivered: 0, retried: 1, dropped: 0 };
const DROPPED: Round = Round { delivered: 0, retried: 0, dropped: 1 };
const NOTHING: Round = Round { delivered: 0, retried: 0, dropped: 0 };

#[tokio::test]
async fn a_mail_goes_out_over_starttls_with_a_password() {
    let server = SmtpServer::options(Mode::StartTls).auth("app", "pa:ss word").start();
    let settings = signing_in(settings(&server, SmtpSecurity::StartTls), "app", "pa:ss word");
    transport(settings).deliver(&mail()).await.unwrap();
    let received = &server.messages()[0];
    assert_eq!(received.from, "no-reply@example.com");
    assert_eq!(received.code(), Some("048213"));
    assert!(received.html().contains("048213"));
    assert_eq!(received.header("From"), ["Example Wiki <no-reply@example.com>"]);
    assert_eq!(received.header("Auto-Submitted"), ["auto-generated"]);
    assert!(received.header("Message-ID")[0].ends_with("@example.com>"));
}

#[tokio::test]
async fn a_mail_goes_out_over_tls_and_the_connection_serves_the_next() {
    let server = SmtpServer::options(Mode::Tls).auth("app", "secret").start();
    let settings = signing_in(settings(&server, SmtpSecurity::Tls), "app", "secret");
    let transport = transport(SmtpSettings { host: "127.0.0.1".to_owned(), ..settings });
    for _ in 0..3 {
        transport.deliver(&mail()).await.unwrap();
    }
    assert_eq!(server.messages().len(), 3);
    assert_eq!(server.events().iter().filter(|event| *event == "auth").count(), 1);
}

#[tokio::test]
async fn a_mail_goes_out_in_the_clear_to_loopback() {
    let server = SmtpServer::start(Mode::Plain);
    transport(settings(&server, SmtpSecurity::Plaintext)).deliver(&mail()).await.unwrap();
    assert_eq!(server.messages()[0].to, ["ada@example.org"]);
}

#[tokio::test]
async fn s22_nothing_goes_in_the_clear_to_another_machine() {
    let server = SmtpServer::start(Mode::Plain);
    // TEST-NET-1 (RFC 5737): were it tried, the answer would be a timeout and not a refusal of ours.
    let settings =
        SmtpSettings { host: "192.0.2.1".to_owned(), ..settings(&server, SmtpSecurity::Plaintext) };
    let error = transport(settings).deliver(&mail()).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Misconfigured(_)), "{error}");
}

#[tokio::test]
async fn s22_a_certificate_for_another_host_gets_no_mail_and_no_password() {
    for (mode, security) in
        [(Mode::StartTls, SmtpSecurity::StartTls), (Mode::Tls, SmtpSecurity::Tls)]
    {
        let server = SmtpServer::options(mode)
            .certificate_for("mail.elsewhere.example")
            .auth("app", "secret")
            .start();
        let settings = signing_in(settings(&server, security), "app", "secret");
        let error = transport(settings).deliver(&mail()).await.unwrap_err();
        assert!(
            matches!(&error, DeliveryError::Misconfigured(text) if text.contains("certificate")),
            "{error}"
        );
        assert_nothing_was_given_away(&server);
    }
}

#[tokio::test]
async fn s22_a_certificate_of_an_unknown_authority_gets_no_mail_and_no_password() {
    for (mode, security) in
        [(Mode::StartTls, SmtpSecurity::StartTls), (Mode::Tls, SmtpSecurity::Tls)]
    {
        let server = SmtpServer::options(mode).auth("app", "secret").start();
        let settings = signing_in(settings(&server, security), "app", "secret");
        let transport = transport(SmtpSettings { ca: None, ..settings });
        let error = transport.deliver(&mail()).await.unwrap_err();
        assert!(
            matches!(&error, DeliveryError::Misconfigured(text) if text.contains("certificate")),
            "{error}"
        );
        assert_nothing_was_given_away(&server);
    }
}

#[tokio::test]
async fn s22_a_server_that_does_not_offer_starttls_gets_no_mail_and_no_password() {
    let server = SmtpServer::options(Mode::Plain).auth("app", "secret").start();
    let settings = signing_in(settings(&server, SmtpSecurity::StartTls), "app", "secret");
    let error = transport(settings).deliver(&mail()).await.unwrap_err();
    assert!(
        matches!(&error, DeliveryError::Misconfigured(text) if text.contains("STARTTLS")),
        "{error}"
    );
    assert_nothing_was_given_away(&server);
}

fn assert_nothing_was_given_away(server: &SmtpServer) {
    let events = server.events();
    assert!(events.iter().all(|event| event == "ehlo"), "{events:?}");
    assert!(server.messages().is_empty());
}

#[tokio::test]
async fn a_wrong_password_keeps_the_mail_in_the_outbox() {
    let server = SmtpServer::options(Mode::StartTls).auth("app", "right").start();
    let wrong = signing_in(settings(&server, SmtpSecurity::StartTls), "app", "wr0ng-secret");
    let error = transport(wrong.clone()).deliver(&mail()).await.unwrap_err();
    assert!(
        matches!(&error, DeliveryError::Misconfigured(text) if text.contains("535")),
        "{error}"
    );
    assert!(!error.to_string().contains("wr0ng-secret"), "{error}");
    let post = Post::over(wrong);
    post.put("ada@example.org", "curl/8");
    assert_eq!(post.round().await, RETRIED);
    assert_eq!(post.outbox.len(), 1);
    assert!(server.messages().is_empty());
}

#[tokio::test]
async fn a_sender_that_the_server_does_not_allow_costs_no_mail() {
    let server = SmtpServer::options(Mode::Plain).refuse_sender().start();
    let post = Post::over(settings(&server, SmtpSecurity::Plaintext));
    post.put("ada@example.org", "curl/8");
    assert_eq!(post.round().await, RETRIED);
}

#[tokio::test]
async fn a_mail_put_off_by_451_is_delivered_once_after_the_wait() {
    let server = SmtpServer::options(Mode::Plain).fail_first(1).start();
    let post = Post::over(settings(&server, SmtpSecurity::Plaintext));
    post.put("ada@example.org", "curl/8");
    assert_eq!(post.round().await, RETRIED);
    assert_eq!(post.round().await, NOTHING, "the wait was not kept");
    post.clock.advance(Duration::from_secs(1));
    assert_eq!(post.round().await, DELIVERED);
    post.clock.advance(Duration::from_secs(60));
    assert_eq!(post.round().await, NOTHING);
    assert_eq!(server.messages().len(), 1);
    assert_eq!(post.outbox.len(), 0);
}

#[tokio::test]
async fn a_mail_refused_by_550_is_dropped() {
    let server = SmtpServer::options(Mode::Plain).refuse().start();
    let settings = settings(&server, SmtpSecurity::Plaintext);
    let error = transport(settings.clone()).deliver(&mail()).await.unwrap_err();
    assert!(matches!(&error, DeliveryError::Permanent(text) if text.contains("550")), "{error}");
    assert!(!error.to_string().contains("ada"), "{error}");
    let post = Post::over(settings);
    post.put("ada@example.org", "curl/8");
    assert_eq!(post.round().await, DROPPED);
    assert_eq!(post.outbox.len(), 0);
}

#[tokio::test]
async fn a_mail_waits_for_a_server_that_is_away() {
    let server = SmtpServer::start(Mode::Plain);
    let (settings, port) = (settings(&server, SmtpSecurity::Plaintext), server.port());
    drop(server);
    let post = Post::over(settings);
    post.put("ada@example.org", "curl/8");
    assert_eq!(post.round().await, RETRIED);
    let server = SmtpServer::options(Mode::Plain).port(port).start();
    post.clock.advance(Duration::from_secs(1));
    assert_eq!(post.round().await, DELIVERED);
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn a_connection_that_died_between_two_mails_costs_no_mail() {
    let server = SmtpServer::start(Mode::Plain);
    let (transport, port) = (transport(settings(&server, SmtpSecurity::Plaintext)), server.port());
    transport.deliver(&mail()).await.unwrap();
    drop(server);
    let server = SmtpServer::options(Mode::Plain).port(port).start();
    transport.deliver(&mail()).await.unwrap();
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_in_time() {
    let server = SmtpServer::options(Mode::Plain).stall().start();
    let settings = SmtpSettings {
        timeout: Duration::from_millis(300),
        ..settings(&server, SmtpSecurity::Plaintext)
    };
    let begun = Instant::now();
    let error = transport(settings).deliver(&mail()).await.unwrap_err();
    assert!(
        matches!(&error, DeliveryError::Transient(text) if text.contains("took longer")),
        "{error}"
    );
    assert!(begun.elapsed() < SOON);
}

#[tokio::test]
async fn s20_line_breaks_in_a_browsers_name_make_one_clean_mail() {
    let server = SmtpServer::start(Mode::Plain);
    let post = Post::over(settings(&server, SmtpSecurity::Plaintext));
    let evil = "Mozilla/5.0\r\nBcc: eve@example.net\r\n\r\n.\r\nRCPT TO:<eve@example.net>\r\n\0";
    post.put("ada@example.org", evil);
    assert_eq!(post.round().await, DELIVERED);
    let received = server.messages();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].to, ["ada@example.org"]);
    assert!(received[0].header("Bcc").is_empty());
    assert!(!received[0].raw.contains("eve@example.net"), "{}", received[0].raw);
    assert_eq!(received[0].code(), Some("048213"));
    assert_eq!(server.events().iter().filter(|event| *event == "rcpt").count(), 1);
}

#[tokio::test]
async fn s21_a_mail_goes_to_its_one_address() {
    let server = SmtpServer::start(Mode::Plain);
    let post = Post::over(settings(&server, SmtpSecurity::Plaintext));
    post.put("ada@example.org", "curl/8");
    post.put("grace@example.org", "curl/8");
    assert_eq!(post.round().await.delivered, 2);
    let received = server.messages();
    let mut to: Vec<_> = received.iter().map(|mail| mail.to.clone()).collect();
    to.sort();
    assert_eq!(to, [["ada@example.org"], ["grace@example.org"]]);
    for mail in &received {
        assert_eq!(mail.header("To"), [mail.to[0].as_str()]);
        assert!(mail.header("Cc").is_empty() && mail.header("Bcc").is_empty());
    }
}

#[tokio::test]
async fn a_running_worker_sends_at_once_when_rung_and_stops_when_told() {
    let server = SmtpServer::start(Mode::Plain);
    let post = Post::over(settings(&server, SmtpSecurity::Plaintext));
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(post.worker.clone().run(stopped));
    for n in 1..=10 {
        post.put("ada@example.org", "curl/8");
        post.wake.notify_one();
        if n % 5 == 0 {
            server.wait_for(n, SOON).await;
        }
    }
    stop.send(true).unwrap();
    tokio::time::timeout(SOON, running).await.unwrap().unwrap();
    assert_eq!(server.messages().len(), 10);
    assert_eq!(post.outbox.len(), 0);
}

/// What is logged, for a test to read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn s12_no_log_line_holds_a_code_an_address_or_a_password() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    for server in [
        SmtpServer::options(Mode::StartTls).auth("app", "s3cret-pass"),
        SmtpServer::options(Mode::StartTls).auth("app", "another").refuse(),
        SmtpServer::options(Mode::StartTls).refuse(),
        SmtpServer::options(Mode::StartTls).fail_first(9),
    ] {
        let server = server.start();
        let with_password =
            signing_in(settings(&server, SmtpSecurity::StartTls), "app", "s3cret-pass");
        for settings in [with_password, settings(&server, SmtpSecurity::StartTls)] {
            let post = Post::over(settings);
            post.put("ada.lovelace@example.org", "curl/8");
            post.round().await;
        }
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for told in ["mail delivered", "mail put off", "mail dropped", "changes a setting", "mail.id"] {
        assert!(text.contains(told), "{told:?} is missing in {text}");
    }
    for secret in ["048213", "lovelace", "s3cret-pass", "203.0.113.7"] {
        assert!(!text.contains(secret), "{secret:?} was logged: {text}");
    }
}

#[test]
fn a_file_without_certificates_is_told_at_start() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in
        [("empty", Some("")), ("key", Some("-----BEGIN PRIVATE KEY-----\n")), ("none", None)]
    {
        let file = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let settings = SmtpSettings {
            host: "localhost".to_owned(),
            port: 465,
            security: SmtpSecurity::Tls,
            credentials: None,
            ca: Some(file.clone()),
            timeout: SOON,
        };
        let error = Transport::new(TransportSettings::Smtp(settings)).unwrap_err().to_string();
        assert!(error.contains(&file.display().to_string()), "{error}");
    }
}
