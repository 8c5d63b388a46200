/** Who is here: the API key of this tab, kept until the tab is closed. */
import { reactive } from "./html.js";

const KEY = "baton.api-key";

/** `open`: the gateway lets us in; `asked`: it wants a key; `refused`: it did not take the one it got. */
export const session = reactive({ key: sessionStorage.getItem(KEY) ?? "", open: false, asked: false, refused: false });

/** Keep a key that the gateway has accepted; an empty one where it asks for none. */
export function signIn(key) {
  sessionStorage.setItem(KEY, key);
  Object.assign(session, { key, open: true, refused: false });
}

/** Forget the key; `refused` says that the gateway did not take it. */
export function signOut({ refused = false } = {}) {
  sessionStorage.removeItem(KEY);
  Object.assign(session, { key: "", open: false, refused });
}
