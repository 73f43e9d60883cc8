//! 57, as far as a start goes: a file that is no configuration is refused in a few words with their
//! place. The mistakes one by one are in `tests/conf`.

use std::fs;
use std::time::Instant;

use crate::support::gateway::Setup;
use crate::support::operator::refused;

const EX_CONFIG: i32 = 78;

#[test]
fn a6_57_what_is_no_configuration_is_refused_at_once_in_a_few_words() {
    let folder = Setup::of(&["http://127.0.0.1:9/v1".to_owned()]).folder();
    let config = folder.path().join("gateway.yaml");
    let good = fs::read_to_string(&config).unwrap();
    let mut bomb = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..20 {
        let nine = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb += &format!("a{level}: &a{level} [{nine}]\n");
    }
    for (case, yaml) in [
        ("bad YAML", format!("{good}\n  - : {{\n")),
        ("an unknown key", format!("{good}unheard_of: 1\n")),
        ("a key twice", format!("{good}data_dir: other\n")),
        ("a tenant twice", good.replace("tenants:\n", "tenants:\n  - { name: a }\n")),
        ("a bomb of aliases", format!("{good}{bomb}")),
        ("an alias of itself", format!("{good}x: &x [*x]\n")),
        ("deep nesting", format!("{good}x: {}\n", "[".repeat(5_000))),
        ("a NUL", format!("{good}x: \0\n")),
        ("nothing", String::new()),
    ] {
        fs::write(&config, yaml).unwrap();
        for command in ["check", "serve"] {
            let begun = Instant::now();
            let (told, code) = refused(folder.path(), &[command]);
            assert_eq!(code, EX_CONFIG, "{case}: {told}");
            assert!(begun.elapsed().as_secs() < 20, "{case}: {:?}", begun.elapsed());
            assert!(told.contains("gateway.yaml") && told.len() < 4000, "{case}: {told}");
            assert!(!told.contains("panicked"), "{case}: {told}");
        }
    }
    assert!(!folder.path().join("data").exists(), "a refused start writes nothing");
}
