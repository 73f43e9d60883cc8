//! Members of a request that move its cost, its model or its host beyond what the gateway reads:
//! refused where the provider obeys them, by the name that the caller wrote; bytes elsewhere.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use inferlayer_wire::{Api, Call, Invalid, Target, Vendor};

fn call(api: Api, member: &str) -> Result<Call, Invalid> {
    let content = match api {
        Api::Responses => r#""input":"Hi""#,
        Api::Completions => r#""prompt":"Hi""#,
        Api::Embeddings => r#""input":"Hi""#,
        Api::Messages => r#""max_tokens":9,"messages":[{"role":"user","content":"Hi"}]"#,
        _ => r#""messages":[{"role":"user","content":"Hi"}]"#,
    };
    Call::parse(api, format!(r#"{{"model":"m",{content},{member}}}"#).into())
}

/// Which field is at fault at this vendor, in its own words.
fn at(vendor: Vendor, api: Api, member: &str) -> Option<String> {
    let target = Target { vendor, api, api_version: None, model: "m", max_output_tokens: None };
    let call = match call(api, member) {
        Ok(call) => call,
        Err(invalid) => return invalid.param,
    };
    let misfit = call.fits(&target).err();
    let unsent = call.for_provider(&target).err();
    assert_eq!(misfit, unsent, "{member}");
    misfit.map(|invalid| invalid.param.unwrap())
}

fn field(member: &str) -> String {
    member.split('"').nth(1).unwrap().to_owned()
}

#[test]
fn what_a_provider_obeys_is_refused_by_the_name_that_the_caller_wrote() {
    use Vendor::*;
    for (vendor, member) in [
        (LlamaCpp, r#""n_predict":8000"#),
        (LlamaCpp, r#""n_predict":-1"#),
        (LlamaCpp, r#""N_Predict":8000"#),
        (LlamaCpp, r#""n_cmpl":4"#),
        (LlamaCpp, r#""best_of":1000"#),
        (Vllm, r#""best_of":2"#),
        (Vllm, r#""use_beam_search":true"#),
        (Vllm, r#""kv_transfer_params":{"remote_host":"10.0.0.1"}"#),
        (Ollama, r#""options":{"num_predict":-1}"#),
        (Tgi, r#""max_new_tokens":9000"#),
        (OpenAi, r#""best_of":1000"#),
        (Azure, r#""data_sources":[{"type":"x"}]"#),
        (OpenRouter, r#""models":["openai/o1-pro"]"#),
        (OpenRouter, r#""route":"fallback""#),
        (OpenRouter, r#""provider":{"order":["x"]}"#),
        (OpenRouter, r#""plugins":[{"id":"web"}]"#),
        (OpenRouter, r#""transforms":["middle-out"]"#),
        (OpenRouter, r#""preset":"p""#),
        (Compatible, r#""api_base":"http://10.0.0.1""#),
        (Compatible, r#""base_url":"http://10.0.0.1""#),
        (Compatible, r#""API_Base":"http://10.0.0.1""#),
        (Compatible, r#""fallbacks":["dear"]"#),
        (Compatible, r#""user_config":{"model_list":[]}"#),
        (Compatible, r#""mock_response":"free""#),
        (Compatible, r#""max_output_tokens":9000"#),
        (Xai, r#""search_parameters":{"mode":"on"}"#),
        (Xai, r#""deferred":true"#),
        (Groq, r#""compound_custom":{"models":{}}"#),
    ] {
        assert_eq!(at(vendor, Api::Chat, member), Some(field(member)), "{vendor:?} {member}");
    }
    let fast = r#""speed":"fast""#;
    assert_eq!(at(Anthropic, Api::Messages, fast).as_deref(), Some("speed"));
    for api in [Api::Completions, Api::Embeddings] {
        let models = r#""models":["dear"]"#;
        assert_eq!(at(OpenRouter, api, models).as_deref(), Some("models"), "{api:?}");
    }
    let cap = r#""n_predict":9"#;
    assert_eq!(at(LlamaCpp, Api::Completions, cap).as_deref(), Some("n_predict"));
}

#[test]
fn what_does_nothing_or_is_not_obeyed_passes_as_it_came() {
    use Vendor::*;
    for (vendor, member) in [
        (LlamaCpp, r#""n_predict":null"#),
        (LlamaCpp, r#""best_of":1"#),
        (OpenRouter, r#""models":[],"provider":{ },"transforms":[],"route":null"#),
        (OpenAi, r#""n_predict":8000"#),
        (OpenAi, r#""a_new_field":{"models":["x"]}"#),
        (Mistral, r#""models":["x"]"#),
        (LlamaCpp, r#""id_slot":3,"min_p":0.1"#),
        (Compatible, r#""metadata":{"api_base":"x"},"seed":1"#),
        (Anthropic, r#""speed":"standard""#),
    ] {
        let api = vendor.main_api();
        assert_eq!(at(vendor, api, member), None, "{vendor:?} {member}");
        let target = Target { vendor, api, api_version: None, model: "m", max_output_tokens: None };
        let call = call(api, member).unwrap();
        assert_eq!(call.for_provider(&target).unwrap(), *call.body(), "{member}");
    }
}

#[test]
fn a6_07_lists_of_probabilities_are_bounded_everywhere() {
    for wrong in ["21", "1000000000", "-1", "1.5", "\"5\"", "[5]"] {
        for name in ["top_logprobs", "logprobs", "prompt_logprobs", "n_probs"] {
            let member = format!(r#""{name}":{wrong}"#);
            for api in [Api::Chat, Api::Completions] {
                assert_eq!(call(api, &member).unwrap_err().param.as_deref(), Some(name));
            }
        }
    }
    assert!(call(Api::Chat, r#""logprobs":true,"top_logprobs":20"#).is_ok());
    assert!(call(Api::Completions, r#""logprobs":5"#).is_ok());
    assert!(call(Api::Chat, r#""logprobs":null,"top_logprobs":null"#).is_ok());
}

#[test]
fn a_cap_holds_where_the_provider_obeys_its_name() {
    let cap = |vendor: Vendor, member: &str| {
        let target = Target::main(vendor, "m");
        call(Api::Chat, member).unwrap().output_cap(&target)
    };
    let (old, new) = (r#""max_tokens":7"#, r#""max_completion_tokens":9"#);
    let both = format!("{old},{new}");
    for vendor in [Vendor::OpenAi, Vendor::Azure, Vendor::Vllm, Vendor::Groq, Vendor::Xai] {
        assert_eq!((cap(vendor, old), cap(vendor, new)), (Some(7), Some(9)), "{vendor:?}");
        assert_eq!(cap(vendor, &both), Some(9), "{vendor:?}");
    }
    for vendor in [Vendor::Ollama, Vendor::Mistral, Vendor::LlamaCpp, Vendor::Compatible] {
        assert_eq!((cap(vendor, old), cap(vendor, new)), (Some(7), None), "{vendor:?}");
        assert_eq!(cap(vendor, &both), Some(7), "{vendor:?}");
    }
    // Another dialect's provider is told under its own name.
    assert_eq!(cap(Vendor::Anthropic, new), Some(9));
    let predicted = format!(r#"{new},"prediction":{{"type":"content","content":"x"}}"#);
    assert_eq!(cap(Vendor::OpenAi, &predicted), None, "what is predicted wrongly comes on top");
}

#[test]
fn a_tier_with_a_price_of_its_own_is_told_apart() {
    let tier = |vendor: Vendor, api: Api, value: &str| {
        let call = call(api, &format!(r#""service_tier":{value}"#)).unwrap();
        let target = Target { vendor, api, api_version: None, model: "m", max_output_tokens: None };
        call.service_tier(&target).map(|(_, tier)| tier.to_owned())
    };
    for usual in ["null", "\"auto\"", "\"default\"", "\"DEFAULT\""] {
        assert_eq!(tier(Vendor::OpenAi, Api::Chat, usual), None, "{usual}");
    }
    for (vendor, api, value, told) in [
        (Vendor::OpenAi, Api::Chat, "\"priority\"", Some("priority")),
        (Vendor::OpenAi, Api::Responses, "\"flex\"", Some("flex")),
        (Vendor::Groq, Api::Chat, "\"flex\"", None),
        (Vendor::Groq, Api::Chat, "\"performance\"", Some("performance")),
        (Vendor::Anthropic, Api::Messages, "\"standard_only\"", None),
        (Vendor::Anthropic, Api::Messages, "\"priority\"", Some("priority")),
    ] {
        assert_eq!(tier(vendor, api, value).as_deref(), told, "{vendor:?} {value}");
    }
    assert!(call(Api::Chat, r#""service_tier":7"#).is_err());
    assert!(call(Api::Chat, r#""Service_Tier":"priority""#).is_err());
}

#[test]
fn a_look_alike_inside_of_stream_options_is_refused() {
    for wrong in ["Include_Usage", "INCLUDE_USAGE", "include_u\u{17f}age"] {
        let member = format!(r#""stream":true,"stream_options":{{"{wrong}":false}}"#);
        for api in [Api::Chat, Api::Completions] {
            let param = call(api, &member).unwrap_err().param.unwrap();
            assert_eq!(param, "stream_options.include_usage", "{wrong}");
        }
    }
    assert!(call(Api::Chat, r#""stream_options":{"include_obfuscation":false}"#).is_ok());
}
