"""Errors of the ffmpeg service, in addition to the common ones."""

from common.errors import BatonError


class FfmpegMissing(BatonError):
    """There is no ffmpeg on this worker. Install it, `pip install imageio-ffmpeg`, or set `ffmpeg.binary`."""

    code = "ffmpeg_missing"


class FfmpegOutdated(BatonError):
    """The ffmpeg on this worker is older than 5.1. Install a newer one, `pip install imageio-ffmpeg`, or set
    `ffmpeg.binary`.
    """

    code = "ffmpeg_outdated"


class OutputTooLarge(BatonError):
    """The output exceeds the limit. Request less, or raise the setting that the message names."""

    code = "output_too_large"
    status = 422


class MediaDamaged(BatonError):
    """The file ends early or is damaged. Copy it again, or send `allow_damaged: true` to process the readable part."""

    code = "media_damaged"
    status = 422


class CodecUnsupported(BatonError):
    """This ffmpeg, or the requested container, does not support a codec. The detail names it; choose another."""

    code = "codec_unsupported"
    status = 422


class SubtitlesUnreadable(BatonError):
    """The subtitles are not SRT, WebVTT or ASS in the given encoding. Check the file and `encoding`."""

    code = "subtitles_unreadable"
    status = 422


class AudioSilent(BatonError):
    """The audio is silent, or shorter than 0.4 s, so its loudness cannot be measured. Nothing was changed."""

    code = "audio_silent"
    status = 422


class FfmpegStalled(BatonError):
    """ffmpeg made no progress for `ffmpeg.stall_timeout` and was ended. Check that the storage answers, then retry."""

    code = "ffmpeg_stalled"
    retryable = True


class MediaTooDemanding(BatonError):
    """ffmpeg needed more CPU time, time or memory than allowed. Simplify the file or the subtitles, or raise the
    setting that the message names.
    """

    code = "media_too_demanding"
    status = 422


class FfmpegFailed(BatonError):
    """ffmpeg failed. The detail contains its last messages."""

    code = "ffmpeg_failed"
    status = 422


class FfmpegKilled(BatonError):
    """ffmpeg was killed by the system, usually for lack of memory. Give the machine more memory, or fewer workers."""

    code = "ffmpeg_killed"
    retryable = True
