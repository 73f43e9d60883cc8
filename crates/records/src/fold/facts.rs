//! What a fold knows, thing by thing, so that it can be compared with what a snapshot states.

use crate::fold::Fold;
use crate::hex::sha256_hex;
use crate::record::{Charged, KeyEvent};
use crate::state_difference::{Facts, StateDifference};

impl Fold {
    /// What these records and a snapshot that states `stated` differ in, if anything.
    pub fn difference(&self, stated: &Fold) -> Option<StateDifference> {
        StateDifference::between(self.facts(), stated.facts())
    }

    /// What it knows. A tenant without a sum has spent nothing.
    fn facts(&self) -> Facts {
        let spent = self.spent.iter().filter(|(_, sum)| sum.nano() > 0);
        let spent = spent.map(|(tenant, sum)| (format!("spent by {tenant}"), nano(sum.nano())));
        let holds = self.open.iter().map(|(request, open)| {
            let of = if open.cut { "cut" } else { "open" };
            let mut value = format!("{} of {}, {of}", nano(open.hold.nano().into()), open.tenant);
            for Charged { budget, period } in &open.charged {
                value += &format!(", charged to {budget} ({period})");
            }
            (format!("hold of request {request}"), value)
        });
        let events = self
            .events
            .iter()
            .enumerate()
            .map(|(index, event)| (format!("key event {index}"), described(event)));
        let book = self.price_book().map(|text| {
            ("price book".to_owned(), format!("SHA-256 {:.12}", sha256_hex(text.as_bytes())))
        });
        let facts = spent.chain(holds).chain(events).chain(book);
        let mut facts: Facts = facts.collect();
        for (tenant, tags) in self.shredded() {
            for tag in tags {
                let subject = format!("destroyed key {tag} of {tenant}");
                let times = facts.entry(subject).or_default();
                times.push_str("destroyed ");
            }
        }
        facts
    }
}

fn nano(nano_usd: u128) -> String {
    format!("{nano_usd} nano-USD")
}

/// The event by its key; of the rest, which has the hash of a secret, a digest.
fn described(event: &KeyEvent) -> String {
    let (what, id) = match event {
        KeyEvent::KeyCreated { id, .. } => ("created", id),
        KeyEvent::KeyRevoked { id, .. } => ("revoked", id),
    };
    let json = serde_json::to_vec(event).unwrap_or_default();
    format!("{what} {} (SHA-256 {:.12})", id.as_str(), sha256_hex(&json))
}
