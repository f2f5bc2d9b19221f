//! The worker of the outbox, over a stand-in for the store and a courier who does as told.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod support;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use doorward::domain::entropy::OsEntropy;
use doorward::domain::id::MailId;
use doorward::domain::keys::{KeyRing, ServerSecret};
use doorward::domain::time::Clock;
use doorward::notify::inbox::Inbox;
use doorward::notify::message::RenderedMail;
use doorward::notify::observer::{DropReason, MailObserver, Round};
use doorward::notify::transport::{Deliver, DeliveryError, Transport, TransportSettings};
use doorward::notify::worker::{OutboxWorker, Tools, WorkerSettings};
use support::outbox::{FakeOutbox, HandClock, code_for, keys, messages};
use tokio::sync::{Notify, Semaphore, watch};

const SOON: Duration = Duration::from_secs(10);
const DELIVERED: Round = Round { delivered: 1, retried: 0, dropped: 0 };
const RETRIED: Round = Round { delivered: 0, retried: 1, dropped: 0 };
const DROPPED: Round = Round { delivered: 0, retried: 0, dropped: 1 };
const NOTHING: Round = Round { delivered: 0, retried: 0, dropped: 0 };

/// Takes every mail, but for the errors that it was told to answer with first; holds them while the gate is closed.
struct Courier {
    errors: Mutex<VecDeque<DeliveryError>>,
    taken: Mutex<Vec<MailId>>,
    busy: AtomicUsize,
    busiest: AtomicUsize,
    gate: Semaphore,
}

#[async_trait]
impl Deliver for Courier {
    async fn deliver(&self, mail: &RenderedMail) -> Result<(), DeliveryError> {
        let busy = self.busy.fetch_add(1, Ordering::SeqCst) + 1;
        self.busiest.fetch_max(busy, Ordering::SeqCst);
        let _open = self.gate.acquire().await.unwrap();
        self.busy.fetch_sub(1, Ordering::SeqCst);
        if let Some(error) = self.errors.lock().unwrap().pop_front() {
            return Err(error);
        }
        self.taken.lock().unwrap().push(mail.id());
        Ok(())
    }
}

/// Notes what it is told.
#[derive(Default)]
struct Witness(Mutex<Vec<String>>);

impl MailObserver for Witness {
    fn delivered(&self, kind: &str, after: Duration) {
        self.0.lock().unwrap().push(format!("{kind} delivered after {after:?}"));
    }

    fn retried(&self, kind: &str) {
        self.0.lock().unwrap().push(format!("{kind} retried"));
    }

    fn dropped(&self, kind: &str, reason: DropReason) {
        self.0.lock().unwrap().push(format!("{kind} dropped: {}", reason.as_str()));
    }
}

struct Post {
    outbox: Arc<FakeOutbox>,
    clock: Arc<HandClock>,
    courier: Arc<Courier>,
    witness: Arc<Witness>,
    worker: OutboxWorker,
}

impl Post {
    fn new(errors: impl IntoIterator<Item = DeliveryError>) -> Self {
        Self::with(errors, WorkerSettings::default(), keys())
    }

    fn with(
        errors: impl IntoIterator<Item = DeliveryError>,
        settings: WorkerSettings,
        keys: Arc<KeyRing>,
    ) -> Self {
        let (outbox, clock) = (Arc::new(FakeOutbox::default()), HandClock::start());
        let witness = Arc::new(Witness::default());
        let courier = Arc::new(Courier {
            errors: Mutex::new(errors.into_iter().collect()),
            taken: Mutex::default(),
            busy: AtomicUsize::new(0),
            busiest: AtomicUsize::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let tools = Tools {
            store: outbox.clone(),
            keys,
            messages: messages(),
            transport: courier.clone(),
            sms: None,
            clock: clock.clone(),
            wake: Arc::new(Notify::new()),
            audit: outbox.clone(),
            observer: witness.clone(),
        };
        let worker = OutboxWorker::new(tools, settings);
        Self { outbox, clock, courier, witness, worker }
    }

    fn put(&self) -> MailId {
        let mail = code_for("ada@example.org", "curl/8", self.clock.now());
        let id = mail.id;
        self.outbox.put(mail);
        id
    }

    async fn round(&self) -> Round {
        self.worker.run_once().await.unwrap()
    }

    fn close_the_gate(&self) {
        self.courier.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    fn taken(&self) -> Vec<MailId> {
        self.courier.taken.lock().unwrap().clone()
    }

    fn told(&self) -> Vec<String> {
        self.witness.0.lock().unwrap().clone()
    }
}

fn busy() -> DeliveryError {
    DeliveryError::Transient("busy".to_owned())
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < end, "not so after {SOON:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_mail_is_delivered_once_and_leaves_the_outbox() {
    let post = Post::new([]);
    let id = post.put();
    assert_eq!(post.round().await, DELIVERED);
    assert_eq!(post.round().await, NOTHING);
    assert_eq!(post.taken(), [id]);
    assert_eq!(post.outbox.len(), 0);
    assert_eq!(post.told(), ["sign_in_code delivered after 0ns"]);
}

#[tokio::test]
async fn a_mail_that_is_not_taken_waits_longer_each_time() {
    let post = Post::new((0..5).map(|_| busy()));
    let id = post.put();
    for (attempt, wait) in [1, 2, 4, 8, 16].into_iter().enumerate() {
        assert_eq!(post.round().await, RETRIED);
        let due = post.clock.now() + Duration::from_secs(wait);
        assert_eq!(post.outbox.only(), (u32::try_from(attempt).unwrap() + 1, due));
        post.clock.advance(Duration::from_millis(wait * 1000 - 1));
        assert_eq!(post.round().await, NOTHING, "before its time");
        post.clock.advance(Duration::from_millis(1));
    }
    assert_eq!(post.round().await, DELIVERED);
    assert_eq!(post.taken(), [id]);
    assert_eq!(post.told().last().unwrap(), "sign_in_code delivered after 31s");
}

#[tokio::test]
async fn a_mail_is_given_up_once_no_attempt_can_be_in_time() {
    let post = Post::new((0..100).map(|_| busy()));
    post.put();
    let mut rounds = 0;
    while post.outbox.len() > 0 {
        post.round().await;
        post.clock.advance(Duration::from_secs(1));
        rounds += 1;
        assert!(rounds <= 600, "kept past its use");
    }
    assert!(post.taken().is_empty());
    assert_eq!(post.told().last().unwrap(), "sign_in_code dropped: expired");
}

#[tokio::test]
async fn a_mail_past_its_use_is_not_sent() {
    let post = Post::new([]);
    post.put();
    post.clock.advance(Duration::from_secs(600));
    assert_eq!(post.round().await, NOTHING);
    assert!(post.taken().is_empty());
}

#[tokio::test]
async fn a_mail_refused_for_good_is_dropped() {
    let post = Post::new([DeliveryError::Permanent("550".to_owned())]);
    post.put();
    assert_eq!(post.round().await, DROPPED);
    assert_eq!(post.outbox.len(), 0);
    assert_eq!(post.told(), ["sign_in_code dropped: refused"]);
}

#[tokio::test]
async fn a_mail_that_needs_a_setting_changed_is_kept() {
    let post = Post::new([DeliveryError::Misconfigured("535".to_owned())]);
    post.put();
    assert_eq!(post.round().await, RETRIED);
    post.clock.advance(Duration::from_secs(1));
    assert_eq!(post.round().await, DELIVERED);
}

#[tokio::test]
async fn a_mail_sealed_with_a_lost_secret_is_dropped() {
    let other = KeyRing::derive(ServerSecret::new(vec![8; 32]).unwrap(), None);
    let post = Post::with([], WorkerSettings::default(), Arc::new(other));
    post.put();
    assert_eq!(post.round().await, DROPPED);
    assert_eq!(post.told(), ["sign_in_code dropped: sealed"]);
}

#[tokio::test]
async fn a_mail_that_cannot_be_removed_is_not_sent_again() {
    let post = Post::new([]);
    let id = post.put();
    post.outbox.removals_fail.store(true, Ordering::SeqCst);
    assert_eq!(post.round().await, DELIVERED);
    assert_eq!(post.outbox.len(), 1);
    post.outbox.removals_fail.store(false, Ordering::SeqCst);
    post.clock.advance(Duration::from_secs(31));
    post.round().await;
    assert_eq!(post.outbox.len(), 0);
    assert_eq!(post.taken(), [id]);
    assert_eq!(post.told().len(), 1);
}

#[tokio::test]
async fn a_mail_whose_worker_died_comes_due_when_its_lease_ends() {
    let post = Post::new([]);
    let id = post.put();
    post.close_the_gate();
    let died = tokio::spawn({
        let worker = post.worker.clone();
        async move { worker.run_once().await }
    });
    until("the courier has it", || post.courier.busy.load(Ordering::SeqCst) == 1).await;
    died.abort();
    post.courier.gate.add_permits(1000);
    post.clock.advance(Duration::from_millis(29_999));
    assert_eq!(post.round().await, NOTHING, "taken from under another worker");
    post.clock.advance(Duration::from_millis(1));
    assert_eq!(post.round().await, DELIVERED);
    assert_eq!(post.taken().last(), Some(&id));
}

#[tokio::test]
async fn a_delivery_ends_before_its_lease() {
    let settings = WorkerSettings { lease: Duration::from_millis(100), ..Default::default() };
    let post = Post::with([], settings, keys());
    post.put();
    post.close_the_gate();
    let begun = Instant::now();
    assert_eq!(post.round().await, RETRIED);
    assert!(begun.elapsed() < SOON);
}

#[tokio::test]
async fn no_more_mails_are_on_their_way_than_allowed() {
    let post = Post::new([]);
    post.close_the_gate();
    for _ in 0..20 {
        post.put();
    }
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(post.worker.clone().run(stopped));
    until("four are on their way", || post.courier.busy.load(Ordering::SeqCst) == 4).await;
    post.courier.gate.add_permits(1000);
    until("all are delivered", || post.taken().len() == 20).await;
    stop.send(true).unwrap();
    tokio::time::timeout(SOON, running).await.unwrap().unwrap();
    assert_eq!(post.courier.busiest.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn s57_a_store_that_is_away_is_waited_for() {
    let post = Post::new([]);
    post.outbox.away.store(true, Ordering::SeqCst);
    assert!(post.worker.run_once().await.is_err());
    let (_stop, stopped) = watch::channel(false);
    let running = tokio::spawn(post.worker.clone().run(stopped));
    let id = post.put();
    until("it was refused", || post.outbox.refused.load(Ordering::SeqCst) >= 2).await;
    post.outbox.away.store(false, Ordering::SeqCst);
    until("it is delivered", || post.taken() == [id]).await;
    assert!(!running.is_finished());
    running.abort();
}

#[tokio::test]
async fn what_is_on_its_way_is_finished_at_shutdown_and_nothing_new_begun() {
    let post = Post::new([]);
    let first = post.put();
    post.close_the_gate();
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(post.worker.clone().run(stopped));
    until("the courier has it", || post.courier.busy.load(Ordering::SeqCst) == 1).await;
    stop.send(true).unwrap();
    post.put();
    post.courier.gate.add_permits(1000);
    tokio::time::timeout(SOON, running).await.unwrap().unwrap();
    assert_eq!(post.taken(), [first]);
    assert_eq!(post.outbox.len(), 1);
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let settings = WorkerSettings { grace: Duration::from_millis(50), ..Default::default() };
    let post = Post::with([], settings, keys());
    post.put();
    post.close_the_gate();
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(post.worker.clone().run(stopped));
    until("the courier has it", || post.courier.busy.load(Ordering::SeqCst) == 1).await;
    drop(stop);
    tokio::time::timeout(SOON, running).await.unwrap().unwrap();
    assert_eq!(post.outbox.len(), 1, "a mail cut off is not lost");
}

fn mail(clock: &HandClock) -> RenderedMail {
    let now = clock.now();
    let sealed = code_for("ada@example.org", "curl/8", now);
    let opened = keys().open(sealed.id, &sealed.sealed).unwrap();
    messages().render(&opened, MailId::generate(&OsEntropy, now), now).unwrap()
}

#[tokio::test]
async fn a_mail_into_a_folder_is_one_whole_file_that_only_its_owner_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mails");
    let transport = Transport::new(TransportSettings::Files(path.clone())).unwrap();
    let mail = mail(&HandClock::start());
    transport.deliver(&mail).await.unwrap();
    transport.deliver(&mail).await.unwrap();
    let files: Vec<_> =
        std::fs::read_dir(&path).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files, [path.join(format!("{}.eml", mail.id()))]);
    assert_eq!(std::fs::read(&files[0]).unwrap(), mail.as_lettre().formatted());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn the_inbox_shows_the_newest_first_and_never_grows_past_its_size() {
    let inbox = Arc::new(Inbox::default());
    let transport = Transport::new(TransportSettings::Inbox(inbox.clone())).unwrap();
    let clock = HandClock::start();
    let mut last = None;
    for _ in 0..Inbox::CAPACITY + 5 {
        let mail = mail(&clock);
        transport.deliver(&mail).await.unwrap();
        transport.deliver(&mail).await.unwrap();
        last = Some(mail.id());
    }
    let shown = inbox.list();
    assert_eq!(shown.len(), Inbox::CAPACITY);
    assert_eq!(Some(shown[0].id), last);
    assert_eq!(shown[0].to, "ada@example.org");
    assert!(shown[0].text.contains("048213") && shown[0].html.contains("048213"));
    assert!(!format!("{shown:?}").contains("048213"));
}
