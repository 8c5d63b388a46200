/** Props that every form control declares. Vue would set undeclared ones as attributes of the element. */
export const CONTROL = ["id", "form", "name", "title", "field", "required", "path", "value", "set", "spoken"];
