//! What somebody does by hand on our own pages: changes over JSON, forms, pages.

use serde_json::Value;

use super::{TestServer, urlencoded};

/// A change over JSON by a browser on our own page: the status and the body.
pub async fn send(server: &TestServer, verb: &str, path: &str, cookie: &str, body: Value) -> (u16, Value) {
    send_with(server, verb, path, cookie, body, None).await
}

/// The same, of the version that is named.
pub async fn send_with(
    server: &TestServer,
    verb: &str,
    path: &str,
    cookie: &str,
    body: Value,
    if_match: Option<&str>,
) -> (u16, Value) {
    let mut request = server.client.request(verb.parse().unwrap(), server.url(path));
    if let Some(version) = if_match {
        request = request.header("if-match", version);
    }
    let answer = request
        .header("origin", format!("http://{}", server.address))
        .header("cookie", cookie)
        .json(&body)
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

/// A page as a browser asks for it: the status and the HTML.
pub async fn page(server: &TestServer, path: &str, cookie: &str) -> (u16, String) {
    let answer = server
        .client
        .get(server.url(path))
        .header("accept", "text/html")
        .header("cookie", cookie)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// A form as somebody sends it: the status, where it leads, and the page.
pub async fn form(
    server: &TestServer,
    path: &str,
    cookie: &str,
    fields: &[(&str, &str)],
) -> (u16, String, String) {
    let answer = server
        .client
        .post(server.url(path))
        .header("origin", format!("http://{}", server.address))
        .header("accept", "text/html")
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(urlencoded(fields))
        .send()
        .await
        .unwrap();
    let to = answer
        .headers()
        .get("location")
        .map(|to| to.to_str().unwrap().to_owned());
    (
        answer.status().as_u16(),
        to.unwrap_or_default(),
        answer.text().await.unwrap(),
    )
}
