"""Allowed decoders for users' files: those of common media. ffmpeg has hundreds more, mostly for old games.

The names are ffmpeg's own (`ffmpeg -decoders`); one codec may have several decoders.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from common.errors import CodecNotAllowed

if TYPE_CHECKING:
    from av.stream import Stream

VIDEO = (
    "av1 libdav1d libaom-av1 h261 h263 h263p h264 libopenh264 hevc vvc "
    "vp3 vp6 vp6a vp6f vp8 libvpx vp9 libvpx-vp9 theora dirac "
    "mpeg1video mpeg2video mpegvideo mpeg4 msmpeg4v1 msmpeg4v2 msmpeg4 msvideo1 msrle wmv1 wmv2 wmv3 vc1 flv svq1 svq3 "
    "rv10 rv20 rv30 rv40 mjpeg mjpegb dvvideo prores dnxhd cfhd hap jpeg2000 v210 r10k r210 qtrle flashsv flashsv2 "
    "ffv1 ffvhuff huffyuv utvideo magicyuv rawvideo yuv4 zlib gif"
)
PICTURES = "png apng bmp tiff webp webp_anim"
AUDIO = (
    "aac aac_fixed aac_latm mp1 mp1float mp2 mp2float mp3 mp3float ac3 ac3_fixed eac3 dca truehd mlp opus libopus "
    "vorbis libvorbis flac alac als ape wavpack tta tak shorten wmav1 wmav2 wmapro wmalossless wmavoice "
    "amrnb libopencore_amrnb amrwb libopencore_amrwb gsm gsm_ms ilbc speex libspeex g722 g726 g726le g729 g723_1 "
    "cook sipr real_144 real_288 ralf nellymoser qdm2 s302m dsd_lsbf dsd_msbf dsd_lsbf_planar dsd_msbf_planar dst "
    "atrac1 atrac3 atrac3plus mpc7 mpc8 "
    "adpcm_ima_wav adpcm_ima_qt adpcm_ima_amv adpcm_ms adpcm_swf adpcm_yamaha adpcm_ct "
    "pcm_alaw pcm_mulaw pcm_vidc pcm_bluray pcm_dvd pcm_lxf pcm_s24daud "
    "pcm_s8 pcm_s8_planar pcm_u8 pcm_s16le pcm_s16be pcm_s16le_planar pcm_s16be_planar pcm_u16le pcm_u16be "
    "pcm_s24le pcm_s24be pcm_s24le_planar pcm_u24le pcm_u24be pcm_s32le pcm_s32be pcm_s32le_planar pcm_u32le pcm_u32be "
    "pcm_s64le pcm_s64be pcm_f32le pcm_f32be pcm_f64le pcm_f64be"
)
SUBTITLES = "ass ssa srt subrip webvtt mov_text text dvbsub dvdsub pgssub xsub cc_dec"

DECODERS = tuple(f"{VIDEO} {PICTURES} {AUDIO} {SUBTITLES}".split())


def whitelist(extra: Iterable[str] = ()) -> str:
    """Return ffmpeg's `codec_whitelist`."""
    return ",".join((*DECODERS, *extra))


def check_decoder(stream: Stream) -> None:
    """Raise if FFmpeg would decode a stream in this process with a decoder that is not allowed.

    Raises:
        CodecNotAllowed: the detail names the decoder.
    """
    decoder = stream.codec_context.name if stream.codec_context else None
    if decoder and decoder not in DECODERS:
        raise CodecNotAllowed(
            f"The file needs the decoder {decoder}, which is not allowed. Convert it, for example to FLAC or H.264: "
            "with ffmpeg.transcode if ffmpeg.extra_decoders allows the decoder, or with another program.",
            decoder=decoder,
        )
