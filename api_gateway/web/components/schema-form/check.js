/**
 * Validation of a value against its JSON Schema. The usual libraries compile schemas to code, which the page's
 * Content-Security-Policy forbids. This one checks the keywords that the catalog uses; the gateway checks all of them.
 */
import { choicesOf, matches, same, under, unfold } from "./schema.js";

/** @returns {{field: string, message: string}[]} errors by dotted path, in the gateway's notation */
export function check(value, schema, root, path) {
  const field = unfold(schema, root);
  if (value === null) return field.nullable || field.type === "null" || !field.type ? [] : [told(path, "This must have a value.")];
  if (field.enum || "const" in field) return choicesOf(field).some((one) => same(one, value)) ? [] : [told(path, "Choose a value from the list.")];
  const [type] = [field.type].flat();
  return (CHECKS[type] ?? (() => []))(value, field, root, path);
}

const told = (field, message) => ({ field, message });
const first = (path, ...rules) => rules.filter(([wrong]) => wrong).slice(0, 1).map(([, message]) => told(path, message));

const CHECKS = { object, array, string, boolean, number, integer: number };

function object(value, field, root, path) {
  if (typeof value !== "object" || Array.isArray(value)) return [told(path, "This must be an object.")];
  const known = field.properties ?? {};
  const missing = (field.required ?? []).filter((name) => value[name] === undefined);
  const inside = Object.entries(value).filter(([, one]) => one !== undefined).flatMap(([name, one]) => {
    const part = Object.hasOwn(known, name) ? known[name] : field.additionalProperties;
    if (part === false) return [told(under(path, name), "The task has no such field.")];
    return typeof part === "object" ? check(one, part, root, under(path, name)) : [];
  });
  return [...missing.map((name) => told(under(path, name), "This is required.")), ...inside];
}

function array(value, field, root, path) {
  if (!Array.isArray(value)) return [told(path, "This must be a list.")];
  const length = first(
    path,
    [value.length < field.minItems, `At least ${field.minItems} ${field.minItems === 1 ? "entry is" : "entries are"} needed.`],
    [value.length > field.maxItems, `At most ${field.maxItems} entries are allowed.`],
  );
  return [...length, ...(field.items ? value.flatMap((one, index) => check(one, field.items, root, under(path, index))) : [])];
}

function string(value, field, _root, path) {
  const length = typeof value === "string" ? [...value].length : 0;
  return first(
    path,
    [typeof value !== "string", "This must be text."],
    [length < field.minLength, field.minLength === 1 ? "This must not be empty." : `At least ${field.minLength} characters are needed.`],
    [length > field.maxLength, `At most ${field.maxLength} characters are allowed; this has ${length}.`],
    [field.pattern && !matches(field.pattern, value), `This does not have the form ${field.pattern}`],
  );
}

function boolean(value, _field, _root, path) {
  return typeof value === "boolean" ? [] : [told(path, "This must be true or false.")];
}

function number(value, field, _root, path) {
  return first(
    path,
    [typeof value !== "number" || !Number.isFinite(value), "This must be a number."],
    [field.type === "integer" && !Number.isInteger(value), "This must be a whole number."],
    [value < field.minimum, `This must be ${field.minimum} or more.`],
    [value <= field.exclusiveMinimum, `This must be greater than ${field.exclusiveMinimum}.`],
    [value > field.maximum, `This must be at most ${field.maximum}.`],
    [value >= field.exclusiveMaximum, `This must be less than ${field.exclusiveMaximum}.`],
    [field.multipleOf && value % field.multipleOf !== 0, `This must be a multiple of ${field.multipleOf}.`],
  );
}
