//! A whole log: recomputed from its segments, and held against what was kept elsewhere.

use std::path::Path;

use inferlayer_ledger::verify::{Evidence, Examination};
use inferlayer_verify::{Told, verify, verify_chain};

use crate::Verdict;
use crate::arguments::Arguments;
use crate::progress::Progress;

pub(crate) fn run(arguments: &Arguments) -> Verdict {
    let evidence = arguments
        .evidence
        .iter()
        .map(|word| Evidence::given(word).map_err(|error| format!("--evidence {word}: {error}")));
    let evidence = match evidence.collect() {
        Ok(evidence) => evidence,
        Err(mistake) => return Verdict::WrongUsage(mistake),
    };
    let folder = Path::new(&arguments.subject);
    let progress = Progress::over(folder);
    let add = |bytes| progress.add(bytes);
    let mut examination =
        Examination::new(folder, arguments.trust.clone()).evidence(evidence).progress(&add);
    if let Some(threads) = arguments.threads {
        examination = examination.threads(threads);
    }
    let examined = match arguments.chain_only {
        true => verify_chain(examination),
        false => verify(examination),
    };
    let told = Told::of(examined, arguments.json);
    progress.end();
    match told {
        Ok(Told { text, code: 0 }) => Verdict::Holds(text),
        Ok(Told { text, code: 1 }) => Verdict::DoesNotHold(text),
        Ok(Told { text, .. }) => Verdict::Unconfirmed(text),
        Err(error) => Verdict::CannotRead(format!("{}: {error}", folder.display())),
    }
}
