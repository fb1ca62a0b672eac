// What the pages do beyond links and forms. Everything can be read without it.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const style = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // Numbers in charts, written as the server writes them in text.
  const grouped = new Intl.NumberFormat("en-US");
  const short = (n) => {
    const size = Math.abs(n);
    if (size >= 1e9) return +(n / 1e9).toPrecision(3) + "B";
    if (size >= 1e6) return +(n / 1e6).toPrecision(3) + "M";
    if (size >= 1e4) return +(n / 1e3).toPrecision(3) + "k";
    return grouped.format(n);
  };
  const dollars = (n) => {
    const size = Math.abs(n);
    if (size === 0) return "$0";
    if (size >= 1e4) return "$" + short(n);
    return "$" + (size >= 1 ? grouped.format(Math.round(n * 100) / 100) : String(+n.toPrecision(2)));
  };
  const millis = (n) => (n < 1000 ? Math.round(n) + " ms" : n < 60000 ? +(n / 1000).toFixed(1) + " s" : +(n / 60000).toFixed(1) + " min");
  const writers = { count: short, usd: dollars, ms: millis };

  // An axis from 0 to a round number that nothing is above, with two or three lines on the way: `{top, splits, texts}`.
  function scaleUp(most, unit) {
    const [size, sign] = unit !== "ms" ? [1, ""] : most >= 12e4 ? [6e4, " min"] : most >= 1e3 ? [1e3, " s"] : [1, " ms"];
    const isWhole = unit !== "usd" && size === 1;
    const reach = most / size;
    const choices = [2, 3].map((lines) => {
      const power = 10 ** Math.floor(Math.log10(reach / lines || 1));
      const steps = [1, 2, 2.5, 4, 5, 10].map((step) => +(step * power).toPrecision(3)).map((step) => (isWhole ? Math.ceil(step) : step));
      return { lines, step: steps.find((step) => step * lines >= reach) };
    });
    if (!reach || (isWhole && reach <= 1)) choices.unshift({ lines: 1, step: 1 });
    const { lines, step } = choices.reduce((best, one) => (one.lines * one.step < best.lines * best.step ? one : best));
    let places = step % 1 ? (unit === "usd" ? 2 : 1) : 0;
    while (places < 9 && +step.toFixed(places) !== step) places += 1;
    const write = (n) => {
      if (unit === "usd") return "$" + (n === 0 ? "0" : n >= 1e4 ? short(n) : grouped.format(Math.trunc(n)) + n.toFixed(places).slice(String(Math.trunc(n)).length));
      return (unit === "ms" ? (places ? (n && n.toFixed(places)) : grouped.format(n)) : short(n)) + sign;
    };
    const rounds = Array.from({ length: lines + 1 }, (_, i) => +(i * step).toPrecision(12));
    return { top: lines * step * size, splits: rounds.map((n) => n * size), texts: rounds.map(write) };
  }

  // What to write under a chart with room for so many labels: even steps of days, hours of the clock, or firsts of a month.
  function stepAlong(labels, titles, room) {
    const every = (steps, list) => {
      const step = steps.find((one) => Math.ceil(list.length / one) <= room) ?? steps.at(-1);
      return list.filter((_, i) => i % step === 0);
    };
    const all = labels.map((text, i) => ({ i, text }));
    if (labels[0]?.includes(":")) {
      const hour = (one) => Number(one.text.split(":")[0]);
      const step = [1, 2, 3, 6, 12, 24].find((one) => Math.ceil(labels.length / one) <= room) ?? 24;
      const shown = all.filter((one) => /:00$/.test(one.text) && hour(one) % step === 0);
      return shown.map((one) => ({ i: one.i, text: hour(one) === 0 ? titles[one.i].split(",")[0] : one.text }));
    }
    if (labels.length > 120) return every([1, 2, 3, 6, 12], all.filter((one) => / 1$/.test(one.text)));
    return every([1, 2, 3, 5, 7, 10, 14, 21, 28, 56], all);
  }

  const pen = document.createElement("canvas").getContext("2d");
  const measure = (font, texts) => {
    pen.font = font;
    return Math.ceil(Math.max(...texts.map((text) => pen.measureText(text).width)));
  };

  // Charts: <div class="chart" data-chart='{"x":[unix seconds],"labels":[…],"series":[{name,unit,color,values}]}'>
  const charts = new Map();

  // Values that no line reaches, since nothing is beside them: uPlot wants null for none.
  function findLone(values) {
    const lone = values.flatMap((n, i) => (n != null && values[i - 1] == null && values[i + 1] == null ? [i] : []));
    return lone.length ? lone : null;
  }

  function draw(box) {
    const old = charts.get(box);
    if (old) old.destroy();
    if (!window.uPlot) return;
    const data = JSON.parse(box.dataset.chart);
    const at = data.x.map((_, i) => i);
    const stacked = data.series.map((one) => one.values);
    const bars = uPlot.paths.bars({ size: [0.72, 26], radius: 0.15 });
    const line = uPlot.paths.linear();
    const font = "11px " + getComputedStyle(document.body).fontFamily;
    const values = data.series.flatMap((one) => one.values);
    const up = scaleUp(Math.max(0, ...values), data.series[0].unit);
    // Labels need twice their width; one that would be cut at an end is left out.
    const left = measure(font, up.texts) + 9;
    const wide = measure(font, data.labels);
    const beside = 8;
    const bar = (box.clientWidth - left - beside) / at.length;
    const isWhole = ({ i }) => (i + 0.5) * bar >= wide / 2 - left && (at.length - i - 0.5) * bar + beside >= wide / 2;
    const labelled = stepAlong(data.labels, data.titles, Math.max(2, Math.floor((bar * at.length) / (wide * 1.7)))).filter(isWhole);
    const axis = { stroke: style("--faint"), font, ticks: { show: false }, grid: { stroke: style("--line"), width: 1 } };
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    const plot = new uPlot({
      width: box.clientWidth, height: box.clientHeight, padding: [8, beside, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: false, range: [-0.5, Math.max(0.5, at.length - 0.5)] }, y: { range: [0, up.top] } },
      axes: [
        { ...axis, grid: { show: false }, size: 24, gap: 7, splits: () => labelled.map((one) => one.i), values: () => labelled.map((one) => one.text) },
        { ...axis, size: left, gap: 8, splits: () => up.splits, values: () => up.texts },
      ],
      series: [{}, ...data.series.map((one) => (data.kind === "line"
        ? { stroke: style("--c" + one.color), width: 1.6, fill: style("--c" + one.color) + "1c", paths: line, spanGaps: false,
          points: { show: false, size: 6, width: 0, fill: style("--c" + one.color), filter: () => findLone(one.values) } }
        : { fill: style("--c" + one.color), stroke: style("--c" + one.color), width: 0, paths: bars, points: { show: false } }))],
      hooks: {
        setCursor: [(u) => {
          const i = u.cursor.idx;
          tip.hidden = i == null || u.cursor.left < 0;
          if (tip.hidden) return;
          const day = document.createElement("b");
          day.textContent = data.titles ? data.titles[i] : data.labels[i];
          const lines = data.series.map((one) => {
            const value = document.createElement("span");
            const n = one.values[i];
            value.textContent = (data.series.length > 1 ? one.name + " " : "") + (n == null ? "no data" : (writers[one.unit] || short)(n)) + " ";
            return value;
          });
          tip.replaceChildren(day, ...lines);
          const left = u.valToPos(i, "x") + u.bbox.left / devicePixelRatio;
          const over = left > box.clientWidth / 2;
          tip.style.left = over ? "" : left + 10 + "px";
          tip.style.right = over ? box.clientWidth - left + 10 + "px" : "";
        }],
      },
    }, [at, ...stacked], box);
    const nothing = document.createElement("p");
    nothing.className = "nothing";
    nothing.textContent = "Nothing in this period";
    nothing.hidden = values.some((n) => n > 0);
    box.append(tip, nothing);
    box.classList.add("ready");
    charts.set(box, { destroy() { plot.destroy(); tip.remove(); nothing.remove(); box.classList.remove("ready"); }, source: box.dataset.chart, width: box.clientWidth });
  }

  // A table that fits its box needs no scrolling of its own, so that its head can stay while the page scrolls.
  function measurePage() {
    for (const box of document.querySelectorAll(".scroll:not(.tall)")) box.classList.toggle("fits", box.scrollWidth <= box.clientWidth);
    const bar = document.querySelector(".bar");
    if (bar) root.style.setProperty("--bar-height", bar.offsetHeight + "px");
  }

  function drawAll() {
    measurePage();
    for (const [box, chart] of charts) if (!box.isConnected) { chart.destroy(); charts.delete(box); }
    for (const box of document.querySelectorAll(".chart[data-chart]")) {
      const chart = charts.get(box);
      if (!chart || chart.source !== box.dataset.chart || chart.width !== box.clientWidth || !box.classList.contains("ready")) draw(box);
    }
  }

  // Live pages fetch themselves; what changed is morphed in place, what somebody uses stays.
  const REFRESH_MS = 10_000;
  let refreshing = null;
  let refreshed = new Date();
  let failures = 0;
  function isInUse(live) {
    const active = document.activeElement;
    const typing = active && active !== document.body && live.contains(active) && /^(INPUT|TEXTAREA|SELECT)$/.test(active.tagName);
    const selected = getSelection();
    const reading = selected && !selected.isCollapsed && live.contains(selected.anchorNode);
    return typing || reading || live.querySelector("details[open]:not([data-keep]), [data-hold]") !== null;
  }
  async function refresh() {
    const live = document.getElementById("live");
    if (!live || refreshing || document.hidden || document.getElementById("unfound") || !document.querySelector("main[data-live]") || isInUse(live)) return;
    refreshing = location.href;
    // A trace goes on showing the span that it shows, also if a later one is looked for more.
    const address = new URL(live.querySelector("tr[aria-current] a")?.href ?? location.href);
    try {
      await htmx.ajax("GET", address.pathname + address.search, { source: live, target: "#live", select: "#live", swap: "outerMorph" });
    } catch { /* The next round tries again. */ } finally { refreshing = null; }
  }
  const isRefresh = (ctx) => ctx.sourceElement.id === "live";
  const isSearch = (ctx) => ctx.sourceElement.matches("input[type=search]");
  const isAnswer = (ctx) => ctx.response.status < 400 && ctx.text.includes(`id="${ctx.select.slice(1)}"`);

  // The keyboard stays at what it was at, wherever that is in the list now.
  function holdPlace() {
    const active = document.activeElement;
    const href = active.getAttribute("href");
    const row = picked?.id;
    return () => {
      picked = row ? document.getElementById(row) : null;
      picked?.classList.add("picked");
      if (!href || (document.activeElement === active && active.getAttribute("href") === href)) return;
      [...document.querySelectorAll("#live a")].find((a) => a.getAttribute("href") === href)?.focus({ preventScroll: true });
    };
  }

  function say(id, role, className, words) {
    const line = document.createElement("p");
    Object.assign(line, { id, role, className, textContent: words });
    return line;
  }
  function fail(ctx) {
    if (isRefresh(ctx)) {
      failures += 1;
      if (failures < 2 || document.getElementById("stale")) return;
      const time = refreshed.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
      document.querySelector("main").append(say("stale", "status", "stale", `Not refreshed since ${time}`));
    } else if (isSearch(ctx)) {
      // The rows are those of another question.
      const list = document.querySelector(ctx.select);
      list.hidden = true;
      document.getElementById("unfound")?.remove();
      list.before(say("unfound", "alert", "fault-box", "The search did not work; try again."));
    }
  }
  function succeed(ctx) {
    if (isSearch(ctx)) document.getElementById("unfound")?.remove();
    if (!isRefresh(ctx) && !isSearch(ctx)) return;
    failures = 0;
    refreshed = new Date();
    document.getElementById("stale")?.remove();
  }
  let goBack = null;
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (!isRefresh(ctx) && !isSearch(ctx)) return;
    // Also the address stays what it was.
    if (!isAnswer(ctx)) { event.preventDefault(); fail(ctx); }
    else if (isRefresh(ctx) && (refreshing !== location.href || document.getElementById("unfound"))) event.preventDefault();
    else if (isRefresh(ctx)) goBack = holdPlace();
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => { if (ctx) fail(ctx); });

  // Keyboard: / searches, j and k walk the rows, Enter opens, g and a letter go to a room, ? lists them.
  const rooms = { o: "/", u: "/users", s: "/sessions", t: "/traces", c: "/costs", e: "/events", d: "/developers" };
  let going = 0;
  let picked = null;
  function pick(step) {
    const rows = [...document.querySelectorAll("main tbody tr")].filter((row) => row.querySelector("a"));
    if (!rows.length) return false;
    const at = rows.indexOf(picked);
    picked?.classList.remove("picked");
    picked = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
    picked.classList.add("picked");
    picked.querySelector("a").focus({ preventScroll: true });
    picked.scrollIntoView({ block: "nearest" });
    return true;
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      document.querySelectorAll("details.pop[open]").forEach((one) => { one.open = false; one.querySelector("summary").focus(); });
      if (document.activeElement?.matches("input")) document.activeElement.blur();
      return;
    }
    if (event.target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    if (event.key === "/") { event.preventDefault(); document.querySelector("[data-hotkey='/']")?.select(); }
    else if (event.key === "j") pick(1);
    else if (event.key === "k") pick(-1);
    else if (event.key === "?") document.getElementById("keys")?.showModal();
    else if (event.key === "g") going = Date.now();
    else if (Date.now() - going < 1200 && rooms[event.key]) {
      const link = [...document.querySelectorAll(".side nav a")].find((a) => new URL(a.href).pathname === rooms[event.key]);
      if (link) location.href = link.href;
    }
  });

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const text = document.getElementById(copy.dataset.copy)?.textContent.trim() ?? "";
      const before = copy.textContent;
      try { await navigator.clipboard.writeText(text); copy.textContent = "Copied"; }
      catch { getSelection().selectAllChildren(document.getElementById(copy.dataset.copy)); copy.textContent = "Selected"; }
      setTimeout(() => { copy.textContent = before; }, 1600);
    }
    const open = event.target.closest("[data-open]");
    if (open) { event.preventDefault(); document.getElementById(open.dataset.open)?.showModal(); }
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
    // A click elsewhere closes a popover.
    document.querySelectorAll("details.pop[open]").forEach((one) => { if (!one.contains(event.target)) one.open = false; });
  });
  // Texts of a row that can be selected lie above its link; a click that selects nothing is meant for the link.
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.target.closest("a, button, summary, input, select, label") || !getSelection().isCollapsed) return;
    const { ctrlKey, metaKey, shiftKey } = event;
    event.target.closest("main tbody tr")?.querySelector(".main-link")?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, view: window, ctrlKey, metaKey, shiftKey }));
  });
  // Selects and switches of a filter apply at once.
  document.addEventListener("change", (event) => {
    if (event.target.closest("form[data-auto]") && event.target.matches("select, [type=checkbox], [type=radio]")) event.target.form.requestSubmit();
  });
  // A filter sends only what is set, so that its URL stays short.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "get") return;
    for (const field of event.target.elements) if (field.name && !field.value) field.disabled = true;
    setTimeout(() => { for (const field of event.target.elements) field.disabled = false; });
  });

  // A list that scrolls by itself begins where something in it is selected.
  function showSelected() {
    const box = document.querySelector(".tall");
    const row = box?.querySelector("tr[aria-current]");
    if (row) box.scrollTop += row.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 2;
  }

  // After a search the keyboard is where one goes on: at the first that was found, else in the box.
  function goOn() {
    if (location.pathname !== "/search" || !matchMedia("(pointer: fine)").matches || pick(1)) return;
    document.querySelector("[data-hotkey='/']")?.select();
  }

  // What was just done is said once: a link that is passed on does not say it.
  function forgetDone() {
    const here = new URL(location.href);
    if (!here.searchParams.has("done")) return;
    here.searchParams.delete("done");
    history.replaceState(history.state, "", here);
  }

  document.addEventListener("DOMContentLoaded", () => {
    forgetDone();
    drawAll();
    goOn();
    setInterval(refresh, REFRESH_MS);
    new ResizeObserver(drawAll).observe(document.body);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { for (const box of charts.keys()) draw(box); });
  });
  addEventListener("load", showSelected);
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    succeed(ctx);
    goBack?.();
    goBack = null;
    // What was waited for has come: the whole page is another one.
    if (document.querySelector(".quick") === null && document.querySelector("main[data-waits]")) location.reload();
    else drawAll();
  });
  // A part that cannot be had for now offers its link instead of waiting for ever.
  for (const failure of ["htmx:error", "htmx:response:error"]) {
    document.addEventListener(failure, (event) => event.target.closest?.("[hx-trigger=load]")?.classList.add("stuck"));
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
})();
