/** What every control of a field is given: Vue would write anything that is not declared onto the element. */
export const CONTROL = ["id", "form", "name", "title", "field", "required", "path", "value", "set", "spoken"];
