/** Session: the API key of this tab, kept until the tab is closed. */
import { reactive } from "./html.js";

const KEY = "baton.api-key";

/** `open`: the gateway grants access; `asked`: it requires a key; `refused`: it rejected the key. */
export const session = reactive({ key: sessionStorage.getItem(KEY) ?? "", open: false, asked: false, refused: false });

/** Store a key that the gateway has accepted; empty if it requires none. */
export function signIn(key) {
  sessionStorage.setItem(KEY, key);
  Object.assign(session, { key, open: true, refused: false });
}

/** Remove the key; `refused` says that the gateway rejected it. */
export function signOut({ refused = false } = {}) {
  sessionStorage.removeItem(KEY);
  Object.assign(session, { key: "", open: false, refused });
}
