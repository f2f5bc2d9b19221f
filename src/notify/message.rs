//! What a mail says: templates filled in, and the MIME message made of them.

mod facts;

use std::fmt;

use minijinja::Value;
use zeroize::Zeroizing;

use super::mime::Content;
use crate::domain::email::EmailAddress;
use crate::domain::id::MailId;
use crate::domain::language::Language;
use crate::domain::mail::{Mail, Message};
use crate::domain::phone::PhoneNumber;
use crate::domain::sms::Sms;
use crate::domain::time::Timestamp;
use crate::templates::{Localised, TemplateError, Templates};

/// Who the mails are from.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The sender's address; its domain is in every `Message-ID`.
    pub from: EmailAddress,
    /// The name beside it.
    pub name: Option<String>,
    /// The name above the card: the portal's.
    pub site_name: String,
    /// The colour of the card's edge, `#rrggbb`; anything else is passed over.
    pub accent: Option<String>,
}

/// The words of every mail, compiled.
#[derive(Debug)]
pub struct Messages {
    templates: Localised,
    sender: Sender,
}

/// A mail ready to go: words chosen, headers set.
pub struct RenderedMail {
    id: MailId,
    to: EmailAddress,
    subject: String,
    text: String,
    html: String,
    created_at: Timestamp,
    message: lettre::Message,
}

/// A text message ready to go.
pub struct RenderedSms {
    id: MailId,
    to: PhoneNumber,
    body: Zeroizing<String>,
}

impl RenderedSms {
    /// Its identifier.
    pub const fn id(&self) -> MailId {
        self.id
    }

    /// The one number it goes to.
    pub const fn to(&self) -> &PhoneNumber {
        &self.to
    }

    /// What it says, the code included.
    pub fn body(&self) -> &str {
        &self.body
    }
}

impl fmt::Debug for RenderedSms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderedSms").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A mail could not be made. Says where, and never what was to stand there (S12).
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The template does not work with this mail.
    #[error("the template {name} does not work in line {line}: {kind}")]
    Template {
        /// The template.
        name: String,
        /// The line, 0 where none is known.
        line: usize,
        /// What kind of mistake.
        kind: minijinja::ErrorKind,
    },
    /// The parts do not make a message.
    #[error("the parts do not make a message: {0}")]
    Message(#[from] lettre::error::Error),
}

impl Messages {
    /// Compiles the templates under `mails/` and fills in each one once with an example, so that a mistake in an
    /// overriding file is told at start and not when somebody waits for a code.
    pub fn new(templates: &Templates, sender: Sender) -> Result<Self, TemplateError> {
        let site_name = one_line(&sender.site_name);
        let name = sender.name.as_deref().map(one_line);
        let templates = templates.localised("mails")?;
        let mut messages = Self { templates, sender: Sender { site_name, name, ..sender } };
        for example in facts::examples() {
            let facts = facts::of(&example, &messages.sender, facts::EXAMPLE_AT, "");
            for part in [Part::Subject, Part::Text, Part::Html] {
                let name = part.template(&example);
                let facts = facts::with_secrets(part, &facts, &example);
                let filled = messages.fill(Language::default(), &name, facts);
                filled.map_err(|cause| TemplateError::Broken { name, cause })?;
            }
        }
        for purpose in ["sign_in", "phone"] {
            let facts =
                minijinja::context! { code => "000000", purpose, site_host => "wiki.example.com" };
            let filled = messages.fill(Language::default(), "code.sms.txt", facts);
            let name = "code.sms.txt".to_owned();
            filled.map_err(|cause| TemplateError::Broken { name, cause })?;
        }
        messages.templates.rest();
        Ok(messages)
    }

    /// Every mail with made-up data, each under a name of its own.
    pub fn samples(&self, language: Language) -> Result<Vec<(String, RenderedMail)>, RenderError> {
        let mut samples: Vec<(String, RenderedMail)> = Vec::new();
        for message in facts::examples() {
            let kind = message.kind();
            let before = samples.iter().filter(|(name, _)| name.starts_with(kind)).count();
            let name = if before == 0 { kind.into() } else { format!("{kind}-{}", before + 1) };
            let mail = Mail { to: self.sender.from.clone(), language, message };
            let id = MailId::from_uuid(uuid::Uuid::nil());
            samples.push((name, self.render(&mail, id, facts::EXAMPLE_AT)?));
        }
        Ok(samples)
    }

    /// The mail with its words. `id` and `created_at` make the same `Message-ID`, `Date` and bytes each time.
    pub fn render(
        &self,
        mail: &Mail,
        id: MailId,
        created_at: Timestamp,
    ) -> Result<RenderedMail, RenderError> {
        let message = &mail.message;
        let facts = facts::of(message, &self.sender, created_at, "");
        let subject = one_line(&self.part(Part::Subject, mail, &facts)?);
        let facts = facts::of(message, &self.sender, created_at, &subject);
        let text = format!("{}\n", self.part(Part::Text, mail, &facts)?.trim_end());
        let html = self.part(Part::Html, mail, &facts)?;
        let content = Content {
            id,
            created_at,
            from: &self.sender.from,
            from_name: self.sender.name.as_deref(),
            to: &mail.to,
            subject: &subject,
            text: &text,
            html: &html,
        };
        let message = content.compose()?;
        Ok(RenderedMail { id, to: mail.to.clone(), subject, text, html, created_at, message })
    }

    /// The text message with its words. Its last line binds the code to the site's host, so that a telephone offers it there
    /// and nowhere else (the format of origin-bound one-time codes).
    pub fn render_sms(&self, sms: &Sms, id: MailId) -> Result<RenderedSms, RenderError> {
        let site = sms.site.split_once("://").map_or(&*sms.site, |(_, host)| host);
        // The format has no place for a port.
        let host = one_line(site.rsplit_once(':').map_or(site, |(host, _)| host));
        let facts = minijinja::context! {
            code => sms.code.expose(),
            purpose => sms.purpose.as_str(),
            site_host => host.as_str(),
        };
        let name = "code.sms.txt";
        let words = self.fill(sms.language, name, facts);
        let words = words.map_err(|error| RenderError::Template {
            name: name.to_owned(),
            line: error.line().unwrap_or(0),
            kind: error.kind(),
        })?;
        let body = format!("{}\n\n@{host} #{}", words.trim(), sms.code.expose());
        Ok(RenderedSms { id, to: sms.number.clone(), body: Zeroizing::new(body) })
    }

    fn part(&self, part: Part, mail: &Mail, facts: &Value) -> Result<String, RenderError> {
        let name = part.template(&mail.message);
        let facts = facts::with_secrets(part, facts, &mail.message);
        self.fill(mail.language, &name, facts).map_err(|error| RenderError::Template {
            name,
            line: error.line().unwrap_or(0),
            kind: error.kind(),
        })
    }

    fn fill(
        &self,
        language: Language,
        name: &str,
        context: Value,
    ) -> Result<String, minijinja::Error> {
        self.templates.of(language)?.get_template(name)?.render(context)
    }
}

impl RenderedMail {
    /// Its identifier.
    pub const fn id(&self) -> MailId {
        self.id
    }

    /// The one mailbox it goes to.
    pub const fn to(&self) -> &EmailAddress {
        &self.to
    }

    /// The subject: one line, without the code.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The text part.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The HTML part.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// When it was written.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// The message with its envelope.
    pub const fn as_lettre(&self) -> &lettre::Message {
        &self.message
    }
}

impl fmt::Debug for RenderedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderedMail").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
enum Part {
    Subject,
    Text,
    Html,
}

impl Part {
    fn template(self, message: &Message) -> String {
        let ending = match self {
            Self::Subject => "subject.txt",
            Self::Text => "txt",
            Self::Html => "html",
        };
        format!("{}.{ending}", message.template())
    }
}

/// `text` without control characters and line breaks, as a header and a line of a mail take it (S20).
fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
