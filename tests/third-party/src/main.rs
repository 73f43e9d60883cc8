//! A gateway with two filters more: the list of the `inferlayer` binary and a line for each.

use std::process::ExitCode;

use inferlayer::Registration;

const FILTERS: &[Registration] = &[
    Registration::of::<inferlayer_authenticate::AuthenticateSettings>(),
    Registration::of::<inferlayer_maintenance::Maintenance>(),
    Registration::of::<inferlayer_redact::Redact>(),
    Registration::of::<inferlayer_cache::CacheSettings>(),
    Registration::of::<inferlayer_route::RouteSettings>(),
    Registration::of::<inferlayer_meter::MeterSettings>(),
    Registration::of::<inferlayer_audit::AuditSettings>(),
];

fn main() -> ExitCode {
    inferlayer::run(FILTERS)
}
