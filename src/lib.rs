//! doorward: a proper login in front of any web app that nobody can change.
//!
//! This page is the map. `tests/architecture.rs` holds it against the code.
//!
//! # Layers
//!
//! ```text
//! main → cli → app → every layer                (app is the composition root: it alone knows them all)
//! proxy   → portal, auth, policy, identity, domain        Pingora's types live here and in app
//! portal  → auth, policy, domain, templates               axum's live here
//! auth    → store (traits), domain                        the use cases
//! notify  → store (traits), domain, templates             lettre's live here
//! identity, policy → domain      store → domain           sqlx's live in store/sqlite and store/postgres, redis' in store/redis
//! config  → domain values        templates → domain       fluent's live here
//! telemetry → domain; usable from every layer above it    domain → nothing of ours
//! ```
//!
//! # The life of a request
//!
//! 1. [`proxy::listener`] accepts the connection, within the limits of `connections:`, by a certificate of [`proxy::tls`] that
//!    is a file's or was ordered by [`app::acme`], and the head of a request is read: a plain one here, any other by Pingora. The request keeps the configuration of this moment, whatever is read again meanwhile.
//! 2. The gateway reads the head once, into facts: one parsed host, one parsed path, one client address. What two
//!    parsers could read differently is 400 and goes no further.
//! 3. The host finds its site; none is 421.
//! 4. [`auth::Auth::authenticate`]: the session cookie's MAC, then a local cache, which the stores keep
//!    true by telling what others change, then the store. What is in use is read again, and its uses are written, beside the
//!    requests. A store that does not answer is 503: nothing is accepted because a check could not run.
//! 5. Paths under `/_doorward/` go to the [`portal`], in process and beside the threads that serve: form → command →
//!    use case → outcome → page. Passwords are hashed where nobody else wants the processor.
//! 6. Everything else goes to the [`policy`], which decides as data on every way in which the path could be read:
//!    forward, sign in, 401, 403. Only it can make an [`policy::Admitted`].
//! 7. Forwarded requests lose every alias of every identity header and doorward's own cookies, then get the
//!    [`identity`] of who asks, an assertion of it that is made once a minute, and a signature over all of that; only an
//!    `Admitted` has an identity to write.
//! 8. A request without a body goes the short way, where the app speaks plain HTTP/1.1: `proxy::front` reads it, or takes it from
//!    Pingora's connection where it came by HTTP/2, and from there on it is decided, sent and answered in one place. Any other
//!    is left to Pingora from its first byte. Both ways call the same functions for 2 to 7 and 9.
//! 9. The answer streams back; an app cannot set doorward's cookies. What is still open when its session ends is cut off.
//!
//! A form that is posted without a session is kept, sealed for its browser, and sent after the sign-in by a click.
//!
//! A proxy that asks at `/_doorward/verify` takes the same way for the request that it tells of, and gets what 7 would
//! have written as its answer.
//!
//! # The life of a sign-in
//!
//! Half-signed-in and signed-in are different types. A right password opens a [`domain::challenge::Challenge`] under
//! a new secret of the browser (the flow cookie); the store keeps it with the MAC of its code, and writes the mail
//! that carries the code and a link, sealed, to the outbox in the same transaction. [`notify::worker`] delivers it. A
//! typed code is counted against the account's [`domain::budget`] and against the challenge before it is compared, and
//! spends the challenge in the same step; the link does it in the browser that asked, and shows a relay code to any
//! other. Then the browser gets a [`domain::session::Session`] under another new secret, and is from now on a known
//! [`domain::device`]: its failures count apart from those of strangers, and where its owner trusts it the password is
//! enough. Every attempt is in the [`domain::audit`].
//!
//! # Programs
//!
//! [`portal::api`] is a second codec over the same use cases: JSON in, command, outcome, JSON out. A program keeps a session
//! by tokens in place of a cookie ([`auth::sign_in::Keeps`]): an access token ([`identity::access`]) that says which session
//! it is of, and a refresh token ([`auth::refresh`]) that is good once. The gateway asks the same cache and the same policy
//! about that session as about a browser's. GraphQL is a third codec, in front of the very functions that JSON calls; what one
//! question may ask for is bounded before anything is done.
//!
//! # The life of an account
//!
//! A challenge says what answering it gives ([`domain::aim`]): a session, an account, the right to choose a new password,
//! another address, another second step. Its purpose is in the MAC of its code, so that a code for one is nothing for
//! another. Who registers leaves a [`domain::registration`], which signs nobody in and takes neither name nor address
//! until its code comes back; an address that has an account is answered by a decoy, and its owner is told. So that no program
//! does it in masses, the form comes with what [`domain::captcha`] asks for, which [`auth::captcha`] spends. A forgotten
//! password's code gives a [`domain::permit`], which is good for one new password and for nothing else. A new password
//! begins a new epoch: sessions, devices, challenges and permits of before are dead.
//!
//! What guards an account (its password, address, second step, backup codes) is changed on the account page by somebody
//! who has shown both factors within five minutes: [`auth::fresh::gate`] makes the proof that these use cases ask for.
//! A change of password or second step begins a new epoch, in which only the browser that made it goes on.
//!
//! Every new password passes the rules ([`domain::password_rules`]) in [`auth::new_password`]. Accounts that come from
//! elsewhere keep their hashes, which [`auth::password`] checks as they are and replaces.
//!
//! A telephone number ([`domain::phone`]) is a fact beside the account; codes go there in place of the mailbox once its owner
//! wants that, after a password and within caps ([`auth::phone`]), through the same outbox ([`notify::sms`]).
//!
//! # Words
//!
//! Every word of pages and mails is a message of `templates/locales/{language}`, which [`templates`] checks at start; the
//! language is the one that a reader has chosen, else the account's, else the one that the browser asks for
//! ([`portal::language_of`]).
//!
//! # Time, randomness, secrets
//!
//! The clock is read once a request ([`domain::time`]) and passed on; randomness is drawn through
//! [`domain::entropy`]. Each secret has one type for each place where it lives ([`domain::secret`]), none prints, and
//! all keys are derived from one server secret ([`domain::keys`]), but for those that sign identity and change while
//! everything runs ([`identity::ring`], kept by [`app::keys_file`]).

pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod domain;
pub mod identity;
pub mod notify;
pub mod policy;
pub mod portal;
pub mod proxy;
pub mod store;
pub mod telemetry;
pub mod templates;
