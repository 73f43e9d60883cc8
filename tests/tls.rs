//! Providers behind TLS: verified against the authority that is configured, and never otherwise.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use support::gateway::Setup;
use support::tls::Tls;
use support::{Provider, Script, chat, client, records};

async fn call(host: &str, provider_settings: &'static str, ca: &str) -> (u16, Vec<String>) {
    let provider = Provider::start(Script::Chat).await;
    let tls = Tls::before(provider.address).await;
    let setup = Setup { provider_settings, ..Setup::of(&[tls.base_url(host)]) };
    let gateway = setup.start_with(if ca.is_empty() { &tls.ca_pem } else { ca });
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let answer = request.body(chat("m", false, 10)).send().await.unwrap();
    let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
    (answer.status().as_u16(), records::attempts(&outcomes[0]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_authority_is_trusted() {
    let (status, attempts) = call("localhost", "ca_file: ca.pem", "").await;
    assert_eq!((status, attempts), (200, vec!["answered 200".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_authority_another_one_and_another_name_are_refused() {
    let refused = (502, vec!["tls_failed".to_owned()]);
    assert_eq!(call("localhost", "free: false", "").await, refused, "the system's roots");
    let other = Tls::before(([127, 0, 0, 1], 9).into()).await;
    assert_eq!(call("localhost", "ca_file: ca.pem", &other.ca_pem).await, refused);
    assert_eq!(call("127.0.0.1", "ca_file: ca.pem", "").await, refused, "the name");
}
