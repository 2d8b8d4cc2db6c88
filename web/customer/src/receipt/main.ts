import { mount } from "svelte";
import "@kit/styles/base.css";
import { initSync } from "@kit/wasm/farhand_wasm.js";
import wasm from "virtual:wasm";
import Receipt from "./Receipt.svelte";

// The module is a part of this file: nothing is loaded, from nowhere.
initSync({ module: Uint8Array.from(atob(wasm), (letter) => letter.charCodeAt(0)) });

const target = document.getElementById("app");
if (target) {
  // A page that was saved while it was open holds what it showed.
  target.replaceChildren();
  mount(Receipt, { target });
}
