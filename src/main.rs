//! The `inferlayer` binary: the list of filters it knows, and nothing else. A filter of a third
//! party is its own crate and one more line here.

use std::process::ExitCode;

use inferlayer::Registration;
use inferlayer_audit::AuditSettings;
use inferlayer_authenticate::AuthenticateSettings;
use inferlayer_cache::CacheSettings;
use inferlayer_classify::ClassifySettings;
use inferlayer_meter::MeterSettings;
use inferlayer_route::RouteSettings;

/// A request makes some hundred small allocations, many of them freed by the ledger's thread; with
/// the system's allocator they cost a tenth of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FILTERS: &[Registration] = &[
    Registration::of::<AuthenticateSettings>(),
    Registration::of::<ClassifySettings>(),
    Registration::of::<CacheSettings>(),
    Registration::of::<RouteSettings>(),
    Registration::of::<MeterSettings>(),
    Registration::of::<AuditSettings>(),
];

fn main() -> ExitCode {
    inferlayer::run(FILTERS)
}
