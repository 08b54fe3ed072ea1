// The drawing board: 28 x 28 bytes that a mouse, a finger, a pen or the keys change.

const INK = 208; // garments in the photos are mostly of this gray or a little darker
const STEPS_BACK = 40;
export const TOOLS = {
  broad: { title: "Broad", radius: 2.2 },
  fine: { title: "Fine", radius: 0.7 },
  fill: { title: "Fill" },
  erase: { title: "Erase", radius: 1.6 },
};

/** Show bytes on a canvas of as many pixels, white on black as in the photos. */
export function paint(canvas, pixels) {
  const image = new ImageData(canvas.width, canvas.height);
  pixels.forEach((pixel, at) => image.data.set([pixel, pixel, pixel, 255], 4 * at));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

export class Board {
  #before = []; // earlier states, the newest last
  #stroke = null; // where the pointer was a moment ago
  #cursor = null; // of the keyboard; null before a key was pressed

  /** onchange: told after each change; the photo that lies below the drawing, or null, is `photo`. */
  constructor(canvas, onchange) {
    Object.assign(this, { canvas, onchange, side: canvas.width, photo: null, tool: "broad" });
    this.pixels = new Uint8Array(this.side ** 2);
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (this.#stroke = null));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#show((this.#cursor = null)));
    this.#show();
  }

  /** Whether there is nothing on it. */
  get empty() {
    return this.pixels.every((pixel) => pixel === 0);
  }

  get canUndo() {
    return this.#before.length > 0;
  }

  /** Put a photo on it, or nothing. */
  put(photo) {
    if (!this.empty) this.#keep();
    this.photo = photo;
    this.pixels = photo ? Uint8Array.from(photo.pixels) : new Uint8Array(this.side ** 2);
    this.#changed();
  }

  undo() {
    if (!this.canUndo) return;
    Object.assign(this, this.#before.pop());
    this.#changed();
  }

  #keep() {
    this.#before.push({ pixels: this.pixels, photo: this.photo });
    this.#before.splice(0, this.#before.length - STEPS_BACK);
    this.pixels = Uint8Array.from(this.pixels);
  }

  #changed() {
    this.#show();
    this.onchange();
  }

  #show() {
    paint(this.canvas, this.pixels);
    if (!this.#cursor) return;
    const context = this.canvas.getContext("2d");
    context.fillStyle = "#E69F00";
    context.fillRect(this.#cursor.x, this.#cursor.y, 1, 1);
  }

  #place(event) {
    const frame = this.canvas.getBoundingClientRect();
    const inside = (at, from, size) => (this.side * (at - from)) / size - 0.5; // the middle of the first pixel is 0
    return { x: inside(event.clientX, frame.left, frame.width), y: inside(event.clientY, frame.top, frame.height) };
  }

  #down(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.#cursor = null;
    this.#keep();
    const place = this.#place(event);
    this.#stroke = this.tool === "fill" ? null : place;
    this.#apply(place, place);
  }

  #move(event) {
    if (!this.#stroke) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) {
      const place = this.#place(part);
      this.#apply(this.#stroke, place);
      this.#stroke = place;
    }
  }

  #key(event) {
    const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1], " ": [0, 0], Enter: [0, 0] }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const from = this.#cursor ?? { x: this.side / 2, y: this.side / 2 };
    const to = (at, by) => Math.min(this.side - 1, Math.max(0, at + by));
    this.#cursor = { x: to(from.x, step[0]), y: to(from.y, step[1]) };
    if (event.shiftKey || step.every((by) => by === 0)) {
      this.#keep();
      this.#apply(from, this.#cursor);
    } else this.#show();
  }

  /** Use the tool on the way from one place to another. */
  #apply(from, to) {
    if (this.tool === "fill") this.#fill(Math.round(to.x), Math.round(to.y));
    else {
      const steps = Math.ceil(2 * Math.hypot(to.x - from.x, to.y - from.y)) || 1;
      for (let step = 0; step <= steps; step++)
        this.#dot(from.x + ((to.x - from.x) * step) / steps, from.y + ((to.y - from.y) * step) / steps);
    }
    this.#changed();
  }

  /** A round dot with a soft edge of one pixel. */
  #dot(x, y) {
    const { radius } = TOOLS[this.tool];
    this.pixels.forEach((pixel, at) => {
      const cover = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot((at % this.side) - x, Math.floor(at / this.side) - y)));
      this.pixels[at] = this.tool === "erase" ? Math.min(pixel, Math.round(255 * (1 - cover))) : Math.max(pixel, Math.round(INK * cover));
    });
  }

  /** Everything that is dark and hangs together with this pixel. */
  #fill(x, y) {
    const dark = (at) => this.pixels[at] < INK / 2;
    const todo = [[x, y]];
    while (todo.length) {
      const [column, row] = todo.pop();
      const at = row * this.side + column;
      if (column < 0 || row < 0 || column >= this.side || row >= this.side || !dark(at)) continue;
      this.pixels[at] = INK;
      todo.push([column + 1, row], [column - 1, row], [column, row + 1], [column, row - 1]);
    }
  }
}
