"""How far a figure could have come out otherwise: intervals of shares, of their differences, of reruns, over speakers.

Conventions: shares are in [0, 1]; `right` of `clips` test clips are right; an interval is (low, high) and covers the
true value in `confidence` of all cases. Every function draws nothing, or takes a seed.
"""

import math
from collections.abc import Sequence

import numpy as np
import scipy  # scipy.stats has the functions of scipy.special too, and takes a second to import

Interval = tuple[float, float]
CONFIDENCE = 0.95
FEWEST_SPEAKERS = 8  # of fewer an interval of 95 % over speakers covers less than 93.5 %: of four 88 %, of two half
RESAMPLES = 4000  # the ends of a 95 % interval then move by a hundredth of its width from seed to seed


def wilson(right: int, clips: int, confidence: float = CONFIDENCE) -> Interval:
    """Interval of a share, from the test clips alone.

    Raises
    ------
    ValueError : no clips, or more right than there are

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22.
    """
    if not 0 <= right <= clips or clips == 0:
        raise ValueError(f"{right} right of {clips} clips: expected at least one clip, and no more right than clips")
    z = scipy.special.ndtri((1 + confidence) / 2)
    share = right / clips
    centre = (share + z**2 / (2 * clips)) / (1 + z**2 / clips)
    half = z / (1 + z**2 / clips) * math.sqrt(share * (1 - share) / clips + z**2 / (4 * clips**2))
    # at the borders the formula gives 0 and 1 but for the last bits
    return (0.0 if right == 0 else centre - half), (1.0 if right == clips else centre + half)


def newcombe(right: int, clips: int, other_right: int, other_clips: int, confidence: float = CONFIDENCE) -> Interval:
    """Interval of the difference of two shares of different clips: `right / clips` minus the other.

    Source: Newcombe (1998), Interval estimation for the difference between independent proportions, Statistics in
    Medicine 17, method 10 (of Wilson intervals).
    """
    first, second = right / clips, other_right / other_clips
    low, high = wilson(right, clips, confidence)
    other_low, other_high = wilson(other_right, other_clips, confidence)
    difference = first - second
    return (
        difference - math.hypot(first - low, other_high - second),
        difference + math.hypot(high - first, second - other_low),
    )


def rerun(
    shares: Sequence[float], clips: int, published_clips: int | None = None, confidence: float = CONFIDENCE
) -> Interval:
    """Interval that one more run falls in, on `published_clips` test clips, after runs with other seeds on `clips`.

    The variance between runs holds that of the network, of the split and the binomial one of `clips`; where the
    published test part is smaller, the binomial variance that it has more is added; for a larger one nothing is taken
    away, so that the interval is rather too wide. Student's t with one degree of freedom fewer than runs, or as many as
    Satterthwaite's formula gives when a part of the variance is known. Runs that are all equal (three times 100 %) show
    no variance, though one more need not be: then it is the binomial one of the clips, of a share moved towards a half
    as Agresti and Coull do.

    Parameters
    ----------
    shares : accuracy of each run, two at least
    clips : test clips of each run
    published_clips : of the run to come; None: as many

    Returns
    -------
    low, high : not cut at 0 and 1

    Raises
    ------
    ValueError : fewer than two runs

    Source: prediction interval of a normal sample, e.g. Geisser (1993), Predictive Inference, chapter 2; Satterthwaite
    (1946), An approximate distribution of estimates of variance components, Biometrics Bulletin 2; Agresti and Coull
    (1998), Approximate is better than "exact" for interval estimation of binomial proportions, The American
    Statistician 52.
    """
    runs = np.asarray(shares, dtype=float)
    if len(runs) < 2:
        raise ValueError(f"{len(runs)} runs: how far another seed moves a figure takes two or more")
    mean, seen = runs.mean(), runs.var(ddof=1) * (1 + 1 / len(runs))
    if np.ptp(runs) == 0:
        z = float(scipy.special.ndtri((1 + confidence) / 2))
        share = (mean * clips * len(runs) + z**2 / 2) / (clips * len(runs) + z**2)
        half = z * math.sqrt(share * (1 - share) * (1 / min(clips, published_clips or clips) + 1 / (clips * len(runs))))
        return float(mean - half), float(mean + half)
    binomial = mean * (1 - mean)
    smaller = published_clips is not None and published_clips < clips
    known = binomial / published_clips - binomial / clips if smaller else 0.0
    variance = seen + known
    freedom = (len(runs) - 1) * (variance / seen) ** 2
    half = scipy.special.stdtrit(freedom, (1 + confidence) / 2) * math.sqrt(variance)
    return float(mean - half), float(mean + half)


def over_speakers(
    y_true: Sequence[str],
    y_pred: Sequence[str],
    speakers: Sequence[str],
    classes: Sequence[str],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> dict[str, Interval]:
    """Intervals of accuracy and UAR over speakers: whole speakers are drawn with replacement, with all their clips.

    Clips of one speaker are not independent, so the interval of the clips alone is too narrow for new speakers. With
    few speakers percentiles of the bootstrap are too narrow as well; they are taken further out, as Student's t asks.
    That is enough for `FEWEST_SPEAKERS`; draws of fewer have too few different outcomes to read 95 % off them.

    Returns
    -------
    {"accuracy": (low, high), "uar": (low, high)}; a class that a draw lacks is left out of its UAR

    Raises
    ------
    ValueError : fewer speakers than `FEWEST_SPEAKERS`

    Source: Field and Welsh (2007), Bootstrapping clustered data, JRSS B 69 (the cluster bootstrap); Hesterberg (2015),
    What teachers should know about the bootstrap, The American Statistician 69 (expanded percentiles).
    """
    names, who = np.unique(np.asarray(speakers), return_inverse=True)
    if len(names) < FEWEST_SPEAKERS:
        raise ValueError(f"{len(names)} speakers: an interval over speakers takes {FEWEST_SPEAKERS} or more")
    truth = np.asarray(y_true)
    right = (truth == np.asarray(y_pred)).astype(float)
    totals, hits = (np.zeros((len(names), len(classes))) for _ in range(2))
    for column, name in enumerate(classes):
        of_class = truth == name
        totals[:, column] = np.bincount(who[of_class], minlength=len(names))
        hits[:, column] = np.bincount(who[of_class], weights=right[of_class], minlength=len(names))
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)
    accuracy, uar = resampled_scores(drawn, hits, totals)
    ends = 100 * expanded_ends(len(names), confidence)
    return {
        key: tuple(map(float, np.percentile(values, ends))) for key, values in (("accuracy", accuracy), ("uar", uar))
    }


def resampled_scores(drawn: np.ndarray, hits: np.ndarray, totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy and UAR of each resample.

    Parameters
    ----------
    drawn : int (resamples, speakers), how often each speaker is in
    hits, totals : (speakers, classes), right and all clips

    Returns
    -------
    accuracy, uar : float (resamples,)
    """
    right, clips = drawn @ hits, drawn @ totals
    recalls = np.divide(right, clips, out=np.full(right.shape, np.nan), where=clips > 0)
    return right.sum(axis=1) / clips.sum(axis=1), np.nanmean(recalls, axis=1)


def expanded_ends(groups: int, confidence: float = CONFIDENCE) -> np.ndarray:
    """Shares at which the sorted resamples are read: further out than (1 ± confidence) / 2 the fewer groups there are.

    Source: Hesterberg (2015), section 5.3: Φ(−√(n / (n − 1)) · t).
    """
    t = scipy.special.stdtrit(groups - 1, (1 + confidence) / 2)
    low = scipy.special.ndtr(-math.sqrt(groups / (groups - 1)) * t)
    return np.array([low, 1 - low])
