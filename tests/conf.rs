//! Configurations as operators meet them, through the built binary. The shipped ones are accepted,
//! the reference names every key, and the mistakes in each file of `conf/bad` get exactly the
//! sentences that stand beside it, with the lines and columns to jump to.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_yaml::Value;

/// Exit codes, as sysexits(3) has them.
const EX_CONFIG: i32 = 78;

#[test]
fn every_shipped_configuration_is_accepted() {
    let shipped = yaml_files("conf").into_iter().filter(|path| !path.ends_with("prices.yaml"));
    let mut count = 0;
    for path in shipped {
        let output = check(&path);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", path.display());
        count += 1;
    }
    assert!(count >= 3, "only {count} configurations in conf/");
}

#[test]
fn the_reference_names_every_key() {
    let text = std::fs::read_to_string(root().join("conf/inferlayer.yaml")).unwrap();
    let mut named = BTreeSet::new();
    key_paths("", &serde_yaml::from_str(&text).unwrap(), &mut named);
    let paths = |(block, keys): &(&'static str, &'static str)| {
        let block = *block;
        keys.split_ascii_whitespace().map(move |key| format!("{block}.{key}"))
    };
    let known: BTreeSet<_> = KEYS.iter().flat_map(paths).collect();
    let missing: Vec<_> = known.difference(&named).collect();
    assert!(missing.is_empty(), "conf/inferlayer.yaml lacks {missing:?}");
    let strange: Vec<_> = named.difference(&known).collect();
    assert!(strange.is_empty(), "the list in this test lacks {strange:?}");
}

#[test]
fn every_mistake_of_a_file_is_told_with_its_place() {
    let files = yaml_files("tests/conf/bad");
    assert!(files.len() >= 35, "only {} bad configurations", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let expected = path.with_extension("expected");
        let expected = std::fs::read_to_string(root().join(&expected)).unwrap_or_default();
        let output = check(&path);
        let said = String::from_utf8_lossy(&output.stderr);
        if said != expected || output.status.code() != Some(EX_CONFIG) {
            let path = path.display();
            wrong.push(format!(
                "{path} ({})\n--- expected\n{expected}--- said\n{said}",
                output.status
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What can work and is likely not meant is told, and refused only when that is asked for.
#[test]
fn every_oddity_of_a_file_is_told_with_its_place() {
    let files = yaml_files("tests/conf/odd");
    assert!(files.len() >= 2);
    for path in files {
        let expected = std::fs::read_to_string(root().join(path.with_extension("expected")));
        let (lenient, strict) = (check(&path), check_strictly(&path));
        let said = String::from_utf8_lossy(&lenient.stderr);
        assert_eq!(said, expected.unwrap_or_default(), "{}", path.display());
        assert!(lenient.status.success());
        assert_eq!(strict.status.code(), Some(EX_CONFIG));
        let said = String::from_utf8_lossy(&strict.stderr);
        assert!(said.contains(&format!(" warnings in {}\n", path.display())), "{said}");
    }
}

#[test]
fn a_note_is_no_warning() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gw.yaml");
    let odd = std::fs::read_to_string(root().join("tests/conf/odd/candidates.yaml")).unwrap();
    // Each warning of that file is of a tenant that pays.
    let noted = odd.replace("budget_usd: 10 }", "budget_usd: 10, allow_unpriced: true }");
    let noted = noted.replace("local_only: true }", "local_only: true, allow_unpriced: true }");
    std::fs::write(&config, noted).unwrap();
    let output = check_strictly(&config);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(": note: tenant `clinic` can never use `openai`"), "{said}");
}

#[test]
fn a_key_file_that_others_can_read_is_a_warning_and_one_they_can_write_to_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let (config, key) = (folder.path().join("gw.yaml"), folder.path().join("provider.key"));
    let yaml = WITHOUT_SECRETS.replace("{ env: INFERLAYER_NOT_SET }", "{ file: provider.key }");
    std::fs::write(&config, yaml.replace("{ file: nowhere }", "{ file: provider.key }")).unwrap();
    std::fs::write(&key, "sk-canary\n").unwrap();
    let at = |mode| {
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        let output = check(&config);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = at(0o600);
    assert_eq!((code, said.contains("provider.key: ")), (Some(0), false), "{said}");
    let (code, said) = at(0o644);
    assert_eq!(code, Some(0));
    assert!(said.contains("providers[0].key: warning: "), "{said}");
    assert!(said.contains("run `chmod 600 "), "{said}");
    let (code, said) = at(0o666);
    assert_eq!(code, Some(EX_CONFIG));
    assert!(said.contains("providers[1].key: ") && said.contains("every user can write"), "{said}");
}

#[test]
fn a_data_folder_that_everybody_can_write_to_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (config, data) = (folder.path().join("gw.yaml"), folder.path().join("data"));
    std::fs::write(&config, WITHOUT_SECRETS).unwrap();
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    for command in ["check", "serve"] {
        let output = inferlayer(&[command, "--config"]).arg(&config).output().unwrap();
        assert_eq!(output.status.code(), Some(EX_CONFIG));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(":2:11: data_dir: "), "{said}");
        assert!(said.contains("can be written to by every user"), "{said}");
    }
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = check(Path::new("conf/nowhere.yaml"));
    assert_eq!(output.status.code(), Some(EX_CONFIG));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("conf/nowhere.yaml: "), "{said}");
    assert!(said.ends_with("\ninferlayer: 1 mistake in conf/nowhere.yaml\n"), "{said}");
}

#[test]
fn the_embedded_default_can_be_checked() {
    let output = inferlayer(&["check"]).env_remove("OPENAI_API_KEY").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "embedded default: ok\n");
    assert!(output.status.success());
}

#[test]
fn secrets_are_read_by_serve_alone_and_each_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gw.yaml");
    std::fs::write(&config, WITHOUT_SECRETS).unwrap();
    assert!(check(&config).status.success());
    let output = inferlayer(&["serve", "--config"]).arg(&config).output().unwrap();
    assert_eq!(output.status.code(), Some(EX_CONFIG));
    let said = String::from_utf8_lossy(&output.stderr);
    let file = config.display().to_string();
    assert!(
        said.contains(&format!("{file}:6:66: providers[0].key: environment variable")),
        "{said}"
    );
    assert!(said.contains(&format!("{file}:7:66: providers[1].key: ")), "{said}");
    assert!(said.ends_with(&format!("\ninferlayer: 2 mistakes in {file}\n")), "{said}");
}

const WITHOUT_SECRETS: &str = "\
listen: { http: 127.0.0.1:0, metrics: null }
data_dir: data
tenants:
  - { name: team, budget_usd: 10 }
providers:
  - { name: a, kind: openai, base_url: http://127.0.0.1/v1, key: { env: INFERLAYER_NOT_SET } }
  - { name: b, kind: openai, base_url: http://127.0.0.1/v1, key: { file: nowhere } }
filters:
  - authenticate: {}
  - route: { models: [{ name: small, candidates: [{ provider: a }] }] }
  - meter: {}
  - audit: {}
";

/// Each block and its keys, as the types in `src/config`, `crates/accounts` and `filters` have them.
const KEYS: &[(&str, &str)] = &[
    ("", "listen data_dir threads limits ledger providers tenant_limits tenants prices filters"),
    ("", "reload"),
    (".reload", "watch"),
    (".listen", "http metrics lame_duck_seconds grace_seconds"),
    (
        ".limits",
        "body_bytes pass_through_bytes connections body_idle_seconds write_idle_seconds keep_alive_seconds",
    ),
    (".limits", "connections_per_client balancers head_seconds head_bytes head_fields"),
    (".limits", "body_seconds body_bytes_per_second"),
    (".limits", "bodies_bytes parallel_requests"),
    (".tenant_limits", "parallel_requests bodies_bytes stored_bytes_per_day"),
    (".tenants", "limits"),
    (".tenants.limits", "parallel_requests bodies_bytes stored_bytes_per_day"),
    (".limits", "json_members json_elements json_strings json_containers"),
    (".limits", "collected_answer_bytes recorded_answer_bytes event_bytes output_token_bytes"),
    (".limits", "heartbeat_seconds"),
    (".ledger", "origin queue_records segment_bytes min_free_bytes signing_key next_signing_key"),
    (".ledger", "retention_days anchors expect_log_id verify_at_start_bytes"),
    (
        ".ledger",
        "commit_delay_microseconds clock_jump_seconds clock_pause_days clock_settle_seconds",
    ),
    (".ledger.signing_key", "credential"),
    (".ledger.next_signing_key", "credential"),
    (".ledger.anchors", "name to every_seconds timeout_seconds required max_lag_seconds"),
    (".ledger.anchors.to", "file syslog http witness"),
    (".ledger.anchors.to.file", "path"),
    (".ledger.anchors.to.syslog", "address facility app_name"),
    (".ledger.anchors.to.http", "url headers ca_file"),
    (".ledger.anchors.to.http.headers", "authorization"),
    (".ledger.anchors.to.http.headers.authorization", "env"),
    (".ledger.anchors.to.witness", "url key ca_file"),
    (
        ".providers",
        "name kind base_url key key_name ca_file local local_networks free idle_connections_max breaker",
    ),
    (".providers", "headers api_version pool_idle_timeout_seconds tcp_timeout_seconds"),
    (".providers.headers", "openai-organization"),
    (".providers", "connect_timeout_seconds first_byte_timeout_seconds idle_timeout_seconds"),
    (".providers.key", "env file credential"),
    (".providers", "pool_idle_timeout_seconds tcp_timeout_seconds cooldown"),
    (".providers.breaker", "failures open_seconds open_max_seconds"),
    (".providers.cooldown", "default_seconds max_seconds"),
    (".tenants", "name budget_usd content allow_unpriced local_only allow_route_header"),
    (".tenants", "allow_organization_headers client_address keep_user_agent"),
    (".tenants", "allow_pass_through strict_order"),
    (".prices", "file"),
    (".filters", "authenticate classify cache route meter audit"),
    (".filters.classify", "simple complex rules"),
    (".filters.classify.simple", "model fallbacks"),
    (".filters.classify.complex", "model fallbacks"),
    (".filters.classify.rules", "images audio tools reasoning code_marks math_marks list_items"),
    (".filters.classify.rules", "long_bytes context_bytes instruction_bytes"),
    (".filters.cache", "ttl_seconds tenant_bytes answer_bytes temperature_max wait_seconds"),
    (".filters.cache", "followers_max"),
    (".filters.route", "models pass_through"),
    (".filters.route.pass_through", "path provider price_usd"),
    (".filters.route.models", "name aliases candidates strict_order"),
    (".filters.route.models.candidates", "provider model api"),
    (".filters.audit", "single_refusals_per_second"),
];

/// The paths of all keys below `path`, such as `.limits.body_bytes`; lists add nothing to a path.
fn key_paths(path: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Mapping(mapping) => {
            for (key, value) in mapping {
                let path = format!("{path}.{}", key.as_str().unwrap());
                key_paths(&path, value, found);
                found.insert(path);
            }
        }
        Value::Sequence(list) => list.iter().for_each(|value| key_paths(path, value, found)),
        _ => {}
    }
}

/// Paths from the root, so that messages name the same file on every machine.
fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| Path::new(folder).join(entry.unwrap().file_name()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    files
}

fn check(config: &Path) -> Output {
    inferlayer(&["check", "--config"]).arg(config).output().unwrap()
}

fn check_strictly(config: &Path) -> Output {
    inferlayer(&["check", "--strict", "--config"]).arg(config).output().unwrap()
}

fn inferlayer(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inferlayer"));
    command.args(arguments).current_dir(root());
    command
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
