"""Languages as clients write them."""

from services.faster_whisper.languages import NAMES

SPACELESS = frozenset({"bo", "ja", "km", "lo", "my", "th", "yue", "zh"})
"""Written without spaces between words, and so without a space between segments."""
CODES = {name: code for code, name in NAMES.items()}


def language_code(language: str | None) -> str | None:
    """Return the code of a language that is given as a code, a locale ("en-US", "pt_BR") or an English name."""
    if not language:
        return None
    plain = language.strip().lower()
    return CODES.get(plain) or plain.replace("_", "-").partition("-")[0]
