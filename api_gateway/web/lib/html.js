/** Markup as a tagged template: htm reads it, Vue renders it. No template is compiled at run time, so no eval. */
import { h } from "../vendor/vue.runtime.esm-browser.prod.js";
import htm from "../vendor/htm.module.js";

export {
  computed, createApp, nextTick, onMounted, onUnmounted, reactive, ref, shallowReactive, shallowRef, watch, watchEffect,
} from "../vendor/vue.runtime.esm-browser.prod.js";

function create(type, properties, ...children) {
  this[0] = 3; // htm keeps no static subtrees: Vue wants a fresh node each time
  if (typeof type === "string") return h(type, properties, children);
  return h(type, properties, children.length > 0 ? () => children : undefined); // none: it is made anew for new properties only
}

export const html = htm.bind(create);
