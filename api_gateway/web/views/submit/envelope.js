/** Schema of a request's fields other than its input. */
export const ENVELOPE = {
  type: "object",
  properties: {
    priority: { type: "integer", minimum: 0, maximum: 9, default: 5, description: "9 is most urgent" },
    task_id: {
      type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", description: "your own id: sending the same request again is then safe",
    },
    callback: { type: "string", pattern: "^https?://.", maxLength: 4096, description: "a URL that receives a signed POST when the task ends" },
  },
};
