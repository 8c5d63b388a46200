"""The language of a task: fixed as soon as one is detected with enough probability, or by most of the first chunks."""

from collections import defaultdict

from services.dual_stream.context import SlowTranscript


class LanguageVote:
    def __init__(
        self, known: str | None, probability: float = 1.0, *, segments: int = 1, threshold: float = 0.5
    ) -> None:
        """`known` is the language that was given or detected before. Otherwise, most of the first `segments` detections
        decide, if none has a probability above `threshold`.
        """
        self.fixed = known
        """None until it is certain: then the next chunk's language is detected too."""
        self.probability = probability
        self.segments = segments
        self.threshold = threshold
        self.detected: defaultdict[str, list[float]] = defaultdict(list)

    def add(self, heard: SlowTranscript) -> SlowTranscript:
        """Count the language detected in a chunk, and return the transcript with the probability of its language."""
        if self.fixed is None:
            self.detected[heard.language].append(heard.language_probability)
            self.decide(heard)
            return heard
        return SlowTranscript(heard.segments, heard.language, self.probability)

    def decide(self, heard: SlowTranscript) -> None:
        language, count = heard.language, sum(map(len, self.detected.values()))
        if heard.language_probability <= self.threshold:
            if count < self.segments:
                return
            language = max(self.detected, key=lambda name: len(self.detected[name]))
        self.fixed, self.probability = language, max(self.detected[language])
