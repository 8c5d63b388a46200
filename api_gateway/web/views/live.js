/** Live view: the list of transcripts, or one transcript beside its media player. */
import { html } from "../lib/html.js";
import { route } from "../lib/router.js";
import { Choose } from "./live/choose.js";
import { Watch } from "./live/watch.js";

export default () => (route.argument ? html`<${Watch} key=${route.argument} taskId=${route.argument} />` : html`<${Choose} />`);
