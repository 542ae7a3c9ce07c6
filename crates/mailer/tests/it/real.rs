//! `aiosmtpd`, a server of somebody else's make: `pip install aiosmtpd`, and `FUSEBOARD_AIOSMTPD` names the Python that
//! has it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use channels::{MailTls, Verdict};
use mailer::Mailer;

use crate::setup::{PASSWORD, Pair, mail, outbound, with_login};

struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(mode: &str, pair: &Pair) -> Server {
        let python = std::env::var_os("FUSEBOARD_AIOSMTPD").unwrap();
        let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("aiosmtpd-{mode}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("certificate.pem"), &pair.certificate_pem).unwrap();
        std::fs::write(folder.join("key.pem"), &pair.key_pem).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/server.py");
        let mut child = Command::new(python)
            .args([script, mode, PASSWORD])
            .arg(&folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line.trim().parse().unwrap();
        Server { child, port }
    }

    /// All that it took.
    fn stop(mut self) -> String {
        self.child.kill().unwrap();
        let mut said = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        self.child.wait().unwrap();
        said
    }
}

#[tokio::test]
#[ignore = "needs aiosmtpd; see the top of the file"]
async fn aiosmtpd_takes_mails_in_every_way() {
    let pair = Pair::new("localhost");
    for (mode, tls) in [
        ("plain", MailTls::None),
        ("starttls", MailTls::StartTls),
        ("tls", MailTls::Tls),
    ] {
        let server = Server::start(mode, &pair);
        let mut mail = mail(server.port, tls);
        if mode != "plain" {
            mail = with_login(mail);
        }
        let verdict = pair.mailer().send(&outbound(), &mail).await.unwrap();
        assert!(matches!(verdict, Verdict::Delivered { .. }), "{mode} {verdict:?}");
        if mode != "plain" {
            // Not without a login, not with another one, not to somebody who is not trusted.
            let mut nobody = mail.clone();
            (nobody.user, nobody.password) = (None, None);
            let verdict = pair.mailer().send(&outbound(), &nobody).await.unwrap();
            assert!(matches!(verdict, Verdict::Gone { .. }), "{mode} {verdict:?}");
            let mut other = mail.clone();
            other.user = Some("mallory".into());
            let verdict = pair.mailer().send(&outbound(), &other).await.unwrap();
            assert!(
                matches!(&verdict, Verdict::Gone { words } if words.contains("535")),
                "{mode} {verdict:?}"
            );
            let verdict = Mailer::new().send(&outbound(), &mail).await.unwrap();
            assert!(matches!(verdict, Verdict::Retry { .. }), "{mode} {verdict:?}");
        }
        for (to, meaning) in [("full@example.org", "retry"), ("nobody@example.org", "refused")] {
            let mut mail = mail.clone();
            mail.to = vec![to.into()];
            let verdict = pair.mailer().send(&outbound(), &mail).await.unwrap();
            let name = match verdict {
                Verdict::Retry { .. } => "retry",
                Verdict::Refused { .. } => "refused",
                _ => "else",
            };
            assert_eq!(name, meaning, "{mode} {verdict:?}");
        }
        let said = server.stop();
        assert!(said.contains(r#"alerts@example.com ['a@example.org', 'b@example.org'] b'Subject: x\r\n\r\nhello\r\n.\r\n..two\r\n.\r\n'"#), "{mode} {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
