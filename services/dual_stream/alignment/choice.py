"""Choose the text of a segment: the slow engine's, or, where that looks wrong, the draft's."""

from common.transcript.format import Segment
from services.dual_stream.alignment.assignment import AssignedUtterance
from services.dual_stream.alignment.hallucinations import compression_ratio, find_objections
from services.dual_stream.alignment.limits import FallbackLimits
from services.dual_stream.alignment.retiming import retime_words
from services.dual_stream.records import Decision, Objection


def choose(matched: AssignedUtterance, language: str | None, limits: FallbackLimits) -> tuple[Segment, Decision] | None:
    """Return the segment of an utterance and the reason for the choice; None if neither engine found any text.

    If both look wrong, the slow engine's text is kept: an improbable draft is no better.
    """
    draft = matched.utterance.draft
    logprobs = [segment.avg_logprob for segment in matched.heard if segment.avg_logprob is not None]
    if draft is None and not matched.words:
        return None
    reasons = reasons_against(matched, min(logprobs, default=None), limits)
    falls_back = draft is not None and bool(reasons) and is_draft_usable(draft, reasons, language, limits)
    decision = Decision(
        id=matched.utterance.id,
        source="draft" if falls_back else "final",
        reasons=reasons,
        agreement=round(matched.agreement, 3) if draft and matched.words else None,
        compression_ratio=round(compression_ratio(matched.text), 3) if matched.words else None,
        avg_logprob=min(logprobs, default=None),
        draft_confidence=draft.confidence if draft else None,
        rejected=matched.text if falls_back else "",
    )
    return (draft if draft and falls_back else final(matched, decision, language)), decision


def reasons_against(matched: AssignedUtterance, avg_logprob: float | None, limits: FallbackLimits) -> list[Objection]:
    draft = matched.utterance.draft
    found = find_objections(matched.text, avg_logprob, limits, draft=draft.text if draft else "")
    confident = draft is not None and (draft.confidence or 0.0) >= limits.confident_draft
    if "empty" not in found and confident and 1 - matched.agreement > limits.disagreement:
        found.append("disagreement")
    return found


def is_draft_usable(draft: Segment, reasons: list[Objection], language: str | None, limits: FallbackLimits) -> bool:
    """Return whether a draft is good enough. In a language that the slow engine did not detect, it must be confident:
    the fast engine takes unknown languages for one of its own.
    """
    if "empty" in reasons:
        return True
    same = draft.language == language or language is None
    least = limits.usable_draft if same else limits.confident_draft
    return (draft.confidence or 0.0) >= least


def final(matched: AssignedUtterance, decision: Decision, language: str | None) -> Segment:
    draft, words = matched.utterance.draft, retime_words(matched.words, matched.known, matched.begin, matched.end)
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
