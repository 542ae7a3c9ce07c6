//! Viewers of our board, as the page of the same build is one: postcard over a socket from this machine. Each shows a
//! key, which ten of them share.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result, bail};
use protocol::codec::{decode_server, encode_client};
use protocol::{ClientFrame, Range, SUBPROTOCOL_POSTCARD, ServerFrame, VIEW_BOARD};

use super::fuseboard::{Fuseboard, authorization};
use crate::wire::http::Connection;
use crate::wire::socket::Socket;

/// Viewers of one address, so that it does not run out of ports when one repetition follows the other.
const EACH: usize = 50;

/// An address of this machine for the viewer with this number; fifty share one.
pub fn address(number: usize) -> Ipv4Addr {
    let number = number / EACH;
    Ipv4Addr::new(127, 0, (1 + number / 250) as u8, (1 + number % 250) as u8)
}

/// Where sockets are opened, with the build that the page would name.
pub async fn path(server: &Fuseboard) -> Result<String> {
    let body = Connection::open(server.running.address)
        .await?
        .get("/version", &server.authorization())
        .await?
        .good()?;
    let version: serde_json::Value = serde_json::from_slice(&body)?;
    let build = version["build"].as_str().context("the server tells no build")?;
    Ok(format!("/ws/v1?build={build}"))
}

/// Opens a socket, subscribes to the board and waits for the snapshot.
pub async fn open(host: SocketAddr, number: usize, path: &str, key: &str) -> Result<Socket> {
    let headers = format!(
        "{}Sec-WebSocket-Protocol: {SUBPROTOCOL_POSTCARD}\r\n",
        authorization(key)
    );
    let mut socket = Socket::open(host, address(number), path, &headers).await?;
    let subscribe = encode_client(&ClientFrame::Subscribe {
        view: VIEW_BOARD.into(),
        range: Range::M15,
        replay: None,
    });
    socket.send(&subscribe).await?;
    loop {
        match decode_server(&socket.next().await?)? {
            ServerFrame::Snapshot(_) => return Ok(socket),
            ServerFrame::Bye(bye) => bail!("viewer {number}: {}", bye.reason),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_viewers_share_an_address() {
        assert_eq!(address(0), address(49));
        assert_ne!(address(49), address(50));
        assert_eq!(address(50 * 250), Ipv4Addr::new(127, 0, 2, 1));
    }
}
