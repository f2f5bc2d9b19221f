use super::*;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW: u8 = 8;
const CONTINUATION: u8 = 9;

fn frame(kind: u8, flags: u8, payload: usize) -> Vec<u8> {
    let length = u32::try_from(payload).unwrap().to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags, 0, 0, 0, 1];
    bytes.resize(HEADER + payload, 0);
    bytes
}

/// A connection whose beginning is over.
fn begun() -> (FrameWatch, Instant) {
    let now = Instant::now();
    let mut watch = FrameWatch::new(now);
    watch.read(&[b'P'; PREFACE], now).unwrap();
    assert!(watch.due().is_some(), "the settings are still to come");
    watch.read(&frame(SETTINGS, 0, 6), now).unwrap();
    assert_eq!(watch.due(), None);
    (watch, now)
}

fn until_flood(watch: &mut FrameWatch, bytes: &[u8], now: Instant) -> Option<usize> {
    (0..20_000).find(|_| watch.read(bytes, now).is_err())
}

#[tokio::test]
async fn s53_a_beginning_or_a_head_that_is_not_whole_is_due() {
    let (mut watch, now) = begun();
    for byte in &frame(HEADERS, 0, 40) {
        watch.read(&[*byte], now).unwrap();
        assert_eq!(watch.due(), Some(now + HeadWatch::LIMIT));
    }
    let later = now + Duration::from_secs(5);
    watch.read(&frame(CONTINUATION, 0, 10), later).unwrap();
    assert_eq!(watch.due(), Some(now + HeadWatch::LIMIT), "a further frame buys no time");
    watch.read(&frame(CONTINUATION, 0x4, 10), later).unwrap();
    assert_eq!(watch.due(), None);
}

#[tokio::test]
async fn a_body_takes_its_time_within_a_frame() {
    let (mut watch, now) = begun();
    let body = frame(DATA, 0, 1000);
    watch.read(&body[..4], now).unwrap();
    assert!(watch.due().is_some());
    watch.read(&body[4..500], now).unwrap();
    assert_eq!(watch.due(), None);
    watch.read(&body[500..], now).unwrap();
    assert_eq!(watch.due(), None);
}

#[tokio::test]
async fn s53_rapid_resets_and_idle_frames_are_a_flood() {
    for (kind, flags, payload, most) in [
        (RESET, 0, 4, 200),
        (PING, 0, 8, 1000),
        (SETTINGS, 0, 0, 1000),
        (DATA, 0, 0, 1000),
        (WINDOW, 0, 4, 1000),
        (0xbe, 0, 3, 1000),
    ] {
        let (mut watch, now) = begun();
        let flooded = until_flood(&mut watch, &frame(kind, flags, payload), now);
        assert!(flooded.is_some_and(|count| count <= most), "kind {kind}: {flooded:?}");
    }
    let (mut watch, now) = begun();
    watch.read(&frame(HEADERS, 0, 5), now).unwrap();
    assert!(until_flood(&mut watch, &frame(CONTINUATION, 0, 0), now).is_some());
}

#[tokio::test]
async fn time_allows_more() {
    let (mut watch, now) = begun();
    let reset = frame(RESET, 0, 4);
    assert!((0..200).all(|_| watch.read(&reset, now).is_ok()));
    let later = now + Duration::from_secs(2);
    assert_eq!(until_flood(&mut watch, &reset, later), Some(40));
    let (mut watch, now) = begun();
    assert!((0..200).all(|_| watch.read(&reset, now).is_ok()));
    for second in 1..1000 {
        let now = now + Duration::from_secs(second);
        assert!((0..20).all(|_| watch.read(&reset, now).is_ok()), "{second}");
    }
}

#[tokio::test]
async fn whoever_is_answered_may_ping_and_open_windows() {
    let (mut watch, now) = begun();
    for _ in 0..100_000 {
        watch.written(&frame(DATA, 0, 7));
        watch.read(&frame(PING, 0, 8), now).unwrap();
    }
    for _ in 0..10_000 {
        watch.written(&frame(DATA, 0, 16_384));
        for _ in 0..10 {
            watch.read(&frame(WINDOW, 0, 4), now).unwrap();
        }
    }
    // The answer to a PING is no answer to a request.
    let answered = (0..2000).take_while(|_| {
        watch.written(&frame(PING, 1, 8));
        watch.read(&frame(PING, 0, 8), now).is_ok()
    });
    assert!(answered.count() <= 1000);
}
