"""Choose the text of a segment: the slow engine's, or, where that looks wrong, the draft's."""

import math

from common.transcript.format import Segment
from common.transcript.loops import compression_ratio, spoken_words
from services.dual_stream.alignment.assignment import AssignedUtterance
from services.dual_stream.alignment.hallucinations import find_objections, mean_probability
from services.dual_stream.alignment.invented_ends import drop_invented_ends
from services.dual_stream.alignment.limits import FallbackLimits
from services.dual_stream.alignment.retiming import retime_words
from services.dual_stream.records import Decision, Objection

WEIGHED: frozenset[Objection] = frozenset({"avg_logprob", "disagreement"})
"""Objections that compare probabilities; the others are visible in the text itself."""

DOUBTED = 0.5
"""Factor of the limit of disagreement where the slow engine doubts the words in which the engines differ."""
LEAST_AGREEMENT = 0.5
"""A draft that has fewer of the slow engine's words gives no times: they are those of other words."""


def choose(matched: AssignedUtterance, language: str | None, limits: FallbackLimits) -> tuple[Segment, Decision] | None:
    """Return the segment of an utterance and the reason for the choice; None if neither engine found a text that can
    be used.

    The draft replaces a text that looks wrong only if it is better by what can be measured: see `is_better`.
    """
    draft = matched.utterance.draft
    before, after = drop_invented_ends(matched, limits)
    logprobs = [segment.avg_logprob for segment in matched.heard if segment.avg_logprob is not None]
    reasons = reasons_against(matched, min(logprobs, default=None), limits)
    falls_back = bool(reasons) and draft is not None and is_better(draft, reasons, logprobs, language, limits)
    if not (matched.words or falls_back):
        return None
    if before or after:
        reasons = [*reasons, "invented_ends"]
    decision = Decision(
        id=matched.utterance.id,
        source="draft" if falls_back else "final",
        reasons=reasons,
        agreement=round(matched.agreement, 3) if limits.is_usable(draft) and matched.words else None,
        compression_ratio=round(compression_ratio(matched.text), 3) if matched.words else None,
        avg_logprob=min(logprobs, default=None),
        draft_confidence=draft.confidence if draft else None,
        dropped_start=before,
        dropped_end=after,
        rejected=matched.text if falls_back else "",
    )
    return (draft if draft and falls_back else final(matched, decision, language)), decision


def reasons_against(matched: AssignedUtterance, avg_logprob: float | None, limits: FallbackLimits) -> list[Objection]:
    draft = matched.utterance.draft
    found = find_objections(matched.text, avg_logprob, limits, draft=draft.text if draft else "")
    highest = limits.disagreement * (DOUBTED if doubts_difference(matched, limits) else 1.0)
    if "empty" not in found and limits.is_confident(draft) and 1 - matched.agreement > highest:
        found.append("disagreement")
    return found


def doubts_difference(matched: AssignedUtterance, limits: FallbackLimits) -> bool:
    """Return whether the slow engine doubts its words that the draft has otherwise, or not at all."""
    other = [word for word, same in zip(matched.words, matched.confirmed, strict=True) if not same]
    probability = mean_probability([word for word in other if spoken_words(word.text)])
    return probability is not None and probability < limits.doubtful_words


def is_better(
    draft: Segment, reasons: list[Objection], logprobs: list[float], language: str | None, limits: FallbackLimits
) -> bool:
    """Return whether a draft is better than the text that these reasons speak against.

    It must be usable itself, and confident in a language that the slow engine did not detect: the fast engine takes
    unknown languages for one of its own. Where nothing but a probability speaks against the text, the draft must be
    more probable; both are the geometric mean of the probabilities of tokens.
    """
    same = draft.language == language or language is None
    if not (limits.is_usable(draft) if same else limits.is_confident(draft)) or find_objections(
        draft.text, None, limits
    ):
        return False
    if logprobs and set(reasons) <= WEIGHED:
        return (draft.confidence or 0.0) > math.exp(min(logprobs))
    return True


def final(matched: AssignedUtterance, decision: Decision, language: str | None) -> Segment:
    draft = matched.utterance.draft
    known = matched.known if matched.agreement >= LEAST_AGREEMENT else [None] * len(matched.known)
    words = retime_words(matched.words, known, matched.begin, matched.end)
    confidences = [segment.confidence for segment in matched.heard if segment.confidence is not None]
    silences = [segment.no_speech_prob for segment in matched.heard if segment.no_speech_prob is not None]
    return Segment(
        id=matched.utterance.id,
        start=words[0].start,
        end=words[-1].end,
        text=matched.text,
        words=words,
        language=language,
        emotion=draft.emotion if draft else None,
        event=draft.event if draft else None,
        confidence=min(confidences, default=None),
        avg_logprob=decision.avg_logprob,
        compression_ratio=decision.compression_ratio,
        no_speech_prob=max(silences, default=None),
    )
