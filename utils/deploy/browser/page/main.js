// The page: what belongs to what. Each part is a module of its own.

import { Bars } from "./bars.js";
import { Board, TOOLS, paint } from "./board.js";
import { Trouble, loadSettings } from "./files.js";
import { KEPT, showTimes } from "./histogram.js";
import { hook } from "./hook.js";
import { Networks } from "./model.js";
import { centered, normalize } from "./preprocess.js";
import { Scorecard } from "./scorecard.js";
import { bytes, inWords, largest } from "./statistics.js";
import { Strip } from "./strip.js";
import { lacking } from "./support.js";

const SLOW_MS = 1000;
const SLICE_MS = 60; // of photos at once: so long a drawing may have to wait for its turn
const $ = (id) => document.getElementById(id);

async function start() {
  const missing = lacking();
  if (missing) throw new Trouble(missing);
  const networks = new Networks(complain); // first: the runtime is the largest file
  const page = new Page(await loadSettings(), networks);
  window.titans = hook(page);
  await page.load();
}

class Page {
  constructor(settings, networks) {
    this.settings = settings;
    this.networks = networks;
    networks.expect([1, settings.side, settings.side], settings.classes.length);
    this.bars = new Bars($("bars"), settings.classes);
    this.card = new Scorecard($("scorecard").querySelector("table"), settings.models, settings.photos);
    this.board = new Board($("board"), () => this.drawn());
    this.strip = new Strip($("strip"), settings.photos, settings.classes, settings.side, (photo) => this.board.put(photo));
    this.name = settings.models[0].name;
    this.answeredAt = []; // when the first answer came
    this.wanted = this.busy = this.running = false;
    this.choices();
    this.buttons();
    this.card.show();
    this.strip.choose(0);
  }

  /** The radio buttons of the tools and of the networks. */
  choices() {
    for (const [name, { title }] of Object.entries(TOOLS)) {
      radio($("tools"), "tool", name, title, name === this.board.tool, () => (this.board.tool = name));
    }
    this.settings.models.forEach(({ name }, at) => {
      radio($("switch"), "network", name, name, at === 0, () => {
        this.name = name;
        document.body.dataset.color = at;
        this.ask();
        this.times();
      }, at);
    });
    document.body.dataset.color = 0;
  }

  buttons() {
    $("undo").addEventListener("click", () => this.board.undo());
    $("clear").addEventListener("click", () => this.board.put(null));
    $("more").addEventListener("click", () => this.strip.fill());
    $("all").addEventListener("click", () => (this.running ? (this.running = false) : this.runAll().catch(complain).finally(() => this.stopped())));
    this.stopped();
    $("more").disabled = false;
  }

  /** One network after the other: the page is usable as soon as the first is there. */
  async load() {
    for (const model of this.settings.models) {
      const input = document.querySelector(`input[name=network][value="${CSS.escape(model.name)}"]`);
      try {
        await this.networks.load(model);
      } catch (error) {
        complain(error);
        input.disabled = true;
        if (input.checked) this.next(input);
        continue;
      }
      $("switch").disabled = false;
      if (input.checked) this.ask();
    }
    if (!this.networks.ready.size) return say($("verdict"), "no network could be loaded");
    $("all").disabled = false;
    const total = this.settings.models.reduce((sum, model) => sum + model.bytes, this.settings.runtime_bytes);
    say($("scorecard-note"), `Loaded once: ${bytes(total)}, of it ${bytes(this.settings.runtime_bytes)} for the runtime, sent compressed. ` +
      "Times are of this browser on this computer, one thread, one image at a time; images a second also count its preparation.");
  }

  /** The network of this radio button can't be had: go on with the one behind it. */
  next(input) {
    const others = [...document.querySelectorAll("input[name=network]")];
    const other = others[others.indexOf(input) + 1];
    if (!other) return;
    other.checked = true;
    other.dispatchEvent(new Event("change")); // a click would do nothing while the switch is disabled
  }

  /** The picture has changed: show what the network sees of it and ask. */
  drawn() {
    const { board, strip } = this;
    const untouched = board.photo && board.pixels.every((pixel, at) => pixel === board.photo.pixels[at]);
    this.photo = untouched ? board.photo : null;
    this.pixels = board.photo ? board.pixels : centered(board.pixels, board.side);
    if (!untouched) strip.release();
    $("undo").disabled = !board.canUndo;
    paint($("seen"), this.pixels);
    say($("source"), this.photo
      ? `Photo ${this.photo.at + 1}, labeled ${this.settings.classes[this.photo.label]}. You may draw on it.`
      : board.photo ? "A photo that you have drawn on: it stays where it is."
      : board.empty ? "Draw with a finger, a pen, a mouse or the keys."
      : "Cut out, enlarged and centered, as the photos are.");
    this.ask();
  }

  /** Ask the chosen network about the picture; while it computes only the newest question waits. */
  async ask() {
    this.wanted = true;
    if (this.busy || !this.networks.ready.has(this.name)) return;
    this.busy = true;
    while (this.wanted) {
      this.wanted = false;
      const { name, photo, pixels } = this;
      if (!photo && this.board.empty) {
        this.bars.show(null);
        say($("verdict"), "nothing is drawn yet");
        continue;
      }
      try {
        const { logits, ms } = await this.networks.run(name, normalize(pixels, this.settings));
        this.answered(name, photo, logits, ms);
      } catch (error) {
        complain(error);
      }
    }
    this.busy = false;
  }

  answered(name, photo, logits, ms) {
    if (!this.answeredAt.length) this.answeredAt.push(performance.now());
    this.card.time(name, ms);
    if (photo) this.card.note(name, photo, largest(logits));
    if (!this.wanted) {
      const best = this.bars.show(logits);
      const verdict = photo ? (best.at === photo.label ? ", as labeled" : `, labeled ${this.settings.classes[photo.label]}`) : "";
      say($("verdict"), `${best.name}${verdict}`);
      clearTimeout(this.speaking);
      this.speaking = setTimeout(() => say($("spoken"), `${name} says ${best.name}, ${best.percent}${verdict}`), 400);
    }
    this.times();
    this.card.show();
  }

  times() {
    const last = this.card.times.get(this.name).slice(-KEPT);
    const { median, p95 } = showTimes($("histogram"), last);
    say($("times"), last.length ? `${this.name}: ${inWords(median, p95)}` : "");
    const slow = median > SLOW_MS ? "Slow: more than a second an image. The page stays usable, the answer follows your hand later. " : "";
    const of = last.length > 1 ? `The last ${last.length} inferences; longer ones stand in the last column. ` : "";
    const fine = crossOriginIsolated ? "" : "In a frame the browser's clock ticks in steps of 0.1 ms.";
    $("latency").classList.toggle("slow", Boolean(slow));
    say($("times-note"), slow + of + fine);
  }

  /** Every photo through every network, in small slices that take turns, until done or stopped. */
  async runAll() {
    const { photos, models } = this.settings;
    const names = models.map(({ name }) => name).filter((name) => this.networks.ready.has(name));
    this.running = true;
    $("all").textContent = "Stop";
    $("progress").hidden = false;
    $("progress").value = 0;
    let count = 1;
    for (let from = 0; this.running && from < photos.length; ) {
      const slice = photos.slice(from, from + count);
      let slowest = 0;
      for (const name of names) {
        const began = performance.now();
        const { logits, ms } = await this.runSlice(name, slice);
        const took = performance.now() - began;
        this.card.worked(name, slice.length, took);
        this.card.time(name, ms);
        slice.forEach((photo, at) => this.card.note(name, photo, largest(logits[at])));
        slowest = Math.max(slowest, ms.reduce((a, b) => a + b) / slice.length);
      }
      from += slice.length;
      count = Math.max(1, Math.min(4 * count, Math.floor(SLICE_MS / slowest)));
      $("progress").value = from / photos.length;
      this.card.show();
      this.times();
    }
    say($("spoken"), names.map((name) => `${name}: ${(100 * this.card.accuracy(name).share).toFixed(1)} % right`).join(", "));
  }

  /** Every photo was run, or somebody stopped it, or it failed, or nothing was begun yet. */
  stopped() {
    this.running = false;
    $("progress").hidden = true;
    $("all").textContent = `Run all ${this.settings.photos.length.toLocaleString("en")} photos`;
  }

  /** Some photos through one network: {logits, ms}, both with one entry an image. */
  async runSlice(name, slice) {
    const values = normalize(slice.flatMap(({ pixels }) => [...pixels]), this.settings);
    const { logits, ms } = await this.networks.run(name, values);
    const size = this.settings.classes.length;
    return { logits: slice.map((_, at) => logits.slice(at * size, (at + 1) * size)), ms };
  }
}

function radio(group, name, value, title, checked, onchoose, color = 0) {
  const label = document.createElement("label");
  label.dataset.color = color;
  const input = document.createElement("input");
  Object.assign(input, { type: "radio", name, value, checked });
  input.addEventListener("change", onchoose);
  label.append(input, title);
  group.append(label);
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Show a sentence on the page; troubles that are none of ours keep their own words. */
function complain(error) {
  const sentence = error instanceof Trouble ? error.message : `Something went wrong (${error.message}): load the page again.`;
  const place = $("trouble");
  place.hidden = false;
  if (!place.textContent.includes(sentence)) place.append(...(place.textContent ? [document.createElement("br")] : []), sentence);
}

start().catch((error) => {
  complain(error);
  say($("verdict"), "");
});
