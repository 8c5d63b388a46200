"""The tasks of the ffmpeg service."""

from pydantic_core import to_json

from common.settings import Settings
from common.worker.job import Job
from common.worker.programs import PROGRAMS
from common.worker.task import task
from services.ffmpeg import contracts as c
from services.ffmpeg.copied_offset import find_audio_offset, find_offset
from services.ffmpeg.execution.program import find_program
from services.ffmpeg.media import MediaInfo
from services.ffmpeg.operations import (
    audio,
    burn,
    cut,
    frames,
    loudness,
    mux,
    phase,
    segments,
    shots,
    silence,
    subtitles,
    video,
)
from services.ffmpeg.settings import FfmpegSettings
from services.ffmpeg.task_setup import TaskSetup


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
    setup = TaskSetup(job, c.EXTRACT_AUDIO, params)
    source, info = setup.open(params.video_path)
    track = audio.choose(info, params)
    clip = setup.clip(info, params.start, params.end)
    target = job.staging(audio.file_name("audio", params))
    report = setup.reporter("extract", clip.length)
    stereo = info.of("audio")[track.index].channels == phase.STEREO
    spans = audio.write(
        setup.ffmpeg, source, target, params, track=track.index, clip=clip, on_progress=report, stereo=stereo
    )
    made = setup.inspect(target)
    sound = made.of("audio")[0]
    return c.AudioOutput(
        audio_path=job.publish(target),
        duration=made.duration or 0.0,
        sample_rate=sound.sample_rate or 0,
        channels=sound.channels or 0,
        track=track,
        warnings=phase.warnings(spans, made.duration or 0.0),
    )


@task(c.EXTRACT_KEYFRAMES)
def extract_keyframes(params: c.ExtractKeyframesInput, job: Job) -> c.ExtractKeyframesOutput:
    """Save keyframes as pictures.

    Raises:
        NoVideoTrack: the file has no pictures.
    """
    setup = TaskSetup(job, c.EXTRACT_KEYFRAMES, params)
    source, info = setup.open_video(params.video_path)
    clip = setup.clip(info, params.start, params.end)
    report = setup.reporter("extract", clip.length)
    found = frames.extract(setup.ffmpeg, source, setup.folder("keyframes"), params, clip=clip, on_progress=report)
    kept = [
        c.Frame(image_path=job.publish(picture.file), time=picture.time)
        for picture in frames.evenly_spaced(found, params.max_count)
    ]
    return c.ExtractKeyframesOutput(frames=kept, found=len(found))


@task(c.DETECT_SHOTS)
def detect_shots(params: c.DetectShotsInput, job: Job) -> c.DetectShotsOutput:
    """Find shot changes.

    Raises:
        NoVideoTrack: the file has no pictures.
    """
    setup = TaskSetup(job, c.DETECT_SHOTS, params)
    source, info = setup.open_video(params.video_path)
    report = setup.reporter("compare", setup.clip(info).length)
    found = shots.detect(setup.ffmpeg, source, setup.folder("shots"), threshold=params.threshold, on_progress=report)
    fps = info.of("video")[0].fps
    written = to_json({"fps": fps, "shots": found}).decode()
    return c.DetectShotsOutput(shots_path=job.publish_text("shots.json", written), count=len(found), fps=fps)


@task(c.SPLIT_AUDIO_SEGMENTS)
def split_audio_segments(params: c.SplitAudioSegmentsInput, job: Job) -> c.SplitAudioSegmentsOutput:
    """Split one audio track.

    Raises:
        NoAudioTrack: the file has no such track.
    """
    setup = TaskSetup(job, c.SPLIT_AUDIO_SEGMENTS, params)
    source, info = setup.open(params.audio_path)
    track, total = audio.choose(info, params), setup.clip(info).length
    sound = info.of("audio")[track.index]
    cuts, done = None, 0.0
    if params.cut_at != "length":
        done = 50.0
        listen = setup.reporter("find silences", total, span=(0.0, done))
        silences, total = silence.detect(
            setup.ffmpeg, source, setup.folder("silences"), params, track=track.index, on_progress=listen
        )
        cuts = silence.plan(silences, total, params)
    report = setup.reporter("split", total, span=(done, 100.0))
    folder = setup.folder("segments")
    pieces, spans = segments.split(
        setup.ffmpeg, source, folder, params, track=track.index, sound=sound, cuts=cuts, on_progress=report
    )
    return c.SplitAudioSegmentsOutput(
        segments=[
            c.AudioSegment(audio_path=job.publish(piece.file), start=piece.start, end=piece.end) for piece in pieces
        ],
        track=track,
        warnings=phase.warnings(spans, pieces[-1].end if pieces else 0.0),
    )


@task(c.CUT)
def cut_media(params: c.CutInput, job: Job) -> c.MediaOutput:
    """Cut a part out of a medium.

    Raises:
        NoAudioTrack: the file has no such track.
    """
    setup = TaskSetup(job, c.CUT, params)
    source, info = setup.open(params.media_path)
    track, clip = audio.choose_kept(info, params), setup.clip(info, params.start, params.end)
    report = setup.reporter("cut", clip.length)
    if params.mode == "copy":
        target = job.staging(f"cut.{info.extension}")
        cut.copy(setup.ffmpeg, source, target, track=track, clip=clip, on_progress=report)
    else:
        track = track if info.of("video") else audio.choose(info, params)
        target = job.staging(cut.exact_name(info))
        cut.exact(setup.ffmpeg, source, target, info=info, track=track, clip=clip, on_progress=report)
    duration, offset = setup.duration(target), clip.start
    if params.mode == "copy" and clip.start:
        number = track.index if track else 0
        offset = (
            find_offset(source, target, clip.start)
            if info.of("video")
            else find_audio_offset(source, target, clip.start, track=number)
        )
    return c.MediaOutput(media_path=job.publish(target), duration=duration, offset=offset, track=track, warnings=[])


@task(c.TRANSCODE)
def transcode(params: c.TranscodeInput, job: Job) -> c.MediaOutput:
    """Change container, codecs or size.

    Raises:
        NoAudioTrack: the file has no such track.
    """
    setup = TaskSetup(job, c.TRANSCODE, params)
    source, info = setup.open(params.media_path)
    track = None if params.audio == "none" else audio.choose_kept(info, params)
    clip = setup.clip(info)
    target = job.staging(f"video.{params.container}")
    report = setup.reporter("transcode", clip.length)
    spans = video.transcode(setup.ffmpeg, source, target, params, info=info, track=track, clip=clip, on_progress=report)
    duration, offset = setup.duration(target), video.lost_offset(info, params, track)
    return c.MediaOutput(
        media_path=job.publish(target),
        duration=duration,
        offset=offset,
        track=track,
        warnings=phase.warnings(spans, duration),
    )


@task(c.BURN_SUBTITLES)
def burn_subtitles(params: c.BurnSubtitlesInput, job: Job) -> c.BurnSubtitlesOutput:
    """Burn subtitles into the pictures.

    Raises:
        NoVideoTrack: the file has no pictures.
        SubtitlesUnreadable: their format or encoding is unknown.
    """
    setup = TaskSetup(job, c.BURN_SUBTITLES, params)
    source, info = setup.open_video(params.video_path)
    folder = setup.folder("burned")
    file = subtitles.prepare(job.fetch(params.subtitle_path), folder, "subtitles", params.encoding)
    burn.place_fonts([job.fetch(font) for font in params.font_files], folder)
    report = setup.reporter("burn", setup.clip(info).length)
    target = folder / "video.mp4"
    missing = burn.burn(setup.ffmpeg, source, target, params, file=file, info=info, on_progress=report)
    duration = setup.duration(target)
    return c.BurnSubtitlesOutput(video_path=job.publish(target), duration=duration, missing_characters=missing)


@task(c.MUX_SUBTITLES)
def mux_subtitles(params: c.MuxSubtitlesInput, job: Job) -> c.MuxSubtitlesOutput:
    """Add subtitle tracks.

    Raises:
        NoVideoTrack: the file has no pictures.
        SubtitlesUnreadable: the format or encoding of a track is unknown.
    """
    setup = TaskSetup(job, c.MUX_SUBTITLES, params)
    source, info = setup.open_video(params.video_path)
    folder = setup.folder("muxed")
    files = [
        subtitles.prepare(job.fetch(track.subtitle_path), folder, f"track{number}", track.encoding)
        for number, track in enumerate(params.tracks)
    ]
    report = setup.reporter("mux", setup.clip(info).length)
    target = folder / f"video.{mux.container_for(params, info)}"
    mux.mux(setup.ffmpeg, source, target, params, files=files, info=info, on_progress=report)
    count = len(setup.inspect(target).of("subtitle"))
    return c.MuxSubtitlesOutput(video_path=job.publish(target), subtitle_tracks=count)


@task(c.NORMALIZE_AUDIO)
def normalize_audio(params: c.NormalizeAudioInput, job: Job) -> c.NormalizeAudioOutput:
    """Normalize the loudness of one audio track.

    Raises:
        NoAudioTrack, NoVideoTrack: the file has no such track, or no video to keep.
        AudioSilent: there is no loudness to change.
    """
    setup = TaskSetup(job, c.NORMALIZE_AUDIO, params)
    source, info = (setup.open_video if params.keep_video else setup.open)(params.media_path)
    track = audio.choose(info, params)
    total, folder = setup.clip(info).length, setup.folder("normalized")
    listen = setup.reporter("measure", total, span=(0.0, 40.0))
    measured, spans = loudness.measure(
        setup.ffmpeg, source, folder, params, info=info, track=track.index, on_progress=listen
    )
    target = folder / loudness.file_name(params, info)
    report = setup.reporter("normalize", total, span=(40.0, 100.0))
    result = loudness.normalize(
        setup.ffmpeg,
        source,
        target,
        params,
        info=info,
        track=track.index,
        measured=measured,
        spans=spans,
        on_progress=report,
    )
    duration = setup.duration(target)
    return c.NormalizeAudioOutput(
        media_path=job.publish(target),
        duration=duration,
        before=loudness.before(measured),
        after=loudness.after(result),
        track=track,
        warnings=phase.warnings(spans, duration),
    )
