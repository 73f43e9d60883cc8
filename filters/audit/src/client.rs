//! Where a request came from: what its tenant lets the ledger keep of that.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use inferlayer_accounts::{AddressPolicy, Tenant};
use inferlayer_filter::Exchange;
use inferlayer_records::record::Client;

/// Of what callers say of themselves.
const MAX_USER_AGENT_BYTES: usize = 256;

pub(crate) fn of<'a>(x: &'a Exchange, tenant: &Tenant) -> Client<'a> {
    let ip = x.client.map(|address| address.ip().to_canonical());
    let said = x.head.headers.get("user-agent").filter(|_| tenant.keeps_user_agent());
    let said = said.and_then(|value| value.to_str().ok());
    Client {
        address: ip.and_then(|ip| kept(ip, tenant.client_address())).map(Into::into),
        listener: Some(x.listener.into()),
        user_agent: said.map(|text| bounded(text).into()),
    }
}

fn kept(ip: IpAddr, policy: AddressPolicy) -> Option<String> {
    match policy {
        AddressPolicy::Full => Some(ip.to_string()),
        AddressPolicy::Prefix => Some(network(ip)),
        AddressPolicy::None => None,
    }
}

/// The network of the address: too many are in it for one of them to be told by it.
fn network(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// Visible ASCII, as the head was checked to be: any byte ends a character.
fn bounded(text: &str) -> &str {
    text.get(..MAX_USER_AGENT_BYTES).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use inferlayer_filter::testkit;

    use super::*;

    const ASKED: &str = r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#;

    #[test]
    fn an_address_is_kept_whole_as_a_network_or_not_at_all() {
        for (address, full, network) in [
            ("203.0.113.77", "203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:7:8::9", "2001:db8:7:8::9", "2001:db8:7::/48"),
            ("::1", "::1", "::/48"),
        ] {
            let ip = address.parse::<IpAddr>().unwrap().to_canonical();
            assert_eq!(kept(ip, AddressPolicy::Full).unwrap(), full);
            assert_eq!(kept(ip, AddressPolicy::Prefix).unwrap(), network);
            assert_eq!(kept(ip, AddressPolicy::None), None);
        }
    }

    #[test]
    fn what_callers_say_of_themselves_is_kept_only_where_that_is_wanted_and_up_to_a_bound() {
        let kept_of = |extra: &str, said: &str| {
            let tenant = testkit::tenant(&format!("{{ name: a, budget_usd: 1{extra} }}")).unwrap();
            let mut x = testkit::chat(ASKED).unwrap();
            x.head.headers.insert("user-agent", HeaderValue::from_bytes(said.as_bytes()).unwrap());
            of(&x, &tenant).user_agent.map(|said| said.into_owned())
        };
        assert_eq!(kept_of("", "curl/8"), None);
        assert_eq!(kept_of(", keep_user_agent: true", "curl/8").unwrap(), "curl/8");
        assert_eq!(kept_of(", keep_user_agent: true", &"x".repeat(300)).unwrap(), "x".repeat(256));
        assert_eq!(kept_of(", keep_user_agent: true", "caf\u{e9}"), None);
    }
}
