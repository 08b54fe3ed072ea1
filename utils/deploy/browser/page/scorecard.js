// What each network costs and what it is worth, as far as this page has measured it.

import { bytes, milliseconds, quantile, tail } from "./statistics.js";

const MANY = 100;
const REMEMBERED = 5000; // times of a network

export class Scorecard {
  constructor(table, models, photos) {
    this.table = table;
    this.models = models;
    this.photos = photos;
    this.seen = new Map(models.map(({ name }) => [name, new Map()])); // name -> (number of the photo -> class)
    this.times = new Map(models.map(({ name }) => [name, []]));
    this.busy = new Map(models.map(({ name }) => [name, { images: 0, ms: 0 }]));
  }

  /** Note what a network said of a photo. */
  note(name, photo, answer) {
    this.seen.get(name).set(photo.at, answer);
  }

  /** Note times of single images. */
  time(name, ms) {
    const times = this.times.get(name);
    times.push(...ms);
    times.splice(0, times.length - REMEMBERED);
  }

  /** Note how long a number of images took, all that belongs to it included. */
  worked(name, images, ms) {
    const sum = this.busy.get(name);
    sum.images += images;
    sum.ms += ms;
  }

  /** {share, of}: how often a network is right on the photos that it has seen. */
  accuracy(name) {
    const seen = [...this.seen.get(name)];
    return { share: seen.filter(([at, answer]) => this.photos[at].label === answer).length / seen.length, of: seen.length };
  }

  /** {share, of}: on how many of the photos that all networks have seen they say the same. */
  agreement() {
    const [first, ...others] = this.seen.values();
    const shared = [...first].filter(([at]) => others.every((other) => other.has(at)));
    return { share: shared.filter(([at, answer]) => others.every((other) => other.get(at) === answer)).length / shared.length, of: shared.length };
  }

  /** All that was measured of one network; NaN where nothing was. */
  measured(name) {
    const times = this.times.get(name);
    const { images, ms } = this.busy.get(name);
    return { name, accuracy: this.accuracy(name), median: quantile(times, 0.5), p95: tail(times), rate: (1000 * images) / ms };
  }

  show() {
    const { models } = this;
    const all = models.map(({ name }) => this.measured(name));
    const rows = [
      ["size of the file", models.map((model) => bytes(model.bytes)), ratio(models.map((model) => model.bytes))],
      ["parameters", models.map((model) => (model.parameters ?? NaN).toLocaleString("en"))],
      ["MACs", models.map((model) => millions(model.macs ?? NaN))],
      ["right on photos", all.map(({ accuracy }) => part(accuracy))],
      ["median time", all.map(({ median }) => `${milliseconds(median)} ms`), ratio(all.map(({ median }) => median))],
      ["95 % within", all.map(({ p95 }) => `${milliseconds(p95)} ms`)],
      ["images a second", all.map(({ rate }) => Math.round(rate).toLocaleString("en"))],
    ];
    const two = models.length === 2;
    const head = document.createElement("tr");
    head.append(cell("td", ""), ...models.map(({ name }) => cell("th", name, "col")), ...(two ? [cell("th", "ratio", "col")] : []));
    this.table.tHead.replaceChildren(head);
    this.table.tBodies[0].replaceChildren(
      ...rows.map(([title, values, last = ""]) => {
        const row = document.createElement("tr");
        const shown = two ? [...values, last] : values;
        row.append(cell("th", title, "row"), ...shown.map((text) => cell("td", /NaN/.test(text) ? "–" : text)));
        return row;
      }),
    );
    this.#showAgreement(models.length + (two ? 1 : 0));
  }

  /** One more row, over all columns, as soon as there is something to compare. */
  #showAgreement(columns) {
    const { share, of } = this.agreement();
    if (this.models.length > 1 && of) {
      const row = document.createElement("tr");
      const value = cell("td", of < MANY ? part({ share, of }) : `${part({ share, of })} of ${of.toLocaleString("en")}`);
      value.colSpan = columns;
      row.append(cell("th", "same answer", "row"), value);
      this.table.tBodies[0].append(row);
    }
  }
}

/** A share of few is told in whole numbers, one of many in percent. */
function part({ share, of }) {
  return of < MANY ? (of ? `${Math.round(share * of)} of ${of}` : "NaN") : `${(100 * share).toFixed(1)} %`;
}

const millions = (count) => `${(count / 1e6).toPrecision(3)} M`;

/** How many times smaller the second is than the first. */
const ratio = ([one, other]) => (other ? `${(one / other).toFixed(1)}\u00a0×` : "NaN");

function cell(tag, text, scope) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (scope) made.scope = scope;
  return made;
}
