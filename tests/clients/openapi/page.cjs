// api/docs.html drawn from a description, every operation opened, and looked at by axe. usage: page.cjs NODE_MODULES ADDRESS_OF_THE_SERVER
// Prints {"operations", "unopened", "errors", "violations", "found"}: `found` is what a search for "customers why" leaves. Colours need a browser: axe leaves them out.
"use strict";
const fs = require("fs");
const path = require("path");
const [, , modules, address] = process.argv;
const { JSDOM, VirtualConsole } = require(path.join(modules, "jsdom"));

async function main() {
  const errors = [], said = new VirtualConsole();
  said.on("jsdomError", error => errors.push(String(error.message)));
  const html = await (await fetch(`${address}/api/docs`)).text();
  const { window } = new JSDOM(html, { runScripts: "outside-only", url: `${address}/api/docs#why`, pretendToBeVisual: true, virtualConsole: said });
  window.fetch = target => fetch(new URL(target, address));
  window.Element.prototype.scrollIntoView = () => {};
  const settle = () => new Promise(done => setTimeout(done, 300));
  window.eval(window.document.querySelector("script").textContent);
  for (let waited = 0; waited < 100 && !window.document.querySelector("details.operation"); ++waited) await settle();
  const boxes = [...window.document.querySelectorAll("details.operation")];
  for (const box of boxes) box.open = true;
  await settle();
  const unopened = boxes.filter(box => !box.querySelector("pre") || !box.querySelector(".tree")).map(box => box.id);
  for (const box of boxes.slice(5)) box.open = false; // axe reads a page of five
  window.eval(fs.readFileSync(path.join(modules, "axe-core/axe.js"), "utf8"));
  const looked = await window.axe.run(window.document, { rules: { "color-contrast": { enabled: false } } });
  const search = window.document.getElementById("search");
  search.value = "customers why";
  search.dispatchEvent(new window.Event("input"));
  const found = boxes.filter(box => !box.hidden).map(box => box.id);
  console.log(JSON.stringify({ operations: boxes.length, unopened, errors, violations: looked.violations.map(one => `${one.id}: ${one.nodes[0].html}`), found }));
  process.exit(0);
}
main().catch(error => { console.error(error); process.exit(1); });
