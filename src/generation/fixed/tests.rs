//! Which settings another configuration may change while the gateway runs: each key of the
//! reference stands in the table once, and is changed once.

use std::collections::BTreeSet;
use std::path::Path;

use inferlayer_filter::Registration;
use serde_yaml::Value;

use self::When::{AtOnce, AtStart};
use super::*;
use crate::config::Overrides;

/// When a changed setting counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// For requests, or connections, that begin after it was taken over.
    AtOnce,
    /// Not before another start; it is refused until then.
    AtStart,
}

/// Key, when it counts, and another value; none for a name that others refer to.
const KEYS: &[(&str, When, &str)] = &[
    ("listen.http", AtStart, "127.0.0.1:8081"),
    ("listen.metrics", AtStart, "127.0.0.1:9465"),
    ("listen.lame_duck_seconds", AtOnce, "5"),
    ("listen.grace_seconds", AtOnce, "30"),
    ("data_dir", AtStart, "elsewhere"),
    ("threads", AtStart, "3"),
    ("reload.watch", AtOnce, "false"),
    ("limits.body_bytes", AtOnce, "1048576"),
    ("limits.pass_through_bytes", AtOnce, "1048576"),
    ("limits.json_members", AtOnce, "1000"),
    ("limits.json_elements", AtOnce, "1000"),
    ("limits.json_strings", AtOnce, "1000"),
    ("limits.json_containers", AtOnce, "1000"),
    ("limits.bodies_bytes", AtOnce, "1073741824"),
    ("limits.parallel_requests", AtOnce, "100"),
    ("limits.connections", AtOnce, "100"),
    ("limits.connections_per_client", AtOnce, "100"),
    ("limits.balancers[]", AtOnce, "10.9.9.9"),
    ("limits.head_seconds", AtOnce, "11"),
    ("limits.head_bytes", AtOnce, "65537"),
    ("limits.head_fields", AtOnce, "101"),
    ("limits.body_idle_seconds", AtOnce, "31"),
    ("limits.body_seconds", AtOnce, "1801"),
    ("limits.body_bytes_per_second", AtOnce, "501"),
    ("limits.write_idle_seconds", AtOnce, "61"),
    ("limits.keep_alive_seconds", AtOnce, "76"),
    ("limits.collected_answer_bytes", AtOnce, "1048577"),
    ("limits.recorded_answer_bytes", AtOnce, "1048577"),
    ("limits.event_bytes", AtOnce, "8388609"),
    ("limits.output_token_bytes", AtOnce, "129"),
    ("limits.heartbeat_seconds", AtOnce, "16"),
    ("ledger.origin", AtStart, "other/audit"),
    ("ledger.queue_records", AtStart, "16385"),
    ("ledger.commit_delay_microseconds", AtStart, "0"),
    ("ledger.segment_bytes", AtStart, "268435457"),
    ("ledger.min_free_bytes", AtStart, "0"),
    ("ledger.retention_days", AtStart, "3651"),
    ("ledger.expect_log_id", AtStart, "null"),
    ("ledger.verify_at_start_bytes", AtStart, "0"),
    ("ledger.clock_jump_seconds", AtStart, "301"),
    ("ledger.clock_pause_days", AtStart, "32"),
    ("ledger.clock_settle_seconds", AtStart, "3601"),
    ("ledger.signing_key.credential", AtStart, "other"),
    ("ledger.next_signing_key.credential", AtStart, "other"),
    ("ledger.anchors[].name", AtStart, "other"),
    ("ledger.anchors[].to.file.path", AtStart, "/mnt/other.note"),
    ("ledger.anchors[].every_seconds", AtStart, "11"),
    ("ledger.anchors[].timeout_seconds", AtStart, "11"),
    ("ledger.anchors[].required", AtStart, ""),
    ("ledger.anchors[].max_lag_seconds", AtStart, "61"),
    ("ledger.anchors[].to.syslog.address", AtStart, "tcp://siem.internal.example:602"),
    ("ledger.anchors[].to.syslog.facility", AtStart, "user"),
    ("ledger.anchors[].to.syslog.app_name", AtStart, "other"),
    ("ledger.anchors[].to.http.url", AtStart, "https://archive.example/other"),
    ("ledger.anchors[].to.http.headers.authorization.env", AtStart, "OTHER_TOKEN"),
    ("ledger.anchors[].to.http.ca_file", AtStart, ""),
    ("ledger.anchors[].to.witness.url", AtStart, "https://witness.example/other"),
    ("ledger.anchors[].to.witness.key", AtStart, ""),
    ("ledger.anchors[].to.witness.ca_file", AtStart, ""),
    ("providers[].name", AtOnce, ""),
    ("providers[].kind", AtOnce, "openai_compatible"),
    ("providers[].base_url", AtOnce, "https://other.example/v1"),
    ("providers[].key.env", AtOnce, "OTHER_KEY"),
    ("providers[].key_name", AtOnce, "openai-2027"),
    ("providers[].headers.openai-organization", AtOnce, "org-other"),
    ("providers[].connect_timeout_seconds", AtOnce, "6"),
    ("providers[].first_byte_timeout_seconds", AtOnce, "601"),
    ("providers[].idle_timeout_seconds", AtOnce, "121"),
    ("providers[].idle_connections_max", AtOnce, "257"),
    ("providers[].pool_idle_timeout_seconds", AtOnce, "31"),
    ("providers[].tcp_timeout_seconds", AtOnce, "61"),
    ("providers[].breaker.failures", AtOnce, "6"),
    ("providers[].breaker.open_seconds", AtOnce, "11"),
    ("providers[].breaker.open_max_seconds", AtOnce, "61"),
    ("providers[].cooldown.default_seconds", AtOnce, "6"),
    ("providers[].cooldown.max_seconds", AtOnce, "301"),
    ("providers[].api_version", AtOnce, "2025-01-01"),
    ("providers[].key.file", AtOnce, "secrets/other.key"),
    ("providers[].ca_file", AtOnce, ""),
    ("providers[].local", AtOnce, ""),
    ("providers[].local_networks[]", AtOnce, "192.0.3.0/24"),
    ("providers[].free", AtOnce, ""),
    ("providers[].key.credential", AtOnce, "other.key"),
    ("tenant_limits.parallel_requests", AtOnce, "513"),
    ("tenant_limits.bodies_bytes", AtOnce, "67108865"),
    ("tenant_limits.stored_bytes_per_day", AtOnce, "1"),
    ("tenants[].name", AtOnce, "other"),
    ("tenants[].budget_usd", AtOnce, "251"),
    ("tenants[].content", AtOnce, "none"),
    ("tenants[].client_address", AtOnce, "none"),
    ("tenants[].keep_user_agent", AtOnce, "true"),
    ("tenants[].allow_unpriced", AtOnce, "true"),
    ("tenants[].local_only", AtOnce, "true"),
    ("tenants[].strict_order", AtOnce, "true"),
    ("tenants[].allow_route_header", AtOnce, "true"),
    ("tenants[].allow_organization_headers", AtOnce, "true"),
    ("tenants[].allow_pass_through", AtOnce, "true"),
    ("tenants[].limits.parallel_requests", AtOnce, "65"),
    ("tenants[].limits.bodies_bytes", AtOnce, "134217729"),
    ("tenants[].limits.stored_bytes_per_day", AtOnce, "1073741825"),
    ("prices.file", AtOnce, ""),
    ("filters[authenticate]", AtOnce, ""),
    ("filters[classify].simple.model", AtOnce, "large"),
    ("filters[classify].simple.fallbacks[]", AtOnce, "small"),
    ("filters[classify].complex.model", AtOnce, "small"),
    ("filters[classify].complex.fallbacks", AtOnce, ""),
    ("filters[classify].rules.images", AtOnce, "false"),
    ("filters[classify].rules.audio", AtOnce, "false"),
    ("filters[classify].rules.tools", AtOnce, "false"),
    ("filters[classify].rules.reasoning", AtOnce, "false"),
    ("filters[classify].rules.code_marks", AtOnce, "3"),
    ("filters[classify].rules.math_marks", AtOnce, "3"),
    ("filters[classify].rules.list_items", AtOnce, "5"),
    ("filters[classify].rules.long_bytes", AtOnce, "3001"),
    ("filters[classify].rules.context_bytes", AtOnce, "24001"),
    ("filters[classify].rules.instruction_bytes", AtOnce, "81"),
    ("filters[cache].ttl_seconds", AtOnce, "3599"),
    ("filters[cache].tenant_bytes", AtOnce, "16777217"),
    ("filters[cache].answer_bytes", AtOnce, "1048577"),
    ("filters[cache].temperature_max", AtOnce, "0.3"),
    ("filters[cache].wait_seconds", AtOnce, "31"),
    ("filters[cache].followers_max", AtOnce, "1025"),
    ("filters[route].models[].name", AtOnce, ""),
    ("filters[route].models[].aliases[]", AtOnce, "other-name"),
    ("filters[route].models[].candidates[].provider", AtOnce, "anthropic"),
    ("filters[route].models[].candidates[].model", AtOnce, "llama-3.2"),
    ("filters[route].models[].candidates[].api", AtOnce, "responses"),
    ("filters[route].models[].strict_order", AtOnce, "true"),
    ("filters[route].pass_through[].path", AtOnce, "/v1/files"),
    ("filters[route].pass_through[].provider", AtOnce, "azure"),
    ("filters[route].pass_through[].price_usd", AtOnce, "0.06"),
    ("filters[meter]", AtOnce, ""),
    ("filters[audit].single_refusals_per_second", AtOnce, "11"),
];

const FILTERS: &[Registration] = &[
    Registration::of::<inferlayer_authenticate::AuthenticateSettings>(),
    Registration::of::<inferlayer_classify::ClassifySettings>(),
    Registration::of::<inferlayer_cache::CacheSettings>(),
    Registration::of::<inferlayer_route::RouteSettings>(),
    Registration::of::<inferlayer_meter::MeterSettings>(),
    Registration::of::<inferlayer_audit::AuditSettings>(),
];

const REFERENCE: &str = include_str!("../../../conf/inferlayer.yaml");

fn parse(text: &str) -> Config {
    let (source, base) = ("reference".to_owned(), Path::new("conf"));
    let parsed = Config::parse(source, text.to_owned(), Some(base), &Overrides::default(), FILTERS);
    parsed.unwrap_or_else(|error| panic!("{error}"))
}

/// `limits.balancers[1]` is the key `limits.balancers[]`; a filter keeps its name.
fn key(path: &str) -> String {
    let mut key = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        let (inside, further) = after.split_once(']').unwrap();
        let name = if before == "filters" { inside } else { "" };
        key += &format!("{before}[{name}]");
        rest = further;
    }
    key + rest
}

/// The first value of this key.
fn find<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    if key.is_empty() {
        return Some(value);
    }
    let key = key.strip_prefix('.').unwrap_or(key);
    if let Some((name, rest)) = key.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let entries = value.as_sequence_mut()?.iter_mut();
        let entry =
            |entry: &'a mut Value| if name.is_empty() { Some(entry) } else { entry.get_mut(name) };
        return entries.filter_map(entry).find_map(|entry| find(entry, rest));
    }
    let end = key.find(['.', '[']).unwrap_or(key.len());
    let (name, rest) = key.split_at(end);
    find(value.get_mut(name)?, rest)
}

#[test]
fn every_key_of_the_reference_stands_in_the_table_once() {
    let known: BTreeSet<String> = parse(REFERENCE).values.paths().map(key).collect();
    let listed: BTreeSet<String> = KEYS.iter().map(|(key, ..)| (*key).to_owned()).collect();
    let differing: Vec<_> = known.symmetric_difference(&listed).collect();
    assert!(differing.is_empty(), "in one of the two only: {differing:?}");
    assert_eq!(listed.len(), KEYS.len(), "a key stands twice");
}

#[test]
fn a_change_of_each_key_counts_at_once_or_is_refused_by_name() {
    let reference: Value = serde_yaml::from_str(REFERENCE).unwrap();
    let old = parse(&serde_yaml::to_string(&reference).unwrap());
    for (key, when, other) in KEYS.iter().filter(|(_, _, other)| !other.is_empty()) {
        let mut changed = reference.clone();
        *find(&mut changed, key).unwrap() = serde_yaml::from_str(other).unwrap();
        let new = parse(&serde_yaml::to_string(&changed).unwrap());
        assert!(!old.values.changes(&new.values).is_empty(), "{key} = {other} changes nothing");
        match (when, check(&old, &new)) {
            (AtOnce, checked) => assert!(checked.is_ok(), "{key}: {}", checked.unwrap_err()),
            (AtStart, Ok(())) => panic!("{key} is taken over"),
            (AtStart, Err(error)) => {
                let [mistake] = &*error.mistakes else { panic!("{key}: {error}") };
                assert!(is_below(key, &mistake.path), "{key}: {error}");
                assert!(mistake.problem.contains("restart"), "{key}: {error}");
                assert!(mistake.place.is_some(), "{key}: {error}");
            }
        }
    }
}
