"""Plain text: one line per cue, without times."""

from common.captions.document import Document


def write(document: Document) -> str:
    lines = (" ".join(caption.text.split()) for caption in document.captions)
    return "".join(f"{line}\n" for line in lines if line)
