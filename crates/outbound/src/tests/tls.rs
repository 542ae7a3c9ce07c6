//! https goes by the name in the URL, however the addresses came about; and strangers' certificates are not believed.

use std::sync::{Arc, Mutex};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::names::Names;
use super::receiver::{Part, serve, whole};
use crate::allowed::Allowed;
use crate::client::Outbound;
use crate::error::OutboundError;
use crate::guard::Guard;
use crate::rules::Rules;
use crate::tls::Tls;

/// Made for these tests by an authority whose key is gone; both hold until 2123.
const AUTHORITY: &[u8] = include_bytes!("certificates/ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("certificates/receiver.pem");
const KEY: &[u8] = include_bytes!("certificates/receiver.key");

/// A receiver that is `receiver.test`; the answer is its port and what it will have been sent.
async fn start() -> (u16, Arc<Mutex<Vec<String>>>) {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()],
            PrivateKeyDer::from_pem_slice(KEY).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = requests.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, kept) = (acceptor.clone(), kept.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, vec![Part::Bytes(whole("200 OK", &[], b"ok"))], kept).await;
                }
            });
        }
    });
    (port, requests)
}

/// Settings that believe the tests' authority and nobody else.
fn believing() -> Tls {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(AUTHORITY).unwrap())
        .unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Tls::new(config)
}

fn outbound(tls: Tls) -> Outbound {
    let names = Names::of(&[("receiver.test", "127.0.0.1"), ("other.test", "127.0.0.1")]);
    let allowed: Allowed = "127.0.0.1".parse().unwrap();
    Outbound::with(Guard::new(allowed), Box::new(names), tls)
}

#[tokio::test]
async fn a_receiver_with_the_name_of_the_url_is_believed() {
    let (port, requests) = start().await;
    let url = format!("https://receiver.test:{port}/x");
    let answer = outbound(believing()).get(&url, &Rules::default()).await.unwrap();
    assert_eq!(&answer.body[..], b"ok");
    let sent = requests.lock().unwrap().remove(0);
    assert!(sent.starts_with("GET /x HTTP/1.1\r\n"), "{sent}");
    assert!(
        sent.contains(&format!("host: receiver.test:{port}\r\n")),
        "{sent}"
    );
}

#[tokio::test]
async fn another_name_or_another_authority_is_not_believed() {
    let (port, requests) = start().await;
    for (tls, host) in [
        (believing(), "other.test"),
        (believing(), "127.0.0.1"),
        (Tls::of_the_system(), "receiver.test"),
    ] {
        let url = format!("https://{host}:{port}/x");
        let error = outbound(tls).get(&url, &Rules::default()).await.unwrap_err();
        assert!(matches!(error, OutboundError::Connect { .. }), "{error}");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    assert!(requests.lock().unwrap().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn without_root_certificates_https_says_so() {
    let (port, requests) = start().await;
    let mut tls = believing();
    tls.set_problem("No CA certificates were loaded from the system");
    let outbound = outbound(tls);
    assert!(outbound.tls_problem().is_some());
    let error = outbound
        .get(&format!("https://receiver.test:{port}/"), &Rules::default())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, OutboundError::NoTls { cause, .. } if cause.contains("No CA")),
        "{error}"
    );
    assert!(requests.lock().unwrap().is_empty());
}
