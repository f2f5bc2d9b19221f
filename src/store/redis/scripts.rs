//! The scripts: one for each promise that changes anything.

use std::sync::LazyLock;

/// A script as Redis gets it, and the hash by which it is called.
pub(super) struct Script(LazyLock<Source>);

struct Source {
    code: String,
    hash: String,
}

impl Script {
    pub(super) fn code(&self) -> &str {
        &self.0.code
    }

    pub(super) fn hash(&self) -> &str {
        &self.0.hash
    }
}

fn source(parts: &[&str]) -> Source {
    let code = parts.concat();
    let hash = redis::Script::new(&code).get_hash().to_owned();
    Source { code, hash }
}

/// Scripts by their files: what they are made of, one after another.
macro_rules! scripts {
    ($($name:ident: $($file:literal)+;)*) => {$(
        pub(super) static $name: Script = Script(LazyLock::new(|| {
            source(&[include_str!("scripts/begin.lua"), $(include_str!(concat!("scripts/", $file, ".lua"))),+])
        }));
    )*};
}

scripts! {
    SESSION_CREATE: "sessions" "session_create";
    SESSION_STANDS: "sessions" "session_stands";
    SESSION_FIND: "sessions" "session_find";
    SESSION_FIND_SEVERAL: "sessions" "session_find_several";
    SESSION_FIND_BY_ID: "sessions" "session_find_by_id";
    SESSION_TOUCH: "sessions" "session_touch";
    SESSION_END: "sessions" "session_end";
    SESSION_END_ALL: "sessions" "session_end_all";
    SESSION_LIST: "sessions" "session_list";
    SESSION_REFRESH: "sessions" "session_refresh";
    TICKET_LIST: "ticket_list";
    TICKET_ISSUE: "ticket_issue";
    TICKET_TAKE: "ticket_take";
    DRAFT_KEEP: "draft_keep";
    DRAFT_FIND: "draft_find";
    DRAFT_TAKE: "draft_take";
    PERMIT_CREATE: "permit_create";
    PERMIT_TAKE: "permit_take";
    MAIL_WRITE: "outbox" "mail_write";
    MAIL_REMOVE: "outbox" "mail_remove";
    MAIL_POSTPONE: "outbox" "mail_postpone";
    MAIL_DUE: "outbox" "mail_due";
    MAIL_LEASE: "outbox" "mail_lease";
    CHALLENGE_OPEN: "outbox" "challenges" "challenge_open";
    CHALLENGE_REISSUE: "outbox" "challenges" "challenge_reissue";
    CHALLENGE_REDEEM_CODE: "outbox" "challenges" "challenge_redeem_code";
    CHALLENGE_REDEEM_LINK: "outbox" "challenges" "challenge_redeem_link";
    CHALLENGE_SPEND: "outbox" "challenges" "challenge_spend";
    CHALLENGE_FIND: "outbox" "challenges" "challenge_find";
    ABOUT_ADD: "about_add";
    ABOUT_DROP: "outbox" "challenges" "about_drop";
    QUOTA_COUNT: "quota_count";
    PURGE: "sessions" "outbox" "purge";
}
