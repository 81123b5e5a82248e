/* The little of a browser that the scripts of the book use.

   Reads {page, script, action, calm, address, table} as JSON, loads the page at
   that address, runs the script and then the action, a function body of
   `document` and `window`; prints what it returns. `table` is
   window.nclibNumbers, `calm` a reader who asked for less motion. */
const SELECTOR =
  /^([a-z]*)(?:\.([\w-]+))?(?:\[([\w-]+)=([\w-]+)\])?(:checked)?$/;

class Element {
  constructor(tag, attributes = {}, children = []) {
    Object.assign(this, { tag, attributes, parent: null, listeners: {} });
    this.childNodes = [];
    this.value = attributes.value ?? "";
    this.checked = "checked" in attributes;
    this.dataset = {};
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("data-")) this.dataset[name.slice(5)] = value;
    }
    this.append(
      ...children.map((child) =>
        typeof child === "string"
          ? child
          : new Element(child.tag, child.attributes, child.children)
      )
    );
  }
  get children() {
    return this.childNodes.filter((child) => child instanceof Element);
  }
  get inside() {
    return this.children.flatMap((child) => [child, ...child.inside]);
  }
  get tBodies() {
    return this.children.filter((child) => child.tag === "tbody");
  }
  get rows() {
    return this.children.filter((child) => child.tag === "tr");
  }
  remove() {
    const all = this.parent?.childNodes;
    all?.splice(all.indexOf(this), 1);
    this.parent = null;
  }
  insert(index, node) {
    if (node instanceof Element) {
      node.remove();
      node.parent = this;
    }
    this.childNodes.splice(index, 0, node);
  }
  prepend(...nodes) {
    nodes.forEach((node, index) => this.insert(index, node));
  }
  append(...nodes) {
    for (const node of nodes) this.insert(this.childNodes.length, node);
  }
  closest() {
    return null;
  }
  scrollIntoView() {
    this.scrolled = true;
  }
  insertAdjacentElement(where, node) {
    if (where !== "afterend") throw new Error(`dom.js: not ${where}`);
    this.parent.insert(this.parent.childNodes.indexOf(this) + 1, node);
  }
  before(node) {
    this.parent.insert(this.parent.childNodes.indexOf(this), node);
  }
  getAttribute(name) {
    return this.attributes[name] ?? null;
  }
  setAttribute(name, value) {
    this.attributes[name] = String(value);
    if (name === "value") this.value = String(value);
  }
  get className() {
    return this.attributes.class ?? "";
  }
  set className(value) {
    this.attributes.class = value;
  }
  get classes() {
    return this.className.split(" ").filter(Boolean);
  }
  get classList() {
    return {
      contains: (name) => this.classes.includes(name),
      add: (name) => this.classList.toggle(name, true),
      toggle: (name, on) => {
        const others = this.classes.filter((other) => other !== name);
        this.className = [...others, ...(on ? [name] : [])].join(" ");
      },
    };
  }
  get hidden() {
    return "hidden" in this.attributes;
  }
  set hidden(on) {
    if (on) this.attributes.hidden = "";
    else delete this.attributes.hidden;
  }
  get textContent() {
    return this.childNodes
      .map((child) => (typeof child === "string" ? child : child.textContent))
      .join("");
  }
  set textContent(text) {
    for (const child of this.children) child.remove();
    this.childNodes = text ? [text] : [];
  }
  querySelectorAll(selector) {
    const parts = SELECTOR.exec(selector);
    if (!parts) throw new Error(`dom.js does not know ${selector}`);
    const [, tag, name, attribute, value, checked] = parts;
    return this.inside.filter(
      (element) =>
        (!tag || element.tag === tag) &&
        (!name || element.classList.contains(name)) &&
        (!attribute || element.getAttribute(attribute) === value) &&
        (!checked || element.checked)
    );
  }
  getElementById(id) {
    return this.inside.find((e) => e.getAttribute("id") === id) ?? null;
  }
  querySelector(selector) {
    return this.querySelectorAll(selector)[0] ?? null;
  }
  addEventListener(type, listener) {
    (this.listeners[type] ??= []).push(listener);
  }
  focus() {}
  /* Bubbles; true unless a listener prevented the default. */
  dispatch(type, properties = {}) {
    let prevented = false;
    const event = { ...properties, preventDefault: () => (prevented = true) };
    for (let at = this; at; at = at.parent) {
      for (const listener of at.listeners[type] ?? []) listener(event);
    }
    return !prevented;
  }
}

const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
const document = new Element("page", {}, given.page.children);
document.createElement = (tag) => new Element(tag);
document.createElementNS = (_, tag) => new Element(tag);
/* Of media features one can ask for calm; of timers there is one, by hand. */
globalThis.matchMedia = () => ({ matches: Boolean(document.calm) });
globalThis.setInterval = (tick) => (document.tick = tick) && 1;
globalThis.clearInterval = () => (document.tick = null);
document.tick = null;
document.calm = given.calm;
document.documentElement = { dataset: {} };
document.activeElement = null;
const window = new Element("window");
window.nclibNumbers = given.table ?? undefined;
const visit = (address) => {
  const { pathname, search, hash } = new URL(address, "http://book/");
  window.location = { pathname, search, hash, assign: visit };
};
visit(given.address ?? "page.html");
window.history = { replaceState: (state, title, address) => visit(address) };
new Function("document", "window", given.script)(document, window);
document.dispatch("DOMContentLoaded");
const result = new Function("document", "window", given.action)(
  document,
  window
);
console.log(JSON.stringify(result ?? null));
