import { mount } from "svelte";
import "@kit/styles/base.css";
import Join from "./Join.svelte";

const target = document.getElementById("app");
if (target) mount(Join, { target });
