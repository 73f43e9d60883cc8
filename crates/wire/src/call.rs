//! A request for a model in its caller's dialect, and what it becomes for a provider's.

use bytes::Bytes;

use crate::json::Bounds;
use crate::texts::{Edit, Text, Texts};
use crate::{
    Api, Asked, ChatRequest, Dialect, GenerateRequest, Gist, Invalid, MessagesRequest,
    PlainRequest, ResponsesRequest, Shape, Target, Vendor, translate,
};

/// A request for a model that passed every check of its dialect.
#[derive(Clone, Debug)]
pub enum Call {
    /// OpenAI chat completions.
    Chat(ChatRequest),
    /// OpenAI responses.
    Responses(ResponsesRequest),
    /// Anthropic messages.
    Messages(MessagesRequest),
    /// Gemini `generateContent`.
    Generate(GenerateRequest),
    /// What only a provider of the same dialect answers.
    Plain(PlainRequest),
}

impl Call {
    /// Reads a request body, within the default bounds.
    pub fn parse(asked: impl Into<Asked>, body: Bytes) -> Result<Call, Invalid> {
        Call::parse_within(&Bounds::default(), asked, body)
    }

    /// Reads a request body. The same `bounds` hold for its answer.
    pub fn parse_within(
        bounds: &Bounds,
        asked: impl Into<Asked>,
        body: Bytes,
    ) -> Result<Call, Invalid> {
        let asked = asked.into();
        bounds.check(&body)?;
        let mut call = match asked.api {
            Api::Chat => ChatRequest::parse(body).map(Call::Chat),
            Api::Responses => ResponsesRequest::parse(body).map(Call::Responses),
            Api::Messages => MessagesRequest::parse(body).map(Call::Messages),
            Api::Generate => GenerateRequest::parse(asked, body).map(Call::Generate),
            _ => PlainRequest::parse(asked, body).map(Call::Plain),
        }?;
        call.gist_mut().bounds = *bounds;
        Ok(call)
    }

    /// What is asked for.
    pub fn api(&self) -> Api {
        match self {
            Call::Chat(_) => Api::Chat,
            Call::Responses(_) => Api::Responses,
            Call::Messages(_) => Api::Messages,
            Call::Generate(_) => Api::Generate,
            Call::Plain(request) => request.api(),
        }
    }

    /// The caller's dialect.
    pub fn dialect(&self) -> Dialect {
        self.api().dialect()
    }

    /// What the gateway must know of it.
    pub fn gist(&self) -> &Gist {
        match self {
            Call::Chat(request) => request.gist(),
            Call::Responses(request) => request.gist(),
            Call::Messages(request) => request.gist(),
            Call::Generate(request) => request.gist(),
            Call::Plain(request) => request.gist(),
        }
    }

    fn gist_mut(&mut self) -> &mut Gist {
        match self {
            Call::Chat(request) => &mut request.gist,
            Call::Responses(request) => &mut request.gist,
            Call::Messages(request) => &mut request.gist,
            Call::Generate(request) => &mut request.gist,
            Call::Plain(request) => &mut request.gist,
        }
    }

    /// The caller's bytes.
    pub fn body(&self) -> &Bytes {
        self.gist().body()
    }

    /// The model asked for: 1 to 256 bytes without control characters.
    pub fn model(&self) -> &str {
        self.gist().model()
    }

    /// Whether the answer is to be streamed.
    pub fn stream(&self) -> bool {
        self.gist().stream()
    }

    /// How many answers to generate, at least one; none where no text is generated.
    pub fn choices(&self) -> u32 {
        if self.api().generates() { self.gist().choices() } else { 0 }
    }

    /// The caller's cap on the output of each answer, in tokens.
    pub fn max_output_tokens(&self) -> Option<u64> {
        self.gist().max_output_tokens()
    }

    /// The cap on the output of each answer as a provider obeys it that is asked in this way.
    pub fn output_cap(&self, target: &Target<'_>) -> Option<u64> {
        match self {
            Call::Chat(chat) if target.api == Api::Chat => {
                chat.cap_obeyed(target.vendor.quirks().caps)
            }
            _ => self.max_output_tokens(),
        }
    }

    /// The service tier that is asked for and has a price of its own, and the field's name as the
    /// caller wrote it. What is translated has none: only the usual ones can be told.
    pub fn service_tier(&self, target: &Target<'_>) -> Option<(&str, &str)> {
        let usual = target.vendor.quirks().usual_tiers;
        let told = self.gist().extras.service_tier().filter(|_| self.api() == target.api);
        told.filter(|(_, tier)| !usual.contains(tier))
    }

    /// Whether the length of the body says nothing about the tokens read.
    pub fn has_remote_input(&self) -> bool {
        self.gist().has_remote_input()
    }

    /// What the request looks like, without its content.
    pub fn shape(&self) -> Shape {
        self.gist().shape()
    }

    /// The same request with edits of its texts: `edit` is told of each, and gives the edits of it.
    /// None where nothing was edited; else the request, read anew within the same bounds, so that
    /// all that is known of it is true of the new bytes, and the number of edits.
    pub fn edited(
        &self,
        mut edit: impl FnMut(&Text<'_>) -> Vec<Edit>,
    ) -> Result<Option<(Call, usize)>, Invalid> {
        let texts = self.texts();
        let mut edits = Vec::new();
        texts.each(|text| edits.extend(edit(&text)));
        if edits.is_empty() {
            return Ok(None);
        }
        let body = texts.edited(&edits);
        let model = self.gist().model_span.is_none().then(|| self.model().to_owned());
        let asked = Asked { api: self.api(), model, stream: self.stream() };
        let call = Call::parse_within(&self.gist().bounds, asked, body)?;
        Ok(Some((call, edits.len())))
    }

    /// What is said in it.
    pub fn texts(&self) -> Texts {
        Texts::of_request(self.body())
    }

    /// What a vendor is asked for to answer this: the same where it answers that, otherwise what
    /// its row says conversations are translated to. `preferred` is what the configuration says.
    pub fn api_at(&self, vendor: Vendor, preferred: Option<Api>) -> Result<Api, Invalid> {
        let own = self.api();
        match preferred {
            Some(preferred) if own.converses() => Ok(preferred),
            _ if vendor.answers(own) => Ok(own),
            _ if own.converses() => Ok(vendor.main_api()),
            _ => Err(self.not_served()),
        }
    }

    /// Whether a provider can be asked; the field at fault when not.
    pub fn fits(&self, target: &Target<'_>) -> Result<(), Invalid> {
        self.translation(target).map(drop)
    }

    /// Whether a provider can be asked, and the body for one of another API: that it can be written
    /// is known only when it is.
    pub fn translation(&self, target: &Target<'_>) -> Result<Option<Bytes>, Invalid> {
        target.path(self.stream())?;
        if self.api() == target.api {
            return self.gist().check_at(target.vendor).map(|()| None);
        }
        self.for_provider(target).map(Some)
    }

    /// The body for a provider: the caller's own bytes where the dialect is the same, except what
    /// must change.
    pub fn for_provider(&self, target: &Target<'_>) -> Result<Bytes, Invalid> {
        let (model, options) = (target.model, target.vendor.quirks().stream_options);
        if self.api() == target.api {
            self.gist().check_at(target.vendor)?;
        }
        match (self, target.api) {
            (Call::Chat(chat), Api::Chat) => Ok(chat.for_provider(model, options)),
            (Call::Plain(plain), api) if plain.api() == api => {
                Ok(plain.for_provider(model, options))
            }
            (Call::Generate(request), Api::Generate) => Ok(request.for_provider(model)),
            (call, api) if call.api() == api => Ok(call.gist().with_model(model)),
            _ => translate::request(self, target).map(Bytes::from),
        }
    }

    /// The refusal of a request that a model's provider has no operation for.
    pub(crate) fn not_served(&self) -> Invalid {
        Invalid {
            message: format!("this model's provider does not serve `{}`", self.api().name()),
            param: Some("model".to_owned()),
            code: None,
        }
    }
}
