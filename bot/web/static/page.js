// The page's script: sends what is typed and pressed, puts news in its place, completes what is being typed.
"use strict";

const page = document.body.dataset;
const at = (id) => document.getElementById(id);
const log = at("log");
const thread = at("thread");
let states = JSON.parse(page.states);

// --- sending -------------------------------------------------------------------

async function post(address, said) {
  const body = new URLSearchParams({ ...said, nonce: crypto.randomUUID() });
  let refusal = "";
  try {
    const answer = await fetch(address, { method: "POST", body, headers: { "X-Token": page.token } });
    refusal = answer.ok ? "" : await answer.text();
  } catch {
    refusal = "Pitcrew cannot be reached: is the demo still running?";
  }
  trouble(refusal);
  return !refusal;
}

function trouble(said) {
  at("trouble").textContent = said;
  at("trouble").hidden = !said;
}

function ask(element, ask, fields = {}) {
  const message = element.closest("[data-message]").dataset.message;
  const named = Object.fromEntries(Object.entries(fields).map(([name, value]) => [`field.${name}`, value]));
  return post("/ask", { message, ask, ...named });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches(".ask")) {
    button.disabled = true;
    button.classList.add("pressed");
    await ask(button, button.dataset.ask);
    setTimeout(() => { button.disabled = false; button.classList.remove("pressed"); }, 1200);
  } else if (button.matches(".open")) {
    button.nextElementSibling.showModal();
  } else if (button.matches("dialog .close")) {
    button.closest("dialog").close();
  } else if (button.matches(".copy")) {
    await navigator.clipboard?.writeText(button.parentElement.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("select.ask")) ask(event.target, event.target.value);
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.matches("dialog form")) {
    await ask(form, form.dataset.ask, Object.fromEntries(new FormData(form)));
  } else if (form.matches(".composer")) {
    event.preventDefault();
    const field = form.elements.text;
    const text = field.value.trim();
    if (!text) return;
    shut();
    field.value = "";
    const sent = await post("/ask", {
      conversation: page.slug, thread: form.id === "thread-composer" ? page.thread : "", text,
    });
    if (!sent) field.value = text;
    field.focus();
  } else if (form.matches(".clock")) {
    event.preventDefault();
    await post("/clock", { days: event.submitter.value });
  }
});

// --- news ----------------------------------------------------------------------

function made(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function nearEnd(box) {
  return box.scrollHeight - box.scrollTop - box.clientHeight < 160;
}

function put(box, news) {
  const known = at(`m-${news.id}`);
  if (news.gone) return known?.remove();
  const fresh = made(news.html);
  if (known) {
    const held = known.contains(document.activeElement);
    known.replaceWith(fresh);
    if (held) { fresh.tabIndex = -1; fresh.focus({ preventScroll: true }); }
    fresh.classList.add("changed");
    return;
  }
  if (!box) return;
  const follow = nearEnd(box);
  box.querySelector(".empty")?.remove();
  box.append(fresh);
  fresh.classList.add("new");
  if (follow) show(box, fresh);
}

function show(box, message, gently = true) {
  // the beginning of a long answer rather than its end
  const top = message.offsetTop - box.offsetTop - 8;
  box.scrollTo({ top, behavior: gently ? "auto" : "instant" });
}

function heard(news) {
  const said = news.map((one) => one.said).filter(Boolean);
  if (said.length) at("heard").textContent = said.slice(-3).join(". ");
}

function count(unread) {
  for (const link of document.querySelectorAll(".channels a")) {
    const number = link.dataset.slug === page.slug ? 0 : unread[link.dataset.slug] ?? 0;
    link.querySelector(".count").textContent = number;
    link.querySelector(".unread").hidden = !number;
  }
}

function told(news) {
  const before = states;
  states = { ...states, ...news };
  if (!before.ready && states.ready) return location.reload();
  at("now").textContent = states.clock ?? "";
  const moving = states.moving?.what;
  const preparing = !states.ready;
  at("under-way").hidden = !moving && !preparing;
  const share = moving ? states.moving.share : states.progress?.share ?? 0;
  at("share").value = Math.round(100 * share);
  at("what").textContent = moving || states.progress?.what || "starting";
  for (const button of document.querySelectorAll(".clock button")) button.disabled = Boolean(moving) || preparing;
  const working = (states.working ?? []).includes(page.conversation);
  at("working").hidden = !working;
}

function listen(since) {
  const source = new EventSource(`/events?c=${encodeURIComponent(page.conversation)}&since=${since}`);
  source.addEventListener("news", (event) => {
    const news = JSON.parse(event.data);
    for (const one of news.messages) {
      if (one.conversation !== page.conversation) continue;
      put(one.thread ? (one.thread === page.thread ? thread : null) : log, one);
    }
    for (const [root, number] of Object.entries(news.threads)) {
      for (const link of document.querySelectorAll(`a.replies[data-thread="${root}"]`)) {
        link.firstChild.textContent = `${number} ${number === 1 ? "reply" : "replies"}`;
      }
    }
    heard(news.messages);
    count(news.unread);
    told(news.states);
    trouble("");
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) trouble("The connection is gone; load the page again.");
  });
}

// --- completion ----------------------------------------------------------------

const field = at("say");
const options = at("options");
let found = [];
let active = -1;
let asked = 0;

function shut() {
  found = [];
  active = -1;
  asked += 1;
  options.hidden = true;
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

function point(number) {
  active = number;
  [...options.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === number)));
  const item = options.children[number];
  if (item) {
    field.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  } else field.removeAttribute("aria-activedescendant");
}

function take(number) {
  field.value = found[number].text;
  field.focus();
  complete();
}

async function complete() {
  const mine = ++asked;
  const typed = field.value;
  if (!typed.trim()) return shut();
  const answer = await fetch(`/complete?text=${encodeURIComponent(typed)}`).catch(() => null);
  if (!answer?.ok || mine !== asked) return;
  found = (await answer.json()).filter((one) => one.text.trim() !== typed.trim());
  if (mine !== asked) return;
  options.replaceChildren(...found.map((one, place) => {
    const item = document.createElement("li");
    item.id = `option-${place}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const label = document.createElement("b");
    label.textContent = one.label;
    const hint = document.createElement("span");
    hint.textContent = one.hint;
    item.append(label, " ", hint);
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(place); });
    return item;
  }));
  active = -1;
  options.dataset.of = typed;
  options.hidden = !found.length;
  field.setAttribute("aria-expanded", String(found.length > 0));
  field.removeAttribute("aria-activedescendant");
}

field.addEventListener("input", complete);
field.addEventListener("blur", shut);
field.addEventListener("keydown", (event) => {
  if (options.hidden) return;
  const last = found.length - 1;
  const stale = options.dataset.of !== field.value; // whoever types faster than the list comes loses no letter
  if (stale && event.key !== "Escape") {
    if (event.key.startsWith("Arrow") || (event.key === "Tab" && !event.shiftKey)) event.preventDefault();
    return;
  }
  if (event.key === "ArrowDown") point(active < last ? active + 1 : 0);
  else if (event.key === "ArrowUp") point(active > 0 ? active - 1 : last);
  else if (event.key === "Tab" && !event.shiftKey) take(Math.max(active, 0));
  else if (event.key === "Enter" && active >= 0) take(active);
  else if (event.key === "Escape") shut();
  else return;
  event.preventDefault();
});

// --- begin ---------------------------------------------------------------------

told({});
listen(page.since);
for (const box of [log, thread]) {
  const last = box?.querySelector(".message:last-of-type");
  if (last) show(box, last, false);
}
if (states.ready && matchMedia("(pointer: fine)").matches) (at("answer") ?? field).focus({ preventScroll: true });
