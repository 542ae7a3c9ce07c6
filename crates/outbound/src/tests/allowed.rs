//! What each entry of the allow-list opens, and which entries are refused.

use super::*;

fn list(text: &str) -> Allowed {
    text.parse().unwrap()
}

fn host(text: &str) -> Host<String> {
    Host::parse(text).unwrap()
}

/// Whether a URL's host that has this one address is permitted.
fn permits(list_text: &str, host_text: &str, port: u16, address: &str) -> bool {
    list(list_text).permits(&host(host_text), port, address.parse().unwrap())
}

fn refused(text: &str) -> String {
    text.parse::<Allowed>().unwrap_err().to_string()
}

#[test]
fn without_entries_only_public_addresses_are_permitted() {
    assert!(permits("", "example.com", 443, "93.184.215.14"));
    assert!(!permits("", "example.com", 443, "10.0.0.5"));
    assert!(list(" , \n ,").is_empty());
    assert_eq!(list(""), Allowed::nothing());
}

#[test]
fn a_host_opens_what_a_lan_has() {
    for address in [
        "127.0.0.1",
        "::1",
        "10.0.0.5",
        "172.17.0.2",
        "100.64.3.4",
        "fd00::5",
    ] {
        assert!(permits("receiver.lan", "receiver.lan", 80, address), "{address}");
        assert!(!permits("receiver.lan", "other.lan", 80, address), "{address}");
    }
    for other in ["sub.receiver.lan", "receiver.lan.example.com", "xreceiver.lan"] {
        assert!(!permits("receiver.lan", other, 80, "10.0.0.5"), "{other}");
    }
}

#[test]
fn a_host_never_opens_metadata_nor_what_no_lan_has() {
    for address in [
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
        "169.254.1.1",
        "fe80::1",
        "fec0::1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "240.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "64:ff9b::a00:5",
        "64:ff9b::808:808",
        "2002:a00:5::1",
        "::ffff:10.0.0.5",
    ] {
        assert!(!permits("receiver.lan", "receiver.lan", 80, address), "{address}");
    }
}

#[test]
fn metadata_is_opened_by_its_own_address_alone() {
    let metadata = "100.100.100.200";
    assert!(!permits("100.64.0.0/10", "h.test", 80, metadata));
    assert!(!permits("100.100.100.200/31", "h.test", 80, metadata));
    assert!(permits("100.64.0.0/10", "h.test", 80, "100.100.100.201"));
    assert!(permits("100.100.100.200/32", "h.test", 80, metadata));
    assert!(permits("100.100.100.200", metadata, 80, metadata));
    assert!(!permits("fd00::/8", "h.test", 80, "fd00:ec2::254"));
    assert!(permits("fd00:ec2::254", "[fd00:ec2::254]", 80, "fd00:ec2::254"));
    // A public address that the list need not open to begin with.
    assert!(!permits("168.0.0.0/8", "h.test", 80, "168.63.129.16"));
}

#[test]
fn a_range_opens_what_it_contains() {
    let ranges = "192.168.7.0/24 fd00:7::/48, 169.254.0.0/16 192.0.2.0/24";
    for (address, expected) in [
        ("192.168.7.0", true),
        ("192.168.7.255", true),
        ("192.168.8.0", false),
        ("fd00:7::1", true),
        ("fd00:8::1", false),
        ("169.254.3.4", true),
        ("169.254.169.254", false),
        ("192.0.2.2", true),
        ("127.0.0.1", false),
    ] {
        assert_eq!(permits(ranges, "h.test", 80, address), expected, "{address}");
    }
}

#[test]
fn nothing_opens_what_has_no_receiver() {
    // The widest ranges that are taken, around each.
    for (range, address) in [
        ("127.0.0.0/8", "0.0.0.0"),
        ("64:ff9b::/32", "64:ff9b:1::7f00:1"),
        ("2001::/16", "2001:0:7f00:1::1"),
        ("2000::/7", "2002:7f00:1::1"),
    ] {
        assert!(!permits(range, "h.test", 80, address), "{address} in {range}");
    }
}

#[test]
fn nat64_needs_a_range_and_what_lies_behind_it_too() {
    let well_known = "64:ff9b::/96";
    assert!(permits(well_known, "h.test", 443, "64:ff9b::808:808"));
    assert!(!permits("", "h.test", 443, "64:ff9b::808:808"));
    assert!(!permits(well_known, "h.test", 443, "64:ff9b::a00:5"));
    assert!(!permits(well_known, "h.test", 443, "64:ff9b::a9fe:a9fe"));
    assert!(!permits(well_known, "h.test", 443, "64:ff9b::7f00:1"));
    assert!(permits(
        "64:ff9b::/96 10.0.0.0/8",
        "h.test",
        443,
        "64:ff9b::a00:5"
    ));
    assert!(
        !permits("64:ff9b::/96 h.test", "h.test", 443, "64:ff9b::a00:5"),
        "a name opens nothing behind NAT64"
    );
}

#[test]
fn a_port_narrows_an_entry() {
    let one = "127.0.0.1:9093 idp.lan:8443 [::1]:9093";
    assert!(permits(one, "127.0.0.1", 9093, "127.0.0.1"));
    assert!(!permits(one, "127.0.0.1", 9094, "127.0.0.1"));
    assert!(permits(one, "[::1]", 9093, "::1"));
    assert!(!permits(one, "[::1]", 80, "::1"));
    assert!(permits(one, "idp.lan", 8443, "10.0.0.5"));
    assert!(!permits(one, "idp.lan", 443, "10.0.0.5"));
}

#[test]
fn names_are_compared_as_urls_write_them() {
    for text in [
        "Receiver.LAN",
        "receiver.lan.",
        "ｒeceiver.lan",
        "rece\u{ad}iver.lan",
    ] {
        assert_eq!(list(text), list("receiver.lan"), "{text}");
    }
    assert!(list("receiver.lan").names(&host("RECEIVER.lan."), 80));
    assert_eq!(list("bücher.lan"), list("xn--bcher-kva.lan"));
}

#[test]
fn what_the_list_names_by_host_or_address() {
    let list = list("receiver.lan 192.168.7.0/24 idp.lan:8443");
    assert!(list.names(&host("receiver.lan"), 1));
    assert!(list.names(&host("192.168.7.9"), 1));
    assert!(list.names(&host("idp.lan"), 8443));
    assert!(!list.names(&host("idp.lan"), 443));
    assert!(!list.names(&host("other.lan"), 1));
    assert!(!list.names(&host("192.168.8.9"), 1));
}

#[test]
fn entries_that_mean_nothing_are_refused_with_what_to_write() {
    for (text, expected) in [
        ("https://receiver.lan", "not a URL"),
        ("me@receiver.lan", "not a URL"),
        ("*.lan", "no wildcards"),
        ("192.168.7.5/24", "write 192.168.7.0/24"),
        ("fd00:7::1/48", "write fd00:7::/48"),
        ("192.168.7.0/33", "a range is written like"),
        ("receiver.lan/24", "a range is written like"),
        ("0.0.0.0/0", "/8 is the widest"),
        ("::/0", "/7 is the widest"),
        ("224.0.0.0/8", "never opened: multicast"),
        ("0.0.0.0", "never opened: unspecified"),
        ("::", "never opened: unspecified"),
        ("::ffff:10.0.0.5", "write IPv4 addresses as IPv4"),
        ("::ffff:0:0/96", "write IPv4 addresses as IPv4"),
        ("2002::/16", "never opened: a tunnel"),
        ("0x7f.1", "write this address as 127.0.0.1"),
        ("2130706433", "write this address as 127.0.0.1"),
        ("①②⑦.⓪.⓪.①", "write this address as 127.0.0.1"),
        ("receiver.lan:0", "a port is a number"),
        ("receiver.lan:+1", "a port is a number"),
        ("receiver.lan:65536", "a port is a number"),
        ("receiver.lan:", "a port is a number"),
        ("[fd00::5", "bracket is not closed"),
        ("[fd00::5]x", "after the bracket"),
        ("[receiver.lan]:80", "between brackets"),
        ("[127.0.0.1]", "between brackets"),
        ("[fe80::1%eth0]:80", "between brackets"),
        ("fe80::1%eth0", "a port is a number"),
        ("a..b", "letters, digits"),
        ("a\"b", "letters, digits"),
        ("a$b", "letters, digits"),
    ] {
        let told = refused(text);
        assert!(told.contains(expected), "{text}: {told}");
        assert!(told.starts_with("entry 1 of the allow-list"), "{told}");
    }
}

#[test]
fn the_entry_is_counted_and_shown_unless_it_may_hold_a_secret() {
    let told = refused("receiver.lan, 10.0.0.0/8\n0.0.0.0/0");
    assert!(
        told.starts_with("entry 3 of the allow-list (\"0.0.0.0/0\"): "),
        "{told}"
    );
    for text in [
        "https://hooks.test/services/s3cret",
        "u:s3cret@h.test",
        "hooks.test/a/s3cret",
    ] {
        let error = text.parse::<Allowed>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn there_is_a_most() {
    let many = |n: usize| (0..n).map(|i| format!("h{i}.lan ")).collect::<String>();
    assert!(many(MOST_ENTRIES).parse::<Allowed>().is_ok());
    assert!(refused(&many(MOST_ENTRIES + 1)).contains("256 at most"));
}
