"""From a voice's audio to a clip: what a telephone carries, at the level of a telephone."""

from math import gcd

import numpy as np
from scipy import signal
from scipy.ndimage import maximum_filter1d

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
# As fine as A-law's smallest step, and FLAC spends nothing on the bits below: a third less to carry.
KEPT_BITS = 13


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


def master(audio, rate_hz, gap_ms):
    common = gcd(FILE_RATE_HZ, rate_hz)
    at_file_rate = signal.resample_poly(audio, FILE_RATE_HZ // common, rate_hz // common)
    at_file_rate = np.pad(at_file_rate, (FILE_RATE_HZ // 10, FILE_RATE_HZ // 10))
    return trim(normalise(band_limit(at_file_rate)), gap_ms)


def kept_bits(audio):
    """The audio with only the bits that a telephone can tell apart."""
    steps = 1 << (KEPT_BITS - 1)
    return np.clip(np.round(audio * steps), -steps, steps - 1) / steps
