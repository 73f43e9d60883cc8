//! Whose a record is: a tag belongs to one tenant for ever, and within a run a tenant has one tag
//! but for those that were shredded. The tag comes from a key that only the tenant's content opens
//! with, so money that is moved to another tenant's name leaves it behind.

use std::collections::{HashMap, HashSet};

use inferlayer_ledger::{Segment, TenantTag};
use inferlayer_records::TenantName;

use crate::contradiction::{Contradictions, Verdict};

/// What of a segment bears on it, in order; each pair of tenant and tag once a run.
#[derive(Default)]
pub(crate) struct Sightings {
    list: Vec<Sighting>,
    seen: HashSet<(TenantName, TenantTag)>,
}

enum Sighting {
    /// A run begins; keys may have been replaced before.
    Run,
    Shredded(TenantTag),
    Pair {
        tenant: TenantName,
        tag: TenantTag,
        sequence: u64,
    },
}

impl Sightings {
    pub(crate) fn run(&mut self) {
        self.seen.clear();
        self.list.push(Sighting::Run);
    }

    pub(crate) fn shredded(&mut self, tag: TenantTag) {
        self.list.push(Sighting::Shredded(tag));
    }

    pub(crate) fn pair(&mut self, tenant: &TenantName, tag: TenantTag, sequence: u64) {
        let pair = (tenant.clone(), tag);
        if self.seen.insert(pair) {
            self.list.push(Sighting::Pair { tenant: tenant.clone(), tag, sequence });
        }
    }
}

/// What all segments so far say of it.
#[derive(Default)]
pub(crate) struct Owners {
    tenants: HashMap<TenantTag, TenantName>,
    /// Of the current run.
    tags: HashMap<TenantName, TenantTag>,
    shredded: HashSet<TenantTag>,
}

impl Owners {
    pub(crate) fn join(&mut self, segment: Segment, seen: Sightings, found: &mut Contradictions) {
        for sighting in seen.list {
            match sighting {
                Sighting::Run => self.tags.clear(),
                Sighting::Shredded(tag) => drop(self.shredded.insert(tag)),
                Sighting::Pair { tenant, tag, sequence } => {
                    if let Some(what) = self.pair(tenant, tag) {
                        found.add(Verdict::Owner, (segment, sequence), what);
                    }
                }
            }
        }
    }

    /// What is wrong with a record of this tenant under this tag.
    fn pair(&mut self, tenant: TenantName, tag: TenantTag) -> Option<String> {
        let owner = self.tenants.entry(tag).or_insert_with(|| tenant.clone());
        if *owner != tenant {
            return Some(format!("it names {tenant}, and its tenant_tag {tag} is that of {owner}"));
        }
        let current = *self.tags.entry(tenant.clone()).or_insert(tag);
        if current == tag || self.shredded.contains(&tag) {
            return None;
        }
        self.tags.insert(tenant.clone(), tag);
        let replaced = self.shredded.contains(&current);
        let what =
            || format!("{tenant} has the tenant_tag {tag}, and {current} before in this run");
        (!replaced).then(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(segments: &[&[(&str, u8)]]) -> Vec<u64> {
        let (mut owners, mut found) = (Owners::default(), Contradictions::default());
        for (index, segment) in segments.iter().enumerate() {
            let mut seen = Sightings::default();
            for (sequence, (tenant, tag)) in segment.iter().enumerate() {
                let tag = TenantTag([*tag; 16]);
                match *tenant {
                    "RUN" => seen.run(),
                    "SHRED" => seen.shredded(tag),
                    tenant => seen.pair(
                        &TenantName::try_from(tenant.to_owned()).unwrap(),
                        tag,
                        sequence as u64,
                    ),
                }
            }
            owners.join(Segment(index as u64), seen, &mut found);
        }
        found.first().iter().map(|found| found.sequence).collect()
    }

    #[test]
    fn a_tag_is_of_one_tenant_in_whichever_segment() {
        assert_eq!(judged(&[&[("a", 1), ("b", 2), ("a", 1)], &[("b", 2), ("a", 1)]]), [0; 0]);
        assert_eq!(judged(&[&[("a", 1), ("b", 1)]]), [1]);
        assert_eq!(judged(&[&[("a", 1)], &[("RUN", 0), ("b", 1)]]), [1]);
    }

    #[test]
    fn a_tenant_changes_its_tag_by_a_shred_or_in_another_run() {
        assert_eq!(judged(&[&[("a", 1), ("a", 2)]]), [1]);
        assert_eq!(judged(&[&[("a", 1)], &[("a", 2)]]), [0]);
        assert_eq!(judged(&[&[("a", 1), ("SHRED", 1), ("a", 1), ("a", 2), ("a", 1)]]), [0; 0]);
        assert_eq!(judged(&[&[("a", 1), ("SHRED", 1)], &[("a", 2), ("a", 3)]]), [1]);
        assert_eq!(judged(&[&[("a", 1), ("RUN", 0), ("a", 2)]]), [0; 0]);
    }
}
