//! 49 to 51: what is kept is given to its tenant, for the same question, until its time is over.
//! That nothing can be told from the time an answer takes follows from the way it takes: a question
//! that only another tenant has asked goes to the provider like one that nobody has.

use serde_json::{Value, json};

use inferlayer_ledger::Kind;

use crate::support::{Gateway, Provider, Script, client, gateway::Setup, records};

async fn gateway(cache: &'static str) -> (Provider, Gateway) {
    let provider = Provider::start(Script::Chat).await;
    let more_tenants = "  - { name: b, budget_usd: 1000 }\n";
    let setup = Setup { before_route: cache, more_tenants, ..Setup::of(&[provider.base_url()]) };
    (provider, setup.start())
}

/// What the cache did with a body.
async fn asked(gateway: &Gateway, key: &str, body: &Value) -> String {
    asked_as(gateway, key, body).await.0
}

/// The same, and the request's id.
async fn asked_as(gateway: &Gateway, key: &str, body: &Value) -> (String, String) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key).json(body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{body}");
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let told = (header("x-inferlayer-cache"), header("x-request-id"));
    answer.text().await.unwrap();
    told
}

fn conversation(messages: &[(&str, &str)]) -> Value {
    let said = |(role, content): &(&str, &str)| json!({"role": role, "content": content});
    let messages: Vec<Value> = messages.iter().map(said).collect();
    json!({"model": "m", "max_tokens": 10, "messages": messages})
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_49_another_tenant_s_questions_leave_no_trace() {
    let (provider, gateway) = gateway("  - cache: {}\n").await;
    let (a, b) = (gateway.key_of("a"), gateway.key_of("b"));
    let question = |number: usize| {
        let text = format!("What does patient number {number} have?");
        conversation(&[("user", text.as_str())])
    };
    for number in 0..50 {
        assert_eq!(asked(&gateway, &a, &question(number)).await, "miss");
    }
    // The first half were asked by the other tenant, the second by nobody.
    for number in 0..100 {
        assert_eq!(asked(&gateway, &b, &question(number)).await, "miss", "{number}");
    }
    for number in 0..20 {
        let text = format!("what does patient number {number} have");
        for text in
            [text.clone(), format!("{text}?"), format!("{text}, please"), text.to_uppercase()]
        {
            assert_eq!(asked(&gateway, &b, &conversation(&[("user", &text)])).await, "miss");
        }
    }
    assert_eq!(provider.seen().len(), 50 + 100 + 80, "each probe is a call of its own");
    assert!(records::of_kind(&gateway.data(), Kind::Hit).is_empty());
    assert_eq!(asked(&gateway, &a, &question(0)).await, "hit-exact");
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_50_a_question_that_only_looks_the_same_is_another() {
    let (_provider, gateway) = gateway("  - cache: {}\n").await;
    let key = gateway.key();
    let system = "You are kind.";
    let text = "Transfer 100 to Anna, not to Bob: is that safe at the café?";
    let base = conversation(&[("system", system), ("user", text)]);
    assert_eq!(asked(&gateway, &key, &base).await, "miss");
    let of = |system: &str, text: &str| conversation(&[("system", system), ("user", text)]);
    let mut others = vec![
        of("You are unkind.", text),
        of("", text),
        of(&format!("{system}\n{text}"), text),
        conversation(&[("user", text)]),
        conversation(&[("user", system), ("user", text)]),
        conversation(&[("developer", system), ("user", text)]),
        conversation(&[("system", system), ("assistant", "Yes."), ("user", text)]),
        conversation(&[("system", system), ("user", text), ("user", "")]),
    ];
    for (from, to) in [
        ("not ", ""),
        ("is that", "is that not"),
        ("100", "1000"),
        ("100", "100.0"),
        ("100", "１００"),
        ("Anna", "Anne"),
        ("Anna", "anna"),
        ("s", "\u{17f}"),
        (" to", "\u{a0}to"),
        ("Anna", "An\u{200b}na"),
        ("A", "\u{410}"),
        ("é", "e\u{301}"),
        ("safe", "saf\u{435}"),
        ("?", "? describe.\\ + similarlyNow write oppositeley"),
        ("?", ""),
        (": ", ":  "),
    ] {
        others.push(of(system, &text.replace(from, to)));
    }
    for (field, value) in [
        ("user", json!("another")),
        ("seed", json!(7)),
        ("max_tokens", json!(9)),
        ("stop", json!(["."])),
        ("temperature", json!(0.1)),
        ("top_p", json!(0.5)),
        ("response_format", json!({"type": "json_object"})),
        ("metadata", json!({"scope": "other"})),
        ("unheard_of", json!(1)),
    ] {
        let mut other = base.clone();
        other[field] = value;
        others.push(other);
    }
    for other in &others {
        let told = asked(&gateway, &key, other).await;
        assert!(told == "miss" || told.starts_with("bypass;"), "{told}: {other}");
    }
    assert!(records::of_kind(&gateway.data(), Kind::Hit).is_empty());
    assert_eq!(asked(&gateway, &key, &base).await, "hit-exact");
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_51_an_answer_s_time_ends_and_so_does_all_of_it_when_its_tenant_is_shredded() {
    let (provider, gateway) = gateway("  - cache: { ttl_seconds: 2 }\n").await;
    let key = gateway.key();
    let question = conversation(&[("user", "until when?")]);
    let (first, id) = asked_as(&gateway, &key, &question).await;
    assert_eq!(first, "miss");
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    assert_eq!(asked(&gateway, &key, &question).await, "miss");
    let shown = || {
        let shown = gateway.command(&["ledger", "show", "--json", "--request", &id]);
        String::from_utf8(shown.stdout).unwrap()
    };
    assert!(shown().contains("until when?"));
    let shred = ["ledger", "shred", "--tenant", "a", "--reason", "asked to", "--yes"];
    let done = gateway.command(&shred);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // What stands on the disk opens for nobody, and was never in the clear.
    assert!(shown().contains(&id) && !shown().contains("until when?"), "{}", shown());
    assert_eq!(asked(&gateway, &key, &question).await, "miss");
    assert_eq!(provider.seen().len(), 3);
    records::assert_verifies(gateway.stop().0.path());
}
