/** Markup as tagged templates: htm parses them, Vue renders them. Nothing is compiled at run time, so no eval. */
import { h } from "../vendor/vue.runtime.esm-browser.prod.js";
import htm from "../vendor/htm.module.js";

export {
  computed, createApp, nextTick, onMounted, onUnmounted, reactive, ref, shallowReactive, shallowRef, watch, watchEffect,
} from "../vendor/vue.runtime.esm-browser.prod.js";

function create(type, properties, ...children) {
  this[0] = 3; // stops htm from caching static subtrees: Vue needs a new vnode for each render
  if (typeof type === "string") return h(type, properties, children);
  return h(type, properties, children.length > 0 ? () => children : undefined); // no children: re-rendered only when properties change
}

export const html = htm.bind(create);
