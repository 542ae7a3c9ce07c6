//! A server that keeps to a script: what it expects to be told, and what it says then.

use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// One step.
#[derive(Clone)]
pub enum Step {
    /// Says this.
    Say(&'static str),
    /// Hears a line that begins so.
    Hear(&'static str),
    /// Hears lines until a dot stands alone.
    HearMail,
    /// Encrypts from here on.
    Encrypt(Arc<ServerConfig>),
    /// Says nothing for ever.
    Hang,
    /// Hangs up.
    HangUp,
}

/// Plays one script on a port; the end gives back all that was heard.
pub async fn play(steps: Vec<Step>) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // A server in a test is nobody's task.
    #[expect(clippy::disallowed_methods, reason = "there is no supervisor in a test")]
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut heard = String::new();
        talk(Box::new(stream), steps, &mut heard).await;
        heard
    });
    (port, heard)
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

async fn talk(stream: Box<dyn Stream>, steps: Vec<Step>, heard: &mut String) {
    let mut stream = BufReader::new(stream);
    for step in steps {
        match step {
            Step::Say(text) => {
                if stream.write_all(text.as_bytes()).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
            Step::Hear(start) => {
                let Some(line) = line(&mut stream).await else {
                    return;
                };
                heard.push_str(&line);
                assert!(line.starts_with(start), "heard {line:?} instead of {start:?}");
            }
            Step::HearMail => loop {
                let Some(line) = line(&mut stream).await else {
                    return;
                };
                heard.push_str(&line);
                if line == ".\r\n" {
                    break;
                }
            },
            Step::Encrypt(config) => {
                let Ok(encrypted) = TlsAcceptor::from(config).accept(stream.into_inner()).await else {
                    return;
                };
                let encrypted: Box<dyn Stream> = Box::new(encrypted);
                stream = BufReader::new(encrypted);
                heard.push_str("(encrypted)\r\n");
            }
            Step::Hang => std::future::pending::<()>().await,
            Step::HangUp => return,
        }
    }
    // Whatever else is said is heard.
    while let Some(line) = line(&mut stream).await {
        heard.push_str(&line);
    }
}

async fn line(stream: &mut BufReader<Box<dyn Stream>>) -> Option<String> {
    let mut bytes = Vec::new();
    match stream.read_until(b'\n', &mut bytes).await {
        Ok(n) if n > 0 => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    }
}
