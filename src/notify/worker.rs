//! The worker that empties the outbox.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, JoinSet};

use super::message::{Messages, RenderError};
use super::observer::{DropReason, MailObserver, Round};
use super::sms::DeliverSms;
use super::transport::{Deliver, DeliveryError};
use crate::domain::audit::{AuditEntry, AuditEvent, AuditResult};
use crate::domain::client::UserAgent;
use crate::domain::id::MailId;
use crate::domain::keys::KeyRing;
use crate::domain::mail::LeasedMail;
use crate::domain::sms::{Parcel, Sms};
use crate::domain::time::{SharedClock, Timestamp};
use crate::store::{AuditStore, OutboxStore, StoreError};

/// What a worker works with.
#[derive(Clone)]
pub struct Tools {
    /// The outbox.
    pub store: Arc<dyn OutboxStore>,
    /// The keys that open sealed mails.
    pub keys: Arc<KeyRing>,
    /// The words.
    pub messages: Arc<Messages>,
    /// The way that mails go.
    pub transport: Arc<dyn Deliver>,
    /// The way that text messages go, if they do.
    pub sms: Option<Arc<dyn DeliverSms>>,
    /// The clock by which mails come due and lose their use.
    pub clock: SharedClock,
    /// Rung by `notify_one` when a mail was written, so that it need not wait for the next look.
    pub wake: Arc<Notify>,
    /// Where it is remembered that a text message was given up.
    pub audit: Arc<dyn AuditStore>,
    /// Who counts.
    pub observer: Arc<dyn MailObserver>,
}

/// How a worker works.
#[derive(Clone, Copy, Debug)]
pub struct WorkerSettings {
    /// How long a mail taken is kept from other workers. A delivery is given up in good time before that.
    pub lease: Duration,
    /// How many mails are on their way at the same time; at least 1.
    pub parallel: u32,
    /// How often the outbox is looked at when nothing rings.
    pub poll: Duration,
    /// How long deliveries may go on after the word to stop.
    pub grace: Duration,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            parallel: 4,
            poll: Duration::from_secs(1),
            grace: Duration::from_secs(10),
        }
    }
}

/// Takes mails out of the outbox and on their way: at least once each, and never after they have lost their use.
#[derive(Clone)]
pub struct OutboxWorker {
    tools: Tools,
    way: Way,
    settings: WorkerSettings,
    /// Handed over, and still in the outbox because the store failed. They are removed when they turn up again, and
    /// not sent twice.
    unremoved: Arc<Mutex<HashMap<MailId, Timestamp>>>,
}

/// The words and the way of mails, which may change while a worker works. A mail goes from its beginning to its end by
/// those that are there when it is taken.
#[derive(Clone)]
pub struct Way(Arc<ArcSwap<WayNow>>);

struct WayNow {
    messages: Arc<Messages>,
    transport: Arc<dyn Deliver>,
    sms: Option<Arc<dyn DeliverSms>>,
}

impl Way {
    fn new(
        messages: Arc<Messages>,
        transport: Arc<dyn Deliver>,
        sms: Option<Arc<dyn DeliverSms>>,
    ) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(WayNow { messages, transport, sms })))
    }

    /// Takes these for the mails that are taken from now on.
    pub fn replace(
        &self,
        messages: Arc<Messages>,
        transport: Arc<dyn Deliver>,
        sms: Option<Arc<dyn DeliverSms>>,
    ) {
        self.0.store(Arc::new(WayNow { messages, transport, sms }));
    }
}

impl WayNow {
    /// Puts it into words and hands it over.
    async fn take_along(&self, opened: &Parcel, mail: &LeasedMail) -> Attempt {
        let unwritable =
            |error: RenderError| Attempt::Never(DropReason::Unwritable, error.to_string());
        let came = match opened {
            Parcel::Mail(opened) => match self.messages.render(opened, mail.id, mail.created_at) {
                Ok(rendered) => self.transport.deliver(&rendered).await,
                Err(error) => return unwritable(error),
            },
            Parcel::Sms(opened) => {
                let Some(sms) = &self.sms else {
                    let error = "no text messages are sent any more".to_owned();
                    return Attempt::Never(DropReason::Refused, error);
                };
                match self.messages.render_sms(opened, mail.id) {
                    Ok(rendered) => sms.deliver(&rendered).await,
                    Err(error) => return unwritable(error),
                }
            }
        };
        match came {
            Ok(()) => Attempt::Delivered,
            Err(error @ DeliveryError::Permanent(_)) => {
                Attempt::Never(DropReason::Refused, error.to_string())
            }
            Err(error) => Attempt::NotNow(error),
        }
    }
}

/// What an attempt came to.
enum Attempt {
    Delivered,
    NotNow(DeliveryError),
    Never(DropReason, String),
}

/// What becomes of a mail after an attempt.
enum Fate {
    Delivered,
    Retry { due: Timestamp, error: DeliveryError },
    Drop { reason: DropReason, error: String },
}

impl OutboxWorker {
    /// A worker; it does nothing until it is run.
    pub fn new(tools: Tools, settings: WorkerSettings) -> Self {
        let (messages, transport) = (Arc::clone(&tools.messages), Arc::clone(&tools.transport));
        let way = Way::new(messages, transport, tools.sms.clone());
        Self { tools, way, settings, unremoved: Arc::default() }
    }

    /// Its words and its way, to be replaced.
    pub fn way(&self) -> Way {
        self.way.clone()
    }

    /// Works until `shutdown` says `true` or its sender is gone; then finishes what is on its way, within the grace.
    /// What is cut off comes due again when its lease ends. A store that fails is waited for.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        let mut on_their_way = JoinSet::new();
        let mut failures = 0;
        loop {
            let pause = match self.take(&mut on_their_way).await {
                Ok(()) => {
                    failures = 0;
                    self.settings.poll
                }
                Err(error) => {
                    let pause = back_off(failures);
                    failures = failures.saturating_add(1);
                    tracing::error!(%error, retry_in = ?pause, "the outbox cannot be read");
                    pause
                }
            };
            tokio::select! {
                _ = shutdown.wait_for(|stop| *stop) => break,
                () = self.tools.wake.notified(), if failures == 0 => {}
                Some(done) = on_their_way.join_next() => { unbroken(done); }
                () = tokio::time::sleep(pause) => {}
            }
        }
        let finishing = async {
            while let Some(done) = on_their_way.join_next().await {
                unbroken(done);
            }
        };
        if tokio::time::timeout(self.settings.grace, finishing).await.is_err() {
            tracing::warn!(mails = on_their_way.len(), "mails were cut off; they come due again");
        }
    }

    /// Takes up to `parallel` mails that are due and sees them through.
    pub async fn run_once(&self) -> Result<Round, StoreError> {
        let mut on_their_way = JoinSet::new();
        self.take(&mut on_their_way).await?;
        let mut round = Round::default();
        while let Some(done) = on_their_way.join_next().await {
            match unbroken(done) {
                Some(Fate::Delivered) => round.delivered += 1,
                Some(Fate::Retry { .. }) => round.retried += 1,
                Some(Fate::Drop { .. }) => round.dropped += 1,
                None => {}
            }
        }
        Ok(round)
    }

    /// Fills the free places with mails that are due.
    async fn take(&self, on_their_way: &mut JoinSet<Fate>) -> Result<(), StoreError> {
        while let Some(done) = on_their_way.try_join_next() {
            unbroken(done);
        }
        let taken = u32::try_from(on_their_way.len()).unwrap_or(u32::MAX);
        let free = self.settings.parallel.max(1).saturating_sub(taken);
        if free == 0 {
            return Ok(());
        }
        let now = self.tools.clock.now();
        for mail in self.tools.store.lease_mails(free, self.settings.lease, now).await? {
            let worker = self.clone();
            on_their_way.spawn(async move { worker.see_through(mail).await });
        }
        Ok(())
    }

    /// Tries the mail once, and tells log, observer and outbox what became of it.
    async fn see_through(&self, mail: LeasedMail) -> Fate {
        if self.unremoved().contains_key(&mail.id) {
            self.remove(&mail).await;
            return Fate::Delivered;
        }
        let attempt = self.attempt(&mail).await;
        let now = self.tools.clock.now();
        let fate = Fate::after(attempt, &mail, now);
        self.tell(&mail, &fate, now);
        match &fate {
            Fate::Delivered => {
                self.unremoved().retain(|_, not_after| now < *not_after);
                self.unremoved().insert(mail.id, mail.not_after);
                self.remove(&mail).await;
            }
            Fate::Drop { reason, .. } => {
                self.remember(&mail, *reason, now).await;
                self.remove(&mail).await;
            }
            Fate::Retry { due, .. } => {
                if let Err(error) = self.tools.store.postpone_mail(mail.id, *due).await {
                    // Its lease ends by itself, and then it is due again.
                    tracing::error!(mail.id = %mail.id, %error, "a mail cannot be put off");
                }
            }
        }
        fate
    }

    async fn attempt(&self, mail: &LeasedMail) -> Attempt {
        if self.tools.clock.now() >= mail.not_after {
            return Attempt::Never(DropReason::Expired, "it came too late".to_owned());
        }
        let opened = match self.tools.keys.open_parcel(mail.id, &mail.sealed) {
            Ok(opened) => opened,
            Err(error) => return Attempt::Never(DropReason::Sealed, error.to_string()),
        };
        let way = self.way.0.load_full();
        // Whoever gets the mail after the lease must not find this delivery still going on.
        let limit = self.settings.lease.mul_f64(0.8);
        match tokio::time::timeout(limit, way.take_along(&opened, mail)).await {
            Ok(attempt) => attempt,
            Err(_) => {
                Attempt::NotNow(DeliveryError::Transient(format!("not done after {limit:?}")))
            }
        }
    }

    fn tell(&self, mail: &LeasedMail, fate: &Fate, now: Timestamp) {
        let (id, kind, attempts) = (mail.id, mail.kind.as_str(), mail.attempts.saturating_add(1));
        let observer = &self.tools.observer;
        match fate {
            Fate::Delivered => {
                let after = now.since(mail.created_at);
                observer.delivered(kind, after);
                tracing::info!(mail.id = %id, mail.kind = kind, mail.attempts = attempts,
                    mail.seconds = after.as_secs_f64(), "mail delivered");
            }
            Fate::Retry { due, error: error @ DeliveryError::Misconfigured(_) } => {
                observer.retried(kind);
                tracing::error!(mail.id = %id, mail.kind = kind, mail.attempts = attempts,
                    mail.due = %due, %error, "mail waits until somebody changes a setting");
            }
            Fate::Retry { due, error } => {
                observer.retried(kind);
                tracing::warn!(mail.id = %id, mail.kind = kind, mail.attempts = attempts,
                    mail.due = %due, %error, "mail put off");
            }
            Fate::Drop { reason, error } => {
                observer.dropped(kind, *reason);
                tracing::error!(mail.id = %id, mail.kind = kind, mail.attempts = attempts,
                    reason = reason.as_str(), error, "mail dropped");
            }
        }
    }

    /// Remembers that a text message was given up, for whoever is asked why no code came (R22). Mails bounce later, if at all:
    /// what their server says here is no sign of that, and is in the log.
    async fn remember(&self, mail: &LeasedMail, reason: DropReason, now: Timestamp) {
        if !Sms::is_kind(&mail.kind) {
            return;
        }
        let account = match self.tools.keys.open_parcel(mail.id, &mail.sealed) {
            Ok(Parcel::Sms(sms)) => sms.account,
            Ok(Parcel::Mail(_)) | Err(_) => None,
        };
        let result = match reason {
            DropReason::Expired => AuditResult::Expired,
            DropReason::Refused | DropReason::Sealed | DropReason::Unwritable => {
                AuditResult::Refused
            }
        };
        let entry = AuditEntry {
            at: now,
            event: AuditEvent::SmsFailed.into(),
            result: result.into(),
            account,
            address: None,
            user_agent: UserAgent::from("doorward"),
            device: None,
        };
        if let Err(error) = self.tools.audit.record(entry).await {
            tracing::error!(mail.id = %mail.id, %error, "a text message that was given up is not in the audit");
        }
    }

    async fn remove(&self, mail: &LeasedMail) {
        match self.tools.store.remove_mail(mail.id).await {
            Ok(()) => {
                self.unremoved().remove(&mail.id);
            }
            // Its lease ends by itself; if it was delivered, `unremoved` keeps it from going out again.
            Err(error) => tracing::error!(mail.id = %mail.id, %error, "a mail cannot be removed"),
        }
    }

    fn unremoved(&self) -> std::sync::MutexGuard<'_, HashMap<MailId, Timestamp>> {
        self.unremoved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fate {
    /// A mail that would be of no use by its next attempt is given up at once.
    fn after(attempt: Attempt, mail: &LeasedMail, now: Timestamp) -> Self {
        match attempt {
            Attempt::Delivered => Self::Delivered,
            Attempt::Never(reason, error) => Self::Drop { reason, error },
            Attempt::NotNow(error) => {
                let due = now + back_off(mail.attempts);
                if due < mail.not_after {
                    Self::Retry { due, error }
                } else {
                    Self::Drop { reason: DropReason::Expired, error: error.to_string() }
                }
            }
        }
    }
}

/// What became of a mail, unless its task broke down: then its lease ends by itself, and it is due again.
fn unbroken(done: Result<Fate, JoinError>) -> Option<Fate> {
    done.inspect_err(|error| tracing::error!(%error, "a delivery broke down")).ok()
}

/// The wait after so many failures before this one: 1 s, 2 s, 4 s … and never more than a minute.
fn back_off(failures: u32) -> Duration {
    Duration::from_secs((1_u64 << failures.min(6)).min(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_minute() {
        let waits: Vec<u64> = (0..9).map(|failures| back_off(failures).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(back_off(u32::MAX).as_secs(), 60);
    }
}
