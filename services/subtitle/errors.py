"""Errors of the subtitle service, in addition to the common ones."""

from common.errors import BatonError


class NotATranscript(BatonError):
    """The file is not a Transcript. Send the `transcript_path` of a transcription task, or a subtitle file."""

    code = "not_a_transcript"
    status = 422


class NotSubtitles(BatonError):
    """The file is not SRT, WebVTT, ASS, SSA, TTML, SCC, EBU-STL, LRC, MPL2, MicroDVD or Transcript JSON. Check that it
    is the right file.
    """

    code = "not_subtitles"
    status = 422


class NotAShotList(BatonError):
    """The file is not a list of shot changes. Send `shots_path` of `ffmpeg.detect_shots`, or a JSON list of seconds."""

    code = "not_a_shot_list"
    status = 422


class SubtitlesTooLarge(BatonError):
    """The file is larger than allowed. Split it, or raise the setting that the detail names."""

    code = "subtitles_too_large"
    status = 422


class FrameRateUnknown(BatonError):
    """MicroDVD counts in frames, and this file does not contain the frame rate. Send the video's `fps`."""

    code = "frame_rate_unknown"
    status = 422


class TimeTooLate(BatonError):
    """ASS and SSA cannot represent times of 100 hours or more. Choose srt, vtt or json, or split the subtitles."""

    code = "time_too_late"
    status = 422


class CharactersUnsupported(BatonError):
    """The format cannot represent some characters of the text, which the detail names. Choose another format, such as
    vtt or ttml.
    """

    code = "characters_unsupported"
    status = 422


class NotDiarization(BatonError):
    """The file is neither RTTM nor a JSON list of {start, end, speaker}. Send the output of `diarize_speakers`."""

    code = "not_diarization"
    status = 422


class TranscriptsDiffer(BatonError):
    """The second transcript has no segment with an id of the first. Send a translation of the same transcript."""

    code = "transcripts_differ"
    status = 422
