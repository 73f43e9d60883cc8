//! Which budgets an amount counts against. Today each tenant has one; a call may be charged to
//! several budgets at once, so records name them in a list.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::name::TenantName;

/// A budget, and the period of it that an amount counts in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Charged<'a> {
    /// Whose limit it is, such as `tenant/a`.
    pub budget: Cow<'a, str>,
    /// [`Charged::TOTAL`]; or a period of the calendar.
    pub period: Cow<'a, str>,
}

impl Charged<'_> {
    /// The period of a budget that is never renewed.
    pub const TOTAL: &'static str = "total";

    /// The tenant's own budget, over all time.
    pub fn to_tenant(tenant: &TenantName) -> Charged<'static> {
        let (budget, period) = (format!("tenant/{tenant}").into(), Charged::TOTAL.into());
        Charged { budget, period }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_own_budget_has_its_name() {
        let tenant = TenantName::try_from("a.b".to_owned()).unwrap();
        let json = serde_json::to_string(&[Charged::to_tenant(&tenant)]).unwrap();
        assert_eq!(json, r#"[{"budget":"tenant/a.b","period":"total"}]"#);
    }
}
