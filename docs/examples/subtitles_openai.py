"""Make subtitles for a video and follow it live, with OpenAI's client.

Run: python subtitles_openai.py clip.mp4 > clip.srt
"""

import os
import sys
from pathlib import Path

import httpx
from openai import OpenAI

baton = OpenAI(
    base_url=os.environ.get("BATONCTL_URL", "http://127.0.0.1:8000") + "/v1",
    api_key=os.environ.get("BATONCTL_API_KEY", "anything"),
)

transcription = baton.audio.transcriptions.create(file=Path(sys.argv[1]), model="whisper-1", stream=True)
for event in transcription:
    if event.type == "transcript.text.delta":
        print(event.delta, end="", flush=True, file=sys.stderr)

# Each request is a Baton task, so its subtitles are ready.
task = transcription.response.headers["X-Baton-Task-Id"]
print(baton.get(f"/tasks/{task}/transcript?format=srt", cast_to=httpx.Response).text, end="")
