//! What the cache did for a request, as its answer's head and the metrics tell it.

use http::HeaderValue;

/// What the cache did for a request; stands in the exchange's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheStatus {
    /// The answer was given to the same question before.
    HitExact,
    /// There was none to give.
    Miss,
    /// Not looked up, for this reason.
    Bypass(&'static str),
}

impl CacheStatus {
    /// The word in metrics and records.
    pub fn name(self) -> &'static str {
        match self {
            CacheStatus::HitExact => "hit-exact",
            CacheStatus::Miss => "miss",
            CacheStatus::Bypass(_) => "bypass",
        }
    }

    /// The value of `x-inferlayer-cache`, such as `bypass;tools`.
    pub(crate) fn header(self) -> HeaderValue {
        let plain = HeaderValue::from_static(self.name());
        match self {
            CacheStatus::Bypass(reason) => {
                HeaderValue::try_from(format!("bypass;{reason}")).unwrap_or(plain)
            }
            CacheStatus::HitExact | CacheStatus::Miss => plain,
        }
    }
}
