// The runtime, in a thread of its own: a slow network does not keep the page from answering.

import * as ort from "./runtime/ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1; // as everywhere in the course; for networks this small more threads are no faster
ort.env.wasm.wasmPaths = new URL("runtime/", import.meta.url).href;
ort.env.logLevel = "error";

// Fetch and compile the runtime while the page still reads its settings. No network has no bytes, so this fails, and may.
ort.InferenceSession.create(new Uint8Array(0)).catch(() => {});

const sessions = new Map();

const tasks = {
  /** Make a network ready: `data` are the bytes of its file. Answers the number of values that it gives. */
  async load({ name, data, shape }) {
    const session = await ort.InferenceSession.create(data, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
    sessions.set(name, session);
    const values = shape.reduce((a, b) => a * b, 1);
    return (await infer(session, new Float32Array(values), shape)).logits.length;
  },

  /** inputs: the values of some images, one after the other. Answers all logits, and the milliseconds of each image. */
  async run({ name, inputs, shape }) {
    const size = shape.reduce((a, b) => a * b, 1);
    const logits = [];
    const ms = [];
    for (let at = 0; at < inputs.length; at += size) {
      const one = await infer(sessions.get(name), inputs.subarray(at, at + size), shape);
      logits.push(...one.logits);
      ms.push(one.ms);
    }
    return { logits: Float32Array.from(logits), ms };
  },
};

/** One image, timed: the network alone, without the preparation of its input. */
async function infer(session, values, shape) {
  const input = { [session.inputNames[0]]: new ort.Tensor("float32", values, [1, ...shape]) };
  const began = performance.now();
  const output = await session.run(input);
  const ms = performance.now() - began;
  return { logits: output[session.outputNames[0]].data, ms };
}

let last = Promise.resolve(); // one task after the other: a network is not asked while it computes

onmessage = ({ data: { id, task, ...what } }) => {
  last = last.then(async () => {
    try {
      postMessage({ id, result: await tasks[task](what) });
    } catch (error) {
      postMessage({ id, error: String(error?.message ?? error) });
    }
  });
};
