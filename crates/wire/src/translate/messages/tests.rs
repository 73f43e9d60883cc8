//! What is written is read back as the same, and what cannot be told is refused at its place.

mod golden;
mod prompts;
mod refusals;
mod replies;
mod streams;

use bytes::Bytes;

use crate::neutral::{Content, Json};
use crate::{MessagesRequest, Usage};

/// Xorshift64*: the same numbers in every run, so that a failure can be seen again.
struct Chance(u64);

impl Chance {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Chance) -> T) -> Option<T> {
        if self.below(2) == 0 { None } else { Some(make(self)) }
    }

    fn some<T>(&mut self, max: usize, mut make: impl FnMut(&mut Chance) -> T) -> Vec<T> {
        (0..self.below(max + 1)).map(|_| make(self)).collect()
    }

    fn text(&mut self) -> &'static str {
        self.pick(&[
            "a",
            "Zwölf Boxkämpfer",
            "😀\u{1F1F3}",
            "\"\\\n\t\u{0}\r\n\n",
            "data: {}\n\n",
            " ",
        ])
    }

    /// What an assistant says.
    fn answer(&mut self) -> Content<'static> {
        match self.below(4) {
            0 => Content::Thought {
                text: self.pick(&["", "hm", "\n"]).into(),
                signature: Some(self.pick(&["EqQB+/=", "c2ln"]).into()),
            },
            1 => Content::SealedThought(self.pick(&["Emw=", "b3Bhcw"]).into()),
            2 => Content::Call {
                id: self.pick(&["toolu_1", "call-2"]).into(),
                name: self.pick(&["now", "get_weather"]).into(),
                input: self.input(),
            },
            _ => Content::Text(self.text().into()),
        }
    }

    fn input(&mut self) -> Json<'static> {
        json(self.pick(&["{}", r#"{"city":"Malmö","at":[1,2.50]}"#, r#"{"a":{"b":"\"}"}}"#]))
    }

    fn usage(&mut self) -> Usage {
        let (cached, written) = (self.below(9) as u64, self.below(9) as u64);
        let output_tokens = self.below(99) as u64;
        Usage {
            input_tokens: cached + written + self.below(99) as u64,
            cached_input_tokens: cached,
            cache_write_input_tokens: written,
            output_tokens,
            reasoning_tokens: output_tokens / 2,
        }
    }
}

fn json(text: &'static str) -> Json<'static> {
    Json::new(serde_json::from_str(text).unwrap())
}

/// A request of a caller; `members` are whatever it has beside a model and a cap.
fn request(members: &str) -> MessagesRequest {
    let body = format!(r#"{{"model":"claude","max_tokens":4096,{members}}}"#);
    MessagesRequest::parse(Bytes::from(body)).unwrap()
}

fn hi() -> MessagesRequest {
    request(r#""messages":[{"role":"user","content":"Hi"}]"#)
}
