//! How long functions are.

use crate::assert_none;
use crate::module_rules::all_modules;

const MEDIAN_MAX: usize = 7;
const P90_MAX: usize = 20;
const LINES_MAX: usize = 70;

#[test]
fn functions_are_short() {
    let (mut lengths, mut broken) = (Vec::new(), Vec::new());
    for (name, source) in all_modules() {
        for module in &source.modules {
            lengths.extend(module.functions.iter().map(|function| function.lines));
            let long = module.functions.iter().filter(|function| function.lines > LINES_MAX);
            broken.extend(long.map(|function| {
                let place = [&*module.path, std::slice::from_ref(&function.name)].concat();
                let place = place.join("::");
                format!("{name}: {place} has {} lines", function.lines)
            }));
        }
    }
    broken.extend(spread_problem(&mut lengths));
    assert_none(broken);
}

/// What is wrong with the lengths of all functions together.
fn spread_problem(lengths: &mut [usize]) -> Option<String> {
    lengths.sort_unstable();
    let [median, p90] = [50, 90].map(|percent| lengths[lengths.len() * percent / 100]);
    let is_good = median <= MEDIAN_MAX && p90 <= P90_MAX;
    (!is_good).then(|| format!("the median is {median} lines, the 90th percentile {p90}"))
}

/// The rules must be able to fail.
mod the_rules_themselves {
    use std::path::Path;

    use super::*;
    use crate::modules::Crate;

    #[test]
    fn count_from_the_signature_to_the_last_brace() {
        let text = "/// Doc.\n#[inline]\nfn a(\n) {\n}\nimpl A { fn b() {} }\ntrait B { fn c(); }";
        let source = Crate::read(Path::new("lib.rs"), &|_| Some(text.to_owned()));
        let found = source.modules[0].functions.iter().map(|f| (&*f.name, f.lines));
        assert_eq!(found.collect::<Vec<_>>(), [("a", 3), ("b", 1)]);
    }

    #[test]
    fn see_many_long_functions() {
        let mut most = vec![MEDIAN_MAX; 90];
        assert_eq!(spread_problem(&mut most), None);
        most.extend([P90_MAX + 1; 20]);
        assert!(spread_problem(&mut most).is_some());
        assert!(spread_problem(&mut [MEDIAN_MAX + 1; 3]).is_some());
    }
}
