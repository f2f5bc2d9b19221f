//! Sessions in Redis: all of an account in one slot, and pointers to the account from tokens and identifiers.

use async_trait::async_trait;

use super::super::observe::Cause;
use super::super::{Joined, SessionStore, StoreError};
use super::keys::Tag;
use super::records::{self, OtherForm, bytes};
use super::{RedisStore, by_tag, scripts, ttl};
use crate::domain::id::{AccountId, FamilyId, SessionId};
use crate::domain::refresh::{RefreshRotation, Refreshed};
use crate::domain::secret::SessionTokenHash;
use crate::domain::session::{NewSession, Session, SessionUse};
use crate::domain::time::Timestamp;

/// What a script tells of a session: what is kept of it, and its last use.
type Record = (Vec<u8>, i64);
/// What a script has removed: session and token in turn.
type Removed = Vec<Vec<u8>>;

#[async_trait]
impl SessionStore for RedisStore {
    async fn create_session(&self, new: NewSession) -> Result<Option<FamilyId>, StoreError> {
        self.breaker
            .ask("create_session", async {
                let elsewhere = self.end_replaced_elsewhere(&new).await?;
                let kept = self.keep(&new, None).await?.flatten();
                Ok(elsewhere.or(kept))
            })
            .await
    }

    async fn join_session(
        &self,
        new: NewSession,
        now: Timestamp,
    ) -> Result<Option<Joined>, StoreError> {
        self.breaker
            .ask("join_session", async {
                let account = bytes(new.session.account.as_uuid());
                let stands: bool = self
                    .link
                    .call(&scripts::SESSION_STANDS, Tag::of(account))
                    .arg(account)
                    .arg(bytes(new.session.family.as_uuid()))
                    .arg(replaced(&new))
                    .arg(now.as_millis())
                    .run()
                    .await?;
                if !stands {
                    return Ok(None);
                }
                let elsewhere = self.end_replaced_elsewhere(&new).await?;
                let joined = self.keep(&new, Some(now)).await?;
                Ok(joined.map(|ended| Joined { ended: elsewhere.or(ended) }))
            })
            .await
    }

    async fn find_session(&self, token: &SessionTokenHash) -> Result<Option<Session>, StoreError> {
        self.breaker
            .ask("find_session", async {
                let token = token.as_bytes().as_slice();
                let Some(account) = self.pointer("t", token).await? else { return Ok(None) };
                self.find_by(&account, token).await
            })
            .await
    }

    async fn find_session_of(
        &self,
        account: AccountId,
        token: &SessionTokenHash,
    ) -> Result<Option<Session>, StoreError> {
        let find = self.find_by(bytes(account.as_uuid()), token.as_bytes());
        self.breaker.ask("find_session", find).await
    }

    async fn find_sessions_of(
        &self,
        sessions: &[(AccountId, SessionTokenHash)],
    ) -> Result<Vec<Option<Session>>, StoreError> {
        self.breaker.ask("find_sessions_of", self.find_several(sessions)).await
    }

    async fn touch_sessions(&self, uses: &[SessionUse]) -> Result<(), StoreError> {
        self.breaker
            .ask("touch_sessions", async {
                let parts = by_tag(uses, |used| used.account);
                let calls = parts.iter().map(async |(tag, part)| {
                    let mut touch = self.link.call(&scripts::SESSION_TOUCH, *tag);
                    for (_, SessionUse { account, session, at }) in part {
                        let (account, id) = (bytes(account.as_uuid()), bytes(session.as_uuid()));
                        touch = touch.arg(account).arg(id).arg(at.as_millis());
                    }
                    touch.run::<()>().await
                });
                super::at_once(calls).await.map(drop)
            })
            .await
    }

    async fn end_session(&self, id: SessionId) -> Result<Option<FamilyId>, StoreError> {
        self.breaker
            .ask("end_session", async {
                match self.pointer("i", bytes(id.as_uuid())).await? {
                    Some(account) => self.end(&account, id).await,
                    None => Ok(None),
                }
            })
            .await
    }

    async fn end_sessions_of(
        &self,
        account: AccountId,
        except: Option<SessionId>,
    ) -> Result<u64, StoreError> {
        self.breaker
            .ask("end_sessions_of", async {
                let account = bytes(account.as_uuid());
                let except = except.map(|id| bytes(id.as_uuid()).to_vec()).unwrap_or_default();
                let end = self.link.call(&scripts::SESSION_END_ALL, Tag::of(account));
                let removed: Removed = end.arg(account).arg(except).run().await?;
                self.forget_pointers(&removed).await;
                Ok(u64::try_from(removed.len() / 2)?)
            })
            .await
    }

    async fn sessions_of(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.breaker
            .ask("sessions_of", async {
                let account = bytes(account.as_uuid());
                let list = self.link.call(&scripts::SESSION_LIST, Tag::of(account)).arg(account);
                let records: Vec<(Vec<u8>, i64)> = list.run().await?;
                let mut sessions = records
                    .into_iter()
                    .map(|(record, seen)| records::session(account, &record, seen))
                    .filter(|session| {
                        session.as_ref().map_or(true, |session| session.expires_at > now)
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                sessions.sort_by_key(|session| std::cmp::Reverse((session.seen_at, session.id)));
                Ok(sessions)
            })
            .await
    }

    async fn rotate_refresh(
        &self,
        session: &SessionTokenHash,
        rotation: RefreshRotation,
    ) -> Result<Refreshed, StoreError> {
        self.breaker
            .ask("rotate_refresh", async {
                let token = session.as_bytes().as_slice();
                let Some(account) = self.pointer("t", token).await? else {
                    return Ok(Refreshed::Unknown);
                };
                let refresh = self
                    .link
                    .call(&scripts::SESSION_REFRESH, Tag::of(&account))
                    .arg(token)
                    .arg(rotation.shown.as_bytes().as_slice())
                    .arg(rotation.next.as_bytes().as_slice())
                    .arg(rotation.salt.as_slice())
                    .arg(u64::try_from(rotation.grace.as_millis())?)
                    .arg(rotation.now.as_millis());
                records::refreshed(&refresh.run::<Vec<Vec<u8>>>().await?)
            })
            .await
    }

    async fn count_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.breaker
            .ask("count_sessions", async {
                let counts: Vec<u64> = super::everywhere(async |tag| {
                    let mut count = redis::cmd("ZCOUNT");
                    count
                        .arg(self.link.key("e", tag, b"s"))
                        .arg(format!("({}", now.as_millis()))
                        .arg("+inf");
                    self.link.send(&count).await
                })
                .await?;
                Ok(counts.into_iter().sum())
            })
            .await
    }
}

impl RedisStore {
    async fn find_by(&self, account: &[u8], token: &[u8]) -> Result<Option<Session>, Cause> {
        let find = self.link.call(&scripts::SESSION_FIND, Tag::of(account));
        found(account, find.arg(account).arg(token).run().await?)
    }

    async fn find_several(
        &self,
        sessions: &[(AccountId, SessionTokenHash)],
    ) -> Result<Vec<Option<Session>>, Cause> {
        let parts = by_tag(sessions, |(account, _)| *account);
        let calls = parts.iter().map(async |(tag, part)| {
            let mut find = self.link.call(&scripts::SESSION_FIND_SEVERAL, *tag);
            for (_, (account, token)) in part {
                find = find.arg(bytes(account.as_uuid())).arg(token.as_bytes().as_slice());
            }
            let records: Vec<Option<Record>> = find.run().await?;
            if records.len() == part.len() { Ok(records) } else { Err(OtherForm.into()) }
        });
        let told = super::at_once(calls).await?;
        let mut all = vec![None; sessions.len()];
        for ((_, part), records) in parts.iter().zip(told) {
            for ((place, (account, _)), record) in part.iter().zip(records) {
                if let Some(session) = all.get_mut(*place) {
                    *session = found(bytes(account.as_uuid()), record)?;
                }
            }
        }
        Ok(all)
    }

    /// The session of this account by its identifier.
    pub(super) async fn session_by_id(&self, id: SessionId) -> Result<Option<Session>, Cause> {
        let id = bytes(id.as_uuid());
        let Some(account) = self.pointer("i", id).await? else { return Ok(None) };
        let find = self.link.call(&scripts::SESSION_FIND_BY_ID, Tag::of(&account));
        found(&account, find.arg(account.as_slice()).arg(id).run().await?)
    }

    /// Keeps the session, with its pointers before it: one that points at nothing does no harm. With `joins_at` only if another
    /// of its family stands then; `None` where it was not kept.
    async fn keep(
        &self,
        new: &NewSession,
        joins_at: Option<Timestamp>,
    ) -> Result<Option<Option<FamilyId>>, Cause> {
        let session = &new.session;
        let (token, id) = (new.token.as_bytes().as_slice(), bytes(session.id.as_uuid()));
        let account = bytes(session.account.as_uuid());
        let lives = ttl(session.created_at, session.expires_at);
        tokio::try_join!(
            self.point("t", token, account, lives),
            self.point("i", id, account, lives)
        )?;
        let create = self
            .link
            .call(&scripts::SESSION_CREATE, Tag::of(account))
            .arg(account)
            .arg(token)
            .arg(id)
            .arg(bytes(session.family.as_uuid()))
            .arg(records::of_session(session)?)
            .arg(session.seen_at.as_millis())
            .arg(lives)
            .arg(replaced(new))
            .arg(joins_at.map_or_else(String::new, |now| now.as_millis().to_string()))
            .arg(new.refresh.map(|token| token.as_bytes().to_vec()).unwrap_or_default());
        let Some((ended, removed)) = create.run::<Option<(Vec<u8>, Removed)>>().await? else {
            self.forget_pointers(&[id.to_vec(), token.to_vec()]).await;
            return Ok(None);
        };
        self.forget_pointers(&removed).await;
        Ok(Some(family(&ended)?))
    }

    /// Ends the session that the new one replaces, where it is another account's and so in another slot: before the new one is
    /// there, so that never both are.
    async fn end_replaced_elsewhere(&self, new: &NewSession) -> Result<Option<FamilyId>, Cause> {
        let Some(replaced) = new.replaces else { return Ok(None) };
        match self.pointer("i", bytes(replaced.as_uuid())).await? {
            Some(account) if account != bytes(new.session.account.as_uuid()) => {
                self.end(&account, replaced).await
            }
            _ => Ok(None),
        }
    }

    async fn end(&self, account: &[u8], id: SessionId) -> Result<Option<FamilyId>, Cause> {
        let end = self.link.call(&scripts::SESSION_END, Tag::of(account));
        let ended =
            end.arg(account).arg(bytes(id.as_uuid())).run::<Option<(Vec<u8>, Removed)>>().await?;
        let Some((ended, removed)) = ended else { return Ok(None) };
        self.forget_pointers(&removed).await;
        family(&ended)
    }

    /// Where what has this name lies.
    pub(super) async fn pointer(&self, kind: &str, id: &[u8]) -> Result<Option<Vec<u8>>, Cause> {
        let mut get = redis::cmd("GET");
        get.arg(self.link.key(kind, Tag::of(id), id));
        self.link.send(&get).await
    }

    pub(super) async fn point(
        &self,
        kind: &str,
        id: &[u8],
        at: &[u8],
        ttl: u64,
    ) -> Result<(), Cause> {
        let mut set = redis::cmd("SET");
        set.arg(self.link.key(kind, Tag::of(id), id)).arg(at).arg("PX").arg(ttl);
        self.link.send(&set).await
    }

    /// Takes away the pointers to what is gone. One that stays does no harm, and goes by itself.
    pub(super) async fn forget_pointers(&self, removed: &[Vec<u8>]) {
        for pair in removed.chunks_exact(2) {
            for (kind, id) in ["i", "t"].into_iter().zip(pair) {
                let mut del = redis::cmd("DEL");
                del.arg(self.link.key(kind, Tag::of(id), id));
                if let Err(error) = self.link.send::<u64>(&del).await {
                    tracing::debug!(%error, "a pointer stays until its time is over");
                }
            }
        }
    }
}

/// The session that is replaced, for a script: nothing where there is none.
fn replaced(new: &NewSession) -> Vec<u8> {
    new.replaces.map(|id| bytes(id.as_uuid()).to_vec()).unwrap_or_default()
}

fn found(account: &[u8], record: Option<Record>) -> Result<Option<Session>, Cause> {
    record.map(|(record, seen)| records::session(account, &record, seen)).transpose()
}

fn family(ended: &[u8]) -> Result<Option<FamilyId>, Cause> {
    if ended.is_empty() {
        return Ok(None);
    }
    Ok(Some(FamilyId::from_uuid(uuid::Uuid::from_slice(ended)?)))
}
