//! Sending e-mail by SMTP.

use std::{path::PathBuf, time::Duration};

use lettre::{
    Message, SmtpTransport, Transport,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use serde::Deserialize;

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// TLS from the first byte (port 465).
    #[default]
    Tls,
    /// TLS by STARTTLS, or nothing is sent (port 587).
    Starttls,
    /// None; for a relay on the same machine only.
    None,
}

/// The server that e-mail goes to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailServer {
    /// Its name; without one no e-mail is sent.
    pub server: Option<String>,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// The sender, such as `Sealwright <seals@example.gov.cn>`.
    pub from: String,
    /// Who logs in; nobody if not given.
    pub login: Option<Login>,
    /// The root of the server's certificate, PEM; the well-known ones if not given.
    pub tls_root: Option<PathBuf>,
    /// How long it may take in all, milliseconds.
    pub timeout_ms: u64,
}

/// Who logs in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The file whose first line is the password.
    pub password_file: PathBuf,
}

impl Default for MailServer {
    fn default() -> Self {
        Self {
            server: None,
            port: 465,
            encryption: Encryption::Tls,
            from: "Sealwright <sealwright@localhost>".to_owned(),
            login: None,
            tls_root: None,
            timeout_ms: 10_000,
        }
    }
}

/// Whether a text is an address that mail can be sent to.
pub fn is_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}

impl MailServer {
    /// Checks what the configuration says.
    ///
    /// # Errors
    /// A sentence that names the option.
    pub fn validate(&self) -> Result<(), String> {
        if self.from.parse::<Mailbox>().is_err() {
            return Err("mail.from is no sender, such as Name <address>".to_owned());
        }
        if !(1..=60_000).contains(&self.timeout_ms) {
            return Err("mail.timeout_ms must be 1 to 60000".to_owned());
        }
        Ok(())
    }

    /// Sends a message; blocks until the server took it or the time is up. `id` is the same at every
    /// try of one message.
    ///
    /// # Errors
    /// In words, without what the server said.
    pub fn send(&self, to: &str, id: &str, subject: &str, text: &str) -> Result<(), String> {
        let sender: Mailbox = self.from.parse().map_err(|_| "the sender is none".to_owned())?;
        let to = to.parse().map_err(|_| "the address is none".to_owned())?;
        let message = Message::builder()
            .message_id(Some(format!("<{id}@{}>", sender.email.domain())))
            .from(sender)
            .to(Mailbox::new(None, to))
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text.to_owned())
            .map_err(|_| "the message cannot be put together".to_owned())?;
        let transport = self.transport()?;
        transport.send(&message).map(drop).map_err(|error| {
            let why = match (error.is_timeout(), error.is_permanent()) {
                (true, _) => "the mail server does not answer in time",
                (_, true) => "the mail server refuses the message",
                _ => "the mail server cannot be reached, or not now",
            };
            why.to_owned()
        })
    }

    fn transport(&self) -> Result<SmtpTransport, String> {
        let server = self.server.as_deref().ok_or("no mail server is configured")?;
        let mut parameters = TlsParameters::builder(server.to_owned());
        if let Some(path) = &self.tls_root {
            let unusable = |_| format!("{} is not a certificate in PEM", path.display());
            let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
            let root = Certificate::from_pem(&pem).map_err(|error| unusable(error.to_string()))?;
            parameters = parameters.add_root_certificate(root);
        }
        let tls = match self.encryption {
            Encryption::None => Tls::None,
            wanted => {
                let parameters = parameters.build();
                let parameters =
                    parameters.map_err(|_| "the TLS client cannot be set up".to_owned())?;
                match wanted {
                    Encryption::Starttls => Tls::Required(parameters),
                    _ => Tls::Wrapper(parameters),
                }
            }
        };
        let mut builder = SmtpTransport::builder_dangerous(server)
            .port(self.port)
            .tls(tls)
            .timeout(Some(Duration::from_millis(self.timeout_ms)));
        if let Some(Login { user, password_file }) = &self.login {
            let text = std::fs::read_to_string(password_file)
                .map_err(|_| "the file with the mail password cannot be read".to_owned())?;
            let password = text.lines().next().unwrap_or_default().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(builder.build())
    }
}
