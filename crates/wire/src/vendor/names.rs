//! What vendors are called in telemetry.

use super::Vendor;

impl Vendor {
    /// OpenTelemetry's word for it (`gen_ai.provider.name`), where the convention has one; else the
    /// `kind` in the configuration, as the convention leaves others to whoever reports them.
    pub fn provider_name(self) -> &'static str {
        match self {
            Vendor::OpenAi => "openai",
            Vendor::Azure => "azure.ai.openai",
            Vendor::Compatible => "openai_compatible",
            Vendor::Vllm => "vllm",
            Vendor::LlamaCpp => "llama_cpp",
            Vendor::Ollama => "ollama",
            Vendor::Tgi => "tgi",
            Vendor::Groq => "groq",
            Vendor::Mistral => "mistral_ai",
            Vendor::DeepSeek => "deepseek",
            Vendor::OpenRouter => "openrouter",
            Vendor::Xai => "x_ai",
            Vendor::Together => "together",
            Vendor::Fireworks => "fireworks",
            Vendor::Anthropic => "anthropic",
            Vendor::Gemini => "gcp.gemini",
            Vendor::Simulated => "simulated",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_vendors_have_one_name() {
        let names: HashSet<_> = Vendor::all().map(Vendor::provider_name).collect();
        assert_eq!(names.len(), Vendor::all().count());
    }
}
