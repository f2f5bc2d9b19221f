//! What a store promises of forms that wait for a sign-in.

use std::time::Duration;

use doorward::domain::draft::{DraftRoom, NewDraft};
use doorward::domain::entropy::OsEntropy;
use doorward::domain::secret::{DraftHash, DraftToken};

use crate::backends::Backend;
use crate::samples::at;

const MILLI: Duration = Duration::from_millis(1);
pub const ROOM: DraftRoom = DraftRoom { of_client: 2, bytes: 100, in_all: 4 };

pub fn draft(client: &str, bytes: usize) -> (DraftHash, NewDraft) {
    let token = DraftToken::generate(&OsEntropy).hash();
    let new = NewDraft {
        token,
        host: "wiki.example.com".parse().unwrap(),
        client: client.to_owned(),
        sealed: vec![7; bytes],
        expires_at: at(900),
    };
    (token, new)
}

pub async fn a_draft_is_found_until_it_is_taken_which_one_does(store: impl Backend) {
    let flow = store.flow();
    let (token, new) = draft("192.0.2.1", 10);
    assert!(flow.keep_draft(new, ROOM, at(0)).await.unwrap());
    for _ in 0..2 {
        assert_eq!(flow.find_draft(&token, at(1)).await.unwrap(), Some(vec![7; 10]));
    }
    let taken = tokio::join!(
        flow.take_draft(&token, at(1)),
        flow.take_draft(&token, at(1)),
        flow.take_draft(&token, at(1)),
    );
    let taken = [taken.0.unwrap(), taken.1.unwrap(), taken.2.unwrap()];
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "{taken:?}");
    assert_eq!(flow.find_draft(&token, at(1)).await.unwrap(), None);
}

pub async fn a_draft_ends_at_its_very_millisecond_and_is_purged(store: impl Backend) {
    let flow = store.flow();
    let (token, new) = draft("192.0.2.1", 10);
    assert!(flow.keep_draft(new, ROOM, at(0)).await.unwrap());
    assert!(flow.find_draft(&token, at(900).before(MILLI)).await.unwrap().is_some());
    assert_eq!(flow.find_draft(&token, at(900)).await.unwrap(), None);
    assert!(!flow.take_draft(&token, at(900)).await.unwrap());
    assert_eq!(flow.purge(at(900).before(MILLI), 100).await.unwrap(), 0);
    assert_eq!(flow.purge(at(900), 100).await.unwrap(), 1);
}

pub async fn drafts_have_so_much_room_and_no_more(store: impl Backend) {
    let flow = store.flow();
    let keep = async |client: &str, bytes, now| {
        flow.keep_draft(draft(client, bytes).1, ROOM, now).await.unwrap()
    };
    assert!(!keep("192.0.2.1", 101, at(0)).await, "more than all have");
    assert!(keep("192.0.2.1", 10, at(0)).await);
    assert!(keep("192.0.2.1", 10, at(0)).await);
    assert!(!keep("192.0.2.1", 10, at(0)).await, "a client has two");
    assert!(!keep("192.0.2.2", 81, at(0)).await, "all of them have a hundred bytes");
    assert!(keep("192.0.2.2", 80, at(0)).await);
    assert!(keep("192.0.2.3", 0, at(0)).await);
    assert!(!keep("192.0.2.4", 0, at(0)).await, "there are four");
    assert!(keep("192.0.2.4", 100, at(900)).await, "their time is over");
}
