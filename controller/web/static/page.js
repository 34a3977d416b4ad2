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

// ---- Live: the stream announces a change; the page then reloads itself and replaces the marked parts.

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
  if (!document.querySelector("[data-part]")) return;
  if (busy) { again = true; return; }
  busy = true;
  const seen = document.querySelector("[data-newest]")?.dataset.newest ?? "";
  try {
    const answer = await fetch(location.href, { headers: { "X-Live": "1", "X-Seen": seen }, cache: "no-store" });
    if (answer.ok) takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* the stream reconnects when the service is back */ } finally {
    busy = false;
    if (again) { again = false; refresh(); }
  }
}

function takeOver(fresh) {
  for (const old of document.querySelectorAll("[data-part]")) {
    const part = fresh.querySelector(`[data-part="${CSS.escape(old.dataset.part)}"]`);
    if (part && !old.contains(document.activeElement)) morph(old, part);
  }
  // the answer is the same for all visitors: the page keeps this visitor's CSRF token in its forms
  for (const mark of document.querySelectorAll('input[name="csrf"]')) mark.value ||= document.body.dataset.csrf;
  // while faults are shown the title names them too
  if (fresh.title && !document.querySelector("#summary")) document.title = fresh.title;
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
    if (!Number.isFinite(left) || left >= 2 * 86400) continue;
    const h = Math.floor(left / 3600), m = Math.floor((left % 3600) / 60), s = Math.floor(left % 60);
    const [hours, minutes, seconds] = each.dataset.units.split("|");
    each.textContent = each.dataset.words.replace("{left}", left < 120 ? `${Math.floor(left)} ${seconds}` : `${h ? `${h} ${hours} ` : ""}${m} ${minutes}`);
  }
}
setInterval(countDown, 1000);

// ---- Forms: the field or summary concerned gets the focus.

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
  const body = new URLSearchParams(new FormData(form));
  if (button?.name) body.append(button.name, button.value);  // Safari 16 leaves it out
  return fetch(path, { method: "POST", body, headers: { "X-Live": "1" }, cache: "no-store" });
}

async function parsed(answer) {
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// What is typed is read back by the server when the typing pauses; errors are shown when the form is sent.
const pauses = new WeakMap();
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-read]");
  if (!form) return;
  clearTimeout(pauses.get(form));
  pauses.set(form, setTimeout(() => readBack(form), 500));
  if (!form.dataset.keep) return;
  clearTimeout(keeps.get(form));
  keeps.set(form, setTimeout(() => keep(form), 2000));
});
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-keep]");
  if (!form) return;
  const part = event.target.closest(".zone-colors fieldset");
  if (part) part.dataset.own = "1";
  if (event.target.name === "by_zone" && !event.target.defaultChecked) beginWithWhole(form);
  readBack(form);
});

// A part starts with the colour of the whole, until it has one of its own.
function beginWithWhole(form) {
  const whole = form.querySelector('[name="color"]:checked')?.value, own = form.querySelector('[name="own"]')?.value;
  for (const part of form.querySelectorAll(".zone-colors fieldset:not([data-own])")) {
    const choice = part.querySelector(`[type=radio][value="${CSS.escape(whole ?? "")}"]`);
    if (!choice) continue;
    choice.checked = true;
    if (whole === "own") part.querySelector('[name^="own."]').value = own;
  }
}

// What is typed is stored as a draft, even if this page is closed.
const keeps = new WeakMap();
async function keep(form) {
  const body = new URLSearchParams(new FormData(form));
  body.set("then", "keep");
  try { await fetch(form.dataset.keep, { method: "POST", body, cache: "no-store" }); } catch { /* what is typed stays here */ }
}

const asked = new WeakMap();
async function readBack(form) {
  const number = (asked.get(form) || 0) + 1;
  asked.set(form, number);
  try {
    const answer = await post(form.dataset.read, form);
    if (!answer.ok) return;
    if (asked.get(form) !== number) return;   // more has been typed since
    const fresh = await parsed(answer), announced = form.querySelector("[data-announced]"), before = announced?.textContent;
    for (const old of form.querySelectorAll("[data-read-part]")) {
      const part = fresh.querySelector(`[data-read-part="${CSS.escape(old.dataset.readPart)}"]`);
      // a field's mistake is shown when it is left, never while somebody types in it
      const typing = old.matches(".problems, .cures") && old.closest(".field, fieldset")?.contains(document.activeElement);
      if (part && !typing) morph(old, part);
    }
    if (announced && announced.textContent !== before) say.textContent = announced.textContent;
  } catch {
    if (form.dataset.notRead) say.textContent = form.dataset.notRead;
  }
}

// An act: the button shows that it waits; if the service cannot be reached the form stays as it is, with a message.
document.addEventListener("submit", async (event) => {
  const form = event.target, button = event.submitter;
  if (!form.matches("[data-act]")) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  clearTimeout(keeps.get(form));
  clearTimeout(pauses.get(form));
  const main = form.querySelector("button.main"), words = main.textContent;
  main.textContent = form.dataset.sent;
  try {
    const answer = await post(button?.getAttribute("formaction") || form.action, form, button);
    if (answer.redirected) { leave(form, new URL(answer.url)); return; }
    const fresh = await parsed(answer);
    if (answer.status >= 500 && !fresh.querySelector("form[data-act]")) throw new Error(refusal(fresh));
    document.querySelector("main").replaceWith(fresh.querySelector("main"));
    document.title = fresh.title;
    focusMeant();
    prepare();
  } catch (error) {
    const lost = form.querySelector(".not-sent") || document.createElement("p");
    lost.className = "fault not-sent";
    lost.setAttribute("role", "alert");
    lost.textContent = error.name === "Error" && error.message || form.dataset.notSent;
    main.closest(".actbar, .acts").before(lost);
  }
  delete form.dataset.busy;
  main.textContent = words;
});

// An error page must not replace what is typed.
function refusal(page) {
  return [...page.querySelectorAll("main h1, main h1 + p")].map((each) => each.textContent.trim()).join(": ");
}

// If the session has ended, what was typed waits for the login.
function leave(form, url) {
  if (url.pathname.endsWith("/login")) {
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

// ---- Order: Alt and an arrow move a card; the focus stays on its button, and the new place is announced.

document.addEventListener("keydown", (event) => {
  const direction = { ArrowUp: "up", ArrowDown: "down" }[event.key];
  const button = event.altKey && direction && event.target.closest(".card")?.querySelector(`[data-move="${direction}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (button) sessionStorage.setItem("moved", button.dataset.move);
});

function focusMoved() {
  const direction = sessionStorage.getItem("moved"), card = location.hash && document.getElementById(location.hash.slice(1));
  sessionStorage.removeItem("moved");
  if (!direction || !card) return;
  (card.querySelector(`[data-move="${direction}"]`) || card.querySelector("[data-move]"))?.focus();
  const announced = document.querySelector("main > .banner.confirmed");
  if (announced) say.textContent = announced.textContent.trim();
}
addEventListener("load", () => setTimeout(focusMoved));

// ---- Calendar: the first day, the last day; a third press starts over. It writes the text field, which the server reads.

const DAY_MS = 86400000;
const day = (y, m, d) => new Date(Date.UTC(y, m, d));
const plus = (date, days) => new Date(date.getTime() + days * DAY_MS);
const weekday = (date) => (date.getUTCDay() + 6) % 7;
function week(date) {
  const thursday = plus(date, 3 - weekday(date));
  return 1 + Math.floor((thursday - day(thursday.getUTCFullYear(), 0, 1)) / DAY_MS / 7);
}
function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function calendar(box) {
  const field = document.getElementById(box.dataset.calendar), grid = box.querySelector(".calendar");
  const months = box.dataset.months.split("|"), weekdays = box.dataset.weekdays.split("|");
  let at = new Date(`${box.dataset.today}T00:00Z`), first = null, last = null;

  function words() {
    const of = (date, month = true) => `${date.getUTCDate()}${month ? ` ${months[date.getUTCMonth()]}` : ""}`;
    if (first.getTime() === last.getTime()) return of(first);
    if (first.getUTCMonth() === last.getUTCMonth()) return `${of(first, false)}–${of(last)}`;
    return `${of(first)} ${box.dataset.to} ${of(last)}`;
  }

  function pick(date) {
    const begins = !first || last.getTime() !== first.getTime();
    [first, last] = begins ? [date, date] : date < first ? [date, first] : [first, date];
    at = date;
    field.value = words();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    draw(true);
  }

  function go(date) { at = date; draw(true); }

  function sameDay(months) {
    const there = day(at.getUTCFullYear(), at.getUTCMonth() + months + 1, 0);
    return day(there.getUTCFullYear(), there.getUTCMonth(), Math.min(at.getUTCDate(), there.getUTCDate()));
  }

  function cell(date) {
    const of = element("td");
    if (date.getUTCMonth() !== at.getUTCMonth()) return of;
    const chosen = Boolean(first) && date >= first && date <= last;
    const label = `${weekdays[weekday(date)]} ${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
    const button = element("button", date.getUTCDate(), { type: "button", "aria-pressed": chosen, "aria-label": label, tabindex: date.getTime() === at.getTime() ? 0 : -1 });
    button.addEventListener("click", () => pick(date));
    of.append(button);
    return of;
  }

  function head() {
    const line = element("div", "", { class: "months" });
    for (const [step, sign, label] of [[-1, "‹", box.dataset.before], [0, ""], [1, "›", box.dataset.after]]) {
      if (!step) { line.append(element("b", `${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`, { "aria-live": "polite" })); continue; }
      const button = element("button", sign, { type: "button", "aria-label": label });
      button.addEventListener("click", () => { at = sameDay(step); draw(false); grid.querySelector(`[aria-label="${label}"]`).focus(); });
      line.append(button);
    }
    return line;
  }

  function draw(focus) {
    const table = element("table"), row = element("tr");
    for (const name of [box.dataset.week, ...weekdays]) row.append(element("th", name, { scope: "col" }));
    table.append(row);
    const begin = day(at.getUTCFullYear(), at.getUTCMonth(), 1), end = sameDay(1);
    for (let monday = plus(begin, -weekday(begin)); monday.getTime() <= day(end.getUTCFullYear(), end.getUTCMonth(), 0).getTime(); monday = plus(monday, 7)) {
      const line = element("tr");
      line.append(element("th", week(monday), { scope: "row" }));
      for (let n = 0; n < 7; n++) line.append(cell(plus(monday, n)));
      table.append(line);
    }
    grid.replaceChildren(head(), table);
    if (focus) grid.querySelector('td [tabindex="0"]').focus();
  }

  grid.addEventListener("keydown", (event) => {
    if (!event.target.closest("td")) return;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, Home: -weekday(at), End: 6 - weekday(at) };
    const pages = { PageUp: -1, PageDown: 1 };
    if (!(event.key in steps) && !(event.key in pages)) return;
    event.preventDefault();
    go(event.key in pages ? sameDay(pages[event.key]) : plus(at, steps[event.key]));
  });
  draw(false);
}

function prepare() {
  for (const box of document.querySelectorAll("[data-calendar]")) calendar(box);
}
prepare();
