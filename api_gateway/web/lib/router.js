/** Current route, from the URL's hash: `#/tasks/abc?status=FAILED` is view `tasks`, argument `abc` and a query. */
import { reactive } from "./html.js";

export const route = reactive({ view: "", argument: "", query: {} });

function read() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  route.view = view || "submit";
  route.argument = rest.map(decodeURIComponent).join("/");
  route.query = Object.fromEntries(new URLSearchParams(search));
}

/** Return the URL of a view, for a link. */
export function to(view, argument = "", query = {}) {
  const search = new URLSearchParams(query).toString();
  return `#/${view}${argument ? `/${encodeURIComponent(argument)}` : ""}${search ? `?${search}` : ""}`;
}

export function go(...where) {
  location.hash = to(...where);
}

window.addEventListener("hashchange", read);
read();
