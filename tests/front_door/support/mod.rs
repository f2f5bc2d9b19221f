//! What tests through the front door stand on: the real binary on free ports, an app behind it that records what it
//! gets, a browser that keeps cookies, and bytes where a browser would be too polite.

pub mod app;
pub mod apps;
pub mod authority;
pub mod balancer;
pub mod browser;
pub mod captcha;
pub mod certificates;
pub mod changes;
pub mod codec;
#[path = "../../support/faults.rs"]
#[allow(dead_code, reason = "the tests of the stores use the rest of it")]
pub mod faults;
pub mod http;
pub mod load;
pub mod mail;
pub mod metrics;
pub mod page;
pub mod pebble;
pub mod people;
#[path = "../../support/postgres.rs"]
#[allow(
    dead_code,
    clippy::print_stdout,
    reason = "the tests of the stores use the rest of it; a test that is skipped says so"
)]
pub mod postgres;
pub mod process;
pub mod program;
pub mod proxy;
pub mod question;
pub mod ranges;
#[path = "../../support/redis.rs"]
#[allow(dead_code, reason = "the contract of the stores uses the rest of it")]
pub mod redis;
pub mod scripted;
pub mod secure;
pub mod service;
pub mod signature;
pub mod site;
#[path = "../../support/smtp.rs"]
#[allow(dead_code, reason = "the tests of mail use the rest of it")]
pub mod smtp;
pub mod tools;
pub mod traveller;
pub mod upstream;
