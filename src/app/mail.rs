//! How mail goes out, as the settings say.

use std::sync::Arc;

use crate::config::settings::{self, Settings};
use crate::notify::inbox::Inbox;
use crate::notify::message::{Messages, Sender};
use crate::notify::sms::{DeliverSms, SmsFrom, Twilio, TwilioSettings};
use crate::notify::smtp::{SmtpCredentials, SmtpSecurity, SmtpSettings};
use crate::notify::transport::{Deliver, Transport, TransportSettings};
use crate::notify::worker::{OutboxWorker, Tools, WorkerSettings};
use crate::store::AuditStore;
use crate::templates::Templates;

use super::{Core, StartError, upkeep};

pub(super) fn worker(
    settings: &Settings,
    core: &Core,
    templates: &Templates,
    inbox: Arc<Inbox>,
) -> Result<OutboxWorker, StartError> {
    let WayParts { messages, transport, sms } = way(settings, templates, inbox)?;
    let tools = Tools {
        store: Arc::clone(&core.outbox),
        keys: Arc::clone(&core.keys),
        messages,
        transport,
        sms,
        clock: Arc::clone(&core.clock),
        wake: Arc::clone(&core.mail_waits),
        audit: Arc::clone(&core.accounts) as Arc<dyn AuditStore>,
        observer: Arc::new(upkeep::MailMetrics),
    };
    Ok(OutboxWorker::new(tools, WorkerSettings::default()))
}

/// The words of mails, and the way that they go.
pub(super) fn way(
    settings: &Settings,
    templates: &Templates,
    inbox: Arc<Inbox>,
) -> Result<WayParts, StartError> {
    let messages = Arc::new(Messages::new(templates, sender(settings))?);
    let transport = Transport::new(transport(&settings.mail.transport, inbox))?;
    let sms: Option<Arc<dyn DeliverSms>> = match &settings.sms {
        None => None,
        Some(sms) => Some(Arc::new(Twilio::new(twilio(&sms.twilio))?)),
    };
    Ok(WayParts { messages, transport: Arc::new(transport), sms })
}

/// The words of mails, and the ways that mails and text messages go.
pub(super) struct WayParts {
    pub(super) messages: Arc<Messages>,
    pub(super) transport: Arc<dyn Deliver>,
    pub(super) sms: Option<Arc<dyn DeliverSms>>,
}

fn twilio(twilio: &settings::Twilio) -> TwilioSettings {
    TwilioSettings {
        url: twilio.url.clone(),
        account: twilio.account.clone(),
        token: twilio.token.clone(),
        from: match &twilio.from {
            settings::SmsFrom::Sender(sender) => SmsFrom::Sender(sender.clone()),
            settings::SmsFrom::Service(service) => SmsFrom::Service(service.clone()),
        },
        timeout: twilio.timeout,
    }
}

pub(super) fn sender(settings: &Settings) -> Sender {
    Sender {
        from: settings.mail.from.clone(),
        name: settings.mail.from_name.clone(),
        site_name: settings.portal.name.clone(),
        accent: settings.portal.accent.clone(),
    }
}

fn transport(from: &settings::MailTransport, inbox: Arc<Inbox>) -> TransportSettings {
    match from {
        settings::MailTransport::Files(folder) => TransportSettings::Files(folder.clone()),
        settings::MailTransport::Inbox => TransportSettings::Inbox(inbox),
        settings::MailTransport::Smtp(smtp) => TransportSettings::Smtp(SmtpSettings {
            host: smtp.host.clone(),
            port: smtp.port,
            security: match smtp.tls {
                settings::SmtpTls::StartTls => SmtpSecurity::StartTls,
                settings::SmtpTls::Tls => SmtpSecurity::Tls,
                settings::SmtpTls::None => SmtpSecurity::Plaintext,
            },
            credentials: smtp.credentials.as_ref().map(|credentials| SmtpCredentials {
                username: credentials.username.clone(),
                password: credentials.password.clone(),
            }),
            ca: smtp.ca.clone(),
            timeout: smtp.timeout,
        }),
    }
}
