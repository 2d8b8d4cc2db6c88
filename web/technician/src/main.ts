import { mount } from "svelte";
import "@kit/styles/base.css";
import App from "./App.svelte";

const target = document.getElementById("app");
if (target && "__TAURI_INTERNALS__" in window) void import("./desktop/start").then(({ start }) => start(target));
else if (target) mount(App, { target });
