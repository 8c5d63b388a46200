/** Tasks view: the list of tasks, or the page of one task. */
import { html } from "../lib/html.js";
import { route } from "../lib/router.js";
import { TaskList } from "./tasks/list.js";
import { TaskPage } from "./tasks/page.js";

export default () => {
  if (route.argument) return html`<${TaskPage} key=${route.argument} id=${route.argument} />`;
  const { status = "", task_name = "" } = route.query;
  return html`<${TaskList} key=${`${status} ${task_name}`} status=${status} name=${task_name} />`;
};
