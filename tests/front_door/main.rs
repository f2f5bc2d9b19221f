//! What doorward promises, told through its front door: the real binary, over sockets, with a real app, a real mail
//! server and a real browser. Tests that prove a line of the security requirements carry its number.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on says so by panicking"
)]

mod support;

mod account_page;
mod acme;
mod answers;
mod api;
mod apps;
mod assertion;
mod audit;
mod browser;
mod budget;
mod bulk;
mod captcha;
mod circles;
mod cli;
mod codecs;
mod codes;
mod connections;
mod corpus;
mod crash;
mod crowds;
mod cut;
mod devices;
mod doctor;
mod failures;
mod forward_auth;
mod gateway;
mod grpc;
mod headers;
mod hostile;
mod hosts;
mod http2;
mod http2_answers;
mod http2_ends;
mod invitations;
mod languages;
mod limits;
mod links;
mod mail;
mod nodes;
mod outages;
mod passwords;
mod postgres;
mod proxy_protocol;
mod radicale;
mod readme;
mod redis;
mod redis_outages;
mod registration;
mod reload;
mod reset;
mod restart;
mod resume;
mod rewriting;
mod rules;
mod secrets;
mod sessions;
mod sign_in;
mod sms;
mod streams;
mod templates;
mod tls;
mod transfer;
mod unusual;
mod upstream_tls;
mod upstreams;
mod verifiers;
mod versions;
mod walks;
