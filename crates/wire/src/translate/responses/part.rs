//! What both directions must agree on, or a round trip would lose it.

/// Between the parts of a thought: it is one text here and may be several in a reasoning item.
pub(super) const BETWEEN_THOUGHTS: &str = "\n\n";

/// The formats of sound, and their media types; the first of a format is what is read.
const SOUNDS: [(&str, &str); 5] = [
    ("mp3", "audio/mp3"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("wav", "audio/x-wav"),
    ("wav", "audio/wave"),
];

/// The media type of a format of sound.
pub(super) fn sound_type(format: &str) -> Option<&'static str> {
    SOUNDS.into_iter().find(|(known, _)| *known == format).map(|(_, media_type)| media_type)
}

/// The format of sound of this media type.
pub(super) fn sound_format(media_type: &str) -> Option<&'static str> {
    SOUNDS.into_iter().find(|(_, known)| *known == media_type).map(|(format, _)| format)
}
