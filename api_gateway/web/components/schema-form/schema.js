/** JSON Schema as a form sees it: references followed, `null` set apart, and the kind of control that fits. */
const LONG = 1000; // characters; from here on a text may have lines
const COLOUR = ["#00ff7f", "#A0B1C2"];
const ACRONYMS = new Set(["ass", "crf", "fps", "gpu", "id", "itn", "json", "llm", "ocr", "srt", "url", "vad", "vtt"]);
const UNITS = { ms: "ms", s: "s", kbps: "kbit/s", mib: "MiB" };

/**
 * Follow references, and take `null` out of `anyOf`: what is left says what a value is, and `nullable` whether it may
 * be null. What stands beside a reference or an `anyOf` counts more than what is inside.
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

/** Return the fields of an object: [{name, required, field}], the required ones first, else as the schema has them. */
export function fieldsOf(schema, root) {
  const needed = new Set(schema.required);
  const all = Object.entries(schema.properties ?? {}).map(([name, part]) => (
    { name, required: needed.has(name), field: unfold(part, root) }));
  return [...all.filter(({ required }) => required), ...all.filter(({ required }) => !required)];
}

/** Return which control fits an unfolded schema; `json` where no other does. */
export function kindOf(field, root) {
  if (field.enum || "const" in field) return "choice";
  if (field.format === "media-file") return "media";
  const [type] = [field.type].flat();
  return (KINDS[type] ?? (() => "json"))(field, root);
}

const KINDS = {
  boolean: (field) => (typeof field.default === "boolean" ? "switch" : "choice"), // else nobody knows what nothing means
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

/** Return whether a text fits a pattern; also where this browser cannot read the pattern: the gateway knows. */
export function matches(pattern, text) {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return true;
  }
}

/** Return what a field may be chosen from. */
export function choicesOf(field) {
  return field.enum ?? ("const" in field ? [field.const] : [true, false]);
}

/** @returns "Min silence duration (ms)" of "min_silence_duration_ms", "Audio file" of "audio_path" */
export function labelOf(name) {
  const words = name.replace(/_path(s?)$/, "_file$1").split("_");
  const unit = words.length > 1 && UNITS[words.at(-1)];
  const said = (unit ? words.slice(0, -1) : words).map((word) => (ACRONYMS.has(word) ? word.toUpperCase() : word)).join(" ");
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}${unit ? ` (${unit})` : ""}`;
}

/** Return what is said below a field: its description in the form's words, and its limits. */
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

/** Return what a control shows while nothing is entered: the value that the gateway will take. */
export function placeholderOf(field) {
  const known = field.default;
  if (known === null) return "Not set";
  if (known === undefined || known === "") return "";
  return Array.isArray(known) ? known.join(", ") : String(known);
}

/** Return a value to begin with: what can only be one thing, is that; a list that needs entries has them. */
export function firstValue(schema, root) {
  const needed = fieldsOf(schema, root).filter(({ required }) => required);
  return Object.fromEntries(needed.map(({ name, field }) => [name, firstOf(field, root)]).filter(([, value]) => value !== undefined));
}

function firstOf(field, root) {
  if (kindOf(field, root) !== "list") return field.const;
  return Array.from({ length: field.minItems ?? 0 }, () => firstValue(unfold(field.items, root), root));
}

/** @returns the dotted path of a part */
export function under(path, name) {
  return path ? `${path}.${name}` : String(name);
}

export function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
