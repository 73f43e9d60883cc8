"""What OpenAI's API has besides conversations: what the gateway reads, what it passes through."""

import openai
import pytest

from asking import CANARY, user
from prices import EMBEDDER, MODEL
from scripted.openai_plain import PICTURE, SPEECH, VECTOR
from scripted.script import HELLO

SCRIPTED = "gpt-scripted"


def test_a_completion_is_the_model_s(client, tape):
    answer = client.completions.create(model=MODEL, prompt=f"Hello {CANARY}", max_tokens=8)
    assert answer.choices[0].text and answer.usage.completion_tokens == 8
    assert tape[-1].cost_nano_usd > 0


def test_a_completion_is_streamed(client):
    asked = {"model": MODEL, "prompt": f"Hello {CANARY}", "max_tokens": 8}
    chunks = list(client.completions.create(**asked, stream=True))
    assert len(chunks) > 2 and "".join(chunk.choices[0].text for chunk in chunks)


@pytest.mark.parametrize("form", ["float", "base64"])
def test_vectors_come_as_they_are_asked_for(client, tape, form):
    answer = client.embeddings.create(model=SCRIPTED, input=CANARY, encoding_format=form)
    (item,) = answer.data
    assert item.embedding == VECTOR if form == "float" else isinstance(item.embedding, str)
    assert tape[-1].cost_nano_usd > 0


def test_a_batch_of_texts_is_embedded_by_the_model(client):
    texts = [CANARY, f"{CANARY} and more", CANARY]
    one, other, again = client.embeddings.create(model=EMBEDDER, input=texts).data
    assert one.embedding == pytest.approx(again.embedding, abs=1e-3) != other.embedding


def test_a_text_is_moderated(client):
    (verdict,) = client.moderations.create(model=SCRIPTED, input=CANARY).results
    assert not verdict.flagged


def test_tokens_of_a_response_are_counted_for_nothing(client, tape):
    counted = client.responses.input_tokens.count(model=SCRIPTED, input=CANARY)
    assert counted.input_tokens > 0 and tape[-1].cost_nano_usd == 0


def test_a_provider_that_wants_patience_is_told_as_such(client):
    with pytest.raises(openai.RateLimitError) as busy:
        client.with_options(max_retries=0).chat.completions.create(
            model="gpt-scripted-rate-limited", messages=user(CANARY)
        )
    assert (busy.value.status_code, busy.value.code) == (429, "upstream_rate_limited")
    assert int(busy.value.response.headers["retry-after"]) > 0


def test_a_file_goes_up_and_down(client):
    file = client.files.create(file=("notes.txt", b"hello"), purpose="user_data")
    assert client.files.retrieve(file.id).filename == "notes.txt"
    assert [listed.id for listed in client.files.list()] == [file.id]
    assert client.files.content(file.id).read() == b"hello"
    assert client.files.delete(file.id).deleted


def test_speech_and_its_transcription(client):
    spoken = client.audio.speech.create(model=SCRIPTED, voice="alloy", input=CANARY)
    assert spoken.read() == SPEECH
    heard = client.audio.transcriptions.create(model=SCRIPTED, file=("speech.wav", SPEECH))
    assert heard.text == HELLO


def test_a_picture_is_made(client):
    made = client.images.generate(model=SCRIPTED, prompt=CANARY)
    assert made.data[0].b64_json == PICTURE
