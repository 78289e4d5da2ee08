"""Waveform functions against closed forms, and bad recordings against their one clear line."""

import math

import librosa
import numpy as np
import pytest
import scipy.signal
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_keras import audio
from ser_keras.errors import AudioError

RATE = 16_000


def tone(frequency=440.0, seconds=1.0, rate=RATE, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def strongest_frequency(wave, rate=RATE):
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return spectrum.argmax() * rate / len(wave)


def write(path, wave, rate=RATE, subtype="PCM_16"):
    soundfile.write(path, wave, rate, subtype=subtype)
    return path


def test_read_gives_the_samples_and_rate_of_the_file(tmp_path):
    wave, rate = audio.read(write(tmp_path / "a.wav", tone()))
    assert (rate, wave.dtype) == (RATE, np.float32)
    np.testing.assert_allclose(wave, tone(), atol=1 / 32768)  # half a step of 16 bits, rounding


def test_read_averages_the_channels(tmp_path):
    stereo = np.stack([tone(), np.zeros_like(tone())], axis=1)
    wave, _ = audio.read(write(tmp_path / "stereo.wav", stereo))
    np.testing.assert_allclose(wave, tone() / 2, atol=1 / 32768)


def test_read_takes_8_bit_recordings(tmp_path):
    wave, _ = audio.read(write(tmp_path / "eight.wav", tone(), subtype="PCM_U8"))
    np.testing.assert_allclose(wave, tone(), atol=1 / 64)  # two steps of 8 bits


def test_read_resamples_and_keeps_the_pitch(tmp_path):
    wave, rate = audio.read(write(tmp_path / "a.wav", tone()), sample_rate=44_100)
    assert (rate, len(wave)) == (44_100, 44_100)
    assert strongest_frequency(wave, 44_100) == pytest.approx(440, abs=1)  # resolution of one second: 1 Hz


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.wav", b"", "no readable recording"),
        ("text.wav", b"this is no sound", "no readable recording"),
        ("header.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "no readable recording"),
    ],
)
def test_read_refuses_what_is_no_recording_and_names_the_file(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AudioError, match=f"{name}.*{says}.*replace the file"):
        audio.read(tmp_path / name)


def test_read_refuses_a_missing_file(tmp_path):
    with pytest.raises(AudioError, match=r"gone\.wav is not there.*fetch"):
        audio.read(tmp_path / "gone.wav")


@pytest.mark.parametrize(
    ("wave", "subtype", "says"),
    [
        (np.zeros(0), "PCM_16", "no samples"),
        (np.zeros(8000), "PCM_16", "silent"),
        (np.full(8000, np.nan), "FLOAT", "NaN"),
        (np.full(8000, np.inf), "FLOAT", "infinite"),
    ],
)
def test_read_refuses_recordings_without_a_usable_sample(tmp_path, wave, subtype, says):
    with pytest.raises(AudioError, match=rf"bad\.wav.*{says}"):
        audio.read(write(tmp_path / "bad.wav", wave, subtype=subtype))


def test_trimmed_cuts_the_silent_ends_and_keeps_the_tone():
    silence = np.zeros(RATE, np.float32)
    cut = audio.trimmed(np.concatenate([silence, tone(), silence]), RATE, top_db=30)
    assert abs(len(cut) - RATE) <= 2 * 2048  # one frame at each end
    assert np.abs(cut).max() == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("rates", [(48_000, 44_100), (16_000, 21_500), (24_414, 22_050), (8000, 16_000)])
@pytest.mark.parametrize("samples", [1, 100, 30_001])
def test_resampled_is_librosas_to_the_last_digit(rates, samples):
    wave = np.random.default_rng(samples).standard_normal(samples).astype(np.float32)
    expected = librosa.resample(wave, orig_sr=rates[0], target_sr=rates[1], res_type="soxr_hq")
    np.testing.assert_array_equal(audio.resampled(wave, rates[0], target_rate=rates[1]), expected)


@pytest.mark.parametrize("samples", [1, 511, 512, 2048, 30_000])
@pytest.mark.parametrize("top_db", [3.0, 20.0, 60.0])
def test_trimmed_cuts_where_librosa_does(samples, top_db):
    rng = np.random.default_rng(samples)
    wave = (rng.standard_normal(samples) * np.hanning(samples + 2)[1:-1] ** 4).astype(np.float32)
    expected = librosa.effects.trim(wave, top_db=top_db, frame_length=2048, hop_length=512)[0]
    np.testing.assert_array_equal(audio.trimmed(wave, 16_000, top_db=top_db), expected)
    np.testing.assert_array_equal(audio.frame_rms(wave), librosa.feature.rms(y=wave)[0])


def test_higher_threshold_trims_less():
    fading = tone() * np.linspace(0, 1, RATE, dtype=np.float32) ** 2
    assert len(audio.trimmed(fading, RATE, top_db=20)) < len(audio.trimmed(fading, RATE, top_db=40))


def test_no_threshold_trims_nothing():
    wave = np.concatenate([np.zeros(RATE, np.float32), tone()])
    assert audio.trimmed(wave, RATE, top_db=None) is wave


def test_trimmed_refuses_a_threshold_that_is_not_positive():
    with pytest.raises(AudioError, match="trim_top_db is -5"):
        audio.trimmed(tone(), RATE, top_db=-5)


def test_wiener_filter_lowers_white_noise_and_keeps_a_slow_tone():
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    slow = tone(50)
    filtered = audio.wiener_filtered(slow + noise, RATE, size=9)
    assert np.std(filtered - slow) < 0.8 * np.std(noise)


@pytest.mark.parametrize("size", [3, 5, 29])
@pytest.mark.parametrize("samples", [29, 1000, 50_000])
def test_wiener_filter_is_scipys(size, samples):
    wave = (0.1 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)
    expected = scipy.signal.wiener(wave.astype(np.float64), mysize=size)
    np.testing.assert_allclose(audio.wiener_filtered(wave, RATE, size=size), expected, atol=1e-7)


def test_wiener_filter_keeps_silence_and_waves_that_are_shorter_than_its_window():
    np.testing.assert_array_equal(audio.wiener_filtered(np.zeros(100, np.float32), RATE, size=5), np.zeros(100))
    assert audio.wiener_filtered(tone()[:3], RATE, size=9).shape == (3,)


def test_wiener_filter_of_one_sample_changes_nothing():
    assert audio.wiener_filtered(tone(), RATE, size=1) is not None
    np.testing.assert_array_equal(audio.wiener_filtered(tone(), RATE, size=1), tone())


def test_wiener_filter_refuses_an_even_window():
    with pytest.raises(AudioError, match="wiener_size is 4, expected an odd"):
        audio.wiener_filtered(tone(), RATE, size=4)


def test_fixed_length_adds_zeros_at_the_end():
    longer = audio.fixed_length(np.ones(10, np.float32), 10, seconds=1.5)
    np.testing.assert_array_equal(longer, [1] * 10 + [0] * 5)


@pytest.mark.parametrize(("keep", "kept"), [("start", [0, 1, 2, 3]), ("centre", [3, 4, 5, 6]), ("end", [6, 7, 8, 9])])
def test_fixed_length_keeps_the_asked_part_of_a_longer_wave(keep, kept):
    np.testing.assert_array_equal(audio.fixed_length(np.arange(10.0), 4, seconds=1.0, keep=keep), kept)


def test_fixed_length_refuses_an_unknown_part():
    with pytest.raises(AudioError, match="keep is 'middle', expected one of start, centre, end"):
        audio.fixed_length(tone(), RATE, seconds=1, keep="middle")


def test_noise_has_the_asked_share_of_the_peak():
    rng = np.random.default_rng(0)
    noise = audio.with_noise(tone(), RATE, scale=0.1, level="fixed", rng=rng) - tone()
    assert noise.std() == pytest.approx(0.05, rel=0.03)  # sd of 16 000 draws: 0.6 %


def test_uniform_noise_level_lies_below_the_threshold_and_varies():
    levels = [
        (audio.with_noise(tone(), RATE, scale=0.1, level="uniform", rng=np.random.default_rng(seed)) - tone()).std()
        for seed in range(40)
    ]
    assert max(levels) < 0.05 * 1.03
    assert np.mean(levels) == pytest.approx(0.025, rel=0.4)  # mean of 40 uniform draws: sd 9 %


def test_noise_is_the_same_for_the_same_generator():
    first = audio.with_noise(tone(), RATE, scale=0.1, rng=np.random.default_rng(7))
    np.testing.assert_array_equal(first, audio.with_noise(tone(), RATE, scale=0.1, rng=np.random.default_rng(7)))


def test_trimmed_to_level_keeps_all_between_the_first_and_the_last_loud_sample():
    wave = np.array([0, 1e-4, 0.5, 0, -0.2, -1e-4, 0], np.float32)
    np.testing.assert_array_equal(audio.trimmed_to_level(wave, RATE, level=1e-4), wave[2:5])


@pytest.mark.parametrize("peak", [0.0, 5e-5])
def test_trimmed_to_level_keeps_a_wave_that_is_nowhere_loud(peak):
    wave = np.full(100, peak, np.float32)
    np.testing.assert_array_equal(audio.trimmed_to_level(wave, RATE, level=1e-4), wave)


def test_peak_normalised_has_a_peak_of_one_on_either_side():
    np.testing.assert_array_equal(audio.peak_normalised(np.array([0.25, -0.5, 0], np.float32), RATE), [0.5, -1, 0])


def test_peak_normalised_silence_stays_silent():
    np.testing.assert_array_equal(audio.peak_normalised(np.zeros(10, np.float32), RATE), np.zeros(10))


def test_wave_from_an_offset_lacks_its_beginning():
    wave = np.arange(10, dtype=np.float32)
    assert audio.from_offset(wave, 4, seconds=0.5).tolist() == list(range(2, 10))


@pytest.mark.parametrize("samples", [1, 2])
def test_wave_that_ends_before_the_offset_is_refused(samples):
    with pytest.raises(AudioError, match=r"has 0\.\d+ s, and nothing after 0\.5 s"):
        audio.from_offset(np.ones(samples, np.float32), 4, seconds=0.5)


def test_recording_that_is_too_long_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", np.full(1001, 0.1), 1000)
    monkeypatch.setattr(audio, "_one_channel", lambda *_: pytest.fail("decoded"))
    with pytest.raises(AudioError, match=r"a\.wav is longer than 1 s: cut it"):
        audio.read(tmp_path / "a.wav", longest_s=1.0)


def test_recording_that_proves_longer_than_its_header_says_is_decoded_no_further(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", np.full(100_000, 0.1), 1000)
    real, said, taken = soundfile.SoundFile.frames, [1], []
    read = soundfile.SoundFile.read

    def counted(file, rows, **options):
        taken.append(rows)
        return read(file, rows, **options)

    monkeypatch.setattr(audio, "BLOCK", 600)
    monkeypatch.setattr(soundfile.SoundFile, "frames", property(lambda file: said.pop() if said else real.fget(file)))
    monkeypatch.setattr(soundfile.SoundFile, "read", counted)
    with pytest.raises(AudioError, match=r"a\.wav is longer than 1 s"):
        audio.read(tmp_path / "a.wav", longest_s=1.0)
    assert taken == [600, 600]


def noise(samples, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


gains = st.sampled_from([-2.0, -0.5, 0.25, 4.0])  # powers of two: float32 is multiplied by them without rounding
rates = st.sampled_from([8000, 11_025, 16_000, 22_050, 44_100, 48_000])


@given(samples=st.integers(1, 5000), given_rate=rates, wanted=rates)
def test_resampled_wave_has_the_length_of_the_rule(samples, given_rate, wanted):
    assert len(audio.resampled(noise(samples), given_rate, target_rate=wanted)) == math.ceil(
        samples * wanted / given_rate
    )


@settings(max_examples=20)
@given(low=st.floats(50, 3000), rate=st.sampled_from([16_000, 22_050, 44_100]))
def test_wave_below_both_limits_comes_back_from_another_rate(low, rate):
    wave = tone(low, rate=16_000)
    back = audio.resampled(audio.resampled(wave, 16_000, target_rate=rate), rate, target_rate=16_000)
    assert len(back) >= len(wave)
    inner = slice(2000, 14_000)  # beside the ends, at which the tone is cut off
    np.testing.assert_allclose(back[: len(wave)][inner], wave[inner], atol=1e-3)


@settings(max_examples=20)
@given(gain=gains, seed=st.integers(0, 99))
def test_gain_and_linear_steps_may_be_taken_in_any_order(gain, seed):
    wave = noise(8000, seed)
    louder = np.float32(gain) * wave
    for step in (
        lambda one: audio.resampled(one, 16_000, target_rate=22_050),
        lambda one: audio.fixed_length(one, 16_000, seconds=0.3, keep="centre"),
        lambda one: audio.from_offset(one, 16_000, seconds=0.1),
        lambda one: audio.wiener_filtered(one, 16_000, size=5),
    ):
        np.testing.assert_allclose(step(louder), gain * step(wave), rtol=1e-4, atol=1e-5)
    assert len(audio.trimmed(louder, 16_000, top_db=20)) == len(audio.trimmed(wave, 16_000, top_db=20))
    np.testing.assert_allclose(
        audio.peak_normalised(louder, 16_000), np.sign(gain) * audio.peak_normalised(wave, 16_000), rtol=1e-6
    )


@given(
    first=st.integers(1, 500), second=st.integers(1, 500), rate=st.sampled_from([10, 100]), seconds=st.integers(1, 9)
)
def test_fixed_length_of_two_waves_is_that_of_the_first_filled_with_the_second(first, second, rate, seconds):
    a, b = noise(first), noise(second, 1)
    size = rate * seconds
    joined = audio.fixed_length(np.concatenate([a, b]), rate, seconds=seconds)
    np.testing.assert_array_equal(joined[: min(first, size)], a[:size])
    rest = audio.fixed_length(b, rate, seconds=seconds)[: max(size - first, 0)]
    np.testing.assert_array_equal(joined[first:], rest)


@given(samples=st.integers(1, 400), seconds=st.integers(1, 5), keep=st.sampled_from(["start", "centre", "end"]))
def test_length_that_is_fixed_stays(samples, seconds, keep):
    once = audio.fixed_length(noise(samples), 50, seconds=seconds, keep=keep)
    assert len(once) == 50 * seconds
    np.testing.assert_array_equal(audio.fixed_length(once, 50, seconds=seconds, keep=keep), once)


@given(lead=st.integers(0, 3000), tail=st.integers(0, 3000), level=st.floats(0.001, 0.2))
def test_trim_to_a_level_is_done_once_and_takes_silence_off_alone(lead, tail, level):
    wave = noise(1000)
    padded = np.concatenate([np.zeros(lead, np.float32), wave, np.zeros(tail, np.float32)])
    once = audio.trimmed_to_level(padded, 16_000, level=level)
    np.testing.assert_array_equal(audio.trimmed_to_level(once, 16_000, level=level), once)
    np.testing.assert_array_equal(once, audio.trimmed_to_level(wave, 16_000, level=level))
    assert np.abs(once[[0, -1]]).min() > level


@settings(max_examples=30)
@given(lead=st.integers(0, 40), tail=st.integers(0, 40), top_db=st.sampled_from([20, 40, 60]))
def test_trim_of_whole_frames_of_silence_leaves_the_same_sound(lead, tail, top_db):
    hop = 512
    silence = np.zeros(8 * hop, np.float32)
    core = np.concatenate([silence, noise(40 * hop), silence])
    padded = np.concatenate([np.zeros(lead * hop, np.float32), core, np.zeros(tail * hop, np.float32)])
    cut = audio.trimmed(padded, 16_000, top_db=top_db)
    np.testing.assert_array_equal(cut, audio.trimmed(core, 16_000, top_db=top_db))
    again = audio.trimmed(cut, 16_000, top_db=top_db)
    assert len(cut) - 2 * 2048 <= len(again) <= len(cut)  # frames at the ends hold other silence: a frame a side
