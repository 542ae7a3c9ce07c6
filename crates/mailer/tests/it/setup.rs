//! Mails, certificates, and a door that leads to this machine.

use std::sync::Arc;

use channels::{Mail, MailTls};
use mailer::Mailer;
use outbound::Outbound;
use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use secrecy::SecretString;

pub const PASSWORD: &str = "CANARY p\u{e4}ss";

pub fn outbound() -> Outbound {
    Outbound::new("127.0.0.1, localhost".parse().unwrap())
}

pub fn mail(port: u16, tls: MailTls) -> Mail {
    Mail {
        host: "localhost".into(),
        port,
        tls,
        user: None,
        password: None,
        from: "alerts@example.com".into(),
        to: vec!["a@example.org".into(), "b@example.org".into()],
        raw: b"Subject: x\r\n\r\nhello\r\n.\r\n..two\r\n.".to_vec(),
        subject: "x".into(),
        text: "hello".into(),
        html: String::new(),
    }
}

pub fn with_login(mut mail: Mail) -> Mail {
    mail.user = Some("alerts".into());
    mail.password = Some(SecretString::from(PASSWORD));
    mail
}

/// A certificate for `localhost`, and whoever believes it.
pub struct Pair {
    pub certificate: CertificateDer<'static>,
    pub certificate_pem: String,
    pub key_pem: String,
    key: Vec<u8>,
}

impl Pair {
    pub fn new(name: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        Pair {
            certificate: certificate.der().clone(),
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            key: key.serialize_der(),
        }
    }

    pub fn server(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key)
            .unwrap();
        Arc::new(config)
    }

    /// Sends mails and believes this certificate alone.
    pub fn mailer(&self) -> Mailer {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Mailer::with_tls(config)
    }
}
