//! Golden files: a file is a case, its neighbour of another extension what becomes of it.

use std::fs;
use std::path::{Path, PathBuf};

use inferlayer_wire::Usage;

/// Runs `result` on the name and bytes of every file of `golden/FOLDER` that ends in `input`, and
/// compares with its neighbour that ends in `output`. `UPDATE_GOLDEN=1` writes the neighbours anew.
pub fn each(folder: &str, input: &str, output: &str, result: impl Fn(&str, Vec<u8>) -> Vec<u8>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let mut cases: Vec<PathBuf> =
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == input));
    assert!(!cases.is_empty());
    for case in cases {
        let name = case.file_stem().unwrap().to_str().unwrap();
        let got = result(name, fs::read(&case).unwrap());
        let golden = case.with_extension(output);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &got).unwrap();
        }
        let expected = fs::read(&golden).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&got),
            String::from_utf8_lossy(&expected),
            "{}",
            case.display()
        );
    }
}

/// Usage in a line of facts.
pub fn usage(usage: Option<Usage>) -> String {
    usage.map_or("none".to_owned(), |usage| {
        let written = match usage.cache_write_input_tokens {
            0 => String::new(),
            tokens => format!(" written={tokens}"),
        };
        format!(
            "in={} cached={}{written} out={} reasoning={}",
            usage.input_tokens,
            usage.cached_input_tokens,
            usage.output_tokens,
            usage.reasoning_tokens
        )
    })
}
