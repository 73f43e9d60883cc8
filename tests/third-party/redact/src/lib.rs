//! Masks e-mail addresses: in requests before a provider sees them, in responses before a client
//! does.

mod address;

use async_trait::async_trait;
use inferlayer_filter::{
    BuildError, Exchange, Fact, Filter, Flow, Refusal, Settings, Site, TextFilter, TextFlow, Window,
};
use serde::Deserialize;

pub use crate::address::{Addresses, HELD_BYTES_MAX};

/// The block `redact`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redact {
    /// What stands in place of an address.
    #[serde(default = "mask")]
    pub mask: String,
}

fn mask() -> String {
    "[email]".to_owned()
}

impl Settings for Redact {
    const NAME: &'static str = "redact";
    const NEEDS: &'static [Fact] = &[Fact::Tenant];
    /// What is decided about a request is decided about its masked form.
    const BEFORE: &'static [Fact] = &[Fact::Plan, Fact::Candidates];

    fn build(self, _site: &Site) -> Result<Box<dyn Filter>, BuildError> {
        Ok(Box::new(self))
    }
}

#[async_trait]
impl Filter for Redact {
    async fn request(&self, x: &mut Exchange) -> Result<Flow, Refusal> {
        // Nothing is known of the texts of what passes through.
        if x.call.peek().is_some() {
            x.edit_request(|text| {
                let found = Addresses::find(&text.text, true).ranges.into_iter();
                found.map(|range| text.edit(range, &*self.mask)).collect()
            })?;
        }
        Ok(Flow::Continue)
    }

    fn text_filter(&self, _x: &Exchange) -> Option<Box<dyn TextFilter>> {
        Some(Box::new(self.clone()))
    }
}

impl TextFilter for Redact {
    fn read(&mut self, _x: &mut Exchange, window: &Window<'_>) -> Result<TextFlow, Refusal> {
        let found = Addresses::find(window.text, window.is_end);
        let mut flow = TextFlow::keep();
        found.ranges.into_iter().for_each(|range| flow.replace(range, &*self.mask));
        flow.hold(found.doubtful_bytes);
        Ok(flow)
    }
}
