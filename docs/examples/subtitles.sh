#!/bin/sh
# Make subtitles for a video and follow it live, with curl only: sh subtitles.sh clip.mp4 > clip.srt
set -eu
baton=${BATONCTL_URL:-http://127.0.0.1:8000}

call() { curl --silent --show-error --fail-with-body --header "X-API-Key: ${BATONCTL_API_KEY:-}" "$@"; }
ask() { answer=$(call "$@") || { echo "$answer" >&2; return 1; }; echo "$answer"; }
field() { echo "$2" | grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

uploaded=$(ask --form "file=@$1" "$baton/v1/files")
file=$(field id "$uploaded")

submitted=$(ask --header "Content-Type: application/json" "$baton/v1/tasks" --data \
    "{\"task_name\": \"faster_whisper.transcribe_audio\", \"input_data\": {\"audio_path\": \"$file\"}}")
task=$baton/v1/tasks/$(field task_id "$submitted")

call --no-buffer "$task/events" >&2 # live, until the closing event

result=$(ask "$task/result")
[ "$(field status "$result")" = SUCCESS ] || { echo "$result" >&2; exit 1; }
call "$task/transcript?format=srt"
