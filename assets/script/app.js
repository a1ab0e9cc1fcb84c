// What the pages gain where scripts run. Nothing here is needed: each page works without it.
(function () {
  "use strict";

  // The server's clock rules, also when it is a virtual one: the page says what time it was
  // there when the page was made, and whether that clock moves by itself.
  const root = document.documentElement;
  const stated = Date.parse(root.dataset.now || "");
  const ticks = root.dataset.ticks === "true";
  const loaded = Date.now();

  function now() {
    return ticks ? stated + (Date.now() - loaded) : stated;
  }

  // "2 d 4 h", "3 h 10 m", "12 m", as the server writes it; with data-seconds "9:42".
  function words(ms, seconds) {
    const s = Math.floor(Math.abs(ms) / 1000);
    const m = Math.floor(s / 60);
    if (seconds && m < 60) return m + ":" + String(s % 60).padStart(2, "0");
    const h = Math.floor(m / 60);
    const d = Math.floor(h / 24);
    if (d > 0) return d + " d " + (h % 24) + " h";
    if (h > 0) return h + " h " + (m % 60) + " m";
    return m + " m";
  }

  function count() {
    for (const el of document.querySelectorAll("[data-left]")) {
      const due = Date.parse(el.dataset.left);
      if (Number.isNaN(due)) continue;
      const left = due - now();
      const badge = el.closest("[data-deadline]");
      // What being late means is the server's to say: until it does, the count stops at nothing.
      const late = badge && badge.dataset.deadline === "late";
      const text = words(late ? left : Math.max(left, 0), "seconds" in el.dataset);
      if (el.textContent !== text) el.textContent = text;
    }
  }

  if (ticks && !Number.isNaN(stated)) {
    const fine = document.querySelector("[data-left][data-seconds]");
    window.setInterval(count, fine ? 1000 : 15000);
    document.addEventListener("htmx:afterSwap", count);
  }

  // An open menu closes when one clicks elsewhere or presses Escape.
  function close(except) {
    for (const menu of document.querySelectorAll("details.account[open]")) {
      if (!except || !menu.contains(except)) menu.open = false;
    }
  }
  document.addEventListener("click", function (e) { close(e.target); });
  document.addEventListener("keydown", function (e) {
    if (e.key !== "Escape") return;
    const menu = document.querySelector("details.account[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // On a phone the menu is a strip: bring where one is into view.
  const here = document.querySelector(".nav [aria-current]");
  if (here) {
    const strip = here.closest("ul");
    strip.scrollLeft = here.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
  }

  // Filters stand open on a desk, folded on a phone.
  const desk = window.matchMedia("(min-width: 56rem)");
  function fold() {
    for (const el of document.querySelectorAll("details.fold")) el.open = desk.matches;
  }
  desk.addEventListener("change", fold);
  fold();

  // After a refused form, start at what is wrong.
  const wrong = document.querySelector("[data-problems]");
  if (wrong) wrong.focus();
})();
