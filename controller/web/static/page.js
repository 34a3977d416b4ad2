// Everything works without this file but: live updates, reading back while typing, autosave of drafts.
"use strict";
document.documentElement.classList.add("js");

const STALE_MS = 25000;
const say = document.querySelector(".result");
let heard = performance.now();
let stream = null;
let time = "";      // of the tower, never of the reader
let skewMs = 0;     // how far the tower's clock is ahead of the reader's
let busy = false;
let again = false;

// ---- Live: the stream says that something changed; the page then asks for itself and takes over what is marked.

function listen() {
  const path = document.body.dataset.live;
  if (!path || stream || document.hidden) return;
  stream = new EventSource(path);
  stream.addEventListener("state", (event) => { noteHeard(event); refresh(); });
  stream.addEventListener("tick", (event) => { noteHeard(event); if (document.querySelector("[data-newest]")) refresh(); });
}

function hush() {
  if (stream) stream.close();
  stream = null;
}

function noteHeard(event) {
  const data = JSON.parse(event.data);
  heard = performance.now();
  time = data.time;
  skewMs = Date.parse(data.at) - Date.now();
  judgeAge();
}

// A phone that wakes must never show old green: the age is judged before anything else.
function judgeAge() {
  const stale = performance.now() - heard > STALE_MS;
  const line = document.querySelector(".live");
  document.body.classList.toggle("stale", stale);
  if (line) {
    line.classList.toggle("on", !stale && time !== "");
    const text = line.querySelector(".live-text");
    if (!stale && time) text.textContent = text.dataset.liveText.replace("{time}", time);
    if (stale) text.textContent = text.dataset.staleText;
  }
  const lost = document.querySelector("[data-lost]");
  if (lost) lost.hidden = !stale;
  const known = document.querySelector("[data-known]");
  if (known) known.hidden = stale;
}

async function refresh() {
  if (busy) { again = true; return; }
  busy = true;
  const seen = document.querySelector("[data-newest]")?.dataset.newest ?? "";
  try {
    const answer = await fetch(location.href, { headers: { "X-Live": "1", "X-Seen": seen }, cache: "no-store" });
    if (answer.ok) takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* the stream tells when the service is back */ } finally {
    busy = false;
    if (again) { again = false; refresh(); }
  }
}

function takeOver(fresh) {
  for (const old of document.querySelectorAll("[data-part]")) {
    const part = fresh.querySelector(`[data-part="${CSS.escape(old.dataset.part)}"]`);
    if (part && !old.contains(document.activeElement)) morph(old, part);
  }
  // the answer is the same for all who look: the mark of this visitor's forms is kept by the page
  for (const mark of document.querySelectorAll('input[name="csrf"]')) mark.value ||= document.body.dataset.csrf;
  if (fresh.title && fresh.title !== document.title) document.title = fresh.title;
}

// Changes only what differs, so that a fill can fade, an open <details> stays open and a reader is not disturbed.
function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) { old.replaceWith(fresh.cloneNode(true)); return; }
  if (old.nodeType === Node.TEXT_NODE) { if (old.data !== fresh.data) old.data = fresh.data; return; }
  if (old.nodeType !== Node.ELEMENT_NODE || old.isEqualNode(fresh)) return;
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value && !(old.name === "csrf" && !value)) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  const before = [...old.childNodes], after = [...fresh.childNodes];
  after.forEach((child, i) => (before[i] ? morph(before[i], child) : old.append(child.cloneNode(true))));
  before.slice(after.length).forEach((child) => child.remove());
}

document.addEventListener("visibilitychange", () => {
  judgeAge();
  if (document.hidden) hush(); else listen();
});
addEventListener("pageshow", () => { judgeAge(); listen(); });
addEventListener("pagehide", hush);
setInterval(judgeAge, 1000);
listen();

// ---- Countdown: minutes, seconds only at the end; never a live region.

function countDown() {
  for (const each of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, (Date.parse(each.dataset.until) - Date.now() - skewMs) / 1000);
    if (!Number.isFinite(left)) continue;
    const h = Math.floor(left / 3600), m = Math.floor((left % 3600) / 60), s = Math.floor(left % 60);
    const [hours, minutes, seconds] = each.dataset.units.split("|");
    each.textContent = each.dataset.words.replace("{left}", left < 120 ? `${Math.floor(left)} ${seconds}` : `${h ? `${h} ${hours} ` : ""}${m} ${minutes}`);
  }
}
setInterval(countDown, 1000);

// ---- Forms: the field or summary that is meant has the focus.

function focusMeant() {
  const meant = document.querySelector("[data-focus]");
  if (meant) meant.focus();
}
focusMeant();

for (const button of document.querySelectorAll("[data-reveal]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = button.getAttribute("aria-pressed") !== "true";
    document.getElementById(button.dataset.reveal).type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  });
}

function post(path, form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  return fetch(path, { method: "POST", body, headers: { "X-Live": "1" }, cache: "no-store" });
}

async function parsed(answer) {
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// What is typed is read back by the server when the typing pauses; errors are told when the form is sent.
const pauses = new WeakMap();
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-read]");
  if (!form) return;
  clearTimeout(pauses.get(form));
  pauses.set(form, setTimeout(() => readBack(form), 300));
});

async function readBack(form) {
  try {
    const answer = await post(form.dataset.read, form);
    if (!answer.ok) return;
    const fresh = await parsed(answer);
    for (const old of form.querySelectorAll("[data-read-part]")) {
      const part = fresh.querySelector(`[data-read-part="${CSS.escape(old.dataset.readPart)}"]`);
      if (part) morph(old, part);
    }
  } catch { /* the line at the foot says that contact is lost */ }
}

// An act: the button says that it waits; where nothing can be reached the form stays as it is, and says so.
document.addEventListener("submit", async (event) => {
  const form = event.target, button = event.submitter;
  if (!form.matches("[data-act]")) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const main = form.querySelector("button.main"), words = main.textContent;
  main.textContent = form.dataset.sent;
  try {
    const answer = await post(button?.getAttribute("formaction") || form.action, form, button);
    if (answer.redirected) { leave(form, new URL(answer.url)); return; }
    const fresh = await parsed(answer);
    document.querySelector("main").replaceWith(fresh.querySelector("main"));
    document.title = fresh.title;
    focusMeant();
  } catch {
    const lost = form.querySelector(".not-sent") || document.createElement("p");
    lost.className = "fault not-sent";
    lost.setAttribute("role", "alert");
    lost.textContent = form.dataset.notSent;
    main.closest(".actbar, .acts").before(lost);
  }
  delete form.dataset.busy;
  main.textContent = words;
});

// Where the session has ended what was typed waits for the login.
function leave(form, url) {
  if (url.pathname === "/login") {
    const typed = [...new FormData(form)].filter(([name]) => name !== "csrf");
    sessionStorage.setItem(location.pathname, JSON.stringify(typed));
    url.searchParams.set("next", location.pathname);
  }
  location.assign(url);
}

function typeAgain(form) {
  const typed = sessionStorage.getItem(location.pathname);
  sessionStorage.removeItem(location.pathname);
  for (const [name, value] of JSON.parse(typed || "[]")) {
    for (const each of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (each.type === "radio" || each.type === "checkbox") each.checked = each.checked || each.value === value;
      else each.value = value;
    }
  }
  if (typed && form.dataset.read) readBack(form);
}
for (const form of document.querySelectorAll("form[data-act]")) typeAgain(form);
