// Make subtitles for a video and follow it live, with Node ≥ 20 only: node subtitles.mjs clip.mp4 > clip.srt
import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

const baton = process.env.BATONCTL_URL ?? "http://127.0.0.1:8000";
const key = process.env.BATONCTL_API_KEY ?? "";
const [video] = process.argv.slice(2);

const form = new FormData();
form.append("file", await openAsBlob(video), basename(video)); // read from disk while it is sent
const file = await json("/v1/files", { method: "POST", body: form });

const wanted = { task_name: "faster_whisper.transcribe_audio", input_data: { audio_path: file.id } };
const headers = { "Content-Type": "application/json" };
const { links } = await json("/v1/tasks", { method: "POST", headers, body: JSON.stringify(wanted) });

let result;
while (["PENDING", "RUNNING"].includes((result = await json(links.result)).status)) {
  for await (const [event, data] of events(await call(links.events))) {
    if (event === "fragment") data.segments.forEach(({ text }) => console.error(text));
  }
}

if (result.error) throw new Error(result.error.message);
process.stdout.write(await (await call(`${links.self}/transcript?format=srt`)).text());

async function json(path, options) {
  return (await call(path, options)).json();
}

async function call(path, { headers, ...options } = {}) {
  const answer = await fetch(baton + path, { ...options, headers: { "X-API-Key": key, ...headers } });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer;
}

async function* events({ body }) {
  let event;
  for await (const line of createInterface(Readable.fromWeb(body))) {
    if (line.startsWith("event: ")) event = line.slice(7);
    if (line.startsWith("data: ")) yield [event, JSON.parse(line.slice(6))];
  }
}
