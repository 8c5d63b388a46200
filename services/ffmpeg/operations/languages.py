"""Map two-letter language codes (ISO 639-1) to the three-letter ones used in containers (ISO 639-2/B)."""

import re

PAIRS = (
    "af:afr am:amh ar:ara az:aze be:bel bg:bul bn:ben bo:tib bs:bos ca:cat cs:cze cy:wel da:dan de:ger el:gre "
    "en:eng es:spa et:est eu:baq fa:per fi:fin fr:fre ga:gle gl:glg gu:guj he:heb hi:hin hr:hrv hu:hun hy:arm "
    "id:ind is:ice it:ita ja:jpn jv:jav ka:geo kk:kaz km:khm kn:kan ko:kor la:lat lo:lao lt:lit lv:lav mi:mao "
    "mk:mac ml:mal mn:mon mr:mar ms:may mt:mlt my:bur ne:nep nl:dut no:nor pa:pan pl:pol ps:pus pt:por ro:rum "
    "ru:rus sd:snd si:sin sk:slo sl:slv so:som sq:alb sr:srp sv:swe sw:swa ta:tam te:tel tg:tgk th:tha tl:tgl "
    "tr:tur ug:uig uk:ukr ur:urd uz:uzb vi:vie yi:yid yo:yor zh:chi zu:zul"
)
LANGUAGE_CODES: dict[str, str] = dict(re.findall(r"(..):(...)", PAIRS))
