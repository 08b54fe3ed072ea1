// One bar a class, in a fixed order: bars that change places can't be followed.

import { largest, softmax } from "./statistics.js";

export class Bars {
  constructor(list, classes) {
    this.classes = classes;
    this.rows = classes.map((name) => {
      const row = document.createElement("li");
      const [label, track, bar, percent] = ["span", "span", "span", "span"].map((tag) => document.createElement(tag));
      label.textContent = name;
      label.className = "label";
      track.className = "track";
      bar.className = "bar";
      percent.className = "percent";
      track.ariaHidden = "true";
      track.append(bar);
      row.append(label, track, percent);
      list.append(row);
      return { row, bar, percent };
    });
  }

  /** Show logits; null empties the bars. Answers {name, percent} of the likeliest class. */
  show(logits) {
    const shares = logits ? softmax(logits) : this.classes.map(() => 0);
    const best = logits ? largest(shares) : -1;
    this.rows.forEach(({ row, bar, percent }, at) => {
      row.classList.toggle("best", at === best);
      bar.style.width = `${100 * shares[at]}%`;
      percent.textContent = logits ? inPercent(shares[at]) : "";
    });
    return logits ? { at: best, name: this.classes[best], percent: inPercent(shares[best]) } : null;
  }
}

/** Never "100 %" or "0 %" for what is only near to it. */
function inPercent(share) {
  if (share > 0.999 && share < 1) return "> 99.9 %";
  if (share < 0.001) return "< 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}
