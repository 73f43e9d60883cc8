//! 38: whoever cannot prove to be the provider gets no byte of a request. Other providers that
//! attack are in `tests/providers_that_attack.rs`.

use inferlayer_ledger::Kind;

use crate::support::gateway::Setup;
use crate::support::tls::Tls;
use crate::support::{Provider, Script, call, records};

const THREE_FAILURES: &str = "ca_file: ca.pem, connect_timeout_seconds: 2, \
                              breaker: { failures: 3, open_seconds: 60 }";

#[tokio::test(flavor = "multi_thread")]
async fn a6_38_a_certificate_that_is_over_or_none_at_all_is_no_provider() {
    for case in ["expired", "not yet", "plain"] {
        let provider = Provider::start(Script::Chat).await;
        let tls = match case {
            "expired" => Tls::valid(provider.address, 2001, 2002).await,
            "not yet" => Tls::valid(provider.address, 2900, 2901).await,
            _ => Tls::before(provider.address).await,
        };
        let url = match case {
            "plain" => format!("https://localhost:{}/v1", provider.address.port()),
            _ => tls.base_url("localhost"),
        };
        let setup = Setup { provider_settings: THREE_FAILURES, ..Setup::of(&[url]) };
        let gateway = setup.start_with(&tls.ca_pem);
        let key = gateway.key();
        for _ in 0..3 {
            let (status, told) = call(&gateway, &key).await;
            // Who speaks no TLS does not end the handshake either.
            assert_eq!(status, if case == "plain" { 504 } else { 502 }, "{case}: {told}");
            assert!(!told.contains("canary"), "{told}");
        }
        let (status, told) = call(&gateway, &key).await;
        assert_eq!(status, 503, "{case}: it is left alone: {told}");
        assert!(provider.seen().is_empty(), "{case}: never in the clear");
        let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
        for outcome in &outcomes[..3] {
            let came_to = if case == "plain" { "connect_timeout" } else { "tls_failed" };
            assert_eq!(records::attempts(outcome), [came_to], "{case}");
            assert_eq!(records::nano(outcome, "cost_nano_usd"), 0, "{case}");
        }
    }
}
