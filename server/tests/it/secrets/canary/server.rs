//! The server as a child, with everything that it says.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use futures::{SinkExt as _, StreamExt as _};
use reqwest::Client;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::hay::Haystacks;
use crate::common::{cli, urlencoded};
use crate::secrets::home::Home;

/// The server, with everything that it says.
pub struct Server {
    pub child: Child,
    pub url: String,
    pub stdout: Arc<Mutex<String>>,
    pub client: Client,
    pub cookie: String,
    pub said: Haystacks,
}

impl Server {
    pub fn start(home: &Home, environment: &[(&str, &str)], json: bool) -> Server {
        let log = std::fs::File::create(home.folder.path().join("log")).unwrap();
        let format = if json { "json" } else { "text" };
        let mut command = home.command(&[
            "serve",
            "--local-key",
            "--listen",
            "127.0.0.1:0",
            "--log-level",
            "trace",
        ]);
        command
            .args(["--log-format", format, "--site-dir"])
            .arg(home.folder.path().join("site"));
        command.envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        lines.read_line(&mut first).unwrap();
        let url = first.trim().strip_prefix("listening on ").unwrap_or_else(|| {
            panic!(
                "{first:?}: {}",
                std::fs::read_to_string(home.folder.path().join("log")).unwrap()
            )
        });
        let url = url.to_owned();
        let stdout = Arc::new(Mutex::new(first));
        let collected = stdout.clone();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                collected.lock().unwrap().push_str(&line);
            }
        });
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Server {
            child,
            url,
            stdout,
            client,
            cookie: String::new(),
            said: Haystacks::default(),
        }
    }

    /// Sends, keeps what was answered, and takes the cookie that was set. The body.
    pub async fn send(&mut self, name: &str, request: reqwest::RequestBuilder, status: u16) -> String {
        let request = request.header("origin", &self.url).header("cookie", &self.cookie);
        let response = request.send().await.unwrap();
        let (got, headers) = (response.status(), response.headers().clone());
        for (header, value) in &headers {
            if header == "set-cookie" {
                let cookie = value.to_str().unwrap().split(';').next().unwrap();
                // The other one says that the browser is known, and opens nothing.
                if !cookie.starts_with("fb_known") {
                    self.cookie = cookie.to_owned();
                }
            } else {
                self.said
                    .add(format!("header {header} of {name}"), value.as_bytes());
            }
        }
        let body = response.text().await.unwrap();
        assert_eq!(got, status, "{name}: {body}");
        self.said.add(name, body.clone());
        body
    }

    pub async fn get(&mut self, path: &str, status: u16) {
        let request = self
            .client
            .get(format!("{}{path}", self.url))
            .header("accept", "text/html, */*");
        self.send(path, request, status).await;
    }

    pub async fn form(&mut self, path: &str, fields: &[(&str, &str)], status: u16) {
        self.post_form(path, fields, status).await;
    }

    pub async fn post_form(&mut self, path: &str, fields: &[(&str, &str)], status: u16) -> String {
        let body = urlencoded(fields);
        let request = self.client.post(format!("{}{path}", self.url)).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(&format!("form {path}"), request, status).await
    }

    pub async fn post(&mut self, path: &str, body: serde_json::Value, status: u16) -> String {
        let request = self
            .client
            .post(format!("{}{path}", self.url))
            .body(body.to_string());
        let request = request.header("content-type", "application/json");
        self.send(&format!("POST {path}"), request, status).await
    }

    /// A WebSocket, until its first frame.
    pub async fn socket(&mut self, key: Option<&str>) {
        let mut request = self.url.replace("http://", "ws://");
        request.push_str("/ws/v1");
        let mut request = request.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", "fuseboard.v1.json".parse().unwrap());
        match key {
            Some(key) => headers.insert("authorization", format!("Bearer {key}").parse().unwrap()),
            None => {
                headers.insert("origin", self.url.parse().unwrap());
                headers.insert("cookie", self.cookie.parse().unwrap())
            }
        };
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let subscribe = json!({ "t": "subscribe", "view": "board", "range": "15m" }).to_string();
        socket.send(Message::text(subscribe)).await.unwrap();
        for _ in 0..2 {
            let frame = socket.next().await.unwrap().unwrap().into_data();
            self.said.add("a frame", frame.to_vec());
        }
        socket.close(None).await.unwrap();
    }

    pub fn stop(&mut self) {
        cli::signal(self.child.id());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
