// The networks, as the page asks them: they live in a worker, and each answer is a promise.

import { Trouble, fetched } from "./files.js";

export class Networks {
  #worker = new Worker("worker.js", { type: "module" });
  #waiting = new Map();
  #next = 0;
  #ended = null; // why the worker will not answer any more

  /** onend: told when the worker has died. */
  constructor(onend) {
    this.ready = new Set();
    this.#worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const trouble = new Trouble("The runtime could not be loaded: start the server again, then load this page again.");
      this.#ended = trouble;
      for (const { reject } of this.#waiting.values()) reject(trouble);
      this.#waiting.clear();
      onend(trouble);
    };
  }

  /** shape: of one image; classes: how many values a network must give. */
  expect(shape, classes) {
    this.shape = shape;
    this.classes = classes;
  }

  #ask(task, what, moved = []) {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, task, ...what }, moved);
    });
  }

  /** Load a network and try it on an empty picture. Throws a Trouble that names the file. */
  async load({ name, file }) {
    const data = new Uint8Array(await (await fetched(file)).arrayBuffer());
    let values;
    try {
      values = await this.#ask("load", { name, data, shape: this.shape }, [data.buffer]);
    } catch (error) {
      if (error instanceof Trouble) throw error;
      throw new Trouble(sentence(file, error.message, this.shape));
    }
    if (values !== this.classes)
      throw new Trouble(`The network in ${file} gives ${values} values and there are ${this.classes} classes: export one that was trained for them.`);
    this.ready.add(name);
  }

  /** values: the float32 values of one or more images. Answers {logits, ms}: all logits, and milliseconds for each image. */
  run(name, values) {
    return this.#ask("run", { name, inputs: values, shape: this.shape });
  }
}

/** Why a file is no network for this page. said: the runtime's own words. */
function sentence(file, said, shape) {
  if (/backend/i.test(said)) return `The runtime could not be loaded (${short(said)}): start the server again, then load this page again.`;
  if (/dimension|rank|shape/i.test(said)) return `The network in ${file} takes no picture of ${shape.join(" x ")} values: export one that does.`;
  return `The file ${file} is damaged or no network that the browser can run (${short(said)}): write the page again.`;
}

/** The runtime's words without the paths of its own sources. */
const short = (text) => text.replace(/^.*ERROR_MESSAGE: /, "").replace(/\S*\/\S*/g, "").replace(/\s+/g, " ").trim().slice(0, 100);
