//! What an IP address is for, as far as that decides whether the server may talk to it.
//!
//! The lists are IANA's special-purpose registries (RFC 6890 and its updates), made stricter: of IPv6 only 2000::/3 is
//! taken as public, and an address that carries another one inside is never public, because what it leads to is
//! decided elsewhere.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not simply a public one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressKind {
    /// 0.0.0.0/8 and `::`; Linux connects to itself.
    Unspecified,
    /// 127.0.0.0/8 and `::1`.
    Loopback,
    /// RFC 1918.
    Private,
    /// 100.64.0.0/10: carriers, and overlay networks such as Tailscale.
    Shared,
    /// 169.254.0.0/16 and fe80::/10.
    LinkLocal,
    /// Where clouds give credentials to whoever asks from inside.
    Metadata,
    /// fc00::/7.
    UniqueLocal,
    /// fec0::/10, deprecated and still routed in places.
    SiteLocal,
    /// 224.0.0.0/4 and ff00::/8.
    Multicast,
    /// Addresses of examples.
    Documentation,
    /// 198.18.0.0/15 and 2001:2::/48.
    Benchmark,
    /// 192.0.0.0/24 and 2001::/23.
    Protocol,
    /// 240.0.0.0/4, and all of IPv6 that is not 2000::/3.
    Reserved,
    /// ::ffff:0:0/96 and ::/96: IPv4 in another spelling.
    Mapped,
    /// 64:ff9b::/96, the well-known prefix of NAT64.
    Nat64,
    /// Other translations: 64:ff9b:1::/48, ::ffff:0:0:0/96.
    Translated,
    /// 6to4, Teredo, ISATAP.
    Tunnel,
}

/// What of the allow-list can open a kind of address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opener {
    /// The host's name, or a range: what a LAN has.
    NameOrRange,
    /// A range that contains it.
    Range,
    /// An entry that is this one address.
    Address,
    /// There is no receiver behind such an address, or another spelling leads to it.
    Nothing,
}

/// Metadata services: AWS, GCP, Azure and most others; ECS and EKS; Scaleway; Tencent; Alibaba; Volcengine; Oracle
/// Classic; Azure's wire server.
const METADATA_V4: [Ipv4Addr; 9] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(169, 254, 42, 42),
    Ipv4Addr::new(169, 254, 0, 23),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(100, 96, 0, 96),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];

/// The same by IPv6: AWS, EKS, GCP, Oracle, Scaleway, OpenStack.
const METADATA_V6: [Ipv6Addr; 6] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
];

impl AddressKind {
    /// What the address is, or nothing when it is an ordinary public one.
    pub fn of(address: IpAddr) -> Option<AddressKind> {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }

    pub(crate) fn opened_by(self) -> Opener {
        match self {
            AddressKind::Loopback | AddressKind::Private | AddressKind::Shared | AddressKind::UniqueLocal => {
                Opener::NameOrRange
            }
            AddressKind::LinkLocal
            | AddressKind::SiteLocal
            | AddressKind::Documentation
            | AddressKind::Benchmark
            | AddressKind::Protocol
            | AddressKind::Nat64 => Opener::Range,
            AddressKind::Metadata => Opener::Address,
            AddressKind::Unspecified
            | AddressKind::Multicast
            | AddressKind::Reserved
            | AddressKind::Mapped
            | AddressKind::Translated
            | AddressKind::Tunnel => Opener::Nothing,
        }
    }
}

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressKind::Unspecified => "unspecified",
            AddressKind::Loopback => "loopback",
            AddressKind::Private => "private",
            AddressKind::Shared => "shared (CGNAT)",
            AddressKind::LinkLocal => "link-local",
            AddressKind::Metadata => "a cloud's metadata service",
            AddressKind::UniqueLocal => "unique local",
            AddressKind::SiteLocal => "site-local",
            AddressKind::Multicast => "multicast",
            AddressKind::Documentation => "for documentation",
            AddressKind::Benchmark => "for benchmarks",
            AddressKind::Protocol => "for protocols",
            AddressKind::Reserved => "reserved",
            AddressKind::Mapped => "IPv4 written as IPv6",
            AddressKind::Nat64 => "NAT64",
            AddressKind::Translated => "translated",
            AddressKind::Tunnel => "a tunnel",
        })
    }
}

/// The IPv4 address that an address of NAT64's well-known prefix leads to.
pub(crate) fn behind_nat64(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

fn of_v4(address: Ipv4Addr) -> Option<AddressKind> {
    if METADATA_V4.contains(&address) {
        return Some(AddressKind::Metadata);
    }
    let [a, b, c, _] = address.octets();
    Some(match (a, b, c) {
        (0, ..) => AddressKind::Unspecified,
        (127, ..) => AddressKind::Loopback,
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => AddressKind::Private,
        (100, 64..=127, _) => AddressKind::Shared,
        (169, 254, _) => AddressKind::LinkLocal,
        (192, 0, 0) => AddressKind::Protocol,
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => AddressKind::Documentation,
        // The relays of 6to4.
        (192, 88, 99) => AddressKind::Tunnel,
        (198, 18..=19, _) => AddressKind::Benchmark,
        (224..=239, ..) => AddressKind::Multicast,
        (240..=255, ..) => AddressKind::Reserved,
        _ => return None,
    })
}

fn of_v6(address: Ipv6Addr) -> Option<AddressKind> {
    if METADATA_V6.contains(&address) {
        return Some(AddressKind::Metadata);
    }
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressKind::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressKind::Loopback,
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] => AddressKind::Mapped,
        [0, 0, 0, 0, 0xffff, 0, ..] => AddressKind::Translated,
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => AddressKind::Nat64,
        [0x64, 0xff9b, ..] => AddressKind::Translated,
        [0xfc00..=0xfdff, ..] => AddressKind::UniqueLocal,
        [0xfe80..=0xfebf, ..] => AddressKind::LinkLocal,
        [0xfec0..=0xfeff, ..] => AddressKind::SiteLocal,
        [0xff00..=0xffff, ..] => AddressKind::Multicast,
        // Teredo, then what else lies in 2001::/23.
        [0x2001, 0, ..] => AddressKind::Tunnel,
        [0x2001, 2, 0, ..] => AddressKind::Benchmark,
        [0x2001, 1..=0x1ff, ..] => AddressKind::Protocol,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => AddressKind::Documentation,
        // 6to4, then ISATAP under any prefix.
        [0x2002, ..] => AddressKind::Tunnel,
        [0x2000..=0x3fff, _, _, _, 0 | 0x200, 0x5efe, ..] => AddressKind::Tunnel,
        [0x2000..=0x3fff, ..] => return None,
        _ => AddressKind::Reserved,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<AddressKind> {
        AddressKind::of(text.parse().unwrap())
    }

    #[test]
    fn public_addresses_are_nothing_special() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2001:db7:ffff::1",
            "2001:db9::1",
            "2003::1",
            "2606:4700::1111",
            "2a00:1450:4001:80b::200e",
            "3fff:1000::1",
        ] {
            assert_eq!(kind(text), None, "{text}");
        }
    }

    #[test]
    fn each_kind_begins_and_ends_where_the_registry_says() {
        use AddressKind::*;
        for (text, expected) in [
            ("0.0.0.0", Unspecified),
            ("0.255.255.255", Unspecified),
            ("::", Unspecified),
            ("127.0.0.0", Loopback),
            ("127.255.255.255", Loopback),
            ("::1", Loopback),
            ("10.0.0.0", Private),
            ("10.255.255.255", Private),
            ("172.16.0.0", Private),
            ("172.31.255.255", Private),
            ("192.168.0.0", Private),
            ("192.168.255.255", Private),
            ("100.64.0.0", Shared),
            ("100.127.255.255", Shared),
            ("169.254.0.0", LinkLocal),
            ("169.254.255.255", LinkLocal),
            ("fe80::", LinkLocal),
            ("febf:ffff::1", LinkLocal),
            ("169.254.169.254", Metadata),
            ("100.100.100.200", Metadata),
            ("192.0.0.192", Metadata),
            ("168.63.129.16", Metadata),
            ("fd00:ec2::254", Metadata),
            ("fd20:ce::254", Metadata),
            ("fe80::a9fe:a9fe", Metadata),
            ("fc00::", UniqueLocal),
            ("fdff:ffff::1", UniqueLocal),
            ("fec0::1", SiteLocal),
            ("feff::1", SiteLocal),
            ("224.0.0.0", Multicast),
            ("239.255.255.255", Multicast),
            ("ff02::1", Multicast),
            ("192.0.2.0", Documentation),
            ("198.51.100.255", Documentation),
            ("203.0.113.1", Documentation),
            ("2001:db8::", Documentation),
            ("2001:db8:ffff::1", Documentation),
            ("3fff::1", Documentation),
            ("3fff:fff:ffff::1", Documentation),
            ("198.18.0.0", Benchmark),
            ("198.19.255.255", Benchmark),
            ("2001:2::1", Benchmark),
            ("192.0.0.0", Protocol),
            ("192.0.0.255", Protocol),
            ("2001:1::1", Protocol),
            ("2001:10::1", Protocol),
            ("2001:1ff:ffff::1", Protocol),
            ("240.0.0.0", Reserved),
            ("255.255.255.255", Reserved),
            ("100::1", Reserved),
            ("1::1", Reserved),
            ("1fff:ffff::1", Reserved),
            ("4000::1", Reserved),
            ("5f00::1", Reserved),
            ("fbff:ffff::1", Reserved),
            ("fe00::1", Reserved),
            ("::2", Mapped),
            ("::8.8.8.8", Mapped),
            ("::ffff:8.8.8.8", Mapped),
            ("64:ff9b::8.8.8.8", Nat64),
            ("64:ff9b:1::8.8.8.8", Translated),
            ("64:ff9b::1:0:0", Translated),
            ("::ffff:0:8.8.8.8", Translated),
            ("192.88.99.1", Tunnel),
            ("2002::", Tunnel),
            ("2002:7f00:1::1", Tunnel),
            ("2001::1", Tunnel),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Tunnel),
            ("2a00:1450::5efe:7f00:1", Tunnel),
            ("2a00:1450::200:5efe:a00:1", Tunnel),
        ] {
            assert_eq!(kind(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn nat64_shows_what_it_leads_to() {
        let address = "64:ff9b::a9fe:a9fe".parse().unwrap();
        assert_eq!(behind_nat64(address), Ipv4Addr::new(169, 254, 169, 254));
    }
}
