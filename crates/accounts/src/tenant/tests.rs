//! Which keys are accepted, and with which seal a request ends.

use super::*;
use crate::key::MintedKey;
use crate::settings::from_yaml;

fn seal(byte: u8) -> TenantSeal {
    TenantSeal::new([byte; 32].into())
}

fn accounts() -> Accounts {
    let settings = from_yaml("{ name: a, budget_usd: 1 }").unwrap();
    Accounts::new(vec![(settings, seal(7))], Totals::default(), Fold::default())
}

fn create(accounts: &Accounts, tenant: &str, expires_at: Option<u64>) -> (KeyId, String) {
    let minted = MintedKey::mint().unwrap();
    let (id, hash) = (minted.id, minted.hash.clone());
    let tenant = TenantName::try_from(tenant.to_owned()).unwrap();
    let (label, created_at) = (String::new(), 0);
    let event = KeyEvent::KeyCreated { id, tenant, label, hash, created_at, expires_at };
    accounts.apply(event);
    (id, minted.reveal().as_str().to_owned())
}

fn authenticate(accounts: &Accounts, key: &str) -> Result<TenantName, AuthenticateError> {
    let presented = PresentedKey::parse(key.as_bytes()).unwrap();
    accounts.authenticate(&accounts.tenants(), &presented).map(|tenant| tenant.name().clone())
}

#[test]
fn only_a_valid_key_of_a_configured_tenant_is_accepted() {
    let accounts = accounts();
    let (_, valid) = create(&accounts, "a", None);
    assert_eq!(authenticate(&accounts, &valid).unwrap().as_str(), "a");
    let (_, expired) = create(&accounts, "a", Some(1));
    assert!(matches!(authenticate(&accounts, &expired), Err(AuthenticateError::Expired(_))));
    let (_, homeless) = create(&accounts, "b", None);
    let homeless = authenticate(&accounts, &homeless);
    assert!(matches!(homeless, Err(AuthenticateError::NoTenant(_))));
    let stranger = MintedKey::mint().unwrap().reveal();
    assert_eq!(authenticate(&accounts, &stranger), Err(AuthenticateError::Unknown));
}

#[test]
fn keys_expire_by_the_clock_that_they_are_given() {
    let accounts = accounts().timed_by(|| 100);
    let (_, fresh) = create(&accounts, "a", Some(101));
    assert!(authenticate(&accounts, &fresh).is_ok());
    let (_, expired) = create(&accounts, "a", Some(100));
    assert!(matches!(authenticate(&accounts, &expired), Err(AuthenticateError::Expired(_))));
}

#[test]
fn a_request_ends_with_the_seal_it_began_with() {
    let accounts = accounts();
    let (_, key) = create(&accounts, "a", None);
    let authenticate = || {
        let presented = PresentedKey::parse(key.as_bytes()).unwrap();
        accounts.authenticate(&accounts.tenants(), &presented).unwrap()
    };
    let before = authenticate();
    assert!(!before.is_shredded());
    let name = before.name().clone();
    accounts.reseal(&name, seal(8));
    assert!(before.is_shredded());
    assert_eq!(before.seal().tag(), seal(7).tag());
    assert_eq!(authenticate().seal().tag(), seal(8).tag());
    assert_eq!(accounts.tag(&name), Some(seal(8).tag()));
}

#[test]
fn a_revoked_key_stays_revoked() {
    let accounts = accounts();
    let (id, key) = create(&accounts, "a", None);
    accounts.apply(KeyEvent::KeyRevoked { id, revoked_at: 5 });
    accounts.apply(KeyEvent::KeyRevoked { id, revoked_at: 9 });
    let Err(AuthenticateError::Revoked(holder)) = authenticate(&accounts, &key) else {
        panic!("the key is revoked")
    };
    assert_eq!((holder.tenant.as_str(), holder.key), ("a", id));
    assert_eq!(accounts.keys()[0].revoked_at, Some(5));
}

#[test]
fn one_keys_id_with_anothers_secret_is_nobody() {
    let accounts = accounts();
    let ((_, a), (_, b)) = (create(&accounts, "a", None), create(&accounts, "a", None));
    let mixed = format!("{}{}", &a[..16], &b[16..]);
    assert_eq!(authenticate(&accounts, &mixed), Err(AuthenticateError::Unknown));
}

/// Puts a configuration in force; each tenant's key is there as `seal` finds it.
fn adopt(accounts: &Accounts, tenants: &[&str], found: u8) {
    let tenant = |yaml: &&str| (from_yaml(yaml).unwrap(), seal(found));
    accounts.adopt(accounts.prepare(tenants.iter().map(tenant).collect()), Totals::default());
}

#[test]
fn a_tenant_that_comes_back_finds_its_balance_and_what_it_holds() {
    let accounts = accounts();
    let (_, key) = create(&accounts, "a", None);
    let of_first = accounts.tenants();
    let presented = PresentedKey::parse(key.as_bytes()).unwrap();
    let tenant = accounts.authenticate(&of_first, &presented).unwrap();
    let usd = NanoUsd::from_nano;
    tenant.hold(usd(100)).unwrap().settle(usd(100));
    let held = tenant.hold(usd(7)).unwrap();

    adopt(&accounts, &["{ name: b, budget_usd: 1 }"], 7);
    assert!(matches!(authenticate(&accounts, &key), Err(AuthenticateError::NoTenant(_))));
    // A request that began with the first configuration is still one of its tenants'.
    assert!(accounts.authenticate(&of_first, &presented).is_ok());
    let [former] = &*accounts.former() else { panic!("one has left") };
    assert_eq!((former.spent, former.held), (usd(100).into(), usd(7).into()));

    adopt(&accounts, &["{ name: a, budget_usd: 0.000000110 }"], 7);
    assert!(accounts.former().is_empty());
    assert_eq!(tenant.hold(usd(4)).map(drop).unwrap_err().left, usd(3));
    held.settle(usd(5));
    assert_eq!(tenant.hold(usd(5)).map(|hold| hold.amount()).unwrap(), usd(5));
}

#[test]
fn what_is_prepared_and_not_adopted_changes_nothing() {
    let accounts = accounts();
    let (_, key) = create(&accounts, "a", None);
    let other = from_yaml("{ name: b, budget_usd: 1 }").unwrap();
    let _never = accounts.prepare(vec![(other, seal(9))]);
    assert_eq!(authenticate(&accounts, &key).unwrap().as_str(), "a");
    assert!(accounts.former().is_empty());
}

#[test]
fn a_seal_is_kept_while_its_tenant_is_configured_and_found_anew_when_it_comes_back() {
    let accounts = accounts();
    let name = TenantName::try_from("a".to_owned()).unwrap();
    let a = "{ name: a, budget_usd: 1 }";
    adopt(&accounts, &[a], 8);
    assert_eq!(accounts.tag(&name), Some(seal(7).tag()), "its key was read before");
    adopt(&accounts, &[], 0);
    assert_eq!(accounts.tag(&name), None);
    adopt(&accounts, &[a], 8);
    assert_eq!(accounts.tag(&name), Some(seal(8).tag()));
}
