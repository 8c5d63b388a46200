"""Videos with burned-in subtitles and known ground truth, rendered by ffmpeg in any size, rate, place and style.

The font is a subset of Noto Sans CJK (see tests/fixtures/fonts), so the machine needs no fonts.
"""

# ruff: noqa: RUF001 - the full-width signs are part of the text

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

FONTS = Path(__file__).parents[1] / "fixtures/fonts"
FONT = "Baton Test"

ENGLISH = (
    "Good morning, everyone.",
    "We have been waiting for you.",
    "The bridge was built a century ago.",
    "Please open the window a little.",
    "He did not come home last night.",
    "It takes more time and patience.",
    "The train arrives in three minutes.",
    "Nobody knows the answer.",
    "The library is very quiet today.",
    "She has studied music for years.",
)
CHINESE = (
    "你好，欢迎回来。",
    "今天我们去山上看日出。",
    "这座桥是一百年前修建的。",
    "请把窗户打开一点。",
    "他昨天晚上没有回家。",
    "我们需要更多的时间和耐心。",
    "火车将在三分钟后到达。",
    "谁知道答案？",
    "图书馆里非常安静。",
    "她学习音乐已经十年了。",
)

BACKGROUNDS = {
    "plain": "color=c=0x405060:s={size}:r={rate}:d={seconds}",
    "pattern": "testsrc2=s={size}:r={rate}:d={seconds}",
    "fractal": "mandelbrot=s={size}:r={rate}:end_scale=0.05,trim=duration={seconds}",
    "noise": "color=c=0x607080:s={size}:r={rate}:d={seconds},noise=alls=40:allf=t",
    "life": "life=s={size}:r={rate}:mold=10:ratio=0.3:death_color=#305080:life_color=#80a090,trim=duration={seconds}",
}
STYLES = {
    "outline": "&H00FFFFFF,&H00000000,&H00000000,1,2.5,0",
    "box": "&H00FFFFFF,&H00000000,&H00000000,3,4,0",
    "yellow": "&H0000FFFF,&H00000000,&H00000000,1,2.5,0",
}
FIELDS = "Name,Fontname,Fontsize,PrimaryColour,OutlineColour,BackColour,BorderStyle,Outline,Shadow,Alignment,MarginV"


@dataclass(frozen=True, slots=True)
class Shown:
    """A subtitle. Times are in seconds; a newline separates two lines of text."""

    start: float
    end: float
    text: str


def spread(texts: Sequence[str], *, every: float = 1.6, length: float = 1.2, first: float = 0.8) -> list[Shown]:
    """Return subtitles that show the texts one after the other."""
    return [Shown(first + n * every, first + n * every + length, text) for n, text in enumerate(texts)]


@dataclass(frozen=True)
class Burned:
    """A video to render."""

    lines: Sequence[Shown]
    size: str = "640x360"
    rate: str = "25"
    background: str = "pattern"
    style: str = "outline"
    top: bool = False
    fade_ms: int = 0
    logo: str = ""
    seconds: float | None = None
    variable: bool = False
    """Drop frames at irregular intervals."""

    @property
    def length(self) -> float:
        return self.seconds or max(line.end for line in self.lines) + 0.8

    def make(self, target: Path) -> Path:
        width, height = (int(part) for part in self.size.split("x"))
        script = target.with_suffix(".ass")
        script.write_text(self.script(width, height), encoding="utf-8")
        background = BACKGROUNDS[self.background].format(size=self.size, rate=self.rate, seconds=self.length)
        filters = f"format=yuv420p,ass=filename='{script}':fontsdir='{FONTS}'"
        if self.variable:
            filters += ",select='not(eq(mod(n,5),2)+eq(mod(n,7),3))'"
        command = [
            *(get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", background),
            *("-vf", filters, "-fps_mode", "vfr" if self.variable else "cfr"),
            *("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p", str(target)),
        ]
        subprocess.run(command, check=True, timeout=1_800)
        return target

    def script(self, width: int, height: int) -> str:
        size = round(height / 14)
        margin = round(height / 18)
        styles = [
            f"Style: Line,{FONT},{size},{STYLES[self.style]},{8 if self.top else 2},{margin}",
            f"Style: Logo,{FONT},{size},{STYLES['outline']},7,{margin}",
        ]
        fade = f"{{\\fad({self.fade_ms},{self.fade_ms})}}" if self.fade_ms else ""
        events = [("Line", line.start, line.end, fade + line.text.replace("\n", "\\N")) for line in self.lines]
        if self.logo:
            events.append(("Logo", 0.0, self.length + 1, self.logo))
        dialogue = [f"Dialogue: {stamp(begin)},{stamp(end)},{name},{text}" for name, begin, end, text in events]
        return "\n".join(
            [
                *("[Script Info]", "ScriptType: v4.00+", f"PlayResX: {width}", f"PlayResY: {height}", "WrapStyle: 2"),
                *("[V4+ Styles]", f"Format: {FIELDS}", *styles),
                *("[Events]", "Format: Start,End,Style,Text", *dialogue, ""),
            ]
        )


def stamp(seconds: float) -> str:
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6_000)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 100:02d}.{rest % 100:02d}"
