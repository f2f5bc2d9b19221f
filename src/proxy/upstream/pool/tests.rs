use super::super::tests::settings;
use super::*;

fn pool(hosts: &[&str]) -> UpstreamPool {
    UpstreamPool::new("wiki.example", settings(hosts))
}

fn addresses(pool: &UpstreamPool) -> Vec<String> {
    pool.inner.endpoints().iter().map(|one| one.address.ip().to_string()).collect()
}

fn at(addresses: &[&str]) -> Vec<SocketAddr> {
    addresses.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 8000)).collect()
}

#[tokio::test]
async fn all_addresses_of_a_name_are_used_and_followed_as_they_change() {
    let pool = pool(&["127.0.0.9", "app.example"]);
    assert_eq!(addresses(&pool), ["127.0.0.9"]);
    assert!(pool.inner.looked_up(1, at(&["127.0.0.2", "127.0.0.1", "127.0.0.2"])));
    assert_eq!(addresses(&pool), ["127.0.0.9", "127.0.0.1", "127.0.0.2"]);

    let second = pool.inner.endpoints()[1].clone();
    pool.failed(&second, UpstreamFailure::Connect);
    assert!(pool.inner.looked_up(1, at(&["127.0.0.3", "127.0.0.1"])));
    assert_eq!(addresses(&pool), ["127.0.0.9", "127.0.0.1", "127.0.0.3"]);
    assert!(!pool.inner.endpoints()[1].health.is_usable(), "one that stays is not better for it");

    assert!(pool.inner.looked_up(1, Vec::new()), "DNS is away: what was known is kept");
    assert_eq!(addresses(&pool).len(), 3);
}

#[tokio::test]
async fn a_request_waits_for_the_first_lookup_and_for_no_other() {
    let pool = Arc::new(pool(&["app.example"]));
    let waiting = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.choose(|| 0, &[]).await.map(|busy| busy.address) }
    });
    tokio::task::yield_now().await;
    pool.inner.looked_up(0, at(&["127.0.0.1"]));
    pool.inner.knows_one_more();
    assert_eq!(waiting.await.unwrap(), Some(at(&["127.0.0.1"])[0]));

    let pool = super::tests::pool(&["app.example"]);
    pool.inner.knows_one_more();
    let began = std::time::Instant::now();
    assert!(pool.choose(|| 0, &[]).await.is_none());
    assert!(
        began.elapsed() < Duration::from_millis(150),
        "a name that leads nowhere is told at once"
    );
}

#[tokio::test]
async fn a_reload_keeps_what_is_known_and_ends_the_tasks_of_before() {
    let before = pool(&["127.0.0.1", "localhost"]);
    before.start(None);
    assert_eq!(before.tasks.lock().unwrap().len(), 1);
    before.inner.looked_up(1, at(&["127.0.0.7"]));
    before.failed(&before.inner.endpoints()[0].clone(), UpstreamFailure::Connect);

    let after = pool(&["localhost", "127.0.0.1", "127.0.0.2"]);
    after.start(Some(&before));
    assert!(before.tasks.lock().unwrap().is_empty());
    assert!(addresses(&after).contains(&"127.0.0.7".to_owned()), "{:?}", addresses(&after));
    let usable = |ip: &str| {
        let endpoints = after.inner.endpoints();
        let found = endpoints.iter().find(|one| one.address.ip().to_string() == ip);
        found.unwrap().health.is_usable()
    };
    assert!(!usable("127.0.0.1") && usable("127.0.0.2"));
}
