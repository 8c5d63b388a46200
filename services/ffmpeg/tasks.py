"""The tasks of the ffmpeg service."""

from common.settings import Settings
from common.worker.job import Job
from common.worker.programs import PROGRAMS
from common.worker.task import task
from services.ffmpeg import contracts as c
from services.ffmpeg.execution.program import find_program
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.operations import audio, burn, cut, frames, loudness, mux, segments, silence, subtitles, video
from services.ffmpeg.settings import FfmpegSettings
from services.ffmpeg.workbench import TaskSetup


def describe_ffmpeg(settings: Settings) -> str:
    return str(find_program(settings.section(FfmpegSettings).binary))


PROGRAMS["ffmpeg"] = describe_ffmpeg


@task(c.PROBE)
def probe(params: c.ProbeInput, job: Job) -> MediaInfo:
    """Read what a medium contains."""
    return TaskSetup(job, c.PROBE).open(params.media_path)[1]


@task(c.EXTRACT_AUDIO)
def extract_audio(params: c.ExtractAudioInput, job: Job) -> c.AudioOutput:
    """Decode one audio track.

    Raises:
        NoAudioTrack: the file has no such track.
    """
    bench = TaskSetup(job, c.EXTRACT_AUDIO, params)
    source, info = bench.open(params.video_path)
    audio.audio_track(info, params.track)
    clip = bench.clip(info, params.start, params.end)
    target = job.staging(audio.file_name("audio", params))
    report = bench.reporter("extract", clip.length)
    audio.write(bench.ffmpeg, source, target, params, track=params.track, clip=clip, on_progress=report)
    made = bench.inspect(target)
    sound = audio.audio_track(made, 0)
    return c.AudioOutput(
        audio_path=job.publish(target),
        duration=made.duration or 0.0,
        sample_rate=sound.sample_rate or 0,
        channels=sound.channels or 0,
    )


@task(c.EXTRACT_KEYFRAMES)
def extract_keyframes(params: c.ExtractKeyframesInput, job: Job) -> c.ExtractKeyframesOutput:
    """Save keyframes as pictures.

    Raises:
        NoVideoTrack: the file has no pictures.
    """
    bench = TaskSetup(job, c.EXTRACT_KEYFRAMES, params)
    source, info = bench.open_video(params.video_path)
    clip = bench.clip(info, params.start, params.end)
    report = bench.reporter("extract", clip.length)
    found = frames.extract(bench.ffmpeg, source, bench.folder("keyframes"), params, clip=clip, on_progress=report)
    kept = [
        c.Frame(image_path=job.publish(picture.file), time=picture.time)
        for picture in frames.evenly_spaced(found, params.max_count)
    ]
    return c.ExtractKeyframesOutput(frames=kept, found=len(found))


@task(c.SPLIT_AUDIO_SEGMENTS)
def split_audio_segments(params: c.SplitAudioSegmentsInput, job: Job) -> c.SplitAudioSegmentsOutput:
    """Split one audio track.

    Raises:
        NoAudioTrack: the file has no such track.
    """
    bench = TaskSetup(job, c.SPLIT_AUDIO_SEGMENTS, params)
    source, info = bench.open(params.audio_path)
    sound, total = audio.audio_track(info, params.track), bench.clip(info).length
    cuts, done = None, 0.0
    if params.cut_at != "length":
        done = 50.0
        listen = bench.reporter("find silences", total, span=(0.0, done))
        silences, total = silence.detect(bench.ffmpeg, source, bench.folder("silences"), params, on_progress=listen)
        cuts = silence.plan(silences, total, params)
    report = bench.reporter("split", total, span=(done, 100.0))
    folder = bench.folder("segments")
    pieces = segments.split(bench.ffmpeg, source, folder, params, sound=sound, cuts=cuts, on_progress=report)
    return c.SplitAudioSegmentsOutput(
        segments=[
            c.AudioSegment(audio_path=job.publish(piece.file), start=piece.start, end=piece.end) for piece in pieces
        ],
    )


@task(c.CUT)
def cut_media(params: c.CutInput, job: Job) -> c.MediaOutput:
    """Cut a part out of a medium."""
    bench = TaskSetup(job, c.CUT, params)
    source, info = bench.open(params.media_path)
    clip = bench.clip(info, params.start, params.end)
    report = bench.reporter("cut", clip.length)
    if params.mode == "copy":
        target = job.staging(f"cut.{info.extension}")
        cut.copy(bench.ffmpeg, source, target, clip=clip, on_progress=report)
    else:
        target = job.staging(cut.exact_name(info))
        cut.exact(bench.ffmpeg, source, target, info=info, clip=clip, on_progress=report)
    duration = bench.duration(target)
    return c.MediaOutput(media_path=job.publish(target), duration=duration)


@task(c.TRANSCODE)
def transcode(params: c.TranscodeInput, job: Job) -> c.MediaOutput:
    """Change container, codecs or size."""
    bench = TaskSetup(job, c.TRANSCODE, params)
    source, info = bench.open(params.media_path)
    clip = bench.clip(info)
    target = job.staging(f"video.{params.container}")
    report = bench.reporter("transcode", clip.length)
    video.transcode(bench.ffmpeg, source, target, params, info=info, clip=clip, on_progress=report)
    duration = bench.duration(target)
    return c.MediaOutput(media_path=job.publish(target), duration=duration)


@task(c.BURN_SUBTITLES)
def burn_subtitles(params: c.BurnSubtitlesInput, job: Job) -> c.BurnSubtitlesOutput:
    """Burn subtitles into the pictures.

    Raises:
        NoVideoTrack: the file has no pictures.
        SubtitlesUnreadable: their format or encoding is unknown.
    """
    bench = TaskSetup(job, c.BURN_SUBTITLES, params)
    source, info = bench.open_video(params.video_path)
    folder = bench.folder("burned")
    file = subtitles.prepare(job.fetch(params.subtitle_path), folder, "subtitles", params.encoding)
    burn.place_fonts([job.fetch(font) for font in params.font_files], folder)
    report = bench.reporter("burn", bench.clip(info).length)
    target = folder / "video.mp4"
    missing = burn.burn(bench.ffmpeg, source, target, params, file=file, info=info, on_progress=report)
    duration = bench.duration(target)
    return c.BurnSubtitlesOutput(video_path=job.publish(target), duration=duration, missing_characters=missing)


@task(c.MUX_SUBTITLES)
def mux_subtitles(params: c.MuxSubtitlesInput, job: Job) -> c.MuxSubtitlesOutput:
    """Add subtitle tracks.

    Raises:
        NoVideoTrack: the file has no pictures.
        SubtitlesUnreadable: the format or encoding of a track is unknown.
    """
    bench = TaskSetup(job, c.MUX_SUBTITLES, params)
    source, info = bench.open_video(params.video_path)
    folder = bench.folder("muxed")
    files = [
        subtitles.prepare(job.fetch(track.subtitle_path), folder, f"track{number}", track.encoding)
        for number, track in enumerate(params.tracks)
    ]
    report = bench.reporter("mux", bench.clip(info).length)
    target = folder / f"video.{mux.container_for(params, info)}"
    mux.mux(bench.ffmpeg, source, target, params, files=files, info=info, on_progress=report)
    count = len(bench.inspect(target).of("subtitle"))
    return c.MuxSubtitlesOutput(video_path=job.publish(target), subtitle_tracks=count)


@task(c.NORMALIZE_AUDIO)
def normalize_audio(params: c.NormalizeAudioInput, job: Job) -> c.NormalizeAudioOutput:
    """Normalize the loudness of one audio track.

    Raises:
        NoAudioTrack, NoVideoTrack: the file has no such track, or no video to keep.
        AudioSilent: there is no loudness to change.
    """
    bench = TaskSetup(job, c.NORMALIZE_AUDIO, params)
    source, info = (bench.open_video if params.keep_video else bench.open)(params.media_path)
    audio.audio_track(info, params.track)
    total, folder = bench.clip(info).length, bench.folder("normalized")
    listen = bench.reporter("measure", total, span=(0.0, 40.0))
    measured = loudness.measure(bench.ffmpeg, source, folder, params, on_progress=listen)
    target = folder / loudness.file_name(params, info)
    report = bench.reporter("normalize", total, span=(40.0, 100.0))
    result = loudness.normalize(bench.ffmpeg, source, target, params, info=info, measured=measured, on_progress=report)
    duration = bench.duration(target)
    return c.NormalizeAudioOutput(
        media_path=job.publish(target),
        duration=duration,
        before=loudness.before(measured),
        after=loudness.after(result),
    )
