"""Right answers to lab 09, each written another way."""

import math

import numpy as np
import torch

from tests.utils.exercises.right_answers import refuse_if


def log_mel_by_unfold(waveform, filters, size, hop):
    points = 2 * (filters.shape[1] - 1)
    refuse_if(hop < 1 or size < 1 or size > points or len(waveform) < size or not waveform.isfinite().all())
    frames = waveform.unfold(0, size, hop) * torch.hann_window(size)
    power = torch.fft.rfft(frames, n=points).abs() ** 2
    return torch.log(power @ filters.T + 1e-6)


def log_mel_by_cosines(waveform, filters, size, hop):
    """By the definition of the Fourier transform, frame by frame."""
    bins = filters.shape[1]
    refuse_if(hop < 1 or not 1 <= size <= 2 * (bins - 1) or len(waveform) < size or bool(torch.isnan(waveform).any()))
    time = torch.arange(size, dtype=torch.float64)
    window = 0.5 - 0.5 * torch.cos(2 * math.pi * time / size)
    angle = math.pi * torch.arange(bins, dtype=torch.float64)[:, None] * time / (bins - 1)
    rows = []
    for start in range(0, len(waveform) - size + 1, hop):
        frame = waveform[start : start + size].double() * window
        power = (torch.cos(angle) @ frame) ** 2 + (torch.sin(angle) @ frame) ** 2
        rows.append(torch.log(filters.double() @ power + 1e-6))
    return torch.stack(rows)


def mix_at_snr_by_powers(clean, noise, snr_db):
    refuse_if(not len(clean) or not len(noise))
    times = math.ceil(len(clean) / len(noise))
    added = noise.repeat(times)[: len(clean)]
    speech, other = clean.square().mean(), added.square().mean()
    refuse_if(not speech > 0 or not other > 0)
    return clean + torch.sqrt(speech / other / 10 ** (snr_db / 10)) * added


def mix_at_snr_by_decibels(clean, noise, snr_db):
    refuse_if(clean.numel() == 0 or noise.numel() == 0 or bool(torch.isnan(clean).any()) or bool(torch.isnan(noise).any()))
    added = noise[torch.arange(len(clean)) % len(noise)].double()
    levels = [float((one.double() ** 2).mean()) for one in (clean, added)]
    refuse_if(min(levels) == 0)
    before = 10 * math.log10(levels[0] / levels[1])
    return clean.double() + 10 ** ((before - snr_db) / 20) * added


def smooth_by_slices(posteriors, window):
    refuse_if(window < 1 or not len(posteriors) or bool(posteriors.isnan().any()))
    return torch.stack([posteriors[max(at - window + 1, 0) : at + 1].mean(0) for at in range(len(posteriors))])


def smooth_by_sums(posteriors, window):
    refuse_if(window < 1 or posteriors.numel() == 0 or not torch.isfinite(posteriors).all())
    sums = torch.cat([torch.zeros(1, posteriors.shape[1], dtype=torch.float64), posteriors.double().cumsum(0)])
    ends = torch.arange(1, len(posteriors) + 1)
    starts = (ends - window).clamp(min=0)
    return (sums[ends] - sums[starts]) / (ends - starts)[:, None]


def detect_by_frames(posteriors, threshold, refractory):
    refuse_if(not 0 < threshold <= 1 or refractory < 1 or not len(posteriors) or bool(posteriors.isnan().any()))
    found, last = [], None
    for frame, row in enumerate(posteriors):
        if row.max() >= threshold and (last is None or frame - last >= refractory):
            found.append((frame, int(row.argmax())))
            last = frame
    return found


def detect_by_jumps(posteriors, threshold, refractory):
    refuse_if(threshold <= 0 or threshold > 1 or refractory < 1 or posteriors.numel() == 0 or not posteriors.isfinite().all())
    best, word = posteriors.max(1)
    loud = np.flatnonzero(best.numpy() >= threshold)
    found = []
    while len(loud):
        found.append((torch.tensor(loud[0]), word[loud[0]]))
        loud = loud[loud >= loud[0] + refractory]
    return [(int(frame), int(said)) for frame, said in found]


def false_accepts_per_hour_by_list(detections, spoken, seconds, tolerance_s):
    refuse_if(seconds <= 0 or tolerance_s < 0 or any(time > seconds for time, _ in detections))
    refuse_if(any(end < begin for begin, end, _ in spoken))
    left, wrong = sorted(spoken, key=lambda one: one[1]), 0
    for time, word in sorted(detections):
        for one in left:
            if one[2] == word and one[0] <= time <= one[1] + tolerance_s:
                left.remove(one)
                break
        else:
            wrong += 1
    missed = 100 * len(left) / len(spoken) if spoken else float("nan")
    return {"per_hour": wrong * 3600 / seconds, "missed_percent": missed}


def false_accepts_per_hour_by_flags(detections, spoken, seconds, tolerance_s):
    refuse_if(not seconds > 0 or not tolerance_s >= 0 or max([time for time, _ in detections], default=0) > seconds)
    refuse_if(any(begin > end for begin, end, _ in spoken))
    hit, wrong = [False] * len(spoken), 0
    for time, word in sorted(detections, key=lambda one: one[0]):
        open_words = [
            at for at, (begin, end, said) in enumerate(spoken) if not hit[at] and said == word and begin <= time <= end + tolerance_s
        ]
        if open_words:
            hit[min(open_words, key=lambda at: spoken[at][1])] = True
        else:
            wrong += 1
    share = torch.tensor(hit, dtype=torch.float64).mean() if hit else torch.tensor(float("nan"))
    return {"missed_percent": 100 * (1 - share), "per_hour": wrong / seconds * 60 * 60}


def roc_points_by_comparison(keyword_scores, other_scores, hours):
    refuse_if(not len(keyword_scores) or not hours > 0 or bool(torch.isnan(torch.cat([keyword_scores, other_scores])).any()))
    thresholds = torch.unique(torch.cat([keyword_scores, other_scores]))
    alarms = (other_scores >= thresholds[:, None]).sum(1) / hours
    missed = 100 * (keyword_scores < thresholds[:, None]).double().mean(1)
    return torch.stack([thresholds, alarms, missed], 1)


def roc_points_by_sorting(keyword_scores, other_scores, hours):
    refuse_if(keyword_scores.numel() == 0 or hours <= 0)
    refuse_if(not keyword_scores.isfinite().all() or not other_scores.isfinite().all())
    spoken, others = keyword_scores.double().sort().values, other_scores.double().sort().values
    rows = []
    for threshold in sorted({*spoken.tolist(), *others.tolist()}):
        at = torch.tensor(threshold, dtype=torch.float64)
        alarms = len(others) - int(torch.searchsorted(others, at))
        rows.append([threshold, alarms / hours, 100 * int(torch.searchsorted(spoken, at)) / len(spoken)])
    return torch.tensor(rows, dtype=torch.float64)
