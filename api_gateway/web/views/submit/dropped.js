/** Files dropped or pasted anywhere on the page, including the contents of folders. */
import { onMounted, onUnmounted, ref } from "../../lib/html.js";

const MEDIA = /^(video|audio)\//;
const MEDIA_NAME = /\.(mkv|mp4|m4v|mov|webm|avi|ts|mts|m2ts|flv|wmv|mpe?g|3gp|ogv|mp3|m4a|aac|wav|flac|ogg|opus|wma)$/i;

/** Return the files of a folder to submit: its media files if there are any, else all that are not hidden. */
export function mediaIn(files) {
  const seen = files.filter(({ name }) => !name.startsWith("."));
  const media = seen.filter(({ type, name }) => MEDIA.test(type) || MEDIA_NAME.test(name));
  return media.length ? media : seen;
}

function entriesIn(folder) {
  const reader = folder.createReader();
  const more = async () => {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // at most 100 per call
    return some.length ? [...some, ...(await more())] : [];
  };
  return more();
}

async function filesOf(item) {
  if (item.isFile) return [await new Promise((resolve, reject) => item.file(resolve, reject))];
  const inside = await entriesIn(item);
  return (await Promise.all(inside.map(filesOf))).flat();
}

async function filesIn(transfer) {
  const items = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean); // gone after the event
  if (!items.some(({ isDirectory }) => isDirectory)) return [...transfer.files];
  const found = await Promise.all(items.map(async (item) => (item.isDirectory ? mediaIn(await filesOf(item)) : filesOf(item))));
  return found.flat().sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
}

/** Pass files dropped on or pasted into the page to `take`. @returns a ref: whether files are dragged over the page */
export function usePageDrop(take) {
  const over = ref(false);
  let depth = 0;
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const enter = (event) => (depth += 1) && (over.value = holdsFiles(event));
  const leave = () => (depth = Math.max(0, depth - 1)) || (over.value = false);
  const allow = (event) => holdsFiles(event) && event.preventDefault();
  async function drop(event) {
    depth = 0;
    over.value = false;
    if (event.defaultPrevented || !holdsFiles(event)) return; // a field has accepted it
    event.preventDefault();
    take(await filesIn(event.dataTransfer));
  }
  const paste = (event) => event.clipboardData.files.length && take([...event.clipboardData.files]);
  const heard = { dragenter: enter, dragleave: leave, dragover: allow, drop, paste };
  onMounted(() => Object.entries(heard).forEach(([kind, handler]) => window.addEventListener(kind, handler)));
  onUnmounted(() => Object.entries(heard).forEach(([kind, handler]) => window.removeEventListener(kind, handler)));
  return over;
}
