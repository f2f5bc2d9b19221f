//! What a store of devices promises.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use doorward::domain::client::Client;
use doorward::domain::device::{Device, DeviceUse, Rotation};
use doorward::domain::id::DeviceId;
use doorward::domain::secret::DeviceToken;
use doorward::domain::time::Timestamp;
use doorward::store::Accounts;

use crate::backends::Backend;
use crate::races::{MANY, at_once};
use crate::samples::{START, at, device, device_token, somebody};

const GRACE: Duration = Duration::from_secs(60);
const MILLI: Duration = Duration::from_millis(1);

/// A device in a store, and the token in its cookie.
struct Kept {
    store: Arc<dyn Accounts>,
    device: Device,
    token: DeviceToken,
}

impl Kept {
    async fn in_store(store: Arc<dyn Accounts>) -> Self {
        let token = device_token();
        let new = device(&token, somebody());
        store.insert_device(new.clone()).await.unwrap();
        Self { store, device: new.device, token }
    }

    /// Shows `shown`, to have `next` in its place.
    async fn show(&self, shown: &DeviceToken, next: &DeviceToken, now: Timestamp) -> DeviceUse {
        show(&*self.store, self.device.id, shown, next, now).await
    }

    /// Uses the present token and gives the next.
    async fn rotate(&self, shown: &DeviceToken, now: Timestamp) -> DeviceToken {
        let next = device_token();
        let used = self.show(shown, &next, now).await;
        assert!(matches!(used, DeviceUse::Rotated(_)), "{used:?}");
        next
    }

    async fn find(&self, token: &DeviceToken, now: Timestamp) -> Option<Device> {
        self.store.find_device(self.device.id, &token.hash(), GRACE, now).await.unwrap()
    }

    async fn listed(&self) -> Vec<Device> {
        self.store.devices_of(self.device.account).await.unwrap()
    }
}

async fn show(
    store: &dyn Accounts,
    id: DeviceId,
    shown: &DeviceToken,
    next: &DeviceToken,
    now: Timestamp,
) -> DeviceUse {
    let (shown, next) = (shown.hash(), next.hash());
    let rotation = Rotation { shown, next, grace: GRACE, client: elsewhere(), now };
    store.use_device(id, rotation).await.unwrap()
}

fn elsewhere() -> Client {
    Client { address: "192.0.2.9".parse().unwrap(), user_agent: "Another browser".into() }
}

pub async fn a_device_is_found_by_its_token_as_it_was_made(store: impl Backend) {
    let kept = Kept::in_store(store.accounts()).await;
    assert_eq!(kept.find(&kept.token, START).await, Some(kept.device.clone()));
    assert_eq!(kept.listed().await, *from_ref(&kept.device));
    assert_eq!(kept.find(&device_token(), START).await, None);
    let nobody = device(&kept.token, kept.device.account).device.id;
    let found = kept.store.find_device(nobody, &kept.token.hash(), GRACE, START).await;
    assert_eq!(found.unwrap(), None);
}

pub async fn s32_each_use_puts_the_next_token_in_force_and_notes_the_client(store: impl Backend) {
    let kept = Kept::in_store(store.accounts()).await;
    let second = device_token();
    let DeviceUse::Rotated(used) = kept.show(&kept.token, &second, at(10)).await else {
        panic!("the present token was refused");
    };
    let expected = Device { used_at: at(10), client: elsewhere(), ..kept.device.clone() };
    assert_eq!(*used, expected);
    assert_eq!(kept.listed().await, *from_ref(&expected));
    assert_eq!(kept.find(&second, at(1000)).await, Some(expected));
    kept.rotate(&second, at(2000)).await;
}

pub async fn s32_the_token_before_counts_inside_its_grace_and_changes_nothing(store: impl Backend) {
    let kept = Kept::in_store(store.accounts()).await;
    let second = kept.rotate(&kept.token, at(10)).await;
    let (before, unused) = (kept.listed().await, device_token());
    let last = at(70).before(MILLI);
    for now in [at(10), last] {
        let DeviceUse::InGrace(found) = kept.show(&kept.token, &unused, now).await else {
            panic!("refused inside the grace");
        };
        assert_eq!([*found], *before);
        assert!(kept.find(&kept.token, now).await.is_some());
    }
    assert_eq!(kept.listed().await, before);
    assert_eq!(kept.show(&unused, &device_token(), last).await, DeviceUse::Unknown);
    kept.rotate(&second, last).await;
}

pub async fn s32_the_token_before_shown_after_its_grace_is_a_theft(store: impl Backend) {
    let kept = Kept::in_store(store.accounts()).await;
    let second = kept.rotate(&kept.token, at(10)).await;
    assert_eq!(kept.find(&kept.token, at(70)).await, None, "looking changes nothing");
    assert_eq!(kept.listed().await.len(), 1);
    let DeviceUse::Stolen(gone) = kept.show(&kept.token, &device_token(), at(70)).await else {
        panic!("a theft was not seen");
    };
    assert_eq!((gone.id, gone.account), (kept.device.id, kept.device.account));
    assert_eq!(kept.listed().await, []);
    for token in [&kept.token, &second] {
        assert_eq!(kept.show(token, &device_token(), at(70)).await, DeviceUse::Unknown);
        assert_eq!(kept.find(token, at(70)).await, None);
    }
}

pub async fn s32_an_older_token_is_a_theft_at_any_time(store: impl Backend) {
    let kept = Kept::in_store(store.accounts()).await;
    let second = kept.rotate(&kept.token, at(1)).await;
    kept.rotate(&second, at(2)).await;
    let used = kept.show(&kept.token, &device_token(), at(3)).await;
    assert!(matches!(used, DeviceUse::Stolen(_)), "{used:?}");
    assert_eq!(kept.listed().await, []);
}

pub async fn s32_a_copy_is_recognised_for_sixty_four_uses(store: impl Backend) {
    let (first, second) =
        (Kept::in_store(store.accounts()).await, Kept::in_store(store.accounts()).await);
    for (kept, uses) in [(&first, 64), (&second, 65)] {
        let mut present = kept.token.clone();
        for secs in 0..uses {
            present = kept.rotate(&present, at(secs)).await;
        }
    }
    let used = first.show(&first.token, &device_token(), at(100)).await;
    assert!(matches!(used, DeviceUse::Stolen(_)), "{used:?}");
    let used = second.show(&second.token, &device_token(), at(100)).await;
    assert_eq!(used, DeviceUse::Unknown, "what is kept is bounded");
}

pub async fn s31_a_foreign_token_is_nothing_and_changes_nothing(store: impl Backend) {
    let (mine, other) =
        (Kept::in_store(store.accounts()).await, Kept::in_store(store.accounts()).await);
    let former = other.token.clone();
    let present = other.rotate(&former, START).await;
    for foreign in [device_token(), former, present] {
        assert_eq!(mine.find(&foreign, START).await, None);
        assert_eq!(mine.show(&foreign, &device_token(), at(100)).await, DeviceUse::Unknown);
    }
    assert_eq!(mine.listed().await, *from_ref(&mine.device));
    assert_eq!(other.listed().await.len(), 1);
    mine.rotate(&mine.token, at(100)).await;
}

pub async fn s32_of_fifty_parallel_uses_one_rotates_and_the_others_are_in_grace(
    store: impl Backend,
) {
    let other = store.elsewhere().await;
    let stores = [store.accounts(), other.accounts()];
    let kept = Kept::in_store(store.accounts()).await;
    let uses = at_once(&stores, |store| {
        let (id, shown, next) = (kept.device.id, kept.token.clone(), device_token());
        async move { (show(&*store, id, &shown, &next, at(5)).await, next) }
    })
    .await;
    let in_grace = uses.iter().filter(|(used, _)| matches!(used, DeviceUse::InGrace(_)));
    assert_eq!(in_grace.count(), MANY - 1);
    for (used, next) in &uses {
        let in_force = kept.find(next, at(5)).await.is_some();
        assert_eq!(in_force, matches!(used, DeviceUse::Rotated(_)));
    }
}

pub async fn s32_of_fifty_parallel_thefts_exactly_one_is_told(store: impl Backend) {
    let other = store.elsewhere().await;
    let stores = [store.accounts(), other.accounts()];
    let kept = Kept::in_store(store.accounts()).await;
    kept.rotate(&kept.token, START).await;
    let uses = at_once(&stores, |store| {
        let (id, shown) = (kept.device.id, kept.token.clone());
        async move { show(&*store, id, &shown, &device_token(), at(60)).await }
    })
    .await;
    let told = uses.iter().filter(|used| matches!(used, DeviceUse::Stolen(_))).count();
    assert_eq!(told, 1);
    assert_eq!(uses.iter().filter(|used| **used == DeviceUse::Unknown).count(), MANY - 1);
}

pub async fn a_device_is_trusted_until_the_instant_last_said(store: impl Backend) {
    let (kept, other) =
        (Kept::in_store(store.accounts()).await, Kept::in_store(store.accounts()).await);
    for until in [at(1000), at(500)] {
        kept.store.trust_device(kept.device.id, until).await.unwrap();
        assert_eq!(kept.find(&kept.token, START).await.unwrap().trusted_until, Some(until));
    }
    let second = kept.rotate(&kept.token, at(10)).await;
    assert_eq!(kept.find(&second, at(10)).await.unwrap().trusted_until, Some(at(500)));
    assert_eq!(other.listed().await, *from_ref(&other.device));
}

pub async fn devices_are_listed_the_latest_used_first(store: impl Backend) {
    let (accounts, owner, mut expected) = (store.accounts(), somebody(), Vec::new());
    for used in [5, 9, 7] {
        let mut new = device(&device_token(), owner);
        new.device.used_at = at(used);
        accounts.insert_device(new.clone()).await.unwrap();
        expected.push(new.device);
    }
    expected.sort_by_key(|device| std::cmp::Reverse(device.used_at));
    Kept::in_store(store.accounts()).await;
    assert_eq!(accounts.devices_of(owner).await.unwrap(), expected);
}

pub async fn s33_devices_are_removed_one_by_one_or_all_of_an_account(store: impl Backend) {
    let (accounts, other) = (store.accounts(), Kept::in_store(store.accounts()).await);
    let kept = Kept::in_store(store.accounts()).await;
    let second = kept.rotate(&kept.token, START).await;
    assert!(accounts.remove_device(kept.device.id).await.unwrap());
    assert!(!accounts.remove_device(kept.device.id).await.unwrap());
    for token in [&kept.token, &second] {
        assert_eq!(kept.find(token, START).await, None);
        assert_eq!(kept.show(token, &device_token(), START).await, DeviceUse::Unknown);
    }
    let owner = somebody();
    for _ in 0..3 {
        accounts.insert_device(device(&device_token(), owner)).await.unwrap();
    }
    assert_eq!(accounts.remove_devices_of(owner).await.unwrap(), 3);
    assert_eq!(accounts.remove_devices_of(owner).await.unwrap(), 0);
    assert_eq!(accounts.devices_of(owner).await.unwrap(), []);
    assert_eq!(other.listed().await, *from_ref(&other.device), "another's stays");
}

pub async fn a_use_by_a_clock_that_was_put_back_makes_no_device_older(store: impl Backend) {
    let kept = Kept::in_store(store.accounts()).await;
    kept.rotate(&kept.token, at(-3600)).await;
    assert_eq!(kept.listed().await[0].used_at, START);
}

pub async fn devices_outlast_a_restart(store: impl Backend) {
    let Kept { device, token, .. } = Kept::in_store(store.accounts()).await;
    let second = device_token();
    let used = show(&*store.accounts(), device.id, &token, &second, START).await;
    assert!(matches!(used, DeviceUse::Rotated(_)));
    let store = store.restart().await;
    let kept = Kept { store: store.accounts(), device, token };
    assert!(kept.find(&kept.token, at(59)).await.is_some());
    let third = kept.rotate(&second, at(100)).await;
    let used = kept.show(&kept.token, &device_token(), at(100)).await;
    assert!(matches!(used, DeviceUse::Stolen(_)), "{used:?}");
    assert_eq!(kept.find(&third, at(100)).await, None);
}
