//! What a server says: lines that begin with three digits.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::session::Fault;

/// RFC 5321 §4.5.3.1.5 says 512; some say more.
const LONGEST_LINE: usize = 4 * 1024;
const MOST_LINES: usize = 128;

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub code: u16,
    /// Without the codes, one below the other.
    pub lines: Vec<String>,
}

impl Reply {
    pub fn text(&self) -> String {
        self.lines.join(" ")
    }

    pub fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }
}

/// Bytes that came and were not yet read as replies.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    bytes: Vec<u8>,
}

impl Pending {
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next reply, to its last line.
    pub async fn reply(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<Reply, Fault> {
        let mut lines = Vec::new();
        loop {
            let line = self.line(stream).await?;
            let (code, is_last, text) = read(&line).ok_or(Fault::NotSmtp)?;
            lines.push(text);
            if is_last {
                return Ok(Reply { code, lines });
            }
            if lines.len() == MOST_LINES {
                return Err(Fault::NotSmtp);
            }
        }
    }

    async fn line(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, Fault> {
        loop {
            if let Some(end) = self.bytes.iter().position(|b| *b == b'\n') {
                let mut line: Vec<u8> = self.bytes.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            if self.bytes.len() > LONGEST_LINE {
                return Err(Fault::NotSmtp);
            }
            let mut more = [0_u8; 2_048];
            match stream.read(&mut more).await {
                Ok(0) => return Err(Fault::Broken("it hung up".into())),
                Ok(n) => self.bytes.extend_from_slice(&more[..n]),
                Err(error) => return Err(Fault::Broken(error.to_string())),
            }
        }
    }
}

/// Code, whether it is the last line, text.
fn read(line: &[u8]) -> Option<(u16, bool, String)> {
    let code = line.get(..3)?;
    if !matches!(code[0], b'2'..=b'5') || !code.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let is_last = match line.get(3) {
        None | Some(b' ') => true,
        Some(b'-') => false,
        Some(_) => return None,
    };
    let code = code
        .iter()
        .fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    let text = String::from_utf8_lossy(line.get(4..).unwrap_or_default()).into_owned();
    Some((code, is_last, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_or_are_not_smtp() {
        assert_eq!(read(b"250 ok"), Some((250, true, "ok".into())));
        assert_eq!(read(b"250-SIZE 1"), Some((250, false, "SIZE 1".into())));
        assert_eq!(read(b"354"), Some((354, true, String::new())));
        for odd in [
            &b""[..],
            b"25",
            b"2500",
            b"abc x",
            b"650 x",
            b"150 x",
            b"HTTP/1.1 400",
            b"+25 x",
        ] {
            assert_eq!(read(odd), None, "{odd:?}");
        }
    }
}
