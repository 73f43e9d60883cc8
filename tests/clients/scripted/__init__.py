"""A provider with a script, for what the real model cannot do: it calls tools, binds answers to a
schema, sees pictures, and fails as it is asked to by the model's name. It is a strict reader: what
its dialect does not know, or lacks, is a 400 with the reason, so what arrives there is well formed.

| module | what |
|---|---|
| `server` | HTTP, credentials, and the models that fail |
| `script` | what is asked, and what is said to that, whatever the dialect |
| `openai_chat` `openai_responses` `openai_plain` `anthropic` `gemini` | one dialect each |
"""
