//! Cutting a text into the pieces of a stream: words, each with the blanks before it.

/// Few enough that the frames around them stay small beside a long text.
const MAX_PIECES: usize = 256;
/// Where words have no blanks between them, a piece ends here.
const MAX_WORD_BYTES: usize = 32;

/// The pieces of `text`, none empty; together they are the text.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let least = text.len() / MAX_PIECES;
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at_checked(end_of_piece(rest, least))?;
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Behind the first word that ends at `least` bytes or later.
fn end_of_piece(text: &str, least: usize) -> usize {
    let mut in_word = false;
    for (at, letter) in text.char_indices() {
        let blank = letter.is_whitespace();
        let ends = in_word && (blank || at >= least + MAX_WORD_BYTES);
        if ends && at > least {
            return at;
        }
        in_word = !blank;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        pieces(text).collect()
    }

    #[test]
    fn words_keep_the_blanks_before_them() {
        assert_eq!(
            cut("Hello, big world!\n\n Bye. "),
            ["Hello,", " big", " world!", "\n\n Bye.", " "]
        );
        assert_eq!(cut(""), [""; 0]);
        assert_eq!(cut(" "), [" "]);
    }

    #[test]
    fn words_without_blanks_are_cut_between_letters() {
        let text = "今日は".repeat(20) + &"😀".repeat(20) + "é";
        let pieces = cut(&text);
        assert_eq!(pieces.concat(), text);
        assert!(pieces.len() > 5 && pieces.iter().all(|piece| piece.len() <= MAX_WORD_BYTES + 4));
    }

    #[test]
    fn long_texts_have_few_pieces() {
        for text in ["a b ".repeat(100_000), "x".repeat(300_000), " ".repeat(9_000)] {
            let pieces = cut(&text);
            assert_eq!(pieces.concat(), text);
            assert!(pieces.len() <= MAX_PIECES + 1, "{}", pieces.len());
        }
    }
}
