"""Languages: those of the PP-OCRv6 models, and PaddleOCR's names of the others."""

PP_OCR_V6 = frozenset(
    {
        *("zh", "en", "ja"),
        *("af", "az", "bs", "ca", "cs", "cy", "da", "de", "es", "et", "eu", "fi", "fr", "ga", "gl", "hr", "hu", "id"),
        *("is", "it", "ku", "la", "lb", "lt", "lv", "mi", "ms", "mt", "nl", "no", "oc", "pl", "pt", "qu", "rm", "ro"),
        *("sk", "sl", "sq", "sv", "sw", "tl", "tr", "uz"),
    }
)
"""ISO 639-1, as in PaddleOCR's `lang` for PP-OCRv6: one model reads all of these."""

PADDLE_NAMES = {"zh": "ch", "ja": "japan", "ko": "korean"}
"""Where PaddleOCR's `lang` differs from ISO 639."""
