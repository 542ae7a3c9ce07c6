//! A permitted receiver that points elsewhere: nobody goes there.

use super::canary::Canary;
use super::nameless;
use super::receiver::{Receiver, whole};
use crate::request::Request;
use crate::rules::Rules;

#[tokio::test]
async fn redirects_are_answers_that_nobody_follows() {
    let canary = Canary::start().await;
    let mut answers = 0;
    for status in [
        "300 Multiple Choices",
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        for location in [
            "http://127.0.0.1:{p}/",
            "//127.0.0.1:{p}/",
            "http://[::1]:{p}/",
            "http://2130706433:{p}/",
            "https://localhost:{p}/",
        ] {
            let location = location.replace("{p}", &canary.port.to_string());
            let headers = [
                format!("location: {location}"),
                format!("refresh: 0; url={location}"),
            ];
            let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
            let receiver = Receiver::answering(whole(status, &headers, b"")).await;
            let outbound = nameless(&receiver.address.to_string());
            for request in [
                Request::get(&receiver.url("/")),
                Request::post(&receiver.url("/"), "body"),
            ] {
                let answer = outbound.send(&request, &Rules::default()).await.unwrap();
                assert_eq!(answer.status.as_str(), &status[..3]);
                assert_eq!(answer.headers["location"], location.as_str());
                answers += 1;
            }
            assert_eq!(receiver.requests().len(), 2, "and to the receiver once each");
        }
    }
    println!("{answers} redirects");
    assert!(canary.accepted().await.is_empty());
}

/// The control: a client that follows does reach the canary.
#[tokio::test]
async fn a_client_that_follows_would_go_there() {
    let canary = Canary::start().await;
    let location = format!("location: http://127.0.0.1:{}/", canary.port);
    let receiver = Receiver::answering(whole("302 Found", &[&location], b"")).await;
    let naive = reqwest::Client::builder().no_proxy().build().unwrap();
    naive.get(receiver.url("/")).send().await.unwrap();
    assert_eq!(canary.accepted().await.len(), 1);
}
