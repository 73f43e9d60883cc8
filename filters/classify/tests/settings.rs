//! What the block `classify` accepts, and where it says a mistake is.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use inferlayer_classify::ClassifySettings;

fn mistake(yaml: &str) -> String {
    serde_yaml::from_str::<ClassifySettings>(yaml).unwrap_err().to_string()
}

#[test]
fn fallbacks_and_rules_may_be_left_out() {
    let yaml = "{ simple: { model: small }, complex: { model: large } }";
    let settings: ClassifySettings = serde_yaml::from_str(yaml).unwrap();
    assert_eq!(settings.simple.model.as_str(), "small");
    assert!(settings.simple.fallbacks.is_empty() && settings.complex.fallbacks.is_empty());
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (yaml, place, problem) in [
        ("simple: { model: a }", "", "missing field `complex`"),
        ("complex: { model: a }\nsimple: {}", "simple", "missing field `model`"),
        ("\ncomplex: { model: '' }", "complex", "name has 1 to 256 bytes"),
        ("\nsimple: { model: \"a\\n\" }", "simple", "no control characters"),
        ("\nsimple: { model: auto }", "simple", "asks for a tier"),
        ("\nsimple: { model: a, fallbacks: [b, 'auto:best'] }", "fallbacks", "asks for a tier"),
        ("\nsimple: { model: a, fallback: b }", "simple", "unknown field `fallback`"),
        ("\nrules: { code: 3 }", "rules", "unknown field `code`"),
        ("\nrules: { code_marks: 0 }", "rules", "expected a whole number, at least 1"),
        ("\nrules: { long_bytes: -1 }", "rules.long_bytes", "expected a whole number, at least 1"),
        ("\nrules: { images: 1 }", "rules.images", "invalid type"),
        ("\ntiers: 2", "", "unknown field `tiers`"),
    ] {
        let told = mistake(yaml);
        assert!(told.contains(place) && told.contains(problem), "{yaml}: {told}");
        assert!(told.contains("at line 2") || !yaml.contains('\n'), "{yaml}: {told}");
    }
}

#[test]
fn a_name_is_bounded() {
    let yaml = |letters| {
        format!("{{ simple: {{ model: {} }}, complex: {{ model: a }} }}", "é".repeat(letters))
    };
    assert!(serde_yaml::from_str::<ClassifySettings>(&yaml(128)).is_ok());
    assert!(mistake(&yaml(129)).contains("1 to 256 bytes"));
}
