"""Language codes: two letters (ISO 639-1), three letters (ISO 639-2, two variants), and those that engines use."""

import re

PAIRS = (
    "af:afr am:amh ar:ara as:asm az:aze ba:bak be:bel bg:bul bn:ben bo:tib br:bre bs:bos ca:cat cs:cze cy:wel da:dan "
    "de:ger el:gre en:eng es:spa et:est eu:baq fa:per fi:fin fo:fao fr:fre ga:gle gl:glg gu:guj ha:hau he:heb hi:hin "
    "hr:hrv ht:hat hu:hun hy:arm id:ind is:ice it:ita ja:jpn jv:jav ka:geo kk:kaz km:khm kn:kan ko:kor la:lat lb:ltz "
    "ln:lin lo:lao lt:lit lv:lav mg:mlg mi:mao mk:mac ml:mal mn:mon mr:mar ms:may mt:mlt my:bur ne:nep nl:dut nn:nno "
    "no:nor oc:oci pa:pan pl:pol ps:pus pt:por ro:rum ru:rus sa:san sd:snd si:sin sk:slo sl:slv sn:sna so:som sq:alb "
    "sr:srp su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha tk:tuk tl:tgl tr:tur tt:tat ug:uig uk:ukr ur:urd uz:uzb "
    "vi:vie yi:yid yo:yor zh:chi zu:zul"
)
LANGUAGE_CODES: dict[str, str] = dict(re.findall(r"(..):(...)", PAIRS))
"""Two-letter codes (ISO 639-1) to the three-letter ones that containers use (ISO 639-2/B)."""

ALIASES: dict[str, str] = dict(
    re.findall(
        r"(\w+):(\w+)",
        "bod:bo ces:cs cym:cy deu:de ell:el eus:eu fas:fa fra:fr hye:hy isl:is kat:ka mkd:mk mri:mi msa:ms mya:my "
        "nld:nl ron:ro slk:sk sqi:sq zho:zh cmn:zh jw:jv iw:he in:id ji:yi mo:ro nb:no nob:no fil:tl",
    )
)
"""ISO 639-2/T, members of macrolanguages, and older codes."""
CANONICAL = {three: two for two, three in LANGUAGE_CODES.items()} | ALIASES
UNKNOWN = frozenset({"", "und", "mis", "mul", "zxx"})


def primary_language(tag: str | None) -> str | None:
    """Return the language of a tag such as `eng`, `deu`, `pt-BR` or `zh_Hans` in its shortest code, None for none."""
    code = re.split(r"[-_]", (tag or "").strip().lower())[0]
    return None if code in UNKNOWN else CANONICAL.get(code, code)
