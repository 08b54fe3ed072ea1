// A strip of photos to choose from: a column for each class, two of its photos at a time.

import { paint } from "./board.js";

const EACH = 2; // rows, as the style sheet has them

export class Strip {
  #round = 0;

  /** onchoose: told which photo was chosen. */
  constructor(list, photos, classes, side, onchoose) {
    Object.assign(this, { list, photos, classes, side, onchoose });
    this.kinds = classes.map((_, label) => photos.filter((photo) => photo.label === label));
    list.addEventListener("keydown", (event) => this.#key(event));
    this.fill();
  }

  /** Show the next photos. */
  fill() {
    const shown = this.kinds.flatMap((kind) => {
      const from = kind.length ? (this.#round * EACH) % kind.length : 0;
      return kind.slice(from, from + EACH);
    });
    this.#round++;
    this.list.replaceChildren(...shown.map((photo, place) => this.#option(photo, place)));
    this.list.scrollLeft = 0;
  }

  #option(photo, place) {
    const option = document.createElement("canvas");
    option.width = option.height = this.side;
    option.role = "option";
    option.tabIndex = place ? -1 : 0;
    option.ariaSelected = "false";
    option.ariaLabel = `${this.classes[photo.label]}, photo ${photo.at + 1}`;
    option.title = this.classes[photo.label];
    option.addEventListener("click", () => this.choose(place));
    option.photo = photo;
    paint(option, photo.pixels);
    return option;
  }

  #key(event) {
    const options = [...this.list.children];
    const at = options.indexOf(document.activeElement);
    const end = options.length - 1;
    const to = { ArrowRight: at + EACH, ArrowLeft: at - EACH, ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: end, Enter: at, " ": at }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (options[to]) this.choose(to);
  }

  /** Choose the photo at this place and tell it. */
  choose(place) {
    [...this.list.children].forEach((option, at) => {
      option.tabIndex = at === place ? 0 : -1;
      option.ariaSelected = String(at === place);
    });
    const chosen = this.list.children[place];
    if (this.list.contains(document.activeElement)) chosen.focus();
    this.onchoose(chosen.photo);
  }

  /** No photo is shown any more: somebody draws. */
  release() {
    for (const option of this.list.children) option.ariaSelected = "false";
  }
}
