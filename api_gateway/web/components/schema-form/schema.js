/** JSON Schema for forms: resolve references, separate `null`, and choose the kind of control. */
const LONG = 1000; // characters; a longer text gets a multi-line control
const COLOUR = ["#00ff7f", "#A0B1C2"];
const ACRONYMS = new Set(["ass", "crf", "fps", "gpu", "id", "itn", "json", "llm", "ocr", "srt", "url", "vad", "vtt"]);
const UNITS = { ms: "ms", s: "s", kbps: "kbit/s", mib: "MiB" };

/**
 * Resolve references and remove `null` from `anyOf`: the result describes the value, and `nullable` says whether it
 * may be null. Keywords beside a reference or an `anyOf` override those inside.
 */
export function unfold(schema, root) {
  const { $ref, anyOf, ...beside } = schema;
  if ($ref) return unfold({ ...pointed($ref, root), ...beside }, root);
  const values = anyOf?.filter(({ type }) => type !== "null") ?? [];
  if (values.length !== 1) return schema;
  return { ...unfold(values[0], root), ...beside, nullable: values.length < anyOf.length };
}

function pointed(reference, root) {
  return reference.split("/").slice(1).reduce((place, key) => place?.[key], root) ?? {};
}

/** Return the fields of an object: [{name, required, field}], required ones first, otherwise in schema order. */
export function fieldsOf(schema, root) {
  const needed = new Set(schema.required);
  const all = Object.entries(schema.properties ?? {}).map(([name, part]) => (
    { name, required: needed.has(name), field: unfold(part, root) }));
  return [...all.filter(({ required }) => required), ...all.filter(({ required }) => !required)];
}

/** Return the kind of control for an unfolded schema; `json` if no other fits. */
export function kindOf(field, root) {
  if (field.enum || "const" in field) return "choice";
  if (field.format === "media-file") return "media";
  const [type] = [field.type].flat();
  return (KINDS[type] ?? (() => "json"))(field, root);
}

const KINDS = {
  boolean: (field) => (typeof field.default === "boolean" ? "switch" : "choice"), // without a default, unset is not off
  integer: () => "number",
  number: () => "number",
  string: (field) => (isColour(field) ? "colour" : field.maxLength > LONG ? "text" : "line"),
  object: (field) => (field.properties ? "group" : field.additionalProperties?.type === "string" ? "pairs" : "json"),
  array: (field, root) => LISTS[kindOf(unfold(field.items ?? {}, root), root)] ?? "json",
};
const LISTS = { media: "media-list", choice: "choices", number: "numbers", line: "lines", text: "lines", group: "list" };

function isColour({ pattern }) {
  return Boolean(pattern) && COLOUR.every((colour) => matches(pattern, colour)) && !matches(pattern, "red");
}

/** Return whether a text matches a pattern. True if the browser cannot compile the pattern: the gateway checks it. */
export function matches(pattern, text) {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return true;
  }
}

/** Return the allowed values of a field. */
export function choicesOf(field) {
  return field.enum ?? ("const" in field ? [field.const] : [true, false]);
}

/** @returns "Min silence duration (ms)" for "min_silence_duration_ms", "Audio file" for "audio_path" */
export function labelOf(name) {
  const words = name.replace(/_path(s?)$/, "_file$1").split("_");
  const unit = words.length > 1 && UNITS[words.at(-1)];
  const said = (unit ? words.slice(0, -1) : words).map((word) => (ACRONYMS.has(word) ? word.toUpperCase() : word)).join(" ");
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}${unit ? ` (${unit})` : ""}`;
}

/** Return the hint of a field: its description, with "not set" for a default of `None`, and its limits. */
export function hintOf(field) {
  const told = field.default === null ? field.description?.replace(/\bNone\b/g, "not set") : field.description;
  const said = [told, limitsOf(field)].filter(Boolean).join(" · ");
  return said.charAt(0).toUpperCase() + said.slice(1);
}

function limitsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, minItems, maxItems, multipleOf, items }) {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  const parts = [
    minimum !== undefined && `${minimum} or more`,
    exclusiveMinimum !== undefined && `over ${exclusiveMinimum}`,
    maximum !== undefined && `at most ${maximum}`,
    exclusiveMaximum !== undefined && `under ${exclusiveMaximum}`,
    multipleOf !== undefined && `a multiple of ${multipleOf}`,
    minItems > 1 && `${minItems} or more entries`,
    maxItems !== undefined && !items?.enum && `up to ${maxItems} entries`,
  ];
  return parts.filter(Boolean).join(", ");
}

/** Return the placeholder of an empty control: the default that the gateway applies. */
export function placeholderOf(field) {
  const known = field.default;
  if (known === null) return "Not set";
  if (known === undefined || known === "") return "";
  return Array.isArray(known) ? known.join(", ") : String(known);
}

/** Return the initial value of an object: its required constants, and required lists with their minimum of entries. */
export function firstValue(schema, root) {
  const needed = fieldsOf(schema, root).filter(({ required }) => required);
  return Object.fromEntries(needed.map(({ name, field }) => [name, firstOf(field, root)]).filter(([, value]) => value !== undefined));
}

function firstOf(field, root) {
  if (kindOf(field, root) !== "list") return field.const;
  return Array.from({ length: field.minItems ?? 0 }, () => firstValue(unfold(field.items, root), root));
}

/** @returns the dotted path of a member */
export function under(path, name) {
  return path ? `${path}.${name}` : String(name);
}

export function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
