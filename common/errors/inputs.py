"""Errors of input files and URLs."""

from common.errors.base import BatonError


class UnsafePath(BatonError):
    """The path leads outside the shared storage. Use a path under share, a file id, or a URL."""

    code = "unsafe_path"
    status = 422


class FileMissing(BatonError):
    """The file does not exist. Upload it with `POST /v1/files`, or put it under share."""

    code = "file_not_found"
    status = 404


class UrlNotAllowed(BatonError):
    """The URL points to an address that inputs may not come from."""

    code = "url_not_allowed"
    status = 422


class NotMedia(BatonError):
    """The file is not readable audio or video. Check that it plays."""

    code = "not_media"
    status = 422


class CodecNotAllowed(BatonError):
    """The file needs a decoder that is not allowed by default. Convert the file with `ffmpeg.transcode` or
    another program; for ffmpeg's tasks, `ffmpeg.extra_decoders` allows more decoders.
    """

    code = "codec_not_allowed"
    status = 422


class NoAudioTrack(BatonError):
    """The file has no such audio track. `ffmpeg.probe` lists its tracks."""

    code = "no_audio_track"
    status = 422


class TooManyChannels(BatonError):
    """The audio track has more channels than can be transcribed separately. Send `channels: mix`."""

    code = "too_many_channels"
    status = 422


class NoVideoTrack(BatonError):
    """The file has no video track. `ffmpeg.probe` lists its tracks."""

    code = "no_video_track"
    status = 422


class ClipOutsideMedia(BatonError):
    """The selected part starts after the end of the file. Choose a `start` inside it."""

    code = "clip_outside_media"
    status = 422


class MediaTooLong(BatonError):
    """The file is longer than allowed. Select a part of it, or raise `max_duration` in the service's settings."""

    code = "media_too_long"
    status = 422


class TooManyPixels(BatonError):
    """The picture is larger than allowed. Scale it down, or raise the pixel limit in the service's settings."""

    code = "too_many_pixels"
    status = 422


class DownloadFailed(BatonError):
    """The input could not be downloaded. Check that the URL answers from this machine."""

    code = "download_failed"
    status = 502
    retryable = True
