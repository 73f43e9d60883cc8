//! How far an address reaches. A name can lead anywhere, and somewhere else tomorrow; so it is the
//! address that decides whether a provider may be asked. Link-local addresses and the services that
//! give machines in a cloud their credentials are never providers, and what is `local` lies in a
//! private network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// How far an address reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This machine.
    Loopback,
    /// A private network (RFC 1918, RFC 4193) or the shared one of RFC 6598.
    Private,
    /// Everywhere.
    Public,
    /// Never a provider: link-local (RFC 3927, RFC 4291), multicast, or the metadata service of a
    /// cloud.
    Never,
}

/// Which addresses a provider may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AllowedAddresses {
    /// Nothing for a provider that may be anywhere.
    local: Option<Vec<IpNet>>,
}

/// Services that give credentials to whoever asks from inside a cloud's network.
const METADATA_SERVICES: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

impl Reach {
    /// How far `address` reaches. What embeds another address reaches as far as that.
    pub(crate) fn of(address: IpAddr) -> Reach {
        if METADATA_SERVICES.contains(&address) {
            return Reach::Never;
        }
        match address {
            IpAddr::V4(v4) => Reach::of_v4(v4),
            IpAddr::V6(v6) => match embedded(v6) {
                Some(v4) => Reach::of(IpAddr::V4(v4)),
                None => Reach::of_v6(v6),
            },
        }
    }

    fn of_v4(address: Ipv4Addr) -> Reach {
        let [first, second, ..] = address.octets();
        // A connection to 0.0.0.0 stays on this machine.
        if address.is_loopback() || address.is_unspecified() {
            Reach::Loopback
        } else if address.is_link_local() || first == 0 || first >= 224 {
            Reach::Never
        } else if address.is_private() || (first == 100 && second & 0xc0 == 64) {
            Reach::Private
        } else {
            Reach::Public
        }
    }

    fn of_v6(address: Ipv6Addr) -> Reach {
        if address.is_loopback() || address.is_unspecified() {
            Reach::Loopback
        } else if address.is_unicast_link_local() || address.is_multicast() {
            Reach::Never
        } else if address.is_unique_local() {
            Reach::Private
        } else {
            Reach::Public
        }
    }

    /// It does not leave the private network.
    pub(crate) fn is_local(self) -> bool {
        matches!(self, Reach::Loopback | Reach::Private)
    }
}

/// The IPv4 address that a packet to this one is for: mapped (RFC 4291), NAT64 (RFC 6052), 6to4
/// (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(v4(high, low))
        }
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

impl AllowedAddresses {
    /// Of a provider that is `local`: private ones, and those in `networks`.
    pub(crate) fn local(networks: Vec<IpNet>) -> AllowedAddresses {
        AllowedAddresses { local: Some(networks) }
    }

    /// Whether a provider may have this address.
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        let reach = Reach::of(address);
        match &self.local {
            _ if reach == Reach::Never => false,
            None => true,
            Some(networks) => {
                let address = address.to_canonical();
                reach.is_local() || networks.iter().any(|network| network.contains(&address))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(text: &str) -> Reach {
        Reach::of(text.parse().unwrap())
    }

    #[test]
    fn every_address_has_its_reach_however_it_is_written() {
        for (addresses, expected) in [
            ("127.0.0.1 127.9.9.9 0.0.0.0 ::1 :: ::ffff:127.0.0.1", Reach::Loopback),
            (
                "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.0.1",
                Reach::Private,
            ),
            ("fc00::1 fd12::1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:0a00:1::1", Reach::Private),
            ("8.8.8.8 172.32.0.1 100.128.0.1 192.169.0.1 2001:4860:4860::8888", Reach::Public),
            ("::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1", Reach::Public),
            ("169.254.169.254 169.254.0.1 fe80::1 febf::1 ::ffff:169.254.169.254", Reach::Never),
            ("64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1 224.0.0.1 255.255.255.255", Reach::Never),
            ("0.1.2.3 ff02::1 fd00:ec2::254 100.100.100.200 168.63.129.16", Reach::Never),
            ("192.0.0.192 ::ffff:100.100.100.200", Reach::Never),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(reach(address), expected, "{address}");
            }
        }
    }

    #[test]
    fn what_is_local_lies_in_a_private_network_or_in_one_that_is_named() {
        let allows = |allowed: &AllowedAddresses, text: &str| allowed.allows(text.parse().unwrap());
        let (anywhere, local) = (AllowedAddresses::default(), AllowedAddresses::local(Vec::new()));
        let named = AllowedAddresses::local(vec!["203.0.113.0/24".parse().unwrap()]);
        for (address, expected) in [
            ("10.0.0.1", [true, true, true]),
            ("203.0.113.7", [true, false, true]),
            ("::ffff:203.0.113.7", [true, false, true]),
            ("203.0.114.7", [true, false, false]),
            ("169.254.169.254", [false, false, false]),
        ] {
            let got = [&anywhere, &local, &named].map(|allowed| allows(allowed, address));
            assert_eq!(got, expected, "{address}");
        }
    }
}
