/** Empty state: an icon, a title, and what to do next. */
import { html } from "../lib/html.js";
import { Icon } from "./icon.js";

export const EmptyState = ({ icon, title }, { slots }) => html`
  <div class="empty"><${Icon} name=${icon} /><strong>${title}</strong>${slots.default?.()}</div>`;
EmptyState.props = ["icon", "title"];
