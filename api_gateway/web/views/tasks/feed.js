/** Loaded tasks, newest first. `extend` loads more; `renew` reloads those that have changed. */
import { shallowReactive } from "../../lib/html.js";
import { api } from "../../lib/api.js";

export const PAGE = 50;
const LARGEST = 500;
const MOST_PAGES = 10; // per reload; a longer gap is loaded by scrolling

/** @param {{status: string, task_name: string}} filter an empty string matches all */
export function taskFeed(filter) {
  const feed = shallowReactive({ rows: [], loaded: false, complete: false, error: null, extend, renew, note });
  const behind = new Map(); // task_id -> cursor of the page that follows it
  const stale = new Set();
  const gone = new Set();
  let cursor = null, top = false, turn = Promise.resolve();

  /** Run one operation at a time: each reads and replaces the rows. */
  function inTurn(work) {
    turn = turn.then(work).then(() => (feed.error = null), (error) => (feed.error = error));
    return turn;
  }

  async function ask(after, limit) {
    const page = await api.get("/v1/tasks", { ...filter, cursor: after, limit });
    if (page.tasks.length && page.next_cursor) behind.set(page.tasks.at(-1).task_id, page.next_cursor);
    return page;
  }

  function replace(rows, next) {
    feed.rows = rows;
    cursor = next;
    feed.complete = next === null;
    feed.loaded = true;
  }

  /** Load pages until there are `count` rows, or all of them. */
  function extend(count) {
    return inTurn(async () => {
      while (!feed.complete && feed.rows.length < count) {
        const { tasks, next_cursor } = await ask(cursor, PAGE); // a filtered page can have few rows or none
        replace(distinct([...feed.rows, ...tasks]), next_cursor);
      }
    });
  }

  /**
   * Record a change; the next `renew` acts on it.
   * @param {{task_id: string, status: string | null} | null} news null: anything may have changed
   * @returns {boolean} whether the change concerns this list
   */
  function note(news) {
    const known = new Set(feed.rows.map((row) => row.task_id));
    if (news === null) return known.forEach((id) => stale.add(id)), (top = true);
    const fits = news.status !== null && (!filter.status || filter.status === news.status);
    if (known.has(news.task_id)) (fits ? stale : gone).add(news.task_id);
    else if (fits) {
      top = true;
      if (filter.status) known.forEach((id) => stale.add(id)); // it can appear anywhere in the list
    }
    return fits || known.has(news.task_id);
  }

  /** Reload the rows from `first` to `last` if any is stale, and new rows at the top. */
  function renew(first, last) {
    return inTurn(async () => {
      const kept = feed.rows.filter((row) => !gone.has(row.task_id));
      if (kept.length < feed.rows.length) feed.rows = kept;
      gone.clear();
      const onTop = top && first < PAGE;
      const start = onTop ? 0 : startOf(first);
      if (onTop || feed.rows.slice(first, last).some((row) => stale.has(row.task_id))) {
        await lay(start, Math.min(LARGEST, Math.max(PAGE, last - start + 1)));
      }
      if (top) await lay(0, PAGE);
    });
  }

  /** Return the nearest index at or before this row where a page can start. */
  function startOf(first) {
    for (let at = Math.min(first, feed.rows.length); at > 0; at--) {
      if (behind.has(feed.rows[at - 1].task_id)) return at;
    }
    return 0;
  }

  /** Replace the rows from `start` on with the gateway's current ones; keep the rows below if the two overlap. */
  async function lay(start, limit) {
    const noted = new Set(stale);
    stale.clear(); // a change recorded from now on may be newer than the response
    if (start === 0) top = false;
    try {
      const fresh = await laid(start, limit);
      for (const row of fresh) noted.delete(row.task_id);
    } catch (error) {
      top ||= start === 0;
      throw error;
    } finally {
      for (const id of noted) stale.add(id);
    }
  }

  /** @returns {Promise<object[]>} the reloaded rows */
  async function laid(start, limit) {
    const head = feed.rows.slice(0, start), rest = feed.rows.slice(start);
    const known = new Set(rest.map((row) => row.task_id));
    const fresh = [];
    let next = start ? behind.get(head.at(-1).task_id) : null;
    for (let tries = 0; tries < MOST_PAGES && (tries === 0 || next); tries++) {
      const page = await ask(next, limit);
      next = page.next_cursor;
      fresh.push(...page.tasks);
      if (!known.size || page.tasks.some((row) => known.has(row.task_id))) break;
    }
    const tail = next === null ? [] : below(rest, fresh);
    replace(distinct([...head, ...fresh, ...tail]), tail.length ? cursor : next);
    return fresh;
  }

  return feed;
}

/** Return the rows after the last one that is also in `fresh`; none if there is a gap. */
function below(rows, fresh) {
  const ids = new Set(fresh.map((row) => row.task_id));
  const met = rows.findLastIndex((row) => ids.has(row.task_id));
  return met < 0 ? [] : rows.slice(met + 1);
}

function distinct(rows) {
  return [...new Map(rows.map((row) => [row.task_id, row])).values()];
}
