/** Shell commands that send the same request. */
import { session } from "../../lib/session.js";
import { uploadOf } from "../../lib/uploads.js";
import { mapTexts } from "./sending.js";

const NOT_YET = "FILE_ID";

/** Quote a text for a POSIX shell. */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Return a body as it is sent to the gateway, with file ids in place of uploads. */
export function shown(body) {
  return mapTexts(body, (text) => (uploadOf(text) ? uploadOf(text).media || NOT_YET : text));
}

/** Return curl commands that upload a request's files and send it. They do not contain the API key. */
export function commandsOf(body) {
  const key = session.key ? ` \\\n  -H "X-API-Key: $BATON_API_KEY"` : "";
  const files = [];
  mapTexts(body, (text) => uploadOf(text) && files.push(uploadOf(text).file.name));
  const uploads = [...new Set(files)].map((name) => `# The answer's "id" goes into the request.
curl ${quoted(`${location.origin}/v1/files`)}${key} \\\n  -F ${quoted(`file=@"${name.replaceAll(/["\\]/g, "\\$&")}"`)}\n\n`);
  return `${uploads.join("")}curl ${quoted(`${location.origin}/v1/tasks`)}${key} \\
  -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(shown(body), null, 2))}`;
}
