//! What programs ask: bodies, read strictly. What they do not know of is refused, and no secret in them prints.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use zeroize::Zeroizing;

use super::told::CodesWay;

/// A text that is zeroed when it is dropped, and never printed.
pub(in crate::portal) struct Secret(Zeroizing<String>);

impl Secret {
    /// The text.
    pub(in crate::portal) fn expose(&self) -> &str {
        &self.0
    }

    /// The text, taken out.
    pub(in crate::portal) fn into_inner(self) -> Zeroizing<String> {
        self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Zeroizing::new(text)))
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// Asks for a code.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "purpose": "reset", "destination": { "email": "ada@example.org" } }))]
pub(in crate::portal) struct CodeRequest {
    /// What the code is for.
    pub(super) purpose: CodePurpose,
    /// Who is to get it.
    pub(super) destination: Destination,
    /// The page of the site that the sign-in is for, whose rule says whether a code alone is enough. Left out: the front
    /// page.
    #[serde(default)]
    #[schemars(length(max = 4096), regex(pattern = PAGE))]
    pub(super) path: Option<String>,
    /// What shows that no program sends this in masses, where that is asked for.
    #[serde(default)]
    pub(super) captcha: Option<CaptchaAnswer>,
}

/// Asks what a form has to show so that no program sends it in masses.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "place": "registration" }))]
pub(in crate::portal) struct CaptchaRequest {
    /// What for.
    pub(super) place: CaptchaFor,
}

/// What a captcha is for.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(in crate::portal) enum CaptchaFor {
    /// A code to register with.
    Registration,
    /// A code to choose a new password.
    Reset,
    /// A sign-in, after failures.
    SignIn,
}

/// What was done or got for a captcha.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::portal) struct CaptchaAnswer {
    /// The secret that came with the sum.
    #[serde(default)]
    #[schemars(regex(pattern = TOKEN))]
    pub(super) flow: Option<Secret>,
    /// The ticket of the sum.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub(super) ticket: Option<String>,
    /// Its answer, a number; empty where the program has waited instead.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub(super) answer: Option<String>,
    /// The token of the provider.
    #[serde(default)]
    #[schemars(length(max = 8192))]
    pub(super) token: Option<Secret>,
}

/// What a code is for. One for one purpose is nothing for another.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(in crate::portal) enum CodePurpose {
    /// To sign in, where a rule of the site says that a code by mail is enough.
    SignIn,
    /// To choose a new password in place of a forgotten one.
    Reset,
    /// To show that an address is one's own, before registering with it.
    Register,
}

/// Who is to get a code. It goes to the address of the account alone, whatever is asked.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::portal) enum Destination {
    /// An e-mail address.
    Email(#[schemars(length(max = 254), email)] String),
    /// The name of an account; not for registering.
    Username(#[schemars(regex(pattern = USERNAME))] String),
    /// A telephone number (E.164) whose owner has the codes of their sign-ins come there; to sign in, where that is allowed.
    Phone(#[schemars(regex(pattern = NUMBER))] String),
}

/// Signs in with a password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "login": "ada", "password": "nine lanterns, one harbour", "install_id": "b4c6e0a2-6c0e-4b6e-9a53-0f6f7b9d1c11" }))]
pub(in crate::portal) struct SignInRequest {
    /// The name or the e-mail address of an account.
    #[schemars(length(min = 1, max = 254))]
    pub(super) login: String,
    /// Its password.
    #[schemars(length(min = 1, max = 1024))]
    pub(super) password: Secret,
    /// The page of the site that the sign-in is for, whose rule says whether a code is needed, too. Left out: the front
    /// page.
    #[serde(default)]
    #[schemars(length(max = 4096), regex(pattern = PAGE))]
    pub(super) path: Option<String>,
    /// Asks for both factors whatever the site wants, so that what guards the account can be changed for five minutes.
    #[serde(default)]
    pub(super) fresh: bool,
    /// What shows that no program sends this in masses, where that is asked for.
    #[serde(default)]
    pub(super) captcha: Option<CaptchaAnswer>,
    /// The name of this installation of the program, of its own choice and always the same: a UUID. Its refresh tokens work
    /// with no other.
    #[schemars(regex(pattern = INSTALL))]
    pub(super) install_id: String,
    /// The device token of an earlier sign-in of this installation: its failures count apart from those of strangers, and
    /// where its owner trusts it the password is enough.
    #[serde(default)]
    #[schemars(regex(pattern = DEVICE))]
    pub(super) device_token: Option<Secret>,
}

/// Answers with the code that was sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "flow": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ", "code": "123 456", "install_id": "b4c6e0a2-6c0e-4b6e-9a53-0f6f7b9d1c11" }))]
pub(in crate::portal) struct VerifyRequest {
    /// What the sending was answered with.
    #[schemars(regex(pattern = TOKEN))]
    pub(super) flow: Secret,
    /// The code as it was typed; spaces and dashes do not count. After a password also a backup code.
    #[schemars(length(max = 64), regex(pattern = CODE))]
    pub(super) code: Secret,
    /// Whether the password is to be enough here from now on, for as long as the site says.
    #[serde(default)]
    pub(super) trust_device: bool,
    /// The name of this installation of the program, of its own choice and always the same: a UUID. Its refresh tokens work
    /// with no other.
    #[schemars(regex(pattern = INSTALL))]
    pub(super) install_id: String,
    /// The device token of an earlier sign-in of this installation: its failures count apart from those of strangers, and
    /// where its owner trusts it the password is enough.
    #[serde(default)]
    #[schemars(regex(pattern = DEVICE))]
    pub(super) device_token: Option<Secret>,
}

/// Answers with the link of the mail, where it comes to the program that asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "flow": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ", "link": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY", "install_id": "b4c6e0a2-6c0e-4b6e-9a53-0f6f7b9d1c11" }))]
pub(in crate::portal) struct LinkRequest {
    /// What the sending was answered with.
    #[schemars(regex(pattern = TOKEN))]
    pub(super) flow: Secret,
    /// What stands behind `/_doorward/link/` in the address of the mail.
    #[schemars(regex(pattern = LINK))]
    pub(super) link: Secret,
    /// Whether the password is to be enough here from now on, for as long as the site says.
    #[serde(default)]
    pub(super) trust_device: bool,
    /// The name of this installation of the program, of its own choice and always the same: a UUID. Its refresh tokens work
    /// with no other.
    #[schemars(regex(pattern = INSTALL))]
    pub(super) install_id: String,
    /// The device token of an earlier sign-in of this installation: its failures count apart from those of strangers, and
    /// where its owner trusts it the password is enough.
    #[serde(default)]
    #[schemars(regex(pattern = DEVICE))]
    pub(super) device_token: Option<Secret>,
}

/// Names what was begun.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "flow": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ" }))]
pub(in crate::portal) struct FlowRequest {
    /// What the sending was answered with.
    #[schemars(regex(pattern = TOKEN))]
    pub(super) flow: Secret,
}

/// Asks for the next access token.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "refresh_token": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA", "install_id": "b4c6e0a2-6c0e-4b6e-9a53-0f6f7b9d1c11" }))]
pub(in crate::portal) struct RefreshRequest {
    /// The refresh token, which is good once. Shown again within 30 seconds it gives the same; after that it is a copy in
    /// somebody's hands, and the sign-in ends.
    #[schemars(regex(pattern = REFRESH))]
    pub(super) refresh_token: Secret,
    /// The name of this installation of the program, of its own choice and always the same: a UUID. Its refresh tokens work
    /// with no other.
    #[schemars(regex(pattern = INSTALL))]
    pub(super) install_id: String,
}

/// Makes an account with an address that was shown to be one's own.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "verification_token": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ", "username": "ada", "password": "nine lanterns, one harbour", "install_id": "b4c6e0a2-6c0e-4b6e-9a53-0f6f7b9d1c11" }))]
pub(in crate::portal) struct RegisterRequest {
    /// What the right code was answered with.
    #[schemars(regex(pattern = TOKEN))]
    pub(super) verification_token: Secret,
    /// The name to sign in with.
    #[schemars(regex(pattern = USERNAME))]
    pub(super) username: String,
    /// The name that apps show.
    #[serde(default)]
    #[schemars(length(max = 128), regex(pattern = FULL_NAME))]
    pub(super) full_name: Option<String>,
    /// The password.
    #[schemars(length(min = 1, max = 1024))]
    pub(super) password: Secret,
    /// The name of this installation of the program, of its own choice and always the same: a UUID. Its refresh tokens work
    /// with no other.
    #[schemars(regex(pattern = INSTALL))]
    pub(super) install_id: String,
}

/// Chooses a new password in place of a forgotten one.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "verification_token": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ", "password": "nine lanterns, one harbour" }))]
pub(in crate::portal) struct NewPasswordRequest {
    /// What the right code was answered with.
    #[schemars(regex(pattern = TOKEN))]
    pub(super) verification_token: Secret,
    /// The new password.
    #[schemars(length(min = 1, max = 1024))]
    pub(super) password: Secret,
}

/// Asks for a code, so that a session that has a password gets its second factor.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "path": "/" }))]
pub(in crate::portal) struct StepUpRequest {
    /// The page of the site that it is for. Left out: the front page.
    #[serde(default)]
    #[schemars(length(max = 4096), regex(pattern = PAGE))]
    pub(super) path: Option<String>,
}

/// Changes the profile. What is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "full_name": "Ada Lovelace", "language": "en" }))]
pub(in crate::portal) struct ProfileRequest {
    /// The name that apps show; an empty one takes it away.
    #[serde(default)]
    #[schemars(length(max = 128), regex(pattern = FULL_NAME))]
    pub(super) full_name: Option<String>,
    /// The language of pages and mails; an empty one leaves it to each request.
    #[serde(default)]
    #[schemars(extend("enum" = ["", "en", "de", "es", "fr", "zh-CN", null]))]
    pub(super) language: Option<String>,
}

/// Changes the password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "current_password": "nine lanterns, one harbour", "new_password": "violet tram, nine harbours", "install_id": "b4c6e0a2-6c0e-4b6e-9a53-0f6f7b9d1c11" }))]
pub(in crate::portal) struct PasswordRequest {
    /// The present password.
    #[schemars(length(min = 1, max = 1024))]
    pub(super) current_password: Secret,
    /// The new one.
    #[schemars(length(min = 1, max = 1024))]
    pub(super) new_password: Secret,
    /// The name of this installation of the program, of its own choice and always the same: a UUID. Its refresh tokens work
    /// with no other.
    #[schemars(regex(pattern = INSTALL))]
    pub(super) install_id: String,
}

/// Asks for another e-mail address.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "email": "ada@example.org" }))]
pub(in crate::portal) struct EmailRequest {
    /// The address. A code goes there, and nothing changes before it comes back.
    #[schemars(length(max = 254), email)]
    pub(super) email: String,
}

/// Turns the second step on or off.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "on": true }))]
pub(in crate::portal) struct SecondStepRequest {
    /// Whether a code is asked for at every sign-in.
    pub(super) on: bool,
}

/// Asks for another telephone number.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "number": "+41791234567" }))]
pub(in crate::portal) struct PhoneRequest {
    /// The number (E.164). A code goes there, and nothing changes before it comes back.
    #[schemars(regex(pattern = NUMBER))]
    pub(super) number: String,
}

/// Says how the codes of sign-ins are to come.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "codes_by": "sms", "install_id": "b4c6e0a2-6c0e-4b6e-9a53-0f6f7b9d1c11" }))]
pub(in crate::portal) struct CodesByRequest {
    /// How.
    pub(super) codes_by: CodesWay,
    /// The name of this installation of the program, of its own choice and always the same: a UUID. Its refresh tokens work
    /// with no other.
    #[schemars(regex(pattern = INSTALL))]
    pub(super) install_id: String,
}

/// Asks for something that may give this installation new tokens.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({ "install_id": "b4c6e0a2-6c0e-4b6e-9a53-0f6f7b9d1c11" }))]
pub(in crate::portal) struct InstallRequest {
    /// The name of this installation of the program, of its own choice and always the same: a UUID. Its refresh tokens work
    /// with no other.
    #[schemars(regex(pattern = INSTALL))]
    pub(super) install_id: String,
}

/// What the parsers of the values take, for those who read the document: it is they who decide.
const USERNAME: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";
const FULL_NAME: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";
const INSTALL: &str = "^[A-Za-z0-9._:-]{8,128}$";
const NUMBER: &str = r"^\+[1-9][0-9]{6,14}$";
const PAGE: &str = r"^/([!-$&-.0-\[\]-~][!-\[\]-~]*)?$";
const TOKEN: &str = "^[A-Za-z0-9_-]{64}$";
const REFRESH: &str = "^[A-Za-z0-9_-]{107}$";
const DEVICE: &str = "^[A-Za-z0-9_-]{86}$";
const LINK: &str = "^[A-Za-z0-9_-]{43}$";
const CODE: &str = "^([ -]*[0-9]){6}[ -]*$|^([ -]*[BCDFGHJKLMNPQRSTVWXZbcdfghjklmnpqrstvwxz]){8}[ -]*$|^([ -]*[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]){10}[ -]*$";
