//! Which candidates can be told what is asked. Those of the caller's own API are told its bytes;
//! for others the request is translated, once, and what comes of it is kept to be sent. So what
//! was found to fit is what goes out.

use std::mem;

use inferlayer_accounts::Tenant;
use inferlayer_filter::candidate::Exclusion;
use inferlayer_filter::{Candidate, Candidates, LARGE_BYTES, Refusal, Translated, offload};
use inferlayer_wire::{Api, Call, Invalid, Vendor};

/// Translations of a request up to this length are all kept. Of a longer one the first is, which is
/// likely to be sent; that others can be made is known, and one is made when it is needed.
const SPARE_BYTES: usize = 64 * 1024;

type Fit = Result<Option<Translated>, Invalid>;

/// Strikes those whose dialect cannot say what is asked; when none is left, what cannot be said.
pub(crate) async fn keep_fitting(
    tenant: &Tenant,
    call: &Call,
    candidates: &mut Candidates,
) -> Result<(), Refusal> {
    let fits = match call.body().len() > LARGE_BYTES {
        true => {
            let (call, all) = (call.clone(), candidates.iter().cloned().collect::<Vec<_>>());
            offload(tenant, move || find(&call, all.iter())).await?
        }
        false => find(call, candidates.iter()),
    };
    let (mut fits, mut misfit) = (fits.into_iter(), None);
    let fitting = candidates.exclude(|candidate| match fits.next()? {
        Ok(translated) => {
            candidate.translated = translated;
            None
        }
        Err(invalid) => {
            misfit.get_or_insert(invalid);
            Some(Exclusion::Unsupported)
        }
    });
    match (fitting, misfit) {
        (Err(_), Some(invalid)) => Err(invalid.into()),
        _ => Ok(()),
    }
}

/// Whether each can be told, and how.
fn find<'a>(call: &Call, candidates: impl Iterator<Item = &'a Candidate>) -> Vec<Fit> {
    let large = call.body().len() > SPARE_BYTES;
    let (mut fitting, mut kept) = (Vec::new(), false);
    let fit = |candidate: &Candidate| {
        let kind = Kind::of(candidate);
        if large && fitting.contains(&kind) {
            return candidate.name_fits(call).map(|()| None);
        }
        let translated = candidate.translate(call)?;
        fitting.push(kind);
        Ok(translated.filter(|_| !large || !mem::replace(&mut kept, true)))
    };
    candidates.map(fit).collect()
}

/// All that decides whether a request can be translated: candidates that differ in the model's name
/// alone are told alike.
#[derive(PartialEq, Eq)]
struct Kind {
    vendor: Vendor,
    api: Option<Api>,
    max_output_tokens: Option<u64>,
}

impl Kind {
    fn of(candidate: &Candidate) -> Kind {
        let Candidate { api, max_output_tokens, .. } = *candidate;
        Kind { vendor: candidate.provider.vendor, api, max_output_tokens }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use inferlayer_filter::{Provider, testkit};

    use super::*;

    /// A model of Anthropic's, which writes at most so much.
    fn claude(model: &str, max_output_tokens: u64) -> Candidate {
        let candidate = testkit::candidate("p", model);
        let mut provider = Arc::into_inner(candidate.provider).unwrap();
        provider.vendor = Vendor::Anthropic;
        let candidate = Candidate::new(Arc::<Provider>::new(provider), model.into());
        Candidate { max_output_tokens: Some(max_output_tokens), ..candidate }
    }

    /// A chat whose user says so many bytes.
    fn chat(bytes: usize, more: &str) -> Call {
        let text = "x".repeat(bytes);
        let messages = format!(r#"[{{"role":"user","content":"{text}"}}]"#);
        let body = format!(r#"{{"model":"m","max_tokens":500,"messages":{messages}{more}}}"#);
        Call::parse(Api::Chat, Bytes::from(body)).unwrap()
    }

    /// The candidates, and what was kept for each.
    async fn kept(call: &Call, wanted: Vec<Candidate>) -> Vec<(Candidate, Option<Bytes>)> {
        let tenant = testkit::tenant("{ name: a, budget_usd: 1 }").unwrap();
        let mut candidates = Candidates::permitted(&tenant, wanted).unwrap();
        keep_fitting(&tenant, call, &mut candidates).await.unwrap();
        let kept = |c: &Candidate| (c.clone(), c.translated(call).cloned());
        candidates.iter().map(kept).collect()
    }

    #[tokio::test]
    async fn what_was_found_to_fit_is_what_is_sent_with_the_cap_of_its_price() {
        let call = chat(10, "");
        let wanted = || vec![testkit::candidate("p", "m"), claude("c", 300), claude("d", 900)];
        let kept = kept(&call, wanted()).await;
        assert_eq!(kept[0].1, None, "of the caller's own API: nothing is translated");
        for ((candidate, kept), cap) in kept.iter().skip(1).zip([300, 500]) {
            let sent = candidate.body(&call).unwrap();
            assert_eq!(Some(&sent), kept.as_ref());
            let text = String::from_utf8(sent.to_vec()).unwrap();
            assert!(text.contains(&format!("\"max_tokens\":{cap}")), "{text}");
        }
        // A filter has put another call in its place.
        let other = chat(10, "");
        assert_eq!(kept[1].0.translated(&other), None);
        assert_eq!(kept[1].0.body(&other).unwrap(), kept[1].0.body(&call).unwrap());
    }

    #[tokio::test]
    async fn of_a_large_request_one_translation_is_kept_and_none_is_made_twice() {
        for bytes in [SPARE_BYTES + 1, LARGE_BYTES + 1] {
            let call = chat(bytes, "");
            let wanted = vec![claude("c", 300), claude("d", 300), claude("e", 400)];
            let kept = kept(&call, wanted).await;
            let is_kept: Vec<bool> = kept.iter().map(|(_, kept)| kept.is_some()).collect();
            assert_eq!(is_kept, [true, false, false], "{bytes}");
            assert!(kept.iter().all(|(candidate, _)| candidate.body(&call).is_ok()));
        }
    }

    #[tokio::test]
    async fn who_cannot_be_told_is_struck_with_the_field_at_fault() {
        let tenant = testkit::tenant("{ name: a, budget_usd: 1 }").unwrap();
        let call = chat(10, r#","n":2"#);
        let wanted = [claude("c", 300), testkit::candidate("p", "m")];
        let mut candidates = Candidates::permitted(&tenant, wanted).unwrap();
        keep_fitting(&tenant, &call, &mut candidates).await.unwrap();
        assert_eq!(candidates.len(), 1);
        assert_eq!(candidates.excluded()[0].reason, Exclusion::Unsupported);
        let mut candidates = Candidates::permitted(&tenant, [claude("c", 300)]).unwrap();
        let refusal = keep_fitting(&tenant, &call, &mut candidates).await.unwrap_err();
        assert_eq!(refusal.response().param.as_deref(), Some("n"));
    }
}
