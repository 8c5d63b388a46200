/** Line icons as inline SVG paths; no image files are loaded. */
import { html } from "../lib/html.js";

const PATHS = {
  submit: "M12 16V4m0 0L7 9m5-5 5 5M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3",
  live: "M4 5h16v11H4zM8 20h8M7 12.5h4M13 12.5h4",
  tasks: "M9 6h11M9 12h11M9 18h11M4 6h.01M4 12h.01M4 18h.01",
  gpu: "M4 7h14v10H4zM18 10h2v4h-2M8 17v3M12 17v3M7.5 12a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
  models: "M12 3 4 7v10l8 4 8-4V7zM4 7l8 4 8-4M12 11v10",
  workers: "M5 8h14v5H5zM5 16h14v4H5zM5 4h14v1H5zM8 10.5h.01M8 18h.01",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
  moon: "M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5",
  leave: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  close: "M6 6l12 12M18 6 6 18",
  download: "M12 4v12m0 0-5-5m5 5 5-5M4 20h16",
  retry: "M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6",
  undo: "M9 14 4 9l5-5M4 9h10a5 5 0 0 1 0 10h-3",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16 16l4 4",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  check: "M5 12l5 5 9-10",
  chevron: "M7 10l5 5 5-5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  back: "M15 5l-7 7 7 7",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
};

export const Icon = ({ name }) => html`
  <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
Icon.props = ["name"];
