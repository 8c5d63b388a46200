/** Shell command that creates the same task again. */
import { session } from "../../lib/session.js";

/** The callback is omitted, because the record holds it redacted. The API key appears only as a variable name. */
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
