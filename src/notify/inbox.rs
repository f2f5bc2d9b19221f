//! The inbox of `doorward demo`: mails that went nowhere else.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::message::RenderedMail;
use crate::domain::id::MailId;
use crate::domain::time::Timestamp;

/// The latest mails, in memory. Never more than [`Inbox::CAPACITY`].
#[derive(Debug, Default)]
pub struct Inbox {
    mails: Mutex<VecDeque<InboxMail>>,
}

/// A mail as the inbox page shows it.
#[derive(Clone, serde::Serialize)]
pub struct InboxMail {
    /// Its identifier.
    pub id: MailId,
    /// Whom it is for.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text part.
    pub text: String,
    /// Its HTML part, a whole page.
    pub html: String,
    /// When it was written.
    pub at: Timestamp,
}

impl Inbox {
    /// The most mails that are kept; the oldest goes first.
    pub const CAPACITY: usize = 100;

    /// The mails, the newest first.
    pub fn list(&self) -> Vec<InboxMail> {
        self.mails().iter().rev().cloned().collect()
    }

    /// Keeps the mail; a mail delivered twice is one.
    pub(super) fn keep(&self, mail: &RenderedMail) {
        let mut mails = self.mails();
        mails.retain(|kept| kept.id != mail.id());
        if mails.len() >= Self::CAPACITY {
            mails.pop_front();
        }
        mails.push_back(InboxMail {
            id: mail.id(),
            to: mail.to().to_string(),
            subject: mail.subject().to_owned(),
            text: mail.text().to_owned(),
            html: mail.html().to_owned(),
            at: mail.created_at(),
        });
    }

    fn mails(&self) -> std::sync::MutexGuard<'_, VecDeque<InboxMail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for InboxMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxMail").field("id", &self.id).finish_non_exhaustive()
    }
}
