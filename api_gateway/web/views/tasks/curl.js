/** The request that makes the same task again, for a shell. */
import { session } from "../../lib/session.js";

/** A callback is left out: what the record has of it is redacted. The key is named, never shown. */
export function curl({ task_name, input_params }) {
  const body = JSON.stringify({ task_name, input_data: input_params.input_data });
  return [
    `curl -X POST ${quoted(`${location.origin}/v1/tasks`)}`,
    ...(session.key ? [`-H "X-API-Key: $BATON_API_KEY"`] : []),
    `-H 'Content-Type: application/json'`,
    `-d ${quoted(body)}`,
  ].join(" \\\n  ");
}

function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
